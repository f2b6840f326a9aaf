"""What a value of an input type looks like: from text or a typed value to what expressions see as `inputs.x`.

The stored values are JSON values: dates, times and durations are kept as the ISO text a server prints.
Rules: semantics 2.2 and 2.5.
"""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from podium.base.durations import format_duration, parse_duration
from podium.expressions.values import fraction, instant_text, to_output
from podium.model.marked_yaml import documents
from podium.model.scalars import plain_value

StoreFile = Callable[[str, str], str]
"""`(input id, path or URI as given) -> URI`; raises ValueError with a sentence for the user."""
Protect = Callable[[str], Any]
"""Turns the clear text of a secret into what is kept; raises ValueError when it cannot."""

NO_ENCRYPTION = "Unable to use a `SECRET` input/output as encryption is not configured"

_INT = re.compile(r"[+-]?[0-9]+")
_FLOAT = re.compile(r"\s*[+-]?(?:NaN|Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[fFdD]?\s*")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{0,9}))?)?")
_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.(\d{0,9}))?(Z|[+-]\d{2}(?::?\d{2})?)", re.IGNORECASE
)
_ISO_DURATION = re.compile(r"\s*[+-]?P.*", re.IGNORECASE | re.DOTALL)
_URI = re.compile(
    r"[a-z]+://(?:www\.)?[-a-zA-Z0-9@:%._+~#=]{1,256}\.[a-zA-Z0-9()]{1,6}\b[-a-zA-Z0-9()@:%_+.~#?&/=]*", re.ASCII
)
_EMAIL = re.compile(r"(?:[a-zA-Z0-9_!#$%&’*+/=?`{|}~^.-]+@[a-zA-Z0-9.-]+)?")
_STORED_SCHEMES = ("kestra://", "nsfile://", "file://")


class Refusal(ValueError):
    """A value is no value of the type; `whole` when the text is a complete message rather than a parser's reason."""

    def __init__(self, message: str, *, whole: bool = False) -> None:
        super().__init__(message)
        self.whole = whole


def typed(
    type_name: str,
    value: Any,
    *,
    item_type: str | None = None,
    id: str = "",
    store_file: StoreFile | None = None,
    protect: Protect | None = None,
) -> Any:
    """The value of an input or output of this type. `value` is a text or an already typed value, not None.

    `id` is the name under which a file is stored. Without `store_file`, the path of a FILE stays as it is;
    without `protect`, a SECRET is refused. Raises ValueError with the text of the reference.
    """
    if type_name == "FILE":
        return _file(id, value, store_file)
    if type_name == "SECRET":
        if protect is None:
            raise ValueError(NO_ENCRYPTION)
        return protect(_text(value))
    if type_name in ("ARRAY", "MULTISELECT"):
        return _list(
            type_name, value, item_type or ("STRING" if type_name == "MULTISELECT" else None), id, store_file, protect
        )
    read = _READERS.get(type_name)
    if read is None:
        return value
    try:
        return read(value)
    except Refusal as refusal:
        if refusal.whole:
            raise
        raise ValueError(expected(type_name, value, str(refusal))) from None


def expected(type_name: str, value: Any, reason: str) -> str:
    """The reference's words for a value that cannot be read, with the reason in a fence."""
    return f"Expected `{type_name}` but received `{to_output(value)}` with errors:\n```\n{reason}\n```"


def _text(value: Any) -> str:
    return to_output(value)


def _int(value: Any) -> int:
    text = to_output(value)
    number = int(text) if not isinstance(value, bool) and len(text) < 20 and _INT.fullmatch(text) else None
    if number is None:
        raise Refusal("An INT is a whole number such as 42 or -7, without spaces, decimals or exponent.")
    if not -(2**31) <= number < 2**31:
        raise Refusal(f"{number} does not fit: an INT lies between {-(2**31)} and {2**31 - 1}.")
    return number


def _float(value: Any) -> float:
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return float(value)
    text = to_output(value)
    if isinstance(value, bool) or not _FLOAT.fullmatch(text):
        raise Refusal("A FLOAT is a number such as 1, 1.5 or 1e3.")
    return float(text.strip().rstrip("fFdD"))


def _boolean(value: Any) -> bool:
    return value if isinstance(value, bool) else to_output(value).lower() == "true"


def _instant(value: Any) -> str:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return instant_text(value.astimezone(UTC))
    match = _INSTANT.fullmatch(to_output(value))
    if match is None:
        raise Refusal("A DATETIME is written with its zone, such as 2026-01-05T10:00:00Z.")
    day, clock, digits, zone = match.groups()
    try:
        at = datetime.fromisoformat(f"{day}T{clock}{zone.upper().replace('Z', '+00:00')}").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refusal(f"{_sentence(error)} A DATETIME is written such as 2026-01-05T10:00:00Z.") from None
    return f"{at:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + fraction(_nanos(digits)) + "Z"


def _date(value: Any) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    text = to_output(value)
    if not _DATE.fullmatch(text):
        raise Refusal("A DATE is written as year-month-day with two digits each, such as 2026-01-05.")
    try:
        date.fromisoformat(text)
    except ValueError as error:
        raise Refusal(f"There is no such day: {error}.") from None
    return text


