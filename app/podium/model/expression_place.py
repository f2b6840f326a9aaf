"""Where a cursor stands inside `{{ }}` or `{% %}`: what is being typed of which kind, whatever is missing around it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from podium.model.place import text_head

Role = Literal["start", "member", "index", "filter", "test", "tag", "argument", "operator"]

_OPEN = re.compile(r"\{\{|\{%|\{#|\}\}|%\}|#\}")
_STRINGS = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")
_ARGUMENT = re.compile(r"(\w+)\s*\((?:[^()]*[,\s=(])?\s*(['\"])([^'\"]*)$")
_INDEX = re.compile(r"((?:\w+)(?:\s*\.\s*\w+|\[[^\[\]]*\])*)\s*\[\s*(['\"])([^'\"]*)$")
_MEMBER = re.compile(r"(?:^|[^\w.\])'\"])((?:\w+)(?:\s*\.\s*[\w]+|\[[^\[\]]*\])*)\s*\.\s*(\w*)$")
_EACH = re.compile(r"currentEachOutput\(\s*((?:\w+)(?:\.\w+|\[[^\[\]]*\])*)\s*\)\s*\.\s*(\w*)$")
_FILTER = re.compile(r"(?:^|[^|])\|\s*(\w*)$")
_TEST = re.compile(r"\bis\s+(?:not\s+)?(\w*)$")
_TAG = re.compile(r"^-?\s*(\w*)$")
_WORD = re.compile(r"(\w*)$")
_AFTER_OPERAND = re.compile(r"(?:[\w\])'\"])\s+$")
_KEYWORDS = re.compile(r"\b(?:and|or|not|is|in|if|elseif|set|contains|equals|isIn|filter)\s+$")
_BINDINGS = re.compile(r"\{%-?\s*(?:for\s+(\w+)(?:\s*,\s*(\w+))?\s+in|set\s+(\w+)\s*=)")

_SCAN = 400
"""Lines above the cursor that are looked at for an opening `{{`."""


@dataclass(frozen=True, slots=True)
class ExpressionPlace:
    """What the cursor is about to write in an expression.

    `role` says of what kind: `start` of an operand, `member` after a dot and `index` in quotes and brackets (of
    `path`), a `filter`, a `test`, a `tag`, the quoted `argument` of the function `path`, or an `operator`. `word` is
    what has been typed, from column `start` to the cursor, and ends in `end`. `names` are loop variables and names
    that are set before. `quote` is the quotation mark that does not end the YAML text around.
    """

    role: Role
    row: int
    word: str
    start: int
    end: int
    path: str = ""
    names: tuple[str, ...] = ()
    quote: str = "'"
    closed: bool = True


def expression_at(lines: Sequence[str], row: int, column: int) -> ExpressionPlace | None:
    """Where the cursor stands in an expression; None outside of one."""
    text = _text_before(lines, row, column)
    opening = _opening(text)
    if opening is None:
        return None
    begin, kind = opening
    inner = text[begin + 2 :]
    names = tuple(name for match in _BINDINGS.finditer(text) for name in match.groups() if name)
    role, word, path = _role(inner, kind)
    line = lines[row]
    end = column
    while end < len(line) and (line[end].isalnum() or line[end] == "_"):
        end += 1
    rest = line[column:]
    return ExpressionPlace(
        role, row, word, column - len(word), end, path, names, _inner_quote(lines[row], column),
        "}}" in rest or "%}" in rest,
    )  # fmt: skip


def enclosing_expression(lines: Sequence[str], row: int, column: int) -> int | None:
    """The column from which the line belongs to the expression around a place; None outside of one."""
    text = _text_before(lines, row, column)
    opening = _opening(text)
    if opening is None:
        return None
    return max(0, opening[0] + 2 - (text.rfind("\n") + 1))


def _text_before(lines: Sequence[str], row: int, column: int) -> str:
    """The text of the value up to the cursor; more than one line only in a block scalar."""
    before = lines[row][:column]
    head = text_head(lines, row, column)
    if head is None:
        return before
    return "\n".join([*lines[max(head.number + 1, row - _SCAN) : row], before])


def _opening(text: str) -> tuple[int, str] | None:
    """The last opening that is not closed before the end of the text."""
    found: tuple[int, str] | None = None
    for match in _OPEN.finditer(text):
        mark = match[0]
        if found is None:
            if mark in ("{{", "{%", "{#"):
                found = (match.start(), mark)
        elif mark == {"{{": "}}", "{%": "%}", "{#": "#}"}[found[1]]:
            found = None
        elif mark in ("{{", "{%") and found[1] != "{#" and "\n" in text[found[0] : match.start()]:
            found = (match.start(), mark)  # the earlier one was never closed
    return None if found is None or found[1] == "{#" else found


def _role(inner: str, kind: str) -> tuple[Role, str, str]:
    masked = _STRINGS.sub(lambda match: "'" + "_" * (len(match[0]) - 2) + "'", inner)
    if masked.count('"') % 2 or masked.count("'") % 2:
        index = _INDEX.search(inner)
        if index is not None:
            return "index", index[3], _path(index[1])
        argument = _ARGUMENT.search(inner)
        if argument is not None:
            return "argument", argument[3], argument[1]
        return "argument", "", ""
    each = _EACH.search(inner)
    if each is not None:
        return "member", each[2], "each:" + _path(each[1])
    member = _MEMBER.search(inner)
    if member is not None and not member[1].isdigit():
        return "member", member[2], _path(member[1])
    if (found := _FILTER.search(masked)) is not None:
        return "filter", found[1], ""
    if (found := _TEST.search(masked)) is not None:
        return "test", found[1], ""
    if kind == "{%" and (found := _TAG.match(masked)) is not None:
        return "tag", found[1], ""
    word = _WORD.search(masked)
    typed = word[1] if word is not None else ""
    before = masked[: len(masked) - len(typed)]
    if _AFTER_OPERAND.search(before) and not _KEYWORDS.search(before):
        return "operator", typed, ""
    return "start", typed, ""


def _path(text: str) -> str:
    """The dotted path of a chain: brackets with a name in quotes count as a dot, others as `[]`."""
    text = re.sub(r"\[\s*(['\"])([^'\"]*)\1\s*\]", lambda match: "." + match[2], text)
    return re.sub(r"\s*\.\s*", ".", re.sub(r"\[[^\]]*\]", ".[]", text))


def _inner_quote(line: str, column: int) -> str:
    """The quotation mark to use inside: not the one that the YAML text itself stands in."""
    match = re.match(r"\s*(?:- +)*(?:[\w.$-]+|\"[^\"]*\"):\s+(['\"])|\s*(?:- +)+(['\"])", line[:column])
    return '"' if match is not None and "'" in (match[1], match[2]) else "'"
