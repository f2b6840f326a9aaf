"""Start, kill, pause, resume, timers and SLAs: what comes from outside the tasks (semantics 7, 8)."""

from collections.abc import Mapping
from datetime import timedelta

from podium.base.durations import format_duration
from podium.engine import changes as c
from podium.engine.advance import break_off, close
from podium.engine.children import child_ended
from podium.engine.commands import KillChild, RestartChild, StopAttempt
from podium.engine.dispatch import dispatch
from podium.engine.execution import Execution, TaskRun
from podium.engine.outcome import adjusted, retry
from podium.engine.progress import Container
from podium.engine.restart import resumption
from podium.engine.rounds import next_round
from podium.engine.run import Run, falsy
from podium.engine.states import CREATED, TERMINAL
from podium.engine.stimuli import ChildEnded, EndAs, Resume, Start, TimerFired
from podium.model.flow import Sla

_AFTER_PAUSE = {"RESUME": "SUCCESS", "WARN": "WARNING", "FAIL": "FAILED", "CANCEL": "CANCELLED"}
LOST = "The runner of this execution died while the task was running; its attempt is lost"


def start(run: Run, stimulus: Start) -> None:
    """Begin, or do what the concurrency limit says (semantics 7.1)."""
    ex = run.execution
    if ex.state not in ("CREATED", "QUEUED", "RESTARTED"):
        return
    if ex.state == "CREATED" and ex.schedule_date and ex.schedule_date > run.now():
        run.set_timer("schedule", ex.schedule_date)
        return
    if stimulus.admission == "QUEUE":
        run.log("INFO", f"Flow is queued due to concurrency limit exceeded, {stimulus.running} running(s)")
        run.move_execution("QUEUED")
    elif stimulus.admission == "CANCEL":
        _end_unbegun(run, "CANCELLED")
    elif stimulus.admission == "FAIL":
        message = "Execution is FAILED due to concurrency limit exceeded"
        run.log("ERROR", message)
        run.emit(c.ExecutionFailed(message))
        _end_unbegun(run, "FAILED")
    else:
        _begin(run)


def _end_unbegun(run: Run, state: str) -> None:
    """End what has not begun; in one that was to go on nothing stays open that was taken up for that."""
    break_off(run, state, lambda taskrun: state)


def _begin(run: Run) -> None:
    # One that was restarted may have queued in between.
    restarted = run.execution.state == "RESTARTED" or bool(run.execution.taskruns)
    # A restart has its own time: else an execution that ran too long could never be taken up again.
    begin = run.now() if restarted else run.execution.start
    for sla in run.flow.sla:
        if sla.type == "MAX_DURATION" and sla.duration is not None:
            run.set_timer(f"sla:{sla.id}", begin + sla.duration)
    run.log("INFO", "Flow restarted" if restarted else "Flow started")
    run.move_execution("RUNNING")
    if restarted:
        _continue(run)
    run.dirty.append((run.progress.root, None))


def take_up(run: Run) -> None:
    """Go on from the journal: lost attempts fail, everything that was waiting is looked at again."""
    ex = run.execution
    for taskrun in list(ex.taskruns.values()):
        if taskrun.id not in run.progress.containers or run.progress.place(taskrun) is None:
            continue
        task = run.task(taskrun)
        if taskrun.state in ("RUNNING", "KILLING") and task.decl.kind not in ("flowable", "executable"):
            run.log("ERROR", LOST, taskrun)
            run.end_attempt(taskrun, "FAILED", taskrun.outputs)
            if not retry(run, taskrun, task):
                run.move(taskrun, adjusted(run, taskrun, task, "FAILED"))
    if ex.state in ("RUNNING", "RETRYING", "PAUSED", "KILLING") or ex.terminal:
        _continue(run)
        run.dirty.append((run.progress.root, None))


