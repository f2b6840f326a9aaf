"""What a scalar means: YAML 1.2 core for untyped values, the declared type for everything else."""

import re
from typing import Any

from podium.model.marked_yaml import ListNode, MapNode, Node, ScalarNode, is_null

_INT = re.compile(r"[+-]?[0-9]+")
_BASED_INT = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[+-]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][+-]?[0-9]+)?")
_SPECIAL_FLOATS = {".inf": "inf", "+.inf": "inf", "-.inf": "-inf", ".nan": "nan"}
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_MAX_DIGITS = 4000
_STRING_TAGS = ("tag:yaml.org,2002:str", "!")


def plain_value(node: Node) -> Any:
    """The value of an untyped node: dict, list, str, int, float, bool or None. Dates stay text."""
    if isinstance(node, ScalarNode):
        return scalar_value(node)
    if isinstance(node, ListNode):
        return [plain_value(item) for item in node.items]
    return {entry.key.text: plain_value(entry.value) for entry in node.entries}


def scalar_value(node: ScalarNode) -> Any:
    """A scalar by the YAML 1.2 core schema: only `true`/`false` are booleans, `010` is 10, nothing is a date."""
    text = node.text
    if node.style or node.tag in _STRING_TAGS:
        return text
    if is_null(node):
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    return number(text, text)


def number(text: str, otherwise: Any) -> Any:
    """The number a plain scalar stands for, else `otherwise`."""
    if not text or text[0] not in "0123456789+-.":
        return otherwise
    if _INT.fullmatch(text) and len(text) <= _MAX_DIGITS:
        return int(text)
    if _BASED_INT.fullmatch(text) and len(text) <= _MAX_DIGITS:
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    special = _SPECIAL_FLOATS.get(text.lower())
    return float(special) if special else otherwise


def boolean(text: str) -> bool | None:
    """The boolean a text stands for, None when it stands for none."""
    return _BOOLEANS.get(text)


def shape(node: Node) -> str:
    """What the node is, for messages: `a list`, `a map`, `nothing` or the shortened value."""
    if isinstance(node, MapNode):
        return "a map"
    if isinstance(node, ListNode):
        return "a list"
    if is_null(node):
        return "nothing"
    return f"`{node.text}`" if len(node.text) <= 60 else f"`{node.text[:60]}…`"
