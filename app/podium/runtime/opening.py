"""Taking an execution over from its journal: lock it, read it, mend it if need be, and make what drives it."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace

from podium.base.masking import Masker
from podium.engine import changes as c
from podium.engine.execution import Execution
from podium.engine.recovery import is_lost, lost
from podium.model.flow import Flow
from podium.plugin.context import ExecutionQueries
from podium.plugin.registry import Registry
from podium.runtime.drive import Drive, Works
from podium.runtime.environment import note_environment, own_environment
from podium.runtime.flows import LOOP, Flows
from podium.runtime.masks import masker_with
from podium.runtime.presence import living_runner
from podium.runtime.workplace import Workplace
from podium.store.errors import NoRoom, StoreError
from podium.store.execution_records import ExecutionRecord, RunnerMark
from podium.store.journal import JournalDamage, JournalLocked, JournalWriter, cut_damage
from podium.store.logs import LogWriter
from podium.store.stores import Stores
from podium.store.summaries import summary_of

_PATIENCE = 10.0
"""Seconds to wait for a runner that is just leaving."""

_DYING = 3.0
"""Seconds until a dead process must have let go of its files."""

DIED = "The runner of this execution died; restart it to go on: finished task runs are kept"


class KnownFlows:
    """The flows of executions as they ran, read once for all executions with the same text."""

    def __init__(self, flows: Flows) -> None:
        self._flows = flows
        self._known: dict[tuple[str, str | None, int], Flow] = {}

    def of(self, record: ExecutionRecord, revision: int) -> Flow:
        """The flow of an execution. Raises NotCreated when it cannot be read any more (a plugin is missing)."""
        name = (record.flow_source(), record.meta().get(LOOP), revision)
        if name not in self._known:
            self._known[name] = replace(self._flows.of_record(record), revision=revision)
        return self._known[name]

    def add(self, flow: Flow) -> None:
        """Spare reading a flow that somebody has read already."""
        self._known[flow.source, None, flow.revision] = flow


def lock(record: ExecutionRecord, patience: float = 0.0) -> tuple[JournalWriter, JournalDamage | None]:
    """The journal of an execution, for this process alone; what was damaged in it has been put aside.

    Raises JournalLocked when another process still has it after `patience` seconds, StoreError when it is unusable.
    A process that has just been killed lets go of its files a little later than it stops being alive.
    """
    deadline = time.monotonic() + max(patience, _DYING if living_runner(record) is None else 0.0)
    while True:
        try:
            damage = cut_damage(record.journal)
            journal = JournalWriter(record.journal, new=False)
            journal.seal = record.vault().seal
            return journal, damage
        except JournalLocked:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


class Opener:
    """Makes drives of executions that this process takes over."""

    def __init__(
        self, stores: Stores, registry: Registry, flows: Flows, works: Works, queries: ExecutionQueries,
        mark: RunnerMark,
    ) -> None:  # fmt: skip
        self.stores = stores
        self.flows = KnownFlows(flows)
        self.mark = mark
        self.masker = Masker()
        """One for all executions of the runner: they hand values to each other."""
        self._registry = registry
        self._works = works
        self._queries = queries

    def open(self, record: ExecutionRecord, flow: Flow | None = None, *, patience: float = _PATIENCE) -> Drive:
        """Take an execution over; `flow` is what it runs, if that is at hand.

        Raises JournalLocked when another process runs it, StoreError when it is unusable.
        An execution whose runner died in the middle is closed first: it is FAILED then, and nothing of it runs.
        """
        journal, damage = lock(record, patience)
        try:
            return self._opened(record, flow, journal, damage)
        except BaseException:
            journal.close()
            raise

    def _opened(
        self, record: ExecutionRecord, flow: Flow | None, journal: JournalWriter, damage: JournalDamage | None
    ) -> Drive:  # fmt: skip
        execution = record.load(clear=True).execution
        flow = flow or self.flows.of(record, execution.revision)
        masker = masker_with(self.stores, record, self.masker)
        journal.seal = record.vault(masker).seal
        log = LogWriter(record.log, masker)
        if damage is not None:
            note_damage(log, damage)
        close_if_lost(record, journal, log, flow, execution, self.stores)
        place = Workplace(
            self.stores, self._registry, record, flow, execution, masker=masker, queries=self._queries
        )  # fmt: skip
        place.remove_leftovers()
        record.mark_runner(self.mark)
        if record.id == self.mark.root:
            # Those that it calls run in the same process. Not worth failing for.
            with contextlib.suppress(StoreError):
                note_environment(record, own_environment(self.stores.clock.now(), str(self.stores.workspace.root)))
        return Drive(self._works, place, place.engine(), journal, log)


def close_if_lost(
    record: ExecutionRecord, journal: JournalWriter, log: LogWriter, flow: Flow, execution: Execution, stores: Stores
) -> bool:  # fmt: skip
    """Note in journal and log that the runner before died, and why if it could say so, if anything was lost."""
    if not is_lost(flow, execution):
        return False
    reason = record.last_words() or DIED
    now = stores.clock.now()
    changes = lost(flow, execution, now, reason)
    _write(journal, changes)
    for change in changes:
        execution.apply(change)
    # The journal has the reason: a log without room for it keeps nobody from going on.
    with contextlib.suppress(NoRoom):
        log.write_lines("log", "ERROR", None, None, 0, int(now.timestamp() * 1000), [reason])
    return True


def _write(journal: JournalWriter, changes: tuple[c.Change, ...]) -> None:
    journal.append([c.encode(change) for change in changes])
    journal.sync()


def note_damage(log: LogWriter, damage: JournalDamage) -> None:
    """Tell the user in the log of the execution."""
    with contextlib.suppress(NoRoom):
        log.write_lines("log", "ERROR", None, None, 0, int(time.time() * 1000), [
            f"{damage} The rest was put aside ({damage.path.name}.damaged-*); the execution goes on from there."
        ])  # fmt: skip


def change_idle(
    stores: Stores, flows: Flows, record: ExecutionRecord,
    decide: Callable[[Flow, Execution], tuple[c.Change, ...]],
) -> Execution:  # fmt: skip
    """Change an execution that nobody runs: lock it, let `decide` say how, keep it.

    Raises JournalLocked while somebody runs it, whatever `decide` raises, and StoreError.
    """
    journal, damage = lock(record)
    try:
        execution = record.load(clear=True).execution
        flow = KnownFlows(flows).of(record, execution.revision)
        with LogWriter(record.log) as log:
            if damage is not None:
                note_damage(log, damage)
            close_if_lost(record, journal, log, flow, execution, stores)
        changes = decide(flow, execution)
        for change in changes:
            execution.apply(change)
        # The index first: should this process die in between, `reconcile` looks at what seems to go on and sees what
        # the journal says. The other way round nobody would ever start it.
        if changes and not execution.terminal:
            stores.index.upsert(summary_of(execution))
        if changes:
            _write(journal, changes)
        if not changes or execution.terminal:
            stores.index.upsert(summary_of(execution))
        return execution
    finally:
        journal.close()
