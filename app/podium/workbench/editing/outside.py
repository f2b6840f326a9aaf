"""The reader's own editor."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

_WITH_LINE = frozenset({"vi", "vim", "nvim", "nano", "emacs", "micro", "kak", "ne", "joe", "mg", "helix", "hx"})


def outside_command(environ: Mapping[str, str], path: Path, line: int) -> list[str]:
    """The command that edits `path` at a line: `$VISUAL`, else `$EDITOR`, else `vi`."""
    words = shlex.split(environ.get("VISUAL") or environ.get("EDITOR") or "vi")
    name = Path(words[0]).name
    if name in ("helix", "hx"):
        return [*words, f"{path}:{line}"]
    return [*words, f"+{line}", str(path)] if name in _WITH_LINE else [*words, str(path)]
