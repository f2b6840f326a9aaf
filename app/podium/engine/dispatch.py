"""Giving a created task run to whoever carries it out (step 6 of the engine's pass, semantics appendix A)."""

from datetime import timedelta
from typing import Any

from podium.base.durations import parse_duration
from podium.engine import changes as c
from podium.engine import children
from podium.engine.commands import PrepareDirectory, Submit
from podium.engine.execution import TaskRun
from podium.engine.flowable import Opening
from podium.engine.plan import Place
from podium.engine.progress import Container
from podium.engine.rounds import first_round
from podium.engine.run import Run, falsy
from podium.engine.states import TERMINAL
from podium.model.flow import Task


def dispatch(run: Run, taskrun: TaskRun) -> None:
    """Start one CREATED or RESTARTED task run: skip, open, pause, call a flow or hand it to a worker."""
    if taskrun.id not in run.execution.taskruns or taskrun.state in TERMINAL:
        return
    place = run.plan.places[taskrun.task_id]
    task = place.task
    if not _wanted(run, taskrun, task):
        return
    if task.decl.kind == "executable":
        children.call(run, taskrun, task)
    elif task.decl.kind != "flowable":
        run.working.add(taskrun.id)
        run.wish(Submit(taskrun.id, task, _directory(taskrun, place)))
    elif task.type.endswith(".WorkingDirectory"):
        run.move(taskrun, "RUNNING")
        container = run.progress.container(taskrun.id)
        container.set_branch(run.plan.enabled(task.children.get("tasks", ())))
        container.waiting = True
        run.working.add(taskrun.id)
        run.wish(PrepareDirectory(taskrun.id, task))
    elif task.type.endswith(".Pause"):
        pause(run, taskrun, task)
    else:
        _open(run, taskrun, task)


def _wanted(run: Run, taskrun: TaskRun, task: Task) -> bool:
    """Evaluate runIf; False when the task run has been skipped or failed for it. A retry is not asked again."""
    if task.run_if is None or taskrun.attempts:
        return True
    try:
        wanted = not falsy(run.render(task.run_if, taskrun))
    except Exception as error:  # any error of the expression fails the task run (semantics 3.2)
        run.log("ERROR", f"Unable to evaluate the runIf condition for task {task.id}: {error}", taskrun)
        run.move(taskrun, "FAILED")
        run.touch(taskrun)
        return False
    if not wanted:
        run.move(taskrun, "SKIPPED")
        run.touch(taskrun)
    return wanted


def _directory(taskrun: TaskRun, place: Place) -> str | None:
    if place.parent is not None and place.lane == "tasks" and place.parent.type.endswith(".WorkingDirectory"):
        return taskrun.parent
    return None


def _open(run: Run, taskrun: TaskRun, task: Task) -> None:
    behaviour = run.behaviour(task)
    run.move(taskrun, "RUNNING")
    opening = Opening(
        task, taskrun, lambda value: run.render(value, taskrun), lambda value: run.render_typed(value, taskrun)
    )
    container = run.progress.container(taskrun.id)
    try:
        opened = behaviour.open(opening)
    except Exception as error:  # what a user's expression raises fails the flowable, never the engine
        run.log("ERROR", f"Unable to resolve state from the Flowable task: {error}", taskrun)
        _fail_open(run, container)
        return
    if opened.values is not None:
        run.emit(c.Expanded(taskrun.id, tuple(opened.values)))
    outputs = first_round() if task.type.endswith(".LoopUntil") else opened.outputs
    if outputs is not None:
        run.set_outputs(taskrun, outputs)
    branch = behaviour.branch(task, taskrun)
    if branch is None:
        ex = run.execution
        run.log(
            "WARN",
            f"No task found on flow '{ex.namespace}.{ex.flow_id}', task '{task.id}', execution '{ex.id}'",
            taskrun,
        )
        _fail_open(run, container)
        return
    container.set_branch(run.plan.enabled(branch))
    run.dirty.append((container, None))


def _fail_open(run: Run, container: Container) -> None:
    """A flowable that cannot be opened fails; its errors and finally lanes have nothing to react to."""
    assert container.taskrun is not None and container.task is not None
    task = container.task
    state = "FAILED"
    if task.allow_failure:
        state = "SUCCESS" if task.allow_warning else "WARNING"
    run.move(container.taskrun, state)
    run.touch(container.taskrun)


# -- Pause -----------------------------------------------------------------------------------------------------


def pause(run: Run, taskrun: TaskRun, task: Task) -> None:
    """A Pause is reached: it and the execution are PAUSED until somebody resumes or its time is over."""
    run.move(taskrun, "RUNNING")
    container = run.progress.container(taskrun.id)
    container.set_branch(run.plan.enabled(task.children.get("tasks", ())))
    container.waiting = True
    try:
        length = _duration(run.render(task.props.get("pauseDuration"), taskrun))
        limit = None if length is not None else _duration(run.render(task.timeout, taskrun))
    except Exception as error:
        run.log("ERROR", f"The length of the pause cannot be read: {error}", taskrun)
        _fail_open(run, container)
        return
    if run.execution.terminal and length is None and limit is None:
        run.log("ERROR", "A Pause in afterExecution needs a `pauseDuration`: the execution has ended, "
                "nobody can resume it", taskrun)  # fmt: skip
        _fail_open(run, container)
        return
    # The timer first: a pause that has lost it would never end by itself.
    if length is not None:
        run.set_timer(f"pause:{taskrun.id}", run.now() + length)
    elif limit is not None:
        run.set_timer(f"pause-timeout:{taskrun.id}", run.now() + limit)
    run.move(taskrun, "PAUSED")
    run.pausing += 1
    run.pause_execution()
    for hook in run.plan.lane_of(task, "pause")[:1]:
        run.create(hook, taskrun.id)


def _duration(value: Any) -> timedelta | None:
    if value is None or value == "":
        return None
    return value if isinstance(value, timedelta) else parse_duration(str(value))
