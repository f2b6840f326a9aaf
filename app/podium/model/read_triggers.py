"""Reading triggers and conditions (semantics 9)."""

from typing import Any

from podium.model.flow import Condition, Trigger
from podium.model.grammar import TRIGGER
from podium.model.ids import PLAIN, check_id
from podium.model.labels import read_labels
from podium.model.marked_yaml import MapNode, Node
from podium.model.reading import Reader, extra_values
from podium.model.shapes import shape_of_type

_COMMON = frozenset(decl.name for decl in TRIGGER)
_SIMPLE = frozenset(("description", "disabled", "when", "stopAfter", "logLevel", "inputs"))
_KEPT = ("allowConcurrent", "failOnTriggerError", "logToFile")
"""Common properties without a field of their own; they are kept among the properties."""
_FLOW_TRIGGER = "io.kestra.plugin.core.trigger.Flow"
_WEBHOOK = "io.kestra.plugin.core.trigger.Webhook"
_MULTIPLE = "io.kestra.plugin.core.condition.MultipleCondition"


class TriggerReader:
    """Reads the triggers of a flow; `seen` collects their ids."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.seen: list[tuple[str, Node, str]] = []
        self.preconditions: list[tuple[str, Node, str]] = []
        reader.polymorphic["condition"] = self.condition

    def triggers(self, node: Node | None, path: str) -> tuple[Trigger, ...]:
        """A list of triggers."""
        items = self._reader.items_of(node, path, "the triggers")
        read = (self.trigger(item, f"{path}[{index}]") for index, item in enumerate(items))
        return tuple(trigger for trigger in read if trigger is not None)

    def trigger(self, node: Node, path: str) -> Trigger | None:
        """One trigger; None after reporting that it has no id or no known type."""
        reader = self._reader
        given = reader.map_of(node, path, "a trigger")
        if given is None:
            return None
        decl = reader.types.find(given, "trigger", path)
        if decl is None or (decl.family != "trigger" and decl.local):
            return None
        shape = shape_of_type(decl)
        found = reader.found(given, shape, path)
        trigger_id = None
        if "id" in found:
            trigger_id = check_id(found["id"][1].value, PLAIN, f"{path}.id", reader.findings)
        if trigger_id is not None:
            self.seen.append((trigger_id, found["id"][1].value, path))
        common = reader.values({name: pair for name, pair in found.items() if name in _SIMPLE}, path)
        own = {n: p for n, p in found.items() if n not in _COMMON or n in _KEPT}
        props = reader.values(own, path)
        if decl.open:
            props.update(extra_values(given, shape))
        labels = found["labels"][1].value if "labels" in found else None
        conditions = (
            self.conditions(found["conditions"][1].value, f"{path}.conditions") if "conditions" in found else ()
        )
        reader.check(decl, props, given, path)
        if "preconditions" in found:
            self._precondition(found["preconditions"][1].value, f"{path}.preconditions")
        if trigger_id is None:
            return None
        trigger = Trigger(
            id=trigger_id,
            type=decl.name,
            decl=decl,
            props=props,
            conditions=(*conditions, *props.pop("scheduleConditions", ())),
            when=common.get("when"),
            inputs=common.get("inputs") or {},
            labels=read_labels(labels, f"{path}.labels", reader.findings),
            stop_after=tuple(common.get("stopAfter") or ()),
            disabled=common.get("disabled", False),
            description=common.get("description") or "",
            log_level=common.get("logLevel"),
            range=given.range,
        )
        self._check(trigger, given, path)
        return trigger

    def conditions(self, node: Node, path: str) -> tuple[Condition, ...]:
        """A list of conditions."""
        items = self._reader.items_of(node, path, "the conditions")
        read = (self.condition(item, f"{path}[{index}]") for index, item in enumerate(items))
        return tuple(condition for condition in read if condition is not None)

    def condition(self, node: Node, path: str) -> Condition | None:
        """One condition; None after reporting what is wrong."""
        given = self._reader.map_of(node, path, "a condition")
        decl = self._reader.types.find(given, "condition", path) if given is not None else None
        if given is None or decl is None:
            return None
        return Condition(decl.name, decl, self._reader.properties(given, decl, path))

    def _precondition(self, node: Node, path: str) -> None:
        identity = node.get("id") if isinstance(node, MapNode) else None
        if identity is not None:
            name = check_id(identity, PLAIN, f"{path}.id", self._reader.findings)
            if name is not None:
                self.preconditions.append((name, identity, path))

    def _check(self, trigger: Trigger, node: MapNode, path: str) -> None:
        if trigger.type == _WEBHOOK and any(c.type == _MULTIPLE for c in trigger.conditions):
            message = (
                "invalid webhook: conditions of type MultipleCondition are not supported. "
                "Use a Flow trigger for what depends on other flows."
            )
            self._reader.findings.add("webhook-condition", message, node.get("conditions") or node, path)
        guarded: tuple[Any, ...] = (
            trigger.conditions, trigger.when, trigger.props.get("preconditions"), trigger.props.get("dependsOn"),
        )  # fmt: skip
        if trigger.type == _FLOW_TRIGGER and not any(guarded):
            message = (
                "This flow will be triggered for EVERY execution of EVERY flow on your instance. "
                f"We recommend adding the preconditions property to the Flow trigger '{trigger.id}'."
            )
            self._reader.findings.add("every-execution", message, node.get("type") or node, path)
