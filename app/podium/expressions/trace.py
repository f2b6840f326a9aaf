"""The values an expression goes through, for the editor's step-by-step view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from podium.expressions import nodes
from podium.expressions.errors import ExpressionError
from podium.expressions.state import Evaluate, State


@dataclass(frozen=True, slots=True)
class Step:
    """The value of the piece of template text from `start` to `end`, in order of evaluation."""

    start: int
    end: int
    value: Any


@dataclass(frozen=True, slots=True)
class Trace:
    """`result` is the rendered text, None if it failed with `error`; `steps` go as far as evaluation came."""

    template: str
    steps: tuple[Step, ...]
    result: str | None
    error: ExpressionError | None


def recorded(evaluate: Evaluate, node: nodes.Expression) -> Evaluate:
    """The same evaluation, which also notes its value in the state."""

    def noting(state: State) -> Any:
        value = evaluate(state)
        if state.steps is not None and len(state.steps) < state.limits.trace_steps:
            state.steps.append(Step(node.start, node.end, value))
        return value

    return noting
