"""The screen of one run: what failed first, tasks over time, values, lanes, actions."""

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any, cast

import pytest
from tests.workbench.patience import until
from tests.workbench.recorded import Recorder, at, failed_run
from tests.workbench.test_runs_pane import Wishes
from textual.app import App
from textual.pilot import Pilot

from podium.engine import changes as c
from podium.runtime.executions import Executions
from podium.store.execution_records import ExecutionRecord
from podium.store.internal_storage import ExecutionPlace
from podium.tasks.registry import default_registry
from podium.workbench.clipboard import Clipboard
from podium.workbench.dialogs.text_screen import TextScreen
from podium.workbench.messages import Said
from podium.workbench.runs.expression_screen import ExpressionScreen
from podium.workbench.runs.failure_box import FailureBox
from podium.workbench.runs.feed import Errands, RunsFeed
from podium.workbench.runs.run_desk import RunDesk
from podium.workbench.runs.run_screen import RunScreen
from podium.workbench.runs.task_tree import TaskTree
from podium.workbench.runs.values_tree import ValuesTree

RUN = "0VQZabcd1111"


class Desk(App[None]):
    """The screen over an empty one."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self.wishes = Wishes()
        self.heard: list[Any] = []
        self.copied: list[str] = []
        clipboard = Clipboard(self.copied.append, recorder.workspace.tmp, environ={"TERM": "xterm"})
        clipboard.copy = lambda text, what: self.copied.append(text) or f"Copied {what}."  # type: ignore[assignment, func-returns-value]
        self.feed = RunsFeed(self, recorder.workspace)
        errands, wishes = Errands(self), cast(Executions, self.wishes)
        self.desk = RunDesk(recorder.stores, default_registry(), wishes, self.feed, errands, errands, clipboard, UTC)

    def on_mount(self) -> None:
        self.feed.start()
        self.push_screen(RunScreen(self.desk, RUN))

    def on_unmount(self) -> None:
        self.feed.stop()

    def on_said(self, event: Said) -> None:
        self.heard.append(event.text)

    def on_run_screen_code_requested(self, event: RunScreen.CodeRequested) -> None:
        self.heard.append((event.path, event.line))

    def on_run_screen_run_requested(self, event: RunScreen.RunRequested) -> None:
        self.heard.append(event.execution_id)

    def grid(self) -> str:
        return "\n".join(strip.text.rstrip() for strip in self.screen._compositor.render_strips())


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(tmp_path)
    flows = tmp_path / "company.team" / "scripts"
    flows.mkdir(parents=True)
    (flows / "load.py").write_text("import os\n")
    yield made
    made.close()


async def opened(pilot: Pilot[None]) -> Desk:
    app = pilot.app
    assert isinstance(app, Desk)
    await until(pilot, lambda: isinstance(app.screen, RunScreen) and app.screen.execution is not None)
    await until(pilot, lambda: screen(app).flow is not None)
    return app


def on_the_failed_one(app: Desk) -> bool:
    """Whether the cursor went to the task that failed; it has no outputs, so theirs is on the name above them."""
    selected = screen(app).query_one(TaskTree).selected
    return selected is not None and selected.run.id == "r4" and outputs(app).cursor_line == 0


def outputs(app: Desk) -> ValuesTree:
    return screen(app).query_one("#run-outputs", ValuesTree)


def screen(app: Desk) -> RunScreen:
    assert isinstance(app.screen, RunScreen)
    return app.screen


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
def test_the_picture_of_a_failed_run(recorder: Recorder, size: tuple[int, int], snap_compare: object) -> None:
    failed_run(recorder)

    async def prepare(pilot: Pilot[None]) -> None:
        app = await opened(pilot)
        await until(pilot, lambda: "KeyError" in app.grid() and "exit code 1" in app.grid())
        await until(pilot, lambda: size[0] < 100 or "rows  48151" in app.grid())
        await until(pilot, lambda: screen(app).query_one(TaskTree).selected.run.id == "r4")  # type: ignore[union-attr]
        await until(pilot, lambda: size[0] < 100 or on_the_failed_one(app))

    assert callable(snap_compare)
    assert snap_compare(Desk(recorder), run_before=prepare, terminal_size=size)


async def test_a_failed_run_says_first_what_failed_and_where(recorder: Recorder) -> None:
    failed_run(recorder)
    async with Desk(recorder).run_test(size=(140, 40)) as pilot:
        app = await opened(pilot)
        await until(pilot, lambda: "✗ load  Command failed with exit code 1" in app.grid())
        rows = app.grid().splitlines()
        assert "etl   0VQZabcd   ✗ FAILED   11.8s   manual · 14:32:05" in rows[0] and "team=data" in rows[0]
        assert "KeyError: 'population'" in app.grid() and "↳ load.py line 12" in app.grid()
        tree = screen(app).query_one(TaskTree)
        await until(pilot, lambda: tree.selected is not None and tree.selected.run.id == "r4")
        await pilot.press("4", "o")
        await until(pilot, lambda: bool(app.heard))
        path, line = app.heard[0]
        assert path.name == "load.py" and path.is_file() and line == 12


async def test_tasks_are_nested_with_states_and_bars(recorder: Recorder) -> None:
    failed_run(recorder)
    async with Desk(recorder).run_test(size=(140, 40)) as pilot:
        app = await opened(pilot)
        rows = [line for line in app.grid().splitlines() if "▕" in line]
        assert len(rows) == 5
        assert "✓ extract" in rows[0] and "SUCCESS" in rows[0] and "3.8s" in rows[0]
        assert "▾ ✓ each" in rows[1] and "✓ transform [north]" in rows[2]
        assert rows[0].index("█") < rows[2].index("█") < rows[4].index("█")
        await pilot.press("1", "home", "down", "space")
        await until(pilot, lambda: "▸ ✓ each" in app.grid() and "[north]" not in app.grid())


async def test_a_live_run_grows_by_what_is_new(recorder: Recorder) -> None:
    recorder.create(RUN)
    recorder.add(RUN, c.ExecutionMoved("RUNNING", at(0.1)))
    async with Desk(recorder).run_test(size=(140, 40)) as pilot:
        app = await opened(pilot)
        assert "Task runs appear here as the flow reaches its tasks." in app.grid() and "● RUNNING" in app.grid()
        recorder.task(RUN, "r1", "extract", 1)
        recorder.log(RUN, "r1", "extract", "log", 2, "while it runs")
        await until(pilot, lambda: "● extract" in app.grid() and "while it runs" in app.grid())
        recorder.add(
            RUN, c.AttemptEnded("r1", "SUCCESS", at(3), outputs={"n": 7}), c.TaskRunMoved("r1", "SUCCESS", at(3))
        )
        recorder.add(RUN, c.ExecutionMoved("SUCCESS", at(3.5)))
        await until(pilot, lambda: "✓ SUCCESS   3.5s" in app.grid() and "✓ extract" in app.grid())
        await until(pilot, lambda: "n  7" in app.grid())


async def test_enter_on_a_task_shows_only_its_log(recorder: Recorder) -> None:
    failed_run(recorder)
    async with Desk(recorder).run_test(size=(140, 45)) as pilot:
        app = await opened(pilot)
        await until(pilot, lambda: "Hello [/nope]" in app.grid() and "row 39" in app.grid())
        await pilot.press("1", "home", "enter")
        await until(pilot, lambda: "Log tasks ─ extract" in app.grid() and "row 30" not in app.grid())
        assert "Hello [/nope]" in app.grid()
        await pilot.press("enter")
        await until(pilot, lambda: "row 30" in app.grid())


async def test_values_are_copied_as_value_expression_and_json(recorder: Recorder) -> None:
    failed_run(recorder)
    async with Desk(recorder).run_test(size=(140, 45)) as pilot:
        app = await opened(pilot)
        tree = outputs(app)
        await until(pilot, lambda: "rows  48151" in app.grid() and on_the_failed_one(app))
        tree.focus()
        await pilot.pause()  # until the tree has heard that the failed task was chosen
        tree.reveal(("outputs", "extract", "vars", "gh-stars", 1))
        await until(pilot, lambda: tree.cursor_node is not None and str(tree.cursor_node.label) == "[1]")
        await pilot.press("y", "e", "up", "up", "J")
        assert app.copied[:2] == ["2", "{{ outputs.extract.vars['gh-stars'][1] }}"]
        assert app.copied[2] == "[\n  1,\n  2\n]"
        assert app.heard[0] == "Copied the value of [1]."


async def test_enter_shows_the_whole_value_and_the_file_that_it_names(recorder: Recorder) -> None:
    place = ExecutionPlace("company.team", "etl", RUN)
    source = recorder.workspace.tmp / "rows.csv"
    source.write_text("id,name\n1,[/nope] \x1b]0;T\x07x\n")
    recorder.create(RUN)
    uri = recorder.stores.storage.put_input(place, "rows", source)
    recorder.add(RUN, c.ExecutionMoved("RUNNING", at(0)))
    recorder.task(RUN, "r1", "extract", 1, 2, outputs={"uri": uri, "text": "two\nrows"})
    async with Desk(recorder).run_test(size=(140, 45)) as pilot:
        app = await opened(pilot)
        tree = app.screen.query_one("#run-outputs", ValuesTree)
        await until(pilot, lambda: "two rows" in app.grid())
        tree.focus()
        tree.reveal(("outputs", "extract", "uri"))
        await until(pilot, lambda: tree.cursor_node is not None and str(tree.cursor_node.label) == "uri")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TextScreen) and "1,[/nope] x" in app.grid())
        assert "outputs.extract.uri" in app.grid() and "\x1b" not in app.grid()
        await pilot.press("escape", "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, TextScreen) and "rows" in app.grid().splitlines()[2])


async def test_the_tabs_show_inputs_and_the_flow_as_it_ran(recorder: Recorder) -> None:
    failed_run(recorder)
    async with Desk(recorder).run_test(size=(120, 40)) as pilot:
        app = await opened(pilot)
        await pilot.press("left_square_bracket")
        assert screen(app).tab == "flow"
        await until(pilot, lambda: "namespace: company.team" in app.grid())
        await pilot.press("left_square_bracket", "left_square_bracket")
        await until(pilot, lambda: "No task of this run measured anything." in app.grid())
        await pilot.press("left_square_bracket", "left_square_bracket")
        await until(pilot, lambda: "limit  100" in app.grid() and "greeting  Hello" in app.grid())
        record = ExecutionRecord(recorder.workspace.execution(RUN))
        record.metrics.write_text(
            '{"name":"rows","type":"counter","value":3,"taskId":"load","tags":{"a":"b"}}\nbroken\n'
        )
        await pilot.press("right_square_bracket", "right_square_bracket")
        await until(pilot, lambda: "rows" in app.grid() and "a=b" in app.grid())


async def test_a_narrow_screen_has_everything_one_key_away(recorder: Recorder) -> None:
    failed_run(recorder)
    async with Desk(recorder).run_test(size=(80, 24)) as pilot:
        app = await opened(pilot)
        await until(pilot, lambda: "exit code 1" in app.grid())
        assert "2 Outputs" not in app.grid()
        assert "Log │ Script │ All │ Out │ In │ Topology │ Metrics │ Env │ Flow" in app.grid()
        await pilot.press("2")
        await until(pilot, lambda: "extract" in app.grid() and screen(app).tab == "outputs")
        await pilot.press("3", "left_square_bracket")
        await until(pilot, lambda: screen(app).tab == "all" and "row 39" in app.grid())


async def test_replay_from_the_task_under_the_cursor_shows_what_would_happen(recorder: Recorder) -> None:
    failed_run(recorder)
    async with Desk(recorder).run_test(size=(140, 45)) as pilot:
        app = await opened(pilot)
        from podium.engine.restart import Fate

        app.wishes.fates = (
            Fate("r1", "extract", None, "kept", "is SUCCESS"),
            Fate("r4", "load", None, "rerun", "was FAILED"),
        )
        await pilot.press("1", "end", "R")
        await until(pilot, lambda: "Replay 0VQZabcd from load? 1 task run again, 1 kept." in app.grid())
        assert "✓ is kept: is SUCCESS" in app.grid() and "↻ runs again: was FAILED" in app.grid()
        await pilot.press("enter")
        await until(pilot, lambda: "new-id" in app.heard)
        assert app.wishes.asked == [("replay", RUN, "r4")]
        await until(pilot, lambda: "is kept" not in app.grid())


async def test_marking_a_task_run(recorder: Recorder) -> None:
    failed_run(recorder)
    async with Desk(recorder).run_test(size=(140, 45)) as pilot:
        app = await opened(pilot)
        await pilot.press("1", "end", "m", "s")
        await until(pilot, lambda: app.wishes.asked == [("change_state", RUN, "SUCCESS", "r4")])


async def test_a_run_that_is_deleted_closes_its_screen(recorder: Recorder) -> None:
    failed_run(recorder)
    async with Desk(recorder).run_test(size=(140, 45)) as pilot:
        app = await opened(pilot)
        ExecutionRecord(recorder.workspace.execution(RUN)).directory.rename(recorder.workspace.tmp / "gone")
        await until(pilot, lambda: not isinstance(app.screen, RunScreen))
        await until(pilot, lambda: any("is not there any more" in one for one in app.heard))


async def test_many_task_runs_are_folded_and_open_quickly(recorder: Recorder) -> None:
    recorder.create(RUN)
    changes: list[c.Change] = [c.ExecutionMoved("RUNNING", at(0)), c.TaskRunCreated("loop", "each", at(0))]
    for number in range(3000):
        changes.append(c.TaskRunCreated(f"r{number}", "step", at(number), "loop", str(number), number))
        changes.append(c.TaskRunMoved(f"r{number}", "SUCCESS", at(number + 1)))
    recorder.add(RUN, *changes)
    async with Desk(recorder).run_test(size=(140, 45)) as pilot:
        app = await opened(pilot)
        await until(pilot, lambda: "▸ ○ each" in app.grid())
        tree = screen(app).query_one(TaskTree)
        assert tree.row_count == 1
        await pilot.press("1", "space", "end")
        await until(pilot, lambda: "step [2999]" in app.grid())


async def test_an_expression_is_tried_with_the_values_of_the_run(recorder: Recorder) -> None:
    failed_run(recorder)
    async with Desk(recorder).run_test(size=(140, 45)) as pilot:
        app = await opened(pilot)
        await pilot.press("1", "home", "E")
        await until(pilot, lambda: isinstance(app.screen, ExpressionScreen))
        await until(pilot, lambda: "Expression ─ run 0VQZabcd ─ extract" in app.grid())
        await pilot.press(*"outputs.extract.rows + 1")
        await until(pilot, lambda: "48152" in app.grid())
        assert "outputs.extract.rows" in app.grid()
        await pilot.press("f2")
        assert app.copied == ["48152"]
        await pilot.press(*" + outputs.nope.x")
        await until(
            pilot, lambda: "nope" in app.grid() and app.screen.query_one("#trial-result-text").has_class("-failed")
        )
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
def test_the_picture_of_the_debugger(recorder: Recorder, size: tuple[int, int], snap_compare: object) -> None:
    failed_run(recorder)

    async def prepare(pilot: Pilot[None]) -> None:
        app = await opened(pilot)
        await app.push_screen(
            ExpressionScreen(app.desk, RUN, text="{{ outputs.extract.vars['gh-stars'] | length + 1 }}")
        )
        await until(
            pilot, lambda: "Result" in app.grid() and "outputs.extract.vars" in app.grid().partition("Steps")[2]
        )
        await pilot.pause(0.1)

    assert callable(snap_compare)
    assert snap_compare(Desk(recorder), run_before=prepare, terminal_size=size)


async def test_trying_an_expression_has_no_effect_outside(recorder: Recorder) -> None:
    failed_run(recorder)
    async with Desk(recorder).run_test(size=(140, 45)) as pilot:
        app = await opened(pilot)
        await app.push_screen(ExpressionScreen(app.desk, RUN, text="{{ http('http://127.0.0.1:1/x') }}"))
        await until(pilot, lambda: "No request is sent to http://127.0.0.1:1/x" in app.grid())


async def test_a_box_without_a_place_leads_to_the_task(recorder: Recorder) -> None:
    recorder.create(RUN)
    recorder.add(RUN, c.ExecutionMoved("RUNNING", at(0.1)))
    recorder.task(RUN, "r1", "extract", 1, 2, "FAILED")
    recorder.add(RUN, c.ExecutionMoved("FAILED", at(3)))
    async with Desk(recorder).run_test(size=(140, 45)) as pilot:
        app = await opened(pilot)
        await until(pilot, lambda: "The log says nothing about the reason." in app.grid())
        await pilot.press("4")
        assert isinstance(app.screen.focused, FailureBox)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen.focused, TaskTree))
