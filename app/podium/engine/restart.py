"""Restart, replay and mark-as: pure functions that say which changes take an execution up again (semantics 8.3-8.5).

Each returns the changes to append (restart, mark-as) or the whole beginning of a new journal (replay). A preview is
the same result, not carried out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from podium.base.clock import Ids
from podium.engine import changes as c
from podium.engine.execution import Execution, TaskRun, taskrun_record
from podium.engine.plan import Plan
from podium.engine.states import TERMINAL
from podium.model.flow import Flow

NOTHING_TO_RESTART = "No task found to restart execution from!"


class RestartError(Exception):
    """The operation is refused; the message says why."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What a restart or replay makes of a task run of the execution as it is: `kept`, `rerun` or `removed`; and why."""

    taskrun_id: str
    task_id: str
    value: str | None
    fate: str
    reason: str


@dataclass(frozen=True, slots=True)
class Comeback:
    """The changes, and their meaning for people."""

    changes: tuple[c.Change, ...]
    fates: tuple[Fate, ...]


def restart(flow: Flow, ex: Execution, now: datetime) -> Comeback:
    """Continue the same execution from its failed, killed or paused task runs; finished work is kept."""
    if ex.state not in TERMINAL and ex.state != "PAUSED":
        raise RestartError(f"Execution must be terminated to be restarted, current state is '{ex.state}' !")
    plan = Plan(flow)
    chosen = [r for r in ex.taskruns.values() if r.state in ("FAILED", "KILLED", "PAUSED") and r.task_id in plan.places]
    chosen = [r for r in chosen if _lane(plan, ex, r) == "tasks"]
    if not chosen and not ex.lost:
        raise RestartError(NOTHING_TO_RESTART)
    return _come_back(plan, ex, chosen, now, restarted=True)


def mark_as(flow: Flow, ex: Execution, taskrun_id: str, state: str, now: datetime) -> Comeback:
    """Give a task run (and its last attempt) another state and evaluate the execution again."""
    if ex.state not in TERMINAL and ex.state != "PAUSED":
        raise RestartError(f"Execution must be terminated to change a task run, current state is '{ex.state}' !")
    target = ex.taskruns.get(taskrun_id)
    if target is None:
        raise RestartError(f"Can't find taskrun with taskrunId '{taskrun_id}' on execution '{ex.id}'")
    plan = Plan(flow)
    changes: list[c.Change] = []
    fates: list[Fate] = []
    if ex.terminal:
        _remove(changes, fates, _handlers(plan, ex), "belongs to an errors, finally or afterExecution block")
    if target.attempts:
        changes.append(c.AttemptEnded(target.id, state, now, target.outputs))
    changes.append(c.TaskRunMoved(target.id, state, now))
    fates.append(Fate(target.id, target.task_id, target.value, "kept", f"marked as {state}"))
    for above in ex.ancestors(target):
        changes.append(c.TaskRunMoved(above.id, "RUNNING", now))
    if state == "CANCELLED":
        changes.append(c.ExecutionMoved("CANCELLED", now))
    else:
        changes += [c.ExecutionRestarted(ex.attempt_number + 1), c.ExecutionMoved("RESTARTED", now)]
    return Comeback(tuple(changes), tuple(fates))


def unpaused(
    flow: Flow, ex: Execution, now: datetime, *, taskrun_id: str | None = None, by: str | None = None,
    killed: bool = False,
) -> tuple[c.Change, ...]:  # fmt: skip
    """What a resume or a kill changes at once in a paused execution, of which nothing but pauses is open.

    Nothing when it is not as simple as that: then whoever runs the execution has to see to it.
    """
    plan = Plan(flow)
    still_open = [run for run in ex.taskruns.values() if run.state not in TERMINAL]
    paused = [run for run in still_open if run.state == "PAUSED"]
    if (
        ex.state != "PAUSED"
        or ex.timers
        or (ex.held and not killed)
        or not all(_only_waits(plan, run) for run in still_open)
    ):
        return ()
    if killed:
        ends = tuple(c.TaskRunMoved(run.id, "KILLED", now) for run in paused)
        return (*ends, c.ExecutionMoved("RESTARTED", now)) if ends else ()
    chosen = next((run for run in paused if taskrun_id in (None, run.id)), None)
    if chosen is None:
        return ()
    nested = plan.enabled(plan.places[chosen.task_id].task.children.get("tasks", ()))
    changes: list[c.Change] = [
        c.OutputsSet(chosen.id, {**(chosen.outputs or {}), "resumed": resumption(now, by, "SUCCESS")}),
        c.TaskRunMoved(chosen.id, "RUNNING" if nested else "SUCCESS", now),
    ]
    if len(paused) == 1:
        changes.append(c.ExecutionMoved("RESTARTED", now))
    return tuple(changes)


