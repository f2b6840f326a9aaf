"""Runtime values and their texts: what Python types stand for, how they print, when they are true or equal.

null is None, integers are Python ints within 64 bits (beyond: Java's BigInteger), doubles are floats, big
decimals `Decimal`. The classes here mark what Java keeps apart and Python does not.
"""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from json.encoder import encode_basestring as _quoted
from typing import Any

from podium.base.durations import format_duration
from podium.expressions.errors import ExpressionError, LimitExceeded
from podium.expressions.limits import DEFAULT_LIMITS


class Char(str):
    """A Java character: prints like a text but equals none."""

    __slots__ = ()


class BigInteger(int):
    """A Java BigInteger that would also fit into a long: made by the `number` filter only."""

    __slots__ = ()


class Long(int):
    """A Java Long that would also fit into an Integer: what `className` tells apart."""

    __slots__ = ()


class Single(float):
    """A Java float: single precision, made by the `number` filter only."""

    __slots__ = ()

    def __new__(cls, value: float) -> Single:
        return super().__new__(cls, struct.unpack("f", struct.pack("f", value))[0])


class Array(list[Any]):
    """What `split` makes."""

    __slots__ = ()


class KeySet(list[Any]):
    """A set: iterable and countable, but not indexable or sortable."""

    __slots__ = ()


class Values(list[Any]):
    """The values of a map: a collection without indexes."""

    __slots__ = ()


class Entry:
    """One key and value of a map, as a `for` over the map sees it."""

    __slots__ = ("key", "value")

    def __init__(self, key: Any, value: Any) -> None:
        self.key = key
        self.value = value


CONTROL_AND_SPACE = "".join(map(chr, range(0x21)))
"""What `String.trim` cuts off."""
_CONTROL = re.compile(r"\\u00[0-9a-f]{2}")


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def to_output(value: Any) -> str:
    """The text of `{{ value }}`; containers print as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, (Mapping, list, tuple, Set)):
        return to_json(value)
    return to_text(value)


def to_text(value: Any, null: str = "null") -> str:
    """The text Java's `toString` gives: what `~`, `join`, `string` and text filters work on."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return str(value)
    if value is None:
        return null
    if kind is bool:
        return "true" if value else "false"
    if isinstance(value, float):
        return _double(value)
    if isinstance(value, (Mapping, list, tuple, Set)):
        pieces: list[str] = []
        _write_java(value, pieces)
        return "".join(pieces)
    return _scalar(value)


def to_json(value: Any) -> str:
    """Compact JSON; null values of maps are left out, null elements of lists stay."""
    pieces: list[str] = []
    _write_json(value, pieces)
    return "".join(pieces)


def instant_text(moment: datetime) -> str:
    """ISO text with seconds; the fraction in groups of three digits, left out when zero."""
    text = moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0") + fraction(moment.microsecond * 1000)
    offset = moment.utcoffset()
    if offset is None:
        return text
    return text + offset_text(offset)


def offset_text(offset: timedelta) -> str:
    if not offset:
        return "Z"
    total = int(offset.total_seconds())
    minutes, seconds = divmod(abs(total), 60)
    tail = f":{seconds:02d}" if seconds else ""
    return f"{'-' if total < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}{tail}"


def fraction(nanos: int) -> str:
    """`.123`, `.123456` or `.123456789`, nothing for zero."""
    if not nanos:
        return ""
    digits = f"{nanos:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return "." + digits


def plain(value: Any) -> Any:
    """The value without the classes of this module, for those outside: lists, texts and numbers of Python."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, Set)):
        return [plain(item) for item in value]
    if isinstance(value, Entry):
        return {value.key: plain(value.value)}
    if isinstance(value, Single):
        return float(to_text(value).replace("Infinity", "inf"))
    return str(value) if isinstance(value, Char) else int(value) if isinstance(value, (BigInteger, Long)) else value


def truth(value: Any) -> bool | None:
    """Java Pebble's idea of truth; None for values that have none (null, lists, maps, …)."""
    if value is True or value is False:
        return bool(value)
    if isinstance(value, (int, float, Decimal)):
        return bool(value == value and value != 0)
    if isinstance(value, str):
        return value != ""
    return None


def equal(left: Any, right: Any) -> bool:
    """Pebble equality: numbers by value as doubles, everything else by type and content.

    Inside lists and maps Java compares, to which 1 and 1.0 are different.
    """
    if left is right:
        return not (isinstance(left, float) and left != left)
    return _equal(left, right, [0])


