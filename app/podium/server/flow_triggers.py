"""Flow triggers: which flows an execution starts by what has become of it (semantics 9.6)."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from podium.base.clock import Clock
from podium.engine.execution import Execution
from podium.engine.plan import Plan
from podium.engine.states import TERMINAL
from podium.engine.variables import Variables
from podium.expressions.render import truthy
from podium.model.flow import Condition, Flow, Trigger
from podium.plugin.registry import Registry
from podium.runtime.services import zone_of_settings
from podium.runtime.surroundings import surroundings
from podium.server.firing import PROBLEMS, Firing, TriggerContext
from podium.server.windows import Window, end_after, window_at, window_of_dependencies
from podium.store.stores import Stores
from podium.store.trigger_states import TriggerState

FLOW_TRIGGER = "io.kestra.plugin.core.trigger.Flow"
_MULTIPLE = "io.kestra.plugin.core.condition.MultipleCondition"
_WINDOWS = "windows"
_WATCH = "watch"
"""Until when all must have been seen, of a trigger with `onMiss`, and whether it was."""
_DEPENDENCIES = "dependsOn"
_UPSTREAM_STATES = ("SUCCESS", "WARNING", "PAUSED")
_DEPENDENCY_STATES = ("SUCCESS", "WARNING")

Warn = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class StateChange:
    """An execution has come into a state; `flow` is the flow as it ran."""

    execution: Execution
    state: str
    flow: Flow


class FlowTriggers:
    """Evaluates the Flow triggers of a workspace. Windows are kept with the state of their trigger."""

    def __init__(self, stores: Stores, registry: Registry, clock: Clock, warn: Warn) -> None:
        self._stores = stores
        self._registry = registry
        self._clock = clock
        self._warn = warn

    def firings(self, change: StateChange, flows: Iterable[Flow]) -> Iterator[Firing]:
        """What the change starts, flow by flow. A flow never starts itself; creation is no change."""
        if change.state == "CREATED":
            return
        for flow in flows:
            same = flow.id == change.execution.flow_id and flow.namespace == change.execution.namespace
            if same or flow.disabled:
                continue
            for trigger in flow.triggers:
                if trigger.type == FLOW_TRIGGER and not trigger.disabled:
                    firing = self._firing(change, flow, trigger)
                    if firing is not None:
                        yield firing

    def _firing(self, change: StateChange, flow: Flow, trigger: Trigger) -> Firing | None:
        state = self._stores.triggers.get(flow.namespace, flow.id, trigger.id)
        if state is not None and state.disabled:
            return None
        states = trigger.props.get("states") or (None if trigger.props.get("dependsOn") else TERMINAL)
        if states is not None and change.state not in states:
            return None
        context = TriggerContext(self._stores, self._registry, flow, trigger)
        variables = self._variables(change, flow)
        if not self._conditions_hold(context, trigger, variables):
            return None
        executions = self._collected(change, context, state, variables)
        if executions is None:
            return None
        if trigger.props.get("dependsOn"):
            variables["trigger"]["outputs"] = self._outputs(change.execution, executions)
        upstream = tuple(executions.values())
        try:
            inputs = context.inputs(variables)
        except PROBLEMS as error:
            if flow.dialect == "2.x":
                return Firing(flow, trigger, variables["trigger"], error=str(error), upstream=upstream)
            self._warn(f"The trigger `{trigger.id}` of {flow.namespace}.{flow.id} does not start it: {error}")
            return None
        return Firing(
            flow, trigger, variables["trigger"], inputs, context.labels(variables), warnings=context.warnings,
            upstream=upstream,
        )  # fmt: skip

    def _outputs(self, last: Execution, executions: Mapping[str, str]) -> dict[str, Any]:
        """The outputs of all that was waited for, by flow; of one alone also without the name of its flow."""
        found: dict[str, Any] = {}
        for flow_id, execution_id in executions.items():
            if execution_id == last.id:
                found[flow_id] = dict(last.outputs or {})
                continue
            record = self._stores.record(execution_id)
            if record.exists():
                found[flow_id] = dict(record.load(clear=True).execution.outputs or {})
        return {**dict(last.outputs or {}), **found} if len(executions) == 1 else found

    def _variables(self, change: StateChange, listening: Flow) -> dict[str, Any]:
        upstream = change.execution
        seen = Variables(Plan(change.flow), upstream, surroundings(self._stores, listening.namespace)).of_execution()
        trigger: dict[str, Any] = {
            "executionId": upstream.id, "namespace": upstream.namespace, "flowId": upstream.flow_id,
            "flowRevision": upstream.revision, "state": change.state,
        }  # fmt: skip
        if upstream.outputs is not None:
            trigger["outputs"] = dict(upstream.outputs)
        seen["execution"]["state"] = change.state
        seen["trigger"] = trigger
        seen["taskruns"] = [
            {"taskId": run.task_id, "attempts": [{"state": {"current": each.state}} for each in run.attempts]}
            for run in upstream.taskruns.values()
        ]
        seen["listeningFlow"] = {"id": listening.id, "namespace": listening.namespace}
        return seen

    def _conditions_hold(self, context: TriggerContext, trigger: Trigger, variables: Mapping[str, Any]) -> bool:
        single = [condition for condition in trigger.conditions if condition.type != _MULTIPLE]
        if not all(self._holds(context, condition, variables) for condition in single):
            return False
        return trigger.when is None or self._when(context, trigger.when, variables)

    def _when(self, context: TriggerContext, when: str, variables: Mapping[str, Any]) -> bool:
        try:
            return truthy(context.render(when, variables))
        except PROBLEMS as error:
            self._warn(f"A `when` of the trigger `{context.trigger.id}` cannot be evaluated: {error}")
            return False

    def _holds(self, context: TriggerContext, condition: Condition, variables: Mapping[str, Any]) -> bool:
        try:
            return context.holds(condition, variables)
        except PROBLEMS as error:
            self._warn(f"Evaluate Condition Failed with error '{error}' (trigger `{context.trigger.id}`)")
            return False

    # -- several executions ------------------------------------------------------------------------------------

    def _collected(
        self, change: StateChange, context: TriggerContext, state: TriggerState | None, variables: Mapping[str, Any]
    ) -> dict[str, str] | None:
        """The executions that the trigger has waited for, by flow, when it has seen all of them in its window, this
        change included; None before that.
        """
        last = {change.execution.flow_id: change.execution.id}
        groups = list(self._groups(change, context, variables))
        if not groups:
            return last
        trigger, flow = context.trigger, context.flow
        known = state or TriggerState(flow.namespace, flow.id, trigger.id)
        windows = dict(known.extra.get(_WINDOWS) or {})
        now = self._clock.now().astimezone(zone_of_settings(self._stores.settings))
        complete = True
        for group in groups:
            complete &= group.collect(windows, now, change.execution)
        executions = {
            name: one for group in groups for name, one in windows.get(group.id, {}).get("executions", {}).items()
        }
        extra = {**known.extra, _WINDOWS: windows}
        if complete:
            for group in groups:
                if group.once:
                    windows[group.id]["fired"] = True
                elif group.reset:
                    windows.pop(group.id, None)
            if extra.get(_WATCH):
                extra[_WATCH] = {**extra[_WATCH], "satisfied": True}
        if extra != {_WINDOWS: {}, **known.extra}:
            self._stores.triggers.save(replace(known, extra=extra))
        return {**executions, **last} if complete else None

    def missed(self, flows: Iterable[Flow]) -> Iterator[Firing]:
        """A failed execution for every window with `onMiss` that has closed before all was seen."""
        for flow in flows:
            for trigger in () if flow.disabled else flow.triggers:
                if trigger.type == FLOW_TRIGGER and not trigger.disabled and trigger.props.get("onMiss"):
                    missed = self._missed(flow, trigger)
                    if missed is not None:
                        yield missed

    def _missed(self, flow: Flow, trigger: Trigger) -> Firing | None:
        key = (flow.namespace, flow.id, trigger.id)
        state = self._stores.triggers.get(*key) or TriggerState(*key)
        now = self._clock.now().astimezone(zone_of_settings(self._stores.settings))
        spec = window_of_dependencies(trigger.props.get("window"))
        windows = dict(state.extra.get(_WINDOWS) or {})
        if spec is not None and spec["type"] == "SLIDING_WINDOW":
            # It begins with the first execution that counts: without one nothing is missed.
            kept = Window.from_json(windows[_DEPENDENCIES]) if _DEPENDENCIES in windows else None
            if state.disabled or kept is None or now <= kept.end:
                return None
            windows.pop(_DEPENDENCIES)
            end, satisfied, watch = kept.end, kept.fired, None
        else:
            before = state.extra.get(_WATCH)
            if state.disabled or (before is not None and now <= datetime.fromisoformat(before["end"])):
                return None
            end = datetime.fromisoformat(before["end"]) if before else now
            satisfied = before is None or bool(before["satisfied"])
            watch = {"end": end_after(spec, now).isoformat(), "satisfied": False}
        self._stores.triggers.save(replace(state, extra={**state.extra, _WINDOWS: windows, _WATCH: watch}))
        if satisfied:
            return None
        context = TriggerContext(self._stores, self._registry, flow, trigger)
        labels = context.labels(context.variables({}), (trigger.props["onMiss"] or {}).get("labels"))
        names = ", ".join(str(one.get("flowId") or one.get("namespace")) for one in trigger.props["dependsOn"] or ())
        error = (
            f"The window of the trigger `{trigger.id}` closed at {end.isoformat()}, and not all was seen of: {names}"
        )
        return Firing(flow, trigger, {}, labels=labels, error=error, warnings=context.warnings)

    def _groups(
        self, change: StateChange, context: TriggerContext, variables: Mapping[str, Any]
    ) -> Iterator["_Group"]:  # fmt: skip
        trigger = context.trigger
        for condition in trigger.conditions:
            if condition.type == _MULTIPLE:
                inner: Mapping[str, Condition] = condition.props.get("conditions") or {}
                found = {name: self._holds(context, one, variables) for name, one in inner.items()}
                spec = condition.props.get("timeWindow") or {
                    key: condition.props[key] for key in ("window", "windowAdvance") if condition.props.get(key)
                }
                yield _Group(str(condition.props["id"]), found, spec, _flag(condition.props.get("resetOnSuccess")))
        preconditions = trigger.props.get("preconditions")
        if preconditions:
            found = {
                f"flows[{at}]": _matches(change, one, context.flow, _UPSTREAM_STATES)
                for at, one in enumerate(preconditions.get("flows") or ())
            }
            for where in preconditions.get("where") or ():
                found[str(where["id"])] = self._passes(change, context, where, variables)
            reset = _flag(preconditions.get("resetOnSuccess"))
            yield _Group(str(preconditions["id"]), found, preconditions.get("timeWindow"), reset)
        yield from self._dependencies(change, context, variables)

    def _dependencies(
        self, change: StateChange, context: TriggerContext, variables: Mapping[str, Any]
    ) -> Iterator["_Group"]:  # fmt: skip
        """`dependsOn` of the 2.0 dialect."""
        props = context.trigger.props
        entries: Sequence[Mapping[str, Any]] = props.get("dependsOn") or ()
        if not entries:
            return
        found = {}
        for at, entry in enumerate(entries):
            holds = _matches(change, entry, context.flow, _DEPENDENCY_STATES)
            if holds and entry.get("when"):
                seen = {
                    **variables, "namespace": change.execution.namespace, "flowId": change.execution.flow_id,
                    "state": change.state, "outputs": dict(change.execution.outputs or {}),
                    "hasRetryAttempt": any(len(run.attempts) > 1 for run in change.execution.taskruns.values()),
                }  # fmt: skip
                holds = self._when(context, entry["when"], seen)
            found[f"dependsOn[{at}]"] = holds
        mode = str(props.get("mode") or "ALL")
        least = {"ALL": len(found), "ANY": 1}.get(mode, int(props.get("minSatisfied") or 1))
        window = props.get("window") or {}
        once = str(window.get("fireOnce")).lower() == "true"
        yield _Group(_DEPENDENCIES, found, window_of_dependencies(window or None), True, least, once)

    def _passes(
        self, change: StateChange, context: TriggerContext, where: Mapping[str, Any], variables: Mapping[str, Any]
    ) -> bool:
        results = [self._passes_one(change, context, one, variables) for one in where.get("filters") or ()]
        return any(results) if str(where.get("operand") or "AND") == "OR" else all(results)

    def _passes_one(
        self, change: StateChange, context: TriggerContext, one: Mapping[str, Any], variables: Mapping[str, Any]
    ) -> bool:
        actual = {
            "FLOW_ID": change.execution.flow_id, "NAMESPACE": change.execution.namespace, "STATE": change.state,
        }.get(str(one["field"]), "")  # fmt: skip
        try:
            wanted = context.render(one.get("value"), variables)
            if one["field"] == "EXPRESSION":
                actual, wanted = str(wanted or ""), None
            return _compared(actual, str(one["type"]), wanted, [str(each) for each in one.get("values") or ()])
        except (*PROBLEMS, re.error) as error:
            self._warn(f"A filter of the trigger `{context.trigger.id}` cannot be evaluated: {error}")
            return False


@dataclass(frozen=True, slots=True)
class _Group:
    """Sub-conditions that must all have been true within one window; `least` of them when it is given."""

    id: str
    found: Mapping[str, bool]
    window: Mapping[str, Any] | None
    reset: bool
    least: int | None = None
    once: bool = False

    def collect(self, windows: dict[str, Any], now: datetime, execution: Execution) -> bool:
        """Put what is true now into the window; whether that makes it complete."""
        kept = Window.from_json(windows[self.id]) if self.id in windows else None
        if kept is None or now > kept.end:
            kept = window_at(self.window, now)
        if not kept.covers(now):
            windows.pop(self.id, None)
            return False
        if kept.fired:
            return False
        merged = kept.with_seen(self.found)
        if any(self.found.values()):
            merged = merged.with_execution(execution.flow_id, execution.id)
        windows[self.id] = merged.to_json()
        if not any(self.found.values()):
            return False
        count = sum(merged.seen.get(key, False) for key in self.found)
        return count >= (len(self.found) if self.least is None else self.least)


def _matches(change: StateChange, wanted: Mapping[str, Any], listening: Flow, default: Sequence[str]) -> bool:
    execution = change.execution
    labels = wanted.get("labels") or {}
    pairs = labels.items() if isinstance(labels, Mapping) else [(one["key"], one["value"]) for one in labels]
    present = dict(execution.labels)
    return (
        execution.namespace == (wanted.get("namespace") or listening.namespace)
        and wanted.get("flowId") in (None, execution.flow_id)
        and change.state in (wanted.get("states") or default)
        and all(present.get(str(key)) == str(value) for key, value in pairs)
    )


def _compared(actual: str, how: str, wanted: Any, values: Sequence[str]) -> bool:
    text = "" if wanted is None else str(wanted)
    truth = actual.strip() not in ("", "false", "0", "-0")
    return {
        "EQUAL_TO": actual == text, "NOT_EQUAL_TO": actual != text, "IN": actual in values,
        "NOT_IN": actual not in values, "IS_TRUE": truth, "IS_FALSE": not truth, "IS_NULL": not actual,
        "IS_NOT_NULL": bool(actual), "STARTS_WITH": actual.startswith(text), "ENDS_WITH": actual.endswith(text),
        "CONTAINS": text in actual, "REGEX": how == "REGEX" and re.fullmatch(text, actual) is not None,
    }[how]  # fmt: skip


def _flag(value: Any) -> bool:
    """A boolean property that is true when absent."""
    return str(value).lower() != "false"
