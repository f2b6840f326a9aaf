"""What a trigger that fires starts: variables, inputs and labels of the execution (semantics 9.1, 9.9)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from podium.base.masking import Masker
from podium.engine.variables import flow_seen, nested_labels, trigger_seen
from podium.expressions.errors import ExpressionError
from podium.expressions.render import render, render_typed, truthy
from podium.model.flow import Condition, Flow, Trigger
from podium.model.inputs import nested
from podium.plugin.registry import Registry
from podium.plugin.task import TaskError
from podium.runtime.services import RuntimeServices
from podium.runtime.surroundings import surroundings
from podium.store.stores import Stores


@dataclass(frozen=True, slots=True)
class Firing:
    """An execution that a trigger wants; `error` says why it must be created as FAILED at once."""

    flow: Flow
    trigger: Trigger
    variables: Mapping[str, Any]
    inputs: Mapping[str, Any] = field(default_factory=dict)
    labels: Sequence[tuple[str, str]] = ()
    error: str | None = None
    warnings: Sequence[str] = ()
    """What the execution's log says at its beginning."""
    upstream: Sequence[str] = ()
    """The executions whose outputs it has seen, of a Flow trigger: what was secret there stays so."""
    status: int = 200
    """The HTTP status of the answer, of a webhook."""

    @property
    def origin(self) -> dict[str, Any]:
        """What the execution keeps about its trigger."""
        return {"id": self.trigger.id, "type": self.trigger.type, "variables": dict(self.variables)}


class TriggerContext:
    """Renders and tests what one trigger of one flow says."""

    def __init__(self, stores: Stores, registry: Registry, flow: Flow, trigger: Trigger) -> None:
        self.flow = flow
        self.trigger = trigger
        self.warnings: list[str] = []
        """What could not be rendered and is left out."""
        self._registry = registry
        self._services = RuntimeServices(stores, flow.namespace, flow.id, Masker())
        self._base = {
            **surroundings(stores, flow.namespace),
            "flow": flow_seen(flow.id, flow.namespace, flow.revision),
            "vars": dict(flow.variables),
            "labels": nested_labels(flow.labels),
            "inputs": nested({one.id: one.defaults for one in flow.inputs if one.defaults is not None})[0],
        }

    def variables(self, trigger: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The expression context with these variables of the trigger."""
        return {**self._base, "trigger": dict(trigger), **(more or {})}

    def render(self, value: Any, variables: Mapping[str, Any]) -> Any:
        """Every text inside rendered; raises ExpressionError."""
        return render(value, self._seen(variables), self._services, dialect=self.flow.dialect)

    def _seen(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        trigger = {"id": self.trigger.id, "type": self.trigger.type, "variables": variables.get("trigger")}
        return {**variables, "trigger": trigger_seen(trigger)}

    def holds(self, condition: Condition, variables: Mapping[str, Any]) -> bool:
        """Whether one condition is true; raises TaskError or ExpressionError."""
        return self._registry.holds(condition, variables, self.render)

    def all_hold(self, variables: Mapping[str, Any]) -> bool:
        """Whether all conditions and `when` are true; raises TaskError or ExpressionError."""
        trigger = self.trigger
        conditions: list[Condition] = [*trigger.conditions, *(trigger.props.get("scheduleConditions") or ())]
        if not all(self.holds(condition, variables) for condition in conditions):
            return False
        return trigger.when is None or truthy(self.render(trigger.when, variables))

    def inputs(self, variables: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The inputs that the trigger gives, those of `more` last; raises ExpressionError."""
        rendered = render_typed(
            dict(self.trigger.inputs), self._seen(variables), self._services, dialect=self.flow.dialect
        )  # fmt: skip
        return {**rendered, **(more or {})}

    def labels(self, variables: Mapping[str, Any], more: Any = None) -> list[tuple[str, str]]:
        """Its labels; one that cannot be rendered is left out, null becomes an empty text.

        Those of `more` (a map, or a list of `key` and `value`) come last.
        """
        pairs = more.items() if isinstance(more, Mapping) else [(one["key"], one["value"]) for one in more or ()]
        made: list[tuple[str, str]] = []
        self.warnings = []
        for key, value in (*self.trigger.labels, *pairs):
            try:
                rendered = self.render(value, variables)
            except ExpressionError as error:
                self.warnings.append(f"Failed to render label '{key}', it will be omitted: {error}")
                continue
            made.append((key, "" if rendered is None else str(rendered)))
        return made


PROBLEMS = (ExpressionError, TaskError)
"""What evaluating the expressions of a trigger may raise."""
