"""The log pane: lanes side by side or as tabs, one filter for all, questions, copying and saving."""

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest
from tests.workbench.patience import until
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Input

from podium.store.log_filter import LogFilter
from podium.store.logs import LogLine, LogWriter
from podium.workbench.clipboard import Clipboard
from podium.workbench.widgets.log_pane import LogPane
from podium.workbench.widgets.log_view import LogView

NOW = 1767225600000


class Desk(App[None]):
    """The pane alone on a screen."""

    def __init__(self, folder: Path, chosen: LogFilter | None = None) -> None:
        super().__init__()
        self.sent: list[str] = []
        self.said: list[tuple[str, bool]] = []
        clipboard = Clipboard(self.sent.append, folder, environ={"TERM": "xterm"})
        self.pane = LogPane(clipboard, folder, chosen=chosen, jump_key="4", zone=UTC)

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_mount(self) -> None:
        self.pane.focus()

    def on_log_pane_said(self, event: LogPane.Said) -> None:
        self.said.append((event.text, event.failed))

    def grid(self) -> str:
        return "\n".join(strip.text.rstrip() for strip in self.screen._compositor.render_strips())

    def shown(self) -> set[str]:
        return {str(view.id).removeprefix("log-lane-") for view in self.query(LogView) if view.display}

    def view(self, lane: str) -> LogView:
        return self.query_one(f"#log-lane-{lane}", LogView)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogWriter]:
    with LogWriter(tmp_path / "log.jsonl") as writer:
        writer.write(LogLine("log", "INFO", "hello", "r1", 0, NOW, "Hello [/nope] {{ x }}"))
        writer.write(LogLine("log", "DEBUG", "hello", "r1", 0, NOW + 1000, "detail"))
        writer.write_lines("stdout", "INFO", "py", "r2", 0, NOW + 2000, [f"line {number}" for number in range(30)])
        writer.write_lines("stdout", "INFO", "py", "r2", 0, NOW + 3000, ["\x1b[32mgreen\x1b[0m 世界", "long " * 40])
        writer.write_lines("stderr", "ERROR", "py", "r2", 0, NOW + 4000, ["Traceback: no"])
        yield writer


async def showing(pilot: Pilot[None], log: LogWriter, *, live: bool = False) -> Desk:
    app = pilot.app
    assert isinstance(app, Desk)
    app.pane.show(log.path, "python_script #1", live=live)
    await pilot.pause()
    return app


async def test_two_lanes_side_by_side(log: LogWriter, tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(120, 12)) as pilot:
        app = await showing(pilot, log)
        assert app.shown() == {"log", "script"}
        first = app.grid().splitlines()
        assert "4 Log tasks ─ python_script #1" in first[0] and "Script output ─ python_script #1" in first[0]
        assert "Hello [/nope] {{ x }}" in first[1]
        assert "err Traceback: no" in first[-2]
        assert "follow ● · 2 of 2 lines" in first[-1] and "follow ● · 33 of 33 lines" in first[-1]


async def test_a_narrow_pane_has_tabs(log: LogWriter, tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(80, 12)) as pilot:
        app = await showing(pilot, log)
        assert app.shown() == {"log"}
        assert app.grid().splitlines()[0] == " Log │ Script │ All" + "follow ● · 2 of 2 lines".rjust(61)
        await pilot.press("right_square_bracket")
        assert app.shown() == {"script"} and app.focused is app.view("script")
        await until(pilot, lambda: "33 of 33 lines" in app.grid().splitlines()[0])
        await pilot.click("TabBar", offset=(16, 0))
        assert app.shown() == {"all"}
        await until(pilot, lambda: "35 of 35 lines" in app.grid().splitlines()[0])
        await until(pilot, lambda: "00:00:04 ERROR err py    Traceback: no" in app.grid())
        await pilot.resize_terminal(120, 12)
        await until(pilot, lambda: app.pane.size.width == 120)
        assert app.shown() == {"all"}
        await pilot.press("right_square_bracket")
        assert app.shown() == {"log", "script"}


