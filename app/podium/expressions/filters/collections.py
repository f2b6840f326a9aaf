"""Filters on lists and maps."""

from __future__ import annotations

from collections.abc import Mapping, Set
from functools import cmp_to_key
from typing import Any

from podium.expressions.arithmetic import COLLECTIONS
from podium.expressions.entries import ABSENT, Catalog, Param
from podium.expressions.errors import ExpressionError, LimitExceeded
from podium.expressions.jq_programs import run_jq
from podium.expressions.limits import DEFAULT_LIMITS
from podium.expressions.state import State
from podium.expressions.values import (
    CONTROL_AND_SPACE,
    Array,
    Char,
    KeySet,
    Members,
    Values,
    is_integer,
    is_number,
    java_class,
    kind_of,
    to_text,
    utf16_key,
    utf16_length,
    utf16_slice,
    wrong_kind,
)

CATALOG = Catalog()
_COLLECTION = (list, tuple, Set)


def _is_list(value: Any) -> bool:
    """A list with indexes: neither a set, the values of a map nor an array, which Java keeps apart."""
    return isinstance(value, (list, tuple)) and not isinstance(value, (KeySet, Values, Array))


def _end(value: Any, position: int, name: str) -> Any:
    if isinstance(value, str):
        if not value:
            raise ExpressionError(f"The '{name}' filter cannot take a character of an empty string")
        return Char(value[position])
    if isinstance(value, (list, tuple)):
        return value[position] if value else None
    if isinstance(value, Set):
        return list(value)[position] if value else None
    raise wrong_kind(f"The '{name}' filter", "a list or a string", value)


@CATALOG.add("filter", "first", doc="The first element, null if there is none.", example="{{ rows | first }}")
def first(state: State, value: Any) -> Any:
    return _end(value, 0, "first")


@CATALOG.add("filter", "last", doc="The last element, null if there is none.", example="{{ [1, 2, 3] | last }}")
def last(state: State, value: Any) -> Any:
    return _end(value, -1, "last")


@CATALOG.add(
    "filter",
    "length",
    doc="Count of characters, elements or keys; 0 for null.",
    example="{{ 'four' | length }}",
    passes_null=False,
)
def length(state: State, value: Any) -> int:
    if isinstance(value, str):
        return utf16_length(value)
    return len(value) if isinstance(value, (*_COLLECTION, Mapping)) else 0


@CATALOG.add(
    "filter",
    "join",
    Param("separator", "What to put between the elements.", default="", shown='""'),
    doc="The elements as one text.",
    example="{{ names | join(', ') }}",
)
def join(state: State, value: Any, separator: Any) -> str:
    if not isinstance(value, _COLLECTION):
        raise ExpressionError(
            "The 'join' filter expects that the input is either a collection or an array.",
            suggestion=f"The value is a {kind_of(value)}",
        )
    glue = "" if separator is None else to_text(separator)
    texts = [to_text(item) for item in value]
    if sum(map(len, texts)) + len(glue) * len(texts) > state.limits.text:
        raise LimitExceeded("The joined text would be too long")
    return glue.join(texts)


def _compare(left: Any, right: Any) -> int:
    if isinstance(left, str) and isinstance(right, str):
        one, other = utf16_key(left), utf16_key(right)
        return (one > other) - (one < other)
    if is_number(left) and is_number(right):
        if is_integer(left) == is_integer(right):
            return int(left > right) - int(left < right)
        raise ExpressionError(
            "The list cannot be sorted: integers and decimals have no common order on a server",
            suggestion="Write `list | jq('sort') | first`",
        )
    if isinstance(left, bool) and isinstance(right, bool):
        return left - right
    if type(left) is type(right) and hasattr(type(left), "isoformat"):
        return int(left > right) - int(left < right)
    raise ExpressionError(f"The list cannot be sorted: {kind_of(left)} and {kind_of(right)} have no common order")


