"""The state of triggers (semantics 9.2): when they were and will be evaluated, and which execution holds their lock."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from podium.base.clock import Clock, SystemClock
from podium.store.database import Database, Row
from podium.store.summaries import instant, milliseconds

_COLUMNS = "namespace, flow_id, trigger_id, date, next_date, execution_id, evaluating, updated, disabled, extra"
_SAVED = ", ".join(
    f"{name} = excluded.{name}" for name in _COLUMNS.split(", ")[3:] if name != "disabled"
)  # fmt: skip
_POSITION = "position"
_KEY = "namespace = ? AND flow_id = ? AND trigger_id = ?"


@dataclass(frozen=True, slots=True)
class TriggerState:
    """One trigger of one flow.

    `date` is the last evaluation, `next_date` the next one, `execution_id` the execution that holds the lock,
    `evaluating` since when a polling trigger is being evaluated. `extra` is a JSON object for what belongs to one
    type only, e.g. a backfill. `updated` is set when it is saved.
    """

    namespace: str
    flow_id: str
    trigger_id: str
    date: datetime | None = None
    next_date: datetime | None = None
    execution_id: str | None = None
    evaluating: datetime | None = None
    disabled: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)
    updated: datetime | None = None


class TriggerStates:
    """The states of all triggers of a workspace; raises StoreError."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()

    def get(self, namespace: str, flow_id: str, trigger_id: str) -> TriggerState | None:
        """The state of one trigger, None when it has never been seen."""
        rows = self._database.read(
            f"SELECT {_COLUMNS} FROM trigger_states WHERE {_KEY}", (namespace, flow_id, trigger_id)
        )
        return _state(rows[0]) if rows else None

    def all(self) -> list[TriggerState]:
        """Every trigger, sorted by namespace, flow and trigger."""
        return [_state(row) for row in self._database.read(f"SELECT {_COLUMNS} FROM trigger_states ORDER BY 1, 2, 3")]

    def save(self, state: TriggerState) -> None:
        """Keep a state; whether a known trigger is off stays as it is: that somebody may `switch` meanwhile."""
        with self._database.transaction() as query:
            query(
                f"INSERT INTO trigger_states ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                f"ON CONFLICT (namespace, flow_id, trigger_id) DO UPDATE SET {_SAVED}",
                (state.namespace, state.flow_id, state.trigger_id, milliseconds(state.date),
                 milliseconds(state.next_date), state.execution_id, milliseconds(state.evaluating),
                 milliseconds(self._clock.now()), int(state.disabled), json.dumps(dict(state.extra))),
            )  # fmt: skip

    def switch(self, namespace: str, flow_id: str, trigger_id: str, *, disabled: bool) -> None:
        """Switch a trigger off or on; nothing else of its state changes."""
        with self._database.transaction() as query:
            query(
                "INSERT INTO trigger_states (namespace, flow_id, trigger_id, updated, disabled, extra) "
                "VALUES (?, ?, ?, ?, ?, '{}') ON CONFLICT (namespace, flow_id, trigger_id) "
                "DO UPDATE SET disabled = excluded.disabled, updated = excluded.updated",
                (namespace, flow_id, trigger_id, milliseconds(self._clock.now()), int(disabled)),
            )

    def lock(self, namespace: str, flow_id: str, trigger_id: str, execution_id: str) -> bool:
        """Let an execution hold the trigger's lock; False when another one does, or the trigger is unknown."""
        with self._database.transaction() as query:
            return bool(
                query(
                    f"UPDATE trigger_states SET execution_id = ?, updated = ? WHERE {_KEY} "
                    "AND (execution_id IS NULL OR execution_id = ?) RETURNING 1",
                    (execution_id, milliseconds(self._clock.now()), namespace, flow_id, trigger_id, execution_id),
                )
            )

    def unlock(self, execution_id: str) -> None:
        """Clear the locks that an execution holds: it has ended, or somebody gave it up."""
        with self._database.transaction() as query:
            query(
                "UPDATE trigger_states SET execution_id = NULL, updated = ? WHERE execution_id = ?",
                (milliseconds(self._clock.now()), execution_id),
            )

    def position(self) -> str | None:
        """Where the server was in the history of all executions, as it noted it."""
        rows = self._database.read("SELECT value FROM meta WHERE name = ?", (_POSITION,))
        return str(rows[0][0]) if rows else None

    def note_position(self, position: str) -> None:
        """Keep where the server is."""
        with self._database.transaction() as query:
            query("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_POSITION, position))

    def delete(self, namespace: str, flow_id: str, trigger_id: str | None = None) -> int:
        """Forget one trigger of a flow, or all of them; returns how many."""
        with self._database.transaction() as query:
            return len(
                query(
                    "DELETE FROM trigger_states WHERE namespace = ? AND flow_id = ? "
                    "AND (? IS NULL OR trigger_id = ?) RETURNING 1",
                    (namespace, flow_id, trigger_id, trigger_id),
                )
            )


def _state(row: Row) -> TriggerState:
    namespace, flow_id, trigger_id, date, next_date, execution_id, evaluating, updated, disabled, extra = row
    return TriggerState(
        namespace, flow_id, trigger_id, instant(date), instant(next_date), execution_id, instant(evaluating),
        bool(disabled), json.loads(extra), instant(updated),
    )  # fmt: skip
