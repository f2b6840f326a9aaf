"""The log as a reader meets it: following, filtering, searching, selecting, copying, and nothing hostile drawn."""

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from podium.store.log_filter import LogFilter, TextPattern
from podium.store.log_index import LogIndex
from podium.store.logs import Level, LogLine, LogWriter
from podium.workbench.widgets.log_view import LogView

NOW = 1767225600000


class Viewer(App[None]):
    """One view over one file, and what it said."""

    def __init__(self, path: Path, chosen: LogFilter | None = None) -> None:
        super().__init__()
        self.log_index = LogIndex(path)
        self.view = LogView(self.log_index, chosen or LogFilter(), title="Log", empty="Nothing yet.", zone=UTC)
        self.copied: list[tuple[str, str]] = []
        self.said: list[str] = []
        self.prompts: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.view.focus()

    def grow(self) -> None:
        """What the owner does ten times a second."""
        self.log_index.refresh()
        while not self.view.pull():
            pass

    @on(LogView.CopyRequested)
    def keep_copy(self, event: LogView.CopyRequested) -> None:
        self.copied.append((event.text, event.what))

    @on(LogView.Said)
    def keep_said(self, event: LogView.Said) -> None:
        self.said.append(event.text)

    @on(LogView.PromptRequested)
    def keep_prompt(self, event: LogView.PromptRequested) -> None:
        self.prompts.append(event.prompt)

    def rows(self) -> list[str]:
        """What is on the screen, without the scroll bar."""
        return [strip.text[:-1].rstrip() for strip in self.screen._compositor.render_strips()]


@pytest.fixture
def log(tmp_path: Path) -> LogWriter:
    return LogWriter(tmp_path / "log.jsonl")


def write(log: LogWriter, messages: Sequence[str], level: Level = "INFO") -> None:
    log.write_lines("stdout", level, "t", "r", 0, NOW, messages)


async def grow(pilot: Pilot[None]) -> Viewer:
    app = pilot.app
    assert isinstance(app, Viewer)
    app.grow()
    await pilot.pause()
    return app


async def test_lines_appear_as_they_are_written(log: LogWriter) -> None:
    async with Viewer(log.path).run_test(size=(40, 6)) as pilot:
        app = await grow(pilot)
        assert app.rows()[0] == "Nothing yet."
        write(log, ["first"])
        log.write(LogLine("log", "WARN", "t", "r", 0, NOW, "two\n  rows"))
        app = await grow(pilot)
        assert app.rows()[:4] == ["00:00:00 INFO  first", "00:00:00 WARN  two", "                 rows", ""]
        assert app.view.status == "follow ● · 2 of 2 lines"
        assert str(app.view.border_subtitle) == app.view.status


async def test_text_of_scripts_is_drawn_as_it_is_and_never_obeyed(log: LogWriter) -> None:
    hostile = "x\x1b]0;T\x07 [/nope] [red] \x1b[2J{{ a }}"
    write(log, [hostile, "\x1b[31mred\x1b[0m plain", "世界", "tab\there"])
    async with Viewer(log.path).run_test(size=(50, 6)) as pilot:
        app = await grow(pilot)
        assert [row[15:] for row in app.rows()[:4]] == ["x [/nope] [red] {{ a }}", "red plain", "世界", "tab     here"]
        drawn = "".join(strip.render(app.console) for strip in app.screen._compositor.render_strips())
        assert "\x1b]" not in drawn and "\x1b[2J" not in drawn
        red, plain = app.view.render_line(1)._segments[2:4]
        assert (red.text, plain.text) == ("red", " plain")
        assert red.style is not None and plain.style is not None and red.style.color != plain.style.color


async def test_following_ends_on_the_way_up_and_resumes_at_the_end(log: LogWriter) -> None:
    write(log, [f"line {number}" for number in range(100)])
    async with Viewer(log.path).run_test(size=(40, 5)) as pilot:
        app = await grow(pilot)
        assert app.rows()[-1].endswith("line 99")
        await pilot.press("up")
        assert not app.view.follow and app.rows()[-1].endswith("line 98")
        write(log, ["line 100"])
        app = await grow(pilot)
        assert app.rows()[-1].endswith("line 98")
        await pilot.press("end")
        assert app.view.follow and app.rows()[-1].endswith("line 100")
        await pilot.press("g")
        assert not app.view.follow and app.rows()[0].endswith("line 0")
        await pilot.press("pagedown")
        assert app.rows()[0].endswith("line 4")
        await pilot.press("f")
        assert app.view.follow and app.rows()[-1].endswith("line 100")
        await pilot.press("f", "pageup", "pagedown")
        assert app.view.follow


