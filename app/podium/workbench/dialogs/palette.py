"""Everything that can be done, found by typing a part of its name."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input

from podium.base.text import cell_width
from podium.workbench.commands import Command, commands_of, matching
from podium.workbench.dialogs.choosing import Choosing


class Palette(Choosing[Command, Command]):
    """One row for each action: what it is called and its keys. Returns the chosen one."""

    DEFAULT_CSS = """
    Palette {
        & > Vertical { width: 72; max-width: 96%; }
        & OptionList { height: auto; max-height: 20; }
    }
    """

    def __init__(self, about: Screen) -> None:
        super().__init__(
            "Everything", "Enter does it, Esc closes", "Type a part of what you want to do",
            "Nothing is called like that.",
        )  # fmt: skip
        self._commands = commands_of(about)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show, self.query_one(Input).value)

    def _find(self, typed: str) -> Sequence[Command]:
        return matching(self._commands, typed)

    def _row(self, item: Command) -> Content:
        width = max(self._list.content_size.width or 66, 20) - 3
        place = Content.styled(f"{item.place}: ", "$text-muted") if item.place else Content("")
        label = place + Content(item.label)
        gap = max(width - label.cell_length - cell_width(item.keys), 1)
        return Content(" ") + label + Content(" " * gap) + Content.styled(item.keys, "$text-accent")

    def _chosen(self, item: Command) -> Command | None:
        return item
