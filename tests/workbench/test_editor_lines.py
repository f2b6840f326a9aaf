"""What the line keys do to the text, without a screen."""

import random

import pytest
from textual.geometry import Offset

from podium.workbench import line_edits
from podium.workbench.line_edits import LineEdit
from podium.workbench.widgets.editor_document import LineDocument, WrappedLines, matching_bracket
from podium.workbench.widgets.editor_rows import fitting_note


def applied(lines: list[str], edit: LineEdit) -> list[str]:
    return [*lines[: edit.first], *edit.lines, *lines[edit.last + 1 :]]


def test_comments_come_and_go() -> None:
    lines = ["a:", "  - b", "", "  - c"]
    edit = line_edits.toggle_comment(lines, (1, 0), (3, 2), "#")
    commented = applied(lines, edit)
    assert commented == ["a:", "  # - b", "", "  # - c"]
    assert applied(commented, line_edits.toggle_comment(commented, (1, 0), (3, 2), "#")) == lines


def test_a_selection_that_ends_at_column_0_leaves_that_line_alone() -> None:
    assert applied(["a", "b"], line_edits.indent(["a", "b"], (0, 0), (1, 0), 2)) == ["  a", "b"]


@pytest.mark.parametrize(
    ("line", "expected"), [("    a", "  a"), ("   a", "  a"), (" a", "a"), ("a", "a"), ("\ta", "a")]
)
def test_dedent_goes_back_to_the_last_level(line: str, expected: str) -> None:
    edit = line_edits.dedent([line], (0, len(line)), (0, len(line)), 2)
    assert edit.lines == (expected,)
    assert edit.cursor == (0, len(expected))


def test_moving_lines_stops_at_the_edges() -> None:
    lines = ["a", "b", "c"]
    down = line_edits.move(lines, (0, 0), (0, 1), 1)
    assert down is not None
    assert applied(lines, down) == ["b", "a", "c"]
    assert down.cursor == (1, 1)
    up = line_edits.move(lines, (1, 0), (2, 1), -1)
    assert up is not None
    assert applied(lines, up) == ["b", "c", "a"]
    assert line_edits.move(lines, (0, 0), (0, 0), -1) is None
    assert line_edits.move(lines, (2, 0), (2, 0), 1) is None


def test_duplicate_puts_the_cursor_on_the_copy() -> None:
    edit = line_edits.duplicate(["a", "b"], (0, 0), (0, 1))
    assert applied(["a", "b"], edit) == ["a", "a", "b"]
    assert edit.cursor == (1, 1)


@pytest.mark.parametrize(
    ("line", "language", "expected"),
    [
        ("tasks:", "yaml", 2),
        ("  script: |", "yaml", 4),
        ("  - id: a", "yaml", 4),
        ("  - id: a", "python", 2),
        ("- tasks:", "yaml", 4),
        ("a: b", "yaml", 0),
        ("# note:", "yaml", 0),
        ("  url: http://x", "yaml", 2),
        ("def f():", "python", 2),
        ("    ", "yaml", 4),
    ],
)
def test_enter_indents(line: str, language: str, expected: int) -> None:
    assert line_edits.new_line_indent(line, len(line), language, 2) == " " * expected


def test_backspace_takes_a_level_only_in_leading_blanks() -> None:
    assert [line_edits.backspace_columns("    a", column, 2) for column in (4, 3, 2, 0, 5)] == [2, 1, 2, 1, 1]


@pytest.mark.parametrize("width", [0, 7, 20])
def test_rows_after_random_edits_equal_a_fresh_wrap(width: int) -> None:
    chance = random.Random(width)
    document = LineDocument("\n".join("word " * chance.randrange(9) for _ in range(30)), 2)
    wrapped = WrappedLines(document, width, 2)
    for _ in range(200):
        start, end = sorted((chance.randrange(document.line_count), chance.randrange(5)) for _ in range(2))
        start, end = ((row, min(column, len(document[row]))) for row, column in (start, end))
        text = "\n".join(
            "x é\t漢 y"[: chance.randrange(8)] * chance.randrange(4) for _ in range(chance.randrange(1, 4))
        )
        result = document.replace_range(start, end, text)
        wrapped.wrap_range(start, end, result.end_location)
        fresh = WrappedLines(LineDocument(document.text, 2), width, 2)
        assert [wrapped.row_at(y) for y in range(wrapped.height)] == [fresh.row_at(y) for y in range(fresh.height)]
        assert document.get_size(2) == fresh.document.get_size(2)
        place = (chance.randrange(document.line_count), 0)
        assert wrapped.offset_to_location(Offset(*wrapped.location_to_offset(place))) == place


def test_text_comes_back_exactly() -> None:
    for text in ["", "a", "a\n", "a\n\n", "form\ffeed\u2028sep\x85\rcr\n", "\n\n"]:
        assert LineDocument(text, 2).text == text


def test_brackets_pair_by_kind_within_reach() -> None:
    lines = ["a(b[c", "d]e)", "}"]
    assert matching_bracket(lines, (0, 1)) == (1, 3)
    assert matching_bracket(lines, (1, 1)) == (0, 3)
    assert matching_bracket(lines, (2, 0)) is None
    assert matching_bracket(lines, (0, 0)) is None


@pytest.mark.parametrize(
    ("room", "expected"),
    [
        (90, "  ◂ Unrecognized field `mesage`. Did you mean `message`? Known: a, b."),
        (50, "  ◂ Did you mean `message`? Unrecognized field `m…"),
        (20, "  ◂ Did you mean `m…"),
    ],
)
def test_what_was_probably_meant_is_not_cut_off(room: int, expected: str) -> None:
    assert fitting_note("Unrecognized field `mesage`. Did you mean `message`? Known: a, b.", room) == expected