def _sorted(value: Any, name: str, reverse: bool) -> list[Any]:
    if not _is_list(value) and not (isinstance(value, Array) and not reverse):
        raise ExpressionError(f"Unsupported input type for {name} filter", suggestion=f"It is a {kind_of(value)}")
    if all(isinstance(item, str) for item in value):
        return sorted(value, key=utf16_key, reverse=reverse)
    return sorted(value, key=cmp_to_key(_compare), reverse=reverse)


@CATALOG.add("filter", "sort", doc="A list in ascending order.", example="{{ [3, 1, 2] | sort }}")
def sort(state: State, value: Any) -> list[Any]:
    return _sorted(value, "sort", False)


@CATALOG.add("filter", "rsort", doc="A list in descending order.", example="{{ [3, 1, 2] | rsort }}")
def rsort(state: State, value: Any) -> list[Any]:
    return _sorted(value, "rsort", True)


@CATALOG.add("filter", "reverse", doc="A list back to front.", example="{{ [1, 2, 3] | reverse }}")
def reverse(state: State, value: Any) -> list[Any]:
    if not _is_list(value):
        raise wrong_kind("The 'reverse' filter", "a list", value)
    return list(reversed(value))


@CATALOG.add(
    "filter",
    "slice",
    Param("fromIndex", "First index, from 0.", shown="0"),
    Param("toIndex", "Index behind the last, at most the length.", shown="length"),
    doc="A part of a text or list.",
    example="{{ 'abcdef' | slice(0, 3) }}",
)
def slice_(state: State, value: Any, start: Any, end: Any) -> Any:
    if not isinstance(value, (str, list, tuple)) or isinstance(value, (KeySet, Values)):
        raise ExpressionError(
            f"Slice filter can only be applied to String, List and array inputs. Actual type was: {java_class(value)}"
        )
    size = utf16_length(value) if isinstance(value, str) else len(value)
    low, high = _index("fromIndex", start, 0), _index("toIndex", end, size)
    if low < 0:
        raise ExpressionError("fromIndex must be greater than 0")
    if high > size:
        raise ExpressionError(f"toIndex must be smaller than input size: {size}")
    if low > high or (low == high and end is not None):
        raise ExpressionError("toIndex must be greater than fromIndex")
    if isinstance(value, str):
        return utf16_slice(value, low, high)
    return Array(value[low:high]) if isinstance(value, Array) else value[low:high]


def _index(argument: str, given: Any, default: int) -> int:
    if given is None:
        return default
    if not is_number(given) or given != given or abs(given) >= 2**31:
        raise ExpressionError(f"Argument {argument} must be a number, got {kind_of(given)}")
    return int(given)


@CATALOG.add(
    "filter",
    "merge",
    Param("items", "The list or map to add.", required=True),
    doc="Two lists one after the other, or two maps where the right one wins.",
    example="{{ [1] | merge([2]) }}",
    passes_null=False,
)
def merge(state: State, value: Any, items: Any) -> Any:
    if value is None and items is None:
        raise ExpressionError("The two arguments to be merged are null")
    if value is None or items is None:
        return items if value is None else value
    if isinstance(value, Mapping):
        if isinstance(items, Mapping):
            return {**value, **items}
        if isinstance(items, (list, tuple)):
            return {**value, **{item if isinstance(item, str) else to_text(item): item for item in items}}
        raise ExpressionError(f"Currently, only Maps and Lists can be merged with a Map. Arg2: {java_class(items)}")
    if isinstance(value, Array):
        if not isinstance(items, Array):
            raise ExpressionError(f"Only an array can be merged with an array, got {kind_of(items)}")
        return Array([*value, *items])
    if _is_list(value):
        if isinstance(items, Mapping):
            from podium.expressions.arithmetic import entry_list

            return [*value, *entry_list(items)]
        if isinstance(items, (list, tuple)):
            if len(value) + len(items) > DEFAULT_LIMITS.elements * 4:
                raise LimitExceeded("The list grows beyond all bounds")
            return [*value, *items]
        raise ExpressionError(f"Currently, only Maps and Lists can be merged with a List. Arg2: {java_class(items)}")
    raise ExpressionError("The object being filtered is not a Map/List/Array", suggestion=f"It is a {kind_of(value)}")


