"""Java's `DecimalFormat` with English symbols."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from functools import lru_cache
from typing import Any

from podium.expressions.errors import ExpressionError


@dataclass(frozen=True, slots=True)
class _Shape:
    prefix: str
    suffix: str
    integers: int
    most_integers: int
    decimals: int
    most_decimals: int
    group: int
    exponent: int
    scale: int


def format_number(value: Any, pattern: str) -> str:
    """The number by the pattern, rounded half to even. Raises `ExpressionError` for a malformed pattern."""
    positive, negative = _shapes(pattern)
    if isinstance(value, float) and value != value:
        return "NaN"
    below = value < 0 or str(value).startswith("-")
    shape = positive if not below else negative or positive
    prefix = shape.prefix if not below or negative else "-" + shape.prefix
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return f"{prefix}∞{shape.suffix}"
    with localcontext() as context:
        context.prec = 5000
        exact = abs(
            value
            if isinstance(value, Decimal)
            else Decimal(repr(value) if isinstance(value, int) else float.__repr__(value))
        )
        exact = exact.scaleb(positive.scale)
        digits = _scientific(exact, positive) if positive.exponent else _plain(exact, positive)
    return f"{prefix}{digits}{shape.suffix}"


def _plain(value: Decimal, shape: _Shape) -> str:
    rounded = value.quantize(Decimal(1).scaleb(-shape.most_decimals), rounding=ROUND_HALF_EVEN)
    whole, _, decimals = f"{rounded:f}".partition(".")
    decimals = decimals.rstrip("0").ljust(shape.decimals, "0")
    whole = whole.lstrip("0").rjust(shape.integers, "0")
    if not whole and not decimals:
        whole = "0"
    if shape.group:
        groups: list[str] = []
        while len(whole) > shape.group:
            groups.insert(0, whole[-shape.group :])
            whole = whole[: -shape.group]
        whole = ",".join([whole, *groups])
    return f"{whole}.{decimals}" if decimals else whole


def _scientific(value: Decimal, shape: _Shape) -> str:
    power = value.adjusted() if value else 0
    if shape.most_integers > shape.integers and shape.most_integers > 1:
        shift = power - power % shape.most_integers
        significant = shape.integers + shape.most_decimals
        places = max(0, significant - (power - shift) - 1)
    else:
        shift = power - max(shape.integers, 1) + 1
        places = shape.most_decimals
    mantissa = value.scaleb(-shift).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
    whole, _, decimals = f"{mantissa:f}".partition(".")
    decimals = decimals.rstrip("0").ljust(shape.decimals, "0")
    text = f"{whole}.{decimals}" if decimals else whole
    return f"{text}E{'-' if shift < 0 else ''}{abs(shift):0{shape.exponent}d}"


@lru_cache(maxsize=200)
def _shapes(pattern: str) -> tuple[_Shape, _Shape | None]:
    positive, rest = _shape(pattern, 0, pattern)
    if rest == len(pattern):
        return positive, None
    negative, end = _shape(pattern, rest + 1, pattern)
    if end != len(pattern):
        raise _malformed(pattern)
    return positive, negative


def _shape(text: str, index: int, pattern: str) -> tuple[_Shape, int]:
    affixes = ["", ""]
    side = integers = hashes = decimals = most = exponent = scale = 0
    group = -1
    point = seen = False
    while index < len(text) and text[index] != ";":
        letter = text[index]
        if letter in "#0,." and side == 0:
            seen = True
            while index < len(text) and text[index] in "#0,.":
                letter = text[index]
                if letter == ".":
                    if point:
                        raise _malformed(pattern)
                    point = True
                elif letter == ",":
                    if point:
                        raise _malformed(pattern)
                    group = 0
                elif point:
                    if letter == "0" and decimals < most:
                        raise _malformed(pattern)
                    decimals += letter == "0"
                    most += 1
                else:
                    if letter == "#" and integers:
                        raise _malformed(pattern)
                    integers += letter == "0"
                    hashes += letter == "#"
                    group += group >= 0
                index += 1
            if text.startswith("E0", index):
                end = index + 1
                while text.startswith("0", end):
                    end += 1
                exponent, index = end - index - 1, end
            side = 1
            continue
        if letter == "'":
            closing = text.find("'", index + 1)
            if closing < 0:
                raise _malformed(pattern)
            affixes[side] += text[index + 1 : closing] or "'"
            index = closing + 1
            continue
        if letter in "#0,.":
            raise _malformed(pattern)
        scale = 2 if letter == "%" else 3 if letter == "\u2030" else scale
        affixes[side] += "$" if letter == "\xa4" else letter
        index += 1
    if not seen and text:
        raise _malformed(pattern)
    if not integers and not decimals and not exponent and hashes and not point:
        integers = 1 if not most else 0
    if group == 0 or index - 0 > 4000:
        raise _malformed(pattern)
    shape = _Shape(affixes[0], affixes[1], integers, integers + hashes, decimals, most, max(group, 0), exponent, scale)
    return shape, index


def _malformed(pattern: str) -> ExpressionError:
    return ExpressionError(f'Malformed pattern "{pattern}"')
