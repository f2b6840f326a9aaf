"""Java's `String.format`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from podium.expressions.errors import ExpressionError
from podium.expressions.values import is_integer, is_number, java_hash, kind_of, to_text

_SPECIFIER = re.compile(r"%(?:(\d+)\$)?([-#+ 0,(<]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])")
_WIDEST = 100_000


def java_format(template: str, values: Sequence[Any]) -> str:
    """Fill `%s`, `%d`, `%.2f`, `%x`, `%e`, `%b`, `%c`, `%,d`, `%n`, `%%`. Raises `ExpressionError`."""
    result: list[str] = []
    position = following = previous = 0
    while True:
        percent = template.find("%", position)
        if percent < 0:
            return "".join(result) + template[position:]
        result.append(template[position:percent])
        match = _SPECIFIER.match(template, percent)
        if match is None:
            raise ExpressionError(f"Conversion = '%': `{template[percent : percent + 8]}` is no format")
        position = match.end()
        index, flags, width, precision, conversion = match.groups()
        if int(width or 0) > _WIDEST or int(precision or 0) > _WIDEST:
            raise ExpressionError(f"The width in `{match.group()}` is too large")
        if conversion == "n":
            result.append("\n")
            continue
        if conversion == "%":
            text = "%"
        else:
            if "<" in flags:
                chosen = previous
            elif index:
                chosen = int(index) - 1
            else:
                chosen, following = following, following + 1
            if not 0 <= chosen < len(values):
                raise ExpressionError(f"Format specifier '{match.group()}' has no value")
            previous = chosen
            digits = None if precision is None else int(precision)
            text = _converted(conversion, flags, digits, values[chosen], int(width or 0))
        result.append(text.ljust(int(width or 0)) if "-" in flags else text.rjust(int(width or 0)))


def _converted(conversion: str, flags: str, precision: int | None, value: Any, width: int) -> str:
    kind = conversion.lower()
    if kind == "s":
        text = to_text(value)[:precision]
    elif kind == "b":
        text = str(value if isinstance(value, bool) else value is not None).lower()[:precision]
    elif value is None:
        text = "null"
    elif kind == "c":
        if not isinstance(value, str) and not is_integer(value):
            raise _mismatch(conversion, value)
        text = str(value)[:1] if isinstance(value, str) else chr(value)
    elif kind in "dxo":
        if not is_integer(value):
            raise _mismatch(conversion, value)
        if kind == "d":
            text = _signed(f"{abs(value):,}" if "," in flags else str(abs(value)), value < 0, flags, width)
        else:
            unsigned = value if value >= 0 else value + 2**64
            text = f"{unsigned:{'#' if '#' in flags else ''}{kind}}"
            text = text.zfill(width) if "0" in flags else text
    elif kind in "feg":
        if not is_number(value) or is_integer(value):
            raise _mismatch(conversion, value)
        text = _decimal(kind, flags, 6 if precision is None else precision, value, width)
    elif kind == "h":
        text = f"{java_hash(value) & 0xFFFFFFFF:x}"
    else:
        raise ExpressionError(f"Conversion = '{conversion}': there is no such format")
    return text.upper() if conversion.isupper() else text


def _decimal(kind: str, flags: str, precision: int, value: Any, width: int) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return to_text(value)
    exact = Decimal(to_text(value))
    if kind == "f" or (kind == "g" and (not exact or -4 <= exact.adjusted() < max(precision, 1))):
        places = precision if kind == "f" else max(precision, 1) - 1 - (exact.adjusted() if exact else 0)
        rounded = _rounded(abs(exact), places)
        text = f"{rounded:,f}" if "," in flags else f"{rounded:f}"
    else:
        digits = precision if kind == "e" else max(precision, 1) - 1
        text = f"{_rounded(abs(exact).scaleb(-exact.adjusted()), digits):f}"
        power = exact.adjusted() if exact else 0
        if text.startswith("10"):
            text, power = f"{_rounded(Decimal(1), digits):f}", power + 1
        text += f"e{'-' if power < 0 else '+'}{abs(power):02d}"
    return _signed(text, exact < 0, flags, width)


def _rounded(value: Decimal, places: int) -> Decimal:
    from decimal import localcontext

    with localcontext() as context:
        context.prec = 2000 + places
        return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _signed(text: str, negative: bool, flags: str, width: int) -> str:
    sign, tail = "", ""
    if negative:
        sign, tail = ("(", ")") if "(" in flags else ("-", "")
    elif "+" in flags:
        sign = "+"
    elif " " in flags:
        sign = " "
    if "0" in flags:
        text = text.zfill(width - len(sign) - len(tail))
    return sign + text + tail


def _mismatch(conversion: str, value: Any) -> ExpressionError:
    return ExpressionError(f"{conversion} != {kind_of(value)}: `%{conversion}` cannot print a {kind_of(value)}")
