"""`Log │ Script │ All`: one row of names, of which one is chosen, with something to say on the right."""

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from podium.base.text import cell_width


class TabBar(Widget):
    """Names to choose from; the owner decides what choosing means and calls `show`."""

    DEFAULT_CSS = "TabBar { height: 1; color: $text-muted; }"

    class Picked(Message):
        """A name was clicked."""

        def __init__(self, bar: "TabBar", key: str) -> None:
            super().__init__()
            self.bar, self.key = bar, key

        @property
        def control(self) -> "TabBar":
            return self.bar

    def __init__(self, tabs: Sequence[tuple[str, str]], *, id: str | None = None) -> None:
        """`tabs` are pairs of key and name."""
        super().__init__(id=id)
        self._tabs = tabs
        self._chosen = tabs[0][0]
        self._status = ""

    def show(self, key: str, status: str = "", tabs: Sequence[tuple[str, str]] | None = None) -> None:
        """Mark a name and say something on the right; `tabs` replaces the names."""
        if (key, status, tabs or self._tabs) != (self._chosen, self._status, self._tabs):
            self._chosen, self._status, self._tabs = key, status, tabs or self._tabs
            self.refresh()

    def render(self) -> Content:
        parts: list[Content] = []
        for key, name in self._tabs:
            style = "bold reverse" if key == self._chosen else ""
            parts += [Content.styled(f" {name} ", style), Content("│")]
        tabs = Content("").join(parts[:-1])
        room = self.size.width - tabs.cell_length - 1
        status = Content(self._status).truncate(room, ellipsis=True) if room > 0 else Content("")
        return tabs + Content(" " * max(room - status.cell_length, 0) + " ") + status

    def on_click(self, event: events.Click) -> None:
        at = 0
        for key, name in self._tabs:
            at += cell_width(name) + 3
            if event.x < at:
                self.post_message(self.Picked(self, key))
                return
