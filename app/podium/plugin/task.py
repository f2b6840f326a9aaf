"""The public base classes of task types."""

import builtins
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar, Literal, Protocol

from podium.model.flow import Condition
from podium.model.properties import Polymorphic, Properties, prop
from podium.model.schema import Example, Family, TaskKind
from podium.plugin.context import PollContext, RunContext

FinalState = Literal["SUCCESS", "WARNING", "FAILED"]


class TaskError(Exception):
    """The task failed, with a message for the user; `outputs` are kept on the task run all the same."""

    def __init__(self, message: str, outputs: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.outputs = outputs


class Cancelled(Exception):
    """The attempt was killed or its time was over; raised by ports, passed through by tasks."""


@dataclass(frozen=True, slots=True)
class TaskResult:
    """Outputs together with a final state other than SUCCESS, or with task runs made at run time."""

    outputs: Mapping[str, Any] = field(default_factory=dict)
    state: FinalState = "SUCCESS"
    dynamic: tuple["DynamicTaskRun", ...] = ()
    batches: tuple[str, ...] | None = None
    """Only for the split of a ForEachItem: the URIs of the batches it made."""


@dataclass(frozen=True, slots=True)
class DynamicTaskRun:
    """A task run that a task reports about work it did itself (dbt models, ...); its parent is the
    reporting task.
    """

    task_id: str
    state: FinalState = "SUCCESS"
    value: str | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict)


class RunnableTask(Properties):
    """A task that does work. Subclasses set `type`, declare properties with `prop()` and implement `run`.

    An instance is one attempt: its attributes are the rendered and converted properties. `inline` types
    promise to return at once (no I/O, no waiting): they run without a worker thread.
    """

    type: ClassVar[str]
    title: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()
    examples: ClassVar[tuple[Example, ...]] = ()
    outputs: ClassVar[builtins.type[Any] | None] = None
    deprecated: ClassVar[str | None] = None
    since: ClassVar[str | None] = None
    removed: ClassVar[str | None] = None
    inline: ClassVar[bool] = False

    def run(self, ctx: RunContext) -> Mapping[str, Any] | TaskResult | None:
        """Do the work and return the outputs; raise TaskError to fail with a message."""
        raise TypeError(f"{type(self).__name__} does not implement run()")


@dataclass(frozen=True, slots=True)
class ExecutionUpdate:
    """What an execution-updating task wants changed.

    `labels` are merged into those of the execution, `variables` deep-merged into its `vars`, the dotted
    paths of `unset` removed from them; `end_state` ends the whole execution in that state.
    """

    labels: Mapping[str, str] | None = None
    variables: Mapping[str, Any] | None = None
    unset: tuple[str, ...] = ()
    end_state: str | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict)


class UpdatingTask(Properties):
    """A task that changes its own execution. It must return at once; otherwise like `RunnableTask`."""

    type: ClassVar[str]
    title: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()
    examples: ClassVar[tuple[Example, ...]] = ()
    outputs: ClassVar[builtins.type[Any] | None] = None
    deprecated: ClassVar[str | None] = None
    since: ClassVar[str | None] = None
    removed: ClassVar[str | None] = None
    kind: ClassVar[TaskKind] = "updating"

    def run(self, ctx: RunContext) -> ExecutionUpdate:
        """Say what is to be changed; raise TaskError to fail with a message."""
        raise TypeError(f"{type(self).__name__} does not implement run()")


class TaskRunner(Polymorphic):
    """Where the process of a script task runs."""

    family: ClassVar[Family] = "taskRunner"
    type: ClassVar[str]
    title: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()
    examples: ClassVar[tuple[Example, ...]] = ()
    deprecated: ClassVar[str | None] = None


class TriggerType(Properties):
    """A trigger type: its properties, known to the editor and to `podium serve`."""

    type: ClassVar[str]
    title: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()
    examples: ClassVar[tuple[Example, ...]] = ()
    outputs: ClassVar[builtins.type[Any] | None] = None
    """What expressions read as `trigger`."""
    deprecated: ClassVar[str | None] = None
    since: ClassVar[str | None] = None
    removed: ClassVar[str | None] = None


class PollingTrigger(TriggerType):
    """A trigger type that looks again and again. Like a task, an instance has its properties rendered."""

    interval: timedelta = prop(default=timedelta(minutes=1), dynamic=False, doc="The time between two looks.")

    def poll(self, ctx: PollContext) -> Mapping[str, Any] | None:
        """What expressions read as `trigger` when the flow is to be started, None when it is not.

        Raises TaskError when that cannot be said; the next look is as if this one had not been.
        """
        raise TypeError(f"{type(self).__name__} does not implement poll()")


class ConditionContext(Protocol):
    """What a condition can ask for while it is evaluated."""

    @property
    def variables(self) -> Mapping[str, Any]:
        """The expression context of the trigger or listener (`trigger`, `execution`, `labels`, ...)."""
        ...

    def render(self, value: Any, extra: Mapping[str, Any] | None = None) -> Any:
        """Render what was declared as an `Expression`; raises ExpressionError."""
        ...

    def holds(self, condition: Condition) -> bool:
        """Evaluate a nested condition."""
        ...


class ConditionType(Properties):
    """A condition of a trigger or listener. Like a task, an instance has its properties rendered and converted."""

    type: ClassVar[str]
    title: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()
    examples: ClassVar[tuple[Example, ...]] = ()
    deprecated: ClassVar[str | None] = None
    since: ClassVar[str | None] = None
    removed: ClassVar[str | None] = None

    def holds(self, ctx: ConditionContext) -> bool:
        """Whether the condition is true now; raises TaskError when that cannot be said."""
        raise TypeError(f"{type(self).__name__} does not implement holds()")
