"""Nothing that a flow, a script or a file says is obeyed by a screen of runs: it is only text."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.workbench.desk import grid, make_workspace, workbench
from tests.workbench.patience import until
from tests.workbench.recorded import Recorder, at
from textual.widgets import Select

from podium.engine import changes as c
from podium.workbench.runs.execute_screen import ExecuteScreen
from podium.workbench.runs.run_screen import RunScreen
from podium.workbench.runs.values_tree import ValuesTree

HOSTILE = "x\x1b]0;T\x07 [/nope] [red]\x9b31m"
SEEN = "x [/nope] [red]"
FORM = f"""\
id: form
namespace: company.team

inputs:
  - id: name
    type: STRING
    displayName: {json.dumps(HOSTILE)}
    description: {json.dumps(HOSTILE)}
    defaults: {json.dumps(HOSTILE)}
  - id: one
    type: SELECT
    values: [{json.dumps(HOSTILE)}, b]
    defaults: {json.dumps(HOSTILE)}
  - id: many
    type: MULTISELECT
    values: [{json.dumps(HOSTILE)}, b]
    required: false

checks:
  - condition: "{{{{ false }}}}"
    message: {json.dumps(HOSTILE)}
    behavior: CREATE_EXECUTION

tasks:
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: {json.dumps(HOSTILE)}
"""


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(tmp_path)
    yield made
    made.close()


def assert_harmless(shown: str) -> None:
    assert "\x1b" not in shown and "\x07" not in shown and "\x9b" not in shown


async def test_a_run(recorder: Recorder, tmp_path: Path) -> None:
    run = "0VQZabcd1111"
    recorder.create(
        run, flow_id="etl", source=FORM, inputs={HOSTILE: HOSTILE}, labels=[(HOSTILE, HOSTILE)],
        trigger={"id": HOSTILE, "type": f"io.kestra.{HOSTILE}", "variables": {HOSTILE: HOSTILE}},
    )  # fmt: skip
    recorder.add(run, c.ExecutionMoved("RUNNING", at(0)))
    recorder.task(run, "r1", HOSTILE, 1, 2, "FAILED", outputs={HOSTILE: [HOSTILE, {HOSTILE: HOSTILE}]}, value=HOSTILE)
    recorder.log(run, "r1", HOSTILE, "stderr", 1, HOSTILE, level="ERROR")
    recorder.add(run, c.ExecutionFailed(HOSTILE), c.ExecutionMoved("FAILED", at(3)))
    app = workbench(make_workspace(tmp_path))
    async with app.run_test(size=(160, 45), notifications=True) as pilot:
        await until(pilot, lambda: "✗" in grid(app))
        app.main.open_run(run)
        await until(pilot, lambda: isinstance(app.screen, RunScreen) and f"✗ {SEEN}" in grid(app))
        await until(pilot, lambda: app.screen.query_one("#run-outputs", ValuesTree)._shown)
        app.screen.query_one("#run-outputs", ValuesTree).root.expand_all()
        await until(pilot, lambda: grid(app).count(SEEN) > 6)
        assert_harmless(grid(app))
        assert isinstance(app.screen, RunScreen)
        app.screen.show_tab("inputs")
        await until(pilot, lambda: f"{SEEN}  {SEEN}" in grid(app))
        assert_harmless(grid(app))
        await pilot.press("1", "m")
        await until(pilot, lambda: f"Mark {SEEN} [{SEEN}] as what?" in grid(app))
        await pilot.press("escape", "E")
        await until(pilot, lambda: "Expression ─ run" in grid(app))
        await pilot.press(*"[/nope] + 1")
        await until(pilot, lambda: app.screen.query(".-failed"))
        assert_harmless(grid(app))


async def test_a_form(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path, {"flows/form.yaml": FORM}), "flows/form.yaml")
    async with app.run_test(size=(120, 45), notifications=True) as pilot:
        await until(pilot, lambda: app.main.editor.current is not None)
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(app.screen, ExecuteScreen) and app.screen._fields)
        await until(pilot, lambda: grid(app).count(SEEN) >= 6)
        assert_harmless(grid(app))
        assert isinstance(app.screen, ExecuteScreen)
        select = app.screen._fields["one"].query_one(Select)
        select.focus()
        await pilot.press("enter", "down", "enter")
        await until(pilot, lambda: isinstance(select.value, str))
        assert_harmless(grid(app))
        await pilot.press("f2")
        await until(pilot, lambda: f"message: {SEEN}" in grid(app))
        assert_harmless(grid(app))
