"""What the terminal shows, cell by cell, and the fewest bytes that make it show something else.

Three things keep a frame small: cells that are there already are left out, a colour is set only where it changes, and
short stretches (the borders of panes) are sent colour by colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from rich.color import ColorSystem
from textual._cells import cell_len
from textual.geometry import Size
from textual.strip import Strip

_BRIDGE = 5
"""Unchanged cells that are sent along rather than jumped over: a jump takes 6 to 9 bytes."""
_SHORT = 2
_SEEN_ON_BLANKS = frozenset(("4", "7", "9", "21", "51", "52", "53"))
_UNKNOWN = ""


class Pen(NamedTuple):
    """How the terminal would write now: codes of attributes, foreground and background; all empty after a reset."""

    attributes: frozenset[str] = frozenset()
    foreground: str = ""
    background: str = ""


class Run(NamedTuple):
    """Cells that are to be written from a column on: their texts, and how each is written."""

    y: int
    x: int
    texts: list[str]
    looks: list[str]


class ShownFrame:
    """The cells of a terminal as far as they are known. A cell is a text, and the codes of how it was written.

    What does not fill one cell per character is one whole: all its bytes stand at its first cell, so that it is only
    ever sent from its beginning, whatever a terminal makes of its width.
    """

    def __init__(self, size: Size) -> None:
        self.size = size
        self._texts = [[_UNKNOWN] * size.width for _ in range(size.height)]
        self._looks = [[_UNKNOWN] * size.width for _ in range(size.height)]

    def show(self, pieces: Iterable[tuple[int, int, int, Strip]], colours: ColorSystem) -> str:
        """The bytes for what differs in these pieces - (row, start, end, content) -, which then counts as shown."""
        out = _Output()
        for y, start, end, strip in pieces:
            if not 0 <= y < self.size.height or start >= self.size.width:
                continue
            end = min(end, self.size.width)
            whole = _cells(strip, end - start, colours)
            texts, looks = whole or _as_one(strip, end - start, colours)
            row_texts, row_looks = self._texts[y], self._looks[y]
            old_texts, old_looks = row_texts[start:end], row_looks[start:end]
            if old_texts == texts and old_looks == looks:
                continue
            row_texts[start:end], row_looks[start:end] = texts, looks
            if whole is None:
                out.write_raw(y, start, texts[0])
                continue
            for first, last in _differing(old_texts, old_looks, texts, looks):
                out.write(Run(y, start + first, texts[first:last], looks[first:last]))
        return out.finished()


class _Output:
    """The bytes of one frame in the making."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._short: dict[str, list[Run]] = {}
        self._pen = Pen()

    def write(self, run: Run) -> None:
        if len(run.texts) <= _SHORT:
            self._short.setdefault(run.looks[0], []).append(run)
        else:
            self._put(run)

    def write_raw(self, y: int, x: int, rendered: str) -> None:
        """Write what comes with its own codes and leaves none behind."""
        self._use(Pen())
        self._out.append(f"\x1b[{y + 1};{x + 1}H{rendered}")

    def finished(self) -> str:
        for runs in self._short.values():
            for run in runs:
                self._put(run)
        self._use(Pen())
        return "".join(self._out)

    def _put(self, run: Run) -> None:
        self._out.append(f"\x1b[{run.y + 1};{run.x + 1}H")
        texts, looks = run.texts, run.looks
        at = 0
        while at < len(texts):
            end = at + 1
            look = looks[at]
            while end < len(texts) and looks[end] == look:
                end += 1
            text = "".join(texts[at:end])
            wanted = pen_of(look)
            if text.isspace() and not (self._pen.attributes | wanted.attributes) & _SEEN_ON_BLANKS:
                wanted = self._pen._replace(background=wanted.background)
            self._use(wanted)
            self._out.append(text)
            at = end

    def _use(self, pen: Pen) -> None:
        if pen != self._pen:
            self._out.append(change(self._pen, pen))
            self._pen = pen


def _cells(strip: Strip, width: int, colours: ColorSystem) -> tuple[list[str], list[str]] | None:
    """Texts and looks of each cell; None when they cannot be told apart."""
    texts: list[str] = []
    looks: list[str] = []
    for text, style, control in strip._segments:
        if control or (style is not None and style._link) or not one_cell_each(text):
            return None
        look = "" if style is None else style._ansi
        if look is None:
            look = Strip.render_ansi(style, colours)
        if text.isspace():
            look = on_blanks(look)
        texts += text
        looks += [look] * len(text)
    return (texts, looks) if len(texts) == width else None


def _as_one(strip: Strip, width: int, colours: ColorSystem) -> tuple[list[str], list[str]]:
    rendered = "".join(
        text if style is None else Strip.render_style(style, text, colours) for text, style, _ in strip._segments
    )
    return [rendered] + ["\0"] * (width - 1), ["\0"] * width


def _differing(
    old_texts: list[str], old_looks: list[str], texts: list[str], looks: list[str]
) -> Iterator[tuple[int, int]]:
    """The stretches that differ; those with few cells of the same look between them are joined."""
    first = last = -1
    for at, cell in enumerate(zip(old_texts, texts, old_looks, looks, strict=True)):
        if cell[0] == cell[1] and cell[2] == cell[3]:
            continue
        if first < 0:
            first = at
        elif at - last > _BRIDGE or any(looks[gap] != looks[last - 1] for gap in range(last, at)):
            yield first, last
            first = at
        last = at + 1
    if first >= 0:
        yield first, last


@lru_cache(maxsize=4096)
def one_cell_each(text: str) -> bool:
    """Whether every character of a text takes exactly one cell, everywhere."""
    return (text.isascii() and text.isprintable()) or all(cell_len(character) == 1 for character in text)


@lru_cache(maxsize=1024)
def pen_of(look: str) -> Pen:
    """The codes of a look (`1;38;2;1;2;3;48;5;7`) sorted by what they set."""
    attributes: set[str] = set()
    foreground = background = ""
    codes = look.split(";") if look else []
    at = 0
    while at < len(codes):
        code = codes[at]
        length = 1 if code not in ("38", "48") else 5 if codes[at + 1] == "2" else 3
        value = ";".join(codes[at : at + length])
        if code == "38" or code in _FOREGROUNDS:
            foreground = value
        elif code == "48" or code in _BACKGROUNDS:
            background = value
        else:
            attributes.add(value)
        at += length
    return Pen(frozenset(attributes), foreground, background)


_FOREGROUNDS = frozenset(str(code) for code in (*range(30, 38), 39, *range(90, 98)))
_BACKGROUNDS = frozenset(str(code) for code in (*range(40, 48), 49, *range(100, 108)))


@lru_cache(maxsize=1024)
def on_blanks(look: str) -> str:
    """What of a look can be seen on blanks, so that blanks that look alike are alike."""
    pen = pen_of(look)
    return look if pen.attributes & _SEEN_ON_BLANKS else pen.background


@lru_cache(maxsize=4096)
def change(old: Pen, new: Pen) -> str:
    """The sequence that turns one pen into another."""
    if new == Pen():
        return "\x1b[0m"
    if old.attributes - new.attributes:
        codes = ["0", *sorted(new.attributes), new.foreground, new.background]
    else:
        codes = sorted(new.attributes - old.attributes)
        codes += [new.foreground or "39"] if new.foreground != old.foreground else []
        codes += [new.background or "49"] if new.background != old.background else []
    return f"\x1b[{';'.join(filter(None, codes))}m"
