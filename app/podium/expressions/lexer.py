"""Template text to tokens, with offsets. The only place that knows delimiters, quotes and white-space control."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple, NoReturn

from podium.expressions.errors import ExpressionSyntaxError

TEXT: Final = "TEXT"
PRINT_START: Final = "PRINT_START"
PRINT_END: Final = "PRINT_END"
TAG_START: Final = "EXECUTE_START"
TAG_END: Final = "EXECUTE_END"
NAME: Final = "NAME"
NUMBER: Final = "NUMBER"
STRING: Final = "STRING"
OPERATOR: Final = "OPERATOR"
PUNCTUATION: Final = "PUNCTUATION"
INTERPOLATION_START: Final = "INTERPOLATION_START"
INTERPOLATION_END: Final = "INTERPOLATION_END"
EOF: Final = "EOF"


class Token(NamedTuple):
    """`value` is the text as the parser needs it: strings come without quotes and escapes."""

    kind: str
    value: str
    start: int
    end: int


_RAW = re.compile(r"\{%-*\s*raw\s*-*%\}")
_END_RAW = re.compile(r"\{%-*\s*endraw\s*-*%\}")
_OPENING = re.compile(r"\{(?:\{|%|#)")
_OPENING_TRIM = re.compile(r"-(?=\s)")
_VERBATIM = re.compile(r"\{%(-\s+|\s*)verbatim\s*-?%\}\s*")
_END_VERBATIM = re.compile(r"\{%(-?)\s*endverbatim\s*(-?)%\}")
_COMMENT_END = re.compile(r"(-?)#\}")
CLOSING = {
    PRINT_END: re.compile(r"-?\}\}"),
    TAG_END: re.compile(r"-?%\}"),
    INTERPOLATION_END: re.compile(r"\}"),
}
SPACE = re.compile(r"[^\S\x85\xa0\u2007\u202f]*")
"""What Java takes for white space: not the spaces at which no line may break, which texts from the web bring along."""
PIECE = re.compile(
    r"(?P<OPERATOR>\?\?\??|\.\.|[=!<>]=|[<>+\-*/%|~]|"
    r"(?:is not|is|not|and|or|contains|equals|isIn)(?!\w))"
    r"|(?P<NAME>[^\W\d]\w*)"
    r"|(?P<NUMBER>[0-9]+\.[0-9]+|[0-9]+L?)"
    r"|(?P<PUNCTUATION>[()\[\]{}?:.,=])"
    r"|(?P<STRING>\"[^#\"\\]*(?:\\.[^#\"\\]*)*\"|'[^'\\]*(?:\\.[^'\\]*)*')",
    re.DOTALL,
)
_STRING_PART = re.compile(r"[^#\"\\]*(?:(?:\\.|#(?!\{))[^#\"\\]*)*", re.DOTALL)
_CHARACTER_HINTS = {
    **dict.fromkeys("\xa0\u2007\u202f", "It is a no-break space: write a plain one"),
    **dict.fromkeys("\u201c\u201d\u201e\u2033", 'Write a straight quote: `"`'),
    **dict.fromkeys("\u2018\u2019\u201a\u2032", "Write a straight quote: `'`"),
    "!": "Write `not x`, or `!=`",
    "&": "Write `and`, or `~` to join texts",
    "^": "There is no such operator",
    "\u2013": "Write a plain minus: `-`",
    "\u2212": "Write a plain minus: `-`",
}
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_BLANK = "\ue000"


def tokenize(template: str) -> list[Token]:
    """All tokens, closed by one of kind EOF. Raises `ExpressionSyntaxError`."""
    return Lexer(template).run()


class Lexer:
    """Tokens of one template; the tolerant reading for editors overrides what fails here."""

    def __init__(self, template: str) -> None:
        self.template = template
        self.masked = _masked(template) if "endraw" in template else template
        self.tokens: list[Token] = []

    def run(self) -> list[Token]:
        text, position, trim = self.masked, 0, False
        while True:
            opening = _OPENING.search(text, position)
            if opening is None:
                self.text(position, len(text), trim, False)
                break
            start = opening.start()
            if opening.group() == "{%" and (verbatim := _VERBATIM.match(text, start)):
                self.text(position, start, trim, verbatim.group(1).startswith("-"))
                position, trim = self.verbatim(verbatim.end(), start)
                continue
            after = opening.end()
            trimming = _OPENING_TRIM.match(text, after) is not None
            self.text(position, start, trim, trimming)
            after += trimming
            if opening.group() == "{#":
                position, trim = self.comment(after, start)
            elif opening.group() == "{{":
                self.tokens.append(Token(PRINT_START, "{{", start, after))
                position, trim = self.expression(after, PRINT_END)
            else:
                self.tokens.append(Token(TAG_START, "{%", start, after))
                position, trim = self.expression(after, TAG_END)
        self.tokens.append(Token(EOF, "null", len(text), len(text)))
        return self.tokens

    def text(self, start: int, end: int, trim_left: bool, trim_right: bool) -> None:
        if trim_left or trim_right:
            piece = self.masked[start:end]
            if trim_left:
                start = end - len(piece.lstrip())
            if trim_right:
                end = max(start, end - len(piece) + len(piece.rstrip()))
        if start < end:
            self.tokens.append(Token(TEXT, self.template[start:end], start, end))

    def verbatim(self, content: int, start: int) -> tuple[int, bool]:
        closing = _END_VERBATIM.search(self.masked, content)
        if closing is None:
            self._fail("Unclosed verbatim tag.", start)
        self.text(content, closing.start(), False, bool(closing.group(1)))
        return closing.end(), bool(closing.group(2))

    def comment(self, position: int, start: int) -> tuple[int, bool]:
        closing = _COMMENT_END.search(self.masked, position)
        if closing is None:
            self._fail("Unclosed comment.", start)
        return closing.end(), bool(closing.group(1))

    def expression(self, position: int, end_kind: str) -> tuple[int, bool]:
        """Tokens up to and including the closing delimiter; says where it ends and whether it trims."""
        text, tokens, closing = self.masked, self.tokens, CLOSING[end_kind]
        brackets: list[tuple[str, int]] = []
        size = len(text)
        while True:
            position = SPACE.match(text, position).end()  # type: ignore[union-attr]  # it matches anywhere
            if position >= size:
                if brackets:
                    self._fail(f'Unclosed "{brackets[-1][0]}"', brackets[-1][1])
                return size, False
            if not brackets and text[position] in "-}%" and (end := closing.match(text, position)):
                tokens.append(Token(end_kind, end.group().removeprefix("-"), position, end.end()))
                return end.end(), end.group().startswith("-")
            piece = PIECE.match(text, position)
            if piece is None:
                position = self.interpolated(position)
                continue
            kind, value, start, position = piece.lastgroup or "", piece.group(), position, piece.end()
            if kind == PUNCTUATION:
                if value in _PAIRS:
                    brackets.append((_PAIRS[value], start))
                elif value in ")]}":
                    if not brackets:
                        self._fail(f'Unexpected "{value}"', start)
                    if brackets[-1][0] != value:
                        self._fail(f'Unclosed "{brackets[-1][0]}"', brackets[-1][1])
                    brackets.pop()
            elif kind == STRING:
                quote = value[0]
                value = self.template[start + 1 : position - 1].replace("\\" + quote, quote)
            tokens.append(Token(kind, value, start, position))

    def interpolated(self, start: int) -> int:
        """A double-quoted text with a `#` in it: plain parts as strings, `#{…}` as token runs.

        Pebble leaves the backslashes in such a text, even those in front of quotes.
        """
        text = self.masked
        if text[start] != '"':
            self._fail(f"Unexpected character [{text[start]}]", start, _CHARACTER_HINTS.get(text[start]))
        position, parts = start + 1, 0
        while True:
            end = _STRING_PART.match(text, position).end()  # type: ignore[union-attr]  # may match nothing
            value = self.template[position:end]
            if text.startswith('"', end):
                if value or not parts:
                    self.tokens.append(Token(STRING, value, start if not parts else position, end + 1))
                if parts:
                    self.tokens.append(Token(INTERPOLATION_END, '"', end, end + 1))
                return end + 1
            if not text.startswith("#{", end):
                self._fail('Unclosed """', start)
            if not parts:
                self.tokens.append(Token(INTERPOLATION_START, '"', start, start + 1))
            if value:
                self.tokens.append(Token(STRING, value, position, end))
            parts += 1
            self.tokens.append(Token(PUNCTUATION, "#{", end, end + 2))
            position, _ = self.expression(end + 2, INTERPOLATION_END)
            if self.tokens[-1].kind != INTERPOLATION_END:
                self._fail('Unclosed """', start)
            self.tokens[-1] = self.tokens[-1]._replace(kind=PUNCTUATION, value="#}")

    def _fail(self, message: str, offset: int, suggestion: str | None = None) -> NoReturn:
        raise ExpressionSyntaxError(message, template=self.template, offset=offset, suggestion=suggestion)


def raw_blocks(text: str) -> Iterator[tuple[int, int, int, int]]:
    """Literal text between raw tags on one line: (start, start of the content, its end, end of the block)."""
    position = 0
    while (opening := _RAW.search(text, position)) is not None:
        line_end = text.find("\n", opening.end())
        line_end = len(text) if line_end < 0 else line_end
        closing = _END_RAW.search(text, opening.end(), line_end)
        if closing is None:
            position = max(line_end, opening.end())
            continue
        yield opening.start(), opening.end(), closing.start(), closing.end()
        position = closing.end()


def without_raw_tags(text: str) -> str:
    """The text with only the content of its raw blocks left of them."""
    if "endraw" not in text:
        return text
    pieces: list[str] = []
    position = 0
    for start, content, content_end, end in raw_blocks(text):
        pieces += (text[position:start], text[content:content_end])
        position = end
    return "".join(pieces) + text[position:]


def _masked(text: str) -> str:
    """The text with its raw blocks cut out, at the same length: they are looked at by nobody else."""
    pieces: list[str] = []
    position = 0
    for start, _, _, end in raw_blocks(text):
        pieces += (text[position:start], _BLANK * (end - start))
        position = end
    return "".join(pieces) + text[position:]
