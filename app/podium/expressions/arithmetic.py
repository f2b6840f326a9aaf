"""`+ - * / %`, comparisons, `contains`, `isIn` and ranges with Java's numbers: 64-bit wrap, truncating division."""

from __future__ import annotations

import math
from collections.abc import Mapping, Set
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any

from podium.expressions.errors import ExpressionError, LimitExceeded
from podium.expressions.limits import DEFAULT_LIMITS
from podium.expressions.values import (
    Char,
    Entry,
    Members,
    Single,
    as_double,
    is_number,
    java_class,
    kind_of,
    to_text,
    utf16_key,
)

_EXACT = Context(prec=4000, rounding=ROUND_HALF_EVEN, Emax=20_000, Emin=-20_000)
_DIVISION = Context(prec=34, rounding=ROUND_HALF_EVEN, Emax=20_000, Emin=-20_000)
_LOW, _HIGH = -(2**63), 2**63 - 1
_MOST_BITS = 13_000
"""Python itself refuses to print numbers of more than 4,300 digits."""
COLLECTIONS = (list, tuple, Set)


def add(left: Any, right: Any) -> Any:
    if type(left) is int and type(right) is int:
        return _calculate("+", left, right)
    if isinstance(left, str) or isinstance(right, str):
        return concatenate(to_text(left), to_text(right))
    if isinstance(left, list):
        added = list(right) if isinstance(right, COLLECTIONS) else [right]
        if len(left) + len(added) > DEFAULT_LIMITS.elements * 4:
            raise LimitExceeded("The list grows beyond all bounds")
        return [*left, *added]
    return _calculate("+", _operand(left), _operand(right))


def subtract(left: Any, right: Any) -> Any:
    if isinstance(left, list):
        removed = Members(right if isinstance(right, COLLECTIONS) else [right])
        return [item for item in left if item not in removed]
    return _calculate("-", _number(left), _number(right))


def multiply(left: Any, right: Any) -> Any:
    return _calculate("*", _number(left), _number(right))


def divide(left: Any, right: Any) -> Any:
    return _calculate("/", _number(left), _number(right))


def modulo(left: Any, right: Any) -> Any:
    return _calculate("%", _number(left), _number(right))


def negate(value: Any) -> Any:
    number = _signed(value)
    return _wrap(-number) if isinstance(number, int) else type(number)(-number)


def affirm(value: Any) -> Any:
    return _signed(value)


def concatenate(left: str, right: str) -> str:
    if len(left) + len(right) > DEFAULT_LIMITS.text:
        raise LimitExceeded(f"The text grows beyond {DEFAULT_LIMITS.text} characters")
    return left + right


def compare(left: Any, right: Any, strings: bool) -> int | None:
    """Negative, zero or positive; None when one side is null or not a number. Raises `ExpressionError`.

    `strings` says whether two texts may be compared (Kestra 2.0).
    """
    if left is None or right is None:
        return None
    if is_number(left) and is_number(right):
        a, b = as_double(left), as_double(right)
        return None if a != a or b != b else (a > b) - (a < b)
    if strings and isinstance(left, str) and isinstance(right, str):
        first, second = utf16_key(left), utf16_key(right)
        return (first > second) - (first < second)
    raise ExpressionError(f"{kind_of(left)} and {kind_of(right)} have no order")


def contains(left: Any, right: Any) -> bool:
    if isinstance(left, str):
        return to_text(right) in left
    if isinstance(left, Mapping):
        return isinstance(right, (str, int, float)) and right in left
    if isinstance(left, COLLECTIONS):
        members = Members(left)
        return all(one in members for one in (right if isinstance(right, COLLECTIONS) else (right,)))
    raise ExpressionError(
        "Contains operator can only be used on Collections, Maps and arrays. "
        f"Actual type was: {java_class(left)} ({kind_of(left)})"
    )


def is_in(value: Any, container: Any) -> bool:
    """`isIn` compares texts: `1 isIn ["1"]` holds."""
    if value is None or container is None:
        return False
    text = to_text(value)
    if isinstance(container, Mapping):
        return any(other is not None and to_text(other) == text for pair in container.items() for other in pair)
    if isinstance(container, COLLECTIONS):
        return any(other is not None and to_text(other) == text for other in container)
    return False


