"""The Flow trigger: executions by executions of other flows (semantics 9.6)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from podium.model.grammar import State
from podium.model.properties import Expression, Properties, prop
from podium.model.schema import Example, Problem
from podium.plugin.task import TriggerType
from podium.tasks.triggers.windows import TimeWindow, window_problems


@dataclass
class FlowOutputs:
    """The execution that ended."""

    executionId: str = field(metadata={"doc": "Its id."})
    namespace: str = field(metadata={"doc": "The namespace of its flow."})
    flowId: str = field(metadata={"doc": "The id of its flow."})
    flowRevision: int = field(metadata={"doc": "The revision of its flow."})
    state: str = field(metadata={"doc": "Its state."})
    outputs: dict[str, Any] = field(metadata={"doc": "The outputs of its flow."})


class UpstreamFlow(Properties):
    """A flow to wait for."""

    namespace: str = prop(required=True, dynamic=False, doc="The namespace of the flow.")
    flowId: str | None = prop(dynamic=False, doc="The id of the flow; any flow of the namespace when absent.")
    states: list[State] | None = prop(dynamic=False, doc="The states that count: SUCCESS, WARNING and PAUSED.")
    labels: Any = prop(dynamic=False, doc="Labels that the execution must have.")


class Filter(Properties):
    """A condition on one field of an execution."""

    field: Literal["FLOW_ID", "NAMESPACE", "STATE", "EXPRESSION"] = prop(
        required=True, dynamic=False, doc="What is looked at."
    )
    type: Literal[
        "EQUAL_TO", "NOT_EQUAL_TO", "IN", "NOT_IN", "IS_TRUE", "IS_FALSE", "IS_NULL", "IS_NOT_NULL",
        "STARTS_WITH", "ENDS_WITH", "REGEX", "CONTAINS",
    ] = prop(required=True, dynamic=False, doc="How it is compared.")  # fmt: skip
    value: Expression = prop(doc="What it is compared with; for EXPRESSION the expression itself.")
    values: list[str] | None = prop(dynamic=False, doc="What it is compared with, for IN and NOT_IN.")


class Where(Properties):
    """Filters that an execution must pass."""

    id: str = prop(required=True, dynamic=False, doc="The name of the group.")
    operand: Literal["AND", "OR"] = prop(default="AND", dynamic=False, doc="Whether all filters must hold, or one.")
    filters: list[Filter] | None = prop(required=True, dynamic=False, doc="The filters.")


class Preconditions(Properties):
    """Executions that must all have been seen within a window of time."""

    id: str = prop(required=True, dynamic=False, doc="The name, under which is kept what was seen.")
    flows: list[UpstreamFlow] | None = prop(dynamic=False, doc="Flows to wait for.")
    where: list[Where] | None = prop(dynamic=False, doc="Groups of filters that an execution must pass.")
    timeWindow: TimeWindow | None = prop(dynamic=False, doc="In which time; a day when absent.")
    resetOnSuccess: bool = prop(default=True, dynamic=False, doc="Forget what was seen once the flow was started.")


class Dependency(Properties):
    """A flow to wait for (2.0)."""

    flowId: str | None = prop(dynamic=False, doc="The id of the flow; any flow of the namespace when absent.")
    namespace: str | None = prop(dynamic=False, doc="The namespace of the flow; that of this flow when absent.")
    states: list[State] | None = prop(dynamic=False, doc="The states that count: SUCCESS and WARNING when absent.")
    labels: Any = prop(dynamic=False, doc="Labels that the execution must have.")
    when: Expression = prop(doc="A condition over namespace, flowId, state, labels, outputs and hasRetryAttempt.")


class Window(Properties):
    """The time in which all flows must have run (2.0): one of `deadline`, `from` and `to`, `every`, `lookback`."""

    deadline: str | None = prop(dynamic=False, format="time", doc="From midnight to this time of day.")
    from_: str | None = prop(name="from", dynamic=False, format="time", doc="Between this time of day and `to`.")
    to: str | None = prop(dynamic=False, format="time", doc="The end for `from`.")
    every: timedelta | None = prop(dynamic=False, doc="Windows of this length, one after the other.")
    offset: timedelta | None = prop(dynamic=False, doc="Moves the windows of `every`.")
    lookback: timedelta | None = prop(dynamic=False, doc="This long, from the first match.")
    fireOnce: bool = prop(default=False, dynamic=False, doc="Start the flow once per window at the most.")


class OnMiss(Properties):
    """What happens when the window closes before all was seen (2.0)."""

    behavior: Literal["FAIL"] = prop(default="FAIL", dynamic=False, doc="FAIL creates a failed execution.")
    labels: Any = prop(dynamic=False, doc="Labels of that execution.")


class Flow(TriggerType):
    """Starts the flow when an execution of another flow changes its state."""

    type = "io.kestra.plugin.core.trigger.Flow"
    title = "Start a flow after other flows."
    aliases = ("io.kestra.core.models.triggers.types.Flow",)
    outputs = FlowOutputs
    examples = (
        Example(
            "After two flows",
            "id: after_both\ntype: io.kestra.plugin.core.trigger.Flow\npreconditions:\n  id: both\n  flows:\n"
            "    - namespace: company.team\n      flowId: load\n      states: [SUCCESS]\n"
            "    - namespace: company.team\n      flowId: clean\n      states: [SUCCESS]",
        ),
    )

    states: list[State] | None = prop(dynamic=False, doc="The states that count; all final ones when absent.")
    preconditions: Preconditions | None = prop(
        dynamic=False, removed="2.0: use `dependsOn`", doc="Executions that must all have been seen."
    )
    dependsOn: list[Dependency] | None = prop(dynamic=False, since="2.0", doc="Flows to wait for.")
    mode: Literal["ALL", "ANY", "AT_LEAST"] = prop(
        default="ALL", dynamic=False, since="2.0", doc="How many of `dependsOn` must have run."
    )
    minSatisfied: int | None = prop(dynamic=False, since="2.0", doc="How many for AT_LEAST.")
    window: Window | None = prop(dynamic=False, since="2.0", doc="In which time.")
    onMiss: OnMiss | None = prop(dynamic=False, since="2.0", doc="What happens when the window closes unsatisfied.")

    @classmethod
    def check(cls, values: Mapping[str, Any]) -> Iterable[Problem]:
        """Filters have the values their type needs, windows the bounds of theirs."""
        preconditions = values.get("preconditions")
        if isinstance(preconditions, Mapping):
            for group, where in enumerate(preconditions.get("where") or ()):
                for number, each in enumerate(where.get("filters") or ()):
                    yield from _filter(each, ("preconditions", "where", group, "filters", number))
            yield from window_problems(preconditions.get("timeWindow"), ("preconditions", "timeWindow"))
        yield from _newer(values)


def _filter(values: Mapping[str, Any], path: tuple[str | int, ...]) -> Iterable[Problem]:
    kind = values.get("type")
    if kind is None:
        return
    several = kind in ("IN", "NOT_IN")
    wanted, other = ("values", "value") if several else ("value", "values")
    lacking, spare = values.get(wanted) is None, values.get(other) is not None
    # One mistake, one problem: what a server says of it.
    if spare and (several or not lacking):
        rest = f"`{wanted}` cannot be null for type {kind}" if lacking else f"use `{wanted}`"
        yield Problem(f"`{other}` must be null for type {kind}; {rest}.", (*path, other), "condition-filter")
    elif lacking:
        place = other if spare else "type"
        yield Problem(f"`{wanted}` cannot be null for type {kind}.", (*path, place), "condition-filter")


def _newer(values: Mapping[str, Any]) -> Iterable[Problem]:
    mode = values.get("mode")
    if mode == "AT_LEAST" and values.get("minSatisfied") is None:
        yield Problem("mode AT_LEAST needs `minSatisfied`.", ("mode",))
    if mode != "AT_LEAST" and values.get("minSatisfied") is not None:
        yield Problem("only mode AT_LEAST has it. Delete it, or set `mode: AT_LEAST`.", ("minSatisfied",))
    window = values.get("window")
    if not isinstance(window, Mapping):
        return
    kinds = [name for name in ("deadline", "from", "every", "lookback") if window.get(name) is not None]
    if len(kinds) != 1:
        message = "exactly one of `deadline`, `from` with `to`, `every` and `lookback` is needed."
        yield Problem(message, ("window",), "time-window")
    if (window.get("from") is None) != (window.get("to") is None):
        yield Problem("`from` and `to` belong together.", ("window",), "time-window")
    if window.get("offset") is not None and window.get("every") is None:
        yield Problem("`offset` moves the windows of `every`, which is not set.", ("window", "offset"), "time-window")
