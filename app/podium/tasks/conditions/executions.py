"""Conditions on an execution of another flow, or on the execution that ended."""

from collections.abc import Mapping
from typing import Any, Literal

from podium.model.grammar import State
from podium.model.properties import Expression, prop
from podium.model.schema import Example
from podium.plugin.task import ConditionContext, ConditionType, TaskError

_PREFIX = "io.kestra.plugin.core.condition."
_OLD = "io.kestra.core.models.conditions.types."


def _aliases(name: str) -> tuple[str, str]:
    return (f"{_OLD}{name}Condition", f"{_PREFIX}{name}Condition")


def _part(ctx: ConditionContext, name: str) -> Mapping[str, Any]:
    """`execution` or `flow` of the execution that is looked at; raises TaskError where there is none."""
    found = ctx.variables.get(name)
    if not isinstance(found, Mapping) or "execution" not in ctx.variables:
        raise TaskError("Invalid condition with null execution: it has a meaning for Flow triggers and listeners only.")
    return found


def _state(ctx: ConditionContext) -> str:
    return str(_part(ctx, "execution").get("state") or "")


def truthy_text(value: Any) -> bool:
    """Whether a rendered expression of a condition holds: neither blank nor `false`."""
    text = "" if value is None else str(value).strip()
    return bool(text) and text != "false"


class ExecutionFlow(ConditionType):
    """True for executions of one flow."""

    type = _PREFIX + "ExecutionFlow"
    title = "For executions of one flow."
    aliases = _aliases("ExecutionFlow")
    examples = (Example("Of one flow", f"type: {_PREFIX}ExecutionFlow\nnamespace: company.team\nflowId: load"),)

    namespace: str = prop(required=True, doc="The namespace of the flow.")
    flowId: str = prop(required=True, doc="The id of the flow.")

    def holds(self, ctx: ConditionContext) -> bool:
        flow = _part(ctx, "flow")
        return flow.get("namespace") == self.namespace and flow.get("id") == self.flowId


class ExecutionNamespace(ConditionType):
    """True for executions of the flows of a namespace."""

    type = _PREFIX + "ExecutionNamespace"
    title = "For executions in a namespace."
    aliases = _aliases("ExecutionNamespace")
    examples = (
        Example("In it and below", f"type: {_PREFIX}ExecutionNamespace\nnamespace: company\ncomparison: PREFIX"),
    )  # fmt: skip

    namespace: str = prop(required=True, doc="The namespace, or a part of it.")
    comparison: Literal["EQUALS", "PREFIX", "SUFFIX"] | None = prop(doc="How it is compared; EQUALS when absent.")
    prefix: bool = prop(default=False, deprecated="use `comparison: PREFIX`", doc="Compare the beginning.")

    def holds(self, ctx: ConditionContext) -> bool:
        namespace = str(_part(ctx, "flow").get("namespace") or "")
        comparison = self.comparison or ("PREFIX" if self.prefix else "EQUALS")
        if comparison == "PREFIX":
            return namespace.startswith(self.namespace)
        return namespace.endswith(self.namespace) if comparison == "SUFFIX" else namespace == self.namespace


class ExecutionStatus(ConditionType):
    """True for executions in one of some states."""

    type = _PREFIX + "ExecutionStatus"
    title = "For executions in a state."
    aliases = _aliases("ExecutionStatus")
    examples = (Example("Failures", f"type: {_PREFIX}ExecutionStatus\nin:\n  - FAILED\n  - WARNING"),)

    in_: list[State] | None = prop(name="in", doc="The state must be one of these.")
    notIn: list[State] | None = prop(doc="The state must be none of these.")

    def holds(self, ctx: ConditionContext) -> bool:
        return _among(_state(ctx), self.in_, self.notIn)


class HasRetryAttempt(ConditionType):
    """True when a task was tried more than once and one of its attempts ended in one of some states."""

    type = _PREFIX + "HasRetryAttempt"
    title = "For executions in which a task was retried."
    aliases = _aliases("HasRetryAttempt")
    examples = (Example("A failed attempt", f"type: {_PREFIX}HasRetryAttempt\nin:\n  - FAILED"),)

    in_: list[State] | None = prop(name="in", doc="The state of the attempt must be one of these.")
    notIn: list[State] | None = prop(doc="The state of the attempt must be none of these.")

    def holds(self, ctx: ConditionContext) -> bool:
        _part(ctx, "execution")
        for taskrun in ctx.variables.get("taskruns") or ():
            states = [str(attempt["state"]["current"]) for attempt in taskrun.get("attempts") or ()]
            if len(states) > 1 and any(_among(state, self.in_, self.notIn) for state in states):
                return True
        return False


