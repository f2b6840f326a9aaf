"""The tree as data: folders that were read, which of them are open, and the rows that follow from that."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from podium.workbench.files.entries import Entry, Listing


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One row. `note` stands for something that is no entry: an empty folder, one that is being read or cannot be."""

    entry: Entry
    depth: int
    is_open: bool = False
    note: str = ""


class TreeModel:
    """Rows of the workspace. Knows only what it was told; reading is up to others."""

    def __init__(self) -> None:
        self._folders: dict[str, list[Entry]] = {}
        self._problems: dict[str, str] = {}
        self._open: set[str] = {""}
        self._rows: Sequence[TreeRow] | None = None

    @property
    def rows(self) -> Sequence[TreeRow]:
        """What is shown, from top to bottom."""
        if self._rows is None:
            self._rows = list(self._walk("", 0))
        return self._rows

    @property
    def loaded(self) -> set[str]:
        """The folders that were read, relative to the workspace."""
        return set(self._folders)

    @property
    def opened(self) -> set[str]:
        """The folders that are open, whether read or not."""
        return self._open - {""}

    def is_open(self, folder: str) -> bool:
        return folder in self._open

    def knows(self, folder: str) -> bool:
        """Whether this folder was read."""
        return folder in self._folders

    def entry(self, path: str) -> Entry | None:
        """The entry at a path, when its folder was read."""
        entries = self._folders.get(path.rpartition("/")[0], ())
        return next((entry for entry in entries if entry.path == path), None)

    def place_of(self, path: str) -> int | None:
        """The row of a path; None when it is not shown."""
        return next((at for at, row in enumerate(self.rows) if row.entry.path == path and not row.note), None)

    # ---- changes -----------------------------------------------------------------------------------------------

    def open(self, folder: str) -> None:
        """Show what a folder holds."""
        self._open.add(folder)
        self._rows = None

    def close(self, folder: str) -> None:
        """Show it as one row."""
        self._open.discard(folder)
        self._rows = None

    def take(self, listing: Listing) -> None:
        """A folder was read."""
        self._folders[listing.folder] = list(listing.entries)
        self._problems.pop(listing.folder, None)
        if listing.problem:
            self._problems[listing.folder] = listing.problem
        self._rows = None

    def differences(self, listing: Listing) -> list[tuple[str, Entry | None]]:
        """What of a folder is not as it was read before, in the form that `apply` takes."""
        known = {entry.path: entry for entry in self._folders.get(listing.folder, ())}
        found = {entry.path: entry for entry in listing.entries}
        changed: list[tuple[str, Entry | None]] = [(path, one) for path, one in found.items() if known.get(path) != one]
        return changed + [(path, None) for path in known if path not in found]

    def apply(self, changes: Iterable[tuple[str, Entry | None]]) -> set[str]:
        """Entries that appeared, changed or went (None). Returns folders that must be read again: new ones of ours."""
        unread: set[str] = set()
        for path, entry in changes:
            siblings = self._folders.get(path.rpartition("/")[0])
            if siblings is None:
                continue
            at = next((at for at, one in enumerate(siblings) if one.path == path), None)
            known = siblings.pop(at) if at is not None else None
            if known == entry and at is not None and known is not None:
                siblings.insert(at, known)
                continue
            if entry is not None:
                siblings.insert(bisect_left(siblings, entry.order, key=lambda one: one.order), entry)
            if known is not None and known.is_folder and (entry is None or not entry.is_folder):
                self._forget(path)
            if entry is not None and entry.is_folder and path in self._open and path not in self._folders:
                unread.add(path)
            self._rows = None
        return unread

    def _forget(self, folder: str) -> None:
        below = f"{folder}/"
        for path in [path for path in self._folders if path == folder or path.startswith(below)]:
            del self._folders[path]
        self._open = {path for path in self._open if path != folder and not path.startswith(below)}

    def _walk(self, folder: str, depth: int) -> Iterator[TreeRow]:
        entries = self._folders.get(folder)
        here = Entry(folder, is_folder=True)
        if folder in self._problems:
            yield TreeRow(here, depth, note=self._problems[folder])
        elif entries is None:
            yield TreeRow(here, depth, note="…")
        elif not entries:
            for note in ("empty",) if folder else ("Nothing here yet.", "N makes a flow, n a file."):
                yield TreeRow(here, depth, note=note)
        for entry in entries or ():
            is_open = entry.is_folder and entry.path in self._open
            yield TreeRow(entry, depth, is_open)
            if is_open:
                yield from self._walk(entry.path, depth + 1)
