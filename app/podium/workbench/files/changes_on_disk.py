"""Tells what other programs do to the folders that are on the screen. Nothing else of the workspace is watched."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from podium.workbench.files.entries import Entry, entry_at

_DEBOUNCE_MS = 1_000
_STEP_MS = 150  # also how often the waiting thread wakes up
_IDLE_MS = 60_000

Report = Callable[[list[tuple[str, Entry | None]], bool], None]
"""Gets the paths that changed with their entries, and whether git has to be asked again; called on the thread."""


class FolderWatch:
    """One thread that waits for the operating system; costs nothing while nothing happens."""

    def __init__(self, root: Path, report: Report) -> None:
        self._root, self._report = root, report
        self._lock = threading.Lock()
        self._folders: frozenset[str] = frozenset()
        self._stop = threading.Event()
        self._again: threading.Event | None = None
        self._stamps: dict[str, int] = {}
        self._has_work = threading.Event()
        self._thread = threading.Thread(target=self._work, name="podium-watch", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End it; does not wait."""
        self._stop.set()
        self._interrupt()

    def watch(self, folders: Iterable[str]) -> None:
        """The folders to watch from now on, relative to the root."""
        folders = frozenset(folders)
        with self._lock:
            if folders == self._folders:
                return
            self._folders = folders
        self._interrupt()

    def _interrupt(self) -> None:
        with self._lock:
            if self._again is not None:
                self._again.set()
        self._has_work.set()

    def _work(self) -> None:
        from watchfiles import watch

        while not self._stop.is_set():
            with self._lock:
                folders, self._again = self._folders, threading.Event()
                again = self._again
            places = [place for folder in sorted(folders) if (place := self._root / folder).is_dir()]
            git = self._root / ".git"
            if not places:
                self._has_work.wait()
                self._has_work.clear()
                continue
            if git.is_dir():
                places.append(git)
            try:
                changes = watch(
                    *places, recursive=False, debounce=_DEBOUNCE_MS, step=_STEP_MS, stop_event=again,
                    rust_timeout=_IDLE_MS, watch_filter=None, raise_interrupt=False, ignore_permission_denied=True,
                )  # fmt: skip
                self._report_missed(folders)
                for found in changes:
                    self._tell({Path(path) for _, path in found})
            except (OSError, RuntimeError):
                # A folder went away between the look and the watch, or there are no watches left: look again soon.
                self._stop.wait(1.0)

    def _report_missed(self, folders: frozenset[str]) -> None:
        """Folders whose time stamp moved while they were not watched; the first look is only remembered."""
        changed: list[tuple[str, Entry | None]] = []
        for folder in folders:
            try:
                stamp = (self._root / folder).stat().st_mtime_ns
            except OSError:
                continue
            if self._stamps.get(folder, stamp) != stamp:
                changed += [(path, entry_at(self._root, path)) for path in self._names(folder)]
            self._stamps[folder] = stamp
        if changed:
            self._report(changed, True)

    def _names(self, folder: str) -> list[str]:
        try:
            names = [place.name for place in (self._root / folder).iterdir()]
        except OSError:
            return []
        return [f"{folder}/{name}" if folder else name for name in names]

    def _tell(self, paths: set[Path]) -> None:
        git = self._root / ".git"
        ask_git = False
        changes: list[tuple[str, Entry | None]] = []
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
                folder = path.rpartition("/")[0]
                self._note_stamp(folder)
        if changes or ask_git:
            self._report(changes, True)

    def _note_stamp(self, folder: str) -> None:
        try:
            self._stamps[folder] = (self._root / folder).stat().st_mtime_ns
        except OSError:
            self._stamps.pop(folder, None)
