"""What may be written at one place of a template: the question behind completion and hover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from podium.expressions.lexer import (
    EOF,
    NAME,
    NUMBER,
    OPERATOR,
    PRINT_END,
    PRINT_START,
    PUNCTUATION,
    STRING,
    TAG_END,
    TAG_START,
    TEXT,
    Token,
)
from podium.expressions.operators import FILTER, TESTS
from podium.expressions.tolerant import tolerant_tokens

Expected = Literal["text", "value", "member", "filter", "test", "operator", "tag"]
CallKind = Literal["filter", "function", "test"]
Key = str | int | None
"""One step of a path; None where the step is worked out at run time."""


@dataclass(frozen=True, slots=True)
class Call:
    """The call whose argument list holds the cursor.

    `position` counts the arguments before it, `argument` is the name when it is a named one, and `given` are the
    names that are taken.
    """

    kind: CallKind
    name: str
    position: int
    argument: str | None
    given: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cursor:
    """What is expected at a place.

    `expected` says what kind of thing: `text` outside of expressions, `value` where a variable, function or literal
    may stand, `member` for a key of `path`, `operator` behind a complete value. `prefix` is what is typed of it,
    `start` to `end` the text that an accepted proposal replaces. `quoted` is set inside a quoted text; a `member`
    there is a key in brackets. `call` is the innermost call around the place.
    """

    expected: Expected
    prefix: str
    start: int
    end: int
    path: tuple[Key, ...] | None = None
    quoted: bool = False
    call: Call | None = None


def cursor_at(template: str, offset: int) -> Cursor:
    """What is expected at a character offset. The template may be as incomplete as it likes."""
    tokens = [token for token in tolerant_tokens(template)[0] if token.kind != EOF]
    index = next((n for n, token in enumerate(tokens) if token.end >= offset), len(tokens))
    token = tokens[index] if index < len(tokens) and tokens[index].start < offset else None
    before = tokens[:index]
    if token is None or (token.kind not in (NAME, STRING, NUMBER) and not _is_word(token)):
        if token is not None and token.end <= offset:
            before = [*before, token]
        elif token is not None and token.kind == TEXT:
            return Cursor("text", "", offset, offset)
        return _between(before, offset)
    if token.kind == STRING and _inside(template, token, offset):
        quote_end = token.end - (token.end - token.start > 1 and template[token.end - 1] == template[token.start])
        return _quoted(before, token.start + 1, quote_end, template[token.start + 1 : offset])
    if token.kind in (STRING, NUMBER):
        return _between([*before, token], offset)
    found = _between(before, token.start)
    prefix = template[token.start : offset]
    return Cursor(found.expected, prefix, token.start, token.end, found.path, False, found.call)


def _is_word(token: Token) -> bool:
    return token.kind == OPERATOR and token.value[0].isalpha()


def _inside(template: str, token: Token, offset: int) -> bool:
    """Whether the place is between the quotes of a text, or in one that has no end."""
    closed = token.end - token.start > 1 and template[token.end - 1] == template[token.start]
    return token.start < offset and (offset < token.end or not closed)


def _quoted(before: Sequence[Token], start: int, end: int, prefix: str) -> Cursor:
    last = before[-1] if before else None
    call = _call(before)
    if last is not None and last.value == "[" and (path := _path(before[:-1])) is not None:
        return Cursor("member", prefix, start, end, path, True, call)
    return Cursor("value", prefix, start, end, None, True, call)


def _between(before: Sequence[Token], offset: int) -> Cursor:
    """What may follow the tokens."""
    last = before[-1] if before else None
    if last is None or last.kind in (TEXT, PRINT_END, TAG_END):
        return Cursor("text", "", offset, offset)
    if last.kind == TAG_START:
        return Cursor("tag", "", offset, offset)
    call = _call(before)
    if last.kind == PUNCTUATION and last.value == ".":
        return Cursor("member", "", offset, offset, _path(before[:-1]), False, call)
    if last.kind == OPERATOR and last.value == FILTER:
        return Cursor("filter", "", offset, offset, None, False, call)
    if last.kind == OPERATOR and last.value in TESTS:
        return Cursor("test", "", offset, offset, None, False, call)
    complete = last.kind in (NAME, STRING, NUMBER) or last.value in (")", "]", "}")
    if complete and not _starts_a_tag(before):
        return Cursor("operator", "", offset, offset, None, False, call)
    if last.kind == PUNCTUATION and last.value == "[" and (path := _path(before[:-1])) is not None:
        return Cursor("value", "", offset, offset, path, False, call)
    return Cursor("value", "", offset, offset, None, False, call)


def _starts_a_tag(before: Sequence[Token]) -> bool:
    """Whether a value, not an operator, follows: behind `{% if`, `{% for x in` and their like."""
    if before[-1].kind != NAME or len(before) < 2:
        return False
    if before[-2].kind == TAG_START:
        return before[-1].value in ("if", "elseif", "set", "for", "filter", "block", "macro")
    return before[-1].value == "in" and len(before) > 3 and before[-4].kind == TAG_START


def _path(tokens: Sequence[Token]) -> tuple[Key, ...] | None:
    """The path that ends with the last token, root first; None when it does not begin with a variable."""
    keys: list[Key] = []
    index = len(tokens) - 1
    while index >= 0:
        token = tokens[index]
        if token.kind == NAME:
            keys.append(token.value)
            if index == 0 or tokens[index - 1].value != "." or tokens[index - 1].kind != PUNCTUATION:
                return tuple(reversed(keys))
            index -= 2
        elif token.kind == PUNCTUATION and token.value == "]":
            opening = _opening(tokens, index)
            inner = tokens[opening + 1 : index]
            keys.append(_constant(inner))
            index = opening - 1
        else:
            return None
    return None


def _constant(tokens: Sequence[Token]) -> Key:
    if len(tokens) != 1:
        return None
    if tokens[0].kind == STRING:
        return tokens[0].value
    return int(tokens[0].value) if tokens[0].kind == NUMBER and tokens[0].value.isdecimal() else None


def _opening(tokens: Sequence[Token], closing: int) -> int:
    """Where the bracket closed at `closing` was opened, 0 if nowhere."""
    depth = 0
    for index in range(closing, -1, -1):
        if tokens[index].kind == PUNCTUATION:
            depth += (tokens[index].value in ")]}") - (tokens[index].value in "([{")
            if depth == 0:
                return index
    return 0


def _call(before: Sequence[Token]) -> Call | None:
    """The innermost call that is open behind the tokens."""
    depth = position = 0
    argument: str | None = None
    given: list[str] = []
    for index in range(len(before) - 1, -1, -1):
        token = before[index]
        if token.kind in (PRINT_START, TAG_START):
            return None
        if token.kind != PUNCTUATION:
            continue
        if token.value in (")", "]", "}"):
            depth += 1
        elif token.value in ("(", "[", "{", "#{"):
            if depth == 0:
                name = before[index - 1] if index else None
                if token.value != "(" or name is None or name.kind != NAME:
                    return None if token.value == "#{" else _call(before[:index])
                return Call(_kind(before[: index - 1]), name.value, position, argument, tuple(reversed(given)))
            depth -= 1
        elif token.value == "," and depth == 0:
            position += 1
        elif token.value == "=" and depth == 0 and before[index - 1].kind == NAME:
            given.append(before[index - 1].value)
            if position == 0:
                argument = before[index - 1].value
    return None


def _kind(before: Sequence[Token]) -> CallKind:
    last = before[-1] if before else None
    if last is not None and last.kind == OPERATOR and last.value == FILTER:
        return "filter"
    return "test" if last is not None and last.kind == OPERATOR and last.value in TESTS else "function"
