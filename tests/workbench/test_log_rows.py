"""How log lines become rows: tabs, wide characters, wrapping, cuts, and where each row is found again."""

import re
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from podium.base.text import PLAIN, Sgr, clean_output, without_colours
from podium.store.log_filter import LogFilter, TextPattern
from podium.store.log_index import LogIndex, LogSelection, ShownLine
from podium.store.logs import LEVELS, LogLine, LogWriter
from podium.workbench.widgets.log_paint import Columns, LogStyles, gutter, paint
from podium.workbench.widgets.log_rows import LogRows, message_rows, row_width, size_text, window

NOW = 1767225600000
PLAIN_STYLES = LogStyles(*[Style()] * 3, Style(reverse=True), Style(bold=True), dict.fromkeys(LEVELS, Style()))


def shown(message: str, whole: int = 0) -> ShownLine:
    return ShownLine(LogLine("log", "INFO", "t", "r", 0, NOW, message), whole)


def texts(message: str, width: int | None = None) -> list[str]:
    return ["".join(text for text, _ in row) for row in message_rows(shown(message), width)]


@pytest.mark.parametrize(
    ("message", "width", "rows"),
    [
        ("", None, [""]),
        ("", 10, [""]),
        ("one\n\ntwo\n", None, ["one", "", "two", ""]),
        ("a\tb\n\tc", None, ["a       b", "        c"]),
        ("\x1b[31ma\x1b[0m\tb", None, ["a       b"]),
        ("世\tb", None, ["世      b"]),
        ("abcdef", 4, ["abcd", "ef"]),
        ("abcd", 4, ["abcd"]),
        ("ab世c", 3, ["ab", "世c"]),
        ("世世", 1, ["世", "世"]),
        ("ab\x1b[1mcdef", 3, ["abc", "def"]),
    ],
)
def test_a_message_in_rows(message: str, width: int | None, rows: list[str]) -> None:
    assert texts(message, width) == rows


@given(st.text("ab世é\u0301\t\n\x1b[1m ", max_size=60), st.integers(2, 9))
def test_wrapping_loses_nothing_and_fits(text: str, width: int) -> None:
    message = clean_output(text)
    rows = message_rows(shown(message), width)
    assert all(row_width(row) <= width for row in rows)
    assert "".join(part for row in rows for part, _ in row) == "".join(texts(message))


def test_colours_go_on_in_the_next_row() -> None:
    assert message_rows(shown("\x1b[31ma\nb")) == [[("a", Sgr(foreground=1))], [("b", Sgr(foreground=1))]]


def test_a_cut_line_says_so_first() -> None:
    first = message_rows(shown("x" * 2048, whole=10 << 20))[0]
    assert first[0][0] == " first 2 KiB of 10.0 MiB, y copies all "


@pytest.mark.parametrize(("size", "text"), [(10, "1 KiB"), (65536, "64 KiB"), (1 << 20, "1.0 MiB")])
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("left", "width", "text"), [(0, 3, "ab "), (0, 4, "ab世"), (3, 3, " cd"), (4, 9, "cd"), (9, 3, ""), (2, 2, "世")]
)
def test_a_window_never_splits_a_wide_character(left: int, width: int, text: str) -> None:
    assert "".join(part for part, _ in window([("ab世", PLAIN), ("cd", PLAIN)], left, width)) == text


@pytest.mark.parametrize("wrap", [None, 4, 7, 200])
def test_each_row_of_the_screen_leads_to_its_line_and_back(tmp_path: Path, wrap: int | None) -> None:
    messages = ["short", "two\nrows", "x" * 30, "", "世界" * 9, "a\nbb\nccccccccc", "\x1b[1mbold\x1b[0m", "é" * 8] * 7
    log = LogWriter(tmp_path / "log.jsonl")
    index = LogIndex(log.path)
    selection = LogSelection(index, LogFilter())
    rows = LogRows(selection)
    rows.reset(wrap)
    for message in messages:  # grows while it is shown
        log.write_lines("stdout", "INFO", "t", "r", 0, NOW, [message])
        assert index.refresh() and selection.refresh() and rows.extend()
    expected = [
        (row, part) for row, message in enumerate(messages) for part in range(len(texts(clean_output(message), wrap)))
    ]
    assert rows.height == len(expected)
    assert [rows.locate(y) for y in range(rows.height)] == expected
    assert [rows.top(row) for row in range(len(messages))] == [expected.index((row, 0)) for row in range(len(messages))]


