"""Who runs an execution: taking it over, leaving it, and whether somebody is there at all."""

import os

from podium.runtime.process_census import is_alive, process_identity
from podium.runtime.requests import ring
from podium.store.execution_records import ExecutionRecord, RunnerMark
from podium.store.stores import Stores


def own_mark(root: str) -> RunnerMark:
    """The mark of this process, started for the execution `root`."""
    pid = os.getpid()
    return RunnerMark(pid, process_identity(pid) or "", root)


def living_runner(record: ExecutionRecord) -> RunnerMark | None:
    """The process that runs an execution at this moment; None when it has none, or only had one."""
    mark = record.runner()
    return mark if mark is not None and is_alive(mark.pid, mark.identity) else None


def call(stores: Stores, record: ExecutionRecord) -> bool:
    """Tell the runner of an execution to look at its requests; False when nobody runs it."""
    mark = living_runner(record)
    return mark is not None and ring(stores.record(mark.root).directory, record.id)
