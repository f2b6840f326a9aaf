"""jq's operators and the `@format` texts."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from podium.expressions.jq.data import (
    JqError,
    JqLimit,
    compare,
    is_number,
    shown,
    text_of,
    tidy,
    to_json,
    truthy,
    type_of,
)
from podium.expressions.limits import DEFAULT_LIMITS

_ORDER: dict[str, Callable[[int], bool]] = {
    "==": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
}


def calculate(operator: str, left: Any, right: Any) -> Any:
    """A comparison or arithmetic on two values. Raises `JqError`."""
    holds = _ORDER.get(operator)
    if holds is not None:
        return holds(compare(left, right))
    return _ARITHMETIC[operator](left, right)


def combined(operator: str, current: Any, given: Any) -> Any:
    """What `current op= given` puts in place of `current`."""
    if operator == "//":
        return current if truthy(current) else given
    return calculate(operator, current, given)


def _mismatch(left: Any, right: Any, done: str) -> JqError:
    return JqError(f"{type_of(left)} ({shown(left)}) and {type_of(right)} ({shown(right)}) cannot be {done}")


def _number(value: float | int) -> Any:
    if isinstance(value, int) and abs(value) >= 2**63:
        return float(value) if abs(value) < 10**308 else math.inf
    return tidy(value)


def _add(left: Any, right: Any) -> Any:
    if left is None or right is None:
        return right if left is None else left
    if is_number(left) and is_number(right):
        return _number(left + right)
    if isinstance(left, str) and isinstance(right, str):
        return _sized(left + right)
    if isinstance(left, list) and isinstance(right, list):
        return _sized(left + right)
    if isinstance(left, dict) and isinstance(right, dict):
        return {**left, **right}
    raise _mismatch(left, right, "added")


def _sized(value: Any) -> Any:
    most = DEFAULT_LIMITS.text if isinstance(value, str) else DEFAULT_LIMITS.elements * 4
    if len(value) > most:
        raise JqLimit("a value grows beyond all bounds")
    return value


def _subtract(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return _number(left - right)
    if isinstance(left, list) and isinstance(right, list):
        return [item for item in left if not any(compare(item, other) == 0 for other in right)]
    raise _mismatch(left, right, "subtracted")


def _multiply(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return _number(left * right)
    if isinstance(right, str) and is_number(left):
        left, right = right, left
    if isinstance(left, str) and is_number(right):
        if right <= 0:
            return None
        if right * max(len(left), 1) > DEFAULT_LIMITS.text:
            raise JqLimit("a text grows beyond all bounds")
        return left * max(1, int(right))
    if isinstance(left, dict) and isinstance(right, dict):
        return _merged(left, right)
    raise _mismatch(left, right, "multiplied")


def _merged(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    result = dict(left)
    for key, item in right.items():
        own = result.get(key)
        result[key] = _merged(own, item) if isinstance(own, dict) and isinstance(item, dict) else item
    return result


def _divide(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        if right == 0:
            raise _mismatch(left, right, "divided because the divisor is zero")
        exact = isinstance(left, int) and isinstance(right, int) and left % right == 0
        return left // right if exact else tidy(left / right)
    if isinstance(left, str) and isinstance(right, str):
        return left.split(right) if right else list(left)
    raise _mismatch(left, right, "divided")


def _modulo(left: Any, right: Any) -> Any:
    if not (is_number(left) and is_number(right)):
        raise _mismatch(left, right, "divided")
    if left != left or right != right:
        return math.nan
    one, other = (int(max(min(side, 2**63 - 1), -(2**63))) for side in (left, right))
    if other == 0:
        raise _mismatch(left, right, "divided because the divisor is zero")
    rest = abs(one) % abs(other)
    return -rest if one < 0 else rest


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "%": _modulo,
}


def formatted(name: str, value: Any) -> str:
    """The value written by `@name`."""
    write = _FORMATS.get(name)
    if write is None:
        raise JqLimit(f"the format @{name} does not exist")
    return write(value)


def _row(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise JqError(f"{type_of(value)} ({shown(value)}) cannot be {name}-formatted, only an array can be")
    return value


def _cell(value: Any, name: str, text: Callable[[str], str]) -> str:
    if isinstance(value, (list, dict)):
        raise JqError(f"{type_of(value)} ({shown(value)}) is not valid in a {name} row")
    if isinstance(value, str):
        return text(value)
    return "" if value is None else to_json(value)


def _csv(value: Any) -> str:
    return ",".join(
        _cell(item, "csv", lambda text: f'"{text.replace(chr(34), chr(34) * 2)}"') for item in _row(value, "csv")
    )


def _tsv_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _tsv(value: Any) -> str:
    return "\t".join(_cell(item, "tsv", _tsv_text) for item in _row(value, "tsv"))


def _html(value: Any) -> str:
    text = text_of(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("'", "&#39;").replace('"', "&quot;")


def _shell(value: Any) -> str:
    items = value if isinstance(value, list) else [value]
    texts = []
    for item in items:
        if isinstance(item, (list, dict)):
            raise JqError(f"{type_of(item)} ({shown(item)}) can not be escaped for shell")
        quoted = item.replace("'", "'\\''") if isinstance(item, str) else ""
        texts.append(f"'{quoted}'" if isinstance(item, str) else to_json(item))
    return " ".join(texts)


def _base64_text(value: Any) -> str:
    text = text_of(value).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        raise JqError(f"string ({shown(value)}) is not valid base64 data") from None


def _base32_text(value: Any) -> str:
    text = text_of(value).rstrip("=")
    try:
        return base64.b32decode(text + "=" * (-len(text) % 8)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        raise JqError(f"string ({shown(value)}) is not valid base32 data") from None


_FORMATS: dict[str, Callable[[Any], str]] = {
    "text": text_of,
    "json": to_json,
    "html": _html,
    "uri": lambda value: quote(text_of(value).encode("utf-8", "replace"), safe="~"),
    "csv": _csv,
    "tsv": _tsv,
    "sh": _shell,
    "base64": lambda value: base64.b64encode(text_of(value).encode("utf-8", "replace")).decode(),
    "base64d": _base64_text,
    "base32": lambda value: base64.b32encode(text_of(value).encode("utf-8", "replace")).decode(),
    "base32d": _base32_text,
}
FORMAT_NAMES = tuple(_FORMATS)