def resumption(now: datetime, by: str | None, state: str) -> dict[str, str]:
    """The output `resumed` of a Pause: when, to which state and by whom."""
    return {"on": now.isoformat(), "to": state, **({"by": by} if by else {})}


def _only_waits(plan: Plan, run: TaskRun) -> bool:
    place = plan.places.get(run.task_id)
    if place is None or place.task.decl.kind != "flowable":
        return False
    kind = place.task.type.rpartition(".")[2]
    return kind == "Pause" if run.state == "PAUSED" else run.state == "RUNNING" and kind != "WorkingDirectory"


def replay(
    flow: Flow, ex: Execution, ids: Ids, now: datetime, *,
    from_taskrun: str | None = None, inputs: Mapping[str, Any] | None = None, revision: int | None = None,
    restarting: bool = False,
) -> Comeback:  # fmt: skip
    """A new execution that keeps what is before a task run; without one, or when restarting, see below.

    Without a task run nothing is kept. `restarting` makes the new execution of a restart with another revision:
    failed task runs are chosen instead of a named one.
    """
    label = "system.restarted" if restarting else "system.replay"
    if from_taskrun is None and not restarting:
        return Comeback((_successor(ex, ids.new(), now, inputs, revision, label),), ())
    created = _successor(ex, ids.new(), now, inputs, revision, label, tuple(state for state, _ in ex.histories[1:]))
    plan = Plan(flow)
    copy, names = _copy(ex, ids)
    if restarting:
        failed = [
            r for r in ex.taskruns.values() if r.state in ("FAILED", "KILLED", "PAUSED") and r.task_id in plan.places
        ]
        chosen = [copy.taskruns[names[r.id]] for r in failed if _lane(plan, ex, r) == "tasks"]
    else:
        if from_taskrun not in ex.taskruns or ex.taskruns[from_taskrun].task_id not in plan.places:
            raise RestartError(NOTHING_TO_RESTART)
        chosen = [copy.taskruns[names[from_taskrun]]]
    if not chosen:
        raise RestartError(NOTHING_TO_RESTART)
    back = _come_back(plan, copy, chosen, now, restarted=False, named=not restarting)
    copies: list[c.Change] = [c.TaskRunCopied(taskrun_record(run)) for run in copy.taskruns.values()]
    originals = {new: old for old, new in names.items()}
    fates = tuple(replace(fate, taskrun_id=originals[fate.taskrun_id]) for fate in back.fates)
    return Comeback((created, *copies, *back.changes), fates)


def _successor(
    ex: Execution, new_id: str, now: datetime, inputs: Mapping[str, Any] | None, revision: int | None, label: str,
    earlier: tuple[str, ...] = (),
) -> c.ExecutionCreated:  # fmt: skip
    labels = [(key, value) for key, value in ex.labels if key != label]
    return c.ExecutionCreated(
        new_id, ex.namespace, ex.flow_id, now,
        revision=ex.revision if revision is None else revision,
        inputs=ex.inputs if inputs is None else inputs,
        labels=[*labels, (label, "true")],
        variables=ex.variables,
        trigger=ex.trigger,
        parent_id=ex.id,
        original_id=ex.original_id,
        attempt_number=ex.attempt_number + 1,
        kind=ex.kind,
        context=ex.context,
        earlier=earlier,
    )  # fmt: skip


def _copy(ex: Execution, ids: Ids) -> tuple[Execution, dict[str, str]]:
    """The execution with new task run ids; flowables made at run time keep their parents."""
    names = {old: ids.new() for old in ex.taskruns}
    copy = Execution(c.ExecutionCreated(ex.id, ex.namespace, ex.flow_id, ex.start))
    copy.histories = list(ex.histories)
    for run in ex.taskruns.values():
        record = taskrun_record(run)
        record["id"] = names[run.id]
        record["parent"] = names.get(run.parent or "")
        copy.apply(c.TaskRunCopied(record))
    return copy, names


