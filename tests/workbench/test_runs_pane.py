"""The pane of runs: rows, cursor, filters, questions before what cannot be undone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from tests.workbench.patience import until
from tests.workbench.recorded import Recorder, at, summary
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from podium.engine import changes as c
from podium.engine.restart import Fate
from podium.runtime.executions import Executions, Refused
from podium.store.index import ExecutionFilter
from podium.store.summaries import ExecutionSummary
from podium.tasks.registry import default_registry
from podium.workbench.clipboard import Clipboard
from podium.workbench.following import PAGE
from podium.workbench.messages import Said
from podium.workbench.runs.feed import Errands, RunsFeed
from podium.workbench.runs.run_actions import parse_labels
from podium.workbench.runs.run_desk import RunDesk
from podium.workbench.runs.run_rows import RunColumns
from podium.workbench.runs.runs_pane import RunsPane
from podium.workbench.runs.wanted import parse_wanted

NOW = at(60)


class Wishes:
    """Stands where a runner would be asked: notes what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.fates = (Fate("r1", "a", None, "rerun", "was FAILED"), Fate("r2", "b", None, "kept", "is SUCCESS"))
        self.refusal: Exception | None = None

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def wish(*args: Any, **more: Any) -> Any:
            if self.refusal is not None:
                raise self.refusal
            if name.startswith("preview"):
                return self.fates
            self.asked.append((name, *args, *more.values()))
            return "new-id"

        return wish


class Desk(App[None]):
    """The pane alone on a screen."""

    def __init__(self, recorder: Recorder, width: int | None = None) -> None:
        super().__init__()
        self.wishes = Wishes()
        self.said: list[tuple[str, bool]] = []
        self.opened: list[str] = []
        self.sent: list[str] = []
        self.width = width
        self.feed = RunsFeed(self, recorder.workspace)
        clipboard = Clipboard(self.sent.append, recorder.workspace.tmp, environ={"TERM": "xterm"})
        errands, wishes = Errands(self), cast(Executions, self.wishes)
        desk = RunDesk(recorder.stores, default_registry(), wishes, self.feed, errands, errands, clipboard, UTC)
        self.pane = RunsPane(desk, jump_key="3")

    def compose(self) -> ComposeResult:
        if self.width is not None:
            self.pane.styles.width = self.width
        yield self.pane

    def on_mount(self) -> None:
        self.feed.start()
        self.pane.focus()

    def on_unmount(self) -> None:
        self.feed.stop()

    def on_said(self, event: Said) -> None:
        self.said.append((event.text, event.failed))

    def on_runs_table_opened(self, event: Any) -> None:
        self.opened.append(event.run.id)

    def grid(self) -> str:
        return "\n".join(strip.text.rstrip() for strip in self.screen._compositor.render_strips())


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(tmp_path)
    yield made
    made.close()


def fill(recorder: Recorder) -> None:
    """Five runs of two flows."""
    rows = [
        summary("0VAAAAAA1111", "SUCCESS", start=-90000, end=11.8),
        summary(
            "0VBBBBBB1111", "FAILED", start=-300, end=2.2, labels=[("team", "data"), ("system.correlationId", "x")]
        ),
        summary("0VCCCCCC1111", "SUCCESS", flow_id="hello", start=-200, end=0.4),
        summary("0VDDDDDD1111", "PAUSED", start=-100, end=None),
        summary("0VEEEEEE1111", "RUNNING", start=48, end=None),
    ]
    for row in rows:
        recorder.index.upsert(row)


def desk(pilot: Pilot[None]) -> Desk:
    assert isinstance(pilot.app, Desk)
    return pilot.app


async def shown(pilot: Pilot[None], count: int) -> Desk:
    app = desk(pilot)
    await until(pilot, lambda: app.pane.table.total == count)
    return app


