"""jq's functions of mathematics."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from podium.expressions.jq.data import JqError, is_number, shown, tidy, type_of

Number = float | int


def number(value: Any, name: str) -> Number:
    """A value that must be a number."""
    if not is_number(value):
        raise JqError(f"{type_of(value)} ({shown(value)}) number required by {name}")
    result: Number = value
    return result


def _function(name: str, run: Callable[..., Number]) -> Callable[..., Any]:
    """Of the input, or of its arguments when it has any. Outside its domain it gives NaN."""

    def calculate(value: Any, *arguments: Any) -> Any:
        numbers = [number(given, name) for given in (arguments or (value,))]
        try:
            return tidy(run(*numbers))
        except (ValueError, ZeroDivisionError):
            return math.nan
        except OverflowError:
            return math.inf

    return calculate


def _whole(value: Number, rounded: Callable[[float], int]) -> Number:
    return rounded(value) if math.isfinite(value) else value


def _round(value: float) -> int:
    return math.floor(abs(value) + 0.5) * (1 if value >= 0 else -1)


_OF_INPUT: dict[str, Callable[[Number], Number]] = {
    "floor": lambda value: _whole(value, math.floor),
    "ceil": lambda value: _whole(value, math.ceil),
    "trunc": lambda value: _whole(value, math.trunc),
    "round": lambda value: _whole(value, _round),
    "abs": abs,
    "fabs": abs,
    "sqrt": math.sqrt,
    "cbrt": lambda value: math.copysign(abs(value) ** (1 / 3), value),
    "exp": math.exp,
    "exp2": lambda value: 2.0**value,
    "exp10": lambda value: 10.0**value,
    "expm1": math.expm1,
    "log": lambda value: math.log(value) if value else -math.inf,
    "log2": lambda value: math.log2(value) if value else -math.inf,
    "log10": lambda value: math.log10(value) if value else -math.inf,
    "log1p": math.log1p,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
    "asinh": math.asinh,
    "acosh": math.acosh,
    "atanh": math.atanh,
}
_OF_TWO: dict[str, Callable[[Number, Number], Number]] = {
    "pow": math.pow,
    "atan2": math.atan2,
    "fmod": math.fmod,
    "fmin": min,
    "fmax": max,
    "ldexp": lambda value, power: math.ldexp(value, int(power)),
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{f"{name}/0": _function(name, run) for name, run in _OF_INPUT.items()},
    **{f"{name}/2": _function(name, run) for name, run in _OF_TWO.items()},
}
