"""Text that was typed and not saved yet, kept so that it survives whatever happens to the workbench.

One file per edited file in `.podium/unsaved`: a line of JSON that says whose text it is, then the text. A draft is
removed when its file is saved or the change given up.
"""

from __future__ import annotations

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
        """Write or replace the draft of a file. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = self._place(draft.path)
        header = json.dumps({"path": draft.path, "base": draft.base, "at": draft.at, "pid": os.getpid()})
        temporary = place.with_name(f"{place.name}.{secrets.token_hex(4)}.tmp")
        with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(f"{header}\n{draft.text}".encode("utf-8", "surrogatepass"))
        temporary.replace(place)

    def drop(self, path: str) -> None:
        """Forget the draft of a file, if there is one."""
        self._place(path).unlink(missing_ok=True)

    def left_behind(self) -> list[Draft]:
        """Drafts whose workbench is gone, oldest first; unreadable ones are passed over and kept."""
        found = []
        for place in sorted(self._folder.glob("*.draft")) if self._folder.is_dir() else []:
            try:
                header, _, text = place.read_bytes().decode("utf-8", "surrogatepass").partition("\n")
                about = json.loads(header)
                draft = Draft(str(about["path"]), text, str(about["base"]), float(about["at"]))
                pid = int(about["pid"])
            except (OSError, ValueError, KeyError, TypeError):
                continue
            if pid == os.getpid() or not _is_alive(pid):
                found.append(draft)
        return sorted(found, key=lambda draft: draft.at)

    def _place(self, path: str) -> Path:
        name = blake2b(path.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        return self._folder / f"{name}.draft"


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
