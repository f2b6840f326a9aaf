"""Removing executions: one by one, by the limits of the settings, and through the port of tasks."""

import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.workspaces import NOW, log_line, never_alive, opened, put_execution, this_process_lives

from podium.plugin.task import TaskError
from podium.runtime.deletion import StillNeeded, delete_execution
from podium.runtime.other_executions import OtherExecutions
from podium.runtime.retention import collect, plan_retention
from podium.store.errors import NoRoom, StoreError
from podium.store.execution_records import RunnerMark
from podium.store.internal_storage import ExecutionPlace
from podium.store.settings import Limits
from podium.store.stores import Stores
from podium.store.summaries import summary_of

DAY = timedelta(days=1)


def put_file(stores: Stores, execution_id: str, content: str = "x") -> str:
    place = ExecutionPlace("lab", "hello", execution_id)
    return stores.storage.for_task(place, "t", "r").put_bytes(content.encode(), "a.txt")


def test_an_execution_goes_with_everything(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    record = put_execution(stores, "e1", log=log_line("a") + log_line("b"))
    put_file(stores, "e1")
    assert delete_execution(stores, "e1", never_alive) == 2
    assert not record.directory.exists()
    assert stores.index.get("e1") is None
    assert [path for path in stores.workspace.storage.rglob("*") if path.is_file()] == []


def test_what_is_wanted_stays(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    record = put_execution(stores, "e1", log=log_line("a"))
    record.metrics.write_text("{}\n")
    uri = put_file(stores, "e1")
    assert delete_execution(stores, "e1", never_alive, logs=False, metrics=False, storage=False) == 0
    assert sorted(path.name for path in record.directory.iterdir()) == ["log.jsonl", "metrics.jsonl"]
    assert stores.storage.path(uri, "lab", lambda _: True).read_text() == "x"
    assert not record.exists()


@pytest.mark.parametrize("state", ["CREATED", "RUNNING", "PAUSED", "QUEUED", "RESTARTED", "KILLING"])
def test_only_what_has_ended_goes(tmp_path: Path, state: str) -> None:
    stores = opened(tmp_path)
    record = put_execution(stores, "e1", state=state)
    with pytest.raises(StillNeeded, match=state):
        delete_execution(stores, "e1", never_alive)
    assert record.exists()


def test_an_execution_whose_runner_lives_stays_although_it_has_ended(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    record = put_execution(stores, "e1")
    stores.index.upsert(summary_of(record.load().execution, os.getpid(), "x"))
    with pytest.raises(StillNeeded, match="its runner lives"):
        delete_execution(stores, "e1", this_process_lives)
    assert delete_execution(stores, "e1", never_alive) == 0


def test_the_journal_is_believed_and_not_the_index(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    put_execution(stores, "e1", state="RUNNING")
    ended = put_execution(stores, "e2").load().execution
    ended.id = "e1"
    stores.index.upsert(summary_of(ended))
    with pytest.raises(StillNeeded):
        delete_execution(stores, "e1", never_alive)


def test_what_is_only_in_the_index_can_be_forgotten(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    record = put_execution(stores, "e1")
    shutil.rmtree(record.directory)
    delete_execution(stores, "e1", never_alive)
    assert stores.index.get("e1") is None
    with pytest.raises(StoreError, match="'e1' not found"):
        delete_execution(stores, "e1", never_alive)


def test_what_is_wanted_stays_also_when_there_is_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stores = opened(tmp_path)
    record = put_execution(stores, "e1", log=log_line("a"))
    delete, calls = stores.index.delete, []

    def full_once(ids: list[str]) -> int:
        calls.append(ids)
        if len(calls) == 1:
            raise NoRoom("full")
        return delete(ids)

    monkeypatch.setattr(stores.index, "delete", full_once)
    delete_execution(stores, "e1", never_alive, logs=False)
    assert [path.name for path in record.directory.iterdir()] == ["log.jsonl"]
    assert stores.index.get("e1") is None


# ---- the mark of a runner ------------------------------------------------------------------------------------------


def test_only_the_runner_that_goes_takes_its_mark_away(tmp_path: Path) -> None:
    record = put_execution(opened(tmp_path), "e1")
    before, after = RunnerMark(1, "x", "e1"), RunnerMark(2, "y", "e1")
    record.mark_runner(after)
    record.unmark_runner(before)
    assert record.runner() == after
    record.unmark_runner(after)
    assert record.runner() is None


def test_last_words_however_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = put_execution(opened(tmp_path), "e1")
    mark = RunnerMark(1, "x", "e1")
    record.mark_runner(mark)
    write = os.pwrite
    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", lambda file, data, at: write(file, data[:100], at))
        record.note_last_words("more than a file may hold " * 9)
        assert record.runner() == mark and (record.last_words() or "").startswith("more than a file")
    for words in ("ä" * 5000, "short", "longer again"):
        record.note_last_words(words)
        said = record.last_words()
        assert said is not None and words.startswith(said) and len(said) >= min(len(words), 500)
        assert record.runner() == mark


# ---- retention ------------------------------------------------------------------------------------------------------


def many(stores: Stores, ages: list[int], **more: Any) -> list[str]:
    return [put_execution(stores, age=DAY * age, **more).id for age in ages]


def test_nothing_goes_without_a_limit(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    many(stores, [1000, 2000])
    plan = plan_retention(stores, is_alive=never_alive)
    assert plan.count == 0
    assert plan.flows[0].executions == 2
    assert plan.flows[0].size > 0


def test_limits_by_age_and_count(tmp_path: Path) -> None:
    stores = opened(tmp_path, {"podium.toml": "[retention]\nmax-age = 'P10D'\nmax-count = 3"})
    many(stores, [0, 1, 2])
    fourth = many(stores, [3])
    old = many(stores, [11])
    paused = many(stores, [50], state="PAUSED")
    put_file(stores, fourth[0], "x" * 1000)
    plan = plan_retention(stores, is_alive=never_alive)
    removals = {one.id: one for one in plan.flows[0].removals}
    assert set(removals) == {*fourth, *old}
    assert removals[fourth[0]].reason == "3 newer ended executions of the flow"
    assert removals[old[0]].reason == "ended 10 days ago"
    assert removals[fourth[0]].size > 1000
    done = collect(stores, plan, is_alive=never_alive)
    assert (done.removed, done.freed, done.kept) == (2, plan.freed, [])
    assert stores.index.search().total == 4
    assert stores.record(paused[0]).exists()
    assert plan_retention(stores, is_alive=never_alive).count == 0


def test_an_execution_that_was_restarted_meanwhile_stays(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    one = put_execution(stores, "e1", age=DAY * 5)
    plan = plan_retention(stores, limits=Limits(max_age=DAY), is_alive=never_alive)
    one.journal.unlink()
    shutil.rmtree(one.directory)
    put_execution(stores, "e1", state="RUNNING")
    done = collect(stores, plan, is_alive=never_alive)
    assert done.removed == 0
    assert done.kept[0][0] == "e1"


def test_flows_have_limits_of_their_own(tmp_path: Path) -> None:
    toml = "[retention]\nmax-count = 1\n[retention.flows.'lab.keep']\nmax-count = 5\n[retention.flows.other]\n"
    stores = opened(tmp_path, {"podium.toml": toml})
    many(stores, [1, 2, 3])
    many(stores, [1, 2, 3], flow_id="keep")
    many(stores, [1, 2, 3], namespace="other.deep")
    plan = plan_retention(stores, is_alive=never_alive)
    assert {flow.flow_id if flow.namespace == "lab" else flow.namespace: len(flow.removals) for flow in plan.flows} == {
        "hello": 2, "keep": 0, "other.deep": 0,
    }  # fmt: skip
    assert plan_retention(stores, namespace="other", is_alive=never_alive).flows[0].executions == 3


def test_half_made_executions_and_orphaned_directories_go_when_they_are_old(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    running = put_execution(stores, "alive", state="RUNNING")
    old = (NOW - DAY * 3).timestamp()
    folders = [
        stores.workspace.executions / ".e9.new",
        stores.workspace.tmp / "gone.r1.0",
        stores.workspace.tmp / "alive.r1.0",
    ]
    for folder in folders:
        folder.mkdir()
        (folder / "f").write_text("12345")
        os.utime(folder, (old, old))
    young = stores.workspace.tmp / "gone.r2.0"
    young.mkdir()
    plan = plan_retention(stores, is_alive=never_alive)
    assert dict(plan.leftovers) == {folders[0]: 5, folders[1]: 5}
    collect(stores, plan, is_alive=never_alive)
    assert [folder.exists() for folder in folders] == [False, False, True]
    assert young.exists()
    assert running.exists()


# ---- the port of tasks ----------------------------------------------------------------------------------------------


def port(stores: Stores) -> OtherExecutions:
    def resume(execution_id: str, inputs: Any) -> None:
        if execution_id == "e2":
            raise ValueError("not paused")

    return OtherExecutions(stores, never_alive, resume)


def test_tasks_find_executions(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    trigger = {"id": "call", "type": "Subflow", "variables": {"executionId": "e0"}}
    put_execution(stores, "e1", labels=[("k", "v")], trigger=trigger)
    put_execution(stores, "e2", state="FAILED", age=DAY)
    put_execution(stores, "e3", namespace="lab.deep", flow_id="x", state="RUNNING")
    put_execution(stores, "e4", namespace="labor", flow_id="hello")
    asked = port(stores)

    def ids(**filters: Any) -> set[str]:
        return {one["id"] for one in asked.find(**filters)}

    assert ids() == {"e1", "e2", "e3", "e4"}
    assert ids(namespace="lab") == {"e1", "e2", "e3"}
    assert ids(namespace="lab", flow_id="hello") == {"e1", "e2"}
    assert ids(states=["FAILED", "RUNNING"]) == {"e2", "e3"}
    assert ids(start=NOW - DAY / 2) == {"e1", "e3", "e4"}
    assert ids(end=NOW - DAY / 2) == {"e2"}
    assert ids(labels={"k": "v"}) == {"e1"}
    found = next(one for one in asked.find() if one["id"] == "e1")
    assert found["state"]["current"] == "SUCCESS"
    assert found["state"]["duration"] == "PT1S"
    assert found["trigger"] == {"id": "call", "type": "Subflow", "variables": {"executionId": "e0"}}
    assert found["labels"] == [{"key": "k", "value": "v"}]


def test_tasks_read_and_remove_logs(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    lines = [log_line("a", "DEBUG", "t1", 1), log_line("b", "WARN", "t1", 2), log_line("c", "ERROR", "t2", 3)]
    put_execution(stores, "e1", log="".join(lines))
    put_execution(stores, "e2", log="".join(lines), state="RUNNING")
    asked = port(stores)

    def messages(**filters: Any) -> list[str]:
        return [entry["message"] for entry in asked.logs("e1", **filters)]

    assert messages() == ["a", "b", "c"]
    assert messages(min_level="WARN") == ["b", "c"]
    assert messages(task_id="t1") == ["a", "b"]
    assert messages(task_run_id="r-t2") == ["c"]
    assert asked.delete_logs("e1", levels=["WARN"]) == 1
    assert messages() == ["a", "c"]
    assert asked.delete_logs("e1", levels=["WARN"]) == 0
    assert asked.delete_logs("e2") == 0
    assert asked.delete_logs("e1") == 2
    assert messages() == []
    with pytest.raises(TaskError, match="'nope' not found"):
        asked.logs("nope")


def test_tasks_delete_and_resume(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    put_execution(stores, "e1", log=log_line("a"))
    put_execution(stores, "e2", state="RUNNING")
    asked = port(stores)
    assert asked.delete("e1") == 1
    with pytest.raises(TaskError, match="only executions that have ended"):
        asked.delete("e2")
    asked.resume("e3", {})
    with pytest.raises(TaskError, match="not paused"):
        asked.resume("e2")
