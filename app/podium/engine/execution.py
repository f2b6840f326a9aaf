"""An execution and its task runs: the state that folding the journal gives."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from podium.base.clock import iso_instant, parse_instant
from podium.engine import changes as c
from podium.engine.states import TERMINAL

History = list[tuple[str, datetime]]


class Histories:
    """What is in one state after the other; `histories` are (state, instant) pairs, never empty."""

    __slots__ = ()
    histories: History

    @property
    def state(self) -> str:
        return self.histories[-1][0]

    @property
    def start(self) -> datetime:
        return self.histories[0][1]

    @property
    def end(self) -> datetime | None:
        state, date = self.histories[-1]
        return date if state in TERMINAL else None


@dataclass(slots=True)
class Attempt(Histories):
    """One try of a task."""

    histories: History
    log_file: str | None = None


@dataclass(slots=True)
class TaskRun(Histories):
    """One reached task. `value` and `iteration` exist on direct children of a loop only (semantics 4.7)."""

    id: str
    task_id: str
    histories: History
    parent: str | None = None
    value: str | None = None
    iteration: int | None = None
    attempts: list[Attempt] = field(default_factory=list)
    outputs: Mapping[str, Any] | None = None
    values: Sequence[str] | None = None
    extra: Mapping[str, Any] | None = None
    children: dict[str, int | None] = field(default_factory=dict)
    settled: dict[str, str] = field(default_factory=dict)
    child_outputs: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)


class Execution(Histories):
    """One run of a flow. Changed only through `apply`, so that live state and journal cannot differ."""

    __slots__ = (
        "attempt_number", "context", "error", "flow_id", "held", "histories", "id", "inputs", "kind", "labels", "lost",
        "namespace", "original_created", "original_id", "outputs", "parent_id", "revision", "schedule_date",
        "taskruns", "timers", "trigger", "variables",
    )  # fmt: skip

    def __init__(self, created: c.ExecutionCreated) -> None:
        self.id = created.id
        self.namespace = created.namespace
        self.flow_id = created.flow_id
        self.revision = created.revision
        self.histories: History = [(state, created.date) for state in ("CREATED", *created.earlier)]
        self.inputs: Mapping[str, Any] = created.inputs
        self.labels: list[tuple[str, str]] = [(key, value) for key, value in created.labels]
        self.variables: Mapping[str, Any] | None = created.variables
        self.trigger = created.trigger
        self.parent_id = created.parent_id
        self.original_id = created.original_id or created.id
        self.schedule_date = created.schedule_date
        self.attempt_number = created.attempt_number
        self.original_created = created.original_created or created.date
        self.kind = created.kind
        self.context = created.context
        self.taskruns: dict[str, TaskRun] = {}
        self.outputs: Mapping[str, Any] | None = None
        self.timers: dict[str, datetime] = {}
        self.error: str | None = None
        self.lost = False
        self.held = False
        """Whether somebody has paused it: it waits for a resume, whatever else it waits for."""

    @property
    def terminal(self) -> bool:
        return self.histories[-1][0] in TERMINAL

    def apply(self, change: c.Change) -> None:
        """Fold one change; raises KeyError when it names a task run that does not exist (a damaged journal)."""
        _APPLY[change.name](self, change)

    def descendants(self, taskrun_id: str) -> Iterator[TaskRun]:
        """All task runs below one, in creation order."""
        below = {taskrun_id}
        for run in self.taskruns.values():
            if run.parent in below:
                below.add(run.id)
                yield run

    def ancestors(self, run: TaskRun) -> Iterator[TaskRun]:
        """The parents of a task run, closest first."""
        parent = run.parent
        while parent is not None:
            above = self.taskruns[parent]
            yield above
            parent = above.parent


def fold(changes: Sequence[c.Change]) -> Execution:
    """The execution that a journal describes; raises ValueError when it does not begin with its creation."""
    if not changes or not isinstance(changes[0], c.ExecutionCreated):
        raise ValueError("a journal begins with `execution.created`")
    execution = Execution(changes[0])
    for change in changes[1:]:
        execution.apply(change)
    return execution


def _append(histories: History, state: str, date: datetime) -> None:
    if histories[-1][0] != state:
        histories.append((state, date))


def _moved(ex: Execution, change: c.ExecutionMoved) -> None:
    _append(ex.histories, change.state, change.date)


def _taskrun_created(ex: Execution, change: c.TaskRunCreated) -> None:
    ex.taskruns[change.id] = TaskRun(
        change.id, change.task_id, [(change.state, change.date)], change.parent, change.value, change.iteration,
        extra=change.extra,
    )  # fmt: skip


def _taskrun_moved(ex: Execution, change: c.TaskRunMoved) -> None:
    _append(ex.taskruns[change.id].histories, change.state, change.date)


def _attempt_started(ex: Execution, change: c.AttemptStarted) -> None:
    run = ex.taskruns[change.id]
    run.attempts.append(Attempt([("CREATED", change.date), ("RUNNING", change.date)]))
    _append(run.histories, "RUNNING", change.date)


def _attempt_ended(ex: Execution, change: c.AttemptEnded) -> None:
    run = ex.taskruns[change.id]
    if not run.attempts:
        run.attempts.append(Attempt([("CREATED", change.date)]))
    _append(run.attempts[-1].histories, change.state, change.date)
    run.attempts[-1].log_file = change.log_file
    run.outputs = change.outputs


def _outputs_set(ex: Execution, change: c.OutputsSet) -> None:
    ex.taskruns[change.id].outputs = change.outputs


def _expanded(ex: Execution, change: c.Expanded) -> None:
    ex.taskruns[change.id].values = change.values


def _rewound(ex: Execution, change: c.TaskRunRewound) -> None:
    run = ex.taskruns[change.id]
    run.histories = [run.histories[0], ("RUNNING", change.date)]
    if run.value is None:  # below a loop it is the loop's iteration, by which the loop knows its children
        run.iteration = change.iteration


def _removed(ex: Execution, change: c.TaskRunsRemoved) -> None:
    for taskrun_id in change.ids:
        ex.taskruns.pop(taskrun_id, None)


def _copied(ex: Execution, change: c.TaskRunCopied) -> None:
    run = taskrun_from_record(change.taskrun)
    ex.taskruns[run.id] = run


def _labels_set(ex: Execution, change: c.LabelsSet) -> None:
    ex.labels = [(key, value) for key, value in change.labels]


def _variables_set(ex: Execution, change: c.VariablesSet) -> None:
    ex.variables = change.variables


def _execution_outputs(ex: Execution, change: c.ExecutionOutputs) -> None:
    ex.outputs = change.outputs


def _failed(ex: Execution, change: c.ExecutionFailed) -> None:
    ex.error = change.message
    ex.lost = change.lost


def _held(ex: Execution, change: c.ExecutionHeld) -> None:
    ex.held = change.held


def _restarted(ex: Execution, change: c.ExecutionRestarted) -> None:
    ex.held = False
    ex.attempt_number = change.attempt_number
    ex.error = None
    ex.lost = False
    if change.revision is not None:
        ex.revision = change.revision


def _timer_set(ex: Execution, change: c.TimerSet) -> None:
    ex.timers[change.key] = change.due


def _timer_cleared(ex: Execution, change: c.TimerCleared) -> None:
    ex.timers.pop(change.key, None)


def _child_linked(ex: Execution, change: c.ChildLinked) -> None:
    run = ex.taskruns[change.id]
    run.children[change.execution_id] = change.iteration
    # Linked again: a restarted child is open once more.
    run.settled.pop(change.execution_id, None)


def _child_settled(ex: Execution, change: c.ChildSettled) -> None:
    run = ex.taskruns[change.id]
    run.settled[change.execution_id] = change.state
    run.child_outputs[change.execution_id] = change.outputs


_APPLY: dict[str, Any] = {
    c.ExecutionMoved.name: _moved,
    c.ExecutionHeld.name: _held,
    c.TaskRunCreated.name: _taskrun_created,
    c.TaskRunMoved.name: _taskrun_moved,
    c.AttemptStarted.name: _attempt_started,
    c.AttemptEnded.name: _attempt_ended,
    c.OutputsSet.name: _outputs_set,
    c.Expanded.name: _expanded,
    c.TaskRunRewound.name: _rewound,
    c.TaskRunsRemoved.name: _removed,
    c.TaskRunCopied.name: _copied,
    c.LabelsSet.name: _labels_set,
    c.VariablesSet.name: _variables_set,
    c.ExecutionOutputs.name: _execution_outputs,
    c.ExecutionFailed.name: _failed,
    c.ExecutionRestarted.name: _restarted,
    c.TimerSet.name: _timer_set,
    c.TimerCleared.name: _timer_cleared,
    c.ChildLinked.name: _child_linked,
    c.ChildSettled.name: _child_settled,
}


def taskrun_record(run: TaskRun) -> dict[str, Any]:
    """A task run as a JSON object from which `taskrun_from_record` makes it again."""
    return {
        "id": run.id,
        "task_id": run.task_id,
        "histories": [[state, iso_instant(date)] for state, date in run.histories],
        "parent": run.parent,
        "value": run.value,
        "iteration": run.iteration,
        "attempts": [
            {"histories": [[s, iso_instant(d)] for s, d in attempt.histories], "log_file": attempt.log_file}
            for attempt in run.attempts
        ],
        "outputs": run.outputs,
        "values": run.values,
        "extra": run.extra,
        "children": run.children,
        "settled": run.settled,
    }


def taskrun_from_record(record: Mapping[str, Any]) -> TaskRun:
    """The inverse of `taskrun_record`."""
    return TaskRun(
        record["id"],
        record["task_id"],
        _histories(record["histories"]),
        record.get("parent"),
        record.get("value"),
        record.get("iteration"),
        [Attempt(_histories(a["histories"]), a.get("log_file")) for a in record.get("attempts", ())],
        record.get("outputs"),
        record.get("values"),
        record.get("extra"),
        dict(record.get("children") or {}),
        dict(record.get("settled") or {}),
    )


def _histories(pairs: Sequence[Sequence[str]]) -> History:
    return [(state, parse_instant(date)) for state, date in pairs]


def state_json(histories: History, now: datetime | None = None) -> dict[str, Any]:
    """Kestra's `state` object; `duration` of a single entry runs until `now`."""
    current, last = histories[-1]
    start = histories[0][1]
    if len(histories) == 1 and now is not None:
        last = now
    state: dict[str, Any] = {
        "current": current,
        "histories": [{"state": name, "date": iso_instant(date)} for name, date in histories],
        "duration": _duration(last - start),
        "startDate": iso_instant(start),
    }
    if current in TERMINAL or current == "PAUSED":
        state["endDate"] = iso_instant(histories[-1][1])
    return state


