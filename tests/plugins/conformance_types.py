"""The task types that exist only in Kestra's own tests, as a plugin for running the conformance flows."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from podium.engine.flowable import FlowableError, Opened, Opening, Spawn
from podium.engine.flowables.sequential import Sequential
from podium.engine.progress import Container
from podium.model.properties import prop
from podium.plugin.context import PollContext, RunContext
from podium.plugin.task import (
    DynamicTaskRun,
    FinalState,
    PollingTrigger,
    RunnableTask,
    TaskError,
    TaskResult,
    TriggerType,
)
from podium.tasks.encryption import encrypted

_TESTS = "io.kestra.core.tasks.test."
_RUNNERS = "io.kestra.core.runners."
_STORED_WAIT = 10.0


@dataclass
class ValueOutputs:
    """One value."""

    value: Any = None


class BadSequential(Sequential):
    """A group that cannot be resolved once its first task has run."""

    type = _TESTS + "BadSequential"

    @classmethod
    def next(cls, container: Container, iteration: int | None) -> Iterable[Spawn]:
        if container.lane("tasks").total:
            raise FlowableError("BAM")
        return super().next(container, iteration)


class BadExecutable(RunnableTask):
    """A call of a flow whose result cannot be used: whatever became of the child, the task run fails."""

    type = _TESTS + "BadExecutable"

    namespace: str | None = prop(doc="The namespace of the flow.")
    flowId: str | None = prop(doc="The id of the flow.")
    wait: bool = prop(default=True, doc="Without effect.")
    transmitFailed: bool = prop(default=True, doc="Without effect.")
    inputs: dict[str, Any] | None = prop(doc="Without effect.")

    def run(self, ctx: RunContext) -> None:
        raise TaskError("An error!")


class DynamicTask(RunnableTask):
    """Reports a task run of its own making."""

    type = _TESTS + "DynamicTask"

    fail: bool = prop(default=False, doc="Fail, and report a failed task run.")

    def run(self, ctx: RunContext) -> TaskResult:
        state: FinalState = "FAILED" if self.fail else "SUCCESS"
        name = f"dynamic-{ctx.taskrun_id}-{ctx.attempt}"
        made = DynamicTaskRun(name, state, value=name)
        if self.fail:
            ctx.log.error("Task failed")
        return TaskResult(state=state, dynamic=(made,))


class Encrypted(RunnableTask):
    """Renders a text and gives it on encrypted, in clear when the workspace has no key."""

    type = _TESTS + "Encrypted"
    outputs = ValueOutputs

    format: str = prop(required=True, doc="The text.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        return {"value": encrypted(ctx, self.format)}


class NullOutputTask(RunnableTask):
    """Gives on an explicit null."""

    type = _TESTS + "NullOutputTask"
    outputs = ValueOutputs

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        return {"value": None}


class Read(RunnableTask):
    """Reads a file of the working directory."""

    type = _TESTS + "Read"
    outputs = ValueOutputs

    path: str = prop(required=True, doc="The path, relative to the working directory.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        return {"value": (ctx.working_dir / self.path.lstrip("/")).read_text(encoding="utf-8")}


class Polling(PollingTrigger):
    """Fires at every poll."""

    type = _TESTS + "PollingTrigger"

    duration: int = prop(default=1000, doc="How long a poll takes, in milliseconds.")

    def poll(self, ctx: PollContext) -> Mapping[str, Any]:
        ctx.cancelled.wait(self.duration / 1000)
        return {}


class SleepTrigger(PollingTrigger):
    """Never fires."""

    type = _TESTS + "SleepTrigger"

    duration: int = prop(default=1000, doc="How long a poll takes, in milliseconds.")

    def poll(self, ctx: PollContext) -> None:
        ctx.cancelled.wait(self.duration / 1000)


class TaskThatFail(RunnableTask):
    """Fails, with outputs."""

    type = _RUNNERS + "test.TaskThatFail"

    message: str = prop(required=True, doc="What is given on.")

    def run(self, ctx: RunContext) -> None:
        raise TaskError(self.message, {"message": self.message})


class TaskWithAlias(RunnableTask):
    """Has an older name."""

    type = _RUNNERS + "test.TaskWithAlias"
    aliases = (_RUNNERS + "test.task.Alias",)

    message: str | None = prop(doc="What is logged.")

    def run(self, ctx: RunContext) -> None:
        ctx.log.info(self.message or "")


class TriggerWithAlias(TriggerType):
    """Has an older name, and never fires."""

    type = _RUNNERS + "test.TriggerWithAlias"
    aliases = (_RUNNERS + "test.trigger.Alias",)

    interval: timedelta = prop(default=timedelta(hours=1), doc="The time between polls.")


class WorkerTaskResultTooLarge(RunnableTask):
    """Gives on more than a megabyte."""

    type = _RUNNERS + "test.WorkerTaskResultTooLarge"
    outputs = ValueOutputs

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        return {"value": "a" * 1_100_000}


class ListenersTestTask(RunnableTask):
    """Gives on the execution as it was kept at its end."""

    type = _RUNNERS + "ListenersTestTask"
    outputs = ValueOutputs

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        ended = ("SUCCESS", "WARNING", "FAILED", "KILLED", "CANCELLED")
        waited = 0.0
        while waited < _STORED_WAIT:
            for execution in ctx.executions.find(namespace=ctx.namespace, flow_id=ctx.flow_id):
                if execution["id"] == ctx.execution_id and execution["state"]["current"] in ended:
                    return {"value": str(dict(execution))}
            if ctx.cancelled.wait(0.05):
                break
            waited += 0.05
        raise TaskError(f"The execution {ctx.execution_id} was not kept as ended.")


class _DefaultSequential(Sequential):
    """A group that gives on a property which plugin defaults set."""

    def_: str | None = prop(name="def", doc="What is given on.")

    @classmethod
    def open(cls, opening: Opening) -> Opened:
        return Opened(outputs={"def": opening.render(opening.task.props.get("def"))})


class DefaultSequential1(_DefaultSequential):
    """The first of three types with defaults."""

    type = _RUNNERS + "PluginDefaultsCaseTest$DefaultSequential1"


class DefaultSequential2(_DefaultSequential):
    """The second of three types with defaults."""

    type = _RUNNERS + "PluginDefaultsCaseTest$DefaultSequential2"


class DefaultSequential3(_DefaultSequential):
    """The third of three types with defaults."""

    type = _RUNNERS + "PluginDefaultsCaseTest$DefaultSequential3"


_counter = itertools.count(1)


class CounterTask(RunnableTask):
    """Counts how often it has run in this process."""

    type = _RUNNERS + "TaskCacheTest$CounterTask"

    workingDir: str | None = prop(doc="Without effect.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        return {"counter": next(_counter)}


CLASSES: tuple[type[Any], ...] = (
    BadSequential, BadExecutable, DynamicTask, Encrypted, NullOutputTask, Read, Polling, SleepTrigger,
    TaskThatFail, TaskWithAlias, TriggerWithAlias, WorkerTaskResultTooLarge, ListenersTestTask, DefaultSequential1,
    DefaultSequential2, DefaultSequential3, CounterTask,
)  # fmt: skip
