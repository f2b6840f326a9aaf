"""The index of all executions of a workspace: searching, counting, and who may run when a flow has a limit."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from podium.store.database import Database, Query, Row
from podium.store.errors import StoreError
from podium.store.summaries import COLUMNS, ExecutionSummary, from_row, milliseconds, to_row

IsAlive = Callable[[int, str], bool]
"""Whether the process with this pid and this start time still runs."""

SORTS: Mapping[str, str] = {
    "id": "id", "namespace": "namespace", "flowId": "flow_id", "state.current": "state", "state.startDate": "start",
    "state.endDate": "finish", "state.duration": "duration",
}  # fmt: skip
"""The keys to sort by, named as in Kestra's API."""

_COLUMNS = ", ".join(COLUMNS)
_UPSERT = (
    f"INSERT INTO executions ({_COLUMNS}) VALUES ({', '.join('?' * len(COLUMNS))}) ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])
)
_BATCH = 200
_MANY = 500
"""How many values one `IN (...)` gets."""

_HOLDING = "('RUNNING', 'PAUSED', 'KILLING', 'RETRYING')"


@dataclass(frozen=True, slots=True)
class ExecutionFilter:
    """Which executions to find; None and empty mean any.

    `namespace` is exact, `namespace_prefix` includes the namespaces below it. Every one of `labels` must be there.
    `text` is looked for in id, namespace, flow id and label values, in any case. `after` and `before` bound the
    start. `children` True finds only executions with a parent, False only those without.
    """

    namespace: str | None = None
    namespace_prefix: str | None = None
    flow_id: str | None = None
    states: Sequence[str] = ()
    labels: Sequence[tuple[str, str]] = ()
    text: str = ""
    after: datetime | None = None
    before: datetime | None = None
    parent_id: str | None = None
    trigger_execution_id: str | None = None
    original_id: str | None = None
    children: bool | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of results; `total` is how many there are on all pages."""

    items: tuple[ExecutionSummary, ...]
    total: int
    number: int
    size: int


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether an execution may run now; `running` is how many others of its flow hold a slot."""

    admitted: bool
    running: int


