"""The walk over the tasks of a flow that makes its plan: what is rendered, what is chosen, what is reached."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from podium.base.clock import iso_instant
from podium.base.masking import Masker
from podium.engine.execution import Execution, TaskRun
from podium.engine.flowable import Flowable, FlowableError, Opened, Opening
from podium.engine.plan import Plan
from podium.engine.run import falsy
from podium.engine.variables import Variables, flow_seen, nested_labels, trigger_seen
from podium.expressions.errors import ExpressionError
from podium.expressions.render import render, render_typed
from podium.expressions.values import to_output
from podium.model.flow import Flow, Task
from podium.model.schema import PropKind
from podium.plugin.registry import Registry
from podium.runtime.plan import Fate, Need, PlannedLane, PlannedTask, PlannedValue, program_need
from podium.runtime.surroundings import surroundings
from podium.runtime.unknowns import PartlyKnown, PlanServices, Unknown, is_missing, unknown_in
from podium.store.stores import Stores

_LATE: frozenset[PropKind] = frozenset({"expression"})
_OF_SCRIPTS = ("workingDir", "outputDir", "outputFiles", "inputFiles")
_SIDE_BY_SIDE = (".Parallel", ".Dag", ".EachParallel")
_LOOPS = ("ForEach", "EachSequential", "EachParallel", "ForEachItem", "Loop", "LoopUntil")
_FIXED: dict[str, Fate] = {"errors": "on failure", "finally": "always", "onPause": "runs"}


class Walker:
    """Plans the tasks of one flow, in the order in which they would run."""

    def __init__(
        self, stores: Stores, registry: Registry, flow: Flow, inputs: Mapping[str, Any],
        labels: Sequence[tuple[str, str]], trigger: Mapping[str, Any] | None, masker: Masker,
        earlier: Execution | None,
    ) -> None:  # fmt: skip
        self.problems: list[str] = []
        self._stores = stores
        self._registry = registry
        self._flow = flow
        self._services = PlanServices(stores, flow.namespace, flow.id, masker)
        self._outputs: dict[str, Any] = {}
        self._earlier = {} if earlier is None else Variables(Plan(flow), earlier, {}).outputs
        self._programs: dict[str, Need] = {}
        self._flows: dict[str, Need] = {}
        self._context = surroundings(stores, flow.namespace)
        now = iso_instant(stores.clock.now())
        self._context |= {
            "flow": flow_seen(flow.id, flow.namespace, flow.revision or 1),
            "execution": PartlyKnown({"startDate": now, "state": "RUNNING"}, ["id", "originalId"], "execution"),
            "labels": PartlyKnown(nested_labels([*flow.labels, *labels]), ["system"], "labels"),
            "tasks": Unknown("tasks"),
            "outputs": self._outputs,
        }
        if flow.inputs:
            # What nobody has given yet, or given wrongly, is a problem of its own, and then a value.
            missing = {one.id.split(".")[0] for one in flow.inputs} - inputs.keys()
            self._context["inputs"] = PartlyKnown(inputs, missing, "inputs")
        if flow.variables:
            self._context["vars"] = flow.variables
        if trigger is not None:
            self._context["trigger"] = trigger_seen(trigger)
        elif flow.triggers:
            self._context |= {"trigger": Unknown("trigger"), "schedule": Unknown("schedule")}

    def flow_lanes(self) -> tuple[PlannedLane, ...]:
        """The blocks of the flow."""
        lanes = [self._lane("tasks", "runs", self._flow.tasks, {})]
        for name, fate, tasks in (
            ("errors", "on failure", self._flow.errors), ("finally", "always", self._flow.finally_),
            ("afterExecution", "always", self._flow.after_execution),
        ):  # fmt: skip
            if tasks:
                lanes.append(self._lane(name, cast(Fate, fate), tasks, {}))
        return tuple(lanes)

    def needs(self) -> tuple[Need, ...]:
        """What the planned tasks need, as far as it was come across."""
        found = [
            Need("secret", name, source is not None, f"from {source}" if source else f"not found for {namespace}")
            for (name, namespace), source in self._services.secrets.items()
        ]
        found += [
            Need("key", key, there, f"namespace {namespace}")
            for (key, namespace), there in self._services.key_values.items()
        ]
        return (*found, *self._flows.values(), *self._programs.values())

    def value(
        self, name: str, written: Any, around: Mapping[str, Any] | None = None, late: bool = False
    ) -> PlannedValue:
        """One property or output, rendered if that is possible. `late`: the task renders it with more variables."""
        context = PartlyKnown({**self._context, **(around or {})}, _OF_SCRIPTS)
        try:
            return PlannedValue(name, written, "known", self._render(written, context))
        except ExpressionError as error:
            unknown = unknown_in(error)
            if unknown is not None:
                return self._lent(name, written, context, str(unknown))
            if late and is_missing(error):
                return PlannedValue(name, written, "unknown", reason="the task renders it itself")
            return PlannedValue(name, written, "wrong", reason=str(error))

    def _lent(self, name: str, written: Any, context: Mapping[str, Any], reason: str) -> PlannedValue:
        """The value with the outputs of an earlier execution in the place of those that are not there yet."""
        if self._earlier:
            lent = {
                task: self._earlier.get(task, own) if isinstance(own, Unknown) else own
                for task, own in self._outputs.items()
            }
            try:
                value = self._render(written, PartlyKnown({**context, "outputs": lent}, _OF_SCRIPTS))
            except ExpressionError:
                pass
            else:
                return PlannedValue(name, written, "earlier", value, reason)
        return PlannedValue(name, written, "unknown", reason=reason)

    def _render(self, written: Any, context: Mapping[str, Any]) -> Any:
        return render(written, context, self._services, dialect=self._flow.dialect)

    # ---- tasks ---------------------------------------------------------------------------------------------------

    def _lane(self, name: str, fate: Fate, tasks: Iterable[Task], around: Mapping[str, Any]) -> PlannedLane:
        return PlannedLane(name, fate, tuple(self._task(task, fate, around) for task in tasks))

    def _task(self, task: Task, fate: Fate, around: Mapping[str, Any]) -> PlannedTask:
        if task.disabled or fate == "not chosen":
            return PlannedTask(task.id, task.type, task.decl.local, "disabled" if task.disabled else fate)
        around = self._around(task, around)
        fate, reason = self._wanted(task, fate, around)
        if fate == "skipped":
            return PlannedTask(task.id, task.type, task.decl.local, fate, reason)
        properties = tuple(self._properties(task, around))
        if not task.decl.local:
            self.problems.append(f"{task.id}: `{task.type}` runs on a Kestra server, not here")
        else:
            wrong = [one for one in properties if one.certainty == "wrong"]
            self.problems += [f"{task.id}.{one.name}: {one.reason}" for one in wrong]
        self._need(task, properties)
        self._outputs[task.id] = _outputs(task, fate, properties)
        if task.decl.kind == "flowable" and task.decl.local:
            return self._flowable(task, fate, reason, properties, around)
        return PlannedTask(task.id, task.type, task.decl.local, fate, reason, properties=properties)

    def _around(self, task: Task, around: Mapping[str, Any]) -> dict[str, Any]:
        """What this task sees on top of the flow: itself, and the loops around it."""
        loop = around.get("taskrun", PartlyKnown({}, ()))
        known = {"attemptsCount": 0, **loop}
        taskrun = PartlyKnown(known, {"id", "startDate", "parentId", *loop.unknown}, "taskrun")
        return {**around, "task": {"id": task.id, "type": task.type}, "taskrun": taskrun}

    def _wanted(self, task: Task, fate: Fate, around: Mapping[str, Any]) -> tuple[Fate, str]:
        """What `runIf` makes of the task."""
        if task.run_if is None:
            return fate, ""
        condition = self.value("runIf", task.run_if, around)
        if condition.certainty == "wrong":
            self.problems.append(f"{task.id}.runIf: {condition.reason}")
        if condition.certainty in ("unknown", "wrong"):
            return "may run", f"runIf: {condition.reason}"
        shown = f"runIf is `{to_output(condition.value)}`"
        if falsy(condition.value):
            return "skipped", shown
        return fate, shown

    def _properties(self, task: Task, around: Mapping[str, Any]) -> Iterable[PlannedValue]:
        declared = {prop.name: prop for prop in task.decl.properties}
        for name, written in task.props.items():
            decl = declared.get(name)
            if name == "dependsOn" or (decl is not None and not decl.dynamic):
                continue
            late = decl is not None and (decl.type.kind in _LATE or "expression" in map(_kind, decl.type.options))
            yield self.value(name, written, around, late=late)

    def _need(self, task: Task, properties: Sequence[PlannedValue]) -> None:
        cls = self._registry.implementation(task.type) if task.decl.local else None
        language = getattr(cls, "language", None)
        if language is not None and self._stores.settings.tasks.scripts.containers != "docker-cli":
            self._programs.setdefault(language.program, program_need(language.program))
        named = {one.name: one for one in properties}
        if "flowId" in named and "namespace" in named and task.decl.kind in ("executable", "flowable"):
            self._need_flow(task, named["namespace"], named["flowId"])

    def _need_flow(self, task: Task, namespace: PlannedValue, flow_id: PlannedValue) -> None:
        if "unknown" in (namespace.certainty, flow_id.certainty):
            self._flows[task.id] = Need("flow", f"{namespace.written}.{flow_id.written}", None, "not known yet")
            return
        name = f"{namespace.value}.{flow_id.value}"
        there = any(f"{one.namespace}.{one.id}" == name for one in self._stores.workspace.flow_files())
        self._flows[name] = Need("flow", name, there, "" if there else f"task {task.id} calls it")
        if not there:
            self.problems.append(f"{task.id}: Unable to find flow '{namespace.value}'.'{flow_id.value}'")

    # ---- flowables -----------------------------------------------------------------------------------------------

    def _flowable(
        self, task: Task, fate: Fate, reason: str, properties: tuple[PlannedValue, ...], around: Mapping[str, Any]
    ) -> PlannedTask:
        behaviour = self._registry.flowable(task.type)
        run = TaskRun("planned", task.id, [("RUNNING", self._stores.clock.now())])
        opened, decision = self._opened(task, behaviour, run, around)
        chosen: Sequence[Task] | None = ()
        if opened is not None:
            run.outputs = opened.outputs
            if opened.outputs is not None:
                self._outputs[task.id] = dict(opened.outputs)
            chosen = behaviour.branch(task, run)
            if chosen is None:
                self.problems.append(f"{task.id}: no case matches and there are no `defaults`")
        values = opened.values if opened is not None else None
        inner = self._inside(task, opened, around)
        lanes = []
        for name, tasks in task.children.items():
            lane_fate = _FIXED.get(name) or self._branch_fate(fate, opened, chosen, tasks, values)
            if task.type.endswith(_SIDE_BY_SIDE):
                self._outputs.update({one.id: Unknown(f"outputs.{one.id}") for one in tasks})
            lanes.append(self._lane(name, lane_fate, tasks, inner))
        if _is_loop(task) or fate == "may run" or opened is None:
            self._forget(task)
        return PlannedTask(
            task.id, task.type, True, fate, reason, None if values is None else tuple(values), decision, properties,
            tuple(lanes),
        )  # fmt: skip

    def _opened(
        self, task: Task, behaviour: type[Flowable], run: TaskRun, around: Mapping[str, Any]
    ) -> tuple[Opened | None, str]:
        """What the flowable decides by its own rules, None when that is not known, and in words."""
        context = PartlyKnown({**self._context, **around}, _OF_SCRIPTS)

        def typed(value: Any) -> Any:
            return render_typed(value, context, self._services, dialect=self._flow.dialect)

        try:
            opened = behaviour.open(Opening(task, run, lambda value: self._render(value, context), typed))
        except (FlowableError, ExpressionError) as error:
            unknown = unknown_in(error)
            if unknown is None and not any(problem.endswith(str(error)) for problem in self.problems):
                self.problems.append(f"{task.id}: {error}")
            return None, str(unknown or error)
        return opened, _decision(opened)

    def _branch_fate(
        self, fate: Fate, opened: Opened | None, chosen: Sequence[Task] | None, tasks: Sequence[Task],
        values: Sequence[str] | None,
    ) -> Fate:  # fmt: skip
        if opened is None:
            return "may run"
        if chosen is None or tuple(chosen) != tuple(tasks) or (values is not None and not values):
            return "not chosen"
        return fate

    def _inside(self, task: Task, opened: Opened | None, around: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the children see on top: the first value of a loop, or that there is one which is not known."""
        inner = {**around, "parent": Unknown("parent"), "parents": Unknown("parents")}
        if task.type.endswith(".WorkingDirectory"):
            # Its children stand in its place: they see its own value.
            return {**inner, "workerTaskrun": Unknown("workerTaskrun")}
        if not _is_loop(task):
            return {**inner, "taskrun": PartlyKnown({}, ())}
        if opened is not None and opened.values:
            return {**inner, "taskrun": PartlyKnown({"value": opened.values[0], "iteration": 0}, ())}
        return {**inner, "taskrun": PartlyKnown({}, ("value", "iteration", "items")), "item": Unknown("item")}

    def _forget(self, task: Task) -> None:
        """After a loop, or a branch that may not be taken, nobody knows what its tasks have put out."""
        for below in task.walk():
            if below is not task and below.id in self._outputs:
                self._outputs[below.id] = Unknown(f"outputs.{below.id}")


def _is_loop(task: Task) -> bool:
    return task.type.rpartition(".")[2] in _LOOPS


def _outputs(task: Task, fate: Fate, properties: Sequence[PlannedValue]) -> Any:
    """The outputs of a task that does nothing but render, else something unknown."""
    name = task.type.rpartition(".")[2]
    known = {one.name: one.value for one in properties if one.certainty == "known"}
    if fate in ("runs", "always") and task.decl.local and task.type.startswith("io.kestra.plugin.core."):
        if name == "Return" and "format" in known:
            return {"value": known["format"]}
        if name == "OutputValues" and "values" in known:
            return {"values": known["values"]}
    return Unknown(f"outputs.{task.id}")


def _decision(opened: Opened) -> str:
    outputs = opened.outputs or {}
    if opened.values is not None:
        count = len(opened.values)
        return f"{count} value{'s' if count != 1 else ''}"
    if "evaluationResult" in outputs:
        return f"the condition is {'true' if outputs['evaluationResult'] else 'false'}"
    if "value" in outputs:
        return f"the value is `{outputs['value']}`" + (": no case, the defaults" if outputs.get("defaults") else "")
    return ""


def _kind(option: Any) -> str:
    return str(option.kind)
