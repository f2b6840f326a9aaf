"""The facts that the journal keeps: an execution is the fold of its changes (`Execution.apply`).

A change says what became of the execution, not why: folding needs neither the flow nor an expression, so a journal
can be read by any version and after any edit of the flow.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from podium.base.clock import iso_instant, parse_instant


@dataclass(frozen=True, slots=True)
class ExecutionCreated:
    """The first change of every journal."""

    name: ClassVar[str] = "execution.created"
    id: str
    namespace: str
    flow_id: str
    date: datetime
    revision: int = 0
    inputs: Mapping[str, Any] = field(default_factory=dict)
    labels: Sequence[Sequence[str]] = ()
    variables: Mapping[str, Any] | None = None
    """All variables of the execution once a task has changed one; None: those of the flow."""
    trigger: Mapping[str, Any] | None = None
    parent_id: str | None = None
    original_id: str | None = None
    schedule_date: datetime | None = None
    attempt_number: int = 1
    original_created: datetime | None = None
    kind: str | None = None
    context: Mapping[str, Any] | None = None
    earlier: Sequence[str] = ()
    """States that the execution had of which this one is a replay; they are not events of this one."""


@dataclass(frozen=True, slots=True)
class ExecutionHeld:
    """Somebody has paused the execution, or let it go on."""

    name: ClassVar[str] = "execution.held"
    held: bool


@dataclass(frozen=True, slots=True)
class ExecutionMoved:
    """The execution is in a new state."""

    name: ClassVar[str] = "execution.state"
    state: str
    date: datetime


@dataclass(frozen=True, slots=True)
class TaskRunCreated:
    """A task was reached. `history` is given when the task run is a copy (replay)."""

    name: ClassVar[str] = "taskrun.created"
    id: str
    task_id: str
    date: datetime
    parent: str | None = None
    value: str | None = None
    iteration: int | None = None
    extra: Mapping[str, Any] | None = None
    state: str = "CREATED"


@dataclass(frozen=True, slots=True)
class TaskRunMoved:
    """The task run is in a new state."""

    name: ClassVar[str] = "taskrun.state"
    id: str
    state: str
    date: datetime


@dataclass(frozen=True, slots=True)
class AttemptStarted:
    """A worker began the task; task run and attempt are RUNNING."""

    name: ClassVar[str] = "attempt.started"
    id: str
    date: datetime


@dataclass(frozen=True, slots=True)
class AttemptEnded:
    """The attempt has its own final state; outputs, if any, replace those of earlier attempts."""

    name: ClassVar[str] = "attempt.ended"
    id: str
    state: str
    date: datetime
    outputs: Mapping[str, Any] | None = None
    log_file: str | None = None


@dataclass(frozen=True, slots=True)
class OutputsSet:
    """The outputs of a task run as a whole."""

    name: ClassVar[str] = "taskrun.outputs"
    id: str
    outputs: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Expanded:
    """The values of a loop, fixed when it began."""

    name: ClassVar[str] = "taskrun.values"
    id: str
    values: Sequence[str]


@dataclass(frozen=True, slots=True)
class TaskRunRewound:
    """A LoopUntil starts its next round: its history is cut to the first entry."""

    name: ClassVar[str] = "taskrun.rewound"
    id: str
    iteration: int
    date: datetime


@dataclass(frozen=True, slots=True)
class TaskRunsRemoved:
    """Task runs that a restart, a replay or the next LoopUntil round does again."""

    name: ClassVar[str] = "taskruns.removed"
    ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class TaskRunCopied:
    """A task run kept from another execution (replay, restart with another revision), as the journal has it."""

    name: ClassVar[str] = "taskrun.copied"
    taskrun: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LabelsSet:
    """All labels of the execution, in order."""

    name: ClassVar[str] = "execution.labels"
    labels: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class VariablesSet:
    """All variables of the execution: those of the flow with what tasks have set and unset."""

    name: ClassVar[str] = "execution.variables"
    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ExecutionOutputs:
    """The flow outputs."""

    name: ClassVar[str] = "execution.outputs"
    outputs: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ExecutionFailed:
    """Why the execution failed when no task run says it."""

    name: ClassVar[str] = "execution.error"
    message: str
    lost: bool = False
    """Its runner died: nothing in the flow is to blame, a restart goes on where it was."""


@dataclass(frozen=True, slots=True)
class ExecutionRestarted:
    """The execution is taken up again: one attempt more."""

    name: ClassVar[str] = "execution.restarted"
    attempt_number: int
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class TimerSet:
    """Something is due at a date; survives the process."""

    name: ClassVar[str] = "timer.set"
    key: str
    due: datetime


@dataclass(frozen=True, slots=True)
class TimerCleared:
    """The timer fired or is no longer wanted."""

    name: ClassVar[str] = "timer.cleared"
    key: str


@dataclass(frozen=True, slots=True)
class ChildLinked:
    """A task run has created an execution (Subflow, ForEachItem, Loop); `iteration` says for which round."""

    name: ClassVar[str] = "child.linked"
    id: str
    execution_id: str
    iteration: int | None = None


@dataclass(frozen=True, slots=True)
class ChildSettled:
    """A linked execution has ended in this state."""

    name: ClassVar[str] = "child.settled"
    id: str
    execution_id: str
    state: str
    outputs: Mapping[str, Any] | None = None


Change = (
    ExecutionCreated | ExecutionMoved | TaskRunCreated | TaskRunMoved | AttemptStarted | AttemptEnded | OutputsSet
    | Expanded | ExecutionHeld | TaskRunRewound | TaskRunsRemoved | TaskRunCopied | LabelsSet | VariablesSet
    | ExecutionOutputs | ExecutionFailed | ExecutionRestarted | TimerSet | TimerCleared | ChildLinked | ChildSettled
)  # fmt: skip

_TYPES: dict[str, type[Any]] = {cls.name: cls for cls in Change.__args__}
_FIELDS: dict[str, tuple[tuple[str, Any], ...]] = {
    name: tuple((f.name, f.default) for f in dataclasses.fields(cls)) for name, cls in _TYPES.items()
}
_DATES = frozenset({"date", "due", "schedule_date", "original_created"})


def encode(change: Change) -> dict[str, Any]:
    """The change as a JSON object; fields at their default are left out."""
    event: dict[str, Any] = {"e": change.name}
    for name, default in _FIELDS[change.name]:
        value = getattr(change, name)
        if value is None or value is default:
            continue
        event[name] = iso_instant(value) if name in _DATES else value
    return event


def decode(event: Mapping[str, Any]) -> Change:
    """The inverse of `encode`; raises ValueError for an event of an unknown kind or without a required field."""
    kind = event.get("e")
    cls = _TYPES.get(str(kind))
    if cls is None:
        raise ValueError(f"unknown event `{kind}`")
    values = {}
    for name, _ in _FIELDS[cls.name]:
        if name in event:
            value = event[name]
            values[name] = parse_instant(value) if name in _DATES and value is not None else value
    try:
        change: Change = cls(**values)
    except TypeError as error:
        raise ValueError(f"incomplete event `{kind}`: {error}") from error
    return change