async def test_runs_of_all_flows_newest_first_with_state_word_and_times(recorder: Recorder) -> None:
    fill(recorder)
    async with Desk(recorder).run_test(size=(100, 12)) as pilot:
        app = await shown(pilot, 5)
        rows = app.grid().splitlines()
        assert "3 Runs" in rows[0]
        assert "● RUNNING   0VEEEEEE" in rows[1] and "14:32:53" in rows[1] and "12.0s" in rows[1]
        assert "‖ PAUSED" in rows[2] and "hello" in rows[3] and "✗ FAILED" in rows[4] and "team=data" in rows[4]
        assert "21 Nov 13:32" in rows[5] and "11.8s" in rows[5]


@pytest.mark.parametrize(("width", "size"), [(None, (80, 24)), (None, (160, 45)), (26, (100, 20))])
def test_the_picture(recorder: Recorder, width: int | None, size: tuple[int, int], snap_compare: object) -> None:
    fill(recorder)

    async def prepare(pilot: Pilot[None]) -> None:
        app = await shown(pilot, 5)
        if width:
            app.pane.show_flow("company.team", "etl")
            await shown(pilot, 4)
        await pilot.press("down", "x")
        await pilot.pause()

    assert callable(snap_compare)
    assert snap_compare(Desk(recorder, width), run_before=prepare, terminal_size=size)


async def test_a_flow_that_never_ran_says_which_key_runs_it(recorder: Recorder) -> None:
    async with Desk(recorder, 40).run_test(size=(100, 12)) as pilot:
        app = desk(pilot)
        await until(pilot, lambda: "Nothing has run here yet" in app.grid())
        app.pane.show_flow("company.team", "etl")
        await until(pilot, lambda: "F5 runs it, a shows all runs." in app.grid())
        assert "3 Runs of etl" in app.grid()


async def test_the_cursor_stays_on_its_run_and_on_the_first_row_follows_the_newest(recorder: Recorder) -> None:
    fill(recorder)
    async with Desk(recorder).run_test(size=(100, 12)) as pilot:
        app = await shown(pilot, 5)
        recorder.index.upsert(summary("0VF", "RUNNING", start=50, end=None))
        await shown(pilot, 6)
        assert app.pane.selected is not None and app.pane.selected.id == "0VF"
        await pilot.press("down", "down")
        kept = app.pane.selected
        assert kept is not None
        recorder.index.upsert(summary("0VG", "RUNNING", start=55, end=None))
        await shown(pilot, 7)
        assert app.pane.selected == kept


async def test_what_another_process_writes_appears(recorder: Recorder) -> None:
    recorder.create("a")
    async with Desk(recorder).run_test(size=(100, 12)) as pilot:
        app = await shown(pilot, 1)
        recorder.add("a", c.ExecutionMoved("RUNNING", at(1)))
        await until(pilot, lambda: "● RUNNING" in app.grid())
        recorder.add("a", c.ExecutionMoved("FAILED", at(2)))
        await until(pilot, lambda: "✗ FAILED" in app.grid() and "2.0s" in app.grid())


async def test_filters_by_text_state_and_label(recorder: Recorder) -> None:
    fill(recorder)
    async with Desk(recorder).run_test(size=(100, 12)) as pilot:
        app = await shown(pilot, 5)
        await pilot.press("slash", *"failed team:data", "enter")
        await shown(pilot, 1)
        assert "0VBBBBBB" in app.grid() and "failed team:data · 1" in app.grid()
        await pilot.press("escape")
        await shown(pilot, 5)
        await pilot.press("s")
        await shown(pilot, 2)
        assert "unfinished · 2" in app.grid()
        await pilot.press("escape", "slash", *"nothing like it", "enter")
        await until(pilot, lambda: "No run is like that." in app.grid())


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("", ExecutionFilter()),
        ("failed", ExecutionFilter(states=("FAILED",))),
        ("killed", ExecutionFilter(states=("KILLED",))),
        ("Success WARNING", ExecutionFilter(states=("SUCCESS", "WARNING"))),
        ("team:data nightly run", ExecutionFilter(labels=(("team", "data"),), text="nightly run")),
        ("a: :b", ExecutionFilter(text="a: :b")),
    ],
)
def test_what_a_filter_means(typed: str, wanted: ExecutionFilter) -> None:
    assert parse_wanted(typed, ExecutionFilter()) == wanted


