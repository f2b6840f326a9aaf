"""What a run runs with: noted by its runner, shown on a tab of its own, never with a value of a variable."""

import os
from pathlib import Path

import pytest
from tests.workbench.patience import until
from tests.workbench.recorded import Recorder
from tests.workbench.test_run_screen import RUN, Desk, opened, screen

from podium import __version__
from podium.base.clock import SystemClock
from podium.engine import changes as c
from podium.model.loader import load_flow
from podium.runtime.environment import environments, note_environment, own_environment
from podium.runtime.presence import own_mark
from podium.store.execution_records import ExecutionRecord
from podium.tasks.registry import default_registry
from podium.workbench.runs.environment import environment_of

SOURCE = """id: etl
namespace: company.team
tasks:
  - id: script
    type: io.kestra.plugin.scripts.python.Commands
    interpreter: [/bin/sh, -c]
    dependencies: [requests]
    env:
      TOKEN: "hunter2"
    commands: [python --version]
  - id: hello
    type: io.kestra.plugin.core.log.Log
    message: hi
"""


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path)


def noted(record: ExecutionRecord) -> None:
    note_environment(record, own_environment(SystemClock().now(), "/somewhere"))


def test_only_names_of_variables_are_kept(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "swordfish")
    monkeypatch.setenv("HARMLESS", "not so harmless")
    record = recorder.create(RUN)
    noted(record)
    (record.directory / "environments.jsonl").open("a").write('{"of": "another Podium"}\nbroken')
    (one,) = environments(record)
    assert (one.pid, one.podium, one.directory) == (os.getpid(), __version__, "/somewhere")
    kept = (record.directory / "environments.jsonl").read_text()
    assert "swordfish" not in kept and "not so harmless" not in kept
    shown = {value.path[0]: value.value for value in environment_of(recorder.stores, record, None)}
    assert shown["environment variables"]["SECRET_KEY"] == "******"
    assert shown["environment variables"]["HARMLESS"] == "is set"


def test_each_runner_of_a_run_and_whether_it_is_at_work(recorder: Recorder) -> None:
    record = recorder.create(RUN)
    for _ in range(2):
        noted(record)
    assert [value.path for value in environment_of(recorder.stores, record, None)][:2] == [
        ("runner 1 of 2",), ("runner 2 of 2",),
    ]  # fmt: skip
    assert environment_of(recorder.stores, record, None)[0].value["process"] == f"{os.getpid()}, has ended"
    record.mark_runner(own_mark(RUN))
    assert environment_of(recorder.stores, record, None)[0].value["process"] == f"{os.getpid()}, at work"


def test_a_called_execution_shows_the_runner_of_its_caller(recorder: Recorder) -> None:
    noted(recorder.create(RUN))
    child = recorder.create("0Child", parent_id=RUN)
    shown = environment_of(recorder.stores, child, None)[0]
    assert shown.value["execution"] == f"{RUN}, which called this one"
    alone = recorder.create("0Alone", parent_id="0Nobody")
    assert environment_of(recorder.stores, alone, None) == []


def test_script_tasks_with_what_the_flow_says_and_secrets_by_name(recorder: Recorder) -> None:
    record = recorder.create(RUN, source=SOURCE)
    record.note_secret("API_KEY", None)
    flow = load_flow(SOURCE, default_registry()).flow
    shown = {value.path[0]: value.value for value in environment_of(recorder.stores, record, flow)}
    assert shown["secrets used"] == {"API_KEY": "of the workspace"}
    assert list(shown["script tasks"]) == ["script"]
    assert shown["script tasks"]["script"]["dependencies"] == ["requests"]
    assert shown["script tasks"]["script"]["env"] == {"TOKEN": "is set"}
    assert "hunter2" not in str(shown)


async def test_the_tab(recorder: Recorder) -> None:
    record = recorder.create(RUN, source=SOURCE)
    recorder.add(RUN, c.ExecutionMoved("RUNNING", recorder.clock.now()))
    async with Desk(recorder).run_test(size=(120, 40)) as pilot:
        app = await opened(pilot)
        await pilot.press("V")
        await until(pilot, lambda: screen(app).tab == "environment" and "dependencies" in app.grid())
        assert "directory" not in app.grid()
        assert "▾ script tasks" in app.grid()
        noted(record)
        recorder.add(RUN, c.ExecutionMoved("SUCCESS", recorder.clock.now()))
        await until(pilot, lambda: "directory  /somewhere" in app.grid() and f"podium  {__version__}" in app.grid())
        await pilot.press("home", "down", "y")
        await until(pilot, lambda: app.copied == [f"{os.getpid()}, has ended"])
        assert "Copy expression" not in app.grid()
