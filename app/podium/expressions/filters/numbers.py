"""Filters on numbers."""

from __future__ import annotations

import re
import struct
from decimal import Decimal, InvalidOperation
from typing import Any

from podium.expressions.decimal_format import format_number
from podium.expressions.entries import Catalog, Param
from podium.expressions.errors import ExpressionError
from podium.expressions.state import State
from podium.expressions.values import BigInteger, Long, Single, is_integer, is_number, java_class, wrong_kind

CATALOG = Catalog()
_HEX = re.compile(r"(-?)(?:0[xX]|#)([0-9a-fA-F]+)")
_OCTAL = re.compile(r"-?0[0-9]+")
_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)


@CATALOG.add("filter", "abs", doc="Without the sign.", example="{{ -3 | abs }}", passes_null=False)
def absolute(state: State, value: Any) -> Any:
    if value is None:
        raise ExpressionError('Can not pass null value to "abs" filter.')
    if not is_number(value):
        raise wrong_kind("The 'abs' filter", "a number", value)
    return type(value)(abs(value)) if isinstance(value, float) else abs(value)


@CATALOG.add(
    "filter",
    "number",
    Param("type", "INT, FLOAT, LONG, DOUBLE, BIGDECIMAL or BIGINTEGER; guessed when left out."),
    doc="A text as a number. Without a type a leading 0 means octal.",
    example="{{ '12' | number + 1 }}",
)
def number(state: State, value: Any, kind: Any) -> Any:
    if not isinstance(value, str):
        raise ExpressionError(f"'number' filter can only be applied to String. Actual type was: {java_class(value)}")
    text = str(value)
    match kind if isinstance(kind, str) else "":
        case "INT":
            return _integer(text, 32)
        case "LONG":
            return Long(_integer(text, 64))
        case "BIGINTEGER":
            return BigInteger(_integer(text, 40_000))
        case "FLOAT":
            return Single(_double(text))
        case "DOUBLE":
            return _double(text)
        case "BIGDECIMAL":
            return _big_decimal(text)
        case _:
            return _guessed(text)


def _integer(text: str, bits: int) -> int:
    if not _INTEGER.fullmatch(text) or len(text) > 4000:
        raise ExpressionError(f'For input string: "{text}"')
    result = int(text)
    if not -(2 ** (bits - 1)) <= result < 2 ** (bits - 1):
        raise ExpressionError(f'For input string: "{text}": it does not fit into {bits} bits')
    return result


def _double(text: str) -> float:
    stripped = text.strip()
    plain = stripped[:-1] if stripped[-1:] in tuple("dDfF") else stripped
    if plain in ("NaN", "Infinity", "-Infinity"):
        return float(plain.replace("Infinity", "inf"))
    if not _DECIMAL.fullmatch(plain):
        raise ExpressionError(f'For input string: "{text}"')
    return float(plain)


def _big_decimal(text: str) -> Decimal:
    if not _DECIMAL.fullmatch(text):
        raise ExpressionError(f"'{text}' is not a decimal number")
    try:
        result = Decimal(text)
    except InvalidOperation:
        raise ExpressionError(f"'{text}' is not a decimal number") from None
    if len(text) > 4000 or abs(result.adjusted()) > 10_000:
        raise ExpressionError("The number has too many digits")
    return result


def _guessed(text: str) -> Any:
    """The smallest type that holds the number, by the rules of Apache Commons' `createNumber`."""
    if not text.strip():
        raise ExpressionError("A blank string is not a valid number")
    hexadecimal = _HEX.fullmatch(text)
    if hexadecimal is not None and len(text) < 4000:
        return int(hexadecimal[1] + hexadecimal[2], 16)
    if _OCTAL.fullmatch(text):
        try:
            return int(text, 8)
        except ValueError:
            raise ExpressionError(f'For input string: "{text}"') from None
    if re.fullmatch(r"[+-]?\d+[lL]", text):
        return _integer(text[:-1], 64)
    if text[-1] in "fFdD" and _DECIMAL.fullmatch(text[:-1]):
        return Single(float(text[:-1])) if text[-1] in "fF" else float(text[:-1])
    if not _DECIMAL.fullmatch(text) or text.startswith("+") or len(text) > 4000:
        raise ExpressionError(f"{text} is not a valid number.")
    if _INTEGER.fullmatch(text):
        return int(text)
    return _fitting_decimal(text)


def _fitting_decimal(text: str) -> Any:
    """Single precision up to seven digits, double up to sixteen, else a big decimal."""
    mantissa = re.split("[eE]", text)[0]
    digits = len(mantissa.partition(".")[2])
    double = float(text)
    nonzero = any(c in "123456789" for c in mantissa)
    try:
        if digits <= 7:
            single = struct.unpack("f", struct.pack("f", double))[0]
            if single not in (float("inf"), float("-inf")) and (single != 0 or not nonzero):
                return Single(double)
    except OverflowError:
        pass
    if digits <= 16 and abs(double) != float("inf") and (double != 0 or not nonzero):
        return double
    return _big_decimal(text)


@CATALOG.add(
    "filter",
    "numberFormat",
    Param("format", "A Java DecimalFormat pattern.", shown='"#,##0.###"'),
    doc="A number as a text, rounded half to even.",
    example="{{ 1234.5 | numberFormat('#,##0.00') }}",
)
def number_format(state: State, value: Any, pattern: Any) -> str:
    if not is_number(value):
        raise ExpressionError("The input for the 'NumberFormat' filter has to be a number.")
    if pattern is not None and not isinstance(pattern, str):
        raise wrong_kind("The argument 'format' of the 'numberFormat' filter", "a string", pattern)
    return format_number(int(value) if is_integer(value) else value, "#,##0.###" if pattern is None else pattern)
