"""Texts with a cursor, written `¦`."""

from podium.model.suggestions import Suggestion


def at_cursor(text: str) -> tuple[list[str], int, int]:
    """The lines without the mark, and where it stood."""
    before, _, after = text.partition("¦")
    return (before + after).split("\n"), before.count("\n"), len(before) - (before.rfind("\n") + 1)


def applied(lines: list[str], item: Suggestion) -> str:
    """The text after a suggestion was taken, with the cursor."""
    place = item.range
    line = lines[place.line]
    caret = len(item.insert) if item.caret is None else item.caret
    inserted = item.insert[:caret] + "¦" + item.insert[caret:]
    changed = line[: place.column] + inserted + line[place.end_column :]
    return "\n".join([*lines[: place.line], changed, *lines[place.line + 1 :]])