def _time(value: Any) -> str:
    match = _TIME.fullmatch(value.isoformat() if isinstance(value, time) else to_output(value))
    if match is None or int(match[1]) > 23 or int(match[2]) > 59 or int(match[3] or 0) > 59:
        raise Refusal("A TIME is written as hours and minutes, with seconds if needed, such as 10:30 or 10:30:15.")
    return f"{match[1]}:{match[2]}:{match[3] or '00'}{fraction(_nanos(match[4]))}"


def _duration(value: Any) -> str:
    if isinstance(value, timedelta):
        return format_duration(value)
    text = to_output(value)
    try:
        if not _ISO_DURATION.fullmatch(text):
            raise ValueError(f"'{text}' is not a duration: write it in ISO-8601 form such as PT30S, PT1H30M or P1D.")
        return format_duration(parse_duration(text))
    except ValueError as error:
        raise Refusal(str(error)) from None


def _json(value: Any) -> Any:
    return json_value(value) if isinstance(value, str) else value


def json_value(text: str) -> Any:
    """The value of a JSON text. Raises Refusal with the place of the mistake."""

    def constant(name: str) -> Any:
        raise Refusal(f"{name} is not a JSON value.")

    try:
        return json.loads(text, parse_constant=constant)
    except json.JSONDecodeError as error:
        raise Refusal(f"This is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from None
    except (RecursionError, ValueError) as error:
        raise error if isinstance(error, Refusal) else Refusal("This JSON is nested too deeply.") from None


def _yaml(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = documents(value)
    wrong = [finding for document in found for finding in document.diagnostics if finding.severity == "error"]
    if wrong:
        place = wrong[0].range
        raise Refusal(f"{wrong[0].message} (line {place.line + 1}, column {place.column + 1})")
    return plain_value(found[0].root) if found and found[0].root is not None else None


def _uri(value: Any) -> str:
    text = to_output(value)
    if not _URI.fullmatch(text):
        raise Refusal(f"Expected `URI` but received `{text}`", whole=True)
    return text


def _email(value: Any) -> str:
    text = to_output(value)
    if not _EMAIL.fullmatch(text):
        raise Refusal("The input must be a valid email", whole=True)
    return text


def _file(id: str, value: Any, store_file: StoreFile | None) -> str:
    text = to_output(value)
    if store_file is None or text.lower().startswith(_STORED_SCHEMES):
        return text
    return store_file(id, text)


def _list(
    type_name: str, value: Any, item_type: str | None, id: str, store_file: StoreFile | None, protect: Protect | None
) -> list[Any]:
    items = value
    if isinstance(value, str):
        try:
            items = json_value(value)
        except Refusal as refusal:
            hint = f'{refusal} {_article(type_name)} is written as a JSON list such as ["a", "b"].'
            raise ValueError(expected(type_name, value, hint)) from None
    if isinstance(items, Mapping) or not isinstance(items, Sequence) or isinstance(items, str):
        hint = f'{_article(type_name)} is a list such as ["a", "b"].'
        raise ValueError(expected(type_name, value, hint))
    elements: list[Any] = []
    for item in items:
        try:
            plain = item is None or item_type is None
            elements.append(
                item if plain else typed(item_type or "", item, id=id, store_file=store_file, protect=protect)
            )
        except ValueError as error:
            if item_type == "SECRET":
                raise
            raise ValueError(f"Unable to parse array element as `{item_type}` on `{to_output(item)}`") from error
    return elements


_READERS: dict[str, Callable[[Any], Any]] = {
    "STRING": _text, "ENUM": _text, "SELECT": _text, "INT": _int, "FLOAT": _float, "BOOL": _boolean,
    "BOOLEAN": _boolean, "DATETIME": _instant, "DATE": _date, "TIME": _time, "DURATION": _duration, "JSON": _json,
    "OBJECT": _json, "TABLE": _json, "YAML": _yaml, "URI": _uri, "EMAIL": _email,
}  # fmt: skip


def comparable(type_name: str, stored: Any) -> Any:
    """A stored value (or a bound of the same type) as something that can be ordered. Raises ValueError."""
    value = typed(type_name, stored)
    if type_name == "DURATION":
        return parse_duration(value)
    if type_name == "DATETIME":
        whole, _, rest = value.removesuffix("Z").partition(".")
        return whole, _nanos(rest)
    if type_name == "TIME":
        whole, _, rest = value.partition(".")
        return whole, _nanos(rest)
    if type_name == "FLOAT" and math.isnan(value):
        return math.inf
    return value


def bound_text(type_name: str, bound: Any) -> str:
    """A bound as a server prints it in messages: a time without its zero seconds."""
    value = typed(type_name, bound)
    return value.removesuffix(":00") if type_name == "TIME" and value.count(":") == 2 else to_output(value)


def _nanos(digits: str | None) -> int:
    return int(digits.ljust(9, "0")) if digits else 0


def _article(type_name: str) -> str:
    return f"An {type_name}" if type_name[0] in "AEIOU" else f"A {type_name}"


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].upper() + text[1:].rstrip(".") + "."
