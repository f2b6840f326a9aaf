"""Choosing lanes, creating the next task runs, finishing containers and the execution (semantics 4.2, 4.3)."""

from collections.abc import Callable
from typing import Any

from podium.engine import changes as c
from podium.engine import rounds
from podium.engine.commands import Ended, FinishDirectory, Finished, KillChild, StopAttempt
from podium.engine.execution import TaskRun
from podium.engine.flowable import Flowable, FlowableError, final_state, following_task
from podium.engine.plan import LaneName
from podium.engine.progress import Container, Lane
from podium.engine.run import Run
from podium.engine.states import TERMINAL
from podium.model.flow import Condition, Task


def advance(run: Run, container: Container, iteration: int | None) -> None:
    """Look at one container after something changed in it: start what comes next or finish it."""
    if container.taskrun is None:
        _advance_root(run)
        return
    taskrun, task = container.taskrun, container.task
    if taskrun.state in TERMINAL or task is None or taskrun.id not in run.progress.containers:
        return
    if run.killing:
        _close_killed(run, container)
        return
    if container.waiting or taskrun.state in ("CREATED", "RESTARTED", "PAUSED"):
        return
    behaviour = run.behaviour(task)
    orphaned = _orphaned(run, container)
    if orphaned and any(lane.open for lane in container.lanes.values()):
        return
    if (
        task.type.endswith(".WorkingDirectory")
        and not container.captured
        and (orphaned or _body_over(container, behaviour))
    ):
        container.waiting = container.captured = True
        run.working.add(taskrun.id)
        run.wish(FinishDirectory(taskrun.id, task))
        return
    step = _next_step(run, container, behaviour)
    if step in ("finally", "finish") and task.type.endswith(".LoopUntil") and container.verdict is None:
        container.verdict = rounds.after_round(run, container, task, again=not orphaned)
        if container.verdict is None:
            return
    if orphaned:
        _finish_orphan(run, container, behaviour, step)
    elif step == "wait":
        return
    elif step == "finish":
        finish(run, container, behaviour)
    elif _gated(run):
        run.held[container, iteration] = None
    elif step == "tasks":
        try:
            for spawn in behaviour.next(container, iteration):
                run.create(spawn.task, taskrun.id, spawn.value, spawn.iteration, spawn.extra)
        except FlowableError as error:
            run.log("ERROR", f"Unable to resolve the next tasks to run: {error}", taskrun)
            close(run, container, "FAILED")
    else:
        _next_in_lane(run, container, step)


def _finish_orphan(run: Run, container: Container, behaviour: type[Flowable], step: str) -> None:
    """A flowable below one that has ended: what it has not begun stays undone, a restart goes on with it."""
    if step == "finish" or container.lane("tasks").states["FAILED"]:
        finish(run, container, behaviour)
    else:
        close(run, container, "KILLED")


def finish(run: Run, container: Container, behaviour: type[Flowable]) -> None:
    """All lanes are done: the flowable gets its final state."""
    verdict = container.verdict or "DONE"
    close(run, container, behaviour.final(container) if verdict == "DONE" else verdict)


def close(run: Run, container: Container, state: str) -> None:
    """Put a flowable into its final state and let its parent look."""
    assert container.taskrun is not None
    run.move(container.taskrun, state)
    run.touch(container.taskrun)
    if run.ending:
        run.dirty.append((run.progress.root, None))
    if state == "CANCELLED" and not run.execution.terminal:
        cancel(run)


def cancel(run: Run) -> None:
    """A Pause with behaviour CANCEL: the execution ends CANCELLED, nothing more runs."""
    break_off(run, "CANCELLED", lambda taskrun: "CANCELLED")


def break_off(run: Run, state: str, state_of: Callable[[TaskRun], str]) -> None:
    """End the execution in the middle: nothing new starts, running work is stopped; `state_of` what was open."""
    run.dirty.clear()
    run.held.clear()
    run.created.clear()
    for taskrun in list(run.execution.taskruns.values()):
        if taskrun.state not in TERMINAL:
            left = state_of(taskrun)
            _stop(run, taskrun, left)
            run.move(taskrun, left)
    end_as(run, state)


