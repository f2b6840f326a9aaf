"""What a newcomer to runs sees: keys that work now, the lane that has lines, nothing lost on Esc."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.workbench.desk import grid, make_workspace, workbench
from tests.workbench.patience import until
from tests.workbench.recorded import Recorder, at, failed_run
from tests.workbench.test_run_screen import RUN, Desk, opened, screen
from textual.pilot import Pilot
from textual.widgets import Input as TextInput
from textual.widgets import SelectionList

from podium.engine import changes as c
from podium.store.summaries import summary_of
from podium.workbench.app import PodiumApp
from podium.workbench.dialogs.help_screen import HelpScreen
from podium.workbench.runs.execute_screen import ExecuteScreen
from podium.workbench.runs.expression_screen import ExpressionScreen
from podium.workbench.runs.run_actions import makes_sense

FORM = """\
id: form
namespace: company.team

inputs:
  - id: name
    type: STRING
  - id: pw
    type: SECRET
  - id: many
    type: MULTISELECT
    values: [a, b]
    required: false

tasks:
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: hi
"""


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(tmp_path)
    yield made
    made.close()


def keys(app: Desk) -> str:
    """The row of keys."""
    return app.grid().splitlines()[-1]


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("RUNNING", {"kill", "pause_or_resume"}),
        ("PAUSED", {"kill", "pause_or_resume", "restart", "mark"}),
        ("KILLING", {"kill"}),
        ("SUCCESS", {"replay", "mark"}),
        ("FAILED", {"restart", "replay", "mark"}),
    ],
)
def test_what_makes_sense_in_a_state(recorder: Recorder, state: str, shown: set[str]) -> None:
    recorder.create(RUN)
    if state != "CREATED":
        recorder.add(RUN, c.ExecutionMoved(state, at(1)))
    from podium.engine.execution import fold

    run = summary_of(fold(recorder.changes[RUN]))
    names = {"kill", "pause_or_resume", "restart", "replay", "mark"}
    assert {name for name in names if makes_sense(f"act('{name}')", run)} == shown
    assert not any(makes_sense(f"act('{name}')", None) for name in names)
    assert makes_sense("back", run) and makes_sense("filter", None)


async def test_the_keys_of_a_small_screen_are_those_that_work_now(recorder: Recorder) -> None:
    recorder.create(RUN)
    recorder.add(RUN, c.ExecutionMoved("RUNNING", at(0.1)))
    recorder.task(RUN, "1", "a", 1)
    async with Desk(recorder).run_test(size=(80, 24)) as pilot:
        app = await opened(pilot)
        await until(pilot, lambda: "Enter Its log  Esc Back  x Kill  p Pause/resume" in keys(app))
        assert "Fold" not in keys(app) and "Restart" not in keys(app)
        recorder.add(RUN, c.TaskRunMoved("1", "FAILED", at(2)), c.ExecutionMoved("FAILED", at(2)))
        await until(pilot, lambda: "r Restart  R Replay  m Mark as" in keys(app) and "Kill" not in keys(app))


async def test_the_lane_that_has_lines_is_shown_until_one_is_chosen(recorder: Recorder) -> None:
    recorder.create(RUN)
    recorder.add(RUN, c.ExecutionMoved("RUNNING", at(0.1)))
    recorder.task(RUN, "1", "a", 1)
    recorder.log(RUN, "1", "a", "log", 1, "a detail", level="DEBUG")
    async with Desk(recorder).run_test(size=(80, 24)) as pilot:
        app = await opened(pilot)
        await until(pilot, lambda: "1 line is below INFO: - shows it." in app.grid())
        recorder.log(RUN, "1", "a", "stdout", 2, "from a script")
        await until(pilot, lambda: screen(app).tab == "script" and "from a script" in app.grid())
        recorder.log(RUN, "1", "a", "log", 3, "from a Log task")
        await until(pilot, lambda: screen(app).tab == "log" and "from a Log task" in app.grid())
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: screen(app).tab == "script")
        recorder.log(RUN, "1", "a", "log", 4, "another one")
        recorder.log(RUN, "1", "a", "stdout", 5, "the last one")
        await until(pilot, lambda: "the last one" in app.grid())
        assert screen(app).tab == "script"


async def test_every_screen_of_runs_explains_itself(recorder: Recorder) -> None:
    failed_run(recorder)

    class Helped(Desk):
        def action_help(self) -> None:
            self.push_screen(HelpScreen(self.screen))

    async with Helped(recorder).run_test(size=(100, 40)) as pilot:
        app = await opened(pilot)
        await app.run_action("help")
        await until(pilot, lambda: "go through the tabs, T shows the" in app.grid())
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, HelpScreen))
        await pilot.press("E")
        await until(pilot, lambda: isinstance(app.screen, ExpressionScreen) and app.focused is not None)
        await pilot.press("f1")
        await until(pilot, lambda: "evaluated while you type" in app.grid())
        await pilot.press("escape", "escape")
        await until(pilot, lambda: app.screen is not None and "1 Tasks" in app.grid())


async def test_the_error_leads_to_its_task_when_there_is_no_code(recorder: Recorder) -> None:
    recorder.create(RUN)
    recorder.task(RUN, "1", "a", 1, 2)
    recorder.task(RUN, "2", "b", 2, 3, "FAILED")
    recorder.add(RUN, c.ExecutionMoved("FAILED", at(4)))
    async with Desk(recorder).run_test(size=(100, 40)) as pilot:
        app = await opened(pilot)
        await until(pilot, lambda: "█ ✗ b" in app.grid())
        await pilot.press("1", "home", "4")
        await until(pilot, lambda: "Enter Go to the task" in keys(app) and "Open the code" not in keys(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.focused is not None and app.focused.id == "run-tasks")


# ---- the form ----------------------------------------------------------------------------------------------------


async def form(pilot: Pilot[None], app: PodiumApp) -> ExecuteScreen:
    await until(pilot, lambda: app.main.editor.current is not None)
    await pilot.press("f5")
    await until(pilot, lambda: isinstance(app.screen, ExecuteScreen) and app.screen.query(SelectionList))
    assert isinstance(app.screen, ExecuteScreen)
    return app.screen


async def test_boxes_can_be_told_apart_without_colour(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path, {"flows/form.yaml": FORM}), "flows/form.yaml")
    async with app.run_test(size=(100, 36)) as pilot:
        shown = await form(pilot, app)
        await until(pilot, lambda: "[ ] a" in grid(app) and "[ ] b" in grid(app))
        shown.query_one(SelectionList).focus()
        await pilot.press("down", "space")
        await until(pilot, lambda: "[x] b" in grid(app) and "[ ] a" in grid(app))
        await pilot.click(SelectionList, offset=(1, 0))
        await until(pilot, lambda: "[x] a" in grid(app))
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen) and "F5 starts the run" in grid(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is shown)


async def test_what_was_typed_comes_back_after_escape_but_no_secret(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path, {"flows/form.yaml": FORM}), "flows/form.yaml")
    async with app.run_test(size=(100, 36)) as pilot:
        shown = await form(pilot, app)
        name, password = shown._fields["name"].query_one(TextInput), shown._fields["pw"].query_one(TextInput)
        name.focus()
        await pilot.press(*"Ada")
        password.focus()
        await pilot.press(*"hush")
        await until(pilot, lambda: password.value == "hush")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        again = await form(pilot, app)
        assert again is not shown
        assert again._fields["name"].query_one(TextInput).value == "Ada"
        assert again._fields["pw"].query_one(TextInput).value == ""
        assert not list(app.bench.workspace.state.glob("inputs/*"))


async def test_the_ticker_of_a_small_screen_follows_scripts_too(tmp_path: Path) -> None:
    flow = """\
