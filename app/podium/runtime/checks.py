"""The checks of a flow before one of its executions is created (semantics 7.3)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from podium.expressions.errors import ExpressionError
from podium.expressions.render import truthy
from podium.model.flow import Check

Behavior = Literal["BLOCK_EXECUTION", "FAIL_EXECUTION", "CREATE_EXECUTION"]

_STRICTEST: tuple[Behavior, ...] = ("BLOCK_EXECUTION", "FAIL_EXECUTION", "CREATE_EXECUTION")


@dataclass(frozen=True, slots=True)
class FiredCheck:
    """A check whose condition is not true, with its message for whoever wants the execution."""

    message: str
    style: str
    behavior: Behavior


def fired_checks(checks: Sequence[Check], render: Callable[[Any], Any]) -> tuple[FiredCheck, ...]:
    """The checks that have something against the execution, the strictest first.

    A condition that cannot be evaluated blocks it, whatever the check would do, and says why.
    """
    fired = []
    for check in checks:
        try:
            if not truthy(render(check.condition)):
                fired.append(FiredCheck(_rendered(check.message, render), check.style, check.behavior))
        except ExpressionError as error:
            message = f"Failed to evaluate check condition. Cause: {error}"
            fired.append(FiredCheck(message, "ERROR", "BLOCK_EXECUTION"))
    return tuple(sorted(fired, key=lambda one: _STRICTEST.index(one.behavior)))


def _rendered(message: str, render: Callable[[Any], Any]) -> str:
    try:
        return str(render(message))
    except ExpressionError:
        return message
