"""The syntax tree of a jq program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Identity:
    """`.`"""


@dataclass(frozen=True, slots=True)
class Literal:
    value: Any


@dataclass(frozen=True, slots=True)
class Text:
    """A string with `\\(…)` in it, each value written by the format."""

    parts: tuple[Tree, ...]
    format: str


@dataclass(frozen=True, slots=True)
class Index:
    """`target[key]`, `target.key`"""

    target: Tree
    key: Tree


@dataclass(frozen=True, slots=True)
class Slice:
    target: Tree
    start: Tree | None
    end: Tree | None


@dataclass(frozen=True, slots=True)
class Iterate:
    """`target[]`"""

    target: Tree


@dataclass(frozen=True, slots=True)
class Try:
    body: Tree
    handler: Tree | None


@dataclass(frozen=True, slots=True)
class ListOf:
    content: Tree | None


@dataclass(frozen=True, slots=True)
class ObjectOf:
    entries: tuple[tuple[Tree, Tree], ...]


@dataclass(frozen=True, slots=True)
class Negate:
    operand: Tree


@dataclass(frozen=True, slots=True)
class Pipe:
    left: Tree
    right: Tree


@dataclass(frozen=True, slots=True)
class Comma:
    left: Tree
    right: Tree


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic and comparison."""

    operator: str
    left: Tree
    right: Tree


@dataclass(frozen=True, slots=True)
class Logic:
    """`and`, `or`"""

    operator: str
    left: Tree
    right: Tree


@dataclass(frozen=True, slots=True)
class Alternative:
    """`left // right`"""

    left: Tree
    right: Tree


@dataclass(frozen=True, slots=True)
class Assign:
    """`=`, `|=`, `+=` and so on"""

    operator: str
    target: Tree
    value: Tree


@dataclass(frozen=True, slots=True)
class If:
    condition: Tree
    then: Tree
    otherwise: Tree


@dataclass(frozen=True, slots=True)
class Variable:
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Define:
    """`def name(parameters): body; rest`; a parameter that is a value begins with `$`."""

    name: str
    parameters: tuple[str, ...]
    body: Tree
    rest: Tree


@dataclass(frozen=True, slots=True)
class ListPattern:
    items: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class ObjectPattern:
    """(key, variable it is bound to itself, pattern of its value)"""

    entries: tuple[tuple[Tree, str | None, Pattern | None], ...]


Pattern: TypeAlias = str | ListPattern | ObjectPattern
"""A text is the name of a variable."""


@dataclass(frozen=True, slots=True)
class Bind:
    """`source as pattern ?// pattern | body`"""

    source: Tree
    patterns: tuple[Pattern, ...]
    body: Tree


@dataclass(frozen=True, slots=True)
class Reduce:
    source: Tree
    pattern: Pattern
    start: Tree
    update: Tree


@dataclass(frozen=True, slots=True)
class Foreach:
    source: Tree
    pattern: Pattern
    start: Tree
    update: Tree
    extract: Tree


@dataclass(frozen=True, slots=True)
class Label:
    name: str
    body: Tree


@dataclass(frozen=True, slots=True)
class Break:
    name: str


Tree: TypeAlias = (
    Identity
    | Literal
    | Text
    | Index
    | Slice
    | Iterate
    | Try
    | ListOf
    | ObjectOf
    | Negate
    | Pipe
    | Comma
    | Binary
    | Logic
    | Alternative
    | Assign
    | If
    | Variable
    | Call
    | Define
    | Bind
    | Reduce
    | Foreach
    | Label
    | Break
)
