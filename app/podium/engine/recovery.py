"""What is left of an execution whose runner died: the changes that say so in its journal.

Nothing that was finished is touched. The attempts that were running are lost; everything that was still open is
closed, so that no reader ever sees work that nobody does; a restart opens it again (`podium.engine.restart`).
"""

from datetime import datetime

from podium.engine import changes as c
from podium.engine.execution import Execution, TaskRun
from podium.engine.plan import Plan
from podium.engine.states import TERMINAL
from podium.model.flow import Flow

RUNNING = frozenset({"RUNNING", "KILLING"})


def is_lost(flow: Flow, ex: Execution) -> bool:
    """Whether something was lost with the runner, so that the execution cannot simply be taken up again.

    What only waits (for its turn, a date, somebody's decision) loses nothing.
    """
    if ex.state in ("RUNNING", "RETRYING", "KILLING"):
        return True
    if ex.terminal:
        return any(run.state not in TERMINAL for run in ex.taskruns.values())
    plan = Plan(flow)
    return any(run.state in RUNNING and _works(plan, run) for run in ex.taskruns.values())


def lost(flow: Flow, ex: Execution, now: datetime, reason: str) -> tuple[c.Change, ...]:
    """Close what was open; the execution is FAILED with `reason` (KILLED when it was being killed)."""
    plan = Plan(flow)
    changes: list[c.Change] = []
    for run in ex.taskruns.values():
        if run.state not in TERMINAL:
            failed = run.state == "RUNNING" and ex.state != "KILLING" and _works(plan, run)
            changes += _close(run, "FAILED" if failed else "KILLED", now)
    changes += [c.TimerCleared(key) for key in ex.timers]
    if not ex.terminal:
        changes.append(c.ExecutionFailed(reason, lost=True))
        changes.append(c.ExecutionMoved("KILLED" if ex.state == "KILLING" else "FAILED", now))
    return tuple(changes)


def _close(run: TaskRun, state: str, now: datetime) -> list[c.Change]:
    changes: list[c.Change] = []
    if run.attempts and run.attempts[-1].state not in TERMINAL:
        changes.append(c.AttemptEnded(run.id, state, now, run.outputs))
    changes.append(c.TaskRunMoved(run.id, state, now))
    return changes


def _works(plan: Plan, run: TaskRun) -> bool:
    """Whether a worker was busy with it: not a flowable, and not a task that waits for other executions."""
    place = plan.places.get(run.task_id)
    return place is None or place.task.decl.kind not in ("flowable", "executable")
