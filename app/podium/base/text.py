"""The gate for every string that came from outside: scripts, files, servers.

Two strengths. `clean` is for anything shown in one row (names, titles, messages): nothing but printable text is
left. `clean_output` is for what a script prints: line breaks, tabs and colours stay, the rest of what a terminal
would obey is dropped. Neither ever raises, and both cost little for text that is harmless already.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

# Escape sequences end where the standard says. One without its end loses only its introducer, so that a stray
# byte cannot swallow the rest of a message; excluding the introducers inside keeps the search linear.
_INSIDE = "[^\x07\n\x1b\x90\x98\x9b-\x9f]*"
_SEQUENCE = (
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: cursor movement, erase, modes, colours
    f"|(?:\x1b\\]|\x9d){_INSIDE}(?:\x07|\x1b\\\\|\x9c)"  # OSC: title, clipboard, links
    f"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f]){_INSIDE}(?:\x1b\\\\|\x9c)"  # DCS, SOS, PM, APC
    "|\x1b[ -/]*[0-~]?"  # every other escape
)
# Line separators and bidirectional overrides make a row look like something that it is not.
_INVISIBLE = "\u2028\u2029\u202a-\u202e\u2066-\u2069"
_DROPPED = re.compile(f"{_SEQUENCE}|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_INVISIBLE}]")
_SGR = re.compile("\x1b\\[([0-9;:]*)m")
_DROPPED_FROM_OUTPUT = re.compile(f"(?!{_SGR.pattern})(?:{_DROPPED.pattern})")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BREAK = re.compile("\r\n|\n|\r")
_DANGEROUS = re.compile(f"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\ud800-\udfff{_INVISIBLE}]")

TAB = 8
"""Cells between tab stops when output is shown."""


def clean(text: str) -> str:
    """`text` as one row of printable characters.

    Escape sequences and control characters are dropped, line breaks become a space, tabs are expanded, and bytes
    that were not UTF-8 (lone surrogates) become U+FFFD.
    """
    if text.isprintable():
        return text
    text = _BREAK.sub(" ", _DROPPED.sub("", text)).expandtabs(TAB)
    return _SURROGATE.sub("\ufffd", text)


def clean_output(text: str) -> str:
    """What a script printed, made harmless: only printable text, line breaks, tabs and colours (SGR) stay.

    A carriage return starts the row again, as on a terminal, so of a progress bar the last picture is kept.
    """
    if is_harmless(text):
        return text
    text = _SURROGATE.sub("\ufffd", _DROPPED_FROM_OUTPUT.sub("", text))
    if "\r" in text:
        text = "\n".join(row.rstrip("\r").rpartition("\r")[2] for row in text.split("\n"))
    return text


def is_harmless(text: str) -> bool:
    """Whether `clean_output` would leave the text as it is. Costs a scan, for coloured text two."""
    if _DANGEROUS.search(text) is not None:
        return False
    escapes = text.count("\x1b")
    return escapes == 0 or escapes == len(_SGR.findall(text))


def without_colours(text: str) -> str:
    """Output of `clean_output` without its colour sequences: what a reader sees."""
    return _SGR.sub("", text) if "\x1b" in text else text


def cell_width(text: str) -> int:
    """Terminal cells that cleaned text takes: 2 for wide East Asian characters and emoji, 0 for combining marks."""
    if text.isascii():
        return len(text)
    return sum(map(_cells, text))


def shorten(text: str, width: int) -> str:
    """`text` if it fits into `width` cells, else its beginning and `…`."""
    if cell_width(text) <= width:
        return text
    kept, used = [], 1
    for character in text:
        used += _cells(character)
        if used > width:
            break
        kept.append(character)
    return "".join(kept) + "…" if width > 0 else ""


@lru_cache(4096)
def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


Colour = int | tuple[int, int, int]
"""A palette index 0..255 or (red, green, blue)."""


@dataclass(frozen=True, slots=True)
class Sgr:
    """How a stretch of output looks: the state that SGR sequences build up (ECMA-48 8.3.117).

    Concealed text is left out on purpose: output must not be able to hide a part of itself.
    """

    foreground: Colour | None = None
    background: Colour | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    blink: bool = False
    reverse: bool = False
    strike: bool = False

    def then(self, parameters: str) -> "Sgr":
        """The state after one sequence with these parameters, e.g. `1;31` or `38;5;208`."""
        return _after(self, parameters)


PLAIN = Sgr()

_ON = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 5: "blink", 6: "blink", 7: "reverse", 9: "strike"}
_OFF: dict[int, tuple[str, ...]] = {
    21: ("bold",),
    22: ("bold", "dim"),
    23: ("italic",),
    24: ("underline",),
    25: ("blink",),
    27: ("reverse",),
    29: ("strike",),
}


@lru_cache(1024)
def _after(state: Sgr, parameters: str) -> Sgr:
    fields = parameters.split(";")
    at = 0
    while at < len(fields):
        field = fields[at]
        at += 1
        first, colon, rest = field.partition(":")
        number = _number(first)
        if number in (38, 48):
            parts = [part for part in rest.split(":") if part] if colon else fields[at:]
            colour, used = _extended(parts)
            at += 0 if colon else used
            if colour is not None:
                state = replace(state, foreground=colour) if number == 38 else replace(state, background=colour)
        elif number == 0:
            state = PLAIN
        elif number in _ON:
            state = replace(state, **{_ON[number]: rest != "0"})
        elif number in _OFF:
            state = replace(state, **dict.fromkeys(_OFF[number], False))
        elif number == 39:
            state = replace(state, foreground=None)
        elif number == 49:
            state = replace(state, background=None)
        elif 30 <= number <= 37 or 90 <= number <= 97:
            state = replace(state, foreground=number - 30 if number < 40 else number - 82)
        elif 40 <= number <= 47 or 100 <= number <= 107:
            state = replace(state, background=number - 40 if number < 50 else number - 92)
    return state


def _extended(parts: list[str]) -> tuple[Colour | None, int]:
    """The colour after 38 or 48, written `5;n` or `2;r;g;b`, and how many parts it took."""
    kind = _number(parts[0]) if parts else 0
    if kind == 5 and len(parts) > 1:
        return min(_number(parts[1]), 255), 2
    if kind == 2 and len(parts) > 3:
        red, green, blue = (min(_number(part), 255) for part in parts[1:4])
        return (red, green, blue), 4
    return None, len(parts)


def _number(digits: str) -> int:
    return int(digits[:9]) if digits else 0


def coloured(text: str, state: Sgr = PLAIN) -> Iterator[tuple[str, Sgr]]:
    """The stretches of equal look in the output of `clean_output`, without the sequences, empty ones left out."""
    at = 0
    for match in _SGR.finditer(text):
        if match.start() > at:
            yield text[at : match.start()], state
        state = state.then(match[1])
        at = match.end()
    if at < len(text):
        yield text[at:], state
