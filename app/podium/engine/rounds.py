"""LoopUntil: its rounds, limits and the wait between them (semantics 4.5)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from podium.base.durations import parse_duration
from podium.engine import changes as c
from podium.engine.execution import TaskRun
from podium.engine.progress import Container
from podium.engine.run import Run, falsy
from podium.model.flow import Task


@dataclass(frozen=True, slots=True)
class CheckFrequency:
    """How often and how long a LoopUntil tries; no limit unless written (0.23+)."""

    interval: timedelta = timedelta(minutes=1)
    max_iterations: int | None = None
    max_duration: timedelta | None = None


WAIT_FOR = CheckFrequency(timedelta(seconds=1), 100, timedelta(hours=1))
"""The limits of the type under its old name, from before 0.23."""


def first_round() -> dict[str, Any]:
    """The outputs of a LoopUntil while its first round runs."""
    return {"iterationCount": 1}


def after_round(run: Run, container: Container, task: Task, again: bool) -> str | None:
    """What follows a complete round: `DONE` (state from the children), a state, or None when the next round waits.

    Without `again` there must be no next round: then the loop was broken off and is KILLED. The `finally` tasks run
    after the last round only.
    """
    taskrun = container.taskrun
    assert taskrun is not None
    if container.lane("tasks").states["FAILED"]:
        return "DONE"
    try:
        # The limits come first: what a round beyond them would say no longer counts (semantics 4.5).
        frequency = _frequency(run, task, taskrun)
        reached = _reached(run, taskrun, frequency)
        if reached is not None:
            run.log("WARN", reached, taskrun)
            failing = not falsy(run.render(task.props.get("failOnMaxReached", False), taskrun))
            return "FAILED" if failing else "DONE"
        if not falsy(run.render(task.props.get("condition"), taskrun)):
            return "DONE"
    except Exception as error:  # whatever a user's expression raises fails this task, never the engine
        run.log("ERROR", f"Unable to resolve state from the Flowable task: {error}", taskrun)
        return "FAILED"
    if container.lane("finally").total:  # taken up in the middle of them
        return "DONE"
    if not again:
        return "KILLED"
    # The timer first: a loop that waits without one would wait for ever.
    run.set_timer(f"loop:{taskrun.id}", run.now() + frequency.interval)
    run.move(taskrun, "PAUSED")
    run.pause_execution()
    return None


def _reached(run: Run, taskrun: TaskRun, frequency: CheckFrequency) -> str | None:
    """Which limit this round went beyond: as on a server, `maxIterations: 3` is only exceeded by a fourth round."""
    count = int((taskrun.outputs or {}).get("iterationCount", 1))
    if frequency.max_iterations is not None and count > frequency.max_iterations:
        return "Max iterations reached"
    if frequency.max_duration is not None and run.now() > taskrun.start + frequency.max_duration:
        return "Max duration reached"
    return None


def next_round(run: Run, container: Container) -> None:
    """The interval is over: the children of the last round go, a new round begins."""
    taskrun = container.taskrun
    assert taskrun is not None
    run.remove(run.progress.below(taskrun.id))
    container.lanes.clear()
    count = int((taskrun.outputs or {}).get("iterationCount", 1)) + 1
    old = taskrun.state
    run.emit(c.TaskRunRewound(taskrun.id, count - 1, run.now()))
    run.progress.move(taskrun, old, taskrun.state)
    run.set_outputs(taskrun, {**(taskrun.outputs or {}), "iterationCount": count})
    run.dirty.append((container, None))


def _frequency(run: Run, task: Task, taskrun: TaskRun) -> CheckFrequency:
    raw = run.render(task.props.get("checkFrequency") or {}, taskrun)
    default = WAIT_FOR if task.written_type.endswith(".WaitFor") else CheckFrequency()
    iterations = raw.get("maxIterations", default.max_iterations)
    duration = raw.get("maxDuration")
    return CheckFrequency(
        interval=parse_duration(str(raw["interval"])) if raw.get("interval") else default.interval,
        max_iterations=int(iterations) if iterations not in (None, "") else None,
        max_duration=parse_duration(str(duration)) if duration else default.max_duration,
    )
