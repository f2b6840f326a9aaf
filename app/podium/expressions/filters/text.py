"""Filters on text: case, trimming, parts, padding, quoting."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from podium.expressions.entries import Catalog, Param
from podium.expressions.errors import ExpressionError, LimitExceeded
from podium.expressions.limits import DEFAULT_LIMITS
from podium.expressions.patterns import java_pattern, split_text, substitute
from podium.expressions.printf import java_format
from podium.expressions.state import State
from podium.expressions.values import (
    CONTROL_AND_SPACE,
    Array,
    bounded,
    is_integer,
    java_class,
    to_text,
    utf16_length,
    utf16_slice,
    wrong_kind,
)

CATALOG = Catalog()
_SPACE = re.compile(r"[ \t\n\x0b\f\r]")
_NO_WORD = re.compile(r"[^a-zA-Z0-9_-]")


def text_of(value: Any, name: str) -> str:
    """A value that must already be a text."""
    if not isinstance(value, str):
        raise wrong_kind(f"The '{name}' filter", "a string", value)
    return str(value)


@CATALOG.add("filter", "upper", doc="Upper case.", example="{{ 'a' | upper }}")
def upper(state: State, value: Any) -> str:
    return to_text(value).upper()


@CATALOG.add("filter", "lower", doc="Lower case.", example="{{ 'A' | lower }}")
def lower(state: State, value: Any) -> str:
    return to_text(value).lower()


@CATALOG.add(
    "filter",
    "capitalize",
    doc="First letter upper case, the rest unchanged.",
    example="{{ 'hello world' | capitalize }}",
)
def capitalize(state: State, value: Any) -> str:
    text = text_of(value, "capitalize")
    start = len(text) - len(text.lstrip())
    return text[:start] + _title_case(text[start : start + 1]) + text[start + 1 :]


def _title_case(letter: str) -> str:
    """One character for one: a letter that only several could stand for, such as `ß`, stays."""
    changed = letter.title()
    return changed if len(changed) == len(letter) else letter


@CATALOG.add(
    "filter",
    "title",
    doc="First letter of each word upper case, the rest unchanged.",
    example="{{ 'hello world' | title }}",
)
def title(state: State, value: Any) -> str:
    return re.sub(r"(?:^|(?<=\s))\S", lambda match: _title_case(match.group()), text_of(value, "title"))


@CATALOG.add("filter", "trim", doc="Without white space at both ends.", example="{{ '  a b ' | trim }}")
def trim(state: State, value: Any) -> str:
    return text_of(value, "trim").strip(CONTROL_AND_SPACE)


@CATALOG.add(
    "filter",
    "abbreviate",
    Param("length", "The greatest length, the three dots included.", required=True),
    doc="Shorten a text that reaches `length` characters to that length, with `...` at its end.",
    example="{{ 'nightly backup' | abbreviate(7) }}",
)
def abbreviate(state: State, value: Any, length: Any) -> str:
    text = text_of(value, "abbreviate")
    if not is_integer(length):
        raise wrong_kind("The argument 'length' of the 'abbreviate' filter", "an integer", length)
    if length < 0:
        raise ExpressionError("Invalid argument to abbreviate filter; must be greater than zero")
    size = utf16_length(text)
    if size < length or size <= 3:
        return text
    return utf16_slice(text, 0, length) if length <= 3 else utf16_slice(text, 0, length - 3) + "..."


@CATALOG.add(
    "filter",
    "replace",
    Param("replace_pairs", "What to replace by what, as a map.", required=True),
    Param("regexp", "Whether the keys are Java regular expressions.", default=False, shown="false"),
    doc="Replace texts, also inside lists and map values.",
    example="{{ name | replace({'_': '-'}) }}",
)
def replace(state: State, value: Any, pairs: Any, regexp: Any) -> Any:
    if pairs is None:
        raise ExpressionError("The argument 'replace_pairs' is required.")
    if not isinstance(pairs, Mapping):
        raise ExpressionError(
            f"The 'replace' filter expects one map as its argument, got {java_class(pairs)}",
            suggestion="Write `replace({'old': 'new'})`",
        )
    state.check_time()
    if regexp is not None and not isinstance(regexp, bool):
        raise wrong_kind("The argument 'regexp' of the 'replace' filter", "a boolean", regexp)
    if any(new is None for new in pairs.values()):
        raise ExpressionError("The 'replace' filter cannot replace by null: use an empty text ''")
    return _replaced(bounded(value), [(to_text(old), to_text(new)) for old, new in pairs.items()], bool(regexp))


def _replaced(value: Any, pairs: list[tuple[str, str]], regexp: bool) -> Any:
    if isinstance(value, Mapping):
        return {key: _replaced(item, pairs, regexp) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_replaced(item, pairs, regexp) for item in value]
    if value is None:
        return None
    text = to_text(value)
    for old, new in pairs:
        text = substitute(text, java_pattern(old), new) if regexp else _literally(text, old, new)
    return text


def _literally(text: str, old: str, new: str) -> str:
    if len(new) > len(old) and len(text) + text.count(old) * len(new) > DEFAULT_LIMITS.text:
        raise LimitExceeded(f"The text grows beyond {DEFAULT_LIMITS.text} characters")
    return text.replace(old, new)


def _separator(name: str, separator: Any) -> str:
    if separator is None:
        raise ExpressionError(f"The '{name}' filter expects an argument 'separator'.")
    return to_text(separator)


_SEPARATOR = Param("separator", "The text to look for.", required=True)


@CATALOG.add(
    "filter",
    "substringBefore",
    _SEPARATOR,
    doc="Up to the first separator; all if there is none.",
    example="{{ 'a.b.c' | substringBefore('.') }}",
)
def substring_before(state: State, value: Any, separator: Any) -> str:
    wanted = _separator("substringBefore", separator)
    return to_text(value).split(wanted, 1)[0] if wanted else ""


@CATALOG.add(
    "filter",
    "substringAfter",
    _SEPARATOR,
    doc="Behind the first separator; nothing if there is none.",
    example="{{ 'a.b.c' | substringAfter('.') }}",
)
def substring_after(state: State, value: Any, separator: Any) -> str:
    wanted, text = _separator("substringAfter", separator), to_text(value)
    return text.partition(wanted)[2] if wanted else text


@CATALOG.add(
    "filter",
    "substringBeforeLast",
    _SEPARATOR,
    doc="Up to the last separator; all if there is none.",
    example="{{ 'a.b.c' | substringBeforeLast('.') }}",
)
def substring_before_last(state: State, value: Any, separator: Any) -> str:
    wanted, text = _separator("substringBeforeLast", separator), to_text(value)
    return text.rsplit(wanted, 1)[0] if wanted else text


@CATALOG.add(
    "filter",
    "substringAfterLast",
    _SEPARATOR,
    doc="Behind the last separator; nothing if there is none.",
    example="{{ 'a.b.c' | substringAfterLast('.') }}",
)
def substring_after_last(state: State, value: Any, separator: Any) -> str:
    wanted = _separator("substringAfterLast", separator)
    return to_text(value).rpartition(wanted)[2] if wanted and wanted in to_text(value) else ""


def _affix(name: str, value: Any, affix: Any) -> tuple[str, str]:
    if value is None:
        raise ExpressionError(f"The '{name}' filter expects a value, got null")
    if affix is None:
        raise ExpressionError(f"The '{name}' filter expects an argument 'value'.")
    return to_text(value), to_text(affix)


_AFFIX = Param("value", "The text to compare with.", required=True)


@CATALOG.add(
    "filter",
    "startsWith",
    _AFFIX,
    doc="Whether the text starts so.",
    example="{{ 'report.csv' | startsWith('rep') }}",
    passes_null=False,
)
def starts_with(state: State, value: Any, affix: Any) -> bool:
    text, start = _affix("startsWith", value, affix)
    return text.startswith(start)


@CATALOG.add(
    "filter",
    "endsWith",
    _AFFIX,
    doc="Whether the text ends so.",
    example="{{ 'report.csv' | endsWith('.csv') }}",
    passes_null=False,
)
def ends_with(state: State, value: Any, affix: Any) -> bool:
    text, end = _affix("endsWith", value, affix)
    return text.endswith(end)


@CATALOG.add(
    "filter",
    "split",
    Param("delimiter", "A Java regular expression; `.` must be written `\\.`.", required=True),
    Param("limit", "The greatest number of parts; negative keeps empty parts at the end."),
    doc="Cut a text into an array.",
    example="{{ 'a,b' | split(',') }}",
)
def split(state: State, value: Any, delimiter: Any, limit: Any) -> Array:
    state.check_time()
    text = text_of(value, "split")
    if delimiter is None:
        raise ExpressionError("missing delimiter parameter in split filter")
    if limit is not None and not is_integer(limit):
        raise wrong_kind("The argument 'limit' of the 'split' filter", "an integer", limit)
    return Array(split_text(text, text_of(delimiter, "split"), limit or 0))


def _indented(name: str, value: Any, amount: Any, prefix: Any) -> tuple[list[str], str, str]:
    if amount is None:
        raise ExpressionError(f"The '{name}' filter expects an integer as argument 'amount'.")
    if not is_integer(amount):
        raise wrong_kind(f"The argument 'amount' of the '{name}' filter", "an integer", amount)
    if amount < 0:
        raise ExpressionError(f"The '{name}' filter expects a positive integer >=0 as argument 'amount'.")
    text, filler = to_text(value), to_text(prefix)
    newline = next((one for one in ("\r\n", "\n\r", "\n", "\r") if one in text), "\n")
    lines = text.split(newline)
    if len(lines) * amount * len(filler) > 64 * 1024 * 1024:
        raise LimitExceeded("The indented text would be too long")
    return lines, newline, filler * amount


_INDENT = (
    Param("amount", "How often the prefix is repeated.", required=True),
    Param("prefix", "What to put before each line.", default=" ", shown='" "'),
)


@CATALOG.add("filter", "indent", *_INDENT, doc="Indent every line but the first.", example="{{ text | indent(4) }}")
def indent(state: State, value: Any, amount: Any, prefix: Any) -> str:
    lines, newline, filler = _indented("indent", value, amount, prefix)
    return (newline + filler).join(lines)


@CATALOG.add(
    "filter", "nindent", *_INDENT, doc="A new line, then every line indented.", example="{{ text | nindent(2) }}"
)
def nindent(state: State, value: Any, amount: Any, prefix: Any) -> str:
    lines, newline, filler = _indented("nindent", value, amount, prefix)
    return "" if lines == [""] else newline + filler + (newline + filler).join(lines)


@CATALOG.add(
    "filter",
    "slugify",
    doc="Lower-case letters and digits, with dashes for spaces and underscores; everything else is left out.",
    example="{{ 'Été à Paris!' | slugify }}",
)
def slugify(state: State, value: Any) -> str:
    folded = unicodedata.normalize("NFD", _SPACE.sub("-", to_text(value)))
    return re.sub(r"[-_]+", "-", _NO_WORD.sub("", folded)).strip("-").lower()


_QUOTING = {"single": ("'", "\\'"), "double": ('"', '\\"'), "shell": ("'", "'\\''")}


@CATALOG.add(
    "filter",
    "escapeChar",
    Param("type", "`single`, `double` or `shell`.", required=True),
    doc="Escape quotes, also inside lists and maps.",
    example="{{ text | escapeChar('shell') }}",
)
def escape_char(state: State, value: Any, kind: Any) -> Any:
    if kind is None:
        raise ExpressionError("The 'escapeChar' filter expects an argument 'type'.")
    pair = _QUOTING.get(to_text(kind).lower())
    if pair is None:
        raise ExpressionError(
            "The 'escapeChar' filter expects the value of 'type' to be either 'single', 'double', or 'shell'."
        )
    return _replaced(bounded(value), [pair], False)


@CATALOG.add(
    "filter",
    "format",
    doc="Fill a text with values, as `printf` does.",
    example="{{ '%05.2f of %s' | format(3.14159, 'x') }}",
    since="1.3",
    variadic=True,
)
def format_text(state: State, value: Any, *values: Any) -> str:
    return java_format(to_text(value), values)


@CATALOG.add("filter", "nl2br", doc="Line breaks as `<br />`.", example="{{ text | nl2br }}", since="1.3")
def nl2br(state: State, value: Any) -> str:
    if not isinstance(value, str):
        raise ExpressionError("nl2br filters only supports String input.")
    return re.sub(r"\r\n|\n|\r", "<br />", value)


@CATALOG.add("filter", "string", doc="The value as a text.", example="{{ [1, 2] | string }}", since="1.0")
def string(state: State, value: Any) -> str:
    return to_text(value)


@CATALOG.add(
    "filter", "className", doc="The Java class of a value, for finding mistakes.", example="{{ 1.5 | className }}"
)
def class_name(state: State, value: Any) -> str:
    return java_class(value)


def _pattern(value: Any, argument: str) -> str:
    if value is None:
        raise ExpressionError(f"The argument '{argument}' is required.")
    return to_text(value)


_REGEX = Param("regex", "A Java regular expression.", required=True)


@CATALOG.add(
    "filter",
    "regexMatch",
    _REGEX,
    doc="Whether it occurs in the text.",
    example="{{ 'run-42' | regexMatch('[0-9]+') }}",
    since="2.0",
    passes_null=False,
)
def regex_match(state: State, value: Any, pattern: Any) -> bool:
    state.check_time()
    compiled = java_pattern(_pattern(pattern, "regex"))
    return value is not None and compiled.search(to_text(value)) is not None


@CATALOG.add(
    "filter",
    "regexReplace",
    _REGEX,
    Param("replacement", "May refer to groups as `$1` and `${name}`.", required=True),
    doc="Replace every match.",
    example="{{ 'a1b2' | regexReplace('([a-z])([0-9])', '$2$1') }}",
    since="2.0",
)
def regex_replace(state: State, value: Any, pattern: Any, replacement: Any) -> str:
    state.check_time()
    compiled = java_pattern(_pattern(pattern, "regex"))
    return substitute(to_text(value), compiled, _pattern(replacement, "replacement"))


@CATALOG.add(
    "filter",
    "regexExtract",
    _REGEX,
    Param("group", "Which group; 0 is the whole match.", default=0, shown="0"),
    doc="The first match, null if there is none.",
    example="{{ 'run-42' | regexExtract('run-([0-9]+)', 1) }}",
    since="2.0",
)
def regex_extract(state: State, value: Any, pattern: Any, group: Any) -> str | None:
    state.check_time()
    compiled = java_pattern(_pattern(pattern, "regex"))
    number = 0 if group is None else group
    if not is_integer(number):
        raise wrong_kind("The argument 'group' of the 'regexExtract' filter", "an integer", number)
    groups = compiled.compiled.groups
    if number < 0:
        raise ExpressionError(f"Group index {number} is out of bounds: must be >= 0.")
    if number > groups:
        raise ExpressionError(
            f"Group index {number} is out of bounds: the regex '{compiled.source}' has {groups} group(s)."
        )
    match = compiled.search(to_text(value))
    found: str | None = None if match is None else match.group(number)
    return found
