"""One attempt: bind the properties, run the task, say what came of it. Never raises."""

import errno
import traceback
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from threading import Timer
from typing import TYPE_CHECKING, Any, Protocol

from podium.base.durations import format_duration, parse_duration
from podium.engine import stimuli as s
from podium.expressions.errors import ExpressionError
from podium.model.flow import Task
from podium.model.properties import Properties
from podium.plugin.binding import bind
from podium.plugin.task import Cancelled, ExecutionUpdate, RunnableTask, TaskError, TaskResult, UpdatingTask
from podium.runtime.context import AttemptContext
from podium.runtime.processes import Cancellation
from podium.runtime.task_cache import TaskCacheEntry, age_text
from podium.store.errors import StoreError

if TYPE_CHECKING:
    from podium.plugin.registry import Registry


class Implementations(Protocol):
    """Finds the class behind a type name."""

    def implementation(self, type_name: str) -> type[Properties]: ...


def run_attempt(
    types: Implementations, task: Task, ctx: AttemptContext, cancellation: Cancellation
) -> s.AttemptFinished:
    """Run one attempt of `task` to its end, whatever happens in it."""
    started = ctx.now()
    name = task.type.rpartition(".")[2]
    ctx.tell(f"Type {name} started")
    timer: Timer | None = None
    expired: list[timedelta] = []
    try:
        timeout = _timeout(task, ctx)
        if timeout is not None:
            timer = Timer(timeout.total_seconds(), _expire, (cancellation, expired, timeout))
            timer.daemon = True
            timer.start()
        finished = _run(types, task, ctx)
    except Exception as error:  # the boundary between the runner and code of all kinds
        finished = _failure(error, ctx)
    finally:
        if timer is not None:
            timer.cancel()
        ctx.close()
    if expired:
        ctx.log.error(f"Timeout: the attempt was stopped after {format_duration(expired[0])}")
        ctx.tell(f"The Timeout of {task.id} is its property `timeout: {task.timeout}`")
        finished = s.AttemptFinished(ctx.taskrun_id, "FAILED", finished.outputs)
    elif cancellation.is_set():
        finished = s.AttemptFinished(ctx.taskrun_id, "KILLED", finished.outputs)
    seconds = (ctx.now() - started).total_seconds()
    ctx.tell(f"Type {name} with state {finished.state} completed in {_clock(seconds)}")
    log_file = ctx.keep_log()
    return finished if log_file is None else replace(finished, log_file=log_file)


def _timeout(task: Task, ctx: AttemptContext) -> timedelta | None:
    if task.timeout is None:
        return None
    text = str(ctx.render(task.timeout)).strip()
    return parse_duration(text) if text else None


def _expire(cancellation: Cancellation, expired: list[timedelta], timeout: timedelta) -> None:
    expired.append(timeout)
    cancellation.set()


def _run(types: Implementations, task: Task, ctx: AttemptContext) -> s.AttemptFinished:
    if not task.decl.local:
        raise TaskError(
            f"`{task.type}` runs on a Kestra server, not here. Push the flow to a server, or take the task out"
        )
    if ctx.cache is not None:
        return _cached(types, task, ctx, ctx.cache)
    return _bound(types, task, ctx)


def _cached(types: Implementations, task: Task, ctx: AttemptContext, cache: TaskCacheEntry) -> s.AttemptFinished:
    """Outputs of an earlier run of the same task, else those of this one, which are kept."""
    found = cache.outputs()
    if found is not None:
        created, outputs = found
        ctx.log.info(f"Not run: the outputs come from the task cache, they were made {age_text(ctx.now() - created)}")
        return s.AttemptFinished(ctx.taskrun_id, "SUCCESS", outputs)
    finished = _bound(types, task, ctx)
    if finished.state == "SUCCESS":
        try:
            cache.keep(finished.outputs)
        except (StoreError, OSError) as error:
            ctx.log.warn(f"The outputs could not be put into the task cache: {error}")
    return finished


