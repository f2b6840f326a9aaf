"""What can happen to a running execution: the events that `Engine.step` takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Start:
    """The execution may begin; `admission` is what the concurrency limit of the flow said."""

    admission: Literal["RUN", "QUEUE", "CANCEL", "FAIL"] = "RUN"
    running: int = 0


@dataclass(frozen=True, slots=True)
class TakeUp:
    """A runner takes the execution over from its journal; attempts that were running are lost."""


@dataclass(frozen=True, slots=True)
class AttemptBegan:
    """A worker is free for a submitted task run."""

    taskrun_id: str


@dataclass(frozen=True, slots=True)
class Update:
    """What an execution-updating task wants (Labels, SetVariables, UnsetVariables, Exit)."""

    labels: Mapping[str, str] | None = None
    variables: Mapping[str, Any] | None = None
    unset: tuple[str, ...] = ()
    end_state: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A task run that a task made at run time."""

    task_id: str
    state: str = "SUCCESS"
    value: str | None = None
    outputs: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class AttemptFinished:
    """The attempt of a runnable task came to its end."""

    taskrun_id: str
    state: Literal["SUCCESS", "WARNING", "FAILED", "KILLED"]
    outputs: Mapping[str, Any] | None = None
    log_file: str | None = None
    update: Update | None = None
    made: tuple[Made, ...] = ()
    values: tuple[str, ...] | None = None
    """The batches that the split of a ForEachItem has made."""


@dataclass(frozen=True, slots=True)
class DirectoryReady:
    """The shared directory of a WorkingDirectory has been prepared, or could not be."""

    taskrun_id: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class DirectoryDone:
    """The files of a WorkingDirectory have been captured, or could not be."""

    taskrun_id: str
    outputs: Mapping[str, Any] | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ChildCreated:
    """The execution asked for by a task run exists."""

    taskrun_id: str
    execution_id: str
    state: str = "CREATED"
    base_uri: str | None = None
    """Where the outputs of a ForEachItem's executions go."""


@dataclass(frozen=True, slots=True)
class ChildRefused:
    """The execution asked for by a task run cannot be created."""

    taskrun_id: str
    execution_id: str
    message: str


@dataclass(frozen=True, slots=True)
class ChildEnded:
    """An execution created by a task run is terminal, its afterExecution tasks included."""

    taskrun_id: str
    execution_id: str
    state: str
    outputs: Mapping[str, Any] | None = None
    error: str | None = None
    """Why the deprecated `outputs` of the Subflow task could not be rendered."""


@dataclass(frozen=True, slots=True)
class ChildMissing:
    """An execution that a task run had linked was never created: the runner died in between."""

    taskrun_id: str
    execution_id: str


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer of the execution is due; when it is the date to begin, `start` is what the limit of the flow says."""

    key: str
    start: Start = field(default_factory=Start)


@dataclass(frozen=True, slots=True)
class Kill:
    """Somebody wants the execution to end now."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Somebody wants no new task to start."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Somebody lets a paused execution go on; `values` are the typed onResume inputs."""

    taskrun_id: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    by: str | None = None
    state: str = "SUCCESS"


@dataclass(frozen=True, slots=True)
class ForceRun:
    """Somebody starts a queued, waiting or paused execution in spite of its limit or date."""


@dataclass(frozen=True, slots=True)
class EndAs:
    """A queued execution ends without having run (unqueue to CANCELLED or FAILED, a failed check)."""

    state: str
    message: str | None = None


@dataclass(frozen=True, slots=True)
class SetLabels:
    """Somebody gives the execution labels: merged into those it has."""

    labels: Mapping[str, str]


Stimulus = (
    Start | TakeUp | AttemptBegan | AttemptFinished | DirectoryReady | DirectoryDone | ChildCreated | ChildRefused
    | ChildEnded | ChildMissing | TimerFired | Kill | Pause | Resume | ForceRun | EndAs | SetLabels
)  # fmt: skip
