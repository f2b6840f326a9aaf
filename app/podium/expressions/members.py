"""What `x.name`, `x[key]` and `x.method(…)` find. A fixed list per type: Python attributes are never reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from podium.expressions.errors import ExpressionError
from podium.expressions.patterns import java_pattern, split_text, substitute
from podium.expressions.values import (
    CONTROL_AND_SPACE,
    Array,
    Char,
    Entry,
    KeySet,
    Members,
    Values,
    as_double,
    equal,
    is_integer,
    is_number,
    java_hash,
    to_text,
    utf16_length,
)

NOTHING: Final = object()
"""There is no such member."""

_DENIED = frozenset({"class", "getClass", "wait", "notify", "notifyAll"})


def member(value: Any, key: Any) -> Any:
    """The member, or NOTHING. Raises `ExpressionError` for keys that cannot be meant."""
    if isinstance(value, Mapping):
        return _entry(value, key)
    if isinstance(value, (list, tuple)) and not isinstance(value, (KeySet, Values)):
        index = _index(key)
        if index is not None:
            return value[index] if 0 <= index < len(value) else NOTHING
    if not isinstance(key, str):
        return NOTHING
    name = str(key)
    for spelling in (name, f"get{name[:1].upper()}{name[1:]}", f"is{name[:1].upper()}{name[1:]}"):
        found = method(value, spelling, ())
        if found is not NOTHING:
            return found
    return NOTHING


def method(value: Any, name: str, arguments: tuple[Any, ...]) -> Any:
    """The result of a whitelisted Java method, or NOTHING when the type has none that takes these arguments."""
    if name in _DENIED and value is not None:
        raise ExpressionError(f"For security reasons access to {name} method is denied.")
    for types, methods in _METHODS:
        if isinstance(value, types) and not isinstance(value, bool):
            found = methods.get((name, len(arguments)))
            return found(value, *arguments) if found is not None else NOTHING
    if value is not None and name == "toString" and not arguments:
        return to_text(value)
    return NOTHING


def member_names(value: Any) -> Iterable[str]:
    """What could have been meant, for suggestions."""
    if isinstance(value, Mapping):
        return [to_text(key) for key in value]
    return ()


def _entry(value: Mapping[Any, Any], key: Any) -> Any:
    if isinstance(key, Char):
        key = str(key)
    if is_number(key):
        whole = int(key)
        if any(is_number(known) for known in value):
            return value.get(whole, NOTHING)
        if value:
            raise ExpressionError(f"type class java.lang.String not supported for key {to_text(key)}")
        return NOTHING
    if isinstance(key, (list, Mapping, Set)):
        return NOTHING
    try:
        return value[key]
    except KeyError:
        return NOTHING


def _index(key: Any) -> int | None:
    if isinstance(key, str):
        digits = key.removeprefix("-")
        return int(key) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else None
    return int(key) if is_integer(key) and abs(key) < 2**31 else None


def _texts(run: Callable[..., Any]) -> Callable[..., Any]:
    """A method whose parameters are texts: with anything else Java finds no such method."""

    def call(value: Any, *arguments: Any) -> Any:
        return run(str(value), *map(str, arguments)) if all(isinstance(a, str) for a in arguments) else NOTHING

    return call


def _order(left: str, right: str) -> int:
    """How far the first different UTF-16 units are apart, or the lengths."""
    one, other = left.encode("utf-16-be", "surrogatepass"), right.encode("utf-16-be", "surrogatepass")
    for index in range(0, min(len(one), len(other)), 2):
        if one[index : index + 2] != other[index : index + 2]:
            return int.from_bytes(one[index : index + 2], "big") - int.from_bytes(other[index : index + 2], "big")
    return (len(one) - len(other)) // 2


def _position(items: Any, wanted: Any, *, last: bool = False) -> int:
    sought = Members([wanted])
    indexes = range(len(items))
    return next((index for index in (reversed(indexes) if last else indexes) if items[index] in sought), -1)


def _all(items: Any, others: Any) -> Any:
    if not isinstance(others, (list, tuple)):
        return NOTHING
    known = Members(items)
    return all(other in known for other in others)


def _whole(number: Any, bits: int) -> int:
    """Java's narrowing: a decimal is cut off and stops at the largest number, an integer loses its upper bits."""
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    if isinstance(number, int):
        return int((number - low) % 2**bits + low)
    return 0 if number != number else int(max(low, min(high, number)))


def _trimmed(text: str) -> str:
    return text.strip(CONTROL_AND_SPACE)


