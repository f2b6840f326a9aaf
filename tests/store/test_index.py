"""The index of executions: searching, counting, concurrency slots; and the database below it."""

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import podium
from podium.engine import changes as c
from podium.engine.execution import fold
from podium.store.database import Database
from podium.store.errors import NoRoom, StoreError
from podium.store.index import Admission, ExecutionFilter, ExecutionIndex
from podium.store.key_values import KeyValueStore
from podium.store.schema import MIGRATIONS
from podium.store.summaries import ExecutionSummary, summary_of

START = datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=UTC)
processes = multiprocessing.get_context("spawn")


@pytest.fixture
def index(tmp_path: Path) -> ExecutionIndex:
    return ExecutionIndex(Database(tmp_path / "index.db"))


def one(execution_id: str, state: str = "SUCCESS", minute: int = 0, **more: Any) -> ExecutionSummary:
    start = START + timedelta(minutes=minute)
    end = start + timedelta(seconds=minute + 1) if state in ("SUCCESS", "FAILED") else None
    values = {"namespace": "lab", "flow_id": "hello", "start": start, "end": end, "original_id": execution_id}
    return ExecutionSummary(**{"id": execution_id, "state": state, **values, **more})


def test_a_row_comes_back_as_it_was(index: ExecutionIndex) -> None:
    full = one(
        "e1", revision=3, trigger_id="t", trigger_type="x.Schedule", trigger_execution_id="up", parent_id="p",
        labels=(("a", "1"), ("b", "2"), ("a", "3")), kind="TEST", schedule_date=START, pid=7, pid_start="boot:99",
    )  # fmt: skip
    index.upsert(full)
    assert index.get("e1") == full
    assert full.duration == timedelta(seconds=1)
    changed = replace(full, state="RUNNING", end=None, labels=(("b", "2"),))
    index.upsert(changed)
    assert index.get("e1") == changed
    assert index.get("other") is None


def test_the_summary_of_an_execution() -> None:
    end = START + timedelta(seconds=5)
    execution = fold([
        c.ExecutionCreated("e", "lab", "hello", START, 2, labels=[("k", "v")], parent_id="p",
                           trigger={"id": "t", "type": "x.Flow", "variables": {"executionId": "up"}}),
        c.ExecutionMoved("RUNNING", START), c.ExecutionMoved("SUCCESS", end),
    ])  # fmt: skip
    assert summary_of(execution, 12, "s") == ExecutionSummary(
        id="e", namespace="lab", flow_id="hello", state="SUCCESS", start=START, end=end, revision=2, trigger_id="t",
        trigger_type="x.Flow", trigger_execution_id="up", parent_id="p", original_id="e", labels=(("k", "v"),),
        pid=12, pid_start="s",
    )  # fmt: skip


