"""Revisions of flows and states of triggers."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from podium.base.clock import ManualClock
from podium.store.database import Database
from podium.store.revisions import FlowRevisions
from podium.store.trigger_states import TriggerState, TriggerStates

NOW = datetime(2026, 3, 14, tzinfo=UTC)
FLOW = "id: a\nnamespace: lab\ntasks: []\n"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "index.db")


@pytest.mark.parametrize(
    ("sources", "revisions"),
    [
        ([FLOW, FLOW], [1, 1]),
        ([FLOW, FLOW + "# more\n"], [1, 2]),
        ([FLOW, FLOW + "# more\n", FLOW], [1, 2, 3]),
        ([FLOW, "revision: 7\n" + FLOW, FLOW.replace("tasks", "revision: 1\r\ntasks")], [1, 1, 1]),
        ([FLOW, FLOW + "\n\n"], [1, 1]),
        ([FLOW, FLOW + "x:\n  revision: 2\n"], [1, 2]),
    ],
)
def test_a_changed_text_makes_a_revision(database: Database, sources: list[str], revisions: list[int]) -> None:
    kept = FlowRevisions(database)
    assert [kept.keep(source, "lab", "a") for source in sources] == revisions


def test_looking_into_the_history(database: Database) -> None:
    kept = FlowRevisions(database, ManualClock(NOW))
    assert kept.get("lab", "a") is None
    kept.keep("revision: 3\n" + FLOW, "lab", "a", "digest")
    kept.keep(FLOW + "# 2", "lab", "a")
    kept.keep(FLOW, "lab", "other")
    first = kept.get("lab", "a", 1)
    assert first is not None
    assert (first.source, first.files_digest, first.created, first.deleted) == (FLOW, "digest", NOW, False)
    assert [entry.revision for entry in kept.history("lab", "a")] == [2, 1]
    assert kept.get("lab", "a") == kept.history("lab", "a")[0]
    assert kept.get("lab", "a", 9) is None


def test_numbers_go_on_after_a_deletion(database: Database) -> None:
    kept = FlowRevisions(database)
    assert kept.mark_deleted("lab", "a") is None
    kept.keep(FLOW, "lab", "a")
    assert kept.mark_deleted("lab", "a") == 2
    assert kept.mark_deleted("lab", "a") is None
    assert kept.keep(FLOW, "lab", "a") == 3
    assert [entry.deleted for entry in kept.history("lab", "a")] == [False, True, False]


def test_the_state_of_a_trigger(database: Database) -> None:
    states = TriggerStates(database, ManualClock(NOW))
    state = TriggerState(
        "lab", "a", "t", date=NOW - timedelta(hours=1), next_date=NOW + timedelta(hours=1), evaluating=NOW,
        disabled=True, extra={"backfill": {"start": "x"}},
    )  # fmt: skip
    assert states.get("lab", "a", "t") is None
    states.save(state)
    kept = states.get("lab", "a", "t")
    assert kept is not None
    assert (kept.date, kept.next_date, kept.evaluating, kept.updated) == (state.date, state.next_date, NOW, NOW)
    assert (kept.disabled, kept.extra, kept.execution_id) == (True, {"backfill": {"start": "x"}}, None)
    assert states.all() == [kept]


def test_the_lock_of_a_trigger(database: Database) -> None:
    states = TriggerStates(database)
    assert not states.lock("lab", "a", "t", "e1")
    for name in ("t", "u"):
        states.save(TriggerState("lab", "a", name))
    assert states.lock("lab", "a", "t", "e1")
    assert states.lock("lab", "a", "t", "e1")
    assert not states.lock("lab", "a", "t", "e2")
    states.unlock("e1")
    assert states.lock("lab", "a", "t", "e2")
    assert states.delete("lab", "a", "t") == 1
    assert states.delete("lab", "a") == 1
    assert states.all() == []
