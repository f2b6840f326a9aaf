"""Making, moving and removing files of the workspace, each of which can be taken back.

What is removed goes to `.podium/trash`, so nothing is lost; paths are relative to the workspace and stay inside it.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from podium.workbench.files.entries import is_hidden
from podium.workbench.files.text_files import FileError

_KEPT = 50
"""How many steps can be taken back."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was done: a sentence, the path that is now of interest ("" when it went), and the paths before and after."""

    sentence: str
    path: str = ""
    moved: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Undo:
    what: str
    act: Callable[[], Done]


class FileActions:
    """Changes files below `root`. Every method raises FileError with one sentence."""

    def __init__(self, root: Path, trash: Path) -> None:
        self._root, self._trash = root, trash
        self._undo: list[_Undo] = []

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return bool(self._undo)

    def problem_with(self, path: str, *, existing: bool = False) -> str:
        """Why `path` cannot be the name of a new file; "" when it can. `existing` allows one that is there."""
        parts = PurePosixPath(path.strip()).parts
        if not parts or path.startswith("/"):
            return "Give a path inside the workspace, such as flows/hello.yaml."
        if ".." in parts or any("\0" in part for part in parts):
            return "The path must stay inside the workspace."
        if any(is_hidden(part) for part in parts):
            return f"{next(part for part in parts if is_hidden(part))} belongs to Podium or git; choose another name."
        if any(len(os.fsencode(part)) > 255 for part in parts):
            return "The name is too long."
        place = self._root / path
        if not place.parent.resolve().is_relative_to(self._root.resolve()):
            return "The path leads out of the workspace through a link."
        if not existing and os.path.lexists(place):
            return f"{path.rstrip('/')} exists already."
        return ""

    def create(self, path: str, text: str = "") -> Done:
        """Make a file with `text`, or a folder when `path` ends with `/`; folders on the way are made as well."""
        self._demand(path)
        place = self._root / path
        made = next((parent for parent in [*reversed(place.parents), place] if not parent.exists()), place)
        try:
            if path.endswith("/"):
                place.mkdir(parents=True)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                with place.open("x", encoding="utf-8") as file:
                    file.write(text)
        except OSError as error:
            raise FileError(f"{path} cannot be made: {error.strerror}.") from error
        path = path.rstrip("/")
        first = made.relative_to(self._root).as_posix()
        self._remember(f"making {path}", lambda: self._put_away(first))
        return Done(f"Made {path}.", path)

    def move(self, source: str, target: str) -> Done:
        """Give a file or folder another name or place. Never replaces anything."""
        target = target.strip().rstrip("/")
        self._demand(target)
        if target.startswith(f"{source}/"):
            raise FileError("A folder cannot be moved into itself.")
        done = self._move(source, target)
        self._remember(f"moving {source}", lambda: self._move(target, source))
        return done

    def duplicate(self, source: str, target: str) -> Done:
        """Copy a file or folder."""
        target = target.strip().rstrip("/")
        self._demand(target)
        place = self._root / target
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            if (self._root / source).is_dir():
                shutil.copytree(self._root / source, place, symlinks=True)
            else:
                shutil.copy2(self._root / source, place)
        except (OSError, shutil.Error) as error:
            raise FileError(f"{source} cannot be copied: {error}.") from error
        self._remember(f"copying {source}", lambda: self._put_away(target))
        return Done(f"Copied {source} to {target}.", target)

    def remove(self, path: str) -> Done:
        """Move a file or folder to the trash."""
        kept = self._to_trash(path)
        self._remember(f"removing {path}", lambda: self._bring_back(kept, path))
        return Done(f"Removed {path}. Press u to bring it back.")

    def undo(self) -> Done:
        """Take back the last step."""
        if not self._undo:
            raise FileError("There is nothing to take back.")
        step = self._undo.pop()
        return step.act()

    def count(self, path: str, limit: int = 10_000) -> int:
        """How many files a folder holds, at most `limit`; 1 for a file."""
        place = self._root / path
        if place.is_symlink() or not place.is_dir():
            return 1
        total = 0
        for _, _, files in os.walk(place):
            total += len(files)
            if total >= limit:
                return limit
        return total

    def _demand(self, path: str) -> None:
        problem = self.problem_with(path)
        if problem:
            raise FileError(problem)

    def _remember(self, what: str, act: Callable[[], Done]) -> None:
        self._undo.append(_Undo(what, act))
        del self._undo[:-_KEPT]

    def _move(self, source: str, target: str) -> Done:
        place = self._root / target
        if os.path.lexists(place):
            raise FileError(f"{target} exists already.")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(self._root / source, place)
        except (OSError, shutil.Error) as error:
            raise FileError(f"{source} cannot be moved to {target}: {_reason(error)}.") from error
        return Done(f"Moved {source} to {target}.", target, (source, target))

    def _to_trash(self, path: str) -> Path:
        source = self._root / path
        if not os.path.lexists(source):
            raise FileError(f"There is no {path} any more.")
        try:
            kept = self._trash / f"{time.strftime('%Y%m%d-%H%M%S')}-{time.monotonic_ns() % 1_000_000:06d}" / path
            kept.parent.mkdir(mode=0o700, parents=True)
            shutil.move(source, kept)
        except (OSError, shutil.Error) as error:
            raise FileError(f"{path} cannot be removed: {_reason(error)}.") from error
        return kept

    def _put_away(self, path: str) -> Done:
        """Undo of making: the text may have grown since, so even that goes to the trash."""
        self._to_trash(path)
        return Done(f"Took back {path}; it is in .podium/trash.")

    def _bring_back(self, kept: Path, path: str) -> Done:
        place = self._root / path
        if os.path.lexists(place):
            raise FileError(f"{path} exists again; what was removed is in {kept.relative_to(self._root)}.")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(kept, place)
        except (OSError, shutil.Error) as error:
            raise FileError(f"{path} cannot be brought back: {_reason(error)}. It is {kept}.") from error
        return Done(f"Brought back {path}.", path)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