ROWS = [
    one("e1", minute=1, labels=(("team", "blue"), ("env", "dev"))),
    one("e2", "FAILED", 2, labels=(("team", "red"), ("env", "dev"))),
    one("e3", "RUNNING", 3, flow_id="other", parent_id="e1"),
    one("e4", minute=4, namespace="lab.sub", trigger_execution_id="e2"),
    one("e5", minute=5, namespace="labx", flow_id="100%", original_id="e1"),
]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (ExecutionFilter(), "e5 e4 e3 e2 e1"),
        (ExecutionFilter(namespace="lab"), "e3 e2 e1"),
        (ExecutionFilter(namespace_prefix="lab"), "e4 e3 e2 e1"),
        (ExecutionFilter(flow_id="other"), "e3"),
        (ExecutionFilter(states=("FAILED", "RUNNING")), "e3 e2"),
        (ExecutionFilter(labels=(("env", "dev"),)), "e2 e1"),
        (ExecutionFilter(labels=(("env", "dev"), ("team", "red"))), "e2"),
        (ExecutionFilter(text="HELL"), "e4 e2 e1"),
        (ExecutionFilter(text="blu"), "e1"),
        (ExecutionFilter(text="%"), "e5"),
        (ExecutionFilter(text="_"), ""),
        (ExecutionFilter(text="' OR 1=1 --"), ""),
        (ExecutionFilter(after=START + timedelta(minutes=4)), "e5 e4"),
        (ExecutionFilter(before=START + timedelta(minutes=2)), "e2 e1"),
        (ExecutionFilter(parent_id="e1"), "e3"),
        (ExecutionFilter(trigger_execution_id="e2"), "e4"),
        (ExecutionFilter(original_id="e1"), "e5 e1"),
        (ExecutionFilter(children=True), "e3"),
        (ExecutionFilter(children=False), "e5 e4 e2 e1"),
        (ExecutionFilter(namespace="lab", states=("SUCCESS",), text="e"), "e1"),
    ],
)
def test_searching(index: ExecutionIndex, wanted: ExecutionFilter, found: str) -> None:
    for row in ROWS:
        index.upsert(row)
    page = index.search(wanted)
    assert [item.id for item in page.items] == found.split()
    assert page.total == len(found.split()) == sum(index.counts(wanted).values())
    assert all(item in ROWS for item in page.items)


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        (["state.startDate:asc"], "e1 e2 e3 e4 e5"),
        (["id:desc"], "e5 e4 e3 e2 e1"),
        (["state.duration:desc"], "e5 e4 e2 e1 e3"),
        (["flowId", "state.startDate:desc"], "e5 e4 e2 e1 e3"),
        (["state.current"], "e2 e3 e1 e4 e5"),
    ],
)
def test_sorting(index: ExecutionIndex, sort: list[str], found: str) -> None:
    for row in ROWS:
        index.upsert(row)
    assert [item.id for item in index.search(sort=sort).items] == found.split()


@pytest.mark.parametrize("sort", ["start", "id:up", "id; DROP TABLE executions"])
def test_sorting_by_something_unknown(index: ExecutionIndex, sort: str) -> None:
    with pytest.raises(StoreError, match="cannot be sorted by"):
        index.search(sort=[sort])


def test_pages(index: ExecutionIndex) -> None:
    for number in range(7):
        index.upsert(one(f"e{number}", minute=0, labels=(("n", str(number)),)))
    pages = [index.search(page=number, size=3) for number in (1, 2, 3, 4)]
    assert [[item.id for item in page.items] for page in pages] == [["e6", "e5", "e4"], ["e3", "e2", "e1"], ["e0"], []]
    assert {page.total for page in pages} == {7}
    assert pages[0].items[0].labels == (("n", "6"),)


def test_counts_latest_unfinished_and_deletion(index: ExecutionIndex) -> None:
    for row in ROWS:
        index.upsert(row)
    assert index.counts() == {"SUCCESS": 3, "FAILED": 1, "RUNNING": 1}
    assert {key: item.id for key, item in index.latest().items()} == {
        ("lab", "hello"): "e2", ("lab", "other"): "e3", ("lab.sub", "hello"): "e4", ("labx", "100%"): "e5",
    }  # fmt: skip
    assert [item.id for item in index.unfinished()] == ["e3"]
    assert index.delete(["e1", "e2", "gone"]) == 2
    assert index.search().total == 3
    assert index.search(ExecutionFilter(labels=(("env", "dev"),))).total == 0


def test_reindexing_makes_the_index_agree_with_the_journals(index: ExecutionIndex) -> None:
    index.upsert(one("gone"))
    index.upsert(one("stale", "RUNNING"))
    rows = [one("stale", "FAILED"), *(one(f"n{number}") for number in range(450))]
    assert index.reindex(iter(rows)) == 451
    assert index.search().total == 451
    assert index.get("gone") is None
    assert index.get("stale") == rows[0]


# ---- concurrency ---------------------------------------------------------------------------------------------------