def _continue(run: Run) -> None:
    """Rebuild what is not in the journal: open branches, active iterations, task runs to dispatch."""
    for taskrun in list(run.execution.taskruns.values()):
        place = run.progress.place(taskrun)
        if place is None or taskrun.state in TERMINAL:
            continue
        task = run.task(taskrun)
        if taskrun.state in CREATED:
            run.created.append(taskrun)
        elif task.decl.kind == "flowable":
            _reopen(run, taskrun)
        elif task.decl.kind == "executable":
            run.working.add(taskrun.id)
            _rejoin(run, taskrun)


def _reopen(run: Run, taskrun: TaskRun) -> None:
    task = run.task(taskrun)
    container = run.progress.container(taskrun.id)
    if task.type.endswith(".WorkingDirectory"):
        # Its directory is gone with the runner: the block is done again as a whole (semantics 8.3).
        run.remove(list(run.execution.descendants(taskrun.id)))
        container.lanes.clear()
        container.captured = False
        dispatch(run, taskrun)
        return
    if _comes_back(taskrun, container):
        dispatch(run, taskrun)
        return
    behaviour = run.behaviour(task)
    branch = behaviour.branch(task, taskrun)
    container.set_branch(run.plan.enabled(branch or ()))
    if taskrun.state == "PAUSED" and task.type.endswith(".Pause"):
        container.waiting = True
        run.pausing += 1
        return
    if taskrun.state == "RUNNING":
        for iteration in behaviour.reopen(container):
            run.dirty.append((container, iteration))


def _comes_back(taskrun: TaskRun, container: Container) -> bool:
    """Whether a flowable had ended and a restart has chosen it: it decides anew, nothing of it is there yet."""
    states = [state for state, _ in taskrun.histories[-2:]]
    ended = len(states) == 2 and states[0] in TERMINAL and states[1] == "RUNNING"
    return ended and not any(lane.total for lane in container.lanes.values())


def _rejoin(run: Run, taskrun: TaskRun) -> None:
    """Wait for its executions again. Where the journal ends in the middle of a step, do the rest of that step."""
    waited_for = [child for child in taskrun.children if child not in taskrun.settled]
    for child in waited_for:
        run.wish(RestartChild(taskrun.id, child))
    if not taskrun.children:
        run.end_attempt(taskrun, "KILLED", taskrun.outputs)
        run.move(taskrun, "CREATED")
        run.created.append(taskrun)
    elif not waited_for:
        last = next(reversed(taskrun.children))
        child_ended(run, ChildEnded(taskrun.id, last, taskrun.settled[last], taskrun.child_outputs.get(last)))


# -- kill ------------------------------------------------------------------------------------------------------


def kill(run: Run) -> None:
    """End everything: nothing new starts, running work is stopped, children are killed (semantics 8.2).

    What runs after the end of the execution is ended too; the execution stays as it ended.
    """
    ex = run.execution
    if run.killing:
        return
    run.stopped = ex.terminal
    run.dirty.clear()
    run.held.clear()
    run.created.clear()
    for key in list(ex.timers):
        run.clear_timer(key)
    if not ex.terminal:
        run.move_execution("KILLING")
    for taskrun in list(ex.taskruns.values()):
        if taskrun.state not in TERMINAL and run.progress.place(taskrun) is not None:
            _kill_taskrun(run, taskrun)
    run.dirty.append((run.progress.root, None))


def _kill_taskrun(run: Run, taskrun: TaskRun) -> None:
    task = run.task(taskrun)
    if task.decl.kind == "flowable":
        was_paused = taskrun.state == "PAUSED"
        run.move(taskrun, "KILLING")
        container = run.progress.container(taskrun.id)
        if was_paused or taskrun.id not in run.working:
            run.dirty.append((container, None))
    elif task.decl.kind == "executable" and taskrun.state == "RUNNING":
        run.move(taskrun, "KILLING")
        for child in taskrun.children:
            if child not in taskrun.settled:
                run.wish(KillChild(taskrun.id, child))
    elif taskrun.id in run.working and taskrun.state == "RUNNING":
        run.move(taskrun, "KILLING")
        run.wish(StopAttempt(taskrun.id))
    else:
        if taskrun.id in run.working:
            run.working.discard(taskrun.id)
            run.wish(StopAttempt(taskrun.id))
        run.move(taskrun, "KILLED")


