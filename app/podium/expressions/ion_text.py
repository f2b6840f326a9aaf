"""Amazon Ion: the text notation, written and read. Binary Ion needs the optional `amazon.ion` package."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from podium.expressions.errors import ExpressionError
from podium.expressions.extras import optional_package
from podium.expressions.ion_reading import read_values
from podium.expressions.values import Entry, instant_text, is_number, to_text

BINARY_MARK = b"\xe0\x01\x00\xea"
"""How every binary Ion document starts."""

_SYMBOL = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
_KEYWORDS = frozenset({"null", "true", "false", "nan"})
_UNSAFE = {quote: re.compile(f"[{quote}\\\\\x00-\x1f\x7f-\x9f]") for quote in "'\""}
_ESCAPES = {"\0": "\\0", "\a": "\\a", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "\v": "\\v"}


def to_ion(value: Any) -> str:
    """The value as compact Ion text."""
    pieces: list[str] = []
    _write(value, pieces)
    return "".join(pieces)


def from_ion(source: str | bytes, all_rows: bool) -> Any:
    """The first value of Ion text or binary Ion, or every value as a list. Raises `ExpressionError`."""
    try:
        if isinstance(source, str):
            values = read_values(source, None if all_rows else 1)
        elif bytes(source).startswith(BINARY_MARK):
            values = _binary(bytes(source))
        else:
            values = read_values(bytes(source).decode(), None if all_rows else 1)
    except ValueError as error:
        raise ExpressionError(f"Invalid ion: {error}") from None
    if all_rows:
        return values
    return values[0] if values else None


def _write(value: Any, pieces: list[str]) -> None:
    if isinstance(value, str):
        pieces.append(_quoted(str(value), '"'))
    elif isinstance(value, Mapping):
        opening = "{"
        for key, item in value.items():
            pieces.append(f"{opening}{_symbol(to_text(key))}:")
            _write(item, pieces)
            opening = ","
        pieces.append("{}" if opening == "{" else "}")
    elif isinstance(value, (list, tuple, Set)):
        opening = "["
        for item in value:
            pieces.append(opening)
            _write(item, pieces)
            opening = ","
        pieces.append("[]" if opening == "[" else "]")
    elif isinstance(value, float):
        pieces.append(_double(value))
    elif value is None or isinstance(value, bool) or (is_number(value) and not isinstance(value, Decimal)):
        pieces.append(to_text(value))
    elif isinstance(value, Decimal):
        text = to_text(value)
        pieces.append(text if "." in text else text + ".")
    elif isinstance(value, datetime):
        text = instant_text(value)
        pieces.append(text if value.tzinfo is not None else text + "-00:00")
    elif isinstance(value, date) and not isinstance(value, time):
        pieces.append(value.isoformat())
    elif isinstance(value, (bytes, bytearray)):
        from base64 import b64encode

        pieces.append("{{" + b64encode(value).decode() + "}}")
    elif isinstance(value, Entry):
        _write({value.key: value.value}, pieces)
    else:
        pieces.append(_quoted(to_text(value), '"'))


def _double(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return "nan" if value != value else "+inf" if value > 0 else "-inf"
    text = to_text(float(value))  # Ion has no single precision: all digits of the double show
    if text.endswith(".0"):
        return text[:-2] + "e0"
    return text if "E" in text else text + "e0"


def _symbol(text: str) -> str:
    return text if _SYMBOL.fullmatch(text) and text not in _KEYWORDS else _quoted(text, "'")


def _quoted(text: str, quote: str) -> str:
    return quote + _UNSAFE[quote].sub(_escaped, text) + quote


def _escaped(match: re.Match[str]) -> str:
    character = match.group()
    return _ESCAPES.get(character) or (f"\\{character}" if character in "'\"\\" else f"\\x{ord(character):02x}")


def _binary(source: bytes) -> list[Any]:
    simpleion = optional_package("amazon.ion.simpleion", "ion", "Reading binary Ion needs")
    try:
        values = simpleion.loads(source, single_value=False)
        return read_values(simpleion.dumps(values, binary=False, sequence_as_stream=True), None)
    except (ValueError, TypeError, EOFError) as error:
        raise ValueError(str(error)) from None
    except Exception as error:  # the package's own errors share no base class but this
        raise ValueError(str(error)) from None