def alive(*pids: int) -> Any:
    return lambda pid, start: pid in pids and start == "s"


def running(execution_id: str, state: str = "RUNNING", minute: int = 0, pid: int | None = 1, **more: Any) -> Any:
    return one(execution_id, state, minute, pid=pid, pid_start="s" if pid else None, **more)


@pytest.mark.parametrize(
    ("others", "admission"),
    [
        ([], Admission(True, 0)),
        ([running("a")], Admission(True, 1)),
        ([running("a"), running("b", "PAUSED")], Admission(False, 2)),
        ([running("a"), running("dead", pid=9)], Admission(True, 1)),
        ([running("a"), running("reused", pid=1, flow_id="hello").__class__(
            id="reused", namespace="lab", flow_id="hello", state="RUNNING", start=START, pid=1, pid_start="other")],
         Admission(True, 1)),
        ([running("a"), running("waits", "PAUSED", pid=None)], Admission(False, 2)),
        ([running("a"), running("nobody", "RUNNING", pid=None)], Admission(True, 1)),
        ([running("a"), running("b", "SUCCESS")], Admission(True, 1)),
        ([running("a"), running("b", flow_id="other"), running("c", namespace="prod")], Admission(True, 1)),
        ([running("a"), running("b", "QUEUED", minute=-1)], Admission(False, 1)),
        ([running("a"), running("b", "QUEUED", minute=1)], Admission(True, 1)),
        ([running("a"), running("b", "QUEUED", minute=-1, pid=9)], Admission(False, 1)),
        ([running("a"), running("b", "QUEUED", minute=-1, pid=None)], Admission(False, 1)),
        ([running("a"), running("b", "PAUSED", minute=-1, pid=9)], Admission(False, 2)),
    ],
)  # fmt: skip
def test_a_slot_of_two(index: ExecutionIndex, others: list[ExecutionSummary], admission: Admission) -> None:
    for row in others:
        index.upsert(row)
    index.upsert(running("new", "CREATED"))
    assert index.try_admit("new", "lab", "hello", 2, alive(1)) == admission


def test_an_admitted_execution_holds_its_slot_before_it_says_that_it_runs(index: ExecutionIndex) -> None:
    for name, minute in (("a", 0), ("b", 1), ("c", 2)):
        index.upsert(running(name, "CREATED", minute))
    assert index.try_admit("a", "lab", "hello", 1, alive(1)) == Admission(True, 0)
    assert index.slots("lab", "hello", alive(1)) == ["a"]
    assert index.try_admit("b", "lab", "hello", 1, alive(1)) == Admission(False, 1)
    assert index.next_queued("lab", "hello", alive(1)) is None
    index.upsert(running("c", "QUEUED", 2))
    index.upsert(running("b", "QUEUED", 1))
    assert index.next_queued("lab", "hello", alive(1)) == "b"
    index.upsert(running("a", "RUNNING", 0))
    assert index.slots("lab", "hello", alive(1)) == ["a"]
    index.upsert(running("a", "SUCCESS", 0))
    assert index.try_admit("c", "lab", "hello", 1, alive(1)) == Admission(False, 0)
    assert index.try_admit("b", "lab", "hello", 1, alive(1)) == Admission(True, 0)


def test_the_next_of_a_queue_gets_the_slot_and_keeps_it_while_somebody_lives(index: ExecutionIndex) -> None:
    index.upsert(running("a"))
    index.upsert(running("b", "QUEUED", 1, pid=None))
    index.upsert(running("c", "QUEUED", 2, pid=3))
    assert index.admit_next("lab", "hello", 1, alive(1), 7, "s") is None
    index.upsert(running("a", "SUCCESS"))
    first = index.admit_next("lab", "hello", 1, alive(7), 7, "s")
    assert first is not None
    assert first.id == "b"
    assert index.slots("lab", "hello", alive(7)) == ["b"]
    assert index.admit_next("lab", "hello", 1, alive(7), 7, "s") is None
    # The process that was to start it died: the slot is free, and it is still its turn.
    assert index.slots("lab", "hello", alive()) == []
    again = index.admit_next("lab", "hello", 2, alive(3, 8), 8, "s")
    assert again is not None
    assert again.id == "b"
    third = index.admit_next("lab", "hello", 2, alive(3, 8), 8, "s")
    assert third is not None
    assert (third.id, index.get("c").pid) == ("c", 3)  # type: ignore[union-attr]
    assert index.admit_next("lab", "hello", 9, alive(3, 8), 8, "s") is None