@CATALOG.add(
    "filter",
    "chunk",
    Param("size", "Elements per part.", required=True),
    doc="A list in parts.",
    example="{{ [1, 2, 3] | chunk(2) }}",
)
def chunk(state: State, value: Any, size: Any) -> list[Any]:
    if size is None:
        raise ExpressionError("'chunk' filter expects an argument 'size'.")
    if not _is_list(value):
        raise ExpressionError(f"'chunk' filter can only be applied to List. Actual type was: {java_class(value)}")
    if not is_number(size) or size != size or abs(size) >= 2**31:
        raise ExpressionError(f"'chunk' filter argument 'size' must be a number. Actual type was: {java_class(size)}")
    width = int(size)
    if width <= 0:
        raise ExpressionError("'chunk' filter expects an argument 'size' greater than 0.")
    return [list(value[index : index + width]) for index in range(0, len(value), width)]


@CATALOG.add(
    "filter",
    "distinct",
    doc="Each element once, in order.",
    example="{{ [1, 2, 1] | distinct }}",
    since="1.0",
    passes_null=False,
)
def distinct(state: State, value: Any) -> Any:
    if value is None:
        return "null"
    if not _is_list(value):
        raise ExpressionError(f"Input must be a list, but received : {java_class(value)}")
    seen = Members(())
    result: list[Any] = []
    for item in value:
        if item not in seen:
            seen.add(item)
            result.append(item)
    return result


@CATALOG.add(
    "filter",
    "flatten",
    doc="Lists inside the list replaced by their elements, one level deep.",
    example="{{ [1, [2, 3]] | flatten }}",
)
def flatten(state: State, value: Any) -> list[Any]:
    if not _is_list(value):
        raise ExpressionError(
            "The 'flatten' filter can only be applied to lists.", suggestion=f"It is a {kind_of(value)}"
        )
    size = sum(len(item) if isinstance(item, COLLECTIONS) else 1 for item in value)
    if size > DEFAULT_LIMITS.elements * 4:
        raise LimitExceeded("The list grows beyond all bounds")
    return [inner for item in value for inner in (item if isinstance(item, COLLECTIONS) else [item])]


@CATALOG.add("filter", "keys", doc="The keys of a map, the indexes of a list.", example="{{ map | keys | join(',') }}")
def keys(state: State, value: Any) -> Any:
    if isinstance(value, Mapping):
        return KeySet(value)
    if isinstance(value, (list, tuple)):
        return list(range(len(value)))
    raise ExpressionError(
        f"'keys' filter can only be applied to List, Map, Array. Actual type was: {java_class(value)}"
    )


@CATALOG.add("filter", "values", doc="The values of a map.", example="{{ {'a': 1} | values | first }}")
def values(state: State, value: Any) -> Values:
    if not isinstance(value, Mapping):
        raise ExpressionError(f"'values' filter can only be applied to Map. Actual type was: {java_class(value)}")
    return Values(value.values())


@CATALOG.add(
    "filter",
    "default",
    Param("default", "What to use instead."),
    doc="Something else when the value is missing, null or empty.",
    example="{{ inputs.name | default('nobody') }}",
    passes_null=False,
)
def default(state: State, value: Any, instead: Any) -> Any:
    return instead if is_empty(value) else value


def is_empty(value: Any) -> bool:
    """null, blank text, or a collection without elements; an array is none, as on a server."""
    if isinstance(value, str):
        return not value.strip(CONTROL_AND_SPACE)
    return value is None or (isinstance(value, (*_COLLECTION, Mapping)) and not value and not isinstance(value, Array))


@CATALOG.add(
    "filter",
    "jq",
    Param("expression", "A jq program.", default=ABSENT, required=True),
    doc="All results of a jq program, always as a list. A text is parsed as JSON first.",
    example="{{ body | jq('.items[].id') | first }}",
)
def jq(state: State, value: Any, program: Any) -> list[Any]:
    if program is ABSENT or program is None:
        raise ExpressionError("The 'jq' filter expects an argument 'expression'.")
    state.check_time()
    return run_jq(value, to_text(program), state.limits, state.services.now)
