"""Whether a typed value satisfies what its input asks for: pattern, list, bounds, file extension (semantics 2.3)."""

from collections.abc import Sequence
from typing import Any

from podium.expressions.errors import ExpressionError
from podium.expressions.patterns import java_pattern
from podium.model.flow import Input
from podium.model.input_types import bound_text, comparable

_ORDERED = ("INT", "FLOAT", "DURATION", "DATE", "TIME", "DATETIME")


def check(input: Input, value: Any, choices: Sequence[str] | None, clear: str) -> str | None:
    """The message for a value that is not allowed, None for one that is.

    `value` is the typed value, `choices` what a SELECT offers, `clear` the text of a secret before it was hidden.
    """
    if input.validator and input.type in ("STRING", "SECRET"):
        return _pattern(input.validator, clear)
    if input.type in ("SELECT", "ENUM", "MULTISELECT") and choices is not None and not input.allow_custom_value:
        chosen = value if isinstance(value, list) else [value]
        if any(choice not in choices and str(choice) not in choices for choice in chosen):
            return f"it must match the values `[{', '.join(choices)}]`"
        return None
    if input.type == "FILE" and input.allowed_file_extensions:
        return _extension(input.allowed_file_extensions, clear)
    return _bounds(input, value) if input.type in _ORDERED else None


def _pattern(validator: str, text: str) -> str | None:
    try:
        return None if java_pattern(validator).matches(text) else f"it must match the pattern `{validator}`"
    except ExpressionError as error:
        return f"the pattern `{validator}` cannot be used: {error.message}"


def _extension(allowed: Sequence[str], name: str) -> str | None:
    if any(name.lower().endswith("." + extension.lower().lstrip(".")) for extension in allowed):
        return None
    return f"it must be a file with one of the extensions `[{', '.join(allowed)}]`"


def _bounds(input: Input, value: Any) -> str | None:
    dated = input.type in ("DATE", "TIME", "DATETIME")
    low, high = (input.after, input.before) if dated else (input.min, input.max)
    more, less = ("after", "before") if dated else ("more than", "less than")
    it = "It" if input.type == "DURATION" else "it"
    try:
        if low is not None and comparable(input.type, value) < comparable(input.type, low):
            return f"{it} must be {more} `{bound_text(input.type, low)}`"
        if high is not None and comparable(input.type, value) > comparable(input.type, high):
            return f"{it} must be {less} `{bound_text(input.type, high)}`"
    except ValueError as error:
        return f"its bounds cannot be read: {error}"
    return None
