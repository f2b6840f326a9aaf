"""Tells what other programs do to the folders that are on the screen. Nothing else of the workspace is watched."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from podium.workbench.files.entries import Entry, FolderStamp, Listing, entry_at, folder_stamp, list_folder

_DEBOUNCE_MS = 1_000
_STEP_MS = 150  # also how often the waiting thread wakes up
_IDLE_MS = 60_000
_POLL_MS = 1_000  # only where the operating system cannot tell

Changes = list[tuple[str, Entry | None]]
"""Paths that changed, relative to the workspace, with what is there now; None for what is gone."""


@dataclass(frozen=True, slots=True)
class News:
    """What happened: single changes, and folders that moved on while nobody watched them, read anew."""

    changes: Changes = field(default_factory=list)
    listings: tuple[Listing, ...] = ()


class FolderWatch:
    """One thread that waits for the operating system; costs nothing while nothing happens.

    Watching takes a moment to begin, and whoever read a folder read it before that. So each folder is looked at once
    more as soon as it is watched, and told when it is not as it was read. `report` is called on the thread.
    """

    def __init__(self, root: Path, report: Callable[[News], None]) -> None:
        self._root, self._report = root, report
        self._lock = threading.Lock()
        self._folders: frozenset[str] = frozenset()
        self._stop = threading.Event()
        self._again = threading.Event()
        self._stamps: dict[str, FolderStamp | None] = {}
        self._has_work = threading.Event()
        self._thread = threading.Thread(target=self._work, name="podium-watch", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End it; does not wait."""
        self._stop.set()
        self._interrupt()

    def watch(self, folders: Iterable[str], read: Listing | None = None) -> None:
        """The folders to watch from now on, relative to the root; `read` is one that was just read."""
        folders = frozenset(folders)
        with self._lock:
            if read is not None:
                self._stamps[read.folder] = read.stamp
            if folders == self._folders:
                return
            self._folders = folders
        self._interrupt()

    def _interrupt(self) -> None:
        with self._lock:
            self._again.set()
        self._has_work.set()

    def _work(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                folders, self._again = self._folders, threading.Event()
                again = self._again
            places = [str(place) for folder in sorted(folders) if (place := self._root / folder).is_dir()]
            git = self._root / ".git"
            if not places:
                self._has_work.wait()
                self._has_work.clear()
                continue
            if git.is_dir():
                places.append(str(git))
            try:
                self._watch_until(again, places, folders)
            except (OSError, RuntimeError):
                # A folder went away between the look and the watch, or there are no watches left: look again soon.
                self._stop.wait(1.0)

    def _watch_until(self, again: threading.Event, places: list[str], folders: frozenset[str]) -> None:
        # The documented backend rather than `watchfiles.watch`, which does not say when it has begun to watch.
        from watchfiles._rust_notify import RustNotify

        debug = force_polling = recursive = False
        with RustNotify(places, debug, force_polling, _POLL_MS, recursive, True) as notify:
            self._tell_missed(folders)
            while not again.is_set() and not self._stop.is_set():
                found = notify.watch(_DEBOUNCE_MS, _STEP_MS, _IDLE_MS, again)
                if isinstance(found, set):
                    self._tell({Path(path) for _, path in found})

    def _tell_missed(self, folders: frozenset[str]) -> None:
        listings: list[Listing] = []
        for folder in sorted(folders):
            stamp = folder_stamp(self._root, folder)
            with self._lock:
                as_read = self._stamps.get(folder)
            if as_read is None or stamp != as_read:
                listings.append(list_folder(self._root, folder))
                with self._lock:
                    self._stamps[folder] = listings[-1].stamp
        if listings:
            self._report(News(listings=tuple(listings)))

    def _tell(self, paths: set[Path]) -> None:
        git = self._root / ".git"
        ask_git = False
        changes: Changes = []
        for place in sorted(paths):
            if place == git or git in place.parents:
                ask_git = ask_git or place.name in ("HEAD", "index")
                continue
            try:
                path = place.relative_to(self._root).as_posix()
            except ValueError:
                continue
            if path != ".":
                changes.append((path, entry_at(self._root, path)))
                with self._lock:
                    self._stamps[path.rpartition("/")[0]] = None  # looked at anew when the watch begins again
        if changes or ask_git:
            self._report(News(changes))
