"""jq programs on values of the expression language."""

from __future__ import annotations

from typing import Any

from podium.expressions.errors import ExpressionError


def run_jq(value: Any, program: str) -> list[Any]:
    """All results of the program."""
    raise ExpressionError(f"Unable to parse jq value '{program}'")
