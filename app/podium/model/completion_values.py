"""Values that can be proposed: choices, booleans, ids, zones, what other flows are called."""

from collections.abc import Iterable, Iterator
from functools import cache

from podium.expressions.values import to_output
from podium.model.diagnostics import Range
from podium.model.expected import Expected
from podium.model.outline import Element, Outline, plain
from podium.model.place import Place
from podium.model.schema import PropertyDecl, PropType
from podium.model.suggestions import Suggestion, Surroundings, ranked

_DURATIONS = {
    "PT10S": "ten seconds", "PT1M": "one minute", "PT5M": "five minutes", "PT1H": "one hour", "P1D": "one day",
}  # fmt: skip
_CRONS = {
    "*/5 * * * *": "every five minutes", "0 * * * *": "every hour", "0 9 * * *": "every day at nine",
    "0 9 * * 1-5": "on working days at nine", "0 0 1 * *": "on the first of the month", "@hourly": "every hour",
    "@daily": "every midnight",
}  # fmt: skip
_BOOLEANS = ("true", "false")


def suggest_values(
    of: PropType | None, place: Place, expected: Expected, range: Range, surroundings: Surroundings, prefix: str
) -> Iterator[Suggestion]:
    """What a value of a type may be. `prefix` goes before it: a blank or a list mark."""
    declared = expected.property
    for name, detail in _proposed(of, place, declared, surroundings):
        is_text = of is not None and of.kind in ("string", "expression") and not place.quoted
        text = _quoted(name) if is_text else name
        yield Suggestion("value", name, prefix + text, range, detail)
    if declared is not None and declared.dynamic and not place.word and of is not None and of.kind not in _LARGE:
        quote = "" if place.quoted else '"'
        opening = prefix + quote + "{{ "
        yield Suggestion("snippet", "{{ … }}", opening + " }}" + quote, range, "expression", len(opening))


_LARGE = ("tasks", "task", "cases", "dag", "object", "polymorphic", "list", "map")


def _proposed(
    of: PropType | None, place: Place, declared: PropertyDecl | None, surroundings: Surroundings
) -> Iterator[tuple[str, str]]:
    if place.key in ("namespace", "flowId"):
        entries = place.levels[-1].entries
        known: Iterable[str] = (
            surroundings.namespaces()
            if place.key == "namespace"
            else surroundings.flows(plain(entries.get("namespace", "")))
        )
        yield from ((name, "") for name in ranked(place.word, known))
    if of is None:
        return
    default = to_output(declared.default) if declared is not None and declared.default is not None else ""
    wanted = declared.format if declared is not None else None
    table: dict[str, str] = {}
    if wanted == "cron":
        table = _CRONS
    elif wanted == "timezone":
        table = dict.fromkeys(_zones(), "")
    else:
        for option in of.options if of.kind == "union" else (of,):
            if option.kind == "bool":
                table |= dict.fromkeys(_BOOLEANS, "")
            elif option.kind == "enum":
                table |= dict.fromkeys(option.choices, "")
            elif option.kind == "duration":
                table |= _DURATIONS
        if default and default not in table and of.kind in ("string", "int", "float", "duration", "expression"):
            table = {default: "", **table}
    for name in ranked(place.word, table):
        yield name, table[name] or ("default" if name == default else "")


def suggest_ids(place: Place, expected: Expected, outline: Outline, range: Range, prefix: str) -> Iterator[Suggestion]:
    """Ids that this place refers to: tasks of a Dag, inputs of `dependsOn`."""
    levels = place.levels
    if place.key == "dependsOn" and len(levels) > 1 and levels[-2].key == "tasks":
        dag = outline.named(plain(levels[-2].entries.get("id", "")))
        own = outline.task_at(place.row, place.indent)
        wanted = [task for task in outline.tasks if dag is not None and task.parent is dag and task is not own]
    elif place.key == "inputs" and len(levels) > 1 and levels[-2].key == "dependsOn":
        mine = plain(levels[-2].entries.get("id", levels[-2].entries.get("name", "")))
        wanted = [each for each in outline.inputs if each.id != mine]
    else:
        return
    by_id: dict[str, Element] = {each.id: each for each in wanted}
    for name in ranked(place.word, by_id):
        yield Suggestion("id", name, prefix + name, range, by_id[name].type)


def _quoted(text: str) -> str:
    """A text that YAML would read as something else goes in quotes."""
    return f'"{text}"' if text[:1] in "*@&!%`|>{[" or text in _BOOLEANS or ": " in text else text


@cache
def _zones() -> tuple[str, ...]:
    from zoneinfo import available_timezones

    return tuple(sorted(available_timezones(), key=lambda zone: ("/" not in zone, zone)))