def _equal(left: Any, right: Any, steps: list[int]) -> bool:
    steps[0] += 1
    if steps[0] > DEFAULT_LIMITS.elements * 2:
        raise LimitExceeded("The values are too large to compare")
    if left is None or right is None:
        return left is right
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if is_number(left) and is_number(right):
        return as_double(left) == as_double(right) and (steps[0] == 1 or is_integer(left) == is_integer(right))
    if isinstance(left, str) and isinstance(right, str):
        return isinstance(left, Char) == isinstance(right, Char) and str(left) == str(right)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return len(left) == len(right) and all(
            key in right and _equal(value, right[key], steps) for key, value in left.items()
        )
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        if isinstance(left, KeySet) != isinstance(right, KeySet):
            return False
        return len(left) == len(right) and all(_equal(a, b, steps) for a, b in zip(left, right, strict=True))
    if isinstance(left, Entry) and isinstance(right, Entry):
        return _equal(left.key, right.key, steps) and _equal(left.value, right.value, steps)
    return type(left) is type(right) and bool(left == right)


def bounded(value: Any) -> Any:
    """The value itself. Raises `LimitExceeded` when writing it out would take for ever.

    Lists that hold the same list several times grow exponentially although they cost little to build.
    """
    if not isinstance(value, (Mapping, list, tuple, Set)):
        return value
    pending, count = [value], 0
    while pending:
        current = pending.pop()
        inner = current.values() if isinstance(current, Mapping) else current
        count += len(inner)
        if count > DEFAULT_LIMITS.elements * 4:
            raise LimitExceeded("The value is too large")
        pending += [item for item in inner if isinstance(item, (Mapping, list, tuple, Set))]
    return value


class Members:
    """Fast answers to "is something equal to this among the items?"."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._scalars: set[Any] = set()
        self._others: list[Any] = []
        self._steps = 0
        for item in items:
            self.add(item)

    def add(self, item: Any) -> None:
        key = _scalar_key(item)
        if key is None:
            self._others.append(item)
        else:
            self._scalars.add(key)

    def __contains__(self, item: Any) -> bool:
        key = _scalar_key(item)
        if key is not None:
            return item == item and key in self._scalars
        self._steps += len(self._others)
        if self._steps > DEFAULT_LIMITS.elements:
            raise LimitExceeded("There are too many lists or maps to compare")
        return any(equal(item, other) for other in self._others)


def _scalar_key(value: Any) -> tuple[str, Any] | None:
    """Equal for equal values; None for those that have to be compared one by one."""
    if value is None or isinstance(value, bool):
        return "constant", value
    if isinstance(value, str):
        return ("character" if isinstance(value, Char) else "text"), str(value)
    return ("integer" if is_integer(value) else "decimal", as_double(value)) if is_number(value) else None


def as_double(number: Any) -> float:
    try:
        return float(number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


def as_long(value: Any) -> Any:
    """An integer as Java's type of 64 bits, anything else unchanged."""
    return Long(value) if type(value) is int else value


def utf16_key(text: str) -> bytes:
    """Orders texts by UTF-16 code units, as Java does."""
    return text.encode("utf-16-be", "surrogatepass")


def utf16_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf16_slice(text: str, start: int, end: int) -> str:
    """The characters between two of Java's indexes; half of a pair becomes a replacement character."""
    if text.isascii():
        return str(text)[start:end]
    return text.encode("utf-16-le", "surrogatepass")[2 * start : 2 * end].decode("utf-16-le", "replace")


def java_hash(value: Any) -> int:
    """`hashCode` of a text, or of the text of anything else: a signed 32-bit number."""
    result = 0
    data = to_text(value).encode("utf-16-be", "surrogatepass")
    for high, low in zip(data[::2], data[1::2], strict=True):
        result = (31 * result + (high << 8 | low)) & 0xFFFFFFFF
    return result - 2**32 if result >= 2**31 else result


def kind_of(value: Any) -> str:
    """What to call a value in a message to the user."""
    for types, name in _KINDS:
        if isinstance(value, types):
            return name
    return "null" if value is None else type(value).__name__.lower()


def java_class(value: Any) -> str:
    """The class name a Kestra server would mention."""
    if is_integer(value):
        if -(2**31) <= value < 2**31 and not isinstance(value, (BigInteger, Long)):
            return "java.lang.Integer"
        small = -(2**63) <= value < 2**63 and not isinstance(value, BigInteger)
        return "java.lang.Long" if small else "java.math.BigInteger"
    for types, name in _JAVA_CLASSES:
        if isinstance(value, types):
            return name
    return "null" if value is None else "java.lang.Object"


