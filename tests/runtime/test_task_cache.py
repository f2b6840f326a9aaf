"""taskCache and logToFile: what is kept, for how long, and what it costs when it is damaged."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.workspaces import NOW, never_alive, opened, put_execution

from podium.base.clock import ManualClock
from podium.base.masking import Masker
from podium.model.flow import Flow, Task, TaskCache
from podium.model.schema import TypeDecl
from podium.runtime.deletion import delete_execution
from podium.runtime.log_files import AttemptLogFile
from podium.runtime.task_cache import TaskCacheEntry, age_text
from podium.store.internal_storage import ExecutionPlace, TaskStorage
from podium.store.stores import Stores

FLOW = Flow("hello", "lab")
TASK = Task("t", "x.T", TypeDecl("x.T", "task"), {"a": "{{ inputs.i }}"}, task_cache=TaskCache())
INPUTS = {"i": 1}


def files_of(stores: Stores, execution_id: str) -> TaskStorage:
    return stores.storage.for_task(ExecutionPlace("lab", "hello", execution_id), "t", "r")


def entry(stores: Stores, execution_id: str, task: Task = TASK, flow: Flow = FLOW, **inputs: Any) -> TaskCacheEntry:
    given = {**INPUTS, **inputs}
    return TaskCacheEntry(stores.storage, flow, task, given, files_of(stores, execution_id), stores.clock)


def test_outputs_and_their_files_outlive_the_execution(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    put_execution(stores, "e1")
    uri = files_of(stores, "e1").put_bytes(b"content", "a.csv")
    outputs = {"uri": uri, "n": 3, "deep": {"list": [uri, "kestra:///not/there"]}, "none": None}
    assert entry(stores, "e1").outputs() is None
    entry(stores, "e1").keep(outputs)
    delete_execution(stores, "e1", never_alive)
    found = entry(stores, "e2").outputs()
    assert found is not None
    created, copied = found
    assert created == NOW
    assert copied["uri"] == "kestra:///lab/hello/executions/e2/tasks/t/r/a.csv"
    assert copied["deep"] == {"list": [copied["uri"], "kestra:///not/there"]}
    assert (copied["n"], copied["none"]) == (3, None)
    assert files_of(stores, "e2").path(copied["uri"]).read_bytes() == b"content"


@pytest.mark.parametrize(
    "other",
    [
        {"i": 2}, {"task": replace(TASK, props={"a": "b"})}, {"task": replace(TASK, type="x.U")},
        {"task": replace(TASK, id="u")}, {"flow": replace(FLOW, id="other")},
        {"flow": replace(FLOW, namespace="lab.x")},
    ],
)  # fmt: skip
def test_something_else_is_not_found(tmp_path: Path, other: dict[str, Any]) -> None:
    stores = opened(tmp_path)
    entry(stores, "e1").keep({"value": 1})
    assert entry(stores, "e1").outputs() is not None
    assert entry(stores, "e1", **other).outputs() is None


def test_the_task_may_be_described_differently(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    entry(stores, "e1").keep({"value": 1})
    assert entry(stores, "e1", replace(TASK, description="now with words")).outputs() is not None


def test_entries_expire_and_are_replaced(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    short = replace(TASK, task_cache=TaskCache(ttl=timedelta(minutes=1)))
    entry(stores, "e1", short).keep({"value": 1})
    assert isinstance(stores.clock, ManualClock)
    stores.clock.move_to(NOW + timedelta(seconds=61))
    assert entry(stores, "e2", short).outputs() is None
    assert entry(stores, "e2").outputs() is not None, "the limit is that of whoever asks"
    entry(stores, "e2", short).keep({"value": 2})
    found = entry(stores, "e3", short).outputs()
    assert found is not None
    assert found[1] == {"value": 2}


@pytest.mark.parametrize("damage", ["text", "file", "folder"])
def test_a_damaged_entry_is_no_entry(tmp_path: Path, damage: str) -> None:
    stores = opened(tmp_path)
    uri = files_of(stores, "e1").put_bytes(b"content", "a.csv")
    entry(stores, "e1").keep({"uri": uri})
    (folder,) = stores.workspace.storage.rglob("task-*")
    if damage == "text":
        (folder / "entry.json").write_text('{"created": 3')
    elif damage == "file":
        (folder / "0").unlink()
    else:
        shutil.rmtree(folder)
    assert entry(stores, "e2").outputs() is None


def test_no_outputs_are_outputs(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    entry(stores, "e1").keep(None)
    found = entry(stores, "e1").outputs()
    assert found is not None
    assert found[1] == {}


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(seconds=1), "1 second ago"), (timedelta(seconds=59), "59 seconds ago"),
        (timedelta(minutes=90), "1 hour ago"), (timedelta(days=3), "3 days ago"),
        (timedelta(minutes=2), "2 minutes ago"),
    ],
)  # fmt: skip
def test_ages(age: timedelta, text: str) -> None:
    assert age_text(age) == text


def test_a_log_file_is_clean_and_stored(tmp_path: Path) -> None:
    stores = opened(tmp_path / "w")
    log = AttemptLogFile(tmp_path / "log", Masker(["hunter2"]), stores.clock)
    log.write("log", "INFO", ["it is hunter2", "\x1b[31mred\x1b[0m\x07"])
    log.write("stderr", "ERROR", ["hun\x1b[1mter2"])
    uri = log.store(files_of(stores, "e1"), 1)
    log.write("log", "INFO", ["too late"])
    assert uri.endswith("/tasks/t/r/log-1.txt")
    stamp = "2026-03-14T15:09:26.535Z"
    assert files_of(stores, "e1").path(uri).read_text() == (
        f"{stamp} INFO it is *******\n{stamp} INFO red\n{stamp} ERROR *******\n"
    )
    assert not log.path.exists()
