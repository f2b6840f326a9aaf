"""jq programs on values of the expression language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from podium.expressions.errors import ExpressionError, LimitExceeded
from podium.expressions.json_text import parse_json
from podium.expressions.limits import Limits
from podium.expressions.values import bounded, java_class, to_json

if TYPE_CHECKING:
    from podium.expressions.jq.trees import Tree

_SHOWN = 200


def run_jq(value: Any, program: str, limits: Limits, clock: Callable[[], datetime]) -> list[Any]:
    """All results of the program; a text is parsed as JSON first. `clock` answers jq's `now`.

    Raises `ExpressionError` for text that is not JSON, a program that cannot be parsed and errors it raises,
    `LimitExceeded` when it takes too long or produces too much.
    """
    from podium.expressions.jq.data import JqError, JqLimit, plain
    from podium.expressions.jq.evaluation import Evaluator, Scope
    from podium.expressions.jq.functions import NATIVES, value_native
    from podium.expressions.jq.library import library

    try:
        tree = _parsed(program)
        content = parse_json(value) if isinstance(value, str) else plain(bounded(value))
        timed = {**NATIVES, "now/0": value_native("now/0", lambda _: clock().timestamp())}
        evaluator = Evaluator(timed if "now" in program else NATIVES, limits.pattern_seconds, library())
        results: list[Any] = []
        for result in evaluator.values(tree, Scope(None, "", None), content):
            results.append(result)
            if len(results) > limits.elements:
                raise LimitExceeded(f"The jq program gives more than {limits.elements} results")
    except (ValueError, JqError, JqLimit) as error:
        if isinstance(error, JqLimit) and "longer than" in str(error):
            raise LimitExceeded(f"{_failure(value)}: {error}") from None
        raise ExpressionError(f"{_failure(value)}: {error}") from None
    except RecursionError:
        raise LimitExceeded(f"{_failure(value)}: the jq program is nested too deeply") from None
    return results


@lru_cache(maxsize=500)
def _parsed(program: str) -> Tree:
    from podium.expressions.jq.parsing import parse

    return parse(program)


def check_jq(program: str) -> str | None:
    """Why the program cannot be parsed, None if it can. For editors."""
    try:
        _parsed(program)
    except (ValueError, RecursionError) as error:
        return str(error) or "it is nested too deeply"
    return None


def _failure(value: Any) -> str:
    text = value if isinstance(value, str) else to_json(value)
    shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return f"Unable to parse jq value '{shown}' with type '{java_class(value)}'"
