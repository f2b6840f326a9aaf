"""The revisions of flows (semantics 1.6): every text that a flow ever ran with."""

import re
from dataclasses import dataclass
from datetime import datetime

from podium.base.clock import Clock, SystemClock
from podium.store.database import Database, Query, Row
from podium.store.summaries import instant, milliseconds

_REVISION_LINE = re.compile(r"^revision[ \t]*:.*(?:\r?\n|$)", re.MULTILINE)
_COLUMNS = "namespace, flow_id, revision, source, files_digest, created, deleted"


@dataclass(frozen=True, slots=True)
class FlowRevision:
    """One kept text of a flow. `files_digest` stands for the namespace files as they were, empty if not known.

    A `deleted` revision notes that the flow was deleted; its source is the last one.
    """

    namespace: str
    flow_id: str
    revision: int
    source: str
    files_digest: str
    created: datetime
    deleted: bool


def without_revision(source: str) -> str:
    """A flow's text without its top-level `revision:` line, which says nothing about the flow."""
    return _REVISION_LINE.sub("", source)


class FlowRevisions:
    """All revisions of all flows of a workspace; raises StoreError."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()

    def keep(self, source: str, namespace: str, flow_id: str, files_digest: str = "") -> int:
        """The revision of this text: the last one if nothing changed since, else a new one. Counts from 1.

        A `revision:` line and blanks at the end make no difference. After a deletion the numbers go on.
        """
        text = without_revision(source)
        with self._database.transaction() as query:
            last = _last(query, namespace, flow_id)
            if last is not None and not last.deleted and last.source.rstrip() == text.rstrip():
                return last.revision
            number = last.revision + 1 if last else 1
            self._add(query, FlowRevision(namespace, flow_id, number, text, files_digest, self._clock.now(), False))
        return number

    def mark_deleted(self, namespace: str, flow_id: str) -> int | None:
        """Note that the flow was deleted; returns the number of that revision, None when there was no such flow."""
        with self._database.transaction() as query:
            last = _last(query, namespace, flow_id)
            if last is None or last.deleted:
                return None
            number = last.revision + 1
            self._add(query, FlowRevision(namespace, flow_id, number, last.source, "", self._clock.now(), True))
        return number

    def get(self, namespace: str, flow_id: str, revision: int | None = None) -> FlowRevision | None:
        """One revision, the last without `revision`; None when there is none."""
        if revision is None:
            return _last(self._database.read, namespace, flow_id)
        rows = self._database.read(
            f"SELECT {_COLUMNS} FROM flow_revisions WHERE namespace = ? AND flow_id = ? AND revision = ?",
            (namespace, flow_id, revision),
        )
        return _revision(rows[0]) if rows else None

    def history(self, namespace: str, flow_id: str) -> list[FlowRevision]:
        """All revisions of a flow, newest first."""
        rows = self._database.read(
            f"SELECT {_COLUMNS} FROM flow_revisions WHERE namespace = ? AND flow_id = ? ORDER BY revision DESC",
            (namespace, flow_id),
        )
        return [_revision(row) for row in rows]

    def _add(self, query: Query, new: FlowRevision) -> None:
        query(
            f"INSERT INTO flow_revisions ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (new.namespace, new.flow_id, new.revision, new.source, new.files_digest, milliseconds(new.created),
             int(new.deleted)),
        )  # fmt: skip


def _last(query: Query, namespace: str, flow_id: str) -> FlowRevision | None:
    rows = query(
        f"SELECT {_COLUMNS} FROM flow_revisions WHERE namespace = ? AND flow_id = ? ORDER BY revision DESC LIMIT 1",
        (namespace, flow_id),
    )
    return _revision(rows[0]) if rows else None


def _revision(row: Row) -> FlowRevision:
    namespace, flow_id, revision, source, digest, created, deleted = row
    moment = instant(created)
    assert moment is not None
    return FlowRevision(namespace, flow_id, revision, source, digest, moment, bool(deleted))
