"""Colouring one line at a time: what a line means depends on a small state left behind by the line above.

A half-typed line therefore never takes the colours of the rest of the file with it, and a key press costs the lines
it changed. No Textual in here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, NamedTuple, Protocol

from podium.workbench.code_lexers import CODE_LEXERS, PLAIN, Span

SETTLE_LIMIT = 300
"""Lines that an edit repairs at once; what lies further below is read again when it is next shown."""

_EXTENSIONS = {
    ".yaml": "yaml",
    ".yml": "yaml",
    ".py": "python",
    ".json": "json",
    ".jsonl": "json",
    ".ion": "json",
    ".sql": "sql",
    ".sh": "shell",
    ".bash": "shell",
    ".zsh": "shell",
    ".env": "shell",
    ".js": "javascript",
    ".mjs": "javascript",
    ".ts": "javascript",
    ".md": "markdown",
    ".toml": "toml",
    ".ini": "toml",
    ".cfg": "toml",
}
_NAMES = {"Dockerfile": "shell", "Makefile": "shell", ".env": "shell", "requirements.txt": "toml"}


class Lexer(Protocol):
    """One language: the state before the first line, and what one line shows and leaves behind."""

    @property
    def start(self) -> Any: ...

    def lex(self, line: str, state: Any) -> tuple[list[Span], Any]: ...


def language_of(path: str) -> str:
    """The language of a file by its name; "" when it is shown without colours."""
    name = PurePath(path).name
    return _NAMES.get(name) or _EXTENSIONS.get(PurePath(name).suffix.lower(), "")


def indent_of(language: str) -> int:
    """Columns of one level of indentation."""
    return 4 if language == "python" else 2


def lexer_for(language: str) -> Lexer:
    """The lexer of `language` as `language_of` names it; unknown languages are plain text."""
    return YAML if language == "yaml" else CODE_LEXERS.get(language, PLAIN)


class YamlState(NamedTuple):
    """What the lines above imply for this one."""

    block_indent: int = -1
    """Column of the key that owns the `|` or `>` scalar we are in; -1 outside of one."""
    inner: str = ""
    """Language of that scalar."""
    inner_state: str = ""
    expression: str = ""
    """Closing delimiter of a `{{` or `{%` that did not end on its line."""
    task: str = ""
    """Language that the last `type:` scripts in."""
    owner: str = ""
    """Last key without a value: the owner of the list items that follow."""


_KEY = re.compile(
    r"""(?P<indent>[ ]*)(?P<dashes>(?:-[ ]+)*)"""
    r"""(?P<key>"[^"]*"|'[^']*'|[^\s#'"\[\]{},&*!|>%@`-][^:#]*?|-[^\s:#][^:#]*?)(?P<colon>[ ]*:)(?=\s|$)"""
)
_OPENS_BLOCK = re.compile(r"[ ]*(?:![\w/.-]+[ ]+)?[|>][-+\d]*[ ]*(?:#.*)?$")
_SCALAR = re.compile(
    r"""(?P<comment>(?:(?<=\s)|^)\#.*)"""
    r"""|(?P<string>"(?:[^"\\]|\\.)*"?|(?<!\w)'(?:[^']|'')*'?)"""
    r"""|(?P<number>(?<![\w.-])[-+]?\d[\d_]*(?:\.\d+)?(?![\w.:-]))"""
    r"""|(?P<constant>(?<![\w-])(?:true|false|null|~)(?![\w-]))"""
    r"""|(?P<tag>(?<!\S)[&*!][\w./-]+)|(?P<punctuation>[\[\]{},]|^---.*|^\.\.\.$)"""
)
_OPENS_EXPRESSION = re.compile(r"\{\{|\{%|\{\#")
_CLOSING = {"{{": "}}", "{%": "%}", "{#": "#}"}
_TASK_LANGUAGES = (
    (".python.", "python"),
    (".node.", "javascript"),
    (".shell.", "shell"),
    (".powershell.", "shell"),
    (".jdbc.", "sql"),
    (".CLI", "shell"),
)
_COMMAND_KEYS = {"commands", "beforeCommands", "afterCommands"}
_SQL_KEYS = {"sql", "query", "statement"}


class YamlLexer:
    """YAML as flows use it: keys, scalars, expressions, and scripts in the colours of their own language."""

    start = YamlState()

    def lex(self, line: str, state: YamlState) -> tuple[list[Span], YamlState]:
        body = line.lstrip(" ")
        indent = len(line) - len(body)
        if state.block_indent >= 0 and (not body or indent > state.block_indent):
            spans, after = self._inside_block(line, state)
        else:
            spans, after = self._structure(line, body, indent, state)
        if state.expression or "{{" in line or "{%" in line or "{#" in line:
            expressions, still_open = _expressions(line, state.expression)
            spans += expressions
            after = after._replace(expression=still_open)
        return spans, after

    def _inside_block(self, line: str, state: YamlState) -> tuple[list[Span], YamlState]:
        if not state.inner:
            return [(0, len(line), "block")], state
        lexer = CODE_LEXERS[state.inner]
        spans, inner_state = lexer.lex(line, state.inner_state)
        return [(0, len(line), "block"), *spans], state._replace(inner_state=inner_state)

    def _structure(self, line: str, body: str, indent: int, state: YamlState) -> tuple[list[Span], YamlState]:
        spans: list[Span] = []
        after = YamlState(task=state.task, owner=state.owner, expression=state.expression)
        at = 0
        if match := _KEY.match(line):
            column = match.end("indent") + len(match["dashes"])
            key = match["key"].strip("\"'")
            if match["dashes"]:
                spans.append((indent, indent + 1, "punctuation"))
            spans.append((*match.span("key"), "key"))
            at = match.end()
            after = _after_key(after, key, line[at:], column, bool(match["dashes"]))
        elif body.startswith("- ") or body == "-":
            spans.append((indent, indent + 1, "punctuation"))
            at = indent + 1
            if _OPENS_BLOCK.match(line, at + 1):
                after = _open_block(after, state.owner, indent)
        spans += [(*m.span(), m.lastgroup or "") for m in _SCALAR.finditer(line, at)]
        return spans, after


def _after_key(state: YamlState, key: str, value: str, column: int, first_of_item: bool) -> YamlState:
    if _OPENS_BLOCK.match(value):
        return _open_block(state, key, column)
    value = value.strip()
    if key == "type":
        language = next((name for part, name in _TASK_LANGUAGES if part in value), "")
        return state._replace(task=language)
    if key == "id" and first_of_item:
        return state._replace(task="")
    if not value or value.startswith("#"):
        return state._replace(owner=key)
    return state


def _open_block(state: YamlState, key: str, column: int) -> YamlState:
    if key == "script":
        language = state.task or "shell"
    elif key in _COMMAND_KEYS:
        language = "shell"
    elif key in _SQL_KEYS:
        language = "sql"
    else:
        language = language_of(key)
    if language not in CODE_LEXERS:
        return state._replace(block_indent=column)
    return state._replace(block_indent=column, inner=language, inner_state=CODE_LEXERS[language].start)


def _expressions(line: str, closing: str) -> tuple[list[Span], str]:
    """The stretches of `line` inside `{{ }}`, `{% %}` and `{# #}`, and the delimiter still missing at its end."""
    spans: list[Span] = []
    at = 0
    while True:
        start = at
        if not closing:
            opening = _OPENS_EXPRESSION.search(line, at)
            if opening is None:
                return spans, ""
            start, at, closing = opening.start(), opening.end(), _CLOSING[opening[0]]
        kind = "comment" if closing == "#}" else "expression"
        end = line.find(closing, at)
        if end < 0:
            spans.append((start, len(line), kind))
            return spans, closing
        at = end + 2
        spans.append((start, at, kind))
        closing = ""


YAML = YamlLexer()


class LineStates:
    """The state before every line, computed down to the lines asked for and repaired after an edit."""

    def __init__(self, lines: Sequence[str], lexer: Lexer) -> None:
        self._lines = lines
        self._lexer = lexer
        self._known: list[Any] = [lexer.start]

    def before(self, row: int) -> Any:
        """The state in which line `row` begins."""
        known, lexer = self._known, self._lexer
        while len(known) <= row:
            known.append(lexer.lex(self._lines[len(known) - 1], known[-1])[1])
        return known[row]

    def spans(self, row: int) -> list[Span]:
        """What to colour in line `row`: (start, end, kind), later ones painted over earlier ones."""
        return self._lexer.lex(self._lines[row], self.before(row))[0]

    def edited(self, top: int, old_bottom: int, new_bottom: int) -> None:
        """Lines `top..old_bottom` were replaced by `top..new_bottom`."""
        known = self._known
        if top + 1 >= len(known):
            return
        known[top + 1 : old_bottom + 1] = [None] * (new_bottom - top)
        del known[len(self._lines) :]
        for row in range(top + 1, len(known)):
            fresh = self._lexer.lex(self._lines[row - 1], known[row - 1])[1]
            if row > new_bottom and known[row] == fresh:
                return
            known[row] = fresh
            if row > new_bottom + SETTLE_LIMIT:
                del known[row + 1 :]
                return

    def forget(self, row: int) -> None:
        """Everything below line `row` may have changed."""
        del self._known[row + 1 :]