# -- what is kept, done again and removed ------------------------------------------------------------------------


def _come_back(
    plan: Plan, ex: Execution, chosen: Sequence[TaskRun], now: datetime, *, restarted: bool, named: bool = False
) -> Comeback:  # fmt: skip
    reopened = [] if named else [run for run in chosen if _reopens(plan, run)]
    again, removed = _blocks(plan, ex, chosen, {run.id for run in reopened})
    if not restarted:
        removed |= {run.id for run in _successors(plan, ex, again)}
    changes: list[c.Change] = []
    fates: list[Fate] = []
    above: dict[str, TaskRun] = {run.id: run for run in reopened}
    for run in (*reopened, *again):
        above.update({parent.id: parent for parent in ex.ancestors(run)})
    repeated = {run.id for run in again}
    # What a flowable that stays as it is has done about its errors, or at its end, stays as well.
    handlers = [
        run for run in _handlers(plan, ex)
        if (owner := _handled(plan, ex, run)) is None or owner in above or owner in repeated or owner in removed
    ]  # fmt: skip
    _remove(changes, fates, handlers, "belongs to an errors, finally or afterExecution block")
    gone = {fate.taskrun_id for fate in fates}
    _remove(changes, fates, [r for r in ex.taskruns.values() if r.id in removed - gone], "comes after and runs again")
    gone = {fate.taskrun_id for fate in fates}
    for run in again:
        if run.id in gone:
            continue
        # Done again from its beginning, also a flowable: its condition, its values, its pause.
        changes.append(c.TaskRunMoved(run.id, _state_again(plan, run), now))
        fates.append(Fate(run.id, run.task_id, run.value, "rerun", f"was {run.state}"))
    parents = {run.parent for run in ex.taskruns.values() if run.id not in gone}
    for parent in above.values():
        if parent.id not in gone and parent.id not in repeated:
            state = "RUNNING" if parent.id in parents or _opened(parent) else "RESTARTED"
            changes.append(c.TaskRunMoved(parent.id, state, now))
            fates.append(Fate(parent.id, parent.task_id, parent.value, "rerun", "contains work to do"))
    mentioned = {fate.taskrun_id for fate in fates}
    fates += [
        Fate(run.id, run.task_id, run.value, "kept", f"is {run.state}") for run in ex.taskruns.values()
        if run.id not in mentioned
    ]  # fmt: skip
    changes.append(c.ExecutionRestarted(ex.attempt_number + 1))
    if restarted:
        labels = [(key, value) for key, value in ex.labels if key != "system.restarted"]
        changes.append(c.LabelsSet([*labels, ("system.restarted", "true")]))
    changes.append(c.ExecutionMoved("RESTARTED", now))
    return Comeback(tuple(changes), tuple(fates))


def _reopens(plan: Plan, run: TaskRun) -> bool:
    """Whether a flowable was only interrupted: what it has finished is kept, it goes on with the rest."""
    task = plan.places[run.task_id].task
    return (
        run.state == "KILLED" and task.decl.kind == "flowable"
        and not task.type.endswith((".WorkingDirectory", ".Pause"))
    )  # fmt: skip


def _state_again(plan: Plan, run: TaskRun) -> str:
    """RESTARTED, or RUNNING for a flowable (semantics 8.4); a WorkingDirectory and a Pause wait for their turn."""
    task = plan.places[run.task_id].task
    begins = task.decl.kind != "flowable" or task.type.endswith((".WorkingDirectory", ".Pause"))
    return "RESTARTED" if begins or run.state not in TERMINAL else "RUNNING"


def _opened(run: TaskRun) -> bool:
    """Whether what a flowable decides when it begins (values, branch) is known; else it begins anew."""
    return run.values is not None or run.outputs is not None


