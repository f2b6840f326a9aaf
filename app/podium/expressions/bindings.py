"""Matching the arguments of a call with the declared parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from podium.expressions import nodes
from podium.expressions.entries import Entry
from podium.expressions.state import Evaluate


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the arguments do not fit; `offset` is None for the call as a whole."""

    message: str
    offset: int | None = None


def bound(
    entry: Entry, arguments: nodes.Arguments, compiled: Callable[[nodes.Expression], Evaluate]
) -> list[Evaluate] | Failure:
    """One evaluation per parameter, in declared order. It depends on the call alone, so editors ask it too."""
    failure = mismatch(entry, arguments)
    if failure is not None:
        return failure
    if entry.variadic:
        return [compiled(argument) for argument in arguments.positional]
    if not entry.params:
        return []
    given = _by_name(entry, arguments)
    return [compiled(given[param.name]) if param.name in given else _constant(param.default) for param in entry.params]


def constants(entry: Entry, arguments: nodes.Arguments) -> list[object] | None:
    """The value of every parameter when all of them are written out, in declared order; None otherwise."""
    given = _by_name(entry, arguments)
    if entry.variadic or not all(isinstance(argument, nodes.Literal) for argument in given.values()):
        return None
    values = {name: argument.value for name, argument in given.items() if isinstance(argument, nodes.Literal)}
    return [values.get(param.name, param.default) for param in entry.params]


def _by_name(entry: Entry, arguments: nodes.Arguments) -> dict[str, nodes.Expression]:
    given = {param.name: argument for param, argument in zip(entry.params, arguments.positional, strict=False)}
    given.update((name, argument) for name, argument, _ in arguments.named)
    return given


def mismatch(entry: Entry, arguments: nodes.Arguments) -> Failure | None:
    """What a server would refuse about this argument list, None if it fits."""
    names = {param.name for param in entry.params}
    allowed = len(entry.params)
    if not entry.variadic and entry.params and len(arguments.positional) > allowed:
        surplus = arguments.positional[allowed]
        return Failure(
            f"The argument at position {allowed + 1} is not allowed. Only {allowed} argument(s) are allowed.",
            surplus.start,
        )
    for name, _, offset in arguments.named:
        if name not in names:
            known = ", ".join(param.name for param in entry.params)
            hint = f" (there are: {known})" if known else ""
            return Failure(f"The following named argument does not exist: {name}{hint}", offset)
    return None


def _constant(value: object) -> Evaluate:
    return lambda state: value
