"""Making the index again from the journals, which are the truth."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from podium.engine.execution import Execution
from podium.runtime.process_census import is_alive
from podium.store.errors import StoreError
from podium.store.execution_records import ExecutionRecord
from podium.store.journal import read_journal
from podium.store.stores import Stores
from podium.store.summaries import ExecutionSummary, summary_of


@dataclass(frozen=True, slots=True)
class JournalState:
    """What one journal is like. `problem` is a sentence with the position of damage; `torn` says that its last line
    is unfinished, which a killed writer leaves and nobody has to mend.
    """

    record: ExecutionRecord
    execution: Execution | None
    problem: str | None = None
    torn: bool = False


@dataclass(slots=True)
class Reindexed:
    """What `reindex` did: how many executions the index has now, and the journals that could not be read whole."""

    executions: int = 0
    problems: list[JournalState] = field(default_factory=list)


def journals(executions: Path) -> Iterator[JournalState]:
    """Every journal of the workspace, oldest execution first."""
    for directory in sorted(executions.iterdir()):
        record = ExecutionRecord(directory)
        if directory.name.startswith(".") or not record.exists():
            continue
        yield journal_state(record)


def journal_state(record: ExecutionRecord) -> JournalState:
    """Read one journal, as far as it goes."""
    try:
        loaded = record.load()
        torn = read_journal(record.journal, salvage=True).torn
    except StoreError as error:
        return JournalState(record, None, str(error))
    return JournalState(record, loaded.execution, None if loaded.damage is None else str(loaded.damage), torn)


def reindex(stores: Stores) -> Reindexed:
    """Make the index agree with the journals; also while executions run. Raises StoreError.

    An execution whose journal is damaged is indexed as it was before the damage; one that cannot be read at all
    is not in the index, its directory stays.
    """
    done = Reindexed()
    done.executions = stores.index.reindex(_summaries(stores, done))
    return done


def _summaries(stores: Stores, done: Reindexed) -> Iterator[ExecutionSummary]:
    for state in journals(stores.workspace.executions):
        if state.problem is not None:
            done.problems.append(state)
        if state.execution is None:
            continue
        mark = state.record.runner()
        if mark is not None and is_alive(mark.pid, mark.identity):
            yield summary_of(state.execution, mark.pid, mark.identity)
        else:
            yield summary_of(state.execution)
