"""Applying the fixes of diagnostics to a text."""

from collections.abc import Sequence

from podium.model.diagnostics import Diagnostic, Edit


def fixed(text: str, diagnostics: Sequence[Diagnostic]) -> tuple[str, int]:
    """The text with every fix that does not overlap an earlier one, and how many those are."""
    starts = _line_starts(text)
    taken: list[tuple[int, int, str]] = []
    count = 0
    for found in diagnostics:
        if found.fix is None:
            continue
        edits = [_span(edit, starts, len(text)) for edit in found.fix.edits]
        if any(_overlap(edit, other) for edit in edits for other in taken):
            continue
        taken += edits
        count += 1
    for start, end, replacement in sorted(taken, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text, count


def _line_starts(text: str) -> list[int]:
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    return starts


def _span(edit: Edit, starts: Sequence[int], size: int) -> tuple[int, int, str]:
    def offset(line: int, column: int) -> int:
        return min(starts[min(line, len(starts) - 1)] + column, size)

    place = edit.range
    return offset(place.line, place.column), offset(place.end_line, place.end_column), edit.text


def _overlap(one: tuple[int, int, str], other: tuple[int, int, str]) -> bool:
    return (one[0] < other[1] and other[0] < one[1]) or one[:2] == other[:2]
