"""The operators and how tightly they bind, as data: everything that the two dialects disagree about.

Source of the numbers: Pebble's own table plus the operators Kestra adds (`??`, `???`, `isIn`), which Kestra 2.0
moved down to the comparisons.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

DIALECTS = ("1.x", "2.0")

UNARY = 500
FILTER = "|"
TESTS = ("is", "is not")

_SHARED = {
    "or": 10,
    "and": 15,
    "is": 20,
    "is not": 20,
    "contains": 20,
    "==": 30,
    "equals": 30,
    "!=": 30,
    "<": 30,
    ">": 30,
    "<=": 30,
    ">=": 30,
    "+": 40,
    "-": 40,
    "*": 60,
    "/": 60,
    "%": 60,
    "|": 100,
    "~": 110,
    "..": 120,
}
MOVED = ("??", "???", "isIn")
"""The operators whose strength changed in Kestra 2.0."""

BINARY: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "1.x": MappingProxyType({**_SHARED, **dict.fromkeys(MOVED, 120)}),
        "2.0": MappingProxyType({**_SHARED, **dict.fromkeys(MOVED, 30)}),
    }
)
"""Dialect to operator to binding strength; all are left-associative."""

UNARY_OPERATORS = frozenset({"not", "-", "+"})


def dialect_name(dialect: str) -> str:
    """The table's name for a version text: `2.0`, `2.x` and later mean 2.0, everything before it 1.x.

    Raises `ValueError` for a text that is no version.
    """
    major = dialect.split(".", 1)[0]
    if not major.isdecimal():
        raise ValueError(f"'{dialect}' is not a Kestra version: use one of {', '.join(DIALECTS)}")
    return "2.0" if int(major) >= 2 else "1.x"
