"""What the engine wants done: wishes that the runtime carries out after the journal has been written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from podium.model.flow import Task


@dataclass(frozen=True, slots=True)
class Submit:
    """Run this task when a worker is free; answer with AttemptBegan, then AttemptFinished."""

    taskrun_id: str
    task: Task
    directory: str | None = None
    """The WorkingDirectory task run whose directory is shared."""


@dataclass(frozen=True, slots=True)
class StopAttempt:
    """End the work of an attempt; it answers with AttemptFinished as always."""

    taskrun_id: str


@dataclass(frozen=True, slots=True)
class PrepareDirectory:
    """Make and fill the shared directory of a WorkingDirectory; answer with DirectoryReady."""

    taskrun_id: str
    task: Task


@dataclass(frozen=True, slots=True)
class FinishDirectory:
    """Capture the files of the shared directory and remove it; answer with DirectoryDone."""

    taskrun_id: str
    task: Task


@dataclass(frozen=True, slots=True)
class CreateChild:
    """Create an execution of another flow (or of `body`, an iteration of a Loop) and run it.

    Answer with ChildCreated or ChildRefused, and with ChildEnded when `wait` is true.
    """

    taskrun_id: str
    execution_id: str
    namespace: str
    flow_id: str
    revision: int | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    labels: tuple[tuple[str, str], ...] = ()
    trigger: Mapping[str, Any] = field(default_factory=dict)
    schedule_date: datetime | None = None
    wait: bool = True
    iteration: int | None = None
    outputs: Mapping[str, Any] | None = None
    """Expressions to render in the context of the ended child (deprecated `outputs` of Subflow)."""
    body: Task | None = None
    context: Mapping[str, Any] | None = None
    variables: Mapping[str, Any] | None = None
    """Those of this execution, for an iteration of a Loop; None: those of the flow."""
    stored: bool = False
    """Whether the outputs of an iteration are to be kept in a file; it answers with the file's `uri` instead."""


@dataclass(frozen=True, slots=True)
class RestartChild:
    """Restart the failed execution that this task run created earlier; answer as for CreateChild."""

    taskrun_id: str
    execution_id: str


@dataclass(frozen=True, slots=True)
class KillChild:
    """Kill an execution that this task run created."""

    taskrun_id: str
    execution_id: str


@dataclass(frozen=True, slots=True)
class CreateRetry:
    """Create the next execution of a CREATE_NEW_EXECUTION retry at a date."""

    execution_id: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Log:
    """Write a line of the engine into the log; `taskrun_id` None for the execution itself."""

    level: str
    message: str
    taskrun_id: str | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """The execution is terminal (flow triggers look at it now); its afterExecution tasks may still run."""

    state: str


@dataclass(frozen=True, slots=True)
class Finished:
    """Nothing more will happen: release the slot, tell the parent, end the runner."""


@dataclass(frozen=True, slots=True)
class Paused:
    """Nothing happens before a timer or a request: a runner without other work may end."""


Command = (
    Submit | StopAttempt | PrepareDirectory | FinishDirectory | CreateChild | RestartChild | KillChild | CreateRetry
    | Log | Ended | Finished | Paused
)  # fmt: skip
