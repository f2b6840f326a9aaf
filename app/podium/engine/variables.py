"""The names that expressions see (semantics 5), kept up to date change by change."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from podium.base.clock import iso_instant
from podium.engine.execution import Execution, TaskRun
from podium.engine.plan import Plan
from podium.engine.states import TERMINAL
from podium.model.flow import Task

Reveal = Callable[[Any], Any]

TENANT = "main"
"""The one tenant of a workspace, as on a server without others."""

_PARENTS_BY_TASK = re.compile(r"\bparentOutput\s*\(|\bparents?\b[^\n]*\.task\.id\b")
"""What only servers can answer that show every parent with its task (2.0): whoever asks it, is shown them."""


class Variables:
    """The expression context of one execution.

    `outputs` and `tasks` are live maps that grow with the execution, so making the context of a task run costs the
    same at the first and at the ten-thousandth.
    """

    def __init__(
        self, plan: Plan, execution: Execution, surroundings: Mapping[str, Any], reveal: Reveal | None = None
    ) -> None:  # fmt: skip
        """`reveal` shows outputs to expressions that are kept encrypted."""
        self._reveal = reveal
        self._plan = plan
        flow = plan.flow
        self._parents_by_task = flow.dialect == "2.x" or _PARENTS_BY_TASK.search(flow.source) is not None
        self._execution = execution
        self._surroundings = surroundings
        self.outputs: dict[str, Any] = {}
        self.tasks: dict[str, Any] = {}
        for run in execution.taskruns.values():
            self.track(run)

    def track(self, run: TaskRun) -> None:
        """A task run was created, moved, or has new outputs."""
        self._put_outputs(run)
        state = {"state": run.state}
        if run.value is None:
            self.tasks[run.task_id] = state
        else:
            self.tasks.setdefault(run.task_id, {})[run.value] = state

    def drop(self, run: TaskRun) -> None:
        """A task run was removed: what it had put is gone."""
        keys = self._path(run)
        maps = [self.outputs]
        for key in keys[:-1]:
            inner = maps[-1].get(key)
            if not isinstance(inner, dict):
                return
            maps.append(inner)
        maps[-1].pop(keys[-1], None)

    def of_execution(self) -> dict[str, Any]:
        """The context outside any task: flow outputs, SLA assertions, afterExecution conditions."""
        ex, flow = self._execution, self._plan.flow
        context: dict[str, Any] = dict(self._surroundings)
        context["flow"] = flow_seen(ex.flow_id, ex.namespace, ex.revision)
        execution = {
            "id": ex.id, "startDate": iso_instant(ex.start), "originalId": ex.original_id, "state": ex.state,
        }  # fmt: skip
        if ex.end is not None:
            execution["endDate"] = iso_instant(ex.end)
        if ex.outputs is not None:
            execution["outputs"] = ex.outputs  # type: ignore[assignment]
        context["execution"] = execution
        if ex.inputs:
            context["inputs"] = ex.inputs
        variables = flow.variables if ex.variables is None else ex.variables
        if variables:
            context["vars"] = dict(variables)
        if ex.labels:
            context["labels"] = nested_labels(ex.labels)
        if ex.trigger is not None:
            context["trigger"] = trigger_seen(ex.trigger)
            if str(ex.trigger.get("type", "")).endswith(".Schedule"):
                context["schedule"] = context["trigger"]
        context["outputs"] = self.outputs
        context["tasks"] = self.tasks
        if ex.context:
            context.update(ex.context)
            if "outputs" in ex.context:
                context["outputs"] = {**ex.context["outputs"], **self.outputs}
        return context

    def of_taskrun(self, run: TaskRun, task: Task) -> dict[str, Any]:
        """The context of one task run; in a WorkingDirectory the child stands in the place of its parent."""
        context = self.of_execution()
        context["task"] = {"id": task.id, "type": task.type}
        standing = self._standing(run)
        parents = self._parents(standing)
        context["parents"] = parents
        if parents:
            context["parent"] = parents[0]
        context["taskrun"] = _taskrun(run, standing)
        if task.type.endswith(".LoopUntil"):
            context["taskrun"].setdefault("iteration", int((run.outputs or {}).get("iterationCount", 1)) - 1)
        if standing is not run:
            context["workerTaskrun"] = _taskrun(standing, standing)
        return context

    def _standing(self, run: TaskRun) -> TaskRun:
        place = self._plan.places.get(run.task_id)
        if place is None or place.parent is None or run.parent is None or place.lane != "tasks":
            return run
        if place.parent.type.endswith(".WorkingDirectory"):
            return self._execution.taskruns[run.parent]
        return run

    def _parents(self, run: TaskRun) -> list[dict[str, Any]]:
        if self._parents_by_task:
            return [_parent(above) for above in self._execution.ancestors(run)]
        parents = []
        for above in self._execution.ancestors(run):
            entry: dict[str, Any] = {}
            if above.value is not None:
                entry["taskrun"] = {"value": above.value}
            if above.outputs:
                entry["outputs"] = above.outputs
            if entry:
                parents.append(entry)
        return parents

    def _path(self, run: TaskRun) -> list[str]:
        values = [above.value for above in self._execution.ancestors(run) if above.value is not None]
        path = [run.task_id, *reversed(values)]
        if run.value is not None:
            path.append(run.value)
        return path

    def _put_outputs(self, run: TaskRun) -> None:
        if run.outputs is None and not self._contributes(run):
            return
        path = self._path(run)
        target = self.outputs
        for key in path[:-1]:
            inner = target.get(key)
            if not isinstance(inner, dict):
                inner = target[key] = {}
            target = inner
        outputs = run.outputs if self._reveal is None else self._reveal(run.outputs)
        target[path[-1]] = {} if outputs is None else dict(outputs)

    def _contributes(self, run: TaskRun) -> bool:
        """Whether a task run without outputs is seen as an empty map: a flowable, or work that was done (5.3, 3.2)."""
        if run.state in ("SKIPPED", "CREATED", "SUBMITTED"):
            return False
        place = self._plan.places.get(run.task_id)
        return run.state in TERMINAL or (place is not None and place.task.decl.kind == "flowable")


def flow_seen(flow_id: str, namespace: str, revision: int | None) -> dict[str, Any]:
    """A flow as expressions see it."""
    return {"id": flow_id, "namespace": namespace, "revision": revision, "tenantId": TENANT}


def trigger_seen(trigger: Mapping[str, Any]) -> dict[str, Any]:
    """What started an execution as expressions see it: its variables, and which trigger it is."""
    which = {key: trigger[key] for key in ("id", "type") if key in trigger}
    return {**(trigger.get("variables") or {}), "_context": which}


def _parent(above: TaskRun) -> dict[str, Any]:
    """A task run around another as flows of 2.0 see it; what it put out is read by `parentOutput()`."""
    entry: dict[str, Any] = {"task": {"id": above.task_id}}
    if above.value is not None:
        entry["taskrun"] = {"value": above.value}
    return entry


def _taskrun(run: TaskRun, standing: TaskRun) -> dict[str, Any]:
    """A task run as expressions see it, with the value and iteration of the one in whose place it stands."""
    taskrun: dict[str, Any] = {
        "id": run.id, "startDate": iso_instant(run.start), "attemptsCount": _finished_attempts(run),
    }  # fmt: skip
    if run.parent:
        taskrun["parentId"] = run.parent
    if standing.value is not None:
        taskrun["value"] = standing.value
    if standing.iteration is not None:
        taskrun["iteration"] = standing.iteration
    if run.extra:
        taskrun.update(run.extra.get("taskrun") or {})
    return taskrun


def _finished_attempts(run: TaskRun) -> int:
    return sum(1 for attempt in run.attempts if attempt.state != "RUNNING" and attempt.state != "CREATED")


def nested_labels(labels: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Labels as expressions see them: nested by the dots of their keys, the first of equal keys."""
    nested: dict[str, Any] = {}
    for key, value in labels:
        parts = key.split(".")
        target = nested
        for part in parts[:-1]:
            inner = target.setdefault(part, {})
            if not isinstance(inner, dict):
                break
            target = inner
        else:
            target.setdefault(parts[-1], value)
    return nested
