"""The dialects of the flow format, 0.x to 2.0, and what a deprecated spelling can be replaced by (semantics 0).

Renamed properties and types are declared beside their current names (`prop(aliases=…, also=…)`, the `aliases` of a
class), which is where reading, hints and renaming fixes come from. Here is what takes more than another name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from podium.model.diagnostics import Edit, Fix, Range
from podium.model.marked_yaml import Entry, MapNode, ScalarNode

_CORE = "io.kestra.plugin.core."


@dataclass(frozen=True, slots=True)
class Successor:
    """The type that a deprecated one can be replaced by without a change of meaning."""

    type: str
    properties: Mapping[str, str] = field(default_factory=dict)
    """Properties that have another name there."""


SUCCESSORS: Mapping[str, Successor] = {
    _CORE + "debug.Echo": Successor(_CORE + "log.Log", {"format": "message"}),
    _CORE + "flow.EachSequential": Successor(_CORE + "flow.ForEach", {"value": "values"}),
}


OLDER_DEFAULTS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    _CORE + "flow.WaitFor": {"checkFrequency": {"interval": "PT1S", "maxIterations": 100, "maxDuration": "PT1H"}},
}
"""What an older type did without being told: whoever wrote its name meant this."""


def with_older_defaults(written: str, props: Mapping[str, Any]) -> Mapping[str, Any]:
    """The properties of a task, completed by what its older type took for granted."""
    defaults = OLDER_DEFAULTS.get(written)
    if defaults is None:
        return props
    completed = dict(props)
    for name, values in defaults.items():
        given = completed.get(name) or {}
        completed[name] = {**values, **given} if isinstance(given, Mapping) else given
    return completed


def renames_safely(node: MapNode, written: str) -> bool:
    """Whether the current type does the same without being told more."""
    defaults = OLDER_DEFAULTS.get(written, {})
    return all(
        isinstance(given := node.get(name), MapNode) and all(given.get(key) is not None for key in values)
        for name, values in defaults.items()
    )


def type_fix(node: MapNode, written: ScalarNode, name: str) -> Fix | None:
    """Replace a deprecated type and the properties that go with it; None when that would change what it does."""
    successor = SUCCESSORS.get(name)
    if successor is None:
        return None
    edits = [Edit(written.range, successor.type)]
    for entry in node.entries:
        renamed = successor.properties.get(entry.key.text)
        if renamed is not None and entry.given:
            edits.append(Edit(entry.key.range, renamed))
    return Fix(f"Replace by {successor.type}", tuple(edits))


def property_fix(node: MapNode, entry: Entry) -> Fix | None:
    """Replace a deprecated property of an object; None when a person has to decide."""
    make = _FIXES.get(entry.key.text)
    return make(node, entry) if make is not None and entry.given else None


def _schedule_conditions(node: MapNode, entry: Entry) -> Fix | None:
    if node.get("conditions") is not None:
        return None
    return Fix("Replace by conditions", (Edit(entry.key.range, "conditions"),))


def _prefix(node: MapNode, entry: Entry) -> Fix | None:
    value = entry.value
    if not isinstance(value, ScalarNode) or value.text != "true" or node.get("comparison") is not None:
        return None
    return Fix("Replace by comparison: PREFIX", (Edit(_whole(entry), "comparison: PREFIX"),))


def _runner(node: MapNode, entry: Entry) -> Fix | None:
    """Only in a block map, where the new lines can be indented, and only when no options of the old kind remain."""
    value = entry.value
    types = {"PROCESS": _CORE + "runner.Process", "DOCKER": "io.kestra.plugin.scripts.runner.docker.Docker"}
    others = ("taskRunner", "docker", "dockerOptions")
    if not isinstance(value, ScalarNode) or value.text not in types or any(node.get(name) for name in others):
        return None
    if len(node.entries) > 1 and len({each.key.line for each in node.entries}) == 1:
        return None
    text = f"taskRunner:\n{' ' * (entry.key.column + 2)}type: {types[value.text]}"
    return Fix("Replace by taskRunner", (Edit(_whole(entry), text),))


_FIXES: Mapping[str, Callable[[MapNode, Entry], Fix | None]] = {
    "scheduleConditions": _schedule_conditions, "prefix": _prefix, "runner": _runner,
}  # fmt: skip


def _whole(entry: Entry) -> Range:
    key, value = entry.key, entry.value
    return Range(key.line, key.column, value.end_line, value.end_column)
