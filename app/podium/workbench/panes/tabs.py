"""The names of the open files in the title of the editor."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from podium.base.text import cell_width, clean, shorten

_BETWEEN = "  "


def tabs_title(tabs: Sequence[tuple[str, bool]], current: int, width: int) -> Content:
    """`2 flows/a.yaml ●  b.py`: names with a sign for unsaved text, as many around the current one as fit."""
    if not tabs:
        return Content("2 Editor")
    names = [f"{clean(name)}{' ●' if dirty else ''}" for name, dirty in tabs]
    room = width - 2
    first = last = current
    used = cell_width(names[current])
    while True:
        grown = False
        for at in (last + 1, first - 1):
            if 0 <= at < len(names) and used + cell_width(names[at]) + 2 <= room - 4:
                used += cell_width(names[at]) + 2
                first, last, grown = min(first, at), max(last, at), True
        if not grown:
            break
    room -= 2 * (first > 0) + 2 * (last < len(names) - 1)
    parts: list[Content] = []
    for at in range(first, last + 1):
        style = "bold" if at == current else "not bold"
        parts.append(Content.styled(shorten(names[at], room), style))
    title = Content("2 ") + Content(_BETWEEN).join(parts)
    if first > 0:
        title = Content("2 ‹ ") + Content(_BETWEEN).join(parts)
    return title + Content(" ›") if last < len(names) - 1 else title
