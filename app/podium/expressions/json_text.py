"""Reading JSON as Jackson does for Kestra: the first value of a text counts, what follows it is ignored."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from podium.expressions.limits import DEFAULT_LIMITS


def parse_json(text: str) -> Any:
    """The first JSON value. Raises `ValueError` with a reason for text that does not start with one."""
    stripped = text.lstrip(" \t\r\n")
    if not stripped:
        raise ValueError("No content to map due to end-of-input")
    try:
        value: Any = _DECODER.raw_decode(stripped)[0]
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise ValueError("the value is nested too deeply") from None
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"Non-standard token '{name}'")


def _integer(digits: str) -> int:
    if len(digits) > DEFAULT_LIMITS.digits:
        raise ValueError(f"a number of {len(digits)} digits is too long")
    return int(digits)


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_int=_integer)
