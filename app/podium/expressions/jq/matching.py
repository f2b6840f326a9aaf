"""jq's regular expressions, on top of the bounded ones of the expression language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from podium.expressions.errors import ExpressionError, LimitExceeded
from podium.expressions.jq.data import JqError, JqLimit, shown, type_of
from podium.expressions.limits import DEFAULT_LIMITS
from podium.expressions.patterns import JavaPattern, java_pattern, split_text

_FLAGS = {"i": "i", "x": "x", "s": "s", "p": "s", "n": "", "l": "", "g": ""}


def matches(value: Any, pattern: Any, flags: Any) -> Iterator[dict[str, Any]]:
    """Match objects: the first one, or all with the flag `g`."""
    if isinstance(pattern, list):
        pattern, flags = pattern[0] if pattern else None, pattern[1] if len(pattern) > 1 else flags
    compiled, options = _compiled(value, pattern, flags)
    try:
        found = compiled.finds(value) if "g" in options else [compiled.search(value)]
    except LimitExceeded as error:
        raise JqLimit(error.message) from None
    for match in found:
        if match is not None and not ("n" in options and match.start() == match.end()):
            yield _described(match)


def test(value: Any, pattern: Any, flags: Any) -> bool:
    return next(matches(value, pattern, flags), None) is not None


def captures(match: dict[str, Any]) -> dict[str, Any]:
    """What the replacement of `sub` sees: the named groups."""
    return {group["name"]: group["string"] for group in match["captures"] if group["name"] is not None}


def replaced(value: str, found: list[dict[str, Any]], texts: list[Any]) -> str:
    pieces: list[str] = []
    position = size = 0
    for match, text in zip(found, texts, strict=True):
        if not isinstance(text, str):
            raise JqError(f"{type_of(text)} ({shown(text)}) cannot be added to a string")
        pieces += (value[position : match["offset"]], text)
        position = match["offset"] + match["length"]
        size += len(text)
        if size > DEFAULT_LIMITS.text:
            raise JqLimit("a text grows beyond all bounds")
    return "".join(pieces) + value[position:]


def split(value: Any, pattern: Any, flags: Any) -> list[str]:
    compiled, _ = _compiled(value, pattern, flags)
    return split_text(value, compiled.source, -1) if value else []


def _compiled(value: Any, pattern: Any, flags: Any) -> tuple[JavaPattern, str]:
    if not isinstance(value, str):
        raise JqError(f"{type_of(value)} ({shown(value)}) cannot be matched, as it is not a string")
    if not isinstance(pattern, str):
        raise JqError(f"{type_of(pattern)} ({shown(pattern)}) cannot be matched, as it is not a string")
    if flags is not None and not isinstance(flags, str):
        raise JqError(f"{type_of(flags)} ({shown(flags)}) is not a string")
    options = flags or ""
    if unknown := set(options) - _FLAGS.keys():
        raise JqError(f"{options} is not a valid modifier string: unknown `{min(unknown)}`")
    letters = "".join(sorted({_FLAGS[flag] for flag in options}))
    try:
        return java_pattern(f"(?{letters}){pattern}" if letters else pattern), options
    except ExpressionError as error:
        raise JqError(f"{pattern} (at offset 0) is not a valid regex: {error.message}") from None


def _described(match: Any) -> dict[str, Any]:
    names = {number: name for name, number in match.re.groupindex.items()}
    groups = [
        {
            "offset": match.start(number),
            "length": max(0, match.end(number) - match.start(number)),
            "string": match.group(number),
            "name": names.get(number),
        }
        for number in range(1, match.re.groups + 1)
    ]
    length = match.end() - match.start()
    return {"offset": match.start(), "length": length, "string": match.group(), "captures": groups}