async def test_killing_asks_only_when_work_would_be_lost_and_the_second_press_is_hard(recorder: Recorder) -> None:
    fill(recorder)
    async with Desk(recorder).run_test(size=(100, 14)) as pilot:
        app = await shown(pilot, 5)
        await pilot.press("x")
        await until(pilot, lambda: "What it is doing now is lost" in app.grid())
        await pilot.press("escape")
        await until(pilot, lambda: "is lost" not in app.grid())
        assert app.focused is app.pane.table and app.wishes.asked == []
        await pilot.press("x", "x")
        await until(pilot, lambda: app.wishes.asked == [("kill", "0VEEEEEE1111")])
        await pilot.press("x")
        await until(pilot, lambda: app.wishes.asked[-1] == ("kill", "0VEEEEEE1111", True))
        await pilot.press("down", "x")
        await until(pilot, lambda: app.wishes.asked[-1] == ("kill", "0VDDDDDD1111"))
        await pilot.press("down", "x")
        await until(pilot, lambda: app.said[-1] == ("0VCCCCCC has ended: SUCCESS.", False))


async def test_restart_shows_what_runs_again_first(recorder: Recorder) -> None:
    fill(recorder)
    async with Desk(recorder).run_test(size=(100, 14)) as pilot:
        app = await shown(pilot, 5)
        await pilot.press(*["down"] * 3, "r")
        await until(pilot, lambda: "Restart 0VBBBBBB? 1 task run again, 1 kept." in app.grid())
        assert app.wishes.asked == []
        await pilot.press("enter")
        await until(pilot, lambda: app.wishes.asked == [("restart", "0VBBBBBB1111")])


async def test_a_refusal_is_told_in_its_own_words(recorder: Recorder) -> None:
    fill(recorder)
    async with Desk(recorder).run_test(size=(100, 14)) as pilot:
        app = await shown(pilot, 5)
        app.wishes.refusal = Refused("No task found to restart execution from!")
        await pilot.press("r")
        await until(pilot, lambda: app.said == [("No task found to restart execution from!", True)])
        app.wishes.refusal = RuntimeError("boom")
        await pilot.press("r")
        await until(pilot, lambda: app.said[-1] == ("That did not work (RuntimeError): boom", True))


async def test_labels_are_typed_and_wrong_ones_explained(recorder: Recorder) -> None:
    fill(recorder)
    async with Desk(recorder).run_test(size=(100, 14)) as pilot:
        app = await shown(pilot, 5)
        await pilot.press(*["down"] * 3, "L")
        await until(pilot, lambda: "key=value key=value" in app.grid())
        assert app.grid().count("team=data") == 2 and "system" not in app.grid()
        await pilot.press(*" x", "enter")
        await until(pilot, lambda: "`x` is not a label" in app.grid())
        await pilot.press(*"=1", "enter")
        await until(pilot, lambda: app.wishes.asked == [("set_labels", "0VBBBBBB1111", {"team": "data", "x": "1"})])


@pytest.mark.parametrize(
    ("typed", "labels"), [("a=b c:d", {"a": "b", "c": "d"}), ("u=http://x", {"u": "http://x"}), ("", {}), ("a=", None)]
)
def test_labels(typed: str, labels: Mapping[str, str] | None) -> None:
    found, problem = parse_labels(typed)
    assert (found == labels and problem is None) if labels is not None else problem is not None


