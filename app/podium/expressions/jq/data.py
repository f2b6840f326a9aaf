"""What jq does with JSON values: order, equality, texts, members and paths."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Set
from typing import Any

from podium.expressions.errors import LimitExceeded
from podium.expressions.limits import DEFAULT_LIMITS
from podium.expressions.values import bounded, json_string, to_text

Path = tuple[Any, ...]


class JqError(Exception):
    """An error that jq's `try` can catch; `value` is what `catch` sees."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        return self.value if isinstance(self.value, str) else f"{to_json(self.value)} (not a string)"


class JqLimit(Exception):
    """A bound on time or size was reached; nothing catches it."""


def plain(value: Any, depth: int = 0) -> Any:
    """A value of the expression language as JSON: dates become texts, sets lists, keys texts."""
    if value is None or isinstance(value, (bool, int)) or type(value) in (str, float):
        return value
    if depth > 300:
        raise JqLimit("the value is nested too deeply")
    if isinstance(value, Mapping):
        return {to_text(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, Set)):
        return [plain(item, depth + 1) for item in value]
    return float(value) if isinstance(value, float) else to_text(value)


def type_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def truthy(value: Any) -> bool:
    return value is not None and value is not False


def tidy(number: float | int) -> float | int:
    """Whole numbers without a decimal point, as results of arithmetic are."""
    if isinstance(number, float) and number.is_integer() and abs(number) < 2**63:
        return int(number)
    return number


_RANKS = {"null": 0, "boolean": 1, "number": 3, "string": 4, "array": 5, "object": 6}


def compare(left: Any, right: Any) -> int:
    """Negative, zero or positive, in the order null, false, true, numbers, strings, arrays, objects."""
    return _compared(left, right, [0])


def _compared(left: Any, right: Any, steps: list[int]) -> int:
    steps[0] += 1
    if steps[0] > DEFAULT_LIMITS.elements * 4:
        raise JqLimit("the values are too large to compare")
    one, other = type_of(left), type_of(right)
    if one != other:
        return _RANKS[one] - _RANKS[other]
    if one == "array":
        for a, b in zip(left, right, strict=False):
            if sign := _compared(a, b, steps):
                return sign
        return len(left) - len(right)
    if one == "object":
        keys = sorted(left)
        if sign := _compared(keys, sorted(right), steps):
            return sign
        return next((sign for key in keys if (sign := _compared(left[key], right[key], steps))), 0)
    if one == "null":
        return 0
    if left != left:
        return -1
    return int(left > right) - int(left < right)


order = functools.cmp_to_key(compare)


def to_json(value: Any) -> str:
    """Compact JSON with every null kept."""
    return _json(sized(value))


def sized(value: Any) -> Any:
    """The value itself, unless writing or comparing it would take for ever."""
    try:
        return bounded(value)
    except LimitExceeded as error:
        raise JqLimit(error.message) from None


def _json(value: Any) -> str:
    if isinstance(value, str):
        return json_string(value)
    if value is None or (isinstance(value, float) and value != value):
        return "null"
    if isinstance(value, float) and math.isinf(value):
        return "1.7976931348623157E308" if value > 0 else "-1.7976931348623157E308"
    if isinstance(value, list):
        return f"[{','.join(map(_json, value))}]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json_string(key)}:{_json(item)}" for key, item in value.items()) + "}"
    return to_text(value)


def text_of(value: Any) -> str:
    """`tostring`"""
    return value if isinstance(value, str) else to_json(value)


def shown(value: Any) -> str:
    """A value in an error message."""
    text = to_json(value)
    return text if len(text) <= 40 else text[:37] + "..."


def member(value: Any, key: Any) -> Any:
    """`value[key]`, null where there is nothing."""
    if isinstance(key, dict) and {"start", "end"} >= key.keys():
        return sliced(value, key.get("start"), key.get("end"))
    if value is None and (key is None or isinstance(key, (str, dict)) or is_number(key)):
        return None
    if isinstance(value, dict) and isinstance(key, str):
        return value.get(key)
    if isinstance(value, list):
        if is_number(key):
            position = _position(key, len(value))
            return None if position is None else value[position]
        if isinstance(key, list):
            return indices(value, key)
    if isinstance(key, str):
        raise JqError(f'Cannot index {type_of(value)} with "{key}"')
    raise JqError(f"Cannot index {type_of(value)} with {type_of(key)}")


def _position(key: float | int, size: int) -> int | None:
    if key != key or abs(key) > 2**53:
        return None
    position = math.floor(key)
    position += size if position < 0 else 0
    return position if 0 <= position < size else None


def sliced(value: Any, start: Any, end: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, (list, str)):
        raise JqError(f"Cannot index {type_of(value)} with object")
    low, high = _bounds(start, end, len(value))
    return value[low:high]