_TEXT: dict[tuple[str, int], Callable[..., Any]] = {
    ("length", 0): lambda s: utf16_length(s),
    ("isEmpty", 0): lambda s: not s,
    ("isBlank", 0): lambda s: not s.strip(),
    ("toUpperCase", 0): lambda s: s.upper(),
    ("toLowerCase", 0): lambda s: s.lower(),
    ("trim", 0): _trimmed,
    ("strip", 0): lambda s: s.strip(),
    ("stripLeading", 0): lambda s: s.lstrip(),
    ("stripTrailing", 0): lambda s: s.rstrip(),
    ("toString", 0): lambda s: str(s),
    ("hashCode", 0): java_hash,
    ("equalsIgnoreCase", 1): _texts(lambda s, other: s.lower() == other.lower()),
    ("compareTo", 1): _texts(lambda s, other: _order(s, other)),
    ("compareToIgnoreCase", 1): _texts(lambda s, other: _order(s.upper().lower(), other.upper().lower())),
    ("startsWith", 1): _texts(lambda s, other: s.startswith(other)),
    ("endsWith", 1): _texts(lambda s, other: s.endswith(other)),
    ("indexOf", 1): _texts(lambda s, other: s.find(other)),
    ("lastIndexOf", 1): _texts(lambda s, other: s.rfind(other)),
    ("concat", 1): _texts(lambda s, other: s + other),
    ("replace", 2): _texts(lambda s, old, new: substitute(s, java_pattern(old, literal=True), new, literal=True)),
    ("replaceAll", 2): _texts(lambda s, pattern, new: substitute(s, java_pattern(pattern), new)),
    ("replaceFirst", 2): _texts(lambda s, pattern, new: substitute(s, java_pattern(pattern), new, count=1)),
    ("matches", 1): _texts(lambda s, pattern: java_pattern(pattern).matches(s)),
    ("split", 1): _texts(lambda s, pattern: Array(split_text(s, pattern))),
}
_MAP: dict[tuple[str, int], Callable[..., Any]] = {
    ("size", 0): len,
    ("isEmpty", 0): lambda m: not m,
    ("containsKey", 1): lambda m, key: _entry(m, key) is not NOTHING if isinstance(key, str) else False,
    ("containsValue", 1): lambda m, wanted: any(equal(value, wanted) for value in m.values()),
    ("get", 1): lambda m, key: _found(m, key, None),
    ("getOrDefault", 2): lambda m, key, default: _found(m, key, default),
    ("keySet", 0): lambda m: KeySet(m),
    ("values", 0): lambda m: Values(m.values()),
    ("entrySet", 0): lambda m: Values(Entry(key, value) for key, value in m.items()),
    ("toString", 0): lambda m: to_text(m),
}
_LIST: dict[tuple[str, int], Callable[..., Any]] = {
    ("size", 0): len,
    ("isEmpty", 0): lambda items: not items,
    ("indexOf", 1): _position,
    ("lastIndexOf", 1): lambda items, wanted: _position(items, wanted, last=True),
    ("containsAll", 1): lambda items, others: _all(items, others),
    ("toString", 0): lambda items: to_text(items),
}
_ARRAY: dict[tuple[str, int], Callable[..., Any]] = {("length", 0): len}
_ENTRY: dict[tuple[str, int], Callable[..., Any]] = {
    ("key", 0): lambda entry: entry.key,
    ("value", 0): lambda entry: entry.value,
    ("getKey", 0): lambda entry: entry.key,
    ("getValue", 0): lambda entry: entry.value,
    ("toString", 0): lambda entry: to_text(entry),
}
_NUMBER: dict[tuple[str, int], Callable[..., Any]] = {
    ("intValue", 0): lambda number: _whole(number, 32),
    ("longValue", 0): lambda number: _whole(number, 64),
    ("doubleValue", 0): as_double,
    ("toString", 0): lambda number: to_text(number),
}
_MOMENT: dict[tuple[str, int], Callable[..., Any]] = {
    ("getEpochSecond", 0): lambda moment: int(moment.timestamp() // 1),
    ("getNano", 0): lambda moment: moment.microsecond * 1000,
    ("toEpochMilli", 0): lambda moment: int(moment.timestamp() * 1000 // 1),
    ("toString", 0): lambda moment: to_text(moment),
}
_METHODS: tuple[tuple[type[Any] | tuple[type[Any], ...], dict[tuple[str, int], Callable[..., Any]]], ...] = (
    (str, _TEXT),
    (Mapping, _MAP),
    (Array, _ARRAY),
    ((list, tuple), _LIST),
    (Entry, _ENTRY),
    (datetime, _MOMENT),
    ((int, float, Decimal), _NUMBER),
)


def _found(value: Mapping[Any, Any], key: Any, default: Any) -> Any:
    found = _entry(value, key) if isinstance(key, str) else NOTHING
    return default if found is NOTHING else found
