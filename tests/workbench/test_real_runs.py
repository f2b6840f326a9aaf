"""The workbench with real runners: a run that crashes, one that waits for an answer, one that is done again."""

import os
import signal
from pathlib import Path

import pytest
from tests.workbench.desk import grid, make_workspace
from tests.workbench.patience import until
from textual.pilot import Pilot
from textual.widgets import Input as TextInput

from podium.runtime.executions import Executions
from podium.store.stores import Stores
from podium.tasks.registry import default_registry
from podium.workbench.app import PodiumApp
from podium.workbench.runs.execute_screen import ExecuteScreen
from podium.workbench.runs.run_screen import RunScreen
from podium.workbench.runs.task_tree import TaskTree

pytestmark = pytest.mark.slow

SLOW = """\
id: slow
namespace: company.team

tasks:
  - id: script
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner:
      type: io.kestra.plugin.core.runner.Process
    commands:
      - echo working; sleep 30
"""
ASKS = """\
id: asks
namespace: company.team

tasks:
  - id: ask
    type: io.kestra.plugin.core.flow.Pause
    onResume:
      - id: reason
        type: STRING
        required: true
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: "Because {{ outputs.ask.onResume.reason }}"
"""
FLAKY = """\
id: flaky
namespace: company.team

tasks:
  - id: first
    type: io.kestra.plugin.core.output.OutputValues
    values:
      n: 1
  - id: second
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner:
      type: io.kestra.plugin.core.runner.Process
    commands:
      - test -e {{ PLACE }}/now
"""


def desk(root: Path, name: str, text: str) -> PodiumApp:
    make_workspace(root, {f"flows/{name}.yaml": text})
    stores, registry = Stores.open(root), default_registry()
    executions = Executions(stores.workspace, registry, settings=stores.settings, stores=stores)
    return PodiumApp(stores, registry, executions, start=root / f"flows/{name}.yaml", theme="podium", ascii_only=False)


async def started(pilot: Pilot[None], app: PodiumApp, state: str) -> str:
    """Execute the flow in the editor and wait for a state; the id."""
    await until(pilot, lambda: app.main.editor.current is not None)
    await pilot.press("f5")
    await shows(pilot, app, state)
    assert app.main.runs.selected is not None
    return app.main.runs.selected.id


async def shows(pilot: Pilot[None], app: PodiumApp, state: str) -> None:
    """Wait, longer than for the screen alone, until the run under the cursor is in a state."""
    for _ in range(5):
        try:
            await until(pilot, lambda: app.main.runs.selected is not None and app.main.runs.selected.state == state)
        except AssertionError:
            continue
        return
    await until(pilot, lambda: app.main.runs.selected is not None and app.main.runs.selected.state == state)


async def test_a_run_whose_runner_died_is_shown_as_failed_with_the_reason(tmp_path: Path) -> None:
    app = desk(tmp_path, "slow", SLOW)
    async with app.run_test(size=(120, 36)) as pilot:
        execution_id = await started(pilot, app, "RUNNING")
        await until(pilot, lambda: "working" in grid(app))
        runner = app.bench.stores.record(execution_id).runner()
        assert runner is not None
        os.kill(runner.pid, signal.SIGKILL)
        await shows(pilot, app, "FAILED")
        app.main.open_run(execution_id)
        await until(pilot, lambda: isinstance(app.screen, RunScreen) and "✗ FAILED" in grid(app))
        await until(pilot, lambda: "runner" in grid(app).lower())


async def test_a_paused_run_asks_for_its_inputs_and_goes_on(tmp_path: Path) -> None:
    app = desk(tmp_path, "asks", ASKS)
    async with app.run_test(size=(120, 36)) as pilot:
        await started(pilot, app, "PAUSED")
        app.main.action_pane("runs")
        await until(pilot, lambda: app.main.runs.table.has_focus)
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, ExecuteScreen) and app.screen._fields)
        await until(pilot, lambda: "Resume" in grid(app) and "reason  needed" in grid(app))
        await pilot.press("f5")
        await until(pilot, lambda: "missing required input" in grid(app))
        app.screen.query_one("InputField Input", TextInput).value = "I said so"
        await pilot.press("f5")
        await until(pilot, lambda: app.screen is app.main)
        await shows(pilot, app, "SUCCESS")
        await until(pilot, lambda: "Because I said so" in grid(app))


async def test_a_failed_run_is_restarted_and_replayed_from_a_task(tmp_path: Path) -> None:
    app = desk(tmp_path, "flaky", FLAKY.replace("{{ PLACE }}", str(tmp_path)))
    async with app.run_test(size=(120, 36)) as pilot:
        execution_id = await started(pilot, app, "FAILED")
        (tmp_path / "now").touch()
        app.main.open_run(execution_id)
        await until(pilot, lambda: isinstance(app.screen, RunScreen) and "✗ FAILED" in grid(app))
        await pilot.press("r")
        await until(pilot, lambda: "1 task run again, 1 kept." in grid(app) and "✓ is kept" in grid(app))
        await pilot.press("enter")
        await until(pilot, lambda: "✓ SUCCESS" in grid(app) and "attempt 2" in grid(app))
        await until(pilot, lambda: app.screen.query_one(TaskTree).row_count >= 2)
        app.screen.query_one(TaskTree).focus()
        await pilot.press("end", "R")
        await until(pilot, lambda: "Replay" in grid(app) and "Enter replays" in grid(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen) and app.screen.execution_id != execution_id)
        await until(pilot, lambda: "✓ SUCCESS" in grid(app) and "after " in grid(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main and app.main.runs.table.total == 2)
