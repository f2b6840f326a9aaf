"""What may reach the terminal: the gate for text from outside."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.base.text import (
    PLAIN,
    Sgr,
    cell_width,
    clean,
    clean_output,
    coloured,
    is_harmless,
    shorten,
    without_colours,
)

HOSTILE = st.text(
    st.sampled_from("\x1b\x9b\x9d\x90\x07\x9c[]()P_^;:m0138?hHJ \\\r\n\t\x00\x08\x7f\u202e\u2028\udc80aé世")
)


@pytest.mark.parametrize(
    ("outside", "row"),
    [
        ("plain", "plain"),
        ("title \x1b]0;T\x07here", "title here"),
        ("link \x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\", "link text"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[1;1Hgone", "gone"),
        ("8 bit \x9b31mred \x9d0;T\x9cend", "8 bit red end"),
        ("\x1bP$q\x1b\\status", "status"),
        ("\x1b]0;no end of it", "0;no end of it"),
        ("a\x1b(Bb\x1bcc", "abc"),
        ("nul\x00 bell\x07 del\x7f", "nul bell del"),
        ("two\nrows\r\nthree", "two rows three"),
        ("a\tb", "a       b"),
        ("byte \udcff", "byte \ufffd"),
        ("evil\u202etxt.exe", "eviltxt.exe"),
        ("[/nope] [red]", "[/nope] [red]"),
    ],
)
def test_clean_leaves_one_printable_row(outside: str, row: str) -> None:
    assert clean(outside) == row


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        ("\x1b[31mred\x1b[0m\tnext\nrow", "\x1b[31mred\x1b[0m\tnext\nrow"),
        ("\x1b[38;5;208mo\x1b[m", "\x1b[38;5;208mo\x1b[m"),
        ("\x1b[31\x1b[2Jm", "31m"),
        ("\x1b[?25lhidden cursor", "hidden cursor"),
        (" 10%\r 20%\r100%\r\ndone\r", "100%\ndone"),
        ("\x1b]52;c;AAAA\x07clip", "clip"),
        ("raw\udce9", "raw\ufffd"),
    ],
)
def test_output_keeps_rows_tabs_and_colours(printed: str, kept: str) -> None:
    assert clean_output(printed) == kept


@given(HOSTILE)
def test_nothing_dangerous_survives(text: str) -> None:
    row = clean(text)
    assert clean(row) == row
    assert not any(character < " " or "\x7f" <= character <= "\x9f" for character in row)
    output = clean_output(text)
    assert is_harmless(output)
    assert clean_output(output) == output
    seen = without_colours(output)
    assert not any(character < " " and character not in "\n\t" for character in seen)
    assert "".join(part for part, _ in coloured(output)) == seen
    seen.encode()


@pytest.mark.parametrize("piece", ["\x1b]", "\x9d", "\x1b[1;", "\x1b[31", "\x1bP", "\r", "\x1b[31m"])
def test_a_megabyte_of_half_sequences_costs_linear_time(piece: str) -> None:
    def seconds(count: int) -> float:
        text = piece * count
        start = time.process_time()
        clean(text)
        clean_output(text)
        return time.process_time() - start

    small = max(seconds(10_000), 0.001)
    assert seconds(200_000) < small * 20 * 8


@pytest.mark.parametrize(
    ("sequence", "look"),
    [
        ("", PLAIN),
        ("0", PLAIN),
        ("1;31", Sgr(foreground=1, bold=True)),
        ("97", Sgr(foreground=15)),
        ("44", Sgr(background=4)),
        ("104", Sgr(background=12)),
        ("38;5;208", Sgr(foreground=208)),
        ("48;2;1;2;300", Sgr(background=(1, 2, 255))),
        ("38:2::1:2:3", Sgr(foreground=(1, 2, 3))),
        ("38:5:9;1", Sgr(foreground=9, bold=True)),
        ("4:3", Sgr(underline=True)),
        ("4;4:0", PLAIN),
        ("1;2;22", PLAIN),
        ("31;39;41;49", PLAIN),
        ("38", PLAIN),
        ("38;5", PLAIN),
        ("8", PLAIN),
        ("99999999999999999999;7", Sgr(reverse=True)),
    ],
)
def test_a_colour_sequence_says_how_text_looks(sequence: str, look: Sgr) -> None:
    assert PLAIN.then(sequence) == look


def test_looks_go_on_until_they_are_changed() -> None:
    text = "a\x1b[31mb\x1b[1mc\x1b[0md"
    assert list(coloured(text)) == [
        ("a", PLAIN),
        ("b", Sgr(foreground=1)),
        ("c", Sgr(foreground=1, bold=True)),
        ("d", PLAIN),
    ]


@pytest.mark.parametrize(("text", "cells"), [("abc", 3), ("é", 1), ("e\u0301", 1), ("世界", 4), ("🙂", 2)])
def test_width_counts_cells(text: str, cells: int) -> None:
    assert cell_width(text) == cells


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("世界世", 4, "世…"), ("abc", 0, ""), ("ab", 1, "…")],
)
def test_shorten_says_that_something_is_missing(text: str, width: int, short: str) -> None:
    assert shorten(text, width) == short