def test_plain_lines_need_no_memory_for_rows(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "log.jsonl")
    log.write_lines("stdout", "INFO", "t", "r", 0, NOW, ["plain"] * 1000)
    index = LogIndex(log.path)
    selection = LogSelection(index, LogFilter())
    rows = LogRows(selection)
    assert index.refresh() and selection.refresh() and rows.extend()
    assert rows.height == 1000 and rows._starts is None


def drawn(message: str, left: int, width: int, found: str | None = None) -> str:
    """What `paint` draws; hits in (), edges in {}."""
    pattern = TextPattern.parse(found) if found else None
    row = message_rows(shown(message))[0]
    out = ""
    for segment in paint(row, left, width, Style(), PLAIN_STYLES, pattern):
        style = segment.style or Style()
        out += f"({segment.text})" if style.reverse else f"{{{segment.text}}}" if style.bold else segment.text
    return re.sub(r"\)\(", "", out)


@pytest.mark.parametrize(
    ("message", "left", "width", "found", "row"),
    [
        ("abcdef", 0, 6, None, "abcdef"),
        ("abcdefg", 0, 6, None, "abcde{›}"),
        ("abcdefg", 1, 6, None, "{‹}cdefg"),
        ("abcdefghi", 2, 4, None, "{‹}de{›}"),
        ("abc", 8, 4, None, "{‹}"),
        ("", 8, 4, None, ""),
        ("abcabc", 0, 9, "bc", "a(bc)a(bc)"),
        ("ab\x1b[31mcd", 0, 9, "bc", "a(bc)d"),
        ("世界abc", 0, 4, "世", "(世) {›}"),
        ("abc", 0, 9, "!b", "abc"),
        ("aab", 0, 9, "/x*/", "aab"),
        ("abc", 0, 0, None, ""),
    ],
)
def test_a_row_is_drawn_with_hits_and_edges(message: str, left: int, width: int, found: str | None, row: str) -> None:
    assert drawn(message, left, width, found) == row


@given(st.text("ab世\x1b[31m", max_size=30), st.integers(0, 9), st.integers(0, 12), st.sampled_from(["b", "a世", None]))
def test_a_drawn_row_never_exceeds_its_width(text: str, left: int, width: int, found: str | None) -> None:
    message = clean_output(text)
    pattern = TextPattern.parse(found) if found else None
    row = message_rows(shown(message))[0]
    segments = paint(row, left, width, Style(), PLAIN_STYLES, pattern)
    assert sum(cell_len(segment.text) for segment in segments) <= width
    if left == 0 and cell_len(without_colours(message)) <= width:
        assert "".join(segment.text for segment in segments) == without_colours(message)


@pytest.mark.parametrize(
    ("columns", "front"),
    [
        (Columns(), "00:00:00 WARN  "),
        (Columns(time=False, level=False), ""),
        (Columns(sources="all"), "00:00:00 WARN  err "),
        (Columns(time=False, level=False, sources="stderr", task=5), "err long… "),
    ],
)
def test_columns_in_front(columns: Columns, front: str) -> None:
    line = LogLine("stderr", "WARN", "long\x1b[31mtask", "r", 0, NOW, "m")
    text = "".join(segment.text for segment in gutter(line, columns, PLAIN_STYLES, UTC))
    assert text == front
    assert cell_len(text) == columns.width


@pytest.mark.parametrize(
    ("names", "width", "task"),
    [({"a"}, 99, 0), ({"a", None}, 99, 0), ({"a", "four"}, 99, 4), ({"a", "b"}, 30, 0), ({"a", "x" * 40}, 99, 16)],
)
def test_tasks_are_named_only_where_they_are_mixed(names: set[str | None], width: int, task: int) -> None:
    assert Columns().for_tasks(names, width).task == task