def test_an_unknown_execution_is_not_admitted(index: ExecutionIndex) -> None:
    with pytest.raises(StoreError, match="not in the index"):
        index.try_admit("x", "lab", "hello", 1, alive())


def _admit(path: str, name: str, ready: Any, answers: Any) -> None:
    index = ExecutionIndex(Database(Path(path)))
    index.upsert(running(name, "CREATED"))
    ready.wait(30)
    answers.put((name, index.try_admit(name, "lab", "hello", 2, lambda pid, start: True).admitted))


def test_processes_that_ask_at_the_same_time_do_not_take_the_same_slot(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    ready, answers = processes.Barrier(4), processes.Queue()
    children = [processes.Process(target=_admit, args=(str(path), f"e{n}", ready, answers)) for n in range(4)]
    for child in children:
        child.start()
    given = dict(answers.get(timeout=60) for _ in children)
    for child in children:
        child.join()
    assert sum(given.values()) == 2
    assert ExecutionIndex(Database(path)).search().total == 4


# ---- the database --------------------------------------------------------------------------------------------------


def _killed(path: str) -> None:
    database = Database(Path(path))
    ExecutionIndex(database).upsert(one("kept"))
    with database.transaction() as query:
        query("DELETE FROM executions")
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_writer_killed_inside_a_transaction_changes_nothing(tmp_path: Path) -> None:
    child = processes.Process(target=_killed, args=(str(tmp_path / "index.db"),))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    index = ExecutionIndex(Database(tmp_path / "index.db"))
    assert index.get("kept") is not None
    index.upsert(one("next"))


def test_a_transaction_that_fails_changes_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "index.db")
    with pytest.raises(StoreError, match="cannot be used: near"), database.transaction() as query:
        query("INSERT INTO meta VALUES ('a', 'b')")
        query("NONSENSE")
    assert database.read("SELECT * FROM meta") == []
    with database.transaction() as query:
        query("INSERT INTO meta VALUES ('a', 'b')")
    assert database.read("SELECT * FROM meta") == [("a", "b")]


def test_the_connection_is_not_shared_over_a_fork(tmp_path: Path) -> None:
    index = ExecutionIndex(Database(tmp_path / "index.db"))
    index.upsert(one("parent"))
    child = os.fork()
    if child == 0:
        try:
            index.upsert(one("child"))
            os._exit(0)
        except BaseException:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert index.search().total == 2


_ORPHAN = """
import os, sys, time
from pathlib import Path
from podium.store.database import Database
from podium.store.key_values import KeyValueStore

store = KeyValueStore(Database(Path(sys.argv[1])))
store.set("lab", "parent", 1)
parent = os.getpid()
if os.fork() == 0:
    store.set("lab", "early", 2)
    Path(sys.argv[1] + ".open").touch()
    deadline = time.monotonic() + 20
    while os.getppid() == parent and time.monotonic() < deadline:
        time.sleep(0.01)
    store.set("lab", "late", 3)
    Path(sys.argv[1] + ".done").touch()
    time.sleep(1)
    os._exit(0)
while not os.path.exists(sys.argv[1] + ".open"):
    time.sleep(0.01)
"""


