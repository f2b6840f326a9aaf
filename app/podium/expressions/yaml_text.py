"""YAML as the `yaml` filter writes it and the `yaml` function reads it: Jackson's layout, quoting and typing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from typing import Any

from podium.expressions.errors import ExpressionError, LimitExceeded
from podium.expressions.limits import DEFAULT_LIMITS
from podium.expressions.values import to_text

_RESERVED = frozenset(
    spelling
    for word in ("false", "n", "no", "null", "on", "off", "true", "y", "yes")
    for spelling in (word, word.upper(), word.capitalize())
) | {"", "~"}
_DOUBLE = re.compile(r"[\[\]{},\"]|\s#|:\s")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ud800-\udfff]")
_NOT_PLAIN = re.compile(r"^(?:[-?:](?=\s|$)|[@*&%!|>#`']|---|\.\.\.)|^\s|\s$|:$")
_ESCAPES = {"\0": "\\0", "\a": "\\a", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\x1b": "\\e", '"': '\\"'}
_MOST_LEVELS = 200

_TRUE = frozenset({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})
_FALSE = frozenset({"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_INTEGER = re.compile(r"[-+]?[0-9][0-9_]*")
_HEX = re.compile(r"[-+]?0x[0-9a-fA-F_]+")
_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*)?\.?[0-9][0-9_]*\.?(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


def to_yaml(value: Any) -> str:
    """The value in block style with a line break at its end. Raises `LimitExceeded` when nested too deeply."""
    if isinstance(value, (Mapping, list, tuple, Set)) and len(value):
        return "".join(_block(value, 0))
    return _inline(value, 0) + "\n"


def from_yaml(text: str) -> Any:
    """The value of the first document. Raises `ExpressionError` with Kestra's wording."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        events = yaml.parse(text, Loader=loader)
        for event in events:
            if isinstance(event, (yaml.ScalarEvent, yaml.SequenceStartEvent, yaml.MappingStartEvent, yaml.AliasEvent)):
                return _value(event, events, 0)
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ExpressionError(f"Invalid yaml: {reason}") from None
    raise ExpressionError("Invalid yaml: No content to map due to end-of-input")


def _block(value: Any, indent: int) -> Iterator[str]:
    """A map's keys stand at `indent`, a list's dashes one further."""
    if indent > 2 * _MOST_LEVELS:
        raise LimitExceeded("The value is nested too deeply to be written as YAML")
    margin = " " * indent
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield f"{margin}{_key(to_text(key))}:"
            if _is_block(item):
                yield "\n"
                yield from _block(item, indent + 2 if isinstance(item, Mapping) else indent)
            else:
                yield f" {_inline(item, indent)}\n"
        return
    for item in value:
        if _is_block(item):
            yield f"{margin} -\n"
            yield from _block(item, indent + 2)
        else:
            yield f"{margin} - {_inline(item, indent)}\n"


def _is_block(value: Any) -> bool:
    return isinstance(value, (Mapping, list, tuple, Set)) and len(value) > 0


def _inline(value: Any, indent: int) -> str:
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, (list, tuple, Set)):
        return "[]"
    if value is None or isinstance(value, (bool, int, float)):
        return to_text(value)
    return _text(to_text(value), indent)


def _key(text: str) -> str:
    if text in _RESERVED or "\n" in text or _CONTROL.search(text):
        return _double_quoted(text)
    return _single_quoted(text) if _NOT_PLAIN.search(text) or _DOUBLE.search(text) else text


def _text(text: str, indent: int) -> str:
    if _CONTROL.search(text) or "\r" in text:
        return _double_quoted(text)
    if "\n" in text:
        return _literal(text, " " * (indent + 2))
    if text in _RESERVED or _DOUBLE.search(text):
        return _double_quoted(text)
    return _single_quoted(text) if _NOT_PLAIN.search(text) else text


def _literal(text: str, margin: str) -> str:
    if not text.strip("\n") or any(line.isspace() for line in text.split("\n")):
        return _double_quoted(text)
    hint = "2" if text[0] in " \n" else ""
    body = text.rstrip("\n")
    breaks = len(text) - len(body)
    chomping = ("-", "", "+")[min(breaks, 2)]
    lines = [margin + line if line else "" for line in body.split("\n")]
    return f"|{hint}{chomping}\n" + "\n".join(lines) + "\n" * max(0, breaks - 1)


def _single_quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _double_quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\")
    return '"' + re.sub(f'[\n\r\t"]|{_CONTROL.pattern}', _escaped, escaped) + '"'


def _escaped(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    return _ESCAPES.get(character) or (f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}")


def _value(event: Any, events: Iterator[Any], depth: int) -> Any:
    import yaml

    if depth > _MOST_LEVELS:
        raise LimitExceeded("The YAML is nested too deeply")
    if isinstance(event, yaml.AliasEvent):
        return event.anchor
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event)
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[Any] = []
        while not isinstance(inner := next(events), yaml.SequenceEndEvent):
            items.append(_value(inner, events, depth + 1))
        return items
    entries: dict[str, Any] = {}
    while not isinstance(inner := next(events), yaml.MappingEndEvent):
        if not isinstance(inner, (yaml.ScalarEvent, yaml.AliasEvent)):
            raise ValueError("a key must be a text, not a list or a map")
        key: Any = inner.anchor if isinstance(inner, yaml.AliasEvent) else inner.value
        entries[key] = _value(next(events), events, depth + 1)
    return entries


def _scalar(event: Any) -> Any:
    text: str = event.value
    if event.style or (event.tag or "").endswith(":str"):
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _SPECIAL.fullmatch(text):
        raise ValueError(f"the number {text} cannot be represented")
    if _HEX.fullmatch(text):
        return int(text.replace("_", ""), 16)
    if _INTEGER.fullmatch(text):
        return _integer(text.replace("_", ""))
    if len(text) < 400 and _FLOAT.fullmatch(text):
        try:
            return float(text.replace("_", ""))
        except ValueError:
            return text
    return text


def _integer(text: str) -> int | str:
    digits = text.lstrip("+-")
    if len(digits) > DEFAULT_LIMITS.digits:
        raise ValueError("the number is too long")
    octal = len(digits) > 1 and digits.startswith("0")
    if octal and set(digits) - set("01234567"):
        return text
    return int(text, 8 if octal else 10)