# -- pause and resume --------------------------------------------------------------------------------------------


def pause(run: Run) -> None:
    """Somebody pauses a running execution: running tasks finish, nothing new starts.

    One that waits for the next round of a LoopUntil counts as running; the round does not begin then.
    """
    if pausable(run.execution):
        run.emit(c.ExecutionHeld(True))
        run.move_execution("PAUSED")


def pausable(ex: Execution) -> bool:
    """Whether there is anything that a pause by somebody would keep from going on."""
    if ex.state == "PAUSED":
        return not ex.held and any(key.startswith("loop:") for key in ex.timers)
    return ex.state == "RUNNING"


def resume(run: Run, request: Resume) -> None:
    """Let the named (or first) paused task run go on; without one the whole execution goes on."""
    ex = run.execution
    if ex.state != "PAUSED" and not ex.terminal:
        return
    paused = _paused(run, request.taskrun_id)
    if paused is None and request.taskrun_id is not None:
        return  # somebody else was faster: what pauses now was not meant
    if paused is None:
        if ex.held:
            run.emit(c.ExecutionHeld(False))
        _unpause(run)
        return
    outputs: dict[str, object] = {"resumed": resumption(run.now(), request.by, request.state)}
    if request.values:
        outputs["onResume"] = dict(request.values)
    run.set_outputs(paused, {**(paused.outputs or {}), **outputs})
    _end_pause(run, paused, request.state)
    run.clear_timer(f"pause:{paused.id}")
    run.clear_timer(f"pause-timeout:{paused.id}")


def _paused(run: Run, taskrun_id: str | None) -> TaskRun | None:
    runs = run.execution.taskruns
    candidates = runs.values() if taskrun_id is None else [runs[taskrun_id]] if taskrun_id in runs else []
    return next(
        (each for each in candidates if each.state == "PAUSED" and run.task(each).type.endswith(".Pause")), None
    )


def _end_pause(run: Run, taskrun: TaskRun, state: str) -> None:
    container = run.progress.container(taskrun.id)
    container.waiting = False
    run.pausing = max(0, run.pausing - 1)
    if state == "SUCCESS" and container.branch:
        run.move(taskrun, "RUNNING")
        run.dirty.append((container, None))
    elif state == "FAILED" and run.plan.lane_of(container.task, "errors"):
        run.move(taskrun, "RUNNING")
        run.dirty.append((container, None))
        container.lane("tasks").states["FAILED"] += 1
    else:
        close(run, container, adjusted(run, taskrun, run.task(taskrun), state))
    if not run.execution.terminal:
        _unpause(run)


def _unpause(run: Run) -> None:
    if run.pausing or run.execution.held or run.execution.state != "PAUSED":
        return
    if any(key.startswith("loop:") for key in run.execution.timers):
        run.dirty.extend(run.held)
        run.held.clear()
        return
    run.move_execution("RESTARTED")
    run.move_execution("RUNNING")
    run.dirty.extend(run.held)
    run.held.clear()
    run.dirty.append((run.progress.root, None))


def force_run(run: Run) -> None:
    """Start in spite of a limit or a date, or resume (semantics 8.7)."""
    if run.execution.state == "PAUSED":
        resume(run, Resume())
    elif run.execution.state in ("QUEUED", "CREATED"):
        run.clear_timer("schedule")
        _begin(run)


def end_before_start(run: Run, request: EndAs) -> None:
    """An execution that has not begun ends in a chosen state."""
    if run.execution.state not in ("QUEUED", "CREATED"):
        return
    if request.message:
        run.log("ERROR" if request.state == "FAILED" else "INFO", request.message)
        run.emit(c.ExecutionFailed(request.message))
    _end_unbegun(run, request.state)


def set_labels(run: Run, labels: Mapping[str, str]) -> None:
    """Merge labels into those of the execution; a key that is there gets the new value, at the end."""
    kept = [(key, value) for key, value in run.execution.labels if key not in labels]
    run.emit(c.LabelsSet([*kept, *labels.items()]))


