"""Changes to the text of a flow: mends of findings applied, new tasks, triggers and inputs put in their place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from podium.model.diagnostics import Diagnostic, Edit, Range
from podium.model.outline import Element, Outline, outline_of
from podium.model.place import Line, read_line
from podium.model.schema import TypeDecl
from podium.model.snippets import STEP, Snippet, object_snippet

Placed = Literal["task", "trigger", "input"]

_SECTIONS: dict[Placed, str] = {"task": "tasks", "trigger": "triggers", "input": "inputs"}
_BEFORE: dict[str, tuple[str, ...]] = {"inputs": ("variables", "tasks"), "tasks": ("errors", "finally", "triggers")}
"""The keys before which a section is put when the flow has none yet."""
_SINGLE = ("task", "onPause")
"""Keys that hold one task, not a list."""


@dataclass(frozen=True, slots=True)
class Insertion:
    """One edit, and where the cursor goes in the text after it."""

    edit: Edit
    row: int
    column: int


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text after the edits, whose ranges do not overlap and mean the text before."""
    starts = _line_starts(text)
    for start, end, replacement in sorted((_span(edit, starts, len(text)) for edit in edits), reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


def fixed(text: str, diagnostics: Sequence[Diagnostic]) -> tuple[str, int]:
    """The text with every fix that does not overlap an earlier one, and how many those are."""
    starts = _line_starts(text)
    taken: list[tuple[int, int, str]] = []
    edits: list[Edit] = []
    count = 0
    for found in diagnostics:
        if found.fix is None:
            continue
        spans = [_span(edit, starts, len(text)) for edit in found.fix.edits]
        if any(_overlap(span, other) for span in spans for other in taken):
            continue
        taken += spans
        edits += found.fix.edits
        count += 1
    return apply(text, edits), count


def insertion(lines: Sequence[str], row: int, what: Placed, decl: TypeDecl) -> Insertion:
    """A new task after the one at line `row`, or a new trigger or input at the end of its list.

    The list is made when the flow has none. The new object has an id that is free and its required properties.
    """
    outline = outline_of(lines, row)
    taken = {each.id for each in (outline.tasks if what == "task" else [*outline.triggers, *outline.inputs])}
    around = _around(lines, row, outline) if what == "task" else None
    if around is not None:
        return _after_task(lines, around, decl, taken)
    return _in_section(lines, outline, _SECTIONS[what], decl, taken, row)


def _around(lines: Sequence[str], row: int, outline: Outline) -> Element | None:
    """The task after which a new one goes: the one of the line, as far as it stands in a list."""
    line = read_line(lines, row)
    task = outline.task_at(row, line.start if line is not None else None)
    while task is not None and task.holder == "onPause":
        task = task.parent
    return task


def _after_task(lines: Sequence[str], task: Element, decl: TypeDecl, taken: set[str]) -> Insertion:
    column = _mark_column(lines, task)
    in_dag = task.holder == "task"
    opening = "- task:\n" + " " * (column + 2 * STEP) if in_dag else "- "
    snippet = object_snippet(decl, column + (2 * STEP if in_dag else STEP), taken=taken).after(opening)
    return _on_new_line(lines, _end(lines, task.row, column), column, snippet)


def _mark_column(lines: Sequence[str], task: Element) -> int:
    """The column of the list mark in front of a task (or of its entry in a Dag)."""
    for number in range(task.row, -1, -1):
        line = read_line(lines, number)
        if line is not None and line.dashes and line.dashes[-1] < task.column:
            if task.holder in _SINGLE and line.key not in _SINGLE:
                continue
            return line.dashes[-1]
    return max(task.column - STEP, 0)


def _end(lines: Sequence[str], row: int, column: int) -> int:
    """The line after the last one of the list item whose mark stands in `column`."""
    last = row
    for number in range(row + 1, len(lines)):
        text = lines[number]
        if not text.strip():
            continue
        start = len(text) - len(text.lstrip(" "))
        if start <= column and not (start == column and text.lstrip().startswith("#")):
            break
        if start > column:
            last = number
    return last + 1


def _in_section(
    lines: Sequence[str], outline: Outline, section: str, decl: TypeDecl, taken: set[str], row: int
) -> Insertion:
    root = next((each for each in outline.roots if each.key == section), None)
    if root is None:
        return _new_section(lines, outline, section, decl, taken, row)
    following = [each.row for each in outline.roots if each.row > root.row]
    stop = min([*following, _document_end(lines, row)])
    first = next((line for number in range(root.row + 1, stop) if (line := read_line(lines, number))), None)
    column = first.dashes[0] if isinstance(first, Line) and first.dashes else STEP
    snippet = object_snippet(decl, column + STEP, taken=taken).after("- ")
    end = max(
        (number for number in range(root.row, stop) if lines[number].strip() and not lines[number].startswith("#")),
        default=root.row,
    )
    if end == root.row and root.value.strip("[] {}"):
        # Something else stands there on one line; what is new goes below and the reader sees both.
        return _on_new_line(lines, end + 1, column, snippet)
    if end == root.row and root.value:
        text = f"{section}:\n" + " " * column + snippet.text
        edit = Edit(Range(root.row, 0, root.row, len(lines[root.row])), text)
        return _placed(edit, root.row, 0, len(f"{section}:\n") + column + snippet.caret)
    return _on_new_line(lines, end + 1, column, snippet)


def _new_section(
    lines: Sequence[str], outline: Outline, section: str, decl: TypeDecl, taken: set[str], row: int
) -> Insertion:
    head = f"{section}:\n" + " " * STEP
    snippet = object_snippet(decl, 2 * STEP, taken=taken).after("- ").after(head)
    before = next((each.row for key in _BEFORE.get(section, ()) for each in outline.roots if each.key == key), None)
    if before is not None:
        text = snippet.text + "\n\n"
        return _placed(Edit(Range(before, 0, before, 0), text), before, 0, snippet.caret)
    end = _document_end(lines, row)
    while end > 0 and not lines[end - 1].strip():
        end -= 1
    return _on_new_line(lines, end, 0, snippet.after("\n") if end else snippet)


def _document_end(lines: Sequence[str], row: int) -> int:
    return next((number for number in range(row + 1, len(lines)) if lines[number].startswith("---")), len(lines))


def _on_new_line(lines: Sequence[str], at: int, column: int, snippet: Snippet) -> Insertion:
    """The snippet as lines of its own before line `at`; its first line is indented by `column`."""
    pad = " " * column
    if at < len(lines):
        return _placed(Edit(Range(at, 0, at, 0), pad + snippet.text + "\n"), at, 0, column + snippet.caret)
    last = len(lines) - 1
    width = len(lines[last]) if lines else 0
    opening = "\n" if width else ""
    text = opening + pad + snippet.text
    place = Range(max(last, 0), width, max(last, 0), width)
    return _placed(Edit(place, text), place.line, width, len(opening) + column + snippet.caret)


def _placed(edit: Edit, row: int, column: int, caret: int) -> Insertion:
    before = edit.text[:caret]
    breaks = before.count("\n")
    last = caret - (before.rfind("\n") + 1)
    return Insertion(edit, row + breaks, last if breaks else column + last)


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