def _stop(run: Run, taskrun: TaskRun, state: str) -> None:
    if taskrun.attempts and taskrun.attempts[-1].state not in TERMINAL:
        run.end_attempt(taskrun, state, taskrun.outputs)
    if taskrun.id not in run.working:
        return
    open_children = [child for child in taskrun.children if child not in taskrun.settled]
    for child in open_children:
        run.wish(KillChild(taskrun.id, child))
    if not open_children:
        run.wish(StopAttempt(taskrun.id))


# -- the choice of the lane ------------------------------------------------------------------------------------


def _body_over(container: Container, behaviour: type[Flowable]) -> bool:
    """Whether a WorkingDirectory has run its tasks; its files are captured before its errors lane starts."""
    tasks = container.lane("tasks")
    return tasks.open == 0 and (tasks.states["FAILED"] > 0 or behaviour.complete(container))


def _next_step(run: Run, container: Container, behaviour: type[Flowable]) -> str:
    """`tasks`, `errors`, `finally`, `finish` or `wait`: what the container does next (lane selection of 4.2)."""
    tasks = container.lane("tasks")
    return _choose(
        run, container, tasks, tasks.states["FAILED"] > 0, lambda: behaviour.complete(container), container.task
    )


def _choose(run: Run, container: Container, tasks: Lane, failed: bool, complete: Any, task: Task | None) -> str:
    finally_tasks = run.plan.lane_of(task, "finally")
    if container.lane("finally").total:
        return _in_lane(container, "finally", finally_tasks) or "finish"
    error_tasks = run.plan.lane_of(task, "errors")
    if failed or container.lane("errors").total:
        if not failed:
            return "wait"
        if error_tasks:
            return _in_lane(container, "errors", error_tasks) or ("finally" if finally_tasks else "finish")
        return "finally" if finally_tasks else "finish"
    if complete():
        return "finally" if finally_tasks else "finish"
    return "tasks"


def _in_lane(container: Container, name: LaneName, tasks: tuple[Task, ...]) -> str | None:
    """The lane's name while it has something to start, `wait` while something runs, None when it is over."""
    lane = container.lane(name)
    if lane.open:
        return "wait"
    return name if lane.total < len(tasks) else None


def _next_in_lane(run: Run, container: Container, name: str) -> None:
    """The next task of an errors, finally or after lane; a failed one does not stop the lane (4.2)."""
    lane: LaneName = "errors" if name == "errors" else "finally" if name == "finally" else "after"
    tasks = run.plan.lane_of(container.task, lane)
    position = container.lane(lane).total
    if position < len(tasks):
        run.create(tasks[position], container.taskrun.id if container.taskrun else None)


def _gated(run: Run) -> bool:
    """Whether new task runs must wait: the execution is paused by a Pause task or by somebody."""
    return run.execution.state == "PAUSED" and not _only_loops_wait(run)


def _only_loops_wait(run: Run) -> bool:
    return run.pausing == 0 and not run.execution.held and any(key.startswith("loop:") for key in run.execution.timers)


def _orphaned(run: Run, container: Container) -> bool:
    """Whether a flowable above has already ended: then nothing new starts below it."""
    taskrun = container.taskrun
    while taskrun is not None and taskrun.parent is not None:
        taskrun = run.execution.taskruns[taskrun.parent]
        if taskrun.state in TERMINAL:
            return True
    return run.ending or (run.execution.terminal and not _in_after_lane(run, container))


def _in_after_lane(run: Run, container: Container) -> bool:
    taskrun = container.taskrun
    while taskrun is not None and taskrun.parent is not None:
        taskrun = run.execution.taskruns[taskrun.parent]
    return taskrun is not None and run.plan.places[taskrun.task_id].lane == "after"


# -- killing ---------------------------------------------------------------------------------------------------


def _close_killed(run: Run, container: Container) -> None:
    if container.taskrun and container.taskrun.id not in run.working:
        if not any(lane.open for lane in container.lanes.values()):
            run.move(container.taskrun, "KILLED")
            run.touch(container.taskrun)


# -- the end of the execution ----------------------------------------------------------------------------------


