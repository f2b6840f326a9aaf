"""Everything that can be done, found by typing a part of its name."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from podium.base.text import cell_width
from podium.workbench.commands import Command, commands_of, matching
from podium.workbench.widgets.field import Field


class Palette(ModalScreen[Command | None]):
    """One row for each action: what it is called and its keys. Returns the chosen one."""

    DEFAULT_CSS = """
    Palette {
        background: transparent; align-horizontal: center;
        & > Vertical {
            width: 72; max-width: 96%; height: auto; max-height: 80%; margin-top: 1; background: $panel;
            border: round $accent;
        }
        & Input { height: 1; border: none; padding: 0 1; background: $panel; }
        & Input:focus { border: none; }
        & OptionList {
            height: auto; max-height: 20; border: none; padding: 0; background: $panel; scrollbar-size-vertical: 1;
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+p", "dismiss", "Close", id="palette.close"),
        Binding("down", "move(1)", "Down", show=False, id="palette.down"),
        Binding("up", "move(-1)", "Up", show=False, id="palette.up"),
        Binding("pagedown", "move(10)", "Page down", show=False, id="palette.page_down"),
        Binding("pageup", "move(-10)", "Page up", show=False, id="palette.page_up"),
    ]

    def __init__(self, about: Screen) -> None:
        super().__init__()
        self._commands = commands_of(about)
        self._found = list(self._commands)
        self._list = OptionList(markup=False)
        self._list.can_focus = False

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Content("Everything")
            box.border_subtitle = Content("Enter does it, Esc closes")
            yield Field(placeholder="Type a part of what you want to do")
            yield self._list

    def on_mount(self) -> None:
        self._show("")

    def on_resize(self) -> None:
        self.call_after_refresh(self._show, self.query_one(Input).value)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._show(event.value)

    def _show(self, typed: str) -> None:
        self._found = matching(self._commands, typed)
        width = max(self._list.content_size.width or 66, 20) - 3
        self._list.clear_options()
        self._list.add_options([Option(_row(command, width)) for command in self._found])
        if self._found:
            self._list.highlighted = 0
            self._list.scroll_home(animate=False, immediate=True)
        else:
            self._list.add_option(Option(Content("Nothing is called like that."), disabled=True))

    def action_move(self, step: int) -> None:
        if self._found:
            at = (self._list.highlighted or 0) + step
            self._list.highlighted = at % len(self._found) if abs(step) == 1 else max(0, min(at, len(self._found) - 1))

    @on(Input.Submitted)
    def _choose(self, event: Input.Submitted) -> None:
        event.stop()
        at = self._list.highlighted
        if at is not None and at < len(self._found):
            self.dismiss(self._found[at])

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_index < len(self._found):
            self.dismiss(self._found[event.option_index])


def _row(command: Command, width: int) -> Content:
    place = Content.styled(f"{command.place}: ", "$text-muted") if command.place else Content("")
    label = place + Content(command.label)
    gap = max(width - label.cell_length - cell_width(command.keys), 1)
    return Content(" ") + label + Content(" " * gap) + Content.styled(command.keys, "$text-accent")