async def test_the_level_hides_lines_and_says_how_many(log: LogWriter) -> None:
    for level in ("DEBUG", "INFO", "ERROR"):
        write(log, [f"a {level}"], level)  # type: ignore[arg-type]
    async with Viewer(log.path, LogFilter(level="INFO")).run_test(size=(60, 5)) as pilot:
        app = await grow(pilot)
        assert [row[15:] for row in app.rows()[:3]] == ["a INFO", "a ERROR", ""]
        assert app.view.status == "follow ● · 2 of 3 lines · 1 below INFO"
        await pilot.press("plus")
        assert app.view.chosen.level == "WARN" and app.rows()[0][15:] == "a ERROR"
        await pilot.press("l", "l")
        assert app.view.chosen.level == "TRACE" and len(app.view.selection) == 3
        await pilot.press("minus")
        assert app.view.chosen.level == "TRACE"


async def test_a_filter_keeps_the_place_and_its_hits_are_marked(log: LogWriter) -> None:
    write(log, [f"{'even' if number % 2 == 0 else 'odd'} {number}" for number in range(100)])
    async with Viewer(log.path).run_test(size=(60, 5)) as pilot:
        app = await grow(pilot)
        await pilot.press("g")
        app.view.scroll_to(y=40, animate=False, immediate=True)
        app.view.set_pattern(TextPattern("even"))
        await pilot.pause()
        assert app.rows()[0].endswith("even 40")
        assert app.view.status == "50 of 100 lines · 50 without even"
        marked = [segment.text for segment in app.view.render_line(0) if segment.style and segment.style.bold]
        assert marked == ["even"]
        await pilot.press("escape")
        assert app.view.chosen.pattern is None and app.rows()[0].endswith("even 40")


async def test_the_status_says_what_hides_lines(log: LogWriter) -> None:
    for number in range(10):
        write(log, [f"line {number}"], "DEBUG" if number % 2 else "INFO")
    async with Viewer(log.path, LogFilter(level="INFO", pattern=TextPattern("line"))).run_test(size=(70, 5)) as pilot:
        app = await grow(pilot)
        assert app.view.status == "follow ● · filter line · 5 of 10 lines · 5 below INFO"
        app.view.set_pattern(TextPattern.parse("!/[46]/"))
        await pilot.pause()
        assert app.view.status == "follow ● · 3 of 10 lines · 5 below INFO · 2 with /[46]/"
        app.view.choose(LogFilter(level="DEBUG"))
        await pilot.pause()
        assert app.view.status == "follow ● · level ≥ DEBUG · 10 of 10 lines"


async def test_a_filter_that_hides_all_says_so(log: LogWriter) -> None:
    write(log, ["a", "b"])
    async with Viewer(log.path, LogFilter(level="ERROR")).run_test(size=(60, 5)) as pilot:
        app = await grow(pilot)
        assert app.rows()[0] == "2 lines are below ERROR: - shows them."
        await pilot.press("escape")
        assert len(app.view.selection) == 2


async def test_search_goes_from_hit_to_hit_and_back(log: LogWriter) -> None:
    write(log, [f"{'needle' if number in (10, 50, 51) else 'hay'} {number}" for number in range(100)])
    async with Viewer(log.path).run_test(size=(60, 5)) as pilot:
        app = await grow(pilot)
        await pilot.press("g", "n")
        assert app.prompts == ["find"]
        app.view.find(TextPattern("needle"))
        hits = [app.view._hit]
        for key in ("n", "n", "n", "N", "N", "N"):
            await pilot.press(key)
            hits.append(app.view._hit)
        assert hits == [10, 50, 51, 51, 50, 10, 10]
        assert app.said == ["No more hits below: needle", "No more hits above: needle"]
        assert any(row.endswith("needle 10") for row in app.rows())
        await pilot.press("escape")
        assert app.view.searched is None


async def test_a_search_without_a_hit_says_so(log: LogWriter) -> None:
    write(log, ["a"])
    async with Viewer(log.path).run_test(size=(60, 5)) as pilot:
        app = await grow(pilot)
        app.view.find(TextPattern("zzz"))
        await pilot.pause()
        assert app.said == ["No hit below: zzz"]


async def test_wrapping_shows_whole_lines_and_keeps_the_place(log: LogWriter) -> None:
    write(log, ["x" * 100 if number == 0 else f"line {number}" for number in range(50)])
    async with Viewer(log.path).run_test(size=(56, 8)) as pilot:
        app = await grow(pilot)
        await pilot.press("g")
        assert app.rows()[0].endswith("x›")
        await pilot.press("w")
        assert [len(row.strip().split()[-1]) for row in app.rows()[:3]] == [40, 40, 20]
        assert app.rows()[3].endswith("line 1")
        await pilot.press("pagedown", "w")
        assert app.rows()[0].endswith("line 5")