def _blocks(
    plan: Plan, ex: Execution, chosen: Sequence[TaskRun], reopened: set[str]
) -> tuple[list[TaskRun], set[str]]:  # fmt: skip
    """The task runs to do again, WorkingDirectories as a whole, and what is below them and removed."""
    again: dict[str, TaskRun] = {}
    removed: set[str] = set()
    ids = {run.id for run in chosen}
    parents = {run.parent for run in ex.taskruns.values()}
    for run in chosen:
        if run.id in reopened:
            continue
        block = next(
            (p for p in ex.ancestors(run) if plan.places[p.task_id].task.type.endswith(".WorkingDirectory")), run
        )
        flowable = plan.places[block.task_id].task.decl.kind == "flowable"
        failed_below = flowable and block.id in parents and any(other.id in ids for other in ex.descendants(block.id))
        if failed_below and not plan.places[block.task_id].task.type.endswith(".WorkingDirectory"):
            continue  # a flowable that failed because of a child: the child is done again, not the whole
        again[block.id] = block
        if flowable:
            removed |= {below.id for below in ex.descendants(block.id)}
    return [run for run in again.values() if run.id not in removed], removed


def _successors(plan: Plan, ex: Execution, chosen: Iterable[TaskRun]) -> list[TaskRun]:
    """The task runs that logically come after the chosen ones (the rule of semantics 8.11)."""
    result: dict[str, TaskRun] = {}
    for run in chosen:
        below: TaskRun | None = run
        while below is not None:
            for sibling in ex.taskruns.values():
                if sibling.parent == below.parent and sibling is not below and _after(plan, ex, below, sibling):
                    result[sibling.id] = sibling
                    result.update({d.id: d for d in ex.descendants(sibling.id)})
            below = ex.taskruns.get(below.parent) if below.parent else None
    return list(result.values())


def _after(plan: Plan, ex: Execution, run: TaskRun, sibling: TaskRun) -> bool:
    place, other = plan.places.get(run.task_id), plan.places.get(sibling.task_id)
    if place is None or other is None or other.lane != "tasks":
        return False
    container = place.parent
    kind = container.type.rpartition(".")[2] if container else "Flow"
    if kind == "Parallel":
        return False
    if kind == "Dag" and container is not None:
        return run.task_id in _ancestry(container.props.get("dependsOn", {}), sibling.task_id)
    later = _order(plan, sibling.task_id, place) > _order(plan, run.task_id, place)
    if run.iteration is None or sibling.iteration is None:
        return later
    if run.iteration == sibling.iteration:
        return later and kind != "EachParallel"
    sequential = kind == "EachSequential" or (
        kind == "ForEach" and container is not None and int(container.props.get("concurrencyLimit", 1) or 0) == 1
    )
    return sequential and sibling.iteration > run.iteration


def _order(plan: Plan, task_id: str, place: Any) -> int:
    tasks = place.parent.children.get(place.branch, ()) if place.parent else plan.flow.tasks
    return next((index for index, task in enumerate(tasks) if task.id == task_id), -1)


def _ancestry(depends: Mapping[str, Sequence[str]], task_id: str) -> set[str]:
    found: set[str] = set()
    todo = list(depends.get(task_id, ()))
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += depends.get(name, ())
    return found


def _handlers(plan: Plan, ex: Execution) -> list[TaskRun]:
    return [run for run in ex.taskruns.values() if _lane(plan, ex, run) != "tasks"]


def _handled(plan: Plan, ex: Execution, run: TaskRun) -> str | None:
    """The flowable in whose errors, finally or onPause block a task run is, seen from the top; None for the flow."""
    for link in reversed([run, *ex.ancestors(run)]):
        place = plan.places.get(link.task_id)
        if place is not None and place.lane != "tasks":
            return link.parent
    return None


def _lane(plan: Plan, ex: Execution, run: TaskRun) -> str:
    """The lane a task run is in, seen from the top: anything inside an errors block is `errors`."""
    chain = [run, *ex.ancestors(run)]
    for link in reversed(chain):
        place = plan.places.get(link.task_id)
        if place is not None and place.lane != "tasks":
            return place.lane
    return "tasks"


def _remove(changes: list[c.Change], fates: list[Fate], runs: Iterable[TaskRun], reason: str) -> None:
    gone = list(runs)
    if gone:
        changes.append(c.TaskRunsRemoved(tuple(run.id for run in gone)))
        fates += [Fate(run.id, run.task_id, run.value, "removed", reason) for run in gone]