id: long
namespace: company.team

tasks:
  - id: script
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner:
      type: io.kestra.plugin.core.runner.Process
    commands:
      - for i in 1 2 3 4; do echo "step $i"; sleep 0.4; done; until test -e %s; do sleep 0.1; done
"""
    go = tmp_path / "go"
    app = workbench(make_workspace(tmp_path / "ws", {"flows/long.yaml": flow % go}), "flows/long.yaml")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.main.editor.current is not None)
        await pilot.press("f5")
        await until(pilot, lambda: "step 4" in grid(app).splitlines()[-2])
        go.touch()
        await until(pilot, lambda: "SUCCESS" in grid(app).splitlines()[-2])


async def test_the_keys_of_the_list_follow_the_run_under_the_cursor(tmp_path: Path) -> None:
    flow = "id: quick\nnamespace: company.team\ntasks:\n  - id: gate\n    type: io.kestra.plugin.core.flow.Pause\n"
    app = workbench(make_workspace(tmp_path, {"flows/quick.yaml": flow}), "flows/quick.yaml")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.main.editor.current is not None)
        await pilot.press("f5", "alt+3")
        await until(pilot, lambda: "x Kill  p Pause/resume  r Restart" in grid(app).splitlines()[-1])
        await pilot.press("p")
        await until(
            pilot, lambda: "R Replay" in grid(app).splitlines()[-1] and "Kill" not in grid(app).splitlines()[-1]
        )