def sequence(start: Any, end: Any, step: Any = 1) -> list[Any]:
    """The inclusive range from `start` to `end`: numbers, or characters given as texts of length one."""
    if not is_number(step):
        raise ExpressionError(f"The increment of the range function must be a number {to_text(step)}")
    width = int(step) if math.isfinite(step) else 0
    if width == 0:
        raise ExpressionError("The increment of the range function must be different than 0")
    if is_number(start) and is_number(end):
        if not (math.isfinite(start) and math.isfinite(end)):
            raise ExpressionError("A range needs finite numbers")
        return list(_bounded(int(start), int(end), width))
    if isinstance(start, str) and isinstance(end, str) and len(start) == 1 and len(end) == 1:
        return [Char(chr(code)) for code in _bounded(ord(start), ord(end), width)]
    raise ExpressionError("Arguments of range function must be of type Number or String with a length of 1")


def _bounded(start: int, end: int, step: int) -> range:
    numbers = range(start, end + (1 if step > 0 else -1), step)
    count = max(0, (end - start) // step + 1)
    if count > DEFAULT_LIMITS.elements:
        raise LimitExceeded(
            f"The range function cannot produce more than {DEFAULT_LIMITS.elements} elements, "
            f"but this call would produce {count}."
        )
    return numbers


def _calculate(operator: str, left: Any, right: Any) -> Any:
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        return _decimal(operator, left, right)
    if isinstance(left, float) or isinstance(right, float):
        double = _floating(operator, as_double(left), as_double(right))
        single = not any(isinstance(side, float) and not isinstance(side, Single) for side in (left, right))
        return Single(double) if single else double
    if operator in "/%":
        if right == 0:
            raise ExpressionError("/ by zero")
        quotient = abs(left) // abs(right)
        quotient = quotient if (left < 0) == (right < 0) else -quotient
        return _wrapped(left, right, quotient if operator == "/" else left - quotient * right)
    if operator == "*" and (left.bit_length() + right.bit_length()) > _MOST_BITS:
        raise LimitExceeded("The number grows beyond all bounds")
    return _wrapped(left, right, left + right if operator == "+" else left - right if operator == "-" else left * right)


def _wrapped(left: int, right: int, result: int) -> int:
    """64-bit operands stay in 64 bits; big integers do not wrap."""
    if _LOW <= result <= _HIGH:
        return result
    if result.bit_length() > _MOST_BITS:
        raise LimitExceeded("The number grows beyond all bounds")
    return _wrap(result) if _LOW <= left <= _HIGH and _LOW <= right <= _HIGH else result


def _wrap(number: int) -> int:
    return (number + 2**63) % 2**64 - 2**63 if abs(number) == 2**63 or abs(number) < 2**127 else number


def _floating(operator: str, left: float, right: float) -> float:
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    if operator == "%":
        if right == 0 or math.isinf(left) or left != left or right != right:
            return math.nan
        return math.fmod(left, right)
    if right == 0:
        negative = math.copysign(1, left) * math.copysign(1, right) < 0
        return math.nan if left == 0 or left != left else (-math.inf if negative else math.inf)
    return left / right


def _decimal(operator: str, left: Any, right: Any) -> Decimal:
    """Pebble takes both sides as doubles first: `12.50` and `1` make `13.5`."""
    a, b = (Decimal(to_text(as_double(side))) for side in (left, right))
    try:
        if operator == "+":
            return _EXACT.add(a, b)
        if operator == "-":
            return _EXACT.subtract(a, b)
        if operator == "*":
            return _EXACT.multiply(a, b)
        return _DIVISION.divide(a, b) if operator == "/" else _EXACT.remainder(a, b)
    except ArithmeticError as error:
        raise ExpressionError(f"The decimals cannot be calculated: {type(error).__name__}") from None


def _operand(value: Any) -> Any:
    if not is_number(value):
        raise ExpressionError(f"{kind_of(value)} is not a number")
    return value


def _number(value: Any) -> Any:
    """A number, or a numeric text as one."""
    if not isinstance(value, str):
        return _operand(value)
    text = str(value)
    if text.lstrip("+-").isascii() and text.lstrip("+-").isdecimal() and len(text) < 25:
        return int(text)
    try:
        return float(Decimal(text))
    except (InvalidOperation, OverflowError):
        raise ExpressionError(f'For input string: "{text}"') from None


def _signed(value: Any) -> Any:
    if value is None or not (is_number(value) or isinstance(value, str)):
        raise ExpressionError(f"A sign needs a number behind it, got {kind_of(value)}")
    return _number(value)


def entry_list(value: Mapping[Any, Any]) -> list[Entry]:
    return [Entry(key, item) for key, item in value.items()]
