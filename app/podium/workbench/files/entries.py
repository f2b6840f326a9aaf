"""What a folder of the workspace holds, read one folder at a time."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from podium.store.flow_files import sniff_flows
from podium.store.workspace import STATE_FOLDER

HIDDEN = frozenset({STATE_FOLDER, ".git", "__pycache__", ".DS_Store", ".mypy_cache", ".ruff_cache", ".pytest_cache"})
"""Names that the tree does not show."""
_LARGEST_FLOW = 4 << 20

FlowKey = tuple[str, str]
"""Namespace and id of a flow."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder. `path` is relative to the workspace, with `/`; `flows` are those that a YAML file holds."""

    path: str
    is_folder: bool = False
    is_link: bool = False
    flows: tuple[FlowKey, ...] = ()

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The folder that it is in, "" for the workspace itself."""
        return self.path.rpartition("/")[0]

    @property
    def order(self) -> tuple[bool, str, str]:
        """Folders first, then by name without regard to case."""
        return not self.is_folder, self.name.casefold(), self.name


FolderStamp = frozenset[tuple[str, int, int]]
"""Name, time of change in nanoseconds and size of all that is in a folder: different when anything of it changed."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The entries of `folder`; `problem` says why it could not be read. `stamp` was taken before they were read."""

    folder: str
    entries: tuple[Entry, ...]
    problem: str = ""
    stamp: FolderStamp = frozenset()


def is_hidden(name: str) -> bool:
    """Whether the tree leaves this name out. Drafts of files that are being saved are left out as well."""
    return name in HIDDEN or (name.startswith(".") and name.endswith(".tmp"))


def list_folder(root: Path, folder: str) -> Listing:
    """Read one folder, and the flows of its YAML files."""
    stamp = folder_stamp(root, folder)
    try:
        with os.scandir(root / folder) as found:
            entries = [_entry(root, folder, item) for item in found if not is_hidden(item.name)]
    except OSError as error:
        return Listing(folder, (), error.strerror or str(error))
    return Listing(folder, tuple(sorted(entries, key=lambda entry: entry.order)), stamp=stamp)


def folder_stamp(root: Path, folder: str) -> FolderStamp:
    """What tells whether a folder, or a file in it, is as it was; empty when it cannot be read."""
    found: set[tuple[str, int, int]] = set()
    try:
        with os.scandir(root / folder) as items:
            for item in items:
                state = item.stat(follow_symlinks=False)
                # A folder's own time says what happened in it: that is told by its own stamp.
                is_folder = item.is_dir(follow_symlinks=False)
                found.add((item.name, 0, 0) if is_folder else (item.name, state.st_mtime_ns, state.st_size))
    except OSError:
        return frozenset()
    return frozenset(found)


def entry_at(root: Path, path: str) -> Entry | None:
    """One entry as it is now; None when there is none, or none to show."""
    if is_hidden(path.rpartition("/")[2]):
        return None
    place = root / path
    if not os.path.lexists(place):
        return None
    is_link = place.is_symlink()
    if place.is_dir():
        return Entry(path, is_folder=not is_link, is_link=is_link)
    return Entry(path, is_link=is_link, flows=_flows(place))


def walk(root: Path, limit: int) -> tuple[list[str], bool]:
    """The paths of all files below `root`, breadth first, at most `limit`; and whether these are all."""
    paths: list[str] = []
    pending = [""]
    for folder in pending:
        try:
            found = sorted(os.scandir(root / folder), key=lambda item: item.name)
        except OSError:
            continue
        for item in found:
            if is_hidden(item.name):
                continue
            path = f"{folder}/{item.name}" if folder else item.name
            if item.is_dir(follow_symlinks=False):
                if item.name not in ("node_modules", "venv", ".venv"):
                    pending.append(path)
            else:
                if len(paths) >= limit:
                    return paths, False
                paths.append(path)
    return paths, True


def _entry(root: Path, folder: str, item: os.DirEntry[str]) -> Entry:
    path = f"{folder}/{item.name}" if folder else item.name
    try:
        is_link = item.is_symlink()
        is_folder = item.is_dir(follow_symlinks=False)
    except OSError:
        return Entry(path)
    return Entry(path, is_folder, is_link, () if is_folder else _flows(root / path))


def _flows(path: Path) -> tuple[FlowKey, ...]:
    if not path.name.endswith((".yaml", ".yml")):
        return ()
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_FLOW:
            return ()
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ()
    return tuple((flow.namespace, flow.id) for flow in sniff_flows(path, text))