async def test_marking_deleting_and_copying(recorder: Recorder) -> None:
    fill(recorder)
    async with Desk(recorder).run_test(size=(100, 14)) as pilot:
        app = await shown(pilot, 5)
        await pilot.press("m")
        assert "can be marked when it has ended" in app.said[-1][0]
        await pilot.press(*["down"] * 3, "m", "w")
        await until(pilot, lambda: app.wishes.asked == [("change_state", "0VBBBBBB1111", "WARNING", None)])
        await pilot.press("D", "q", "D")
        await until(pilot, lambda: app.wishes.asked[-1] == ("delete", "0VBBBBBB1111", False))
        await pilot.press("y")
        assert app.said[-1][0] == "Copied the id 0VBBBBBB…." and app.sent


async def test_enter_opens_and_a_starting_run_is_there_at_once(recorder: Recorder) -> None:
    fill(recorder)
    async with Desk(recorder).run_test(size=(100, 14)) as pilot:
        app = await shown(pilot, 5)
        before = app.pane.starting("company.team", "etl", NOW)
        await pilot.pause()
        assert "○ CREATED   starting etl" in app.grid() and app.pane.table.row_count == 6
        await pilot.press("enter")
        assert app.opened == []
        app.pane.started(before, "0VZZZZZZ2222")
        await pilot.pause()
        assert "○ CREATED   0VZZZZZZ" in app.grid()
        recorder.index.upsert(summary("0VZZZZZZ2222", "RUNNING", start=58, end=None))
        await until(pilot, lambda: "● RUNNING   0VZZZZZZ" in app.grid())
        assert app.pane.table.row_count == 6 and app.grid().count("0VZZZZZZ") == 1
        await pilot.press("enter")
        assert app.opened == ["0VZZZZZZ2222"]
        failed = app.pane.starting("company.team", "etl", NOW)
        app.pane.started(failed, None)
        assert app.pane.table.row_count == 6


async def test_far_pages_are_fetched_when_they_are_looked_at(recorder: Recorder) -> None:
    count = PAGE * 3
    with recorder.database.transaction() as query:
        for number in range(count):
            recorder.index._put(query, summary(f"0V{number:06}", start=number - count))
    async with Desk(recorder).run_test(size=(100, 14)) as pilot:
        app = await shown(pilot, count)
        assert set(app.pane.table._pages) == {0}
        await pilot.press("end")
        await until(pilot, lambda: "0V000000" in app.grid())
        assert app.pane.selected is not None and app.pane.selected.id == "0V000000"
        await pilot.press("home")
        await until(pilot, lambda: f"0V{count - 1:06}" in app.grid())


async def test_hostile_names_are_only_text(recorder: Recorder) -> None:
    recorder.index.upsert(
        summary("0V\x1b]0;T\x07x", flow_id="[/nope] [red]\x1b[31m", labels=[("k", "[/x]\x1b]0;T\x07")])
    )
    async with Desk(recorder).run_test(size=(160, 14)) as pilot:
        app = await shown(pilot, 1)
        assert "[/nope] [red]" in app.grid() and "k=[/x]" in app.grid() and "\x1b" not in app.grid()
        app.pane.show_flow("company.team", "[/nope] [red]\x1b[31m")
        await pilot.press("a")
        await until(pilot, lambda: "[/nope] [red]" in app.grid() and "Runs of" not in app.grid())
        await pilot.press("a")
        await until(pilot, lambda: "Runs of [/nope] [red]" in app.grid())


@pytest.mark.parametrize("flows", [True, False])
@pytest.mark.parametrize("width", [20, 24, 30, 44, 64, 90, 158])
def test_a_row_fits_and_always_has_its_state_and_duration(width: int, flows: bool) -> None:
    run: ExecutionSummary = summary("0VQZabcd1111", "FAILED", flow_id="a-rather-long-flow-name-世界", end=187)
    cells: Sequence[Any] = RunColumns(width, flows, UTC).cells(run, datetime(2026, 11, 22, 15, tzinfo=UTC))
    text = "".join(cell.text for cell in cells)
    assert text.startswith("✗") and "3m 07s" in text
    assert len(text.rstrip()) <= width
