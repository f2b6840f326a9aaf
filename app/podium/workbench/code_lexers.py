"""Line lexers for the languages that stand beside and inside flows; each one is a table, not a parser."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

Span = tuple[int, int, str]
"""Start and end column of a stretch of a line, and what it is: one of `SPAN_KINDS`."""

SPAN_KINDS: Final = (
    "key",
    "string",
    "number",
    "constant",
    "comment",
    "block",
    "expression",
    "tag",
    "punctuation",
    "keyword",
    "name",
)


@dataclass(frozen=True, slots=True)
class CodeLexer:
    """A language as one pattern of named groups.

    A group listed in `until` opens something that may end on a later line: its closing pattern and its kind. The
    state between lines is the name of that group, or `<<WORD` inside a shell here-document.
    """

    tokens: re.Pattern[str]
    until: dict[str, tuple[re.Pattern[str], str]] = field(default_factory=dict)
    start: str = ""

    def lex(self, line: str, state: str) -> tuple[list[Span], str]:
        spans: list[Span] = []
        at = 0
        if state.startswith("<<"):
            return [(0, len(line), "string")], "" if line.strip() == state[2:] else state
        if state:
            closing, kind = self.until[state]
            end = closing.search(line)
            if end is None:
                return [(0, len(line), kind)], state
            spans.append((0, end.end(), kind))
            at = end.end()
        document = ""
        while match := self.tokens.search(line, at):
            name = match.lastgroup or ""
            at = max(match.end(), at + 1)
            if name in self.until:
                closing, kind = self.until[name]
                end = closing.search(line, match.end())
                spans.append((match.start(), end.end() if end else len(line), kind))
                if end is None:
                    return spans, name
                at = end.end()
            elif name == "heredoc":
                document = "<<" + match[0].lstrip("<-").strip("'\" ")
                spans.append((*match.span(), "keyword"))
            else:
                spans.append((*match.span(), name))
        return spans, document


def _words(text: str) -> str:
    return rf"(?<![\w.$-])(?:{'|'.join(text.split())})(?![\w-])"


_STRING = r'"(?:[^"\\]|\\.)*"?|\'(?:[^\'\\]|\\.)*\'?'
_NUMBER = r"(?P<number>(?<![\w.])(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.\d+)?(?:[eE][-+]?\d+)?)(?!\w))"

_PYTHON = CodeLexer(
    re.compile(
        r"(?P<comment>\#.*)"
        r'|(?P<triple_double>(?<!\w)[rbfuRBFU]{0,2}""")'
        r"|(?P<triple_single>(?<!\w)[rbfuRBFU]{0,2}''')"
        rf"|(?P<string>(?:(?<!\w)[rbfuRBFU]{{1,2}})?(?:{_STRING}))"
        r"|(?P<name>^\s*@[\w.]+|(?<=\bdef )\w+|(?<=\bclass )\w+)"
        rf"|(?P<constant>{_words('True False None self cls')})"
        r"|(?P<keyword>"
        + _words(
            "and as assert async await break case class continue def del elif else except finally for from global "
            "if import in is lambda match nonlocal not or pass raise return try while with yield"
        )
        + rf")|{_NUMBER}"
    ),
    {
        "triple_double": (re.compile(r'(?<!\\)"""'), "string"),
        "triple_single": (re.compile(r"(?<!\\)'''"), "string"),
    },
)
_JSON = CodeLexer(
    re.compile(
        r'(?P<key>"(?:[^"\\]|\\.)*"(?=\s*:))|(?P<string>"(?:[^"\\]|\\.)*"?)|(?P<comment>//.*)'
        rf"|(?P<constant>{_words('true false null')})|{_NUMBER}|(?P<punctuation>[\[\]{{}},:])"
    )
)
_SQL = CodeLexer(
    re.compile(
        r"(?P<comment>--.*)|(?P<remark>/\*)|(?P<quoted>')|(?P<name>\"[^\"]*\"?|`[^`]*`?)"
        rf"|{_NUMBER}|(?P<constant>{_words('true false null')})|(?P<keyword>"
        + _words(
            "add all alter and as asc begin between by case cast check column commit constraint copy create cross "
            "database default delete desc distinct drop else end except exists foreign from full group having if ilike "
            "in index inner insert intersect into is join key left like limit merge not offset on or order outer over "
            "partition primary references returning right rollback select set table temp temporary then union unique "
            "update using values view when where window with"
        )
        + ")",
        re.IGNORECASE,
    ),
    {"remark": (re.compile(r"\*/"), "comment"), "quoted": (re.compile(r"'(?!')"), "string")},
)
_SHELL = CodeLexer(
    re.compile(
        r"(?P<comment>(?:(?<=\s)|^)\#.*)|(?P<heredoc><<-?\s*['\"]?[A-Za-z_]\w*['\"]?)"
        r"|(?P<constant>\\.)|(?P<double>\")|(?P<single>')"
        r"|(?P<name>\$(?:\{[^}]*\}?|\w+|[@#?*$!-])|(?<![\w$-])\w+(?==))"
        r"|(?P<keyword>"
        + _words(
            "alias break case cd continue do done echo elif else esac eval exec exit export fi for function if in "
            "local read return set shift source then trap unset until while FROM RUN COPY ENV WORKDIR CMD ENTRYPOINT"
        )
        + r")|(?P<tag>(?<=\s)--?[A-Za-z][\w-]*)|(?P<punctuation>[|&;<>]+)"
    ),
    {
        "double": (re.compile(r'(?<!\\)"'), "string"),
        "single": (re.compile(r"'"), "string"),
    },
)
_JAVASCRIPT = CodeLexer(
    re.compile(
        r"(?P<comment>//.*)|(?P<remark>/\*)|(?P<template>`)"
        rf"|(?P<string>{_STRING})|{_NUMBER}|(?P<constant>{_words('true false null undefined this')})|(?P<keyword>"
        + _words(
            "as async await break case catch class const continue default delete do else export extends finally for "
            "from function if import in instanceof interface let new of return static super switch throw try type "
            "typeof var void while yield"
        )
        + ")"
    ),
    {"remark": (re.compile(r"\*/"), "comment"), "template": (re.compile(r"(?<!\\)`"), "string")},
)
_MARKDOWN = CodeLexer(
    re.compile(
        r"(?P<fence>^\s*(?:```|~~~))|(?P<keyword>^\#{1,6}\s.*)|(?P<comment>^\s*>.*|<!--.*?(?:-->|$))"
        r"|(?P<punctuation>^\s*(?:[-*+]|\d+\.)(?=\s))|(?P<string>`[^`]+`)|(?P<name>\*\*[^*]+\*\*|__[^_]+__)"
        r"|(?P<tag>\[[^\]]*\]\([^)]*\)|<?https?://[^\s>)]+>?)"
    ),
    {"fence": (re.compile(r"^\s*(?:```|~~~)\s*$"), "block")},
)
_TOML = CodeLexer(
    re.compile(
        r'(?P<comment>(?:^|(?<=\s))[#;].*)|(?P<keyword>^\s*\[\[?[^\]]*\]?\]?)|(?P<triple>""")|(?P<literal>\'\'\')'
        r"|(?P<key>^\s*[\w.\"'-]+(?=\s*=))"
        rf"|(?P<string>{_STRING})|(?P<constant>{_words('true false')})|{_NUMBER}|(?P<punctuation>[\[\]{{}},=])"
    ),
    {"triple": (re.compile(r'"""'), "string"), "literal": (re.compile(r"'''"), "string")},
)

PLAIN: Final = CodeLexer(re.compile(r"(?!)"))
"""Text without colours."""

CODE_LEXERS: Final[dict[str, CodeLexer]] = {
    "python": _PYTHON,
    "json": _JSON,
    "sql": _SQL,
    "shell": _SHELL,
    "javascript": _JAVASCRIPT,
    "markdown": _MARKDOWN,
    "toml": _TOML,
}