async def test_the_keys_go_to_the_lane_that_has_the_focus(log: LogWriter, tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(120, 12)) as pilot:
        app = await showing(pilot, log)
        await pilot.press("tab")
        assert app.focused is app.view("script") and app.pane.lane == "script"
        await pilot.press("right_square_bracket", "g")
        assert app.pane.lane == "all"


@pytest.mark.parametrize("size", [(120, 14), (80, 24)])
def test_the_picture_of_the_pane(log: LogWriter, tmp_path: Path, size: tuple[int, int], snap_compare: object) -> None:
    async def prepare(pilot: Pilot[None]) -> None:
        await showing(pilot, log)

    assert callable(snap_compare)
    assert snap_compare(Desk(tmp_path), run_before=prepare, terminal_size=size)


@pytest.mark.parametrize(("live", "text"), [(True, "What scripts print appears here."), (False, "No script printed")])
async def test_an_empty_lane_says_what_it_is_for(tmp_path: Path, live: bool, text: str) -> None:
    async with Desk(tmp_path).run_test(size=(120, 12)) as pilot:
        app = pilot.app
        assert isinstance(app, Desk)
        assert "Select a run to see its log." in app.grid()
        app.pane.show(tmp_path / "not-yet.jsonl", "t", live=live)
        await pilot.pause()
        assert text in app.grid()
        app.pane.set_live(False)
        app.pane.show(None, "")
        await pilot.pause()
        assert "Select a run to see its log." in app.grid()


async def test_a_live_log_grows_by_itself_and_a_finished_one_costs_nothing(log: LogWriter, tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(120, 12)) as pilot:
        app = await showing(pilot, log, live=True)
        log.write(LogLine("log", "INFO", "hello", "r1", 0, NOW, "while live"))
        await until(pilot, lambda: "while live" in app.grid())
        log.write(LogLine("log", "INFO", "hello", "r1", 0, NOW, "the end"))
        app.pane.set_live(False)
        await pilot.pause()
        assert "the end" in app.grid()
        assert app.pane._timer is not None and not app.pane._timer._active.is_set()


async def test_a_filter_is_typed_tried_and_undone(log: LogWriter, tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(120, 12)) as pilot:
        app = await showing(pilot, log)
        await pilot.press("slash", *"line 2")
        await until(pilot, lambda: app.view("script").chosen.pattern is not None)  # after a pause in typing
        assert len(app.view("script").selection) == 11 and len(app.view("log").selection) == 0
        await pilot.press("escape")
        assert app.view("script").chosen.pattern is None and app.focused is app.view("log")
        await pilot.press("slash", *"!line", "enter")
        assert len(app.view("script").selection) == 3
        assert "filter !line" in app.grid()
        await pilot.press("slash")
        assert app.query_one(Input).value == "!line"
        await pilot.press("enter", "escape")
        assert app.view("log").chosen.pattern is None


async def test_a_wrong_expression_is_explained_and_the_filter_stays(log: LogWriter, tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(120, 12)) as pilot:
        app = await showing(pilot, log)
        await pilot.press("slash", "ctrl+r", *"(2", "enter")
        await until(pilot, lambda: "is not a regular expression" in app.grid())
        assert app.view("log").chosen.pattern is None
        await pilot.press("backspace", "backspace", *"line .$", "enter")
        await until(pilot, lambda: len(app.view("script").selection) == 10)


async def test_find_highlights_without_hiding(log: LogWriter, tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(120, 12)) as pilot:
        app = await showing(pilot, log)
        await pilot.press("tab", "g", "ctrl+f", *"line 7", "enter")
        view = app.view("script")
        assert view._hit is not None and view.index.line(view._hit).message == "line 7"
        assert len(view.selection) == 33 and app.focused is view