def test_what_a_child_writes_survives_the_end_of_its_parent(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    app = str(Path(podium.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": app}
    subprocess.run([sys.executable, "-c", _ORPHAN, str(path)], env=environment, check=True, timeout=60)
    while not path.with_name("index.db.done").exists():
        time.sleep(0.01)
    # While the child still has it open: nothing but the file itself and its log can have carried it here.
    assert KeyValueStore(Database(path)).keys("lab") == ["early", "late", "parent"]


@pytest.mark.parametrize("damage", ["header", "everything", "middle"])
def test_a_damaged_database_is_moved_aside_and_what_can_be_read_is_saved(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "index.db"
    database = Database(path)
    ExecutionIndex(database).upsert(one("e1"))
    with database.transaction() as query:
        for number in range(200):
            query("INSERT INTO key_values VALUES ('lab', ?, 'STRING', ?, NULL, 1, 1, NULL)", (f"k{number}", "v" * 500))
    database.close()
    content = bytearray(path.read_bytes())
    if damage == "header":
        content[:16] = b"not a database!!"
    elif damage == "everything":
        content[:] = b"\x01" * len(content)
    else:
        content[4096:8192] = b"\xff" * 4096
    path.write_bytes(content)

    mended = Database(path)
    if damage == "middle":
        # Not seen when it is opened, only when that page is read.
        with pytest.raises(StoreError, match="is damaged"):
            mended.read("SELECT * FROM meta")
    other = Database(path)
    assert mended.needs_reindex
    assert mended.notice is not None
    assert "moved to index.db.damaged-" in mended.notice
    assert other.needs_reindex
    assert min(tmp_path.glob("index.db.damaged-*")).read_bytes() == content
    index = ExecutionIndex(mended)
    index.reindex([one("e1")])
    assert not mended.needs_reindex
    assert not other.needs_reindex
    assert Database(path).notice is None
    assert index.search().total == 1


def test_key_values_are_saved_from_a_database_with_a_damaged_page(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    database = Database(path)
    with database.transaction() as query:
        query("INSERT INTO key_values VALUES ('lab', 'k', 'STRING', '\"v\"', NULL, 1, 1, NULL)")
    page = database.read("SELECT rootpage FROM sqlite_schema WHERE name = 'executions'")[0][0]
    database.close()
    content = bytearray(path.read_bytes())
    content[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    path.write_bytes(content)
    index = ExecutionIndex(database)
    with pytest.raises(StoreError, match="is damaged"):
        index.upsert(one("e1"))
    index.upsert(one("e1"))
    assert database.notice is not None
    assert "1 of key values, 0 of flow revisions" in database.notice
    assert database.read("SELECT key FROM key_values") == [("k",)]


def without_room(monkeypatch: pytest.MonkeyPatch, path: Path) -> Database:
    """A database with the key `a` that was opened on a full disk."""
    database = Database(path)
    KeyValueStore(database).set("lab", "a", 1)
    database.close()

    def full(self: Database) -> None:
        raise NoRoom("full")

    with monkeypatch.context() as patched:
        patched.setattr(Database, "_prepared", full)
        return Database(path)


def test_what_is_read_on_a_full_disk_does_not_stay_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "index.db"
    monkeypatch.setattr("podium.store.database._STALE_SECONDS", 0.0)
    old = without_room(monkeypatch, path)
    KeyValueStore(Database(path)).set("lab", "b", 1)
    assert KeyValueStore(old).keys("lab") == ["a", "b"]


def test_what_looks_like_damage_on_a_full_disk_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = without_room(monkeypatch, tmp_path / "index.db")
    error = sqlite3.DatabaseError("database disk image is malformed")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    assert isinstance(database._failure(error), NoRoom)
    assert KeyValueStore(database).keys("lab") == ["a"]
    assert [one.name for one in tmp_path.glob("*damaged*")] == []


def test_a_database_of_a_newer_podium_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    Database(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(StoreError, match="written by a newer Podium"):
        Database(path)


def test_a_place_without_a_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Check the permissions"):
        Database(tmp_path / "no" / "index.db")
