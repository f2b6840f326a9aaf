"""What the end of an attempt means: final state, retry, updates of the execution (semantics 3.3, 3.4)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from podium.engine import changes as c
from podium.engine.advance import break_off, close
from podium.engine.commands import CreateRetry
from podium.engine.execution import Attempt, TaskRun
from podium.engine.run import Run
from podium.engine.states import TERMINAL
from podium.engine.stimuli import AttemptFinished, DirectoryDone, DirectoryReady, Update
from podium.model.flow import Retry, Task


def attempt_began(run: Run, taskrun_id: str) -> None:
    """A worker has started a submitted task run."""
    taskrun = run.execution.taskruns.get(taskrun_id)
    if taskrun is not None and taskrun.state not in TERMINAL:
        run.begin_attempt(taskrun)


def attempt_finished(run: Run, result: AttemptFinished) -> None:
    """A worker is done with a task run."""
    run.release(result.taskrun_id)
    taskrun = run.execution.taskruns.get(result.taskrun_id)
    if taskrun is None or taskrun.state in TERMINAL:
        return
    killed = run.killing or taskrun.state == "KILLING"
    state = "KILLED" if killed else result.state
    run.end_attempt(taskrun, state, result.outputs, result.log_file)
    if result.values is not None:
        run.emit(c.Expanded(taskrun.id, result.values))
    for made in result.made:
        _make(run, taskrun, made.task_id, made.state, made.value, made.outputs)
    task = run.task(taskrun)
    if state == "FAILED" and retry(run, taskrun, task):
        return
    if result.update is not None and state != "KILLED" and not _update(run, taskrun, result.update):
        return
    settle(run, taskrun, task, state)


def settle(run: Run, taskrun: TaskRun, task: Task, state: str) -> None:
    """Put a task run into its final state, adjusted by its allow* properties, and let its container look."""
    run.move(taskrun, adjusted(run, taskrun, task, state))
    run.touch(taskrun)


def adjusted(run: Run, taskrun: TaskRun, task: Task, state: str) -> str:
    """The state of the task run after that of its last attempt (semantics 3.3 step 5)."""
    applying = run.plan.places[task.id].retry
    if state == "SUCCESS" and len(taskrun.attempts) > 1 and applying and applying.warning_on_retry:
        state = "WARNING"
    if state == "FAILED" and task.allow_failure:
        state = "WARNING"
    if state == "WARNING" and task.allow_warning:
        state = "SUCCESS"
    return state


# -- retry -----------------------------------------------------------------------------------------------------


def retry(run: Run, taskrun: TaskRun, task: Task) -> bool:
    """Plan the next attempt of a failed task run; False when there is none left."""
    policy = run.plan.places[task.id].retry
    if policy is None or run.execution.terminal or run.ending:
        return False
    if policy.behavior == "CREATE_NEW_EXECUTION":
        return _retry_execution(run, taskrun, policy)
    due = next_retry(policy, taskrun.attempts, run.fraction())
    if due is None:
        return False
    # The timer first: a retry that waits without one would wait for ever.
    run.set_timer(f"retry:{taskrun.id}", due)
    run.move(taskrun, "RETRYING")
    if run.execution.state == "RUNNING":
        run.move_execution("RETRYING")
    return True


def next_retry(policy: Retry, attempts: list[Attempt], fraction: float = 0.5) -> datetime | None:
    """When the next attempt starts; None when the limits are used up. `fraction` (0 to 1) places a random delay."""
    count = len(attempts)
    if count == 0 or (policy.max_attempts is not None and count >= policy.max_attempts):
        return None
    due = attempts[-1].histories[-1][1] + delay(policy, count, fraction)
    if policy.max_duration is not None and due > attempts[0].histories[0][1] + policy.max_duration:
        return None
    return due


def delay(policy: Retry, count: int, fraction: float) -> timedelta:
    """The wait after `count` attempts: a geometric series when exponential, capped."""
    if policy.type == "random":
        low, high = policy.min_interval or timedelta(), policy.max_interval or timedelta()
        return low + (high - low) * fraction
    base = policy.interval or timedelta()
    if policy.type == "constant":
        return base
    factor = (policy.delay_factor or 2.0) ** (count - 1)
    cap = policy.max_interval or timedelta(days=365)
    return min(cap, base * factor) if base.total_seconds() * factor < cap.total_seconds() else cap


def _retry_execution(run: Run, taskrun: TaskRun, policy: Retry) -> bool:
    ex = run.execution
    due = run.now() + delay(policy, ex.attempt_number, run.fraction())
    if policy.max_attempts is not None and ex.attempt_number >= policy.max_attempts:
        return False
    if policy.max_duration is not None and due > ex.original_created + policy.max_duration:
        return False
    retried = {taskrun.id, *(above.id for above in ex.ancestors(taskrun))}
    run.wish(CreateRetry(run.ids.new(), due))
    break_off(run, "RETRIED", lambda other: "RETRIED" if other.id in retried else "KILLED")
    return True


# -- execution-updating tasks and made task runs -----------------------------------------------------------------


def _update(run: Run, taskrun: TaskRun, update: Update) -> bool:
    """Apply what a task wants of the execution; False when it has ended the execution."""
    ex = run.execution
    if update.labels:
        merged = [(key, value) for key, value in ex.labels if key not in update.labels]
        run.emit(c.LabelsSet([*merged, *update.labels.items()]))
    if update.variables or update.unset:
        before = run.flow.variables if ex.variables is None else ex.variables
        variables = _merged(before, update.variables or {})
        for path in update.unset:
            _unset(variables, path.split("."))
        run.emit(c.VariablesSet(variables))
    if update.end_state is None or ex.terminal:
        return True
    run.move(taskrun, "KILLED" if update.end_state == "KILLED" else "SUCCESS")
    end_state, above = update.end_state, {each.id for each in ex.ancestors(taskrun)}
    break_off(run, end_state, lambda other: end_state if other.id in above else "KILLED")
    return False


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """A deep merge; the new value wins."""
    merged = dict(old)
    for key, value in new.items():
        before = merged.get(key)
        merged[key] = _merged(before, value) if isinstance(before, Mapping) and isinstance(value, Mapping) else value
    return merged


def _unset(variables: dict[str, Any], path: list[str]) -> None:
    inner = variables.get(path[0])
    if len(path) == 1:
        variables.pop(path[0], None)
    elif isinstance(inner, Mapping):
        variables[path[0]] = dict(inner)
        _unset(variables[path[0]], path[1:])


def _make(run: Run, maker: TaskRun, task_id: str, state: str, value: str | None,
          outputs: Mapping[str, Any] | None) -> None:  # fmt: skip
    taskrun_id, now = run.ids.new(), run.now()
    run.emit(c.TaskRunCreated(taskrun_id, task_id, now, maker.id, value))
    run.emit(c.AttemptStarted(taskrun_id, now))
    run.emit(c.AttemptEnded(taskrun_id, state, now, outputs))
    run.emit(c.TaskRunMoved(taskrun_id, state, now))
    made = run.execution.taskruns[taskrun_id]
    run.progress.track(made)
    run.variables.track(made)


# -- the directory of a WorkingDirectory -------------------------------------------------------------------------


def directory_ready(run: Run, ready: DirectoryReady) -> None:
    """The children of a WorkingDirectory may start, or it failed before them."""
    run.release(ready.taskrun_id)
    container = run.progress.container(ready.taskrun_id)
    assert container.taskrun is not None and container.task is not None
    container.waiting = False
    if ready.error is None or run.killing:
        run.dirty.append((container, None))
        return
    run.log("ERROR", f"Failed preExecuteTasks on WorkingDirectory: {ready.error}", container.taskrun)
    close(run, container, adjusted(run, container.taskrun, container.task, "FAILED"))


def directory_done(run: Run, done: DirectoryDone) -> None:
    """The files of a WorkingDirectory are captured; its lanes decide about its state unless that failed."""
    run.release(done.taskrun_id)
    container = run.progress.container(done.taskrun_id)
    assert container.taskrun is not None and container.task is not None
    container.waiting = False
    if done.outputs:
        run.set_outputs(container.taskrun, done.outputs)
    if done.error is None:
        run.dirty.append((container, None))
        return
    run.log("ERROR", f"Failed postExecuteTasks on WorkingDirectory: {done.error}", container.taskrun)
    close(run, container, adjusted(run, container.taskrun, container.task, "FAILED"))
