"""The tests behind `is` and `is not`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from typing import Any

from podium.expressions.entries import Catalog
from podium.expressions.errors import ExpressionError
from podium.expressions.filters.collections import is_empty
from podium.expressions.state import State
from podium.expressions.values import Array, is_integer, wrong_kind

CATALOG = Catalog()


@CATALOG.add("test", "defined", doc="The value exists and is not null.", example="{{ trigger.date is defined }}")
def defined(state: State, value: Any) -> bool:
    return value is not None


@CATALOG.add("test", "null", doc="The value is null; it must exist.", example="{{ outputs.load.error is null }}")
def null(state: State, value: Any) -> bool:
    return value is None


@CATALOG.add("test", "empty", doc="null, blank text, or a list or map without elements.", example="{{ '  ' is empty }}")
def empty(state: State, value: Any) -> bool:
    return is_empty(value)


@CATALOG.add("test", "map", doc="The value is a map.", example="{{ {'a': 1} is map }}")
def map_(state: State, value: Any) -> bool:
    return isinstance(value, Mapping)


@CATALOG.add("test", "iterable", doc="A list or set; not a map or text.", example="{{ [1] is iterable }}")
def iterable(state: State, value: Any) -> bool:
    return isinstance(value, (list, tuple, Set)) and not isinstance(value, Array)


def _integer(value: Any, name: str) -> int:
    if value is None:
        raise ExpressionError(f'Can not pass null value to "{name}" test.')
    if not is_integer(value):
        raise wrong_kind(f"The '{name}' test", "an integer", value)
    return int(value)


@CATALOG.add("test", "even", doc="The integer is even.", example="{{ 4 is even }}")
def even(state: State, value: Any) -> bool:
    return _integer(value, "even") % 2 == 0


@CATALOG.add("test", "odd", doc="The integer is odd.", example="{{ 4 is odd }}")
def odd(state: State, value: Any) -> bool:
    return _integer(value, "odd") % 2 == 1


@CATALOG.add("test", "json", doc="The text starts with a JSON value.", example="{{ '[1]' is json }}")
def json_(state: State, value: Any) -> bool:
    if not isinstance(value, str):
        raise wrong_kind("The 'json' test", "a string", value)
    if not value.strip():
        return True
    try:
        json.JSONDecoder(parse_constant=_no_constant).raw_decode(value.lstrip())
    except (ValueError, RecursionError):
        return False
    return True


def _no_constant(name: str) -> None:
    raise ValueError(name)
