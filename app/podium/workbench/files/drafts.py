"""Text that was typed and not saved yet, kept so that it survives whatever happens to the workbench.

One file per edited file and workbench in `.podium/unsaved`: a line of JSON that says whose text it is, then the text. A
draft is removed when its file is saved or the change given up.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Draft:
    """Unsaved text of `path` (relative to the workspace). `base` is the hex digest of the content it was made from,
    `at` when it was written (epoch seconds)."""

    path: str
    text: str
    base: str = ""
    at: float = 0.0


class Drafts:
    """The drafts of one workspace, below `folder`. Safe to use from one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, draft: Draft) -> None:
        """Write or replace the draft of a file. Raises OSError; then the one before is still there."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = self._folder / f"{_name(draft.path)}.{os.getpid()}.draft"
        header = json.dumps({"path": draft.path, "base": draft.base, "at": draft.at})
        temporary = place.with_name(f"{place.name}.{secrets.token_hex(4)}.tmp")
        try:
            with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                file.write(f"{header}\n{draft.text}".encode("utf-8", "surrogatepass"))
            temporary.replace(place)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise

    def drop(self, path: str) -> None:
        """Forget the draft of a file, and those that workbenches which are gone have left of it.

        That of another workbench, which works on the same file, stays.
        """
        for place in self._folder.glob(f"{_name(path)}.*draft"):
            if not _is_anothers(place):
                place.unlink(missing_ok=True)

    def left_behind(self) -> list[Draft]:
        """Drafts whose workbench is gone, oldest first; unreadable ones are passed over and kept."""
        found = []
        for place in sorted(self._folder.glob("*.draft")) if self._folder.is_dir() else []:
            try:
                header, _, text = place.read_bytes().decode("utf-8", "surrogatepass").partition("\n")
                about = json.loads(header)
                draft = Draft(str(about["path"]), text, str(about["base"]), float(about["at"]))
            except (OSError, ValueError, KeyError, TypeError):
                continue
            if not _is_anothers(place):
                found.append(draft)
        return sorted(found, key=lambda draft: draft.at)


def _name(path: str) -> str:
    return blake2b(path.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _is_anothers(place: Path) -> bool:
    """Whether a draft belongs to another workbench, which is at work: its process is in the name."""
    pid = place.suffixes[-2][1:] if len(place.suffixes) > 1 else ""
    if not pid.isdecimal() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
