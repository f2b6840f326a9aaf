"""Executions that nobody runs although somebody should: found by pid and start time, and put right."""

from dataclasses import replace
from datetime import timedelta

from podium.engine.execution import Execution
from podium.engine.recovery import is_lost, lost
from podium.engine.states import TERMINAL
from podium.runtime import requests
from podium.runtime.flows import Flows
from podium.runtime.launcher import Launcher
from podium.runtime.opening import DIED, change_idle
from podium.runtime.presence import living_runner
from podium.runtime.process_census import is_alive
from podium.runtime.reconciled import Reconciled
from podium.runtime.refusals import NotCreated
from podium.runtime.remains import end_remains
from podium.runtime.slots import start_next
from podium.store.execution_records import ExecutionRecord
from podium.store.index import ExecutionIndex
from podium.store.journal import JournalLocked
from podium.store.stores import Stores
from podium.store.summaries import ExecutionSummary, summary_of

_STARTING = timedelta(seconds=10)
"""How long a runner may take from its launch until it shows itself."""

_AT_REST = ("CREATED", "RESTARTED", "QUEUED", "PAUSED")


def settle(stores: Stores, flows: Flows, record: ExecutionRecord) -> bool:
    """Close an execution whose runner died, if it did; True when something was lost with it."""
    dead = record.runner()
    if dead is not None and is_alive(dead.pid, dead.identity):
        return False
    execution = record.load().execution
    if execution.terminal and not _open(execution):
        record.unmark_runner(dead)
        return False
    if execution.state in _AT_REST and not _open(execution):
        return False
    ended = execution.terminal
    try:
        closed = change_idle(stores, flows, record, lambda flow, execution: ())
    except (JournalLocked, NotCreated):
        # Somebody takes it over just now; or its flow needs a plugin that is not here: nothing can be said about it.
        return False
    record.unmark_runner(dead)
    if closed.lost or ended:
        end_remains([
            f"{execution.id}.{run.id}.{len(run.attempts) - 1}"
            for run in execution.taskruns.values() if run.attempts and run.attempts[-1].state not in TERMINAL
        ])  # fmt: skip
    return closed.lost or ended


def as_closed(stores: Stores, flows: Flows, record: ExecutionRecord) -> Execution:
    """The execution as `settle` would leave it, when there is no room to write that down."""
    execution = record.load().execution
    try:
        flow = flows.of_record(record)
    except NotCreated:
        return execution
    if living_runner(record) is None and is_lost(flow, execution):
        for change in lost(flow, execution, stores.clock.now(), record.last_words() or DIED):
            execution.apply(change)
    return execution


def as_left(stores: Stores, flows: Flows, row: ExecutionSummary) -> ExecutionSummary:
    """The same of a row of the index, which may be older than the journal then."""
    record = stores.record(row.id)
    if row.end is not None or (row.pid is not None and is_alive(row.pid, row.pid_start or "")) or not record.exists():
        return row
    execution = as_closed(stores, flows, record)
    return replace(row, state=execution.state, end=execution.end)


def reconcile(stores: Stores, flows: Flows, launcher: Launcher) -> Reconciled:
    """See `Executions.reconcile`."""
    lost: list[str] = []
    resumed: list[str] = []
    queues: set[tuple[str, str]] = set()
    now = stores.clock.now()
    for row in stores.index.unfinished():
        if row.pid is not None and is_alive(row.pid, row.pid_start or ""):
            continue
        record = stores.record(row.id)
        if row.pid is None and row.state == "PAUSED" and not requests.pending(record.directory):
            # Left in good order: it waits for somebody.
            continue
        if not record.exists():
            stores.index.delete([row.id])
            continue
        if living_runner(record) is not None:
            continue
        if settle(stores, flows, record):
            lost.append(row.id)
        elif row.state == "QUEUED":
            queues.add((row.namespace, row.flow_id))
        elif _needs_runner(record, row, stores.index, fresh=now - row.start < _STARTING):
            launcher.launch(stores.workspace.root, row.id)
            resumed.append(row.id)
    for row in stores.index.held():
        if not is_alive(row.pid or 0, row.pid_start or ""):
            lost += _left(stores, flows, row)
    for row in stores.index.unfinished() if lost else ():
        if row.state == "QUEUED":
            queues.add((row.namespace, row.flow_id))
    for namespace, flow_id in sorted(queues):
        resumed += _fill(stores, flows, launcher, namespace, flow_id)
    return Reconciled(tuple(lost), tuple(resumed))


def _left(stores: Stores, flows: Flows, row: ExecutionSummary) -> list[str]:
    """Put right an ended execution whose runner died before it left; its id, if something was lost."""
    record = stores.record(row.id)
    if not record.exists():
        stores.index.delete([row.id])
        return []
    if living_runner(record) is not None:
        return []
    found = [row.id] if settle(stores, flows, record) else []
    stores.index.upsert(summary_of(record.load().execution))
    return found


def _open(execution: Execution) -> bool:
    """Whether a task run is in a state that only a living runner can mean."""
    if execution.terminal:
        return any(run.state not in TERMINAL for run in execution.taskruns.values())
    return any(
        run.state in ("RUNNING", "KILLING") and _has_attempt(run.attempts) for run in execution.taskruns.values()
    )


def _has_attempt(attempts: list) -> bool:  # type: ignore[type-arg]
    return bool(attempts) and attempts[-1].state == "RUNNING"


def _needs_runner(record: ExecutionRecord, row: ExecutionSummary, index: ExecutionIndex, fresh: bool) -> bool:
    """Whether an execution that nobody runs would go on if somebody did. For a `fresh` one its runner may be coming."""
    execution = record.load().execution
    if execution.state != row.state:
        # The row of the index is older than the journal, or its writer died before what it was written for.
        index.upsert(summary_of(execution))
    if execution.terminal:
        return False
    if execution.parent_id is None and row.trigger_execution_id is not None and _is_driven(index, row):
        return False
    if execution.state in ("CREATED", "RESTARTED"):
        return not fresh
    return bool(execution.timers or requests.pending(record.directory))


def _is_driven(index: ExecutionIndex, row: ExecutionSummary) -> bool:
    """Whether the runner of the caller lives: a child that waits for room there is started by it."""
    caller = index.get(row.trigger_execution_id or "")
    return caller is not None and caller.pid is not None and is_alive(caller.pid, caller.pid_start or "")


def _fill(stores: Stores, flows: Flows, launcher: Launcher, namespace: str, flow_id: str) -> list[str]:
    """Free slots of a flow to the executions that queue; the limit is that of the one that waits longest."""
    waiting = stores.index.next_queued(namespace, flow_id, is_alive)
    if waiting is None:
        return []
    record = stores.record(waiting)
    try:
        limit = flows.of_record(record).concurrency if record.exists() else None
    except NotCreated:
        return []
    # Without a limit any more there is nothing to wait for.
    return start_next(stores, launcher, namespace, flow_id, limit.limit if limit else 1_000_000)
