"""YAML in braces and brackets on one line, read up to a cursor: `{id: a, type: |`."""

import re
from dataclasses import dataclass, field
from typing import Literal

_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<mark>[{}\[\],])|(?P<colon>:(?=[\s,\[\]{}]|$))"
    r"|(?P<string>\"(?:\\.|[^\"\\])*\"?|'(?:''|[^'])*'?)"
    r"|(?P<plain>[^\s,\[\]{}\"':](?:[^,\[\]{}:]|:(?=[^\s,\[\]{}]))*)|(?P<other>.)"
)


@dataclass(slots=True)
class InlineMap:
    """One `{}` around the cursor; `key` is the one whose value the cursor is in, empty at a key."""

    listed: bool
    entries: dict[str, str] = field(default_factory=dict)
    key: str = ""


@dataclass(slots=True)
class Inline:
    """The maps around the cursor, outermost first, and what it is about to write. `role` None: outside."""

    maps: list[InlineMap]
    role: Literal["key", "value", "item"] | None
    start: int


def read_inline(text: str, start: int, cursor: int) -> Inline:
    """Read `text` from `start`, where a brace or bracket opens."""
    stack: list[InlineMap | None] = []
    place: Inline | None = None
    word, after_colon = "", False
    for match in _TOKEN.finditer(text, start):
        if place is None and _reaches(match, cursor):
            place = _here(stack, after_colon, _word_start(match, cursor))
            depth = len(stack)
        if place is not None and len(stack) < depth:
            break
        kind, piece = match.lastgroup, match[0]
        top = stack[-1] if stack else None
        if kind in ("plain", "string"):
            word = piece.strip().strip("\"'")
            if top is not None and after_colon and top.key:
                top.entries[top.key] = word
        elif kind == "colon" and top is not None and not after_colon:
            top.key, after_colon = word, True
            top.entries.setdefault(word, "")
        elif piece == "{":
            stack.append(InlineMap(bool(stack) and stack[-1] is None))
            after_colon = False
        elif piece == "[":
            stack.append(None)
            after_colon = False
        elif piece in ("}", "]"):
            if stack:
                stack.pop()
            after_colon = False
        elif piece == ",":
            after_colon = False
            word = ""
    if place is None:
        place = _here(stack, after_colon, cursor)
    return place


def _reaches(match: "re.Match[str]", cursor: int) -> bool:
    if match.lastgroup in ("plain", "string"):
        return match.end() >= cursor
    return match.end() > cursor or match.start() >= cursor


def _word_start(match: "re.Match[str]", cursor: int) -> int:
    if match.lastgroup == "plain" and match.start() < cursor:
        return match.start()
    if match.lastgroup == "string" and match.start() < cursor:
        return match.start() + 1
    return cursor


def _here(stack: list[InlineMap | None], after_colon: bool, start: int) -> Inline:
    # The maps are shared with the reader, so that keys after the cursor are known too; the keys that lead to the
    # cursor are fixed here.
    maps = [frame for frame in stack if frame is not None]
    role: Literal["key", "value", "item"] | None = None
    if stack:
        top = stack[-1]
        role = "item" if top is None else ("value" if after_colon else "key")
    inner = [InlineMap(frame.listed, frame.entries, frame.key) for frame in maps]
    if role == "key":
        inner[-1].key = ""
    return Inline(inner, role, start)