def _bound(types: Implementations, task: Task, ctx: AttemptContext) -> s.AttemptFinished:
    instance = bind(types.implementation(task.type), task.props, ctx, types.implementation)
    if isinstance(instance, UpdatingTask):
        return _updated(instance.run(ctx), ctx)
    if not isinstance(instance, RunnableTask):
        raise TaskError(f"`{task.type}` is not a task that can run")
    result = instance.run(ctx)
    if isinstance(result, TaskResult):
        made = tuple(s.Made(d.task_id, d.state, d.value, d.outputs) for d in result.dynamic)
        return s.AttemptFinished(ctx.taskrun_id, result.state, plain(result.outputs), made=made, values=result.batches)
    return s.AttemptFinished(ctx.taskrun_id, "SUCCESS", plain(result) if result is not None else None)


def _updated(update: ExecutionUpdate, ctx: AttemptContext) -> s.AttemptFinished:
    wanted = s.Update(update.labels, update.variables, tuple(update.unset), update.end_state)
    return s.AttemptFinished(ctx.taskrun_id, "SUCCESS", plain(update.outputs), update=wanted)


def run_spec(types: "Registry", ctx: AttemptContext, spec: str) -> Mapping[str, Any]:
    """Run one runnable task, given as YAML text, inside a running attempt (`RunContext.run_task`)."""
    from podium.expressions.yaml_text import from_yaml, to_yaml
    from podium.model.loader import load_flow

    try:
        given = from_yaml(spec)
    except ExpressionError as error:
        raise TaskError(f"The text is not a task: {error}") from error
    if isinstance(given, Mapping) and given.get("type") == ctx.task_type:
        raise TaskError(f"The templated task cannot be of type '{ctx.task_type}'")
    if not isinstance(given, Mapping) or "type" not in given:
        raise TaskError("The text is not a task: it must be a map with a `type` and its properties.")
    wrapped = {"id": "templated", "namespace": "templated", "tasks": [{**given, "id": ctx.task_id}]}
    loaded = load_flow(to_yaml(wrapped), types, expressions=False)
    if loaded.flow is None:
        raise TaskError("The text is not a task: " + " ".join(each.message for each in loaded.errors))
    task = loaded.flow.tasks[0]
    if not task.decl.local or task.decl.kind != "runnable":
        raise TaskError(f"The templated task must be a runnable task: `{task.type}` is none.")
    instance = bind(types.implementation(task.type), task.props, ctx, types.implementation)
    assert isinstance(instance, RunnableTask)
    result = instance.run(ctx)
    if isinstance(result, TaskResult):
        if result.state == "FAILED":
            raise TaskError(f"The task `{task.type}` failed.", result.outputs)
        return result.outputs
    return result or {}


def _failure(error: Exception, ctx: AttemptContext) -> s.AttemptFinished:
    outputs = None
    if isinstance(error, Cancelled):
        return s.AttemptFinished(ctx.taskrun_id, "KILLED")
    if isinstance(error, TaskError | ExpressionError | StoreError):
        ctx.log.error(str(error))
        outputs = plain(error.outputs) if isinstance(error, TaskError) and error.outputs is not None else None
    elif isinstance(error, OSError) and error.errno == errno.ENOSPC:
        ctx.log.error(f"{error}. Free some space there, then restart the execution")
    else:
        ctx.log.error(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
        ctx.log.trace("".join(traceback.format_exception(error)))
    return s.AttemptFinished(ctx.taskrun_id, "FAILED", outputs)


def plain(value: Any) -> Any:
    """Outputs as the journal and expressions keep them: JSON values; durations and dates as ISO text."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return text_of(value)


def text_of(value: Any) -> str:
    """One value that JSON has no form for, as text."""
    if isinstance(value, timedelta):
        from podium.base.durations import format_duration

        return format_duration(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours:02d}:{minutes:02d}:{rest:06.3f}"
