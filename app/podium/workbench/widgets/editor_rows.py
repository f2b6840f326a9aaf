"""How one line of the editor looks: colours, marks, found places, brackets, selection, cursor."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual._text_area_theme import TextAreaTheme
from textual.expand_tabs import expand_text_tabs_from_widths, get_tab_widths
from textual.strip import Strip

from podium.base.text import clean, shorten
from podium.model.diagnostics import Severity
from podium.workbench.code_lexers import Span
from podium.workbench.marks import Mark, worst

_SHOWN = {code: 0x2400 + code for code in range(0x20) if code != 0x09}
_SHOWN |= {0x7F: 0x2421}
_SHOWN |= dict.fromkeys(
    [*range(0x80, 0xA0), *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2066, 0x206A), 0xFEFF], 0xFFFD
)
_MEANT = re.compile(r"Did you mean [^?]+\?")
_NOTE_ROOM = 16  # cells; less than that is no sentence
GUTTER_SIGNS: dict[Severity, str] = {"error": "✗", "warning": "!", "info": "i"}


def shown(line: str) -> str:
    """`line` with each control or direction character replaced by one visible sign, so that columns stay."""
    return line if line.isascii() and line.isprintable() else line.translate(_SHOWN)


@dataclass(frozen=True, slots=True)
class Row:
    """Everything that the picture of one screen row depends on; equal rows look the same.

    `selection` and `brackets` are columns of this line, `cursor` is the column where the cursor is drawn (None when
    it is not), `current` is whether this is the cursor's line, `note` what is said behind the text.
    """

    text: str
    state: object
    number: str
    sign: Severity | None
    marks: tuple[Span, ...]
    found: tuple[Span, ...]
    brackets: tuple[int, ...]
    selection: tuple[int, int] | None
    cursor: int | None
    current: bool
    note: str
    section: tuple[int, int] | None
    left: int
    width: int
    gutter: int


def note_of(marks: Sequence[Mark], here: bool) -> str:
    """The gravest finding of a line, as one row of text. Hints wait until the cursor comes (`here`)."""
    gravest = worst(marks)
    if gravest == "info" and not here:
        return ""
    return clean(next((mark.message for mark in marks if mark.severity == gravest), ""))


def fitting_note(note: str, room: int) -> str:
    """A note in so many columns: one that must be cut begins with what was probably meant, if it says so."""
    shown = shorten(f"  ◂ {note}", room)
    meant = _MEANT.search(note)
    if meant is None or meant[0] in shown:
        return shown
    return shorten(f"  ◂ {meant[0]} {note[: meant.start()]}{note[meant.end() :].lstrip()}", room)


def underline(mark: Mark, line: int, text: str) -> Span:
    """The columns of a mark in one of its lines."""
    end = mark.end_column if mark.end_line == line else len(text)
    return mark.column, max(end, mark.column + 1), mark.severity


def paint(
    row: Row,
    spans: Sequence[Span],
    theme: TextAreaTheme,
    style: Callable[[str], Style],
    console: Console,
    tab_width: int,
) -> Strip:
    """The strip of `row`; `style` gives the style of a kind of span."""
    line = Text(shown(row.text) + " ", end="", no_wrap=True, tab_size=tab_width)
    ground = theme.cursor_line_style if row.current else None
    if ground:
        line.stylize(ground)
    for start, end, kind in (*spans, *row.marks, *row.found):
        line.stylize(style(kind), start, end)
    for column in row.brackets:
        line.stylize(theme.bracket_matching_style or "", column, column + 1)
    if row.selection is not None and theme.selection_style:
        line.stylize(theme.selection_style, *row.selection)
    if row.cursor is not None and theme.cursor_style:
        line.stylize(theme.cursor_style, row.cursor, row.cursor + 1)
    line = _section(line, row, tab_width)
    strip = Strip(line.render(console), line.cell_len)
    if row.section is None:
        strip = strip.crop(row.left, row.left + row.width)
    if row.note and row.sign is not None:
        strip = Strip.join([strip, _note(row, strip.cell_length, style, ground)])
    strip = strip.extend_cell_length(row.width, ground or theme.base_style)
    if row.gutter:
        strip = Strip.join([_gutter(row, theme, style), strip])
    return strip.apply_style(theme.base_style or Style())


def _note(row: Row, used: int, style: Callable[[str], Style], ground: Style | None) -> Strip:
    """What is wrong in this line, behind its text where there is room."""
    room = row.width - used - 1
    if room < _NOTE_ROOM or row.sign is None:
        return Strip([])
    text = fitting_note(row.note, room)
    look = (ground or Style()) + Style(color=style(row.sign).color, italic=True)
    return Strip([Segment(text, look)])


def _section(line: Text, row: Row, tab_width: int) -> Text:
    if row.section is None:
        line.expand_tabs(tab_width)
        return line
    start, end = row.section
    before, within = row.text[:start].count("\t"), row.text[start:end].count("\t")
    part = line[start : end if end < len(row.text) else None]
    if within:
        widths = [width for _, width in get_tab_widths(row.text, tab_width)]
        part = expand_text_tabs_from_widths(part, widths[before : before + within])
    part.end = ""
    return part


def _gutter(row: Row, theme: TextAreaTheme, style: Callable[[str], Style]) -> Strip:
    ground = (theme.cursor_line_gutter_style if row.current else theme.gutter_style) or Style()
    number = Segment(f"{row.number:>{row.gutter - 2}}", ground)
    if row.sign is None:
        return Strip([number, Segment("  ", ground)], row.gutter)
    sign = Segment(GUTTER_SIGNS[row.sign], ground + Style(color=style(row.sign).color, bold=True))
    return Strip([number, sign, Segment(" ", ground)], row.gutter)
