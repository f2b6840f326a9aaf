"""The diff layer: what a terminal shows must be the same with it, for far fewer bytes."""

import random
import re

import pytest
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import RenderableType
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual._compositor import CompositorUpdate
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.geometry import Size
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.widgets import Footer, Label, OptionList, Static, TextArea

from podium.workbench.frame_diff import DiffOutput
from podium.workbench.shown_frame import ShownFrame

_TOKEN = re.compile("\x1b\\[(\\d+);(\\d+)H|\x1b\\[([0-9;]*)m|\n|([^\x1b\n]+)")


class Terminal:
    """Cells of a terminal that understands the few sequences a frame is made of.

    A cell is its text, its attributes and its colours; on blanks only what can be seen counts.
    """

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], tuple[str, str]] = {}
        self.received = 0
        self.attributes: set[int] = set()
        self.colours = {"38": "", "48": ""}

    def feed(self, data: str) -> None:
        self.received += len(data.encode())
        y = x = 0
        assert "".join(match[0] for match in _TOKEN.finditer(data)) == data
        for match in _TOKEN.finditer(data):
            row, column, sgr, text = match.groups()
            if row:
                y, x = int(row) - 1, int(column) - 1
            elif sgr is not None:
                self._set(sgr.split(";"))
            for character in text or "":
                for half in range(cell_len(character)):
                    self.cells[y, x + half] = (character if half == 0 else "", self._look(character))
                x += cell_len(character)
        assert not self.attributes and not any(self.colours.values()), "a frame leaves nothing behind"

    def _set(self, codes: list[str]) -> None:
        while codes:
            code = codes.pop(0)
            if code in ("", "0"):
                self.attributes.clear()
                self.colours = {"38": "", "48": ""}
            elif code in self.colours:
                kind = codes.pop(0)
                self.colours[code] = ";".join([kind, *(codes.pop(0) for _ in range(3 if kind == "2" else 1))])
            elif code in ("39", "49"):
                self.colours[{"39": "38", "49": "48"}[code]] = ""
            elif 30 <= int(code) <= 37 or 90 <= int(code) <= 97:
                self.colours["38"] = code
            elif 40 <= int(code) <= 47 or 100 <= int(code) <= 107:
                self.colours["48"] = code
            else:
                self.attributes.add(int(code))

    def _look(self, character: str) -> str:
        seen = self.attributes & {4, 7, 9, 21, 51, 52, 53}
        if character.isspace() and not seen:
            return self.colours["48"]
        return f"{sorted(self.attributes)} {self.colours}"

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
        assert app.wire.received * 3 < app.plain.received


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
        assert 0 < app.wire.received - sent < 250
        assert app.plain.received - without > 20 * (app.wire.received - sent)


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


def shown(frame: ShownFrame, x: int, *segments: tuple[str, str]) -> str:
    strip = Strip([Segment(text, Style.parse(style)) for text, style in segments])
    return frame.show([(0, x, x + strip.cell_length, strip)], ColorSystem.TRUECOLOR)


@pytest.mark.parametrize(
    ("first", "second", "sent"),
    [
        ((0, ("a" * 10, "")), (0, ("a" * 10, "")), ""),
        ((0, ("a" * 10, "")), (4, ("aa", "")), ""),
        ((0, ("abcdefghij", "")), (0, ("abXdefghij", "")), "\x1b[1;3HX"),
        ((0, ("abcdefghij", "")), (0, ("aXcdeYghij", "")), "\x1b[1;2HXcdeY"),
        ((0, ("abcdefghijkl", "")), (0, ("aXcdefghijkY", "")), "\x1b[1;2HX\x1b[1;12HY"),
        ((0, ("one two", "")), (0, ("one ", "bold"), ("two", "")), "\x1b[1;1H\x1b[1mone \x1b[0m"),
        ((0, ("    ", "red")), (0, ("    ", "blue italic")), ""),
        ((0, ("    ", "")), (0, ("    ", "underline")), "\x1b[1;1H\x1b[4m    \x1b[0m"),
        ((0, ("xyz", "red")), (0, ("xyz", "blue")), "\x1b[1;1H\x1b[34mxyz\x1b[0m"),
        (
            (0, ("....", "")),
            (0, ("ab", "red on black"), ("cd", "bold red on white")),
            "\x1b[1;1H\x1b[31;40mab\x1b[1;47mcd\x1b[0m",
        ),
        (
            (0, ("......", "")),
            (0, ("ab", "bold red"), (" ", "blue"), ("cd", "red")),
            "\x1b[1;1H\x1b[1;31mab \x1b[0;31mcd\x1b[0m",
        ),
        # What is not one cell per character is sent from its beginning.
        ((0, ("世界 ab", "")), (0, ("世界 ac", "")), "\x1b[1;1H世界 ac"),
        ((0, ("世界 ab", "")), (0, ("世界 ab", "")), ""),
        ((0, ("世界", "")), (1, ("x", "")), "\x1b[1;2Hx"),
        ((0, ("e\u0301!", "")), (0, ("e!", "")), "\x1b[1;1He!"),
    ],
)
def test_only_what_looks_different_is_sent(
    first: tuple[int, tuple[str, str]], second: tuple[int, tuple[str, str]], sent: str
) -> None:
    frame = ShownFrame(Size(20, 1))
    assert shown(frame, *first)
    assert shown(frame, *second) == sent
    assert shown(frame, *second) == ""


def test_what_was_drawn_over_a_wide_character_is_not_taken_for_it() -> None:
    frame = ShownFrame(Size(20, 1))
    shown(frame, 0, ("世界 ab", ""))
    shown(frame, 1, ("x", ""))
    assert shown(frame, 0, ("世界 ab", "")) == "\x1b[1;1H世界 ab"


def test_borders_are_sent_colour_by_colour() -> None:
    frame = ShownFrame(Size(4, 3))
    left, right = Strip([Segment("|", Style.parse("red"))]), Strip([Segment("|", Style.parse("blue"))])
    pieces = [(y, x, x + 1, strip) for y in range(3) for x, strip in ((0, left), (3, right))]
    assert frame.show(pieces, ColorSystem.TRUECOLOR) == (
        "\x1b[1;1H\x1b[31m|\x1b[2;1H|\x1b[3;1H|\x1b[1;4H\x1b[34m|\x1b[2;4H|\x1b[3;4H|\x1b[0m"
    )


def test_the_private_parts_of_textual_are_still_there() -> None:
    from textual._compositor import Compositor
    from textual.drivers._writer_thread import WriterThread

    assert callable(App._display) and callable(App._resume_signal) and callable(Compositor.render_full_update)
    assert "_queue" in WriterThread.__init__.__code__.co_names
    assert Strip([])._segments == [] and Style(color="#123456")._ansi is None
    assert Strip.render_ansi(Style.parse("bold red"), ColorSystem.TRUECOLOR) == "1;31"
