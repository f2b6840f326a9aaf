"""Reading Amazon Ion text into plain values: annotations are dropped, symbols become texts."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, NoReturn

_SPACE = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_TIMESTAMP = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?T(?=[\s,\]})/]|$)|"
    r"(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?(?=[\s,\]})/]|$)",
    re.ASCII,
)
_NUMBER = re.compile(
    r"-?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|\d[\d_]*(?P<point>\.[\d_]*)?(?P<power>[eEdD][+-]?\d+)?)(?=[\s,\]})/]|$)",
    re.ASCII,
)
_SYMBOL = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
_OPERATOR = re.compile(r"[!#%&*+\-./;<=>?@^`|~]+")
_WORDS = {"null": None, "true": True, "false": False, "nan": float("nan")}
_NULLS = frozenset(
    {"null", "bool", "int", "float", "decimal", "timestamp", "symbol", "string", "clob", "blob", "list", "sexp"}
    | {"struct"}
)
_SIMPLE_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "v": "\v",
    '"': '"', "'": "'", "?": "?", "\\": "\\", "/": "/", "\n": "",
}  # fmt: skip
_HEX_DIGITS = {"x": 2, "u": 4, "U": 8}
_MOST_LEVELS = 200
_MOST_DIGITS = 4000


def read_values(text: str, limit: int | None) -> list[Any]:
    """The top-level values of a text, at most `limit` of them. Raises `ValueError` with line and reason."""
    reader = _Reader(text)
    values: list[Any] = []
    while (limit is None or len(values) < limit) and not reader.at_end():
        before = reader.position
        value = reader.value(0)
        if value == "$ion_1_0" and text[before : before + 8] == "$ion_1_0":
            continue
        values.append(value)
    return values


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def at_end(self) -> bool:
        self._skip()
        return self.position >= len(self.text)

    def value(self, depth: int) -> Any:
        """The next value; `symbol::` annotations in front of it are dropped."""
        if depth > _MOST_LEVELS:
            self._fail("it is nested too deeply")
        while True:
            self._skip()
            start = self.position
            value = self._one(depth)
            self._skip()
            if not self.text.startswith("::", self.position):
                return value
            if not isinstance(value, str) or self.text[start] == '"':
                self._fail("an annotation must be a symbol")
            self.position += 2

    def _one(self, depth: int) -> Any:
        text, position = self.text, self.position
        character = text[position : position + 1]
        if character == "{":
            return self._lob() if text.startswith("{{", position) else self._struct(depth)
        if character == "[":
            return self._sequence(depth, "]", commas=True)
        if character == "(":
            return self._sequence(depth, ")", commas=False)
        if character == '"':
            return self._quoted('"')
        if character == "'":
            return self._long_text() if text.startswith("'''", position) else self._quoted("'")
        for word, value in (("+inf", float("inf")), ("-inf", float("-inf"))):
            if text.startswith(word, position):
                self.position += len(word)
                return value
        if match := _TIMESTAMP.match(text, position):
            self.position = match.end()
            return self._timestamp(match)
        if match := _NUMBER.match(text, position):
            self.position = match.end()
            return self._number(match)
        if match := _SYMBOL.match(text, position):
            return self._word(match)
        return self._fail("it ends too early" if not character else f"unexpected character '{character}'")

    def _word(self, match: re.Match[str]) -> Any:
        self.position = match.end()
        word = match.group()
        if word not in _WORDS:
            return word
        if word == "null" and self.text.startswith(".", self.position):
            kind = _SYMBOL.match(self.text, self.position + 1)
            if kind is None or kind.group() not in _NULLS:
                self._fail("unknown type of null")
            self.position = kind.end()
        return _WORDS[word]

    def _struct(self, depth: int) -> dict[str, Any]:
        self.position += 1
        result: dict[str, Any] = {}
        while True:
            self._skip()
            if self._take("}"):
                return result
            key = self._key()
            self._skip()
            if not self._take(":"):
                self._fail("a field name needs a `:` behind it")
            result[key] = self.value(depth + 1)
            self._skip()
            if not self._take(",") and not self.text.startswith("}", self.position):
                self._fail("fields must be separated by commas")

    def _key(self) -> str:
        if self.text.startswith("'''", self.position):
            return self._long_text()
        quote = self.text[self.position : self.position + 1]
        if quote in ("'", '"') and quote:
            return self._quoted(quote)
        match = _SYMBOL.match(self.text, self.position)
        if match is None:
            self._fail("a field name is expected")
        self.position = match.end()
        return match.group()

    def _sequence(self, depth: int, closing: str, *, commas: bool) -> list[Any]:
        self.position += 1
        items: list[Any] = []
        while True:
            self._skip()
            if self._take(closing):
                return items
            operator = None if commas else _OPERATOR.match(self.text, self.position)
            if operator is not None and not _NUMBER.match(self.text, self.position):
                self.position = operator.end()
                items.append(operator.group())
                continue
            items.append(self.value(depth + 1))
            self._skip()
            if commas and not self._take(",") and not self.text.startswith(closing, self.position):
                self._fail("elements must be separated by commas")

    def _lob(self) -> bytes:
        end = self.text.find("}}", self.position)
        if end < 0:
            self._fail("a blob has no end")
        self.position += 2
        self._skip()
        if self.text.startswith(("'''", '"'), self.position):
            piece = self._long_text() if self.text.startswith("'''", self.position) else self._quoted('"')
            self._skip()
            if not self.text.startswith("}}", self.position):
                self._fail("a clob has no end")
            self.position += 2
            return piece.encode("latin-1", "replace")
        content = "".join(self.text[self.position : end].split())
        self.position = end + 2
        return base64.b64decode(content, validate=True)

    def _quoted(self, quote: str) -> str:
        return self._until(quote, self.position + len(quote))

    def _long_text(self) -> str:
        """`'''…'''`; several in a row are one text."""
        pieces: list[str] = []
        while self.text.startswith("'''", self.position):
            pieces.append(self._until("'''", self.position + 3))
            self._skip()
        return "".join(pieces)

    def _until(self, closing: str, position: int) -> str:
        text, pieces = self.text, []
        while not text.startswith(closing, position):
            character = text[position : position + 1]
            if not character or (character == "\n" and len(closing) == 1):
                self._fail("a text has no end")
            if character != "\\":
                pieces.append(character)
                position += 1
                continue
            escape = text[position + 1 : position + 2]
            if escape in _HEX_DIGITS and escape:
                digits = text[position + 2 : position + 2 + _HEX_DIGITS[escape]]
                pieces.append(chr(int(digits, 16)))
                position += 2 + len(digits)
            elif escape in _SIMPLE_ESCAPES and escape:
                pieces.append(_SIMPLE_ESCAPES[escape])
                position += 2
            else:
                self._fail(f"unknown escape \\{escape}")
        self.position = position + len(closing)
        return "".join(pieces)

    def _timestamp(self, match: re.Match[str]) -> datetime | str:
        year, month, day, *rest = match.groups()
        if year is not None:
            return datetime(int(year), int(month or 1), int(day or 1), tzinfo=UTC)
        year, month, day, hour, minute, second, fraction, offset = rest
        micros = int((fraction or ".0")[1:7].ljust(6, "0"))
        moment = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), micros, UTC
        )
        if offset in (None, "Z"):
            return moment
        length = timedelta(hours=int(offset[1:3]), minutes=int(offset[4:6]))
        return moment.replace(tzinfo=timezone(-length if offset[0] == "-" else length))

    def _number(self, match: re.Match[str]) -> Any:
        text = match.group().replace("_", "")
        if len(text) > _MOST_DIGITS:
            self._fail("a number has too many digits")
        plain = text.lstrip("-").lower()
        if plain.startswith(("0x", "0b")):
            return int(text, 0)
        power = match["power"] or ""
        if power[:1] in ("e", "E"):
            return float(text)
        if match["point"] is not None or power:
            return Decimal(text.lower().replace("d", "e"))
        return int(text)

    def _skip(self) -> None:
        self.position = _SPACE.match(self.text, self.position).end()  # type: ignore[union-attr]  # may match nothing

    def _take(self, character: str) -> bool:
        found = self.text.startswith(character, self.position)
        self.position += found
        return found

    def _fail(self, reason: str) -> NoReturn:
        line = self.text.count("\n", 0, self.position) + 1
        column = self.position - (self.text.rfind("\n", 0, self.position) + 1) + 1
        raise ValueError(f"{reason} (line {line}, column {column})")
