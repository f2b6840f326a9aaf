"""What can be said about a declared input before there is a value: its bounds, and the default it brings."""

from collections.abc import Iterator
from typing import Any

from podium.model.flow import Input
from podium.model.input_checks import check
from podium.model.input_types import comparable, typed

_BOUNDS = {"min": "max", "after": "before"}
_UNTYPED = ("FILE", "SECRET", "FORM", "TABLE", "OBJECT", "ION")
"""Types whose defaults are known at run time only."""


def input_problems(declared: Input) -> Iterator[tuple[str, str]]:
    """The property to mark and what is wrong with it, for bounds and defaults without expressions."""
    broken = False
    for low, high in _BOUNDS.items():
        values: list[Any] = []
        for name in (low, high):
            bound = getattr(declared, name)
            if bound is None:
                continue
            try:
                values.append(comparable(declared.type, typed(declared.type, bound)))
            except ValueError as error:
                broken = True
                yield name, f"{error}"
        if len(values) == 2 and values[0] > values[1]:
            broken = True
            yield low, f"`{low}` is beyond `{high}`: no value is possible."
    if not broken:
        yield from _default(declared)


def _default(declared: Input) -> Iterator[tuple[str, str]]:
    value = declared.defaults
    if value is None or declared.type in _UNTYPED or _dynamic(value):
        return
    choices = None if declared.expression else declared.values
    try:
        stored = typed(declared.type, value, item_type=declared.item_type)
        message = check(declared, stored, choices, str(value))
    except ValueError as error:
        message = str(error)
    if message:
        yield "defaults", message


def _dynamic(value: Any) -> bool:
    if isinstance(value, str):
        return "{{" in value or "{%" in value
    if isinstance(value, dict):
        return any(map(_dynamic, (*value, *value.values())))
    return isinstance(value, list) and any(map(_dynamic, value))