def _bounds(start: Any, end: Any, size: int) -> tuple[int, int]:
    for bound in (start, end):
        if bound is not None and not is_number(bound):
            raise JqError("Start and end indices of an array slice must be numbers")
    low = 0 if start is None or start != start else math.floor(max(min(start, size), -size))
    high = size if end is None or end != end else math.ceil(max(min(end, size), -size))
    low, high = (low + size if low < 0 else low), (high + size if high < 0 else high)
    return low, max(low, high)


def elements(value: Any) -> list[tuple[Any, Any]]:
    """Keys and values of `value[]`."""
    if isinstance(value, list):
        return list(enumerate(value))
    if isinstance(value, dict):
        return list(value.items())
    raise JqError(f"Cannot iterate over {type_of(value)}" + ("" if value is None else f" ({shown(value)})"))


def at_path(value: Any, path: Path) -> Any:
    for key in path:
        value = member(value, key)
        if value is None:
            return None
    return value


def with_path(value: Any, path: Path, new: Any) -> Any:
    """A copy of `value` in which `path` leads to `new`."""
    if not path:
        return new
    key, rest = path[0], path[1:]
    if isinstance(key, dict):
        return _with_slice(value, key, rest, new)
    inner = with_path(member(value, key), rest, new)
    if isinstance(key, str):
        return {**(value or {}), key: inner}
    if not is_number(key):
        raise JqError(f"Invalid path component {shown(key)}")
    items = list(value or [])
    position = math.floor(key)
    if position < 0:
        position += len(items)
        if position < 0:
            raise JqError("Out of bounds negative array index")
    if position > DEFAULT_LIMITS.elements:
        raise JqError("Array index too large")
    items += [None] * (position + 1 - len(items))
    items[position] = inner
    return items


def _with_slice(value: Any, key: Mapping[str, Any], rest: Path, new: Any) -> Any:
    items = [] if value is None else value
    if not isinstance(items, list):
        raise JqError(f"Cannot update field at object index of {type_of(value)}")
    low, high = _bounds(key.get("start"), key.get("end"), len(items))
    inner = with_path(items[low:high], rest, new)
    if not isinstance(inner, list):
        raise JqError("A slice of an array can only be assigned another array")
    return items[:low] + inner + items[high:]


def without_paths(value: Any, paths: list[Path]) -> Any:
    """A copy of `value` without what the paths lead to; the last ones go first so that indexes stay right."""
    for path in sorted(paths, key=lambda path: order(list(path)), reverse=True):
        value = _without(value, path)
    return value


def _without(value: Any, path: Path) -> Any:
    if not path:
        return None
    if value is None:
        return None
    key, rest = path[0], path[1:]
    if rest:
        inner = member(value, key)
        return value if inner is None else with_path(value, (key,), _without(inner, rest))
    if isinstance(value, dict) and isinstance(key, str):
        return {name: item for name, item in value.items() if name != key}
    if isinstance(value, list) and is_number(key):
        position = _position(key, len(value))
        return value if position is None else value[:position] + value[position + 1 :]
    if isinstance(value, list) and isinstance(key, dict):
        low, high = _bounds(key.get("start"), key.get("end"), len(value))
        return value[:low] + value[high:]
    raise JqError(f"Cannot delete field at {type_of(key)} index of {type_of(value)}")


def indices(value: Any, wanted: Any) -> Any:
    """Where `wanted` occurs in a text or list."""
    if value is None:
        return None
    if isinstance(value, str) and isinstance(wanted, str):
        return [i for i in range(len(value)) if value.startswith(wanted, i)] if wanted else None
    if isinstance(value, list):
        parts = wanted if isinstance(wanted, list) else [wanted]
        if not parts:
            return None
        last = len(value) - len(parts)
        return [i for i in range(last + 1) if compare(value[i : i + len(parts)], parts) == 0]
    return member(value, wanted)


def contains(value: Any, wanted: Any) -> bool:
    return _contains(sized(value), sized(wanted))


def _contains(value: Any, wanted: Any) -> bool:
    if isinstance(value, dict) and isinstance(wanted, dict):
        return all(key in value and _contains(value[key], item) for key, item in wanted.items())
    if isinstance(value, list) and isinstance(wanted, list):
        return all(any(_contained(item, one) for item in value) for one in wanted)
    if isinstance(value, str) and isinstance(wanted, str):
        return wanted in value
    if type_of(value) == type_of(wanted):
        return compare(value, wanted) == 0
    raise JqError(
        f"{type_of(value)} ({shown(value)}) and {type_of(wanted)} ({shown(wanted)}) "
        "cannot have their containment checked"
    )


def _contained(value: Any, wanted: Any) -> bool:
    return type_of(value) == type_of(wanted) and _contains(value, wanted)