class ExecutionIndex:
    """All executions of the workspace. Safe for any number of threads and processes; raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # ---- keeping -----------------------------------------------------------------------------------------------

    def upsert(self, summary: ExecutionSummary) -> None:
        """Add an execution, or bring its row up to date."""
        with self._database.transaction() as query:
            self._put(query, summary)

    def upsert_all(self, summaries: Iterable[ExecutionSummary]) -> None:
        """The same for many at once, in one transaction."""
        with self._database.transaction() as query:
            for summary in summaries:
                self._put(query, summary)

    def delete(self, execution_ids: Iterable[str]) -> int:
        """Forget executions; returns how many there were."""
        with self._database.transaction() as query:
            return sum(len(query("DELETE FROM executions WHERE id = ? RETURNING 1", (one,))) for one in execution_ids)

    def reindex(self, summaries: Iterable[ExecutionSummary]) -> int:
        """Make the index agree with the journals: `summaries` are all executions there are; returns how many.

        Each batch is taken from `summaries` while nobody else can write: a runner that goes on in the meantime
        writes its newer row afterwards, never before.
        """
        before = {row[0] for row in self._database.read("SELECT id FROM executions")}
        remaining: Iterator[ExecutionSummary] = iter(summaries)
        count = 0
        while True:
            with self._database.transaction() as query:
                batch = list(islice(remaining, _BATCH))
                for summary in batch:
                    self._put(query, summary)
            count += len(batch)
            before.difference_update(summary.id for summary in batch)
            if len(batch) < _BATCH:
                break
        self.delete(before)
        self._database.reindexed()
        return count

    def _put(self, query: Query, summary: ExecutionSummary) -> None:
        labels = [(summary.id, at, key, value) for at, (key, value) in enumerate(summary.labels)]
        known = query("SELECT execution_id, position, key, value FROM labels WHERE execution_id = ?", (summary.id,))
        query(_UPSERT, to_row(summary))
        if known != labels:
            query("DELETE FROM labels WHERE execution_id = ?", (summary.id,))
            self._database.write_many("INSERT INTO labels VALUES (?, ?, ?, ?)", labels)

    # ---- finding -----------------------------------------------------------------------------------------------

    def get(self, execution_id: str) -> ExecutionSummary | None:
        """One execution, None when the index does not know it."""
        rows = self._database.read(f"SELECT {_COLUMNS} FROM executions WHERE id = ?", (execution_id,))
        return self._with_labels(rows)[0] if rows else None

    def ids_like(self, text: str, limit: int = 20) -> list[str]:
        """The ids that begin or end with a text, newest first."""
        pattern = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        rows = self._database.read(
            "SELECT id FROM executions WHERE id LIKE ? ESCAPE '\\' OR id LIKE ? ESCAPE '\\' "
            "ORDER BY start DESC, id DESC LIMIT ?",
            (pattern + "%", "%" + pattern, limit),
        )
        # LIKE knows no case; ids do.
        return [row[0] for row in rows if row[0].startswith(text) or row[0].endswith(text)]

    def search(
        self, wanted: ExecutionFilter | None = None, page: int = 1, size: int = 25, sort: Sequence[str] = ()
    ) -> Page:  # fmt: skip
        """One page, counted from 1; `sort` holds keys of `SORTS` with `:asc` or `:desc`, newest first by default.

        Raises StoreError for an unknown key.
        """
        where, parameters = _conditions(wanted or ExecutionFilter())
        total = self._database.read(f"SELECT count(*) FROM executions{where}", parameters)[0][0]
        rows = self._database.read(
            f"SELECT {_COLUMNS} FROM executions{where} ORDER BY {_order(sort)} LIMIT ? OFFSET ?",
            [*parameters, size, (max(1, page) - 1) * size],
        )
        return Page(tuple(self._with_labels(rows)), total, max(1, page), size)

    def counts(self, wanted: ExecutionFilter | None = None) -> dict[str, int]:
        """How many executions are in each state; states without any are left out."""
        where, parameters = _conditions(wanted or ExecutionFilter())
        rows = self._database.read(f"SELECT state, count(*) FROM executions{where} GROUP BY state", parameters)
        return dict(rows)

    def latest(self) -> dict[tuple[str, str], ExecutionSummary]:
        """The newest execution of every flow, by (namespace, flow id)."""
        named = ", ".join(f"e.{name}" for name in COLUMNS)
        rows = self._database.read(
            f"SELECT {named} FROM (SELECT DISTINCT namespace, flow_id FROM executions) AS f JOIN executions AS e ON "
            "e.id = (SELECT id FROM executions WHERE namespace = f.namespace AND flow_id = f.flow_id "
            "ORDER BY start DESC, id DESC LIMIT 1)"
        )
        return {(one.namespace, one.flow_id): one for one in self._with_labels(rows)}

    def unfinished(self) -> list[ExecutionSummary]:
        """All executions that have no end yet, oldest first."""
        rows = self._database.read(f"SELECT {_COLUMNS} FROM executions WHERE finish IS NULL ORDER BY start, id")
        return self._with_labels(rows)

    def held(self) -> list[ExecutionSummary]:
        """All executions that have ended and that a runner has not left yet: their afterExecution tasks may run."""
        rows = self._database.read(
            f"SELECT {_COLUMNS} FROM executions WHERE finish IS NOT NULL AND pid IS NOT NULL ORDER BY start, id"
        )
        return self._with_labels(rows)

    def _with_labels(self, rows: Sequence[Row]) -> list[ExecutionSummary]:
        labels: dict[str, list[tuple[str, str]]] = {row[0]: [] for row in rows}
        ids = list(labels)
        for at in range(0, len(ids), _MANY):
            part = ids[at : at + _MANY]
            found = self._database.read(
                f"SELECT execution_id, key, value FROM labels WHERE execution_id IN ({', '.join('?' * len(part))}) "
                "ORDER BY execution_id, position",
                part,
            )
            for execution_id, key, value in found:
                labels[execution_id].append((key, value))
        return [from_row(row, tuple(labels[row[0]])) for row in rows]

    # ---- concurrency (semantics 7.1) ---------------------------------------------------------------------------

    def try_admit(
        self, execution_id: str, namespace: str, flow_id: str, limit: int, is_alive: IsAlive
    ) -> Admission:  # fmt: skip
        """Take a slot of the flow for an execution of the index, if fewer than `limit` are taken.

        Slots are not counted anywhere: they are the other executions of the flow that pause, or run with a living
        runner, or were admitted a moment ago. Executions that queue and are older go first. Raises StoreError when
        the index does not know the execution.
        """
        with self._database.transaction() as query:
            own = query("SELECT start FROM executions WHERE id = ?", (execution_id,))
            if not own:
                raise StoreError(f"The execution {execution_id} is not in the index: run `podium doctor --reindex`.")
            running = len(self._holders(query, namespace, flow_id, is_alive, besides=execution_id))
            ahead = [row for row in self._queue(query, namespace, flow_id, is_alive) if row < (own[0][0], execution_id)]
            admitted = running + len(ahead) < limit
            query("UPDATE executions SET admitted = ? WHERE id = ?", (int(admitted), execution_id))
        return Admission(admitted, running)

    def admit_next(
        self, namespace: str, flow_id: str, limit: int, is_alive: IsAlive, pid: int, pid_start: str
    ) -> ExecutionSummary | None:  # fmt: skip
        """Give a free slot of the flow to the execution that has queued longest; None without one or without slot.

        The slot is held by this process until the runner of the execution takes over; when the process dies before,
        the slot is free again.
        """
        with self._database.transaction() as query:
            queue = self._queue(query, namespace, flow_id, is_alive)
            if not queue or len(self._holders(query, namespace, flow_id, is_alive, besides="")) >= limit:
                return None
            chosen = queue[0][1]
            found = self._with_labels(query(f"SELECT {_COLUMNS} FROM executions WHERE id = ?", (chosen,)))[0]
            waits = found.pid is not None and is_alive(found.pid, found.pid_start or "")
            query(
                "UPDATE executions SET admitted = 1, pid = ?, pid_start = ? WHERE id = ?",
                (found.pid if waits else pid, found.pid_start if waits else pid_start, chosen),
            )
        return found

    def slots(self, namespace: str, flow_id: str, is_alive: IsAlive) -> list[str]:
        """The ids of the executions that hold a slot of the flow, oldest first."""
        return self._holders(self._database.read, namespace, flow_id, is_alive, besides="")

    def next_queued(self, namespace: str, flow_id: str, is_alive: IsAlive) -> str | None:
        """The id of the execution of the flow that has queued longest."""
        queue = self._queue(self._database.read, namespace, flow_id, is_alive)
        return queue[0][1] if queue else None

    def _queue(self, query: Query, namespace: str, flow_id: str, is_alive: IsAlive) -> list[tuple[int, str]]:
        """(start, id) of those that queue, oldest first; one that was admitted queues again if its process died."""
        rows = query(
            "SELECT start, id, admitted, pid, pid_start FROM executions WHERE namespace = ? AND flow_id = ? "
            "AND state = 'QUEUED' ORDER BY start, id",
            (namespace, flow_id),
        )
        return [
            (start, id_) for start, id_, admitted, pid, identity in rows
            if not admitted or pid is None or not is_alive(pid, identity or "")
        ]  # fmt: skip

    def _holders(self, query: Query, namespace: str, flow_id: str, is_alive: IsAlive, besides: str) -> list[str]:
        rows = query(
            "SELECT id, state, pid, pid_start FROM executions WHERE namespace = ? AND flow_id = ? "
            f"AND (state IN {_HOLDING} OR (admitted = 1 AND state IN ('CREATED', 'QUEUED', 'RESTARTED'))) "
            "AND id <> ? ORDER BY start, id",
            (namespace, flow_id, besides),
        )
        # An execution that pauses needs no runner; any other without a living one is not running.
        return [
            row[0] for row in rows if row[1] == "PAUSED" or (row[2] is not None and is_alive(row[2], row[3] or ""))
        ]  # fmt: skip


def _conditions(wanted: ExecutionFilter) -> tuple[str, list[Any]]:
    terms: list[str] = []
    parameters: list[Any] = []
    for column in ("namespace", "flow_id", "parent_id", "trigger_execution_id", "original_id", "kind"):
        value = getattr(wanted, column)
        if value is not None:
            terms.append(f"{column} = ?")
            parameters.append(value)
    if wanted.namespace_prefix:
        # `/` follows `.` in ASCII: the names between `a.` and `a/` are the namespaces below `a`.
        terms.append("(namespace = ? OR (namespace > ? AND namespace < ?))")
        parameters += [wanted.namespace_prefix, wanted.namespace_prefix + ".", wanted.namespace_prefix + "/"]
    if wanted.states:
        terms.append(f"state IN ({', '.join('?' * len(wanted.states))})")
        parameters += wanted.states
    if wanted.after is not None:
        terms.append("start >= ?")
        parameters.append(milliseconds(wanted.after))
    if wanted.before is not None:
        terms.append("start <= ?")
        parameters.append(milliseconds(wanted.before))
    if wanted.children is not None:
        terms.append(f"parent_id IS {'NOT ' if wanted.children else ''}NULL")
    for key, value in wanted.labels:
        terms.append("id IN (SELECT execution_id FROM labels WHERE key = ? AND value = ?)")
        parameters += [key, value]
    if wanted.text:
        pattern = "%" + wanted.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        terms.append(
            "(id LIKE ? ESCAPE '\\' OR namespace LIKE ? ESCAPE '\\' OR flow_id LIKE ? ESCAPE '\\' "
            "OR id IN (SELECT execution_id FROM labels WHERE value LIKE ? ESCAPE '\\'))"
        )
        parameters += [pattern] * 4
    return (f" WHERE {' AND '.join(terms)}" if terms else ""), parameters


def _order(sort: Sequence[str]) -> str:
    terms = []
    for entry in sort or ("state.startDate:desc",):
        name, _, direction = entry.partition(":")
        if name not in SORTS or direction not in ("", "asc", "desc"):
            raise StoreError(f"Executions cannot be sorted by `{entry}`: use one of {', '.join(SORTS)}.")
        terms.append(f"{SORTS[name]} {direction or 'asc'}")
    last = terms[-1].rpartition(" ")[2]
    return ", ".join([*terms, f"id {last}"])