def wrong_kind(what: str, expected: str, value: Any) -> ExpressionError:
    """The error for a value of the wrong type, in the user's words instead of Java's class names."""
    return ExpressionError(f"{what} expects {expected}, got {kind_of(value)}")


def _double(value: float) -> str:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Single):
        value = next(
            (short for digits in range(1, 9) if Single(short := float(f"{value:.{digits}g}")) == value),
            float(value),
        )
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return float.__repr__(value)
    exact = Decimal(float.__repr__(value)).normalize()
    digits = "".join(map(str, exact.as_tuple().digits))
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{exact.adjusted()}"


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, Decimal):
        if abs(value.adjusted()) > 10_000:
            raise LimitExceeded("The number has too many digits to print")
        return format(value, "f")
    if isinstance(value, Entry):
        return f"{to_text(value.key)}={to_text(value.value)}"
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.strftime("%H:%M:%S") + fraction(value.microsecond * 1000)
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "replace")
    return str(value)


def _room(pieces: list[str]) -> None:
    if len(pieces) > DEFAULT_LIMITS.elements * 4:
        raise LimitExceeded("The value is too large to print")


def _write_java(value: Any, pieces: list[str]) -> None:
    if isinstance(value, Mapping):
        _room(pieces)
        pieces.append("{")
        for index, (key, item) in enumerate(value.items()):
            pieces.append(f"{', ' if index else ''}{to_text(key)}=")
            _write_java(item, pieces)
        pieces.append("}")
    elif isinstance(value, (list, tuple, Set)):
        _room(pieces)
        pieces.append("[")
        for index, item in enumerate(value):
            if index:
                pieces.append(", ")
            _write_java(item, pieces)
        pieces.append("]")
    else:
        pieces.append(to_text(value))


def _write_json(value: Any, pieces: list[str]) -> None:
    if isinstance(value, str):
        pieces.append(json_string(value))
    elif value is None:
        pieces.append("null")
    elif isinstance(value, Mapping):
        _room(pieces)
        opening = "{"
        for key, item in value.items():
            if item is not None:
                pieces.append(f"{opening}{json_string(to_text(key))}:")
                _write_json(item, pieces)
                opening = ","
        pieces.append("{}" if opening == "{" else "}")
    elif isinstance(value, (list, tuple, Set)):
        _room(pieces)
        opening = "["
        for item in value:
            pieces.append(opening)
            _write_json(item, pieces)
            opening = ","
        pieces.append("[]" if opening == "[" else "]")
    elif isinstance(value, Entry):
        _write_json({value.key: value.value}, pieces)
    elif isinstance(value, (bytes, bytearray)):
        pieces.append(f'"{base64.b64encode(value).decode()}"')
    elif isinstance(value, (bool, int, float, Decimal)):
        text = to_text(value)
        pieces.append(f'"{text}"' if text.endswith(("N", "y")) else text)
    else:
        pieces.append(json_string(to_text(value)))


def json_string(text: str) -> str:
    quoted: str = _quoted(text)
    return _CONTROL.sub(_upper_hex, quoted) if "\\u00" in quoted else quoted


def _upper_hex(escape: re.Match[str]) -> str:
    return "\\u00" + escape.group()[4:].upper()


_Types = type[Any] | tuple[type[Any], ...]
_KINDS: Sequence[tuple[_Types, str]] = (
    (bool, "boolean"),
    (int, "integer"),
    ((float, Decimal), "decimal"),
    (Char, "character"),
    (str, "string"),
    (KeySet, "set"),
    (Array, "array"),
    ((list, tuple), "list"),
    (Mapping, "map"),
    (datetime, "date"),
    ((bytes, bytearray), "bytes"),
)
_JAVA_CLASSES: Sequence[tuple[_Types, str]] = (
    (bool, "java.lang.Boolean"),
    (Single, "java.lang.Float"),
    (float, "java.lang.Double"),
    (Decimal, "java.math.BigDecimal"),
    (Char, "java.lang.Character"),
    (str, "java.lang.String"),
    (Array, "[Ljava.lang.String;"),
    (KeySet, "java.util.LinkedHashMap$LinkedKeySet"),
    (Values, "java.util.LinkedHashMap$LinkedValues"),
    ((list, tuple), "java.util.ArrayList"),
    (Mapping, "java.util.LinkedHashMap"),
    (Entry, "java.util.LinkedHashMap$Entry"),
    (datetime, "java.time.Instant"),
    (date, "java.time.LocalDate"),
    (time, "java.time.LocalTime"),
    (timedelta, "java.time.Duration"),
    ((bytes, bytearray), "[B"),
)
