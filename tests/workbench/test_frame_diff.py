"""The diff layer: what a terminal shows must be the same with it, for far fewer bytes."""

import random
import re

import pytest
from rich.cells import cell_len
from rich.console import RenderableType
from textual import events
from textual._compositor import CompositorUpdate
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.geometry import Size
from textual.screen import ModalScreen, Screen
from textual.widgets import Footer, Label, OptionList, Static, TextArea

from podium.workbench.frame_diff import DiffOutput, ShownFrame

_TOKEN = re.compile("\x1b\\[(\\d+);(\\d+)H|\x1b\\[([0-9;]*)m|\n|([^\x1b\n]+)")


class Terminal:
    """Cells of a terminal that understands the few sequences a frame is made of."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], tuple[str, str]] = {}
        self.received = 0

    def feed(self, data: str) -> None:
        self.received += len(data.encode())
        y = x = 0
        look = ""
        assert "".join(match[0] for match in _TOKEN.finditer(data)) == data
        for match in _TOKEN.finditer(data):
            row, column, sgr, text = match.groups()
            if row:
                y, x = int(row) - 1, int(column) - 1
            elif sgr is not None:
                look = "" if sgr in ("", "0") else sgr
            for character in text or "":
                for half in range(cell_len(character)):
                    self.cells[y, x + half] = (character if half == 0 else "", look)
                x += cell_len(character)

    def row(self, y: int) -> str:
        return "".join(cell[0] for (row, _), cell in sorted(self.cells.items()) if row == y)


class Wire(App[None]):
    """The end of the output chain: what would be written, to a terminal that may be slow."""

    wire: Terminal
    slow = False

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if isinstance(renderable, CompositorUpdate):
            self.wire.feed(renderable.render_segments(self.console))
        super()._display(screen, renderable)


class Dialog(ModalScreen[None]):
    BINDINGS = [("escape", "dismiss", "Close")]

    def compose(self) -> ComposeResult:
        yield Label("A dialog with 世界")


class Sample(DiffOutput[None], Wire):
    CSS = "Horizontal { height: 1fr } TextArea { width: 2fr } OptionList { width: 1fr } #count { height: 1 }"
    BINDINGS = [("f2", "open", "Open"), ("ctrl+l", "redraw", "Redraw")]

    def __init__(self) -> None:
        super().__init__()
        self.wire, self.plain = Terminal(), Terminal()

    def compose(self) -> ComposeResult:
        yield Static("count 0", id="count", markup=False)
        with Horizontal():
            yield TextArea("key: value\nwide: 世界\n" * 20, show_line_numbers=True)
            yield OptionList(*[f"option {number}" for number in range(50)])
        yield Footer()

    def action_open(self) -> None:
        self.push_screen(Dialog())

    def output_is_backed_up(self) -> bool:
        return self.slow

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if isinstance(renderable, CompositorUpdate) and not self._batch_count:
            self.plain.feed(renderable.render_segments(self.console))
        super()._display(screen, renderable)


KEYS = ("a", "世", "down", "up", "tab", "enter", "backspace", "pagedown", "pageup", "f2", "escape", "ctrl+l", "end")


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_terminal_shows_the_same_with_and_without(seed: int) -> None:
    chance = random.Random(seed)
    app = Sample()
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.pause()
        for _ in range(40):
            await pilot.press(chance.choice(KEYS))
        await pilot.pause()
        assert app.wire.cells == app.plain.cells
        assert app.wire.received * 1.5 < app.plain.received


async def test_one_typed_character_costs_little() -> None:
    app = Sample()
    async with app.run_test(size=(120, 40)) as pilot:
        app.query_one(TextArea).focus()
        while not app.wire.row(39).rstrip().endswith("palette"):  # the footer comes a little later
            await pilot.pause()
        await pilot.pause()
        sent, without = app.wire.received, app.plain.received
        await pilot.press("x")
        while app.wire.received == sent:
            await pilot.pause()
        assert 0 < app.wire.received - sent < 1000
        assert app.plain.received - without > 4 * (app.wire.received - sent)


async def test_nothing_is_sent_for_an_unchanged_screen() -> None:
    app = Sample()
    async with app.run_test(size=(80, 20)) as pilot:
        while not app.wire.row(19).rstrip().endswith("palette"):  # the footer comes a little later
            await pilot.pause()
        sent, without = app.wire.received, app.plain.received
        app.screen.refresh(layout=True)
        app.query_one(OptionList).refresh()
        await pilot.pause()
        assert app.wire.received == sent
        assert app.plain.received > without


@pytest.mark.parametrize("disturb", ["redraw", "resume", "resize"])
async def test_everything_is_sent_again_when_the_terminal_was_disturbed(disturb: str) -> None:
    app = Sample()
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.pause()
        app.wire.cells.clear()
        if disturb == "redraw":
            await pilot.press("ctrl+l")
        elif disturb == "resume":
            app._resume_signal()
            app.refresh(layout=True)
        else:  # there and back before a frame was drawn
            for width in (60, 80):
                await app._on_resize(events.Resize(Size(width, 20), Size(width, 20)))
            app.screen.refresh(layout=True)
        await pilot.pause()
        assert app.wire.cells == app.plain.cells


async def test_frames_are_skipped_while_the_terminal_is_slow_and_the_last_one_arrives() -> None:
    app = Sample()
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.pause()
        app.slow = True
        sent = app.wire.received
        for count in range(1, 9):
            app.query_one("#count", Static).update(f"count {count}")
            await pilot.pause()
        assert app.wire.received == sent
        assert app.wire.row(0).startswith("count 0")
        app.slow = False
        app._catch_up()
        assert app.wire.row(0).startswith("count 8")
        assert app.wire.received - sent < 400
        assert app.wire.cells == app.plain.cells


@pytest.mark.parametrize(
    ("first", "second", "again"),
    [
        ((0, 10, "a" * 10), (0, 10, "a" * 10), False),
        ((0, 10, "a" * 10), (0, 10, "b" * 10), True),
        ((0, 10, "a" * 10), (4, 6, "xx"), True),
        ((4, 6, "xx"), (0, 10, "a" * 10), True),
        ((0, 10, "a" * 10), (0, 5, "a" * 5), True),
    ],
)
def test_a_shown_frame_forgets_what_was_drawn_over(
    first: tuple[int, int, str], second: tuple[int, int, str], again: bool
) -> None:
    shown = ShownFrame(Size(10, 1))
    assert shown.replaces(0, *first)
    assert shown.replaces(0, *second) == again
    assert shown.replaces(0, *first) == again


def test_the_private_parts_of_textual_are_still_there() -> None:
    from textual._compositor import Compositor
    from textual.drivers._writer_thread import WriterThread

    assert callable(App._display) and callable(App._resume_signal) and callable(Compositor.render_full_update)
    assert "_queue" in WriterThread.__init__.__code__.co_names