class ExecutionLabels(ConditionType):
    """True for executions that have all of some labels."""

    type = _PREFIX + "ExecutionLabels"
    title = "For executions with labels."
    aliases = _aliases("ExecutionLabels")
    examples = (Example("Of one owner", f"type: {_PREFIX}ExecutionLabels\nlabels:\n  owner: ada"),)

    labels: Any = prop(required=True, doc="The labels: a map, or a list of `key` and `value`.")

    def holds(self, ctx: ConditionContext) -> bool:
        _part(ctx, "execution")
        present = ctx.variables.get("labels") or {}
        return all(_label(present, key) == value for key, value in _pairs(self.labels))


class ExecutionOutputs(ConditionType):
    """True when an expression over the outputs of the flow, `trigger.outputs`, holds."""

    type = _PREFIX + "ExecutionOutputs"
    title = "For executions whose outputs fit."
    aliases = _aliases("ExecutionOutputs")
    examples = (
        Example("Many rows", f'type: {_PREFIX}ExecutionOutputs\nexpression: "{{{{ trigger.outputs.rows > 100 }}}}"'),
    )  # fmt: skip

    expression: Expression = prop(required=True, doc="Neither blank nor `false` when the condition holds.")

    def holds(self, ctx: ConditionContext) -> bool:
        trigger = ctx.variables.get("trigger")
        outputs = trigger.get("outputs") if isinstance(trigger, Mapping) else None
        return bool(outputs) and truthy_text(ctx.render(self.expression))


class _Listening(ConditionType):
    def flow(self, ctx: ConditionContext) -> Mapping[str, Any]:
        found = ctx.variables.get("listeningFlow") or ctx.variables.get("flow")
        return found if isinstance(found, Mapping) else {}


class FlowCondition(_Listening):
    """True when the flow that has the trigger is the given one."""

    type = _PREFIX + "FlowCondition"
    title = "When the listening flow is a certain one."
    aliases = (_OLD + "FlowCondition",)
    deprecated = "use ExecutionFlow"
    examples = (Example("One flow", f"type: {_PREFIX}FlowCondition\nnamespace: company.team\nflowId: report"),)

    namespace: str = prop(required=True, doc="The namespace of the flow.")
    flowId: str = prop(required=True, doc="The id of the flow.")

    def holds(self, ctx: ConditionContext) -> bool:
        flow = self.flow(ctx)
        return flow.get("namespace") == self.namespace and flow.get("id") == self.flowId


class FlowNamespaceCondition(_Listening):
    """True when the flow that has the trigger is in the given namespace."""

    type = _PREFIX + "FlowNamespaceCondition"
    title = "When the listening flow is in a namespace."
    aliases = (_OLD + "FlowNamespaceCondition",)
    deprecated = "use ExecutionNamespace"
    examples = (Example("Below it", f"type: {_PREFIX}FlowNamespaceCondition\nnamespace: company\nprefix: true"),)

    namespace: str = prop(required=True, doc="The namespace.")
    prefix: bool = prop(default=False, doc="Compare the beginning.")

    def holds(self, ctx: ConditionContext) -> bool:
        namespace = str(self.flow(ctx).get("namespace") or "")
        return namespace.startswith(self.namespace) if self.prefix else namespace == self.namespace


def _among(state: str, wanted: list[State] | None, unwanted: list[State] | None) -> bool:
    return (wanted is None or state in wanted) and (unwanted is None or state not in unwanted)


def _pairs(labels: Any) -> list[tuple[str, str]]:
    if isinstance(labels, Mapping):
        return [(str(key), _text(value)) for key, value in labels.items()]
    if isinstance(labels, list | tuple):
        return [(str(each["key"]), _text(each["value"])) for each in labels if isinstance(each, Mapping)]
    raise TaskError("The property `labels` of a condition is a map, or a list of `key` and `value`.")


def _label(labels: Any, key: str) -> str | None:
    """A label; keys with dots are nested in the variables."""
    found = labels
    for part in key.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return None if found is None else _text(found)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
