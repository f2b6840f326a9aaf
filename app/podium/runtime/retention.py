"""`podium gc`: which executions may go by the limits of the settings, what they occupy, and removing them."""

import os
import shutil
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from podium.engine.states import TERMINAL
from podium.runtime.deletion import delete_execution
from podium.runtime.process_census import is_alive
from podium.store.errors import NoRoom, StoreError
from podium.store.index import ExecutionFilter, IsAlive
from podium.store.internal_storage import ExecutionPlace
from podium.store.settings import Limits
from podium.store.stores import Stores
from podium.store.summaries import ExecutionSummary

_PAGE = 1000
_STALE = timedelta(days=1)
"""How old what a crash has left must be before it goes: nobody can be writing it any more."""


@dataclass(frozen=True, slots=True)
class Removal:
    """One execution that may go, and why."""

    id: str
    state: str
    start: datetime
    size: int
    reason: str


@dataclass(frozen=True, slots=True)
class FlowSpace:
    """What the executions of one flow occupy, in bytes, and which of them may go."""

    namespace: str
    flow_id: str
    executions: int
    size: int
    removals: tuple[Removal, ...] = ()


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    """What `podium gc` would do. `leftovers` are half-made or orphaned folders with what they occupy."""

    flows: tuple[FlowSpace, ...]
    leftovers: tuple[tuple[Path, int], ...] = ()

    @property
    def count(self) -> int:
        """How many executions would go."""
        return sum(len(flow.removals) for flow in self.flows)

    @property
    def freed(self) -> int:
        """How many bytes would be free."""
        removed = sum(one.size for flow in self.flows for one in flow.removals)
        return removed + sum(size for _, size in self.leftovers)


@dataclass(slots=True)
class Collected:
    """What `collect` did. `kept` are executions that could not go after all, with the reason."""

    removed: int = 0
    freed: int = 0
    kept: list[tuple[str, str]] = field(default_factory=list)


def plan_retention(
    stores: Stores, *, limits: Limits | None = None, namespace: str | None = None, flow_id: str | None = None,
    is_alive: IsAlive = is_alive,
) -> RetentionPlan:  # fmt: skip
    """What may go now. `limits` stand in for those of the settings; executions that have not ended never go.

    An execution goes when it ended longer ago than `max_age`, or when `max_count` newer ones of its flow have ended.
    `namespace` includes those below it. Raises StoreError.
    """
    wanted = ExecutionFilter(namespace_prefix=namespace, flow_id=flow_id)
    by_flow: dict[tuple[str, str], list[ExecutionSummary]] = {}
    for one in _all(stores, wanted):
        by_flow.setdefault((one.namespace, one.flow_id), []).append(one)
    flows = [
        _space(stores, is_alive, name, newest_first, limits or stores.settings.limits_of(*name))
        for name, newest_first in by_flow.items()
    ]
    flows.sort(key=lambda flow: (-flow.size, flow.namespace, flow.flow_id))
    leftovers = () if namespace or flow_id else tuple(_leftovers(stores))
    return RetentionPlan(tuple(flows), leftovers)


def collect(stores: Stores, plan: RetentionPlan, *, is_alive: IsAlive = is_alive) -> Collected:
    """Carry a plan out. What has changed since, e.g. an execution that was restarted, stays."""
    done = Collected()
    waiting = deque(one for flow in plan.flows for one in flow.removals)
    again: set[str] = set()
    while waiting:
        one = waiting.popleft()
        try:
            delete_execution(stores, one.id, is_alive)
        except NoRoom as error:
            # Its files are gone, the index had no room to note that: there may be, when others are gone as well.
            if one.id in again:
                done.kept.append((one.id, str(error)))
            else:
                again.add(one.id)
                waiting.append(one)
        except StoreError as error:
            done.kept.append((one.id, str(error)))
        else:
            done.removed += 1
            done.freed += one.size
    for path, size in plan.leftovers:
        shutil.rmtree(path, ignore_errors=True)
        done.freed += size
    return done


def _all(stores: Stores, wanted: ExecutionFilter) -> Iterable[ExecutionSummary]:
    number = 1
    while True:
        page = stores.index.search(wanted, number, _PAGE)
        yield from page.items
        if len(page.items) < _PAGE:
            return
        number += 1


def _space(
    stores: Stores, is_alive: IsAlive, name: tuple[str, str], newest_first: list[ExecutionSummary], limits: Limits
) -> FlowSpace:
    now = stores.clock.now()
    total = ended = 0
    removals = []
    for one in newest_first:
        size = _execution_size(stores, one)
        total += size
        if one.state not in TERMINAL or (one.pid is not None and is_alive(one.pid, one.pid_start or "")):
            continue
        ended += 1
        reason = _reason(limits, now - (one.end or one.start), ended)
        if reason:
            removals.append(Removal(one.id, one.state, one.start, size, reason))
    return FlowSpace(*name, len(newest_first), total, tuple(removals))


def _reason(limits: Limits, age: timedelta, position: int) -> str:
    if limits.max_age is not None and age > limits.max_age:
        days = age.days
        return f"ended {days} day{'s' if days != 1 else ''} ago" if days else f"ended {age.seconds // 60} minutes ago"
    if limits.max_count is not None and position > limits.max_count:
        return f"{limits.max_count} newer ended execution{'s' if limits.max_count != 1 else ''} of the flow"
    return ""


def _execution_size(stores: Stores, one: ExecutionSummary) -> int:
    files = stores.storage.execution_folder(ExecutionPlace(one.namespace, one.flow_id, one.id))
    return folder_size(stores.record(one.id).directory) + folder_size(files)


def folder_size(folder: Path) -> int:
    """The bytes that all files below a folder have; what disappears meanwhile counts nothing."""
    total = 0
    pending = [str(folder)]
    while pending:
        try:
            entries = list(os.scandir(pending.pop()))
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
            else:
                try:
                    total += entry.stat(follow_symlinks=False).st_size
                except OSError:
                    continue
    return total


def _leftovers(stores: Stores) -> Iterable[tuple[Path, int]]:
    """Executions that were never made completely, and working directories whose execution is over."""
    oldest = stores.clock.now().timestamp() - _STALE.total_seconds()
    workspace = stores.workspace
    unfinished = {one.id for one in stores.index.unfinished()}
    for path in (*workspace.executions.iterdir(), *workspace.tmp.iterdir()):
        half_made = path.parent == workspace.executions and path.name.startswith(".")
        orphan = path.parent == workspace.tmp and path.name.partition(".")[0] not in unfinished
        if (half_made or orphan) and path.is_dir() and path.stat().st_mtime < oldest:
            yield path, folder_size(path)