async def test_filter_and_following_are_shared(log: LogWriter, tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(120, 12)) as pilot:
        app = await showing(pilot, log)
        await pilot.press("l", "l", "f")
        assert {view.chosen.level for view in app.query(LogView)} == {"INFO"}
        assert {view.follow for view in app.query(LogView)} == {False}
        assert "1 of 2 lines" in app.grid()


async def test_an_empty_lane_says_that_the_lines_are_elsewhere(log: LogWriter, tmp_path: Path) -> None:
    path = tmp_path / "scripts.jsonl"
    path.write_text("".join(line for line in log.path.read_text().splitlines(True) if '"s":"log"' not in line))
    assert 0 < path.stat().st_size < log.path.stat().st_size
    async with Desk(tmp_path).run_test(size=(80, 12)) as pilot:
        app = pilot.app
        assert isinstance(app, Desk)
        app.pane.show(path, "t")
        await until(pilot, lambda: "in this run. 33 lines are elsewhere: ] goes there." in app.grid())
        await pilot.resize_terminal(120, 12)
        await until(pilot, lambda: "33 of 33 lines" in app.grid() and "elsewhere" not in app.grid())
        app.pane.set_task_runs(frozenset({"another"}))
        await until(pilot, lambda: app.grid().count("The task wrote nothing here.") == 2)


async def test_one_task_run_can_be_chosen(log: LogWriter, tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(120, 12)) as pilot:
        app = await showing(pilot, log)
        app.pane.set_task_run("r1")
        assert (app.view("log").selection.total, app.view("script").selection.total) == (2, 0)
        app.pane.set_task_run(None)
        assert app.view("script").selection.total == 33


async def test_another_run_keeps_the_filter_and_starts_anew(log: LogWriter, tmp_path: Path) -> None:
    other = LogWriter(tmp_path / "other.jsonl")
    other.write(LogLine("log", "WARN", "x", "r9", 0, NOW, "other run"))
    async with Desk(tmp_path, LogFilter(level="INFO")).run_test(size=(120, 12)) as pilot:
        app = await showing(pilot, log)
        await pilot.press("f")
        app.pane.show(other.path, "x")
        await pilot.pause()
        assert "other run" in app.grid() and "Hello" not in app.grid()
        assert app.view("log").chosen.level == "INFO" and app.view("log").follow


async def test_copying_goes_to_the_clipboard_and_is_told(log: LogWriter, tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(120, 12)) as pilot:
        app = await showing(pilot, log)
        await pilot.press("Y")
        await pilot.pause()
        assert app.said == [("Copied 2 lines.", False)] and app.sent[0].startswith("\x1b]52;c;")


async def test_the_log_is_saved_but_never_over_a_file(log: LogWriter, tmp_path: Path) -> None:
    (tmp_path / "log.log").write_text("mine")
    async with Desk(tmp_path).run_test(size=(160, 12)) as pilot:
        app = await showing(pilot, log)
        await pilot.press("s", "enter")
        await pilot.pause()
        assert "It exists, choose another name" in app.grid()
        app.query_one(Input).value = "out.log"
        await pilot.press("enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert (tmp_path / "log.log").read_text() == "mine"
        assert (tmp_path / "out.log").read_text().splitlines() == [
            "2026-01-01T00:00:00.000Z INFO Hello [/nope] {{ x }}",
            "2026-01-01T00:00:01.000Z DEBUG detail",
        ]
        assert app.said == [(f"Saved 2 lines as {tmp_path / 'out.log'}.", False)]


async def test_a_log_that_cannot_be_read_is_told_once(log: LogWriter, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    async with Desk(tmp_path).run_test(size=(120, 12)) as pilot:
        app = pilot.app
        assert isinstance(app, Desk)
        app.pane.show(tmp_path / "folder", "t", live=True)
        await pilot.pause(0.3)
        assert len(app.said) == 1 and app.said[0][1] and "Is a directory" in app.said[0][0]
