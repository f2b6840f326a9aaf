"""What the YAML parser's complaints mean, said so that one knows what to change."""

import re
from typing import Any

import yaml

from podium.model.diagnostics import Diagnostic, Edit, Fix, Range

_MEANINGS: tuple[tuple[str, str], ...] = (
    (r"found character '\\t'|found a tab character|found character that cannot start any token",
     "This character cannot start a value: indent with spaces, not tabs, and quote texts that begin with @ ` or %."),
    (r"found unexpected ':'",
     "A `:` inside `{ }` or `[ ]` needs a space behind it, or quotes around the text that contains it."),
    (r"mapping values are not allowed",
     "A `:` is not possible here. Quote the text that contains it, or check the indentation of this line."),
    (r"could not find expected ':'",
     "A key without `:`. Write `key: value`, or indent the line so that it belongs to the text above."),
    (r"did not find expected key",
     "This line does not fit its surroundings: its indentation matches no line above, or a quote or bracket "
     "above is not closed."),
    (r"did not find expected '-' indicator",
     "A list entry must start with `- ` in the same column as the entries above."),
    (r"did not find expected <document start>",
     "The document is over here. Check the indentation of this line, or start another flow with `---`."),
    (r"did not find expected ',' or '[\]}]'",
     "A `,` or the closing bracket is missing. An expression must be quoted: \"{{ … }}\"."),
    (r"found unexpected end of stream",
     "The text ends inside a quoted value: a closing quote is missing."),
    (r"found unexpected document indicator",
     "A quoted value is not closed before the next document."),
    (r"found unknown escape character",
     "In double quotes `\\` starts an escape: write `\\\\`, or use single quotes."),
    (r"block sequence entries are not allowed",
     "A list entry `- ` is not possible here: put it on a line of its own below the key."),
    (r"did not find expected node content",
     "A value is missing here. An expression must be quoted: \"{{ … }}\"."),
    (r"block mapping|block collection|block end",
     "This line does not fit the block it is in: check its indentation."),
    (r"anchor|alias",
     "An anchor `&name` or alias `*name` is not written correctly; quote texts that begin with & or *."),
    (r"tag", "A tag `!name` is not written correctly; quote texts that begin with `!`."),
)  # fmt: skip


_UNQUOTED = re.compile(r"(?:^|: +|- +)(\{\{)")


def explained(error: yaml.YAMLError, text: str) -> Diagnostic:
    """The diagnostic for an error of the parser, at the place where the parser stopped."""
    problem = str(getattr(error, "problem", None) or error)
    mark: Any = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = _line(text, mark.line) if mark is not None else ""
    if mark is not None and (unquoted := _UNQUOTED.search(line)) is not None:
        message = 'An expression at the beginning of a value must be quoted: "{{ … }}".'
        place = Range(mark.line, unquoted.start(1), mark.line, unquoted.end(1))
        return Diagnostic("yaml-syntax", "error", message, place, fix=quoting(line, mark.line, unquoted.start(1)))
    meaning = next((text for pattern, text in _MEANINGS if re.search(pattern, problem)), None)
    message = meaning or f"The YAML cannot be read here: {problem}."
    if "\u00a0" in line[: len(line) - len(line.lstrip())]:
        message = "This line is indented with a no-break space, which YAML takes for text: use plain spaces."
    context: Any = getattr(error, "context_mark", None)
    if context is not None and mark is not None and context.line < mark.line:
        message += f" (The block begins in line {context.line + 1}.)"
    return Diagnostic("yaml-syntax", "error", message, _place(mark, text))


def quoting(line: str, number: int, column: int) -> Fix | None:
    """Put the rest of a line into quotes; None when it has some of its own that would end them."""
    value = line[column:].rstrip()
    quote = next((mark for mark in ('"', "'") if mark not in value and "\\" not in value), None)
    if quote is None or (not value.endswith("}}") and value.count("{{") != value.count("}}")):
        return None
    return Fix("Quote the value", (Edit(Range(number, column, number, column + len(value)), f"{quote}{value}{quote}"),))


def _line(text: str, number: int) -> str:
    lines = text.split("\n")
    return lines[number].rstrip("\r") if number < len(lines) else ""


def _place(mark: Any, text: str) -> Range:
    if mark is None:
        return Range(0, 0, 0, 0)
    return Range(mark.line, mark.column, mark.line, mark.column + 1)
