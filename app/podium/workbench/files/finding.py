"""Finding files by parts of their paths."""

from __future__ import annotations

from collections.abc import Sequence


def best_matches(paths: Sequence[str], typed: str) -> list[str]:
    """The paths that contain every word of `typed`, in any case; those first whose name begins with the first word."""
    words = typed.casefold().split()
    if not words:
        return list(paths)
    found = []
    for path in paths:
        folded = path.casefold()
        if all(word in folded for word in words):
            name = folded.rpartition("/")[2]
            rank = 0 if name.startswith(words[0]) else 1 if words[0] in name else 2
            found.append((rank, folded.count("/"), path))
    return [path for _, _, path in sorted(found)]
