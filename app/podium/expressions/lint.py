"""Mistakes that a template shows by itself: it parses, but is rarely meant so or is bound to fail."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from podium.expressions import nodes
from podium.expressions.analysis import Analysis, Usage, analyze, argument
from podium.expressions.errors import ExpressionError, did_you_mean
from podium.expressions.foreign import hyphenated
from podium.expressions.java_dates import NAMED_FORMATS, check_pattern
from podium.expressions.jq_programs import check_jq
from podium.expressions.moments import UNITS
from podium.expressions.operators import MOVED, dialect_name
from podium.expressions.patterns import java_pattern
from podium.expressions.registry import FILTERS, FUNCTIONS
from podium.expressions.tags import parse
from podium.expressions.zones import zone_of

_TEXT_VALUES = {("taskrun", "value"), ("item", "value")}
_PATTERN_ARGUMENTS = ("format", "existingFormat")
_QUOTED = re.compile(r"'[^']*'")


@dataclass(frozen=True, slots=True)
class Remark:
    """`removed` marks what works here but is gone from a newer Kestra; `replacement` is new text for the place."""

    message: str
    start: int
    end: int
    removed: bool = False
    replacement: str | None = None


@lru_cache(maxsize=2000)
def remarks(template: str, dialect: str = "1.x") -> tuple[Remark, ...]:
    """Everything noteworthy about one template, in the order of the text."""
    analysis = analyze(template, dialect)
    found = [remark for usage in analysis.usages for remark in _about_usage(usage)]
    for operator in analysis.operators:
        found += _about_operator(operator, template)
    for member in analysis.members:
        found += _about_member(member)
    found += _about_dialects(analysis)
    return tuple(sorted(found, key=lambda remark: remark.start))


def _about_usage(usage: Usage) -> Iterator[Remark]:
    start, end = usage.name_start, usage.name_start + len(usage.name)
    entry = (FUNCTIONS if usage.kind == "function" else FILTERS).get(usage.name)
    if entry is not None and entry.removed and usage.kind != "test":
        instead = {"json": "toJson" if usage.kind == "filter" else "fromJson"}.get(usage.name)
        hint = f": use `{instead}`" if instead else ""
        message = f"`{usage.name}` is gone from Kestra {entry.removed}{hint}; it works here."
        yield Remark(message, start, end, removed=True, replacement=instead)
    if usage.kind == "filter" and usage.name == "replace":
        yield from _about_replace(usage)
    if usage.name == "jq":
        yield from _checked(usage, "expression", check_jq)
    if usage.name == "dateAdd":
        yield from _checked(usage, "unit", _unit_problem)
    for name in _PATTERN_ARGUMENTS:
        if usage.name in ("date", "dateAdd", "now") or name == "existingFormat":
            yield from _checked(usage, name, _pattern_problem)
    yield from _checked(usage, "timeZone", _zone_problem)
    if usage.kind == "filter" and usage.name.startswith("regex"):
        yield from _checked(usage, "regex", _regex_problem)


def _checked(usage: Usage, parameter: str, problem: Callable[[str], str | None]) -> Iterator[Remark]:
    value = usage.constants.get(parameter)
    place = argument(usage, parameter)
    if isinstance(value, str) and place is not None:
        message = problem(value)
        if message:
            yield Remark(message, place.start, place.end)


def _about_replace(usage: Usage) -> Iterator[Remark]:
    given = usage.node.arguments.positional
    if len(given) == 2 and isinstance(given[0], nodes.Literal) and isinstance(given[0].value, str):
        old, new = given[0].value, given[1].value if isinstance(given[1], nodes.Literal) else "…"
        message = f"`replace` takes one map: write `replace({{{old!r}: {new!r}}})`."
        yield Remark(message, given[0].start, given[1].end)


def _unit_problem(unit: str) -> str | None:
    if unit in UNITS:
        return None
    hint = did_you_mean(unit if unit.endswith("s") else unit + "s", UNITS)
    return f"'{unit}' is no unit of time: they are upper case and plural, such as `DAYS`. {hint or ''}".strip()


def _pattern_problem(pattern: str) -> str | None:
    if pattern in NAMED_FORMATS:
        return None
    try:
        check_pattern(pattern)
    except ExpressionError as error:
        return f"{error.message}. {error.suggestion}" if error.suggestion else error.message
    letters = _QUOTED.sub("", pattern)
    if "YYYY" in letters and "w" not in letters:
        return "`YYYY` is the year of the week, which differs around New Year: `yyyy` is the year."
    if re.search(r"(?<!D)DD(?!D)", letters):
        return "`DD` is the day of the year: `dd` is the day of the month."
    if re.search(r"(?<!h)hh?(?!h)", letters) and not re.search("[aB]", letters):
        return "`hh` counts to 12 and needs `a` for AM or PM: `HH` counts to 24."
    return None


def _zone_problem(zone: str) -> str | None:
    try:
        zone_of(zone)
    except ExpressionError as error:
        return f"{error.message}. {error.suggestion}" if error.suggestion else error.message
    return None


def _regex_problem(pattern: str) -> str | None:
    try:
        java_pattern(pattern)
    except ExpressionError as error:
        return error.message
    return None


def _about_operator(node: nodes.Binary, template: str) -> Iterator[Remark]:
    mended = hyphenated(node, template)
    if mended is not None:
        path, rest = template[node.left.start : node.left.end], template[node.right.start : node.right.end]
        message = f"This subtracts `{rest}` from `{path}`. A name with a hyphen goes in brackets: `{mended}`."
        yield Remark(message, node.start, node.end, replacement=mended)
    if node.operator == "~":
        for side in (node.left, node.right):
            if isinstance(side, (nodes.ListLiteral, nodes.MapLiteral)):
                message = "`~` writes lists and maps in Java's form, not as JSON: add `| toJson` in parentheses."
                yield Remark(message, side.start, side.end)


def _about_member(node: nodes.Member) -> Iterator[Remark]:
    target = node.target
    if not (isinstance(target, nodes.Member) and isinstance(target.target, nodes.Name) and node.arguments is None):
        return
    if not isinstance(target.key, nodes.Literal) or not isinstance(node.key, nodes.Literal):
        return
    path = (target.target.name, target.key.value)
    if path in _TEXT_VALUES and isinstance(node.key.value, str):
        shown = f"{path[0]}.{path[1]}"
        message = f"`{shown}` is a text, even for a map: write `fromJson({shown}).{node.key.value}`."
        mended = f"fromJson({shown}).{node.key.value}"
        yield Remark(message, node.start, node.end, replacement=mended)


def _about_dialects(analysis: Analysis) -> Iterator[Remark]:
    """A `??` or `isIn` that binds another way in the other dialect."""
    moved = [node for node in analysis.operators if node.operator in MOVED]
    if analysis.error is not None or not moved or (len(analysis.operators) == 1 and "|" not in analysis.template):
        return
    other = "1.x" if dialect_name(analysis.dialect) == "2.0" else "2.0"
    try:
        if parse(analysis.template, other) == analysis.body:
            return
    except (ExpressionError, RecursionError):
        return
    node = moved[0]
    message = (
        f"`{node.operator}` binds tighter in Kestra 1 than in Kestra 2, and this text means something else "
        "in each: put parentheses around its operands."
    )
    yield Remark(message, node.operator_start, node.operator_start + len(node.operator))
