"""The reference page of the language, made from the tables the language itself runs on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from podium.expressions.analysis import analyze
from podium.expressions.entries import Entry
from podium.expressions.errors import ExpressionError
from podium.expressions.fixtures import FixtureServices
from podium.expressions.java_dates import NAMED_FORMATS
from podium.expressions.limits import DEFAULT_LIMITS
from podium.expressions.moments import UNITS
from podium.expressions.operators import BINARY, UNARY, UNARY_OPERATORS
from podium.expressions.registry import FILTER_GROUPS, FUNCTION_GROUPS, TESTS
from podium.expressions.render import render
from podium.model.variables import VARIABLES

_INTRODUCTION = """# Expressions

Texts in a flow may hold expressions: `{{ … }}` prints a value, `{% … %}` is a tag, `{# … #}` a comment. The language
is Kestra's, so the same flow runs on a Kestra server. Try an expression with `podium expr`.

This page is made from the tables that evaluate, complete and check expressions.

## Values

| written | is |
|---|---|
| `'text'`, `"text"` | text; the only escape is a backslash before the same quote |
| `"Bearer #{secret('X')}"` | text with expressions inside; double quotes only |
| `12`, `12L`, `1.5` | integer of 64 bits, decimal |
| `true`, `false`, `null` | also in capitals; `none` is `null` |
| `[1, 2]`, `{"a": 1}` | list, map |
| `1..3`, `'a'..'c'` | list from the first to the last |
| `a.b`, `a['b-c']`, `a[0]`, `a[b]` | a member; names with hyphens go in brackets |

A list or map prints as JSON without null entries; `~`, `+` with a text and text filters use Java's form `[a, b]`,
`{k=v}`: write `value | toJson` there. A text that is one expression keeps the type of its value where a property
asks for a value; everywhere else it becomes text.

**Truth.** `false`, `0` and the empty text are false; `null`, lists and maps are refused: ask with `is not null`,
`is not empty` or `| length > 0`.

**Missing values.** A name that does not exist is an error that says what there is. `??` takes the right side when the
left one is missing or null, `???` only when it is missing; `| default(…)` also when it is empty; `is defined` asks.

**Variables with expressions** are not evaluated by themselves: `render(vars.name)` does it.
"""
_TAGS = """## Tags

| tag | does |
|---|---|
| `{% if a %}…{% elseif b %}…{% else %}…{% endif %}` | chooses |
| `{% for x in list %}…{% else %}…{% endfor %}` | repeats; over a map, `x.key` and `x.value` |
| `loop.index`, `loop.first`, `loop.last`, `loop.length`, `loop.revindex` | where a loop is, counted from 0 |
| `{% set x = 1 %}` | sets a variable, also one outside of the loop |
| `{% macro m(a, b=1) %}…{% endmacro %}` | a function `m(…)`; it sees only its arguments |
| `{% filter upper %}…{% endfilter %}` | filters what is inside |
| `{% block b %}…{% endblock %}` | a part that `block('b')` prints again |
| `{% raw %}…{% endraw %}` | literal, on one line |
| `{% verbatim %}…{% endverbatim %}` | literal, over several lines |