# -- timers ------------------------------------------------------------------------------------------------------


def timer_fired(run: Run, fired: TimerFired) -> None:
    """Something is due; a timer that was cleared meanwhile does nothing."""
    ex, key = run.execution, fired.key
    if key not in ex.timers:
        return
    kind, _, name = key.partition(":")
    if name in ex.taskruns:
        # Cleared last: should the journal end in between, the timer fires again.
        _taskrun_timer(run, kind, ex.taskruns[name])
        run.clear_timer(key)
        return
    run.clear_timer(key)
    if kind == "schedule":
        start(run, fired.start)
    elif kind == "sla":
        _sla_time_over(run, name)


def _taskrun_timer(run: Run, kind: str, taskrun: TaskRun) -> None:
    if kind == "retry" and taskrun.state == "RETRYING":
        run.move(taskrun, "CREATED")
        others = (key for key in run.execution.timers if key != f"retry:{taskrun.id}")
        if run.execution.state == "RETRYING" and not any(key.startswith("retry:") for key in others):
            run.move_execution("RUNNING")
        run.created.append(taskrun)
    elif kind == "loop" and taskrun.state == "PAUSED":
        if not run.pausing and not run.execution.held and run.execution.state == "PAUSED":
            run.move_execution("RUNNING")
            run.dirty.extend(run.held)
            run.held.clear()
            run.dirty.append((run.progress.root, None))
        next_round(run, run.progress.container(taskrun.id))
    elif kind == "pause" and taskrun.state == "PAUSED":
        behavior = str(run.task(taskrun).props.get("behavior") or "RESUME")
        resume(run, Resume(taskrun.id, state=_AFTER_PAUSE.get(behavior, "SUCCESS")))
    elif kind == "pause-timeout" and taskrun.state == "PAUSED":
        run.log("ERROR", "Timeout: nobody resumed the execution in time", taskrun)
        resume(run, Resume(taskrun.id, state="FAILED"))


# -- SLA -----------------------------------------------------------------------------------------------------------


def _sla_time_over(run: Run, sla_id: str) -> None:
    sla = next((sla for sla in run.flow.sla if sla.id == sla_id), None)
    if sla is not None and not run.execution.terminal:
        lasted, allowed = run.now() - run.execution.start, sla.duration or timedelta()
        limit = format_duration(allowed)
        reason = f"execution duration of {format_duration(lasted)} exceed the maximum duration of {limit}."
        violate(run, sla, reason)


def check_assertions(run: Run) -> None:
    """Evaluate the assertions of the flow; the first violated one acts (semantics 7.2)."""
    for sla in run.flow.sla:
        if sla.type != "EXECUTION_ASSERTION" or sla.assertion is None or run.execution.terminal:
            continue
        try:
            rendered = run.renderer.render(sla.assertion, run.variables.of_execution())
        except Exception as error:  # written against outputs that do not exist yet: no verdict
            run.log("ERROR", f"Ignoring SLA '{sla.id}' because of the error: {error}")
            continue
        if falsy(rendered) and violate(run, sla, f"assertion is false: {sla.assertion}."):
            return


def violate(run: Run, sla: Sla, reason: str) -> bool:
    """Carry out the behaviour of a violated SLA; False when it has been marked before."""
    present = set(run.execution.labels)
    if sla.labels and set(sla.labels) <= present and sla.behavior == "NONE":
        return False
    run.log("WARN", f"SLA '{sla.id}' violated: {reason}")
    if sla.labels:
        kept = [(key, value) for key, value in run.execution.labels if key not in dict(sla.labels)]
        run.emit(c.LabelsSet([*kept, *sla.labels]))
    if sla.behavior == "NONE":
        return True
    state = "FAILED" if sla.behavior == "FAIL" else "CANCELLED"
    if state == "FAILED":
        message = f"Execution failed due to SLA '{sla.id}' violated: {reason}"
        run.log("ERROR", message)
        run.emit(c.ExecutionFailed(message))
    break_off(run, state, lambda taskrun: state)
    return True
