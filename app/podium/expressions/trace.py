"""The values an expression goes through, for the editor's step-by-step view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from podium.expressions.errors import ExpressionError


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
