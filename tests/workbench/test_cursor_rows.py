"""Rows with a cursor, by keys and by mouse; and what the trees and tables do with a click."""

from pathlib import Path

import pytest
from rich.segment import Segment
from tests.workbench.desk import workbench
from tests.workbench.patience import until
from textual.app import App, ComposeResult
from textual.strip import Strip

from podium.workbench.widgets.cursor_rows import CursorRows, moving
from podium.workbench.widgets.file_tree import FileTree

COUNT, HEIGHT = 100, 10


class Numbers(CursorRows):
    """A hundred numbers in a frame."""

    DEFAULT_CSS = "Numbers { border: round white; }"
    BINDINGS = moving("numbers")

    def __init__(self) -> None:
        super().__init__()
        self.clicks: list[tuple[int, bool]] = []

    @property
    def row_count(self) -> int:
        return COUNT

    def _clicked(self, again: bool) -> None:
        self.clicks.append((self._cursor, again))

    def render_line(self, y: int) -> Strip:
        at = y + self.scroll_offset.y
        strip = Strip([Segment(f"{at:<4}")])
        return self._highlighted(strip) if at == self._cursor else strip


class NumbersApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Numbers()

    @property
    def rows(self) -> Numbers:
        return self.query_one(Numbers)


@pytest.mark.parametrize(
    ("keys", "cursor", "top"),
    [
        (["down", "j", "k"], 1, 0),
        (["up"], 0, 0),
        (["down"] * HEIGHT, HEIGHT, 1),
        (["pagedown", "pagedown"], 18, 9),
        (["G"], COUNT - 1, COUNT - HEIGHT),
        (["end", "down"], COUNT - 1, COUNT - HEIGHT),
        (["end", "home"], 0, 0),
        (["end", *["up"] * HEIGHT], COUNT - 1 - HEIGHT, COUNT - 1 - HEIGHT),
        (["end", "pageup"], COUNT - HEIGHT, COUNT - HEIGHT),
    ],
)
async def test_the_cursor_moves_and_stays_on_the_screen(keys: list[str], cursor: int, top: int) -> None:
    app = NumbersApp()
    async with app.run_test(size=(20, HEIGHT + 2)) as pilot:
        app.rows.focus()
        await pilot.press(*keys)
        assert (app.rows._cursor, app.rows.scroll_offset.y) == (cursor, top)


async def test_a_click_moves_the_cursor_and_a_double_click_is_told_as_one() -> None:
    app = NumbersApp()
    async with app.run_test(size=(20, HEIGHT + 2)) as pilot:
        app.rows.focus()
        await pilot.press("end")
        await pilot.click(Numbers, offset=(2, 3))  # the frame has the row above
        assert app.rows.clicks == [(92, False)]
        await pilot.double_click(Numbers, offset=(2, 5))
        assert app.rows.clicks[1:] == [(94, False), (94, True)]
        await pilot.click(Numbers, offset=(2, 0))
        assert len(app.rows.clicks) == 3, "the frame is no row"


async def test_a_click_opens_a_folder_and_a_double_click_a_file(tmp_path: Path) -> None:
    (tmp_path / "a_folder").mkdir()
    (tmp_path / "a_folder" / "inside.txt").write_text("inside\n")
    app = workbench(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        tree = app.main.query_one(FileTree)
        await until(pilot, lambda: [row.entry.name for row in tree.rows] == ["a_folder"])
        await pilot.click(FileTree, offset=(3, 0))
        await until(pilot, lambda: [row.entry.name for row in tree.rows] == ["a_folder", "inside.txt"])
        await pilot.double_click(FileTree, offset=(6, 1))
        await until(pilot, lambda: app.main.editor.current is not None)
        assert app.main.editor.current is not None and app.main.editor.current.editor.text == "inside\n"