def taskrun_json(ex: Execution, run: TaskRun) -> dict[str, Any]:
    """A task run with Kestra's field names."""
    document: dict[str, Any] = {
        "id": run.id,
        "executionId": ex.id,
        "namespace": ex.namespace,
        "flowId": ex.flow_id,
        "taskId": run.task_id,
        "parentTaskRunId": run.parent,
        "value": run.value,
        "iteration": run.iteration,
        "attempts": [_attempt_json(attempt) for attempt in run.attempts] or None,
        "outputs": run.outputs,
        "state": state_json(run.histories),
    }
    return {key: value for key, value in document.items() if value is not None}


def _attempt_json(attempt: Attempt) -> dict[str, Any]:
    state = {"state": state_json(attempt.histories)}
    return state if attempt.log_file is None else {**state, "logFile": attempt.log_file}


def execution_json(ex: Execution, now: datetime | None = None) -> dict[str, Any]:
    """The execution with Kestra's field names; absent values are left out."""
    document: dict[str, Any] = {
        "id": ex.id,
        "namespace": ex.namespace,
        "flowId": ex.flow_id,
        "flowRevision": ex.revision,
        "state": state_json(ex.histories, now),
        "taskRunList": [taskrun_json(ex, run) for run in ex.taskruns.values()],
        "inputs": ex.inputs or None,
        "outputs": ex.outputs,
        "labels": [{"key": key, "value": value} for key, value in ex.labels],
        "variables": ex.variables or None,
        "trigger": ex.trigger,
        "parentId": ex.parent_id,
        "originalId": ex.original_id,
        "scheduleDate": iso_instant(ex.schedule_date) if ex.schedule_date else None,
        "kind": ex.kind,
        "error": ex.error,
        "metadata": {"attemptNumber": ex.attempt_number, "originalCreatedDate": iso_instant(ex.original_created)},
    }
    return {key: value for key, value in document.items() if value is not None}


def _duration(length: timedelta) -> str:
    """Java's Duration text."""
    total = max(0, round(length.total_seconds() * 1000))
    seconds, millis = divmod(total, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = "PT"
    if hours:
        text += f"{hours}H"
    if minutes:
        text += f"{minutes}M"
    if seconds or millis or text == "PT":
        text += (f"{seconds}.{millis:03d}".rstrip("0") if millis else str(seconds)) + "S"
    return text
