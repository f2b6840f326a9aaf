"""The syntax tree of a template. `start` and `end` are character offsets in the template text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Literal:
    value: bool | int | float | str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Arguments:
    """`named` keeps the offset of each name, for the editor."""

    positional: tuple[Expression, ...] = ()
    named: tuple[tuple[str, Expression, int], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.positional or self.named)


NO_ARGUMENTS = Arguments()


@dataclass(frozen=True, slots=True)
class Member:
    """`target.key`, `target[key]` or, with `arguments`, the method call `target.key(…)`."""

    target: Expression
    key: Expression
    arguments: Arguments | None
    dotted: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function or macro by name."""

    name: str
    arguments: Arguments
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Unary:
    operator: str
    operand: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: Expression
    right: Expression
    operator_start: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Filter:
    value: Expression
    name: str
    arguments: Arguments
    name_start: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Test:
    value: Expression
    name: str
    arguments: Arguments
    negated: bool
    name_start: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Ternary:
    condition: Expression
    then: Expression
    otherwise: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ListLiteral:
    items: tuple[Expression, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class MapLiteral:
    pairs: tuple[tuple[Expression, Expression], ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Interpolation:
    """A double-quoted text with `#{…}` inside."""

    parts: tuple[Expression, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Group:
    """An expression in parentheses: transparent for evaluation, told apart by the grammar and by lint."""

    inner: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hole:
    """A value that is not written yet; only the tolerant reading makes it."""

    start: int
    end: int


Expression: TypeAlias = (
    Literal
    | Name
    | Member
    | Call
    | Unary
    | Binary
    | Filter
    | Test
    | Ternary
    | ListLiteral
    | MapLiteral
    | Interpolation
    | Group
    | Hole
)


@dataclass(frozen=True, slots=True)
class Text:
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Print:
    expression: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class If:
    branches: tuple[tuple[Expression, Body], ...]
    otherwise: Body
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class For:
    variable: str
    iterable: Expression
    body: Body
    otherwise: Body
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Set:
    variable: str
    value: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Macro:
    name: str
    parameters: tuple[tuple[str, Expression | None], ...]
    body: Body
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FilterBlock:
    """`filters` are (name, arguments, offset of the name) in order of application."""

    filters: tuple[tuple[str, Arguments, int], ...]
    body: Body
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Block:
    name: str
    body: Body
    start: int
    end: int


Statement: TypeAlias = Text | Print | If | For | Set | Macro | FilterBlock | Block
Body: TypeAlias = tuple[Statement, ...]


def is_calculated(node: Expression) -> bool:
    """Whether an integer result has 64 bits on a server: numbers written out, and what arithmetic makes of any."""
    while isinstance(node, Group):
        node = node.inner
    return isinstance(node, (Literal, Unary)) or (isinstance(node, Binary) and node.operator in "+-*/%")