async def test_sideways_shows_the_rest_of_long_lines(log: LogWriter) -> None:
    write(log, ["abcdefghij" * 10])
    async with Viewer(log.path).run_test(size=(36, 3)) as pilot:
        app = await grow(pilot)
        assert app.rows()[0] == "00:00:00 INFO  abcdefghijabcdefghi›"
        await pilot.press("right")
        assert app.rows()[0] == "00:00:00 INFO  ‹jabcdefghijabcdefg›"
        assert "column 9" in app.view.status
        await pilot.press(*["right"] * 20)
        assert app.rows()[0].rstrip().endswith("j") and not app.rows()[0].endswith("›")
        await pilot.press(*["left"] * 20)
        assert app.rows()[0] == "00:00:00 INFO  abcdefghijabcdefghi›"


async def test_times_can_be_hidden(log: LogWriter) -> None:
    write(log, ["a"])
    async with Viewer(log.path).run_test(size=(36, 3)) as pilot:
        app = await grow(pilot)
        await pilot.press("t")
        assert app.rows()[0] == "INFO  a"


async def test_lines_are_selected_by_keys_and_copied(log: LogWriter) -> None:
    write(log, [f"\x1b[1mline {number}\x1b[0m" for number in range(50)])
    async with Viewer(log.path).run_test(size=(40, 5)) as pilot:
        app = await grow(pilot)
        await pilot.press("y", "shift+up", "shift+up", "shift+up", "y", "escape", "Y")
        assert app.copied[0] == ("line 45\nline 46\nline 47\nline 48\nline 49", "5 lines on the screen")
        assert app.copied[1] == ("line 47\nline 48\nline 49", "3 lines")
        assert app.copied[2] == ("\n".join(f"line {number}" for number in range(50)), "50 lines")


async def test_lines_are_selected_by_mouse(log: LogWriter) -> None:
    write(log, [f"line {number}" for number in range(50)])
    async with Viewer(log.path).run_test(size=(40, 5)) as pilot:
        app = await grow(pilot)
        await pilot.mouse_down(LogView, offset=(5, 1))
        await pilot.hover(LogView, offset=(5, 3))
        await pilot.mouse_up(LogView, offset=(5, 3))
        await pilot.press("y")
        assert app.copied[-1][0].startswith("line 46")
        await pilot.click(LogView, offset=(5, 0))
        await pilot.press("y")
        assert app.copied[-1] == ("line 45", "1 line")


async def test_a_huge_line_is_shown_in_part_and_copied_whole(log: LogWriter) -> None:
    write(log, ["before", "y" * 3_000_000, "after"])
    async with Viewer(log.path).run_test(size=(90, 5)) as pilot:
        app = await grow(pilot)
        assert "first 63 KiB of 2.9 MiB, y copies all yyyy" in app.rows()[1]
        await pilot.press("w", "g", "Y")
        assert len(app.copied[0][0]) == 3_000_000 + len("before\n\nafter")
        assert app.view.virtual_size.height < 2000


async def test_a_replaced_file_is_shown_from_its_new_beginning(log: LogWriter) -> None:
    write(log, [f"old {number}" for number in range(50)])
    async with Viewer(log.path).run_test(size=(40, 5)) as pilot:
        app = await grow(pilot)
        log.path.unlink()
        write(LogWriter(log.path), ["new"])
        app.log_index.refresh()
        assert not app.view.render_line(0).text.strip()  # between the two calls nothing wrong is drawn
        app = await grow(pilot)
        assert app.rows()[:2] == ["00:00:00 INFO  new", ""]


async def test_hundreds_of_thousands_of_lines_are_taken_in_slices(log: LogWriter) -> None:
    write(log, [f"line {number}" for number in range(100_000)])
    app = Viewer(log.path)
    async with app.run_test(size=(40, 5)) as pilot:
        app.log_index.refresh()
        pulls = 1
        while not app.view.pull(0):
            assert "…" in app.view.status
            pulls += 1
        await pilot.pause()
        assert pulls > 3 and app.rows()[-1].endswith("line 99999")
        assert "100,000 of 100,000 lines" in app.view.status


async def test_problems_are_one_key_apart(log: LogWriter) -> None:
    write(log, [f"line {number}" for number in range(50)])
    write(log, ["first problem"], "WARN")
    write(log, [f"line {number}" for number in range(50, 100)])
    write(log, ["second problem"], "ERROR")
    write(log, ["the end"])
    async with Viewer(log.path).run_test(size=(60, 10)) as pilot:
        app = await grow(pilot)
        await pilot.press("E")
        assert any("second problem" in row for row in app.rows()) and not app.view.follow
        await pilot.press("E")
        await pilot.pause()
        assert any("first problem" in row for row in app.rows())
        await pilot.press("E")
        await pilot.pause()
        assert app.said == ["There is no other warning or error above."]
        await pilot.press("e")
        await pilot.pause()
        assert any("second problem" in row for row in app.rows())