`{{- x -}}` also takes away the white space around it; the dash needs a space on its inner side.
"""


def reference() -> str:
    """The text of `docs/expressions.md`."""
    parts = [_INTRODUCTION, _operators(), _TAGS, _roots(), _tests()]
    parts += ["## Filters\n", *_groups(FILTER_GROUPS)]
    parts += ["## Functions\n", *_groups(FUNCTION_GROUPS)]
    parts += [_dates(), _limits()]
    return "\n".join(parts)


def _operators() -> str:
    old, new = BINARY["1.x"], BINARY["2.0"]
    lines = [
        "## Operators",
        "",
        "Those further up bind tighter; all are read from left to right. `c ? a : b` binds weakest of all.",
        "",
        "| operators | Kestra 2 | Kestra 1 |",
        "|---|---|---|",
        f"| {_listed(sorted(UNARY_OPERATORS))} in front | {UNARY} | {UNARY} |",
    ]
    for strength in sorted({*old.values(), *new.values()}, reverse=True):
        same = [name for name in new if new[name] == old[name] == strength]
        moved = [name for name in new if new[name] != old[name]]
        if same:
            lines.append(f"| {_cell(_listed(same))} | {strength} | {strength} |")
        if moved and new[moved[0]] == strength:
            lines.append(f"| {_listed(moved)} | {strength} | {old[moved[0]]} |")
    return "\n".join(lines) + "\n"


def _roots() -> str:
    lines = ["## Variables", "", "| name | what it is |", "|---|---|"]
    for name, variable in VARIABLES.items():
        members = f" Members: {_listed(variable.members)}." if variable.members else ""
        lines.append(f"| `{name}` | {_cell(variable.doc)}{members} |")
    return "\n".join(lines) + "\n"


def _tests() -> str:
    lines = ["## Tests", "", "`x is t`, `x is not t`.", "", "| test | true when | example |", "|---|---|---|"]
    lines += [f"| `{name}` | {_cell(entry.doc)} | {_cell(_example(entry))} |" for name, entry in TESTS.items()]
    return "\n".join(lines) + "\n"


def _groups(groups: Mapping[str, Mapping[str, Entry]]) -> Iterable[str]:
    for title, catalog in groups.items():
        yield f"### {title}\n"
        for entry in dict.fromkeys(catalog.values()):
            yield _entry(entry)


def _entry(entry: Entry) -> str:
    call = entry.signature if entry.kind == "function" else f"value | {entry.signature}"
    lines = [f"**`{call}`** {entry.doc}{_versions(entry)}"]
    if entry.aliases:
        lines.append(f"Also called {_listed(entry.aliases)}.")
    for param in entry.params:
        needed = " Required." if param.required else ""
        if param.doc:
            lines.append(f"- `{param.name}`: {param.doc}{needed}")
    if entry.example:
        lines.append(f"- Example: {_example(entry)}")
    return "\n".join(lines) + "\n"


def _versions(entry: Entry) -> str:
    facts = [f"since Kestra {entry.since}"] if entry.since else []
    facts += [f"gone from Kestra {entry.removed}, works here"] if entry.removed else []
    return f" ({'; '.join(facts)})" if facts else ""


def _example(entry: Entry) -> str:
    """The example, and what it gives where that follows from the text alone."""
    if not entry.example:
        return ""
    shown = f"`{entry.example}`"
    result = _result(entry.example)
    return shown if result is None else f"{shown} gives `{result}`"


def _result(example: str) -> str | None:
    analysis = analyze(example, "2.0")
    impure = {"now", "uuid", "id", "ksuid", "nanoId", "randomInt", "randomPort", "printContext", "fetchContext"}
    if analysis.references or any(usage.name in impure for usage in analysis.usages):
        return None
    try:
        result: str = render(example, {}, FixtureServices(), dialect="2.0")
    except ExpressionError:
        return None
    return result if 0 < len(result) <= 50 and "\n" not in result else None


def _dates() -> str:
    return "\n".join(
        [
            "## Date formats",
            "",
            "`date`, `dateAdd` and `now` take a named format or a pattern of Java's `DateTimeFormatter`.",
            "",
            f"- Named formats: {_listed(NAMED_FORMATS)}",
            "- Letters: `yyyy` year, `MM` month, `MMM` its name, `dd` day, `EEE` weekday, `HH` hour, `hh` hour with",
            "  `a` for AM or PM, `mm` minute, `ss` second, `SSS` fraction, `XXX` offset, `VV` zone. Text goes in",
            "  single quotes, so put the pattern in double ones: `date(\"yyyy-MM-dd'T'HH:mm\")`.",
            f"- Units of `dateAdd`: {_listed(UNITS)}",
            "- Dates are read from ISO texts, from integers (seconds, or milliseconds and nanoseconds by their",
            "  length) and, with `existingFormat`, from texts of any pattern.",
            "- Month and day names are built in for English, French, German, Spanish, Italian, "
            "Portuguese (Brazil) and Dutch;",
            "  other languages need the optional package `babel` (`podium[locales]`).",
            "",
        ]
    )


def _limits() -> str:
    limits = DEFAULT_LIMITS
    return "\n".join(
        [
            "## Limits",
            "",
            "A flow cannot hang the machine that runs it. Whoever meets a limit gets an error that names it.",
            "",
            f"- {limits.seconds:g} seconds for one text",
            f"- {limits.pattern_seconds:g} seconds for one regular expression or jq program",
            f"- {limits.elements:,} elements of a range or of results of jq",
            f"- {limits.text:,} characters of any text that is produced",
            f"- {limits.template:,} characters of a text with expressions",
            f"- {limits.render_depth} nested and {limits.render_rounds} successive calls of `render()`",
            "",
        ]
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _cell(text: str) -> str:
    """A text inside a table: a bar would end its cell."""
    return text.replace("|", "\\|")