def _advance_root(run: Run) -> None:
    ex, root = run.execution, run.progress.root
    if ex.terminal:
        after(run)
        return
    if ex.state == "KILLING":
        if not run.working and not any(lane.open for lane in root.lanes.values()):
            _settle_stragglers(run)
            end_as(run, "KILLED")
        return
    if ex.state in ("QUEUED", "CREATED"):
        return
    tasks = root.lane("tasks")
    step = _choose(
        run, root, tasks, tasks.states["FAILED"] > 0,
        lambda: tasks.open == 0 and tasks.total >= len(root.branch), None,
    )  # fmt: skip
    if step == "wait":
        return
    if step == "finish":
        run.ending = True
        if not run.working and ex.state not in ("PAUSED",):
            _end(run)
    elif _gated(run):
        run.held[root, None] = None
    elif step == "tasks":
        following = following_task(root, None)
        if following is not None:
            run.create(following, None)
    else:
        _next_in_lane(run, root, step)


def _end(run: Run) -> None:
    """The normal end: final state from the tasks, then the flow outputs (semantics 4.3, 6.1)."""
    state = final_state(run.progress.root, False, False)
    _settle_stragglers(run)
    if run.flow.outputs:
        try:
            outputs = _flow_outputs(run)
        except Exception as error:  # an expression or typing error of any kind fails the run, it never hangs it
            run.log("ERROR", f"Failed to render output values: {error}")
            run.emit(c.ExecutionFailed(f"Failed to render output values: {error}"))
            state = "FAILED"
        else:
            run.emit(c.ExecutionOutputs(outputs))
    end_as(run, state)


def _flow_outputs(run: Run) -> dict[str, Any]:
    variables = run.variables.of_execution()
    outputs: dict[str, Any] = {}
    for output in run.flow.outputs:
        try:
            # A lone expression may give null; every text inside a map or a list stays a text (semantics 5.1).
            render = run.renderer.render_typed if isinstance(output.value, str) else run.renderer.render
            value = render(output.value, variables)
        except Exception:
            if output.required:
                raise
            value = None
        if value is None and not output.required:
            outputs[output.id] = None
            continue
        try:
            outputs[output.id] = run.typer(output.type, value)
        except ValueError as error:
            raise ValueError(f"Invalid output for `{output.id}`, {error}, but received `{value}`") from error
    return outputs


def _settle_stragglers(run: Run) -> None:
    """Nothing may stay open below an ended execution: a pending retry has failed, a pause is over."""
    for container in list(run.progress.containers.values()):
        taskrun = container.taskrun
        if taskrun is None or taskrun.state in TERMINAL:
            continue
        run.move(taskrun, "FAILED" if taskrun.state == "RETRYING" else "KILLED")


def end_as(run: Run, state: str) -> None:
    """The execution is terminal now; its timers are gone, its afterExecution tasks follow."""
    for key in list(run.execution.timers):
        run.clear_timer(key)
    run.move_execution(state)
    run.ending = False
    run.log("INFO", f"Flow completed with state {state} in {_clock_text(run)}")
    run.wish(Ended(state))
    after(run)


def after(run: Run) -> None:
    """Listeners, then afterExecution, one after the other; then nothing is left (semantics 4.6)."""
    lane = run.progress.root.lane("after")
    if lane.open:
        return
    tasks = [] if run.stopped else _after_tasks(run)
    started = {taskrun.task_id for taskrun in lane.runs()}
    for task in tasks:
        if task.id not in started:
            run.create(task, None)
            return
    if not run.working:
        run.wish(Finished())


def _after_tasks(run: Run) -> list[Task]:
    tasks: list[Task] = []
    for listener in run.flow.listeners:
        if _holds(run, listener.conditions):
            tasks.extend(run.plan.enabled(listener.tasks))
    tasks.extend(run.plan.enabled(run.flow.after_execution))
    return tasks


def _holds(run: Run, conditions: tuple[Condition, ...]) -> bool:
    variables = run.variables.of_execution()
    try:
        return all(run.holds(condition, variables) for condition in conditions)
    except Exception as error:  # a condition that cannot be evaluated does not hold (semantics 9)
        run.log("WARN", f"A listener condition could not be evaluated: {error}")
        return False


def _clock_text(run: Run) -> str:
    seconds = (run.execution.histories[-1][1] - run.execution.start).total_seconds()
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours:02d}:{minutes:02d}:{rest:06.3f}"
