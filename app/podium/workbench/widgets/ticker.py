"""The last line of the log, for screens that have no room for a pane of it."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from podium.base.text import clean, without_colours
from podium.store.logs import LogLine

_COLOURS = {"ERROR": "$text-error", "WARN": "$text-warning"}


class Ticker(Widget):
    """One row: which run, and what it said last."""

    DEFAULT_CSS = "Ticker { height: 1; padding: 0 1; color: $text-muted; background: $boost; }"

    class Clicked(Message):
        """The log is wanted."""

    def __init__(self, zone: tzinfo | None) -> None:
        super().__init__()
        self._zone = zone
        self._shown = Content("")

    def show(self, title: str, line: LogLine | None) -> None:
        """Say this, if it is something else than before."""
        shown = Content("No run is selected.") if not title else Content.styled(clean(title), "bold")
        if line is not None:
            when = datetime.fromtimestamp(line.time / 1000, UTC).astimezone(self._zone)
            text = clean(without_colours(line.message.partition("\n")[0]))
            shown += Content(f" {when:%H:%M:%S} ") + Content.styled(text, _COLOURS.get(line.level, "$text"))
        if not shown.is_same(self._shown):
            self._shown = shown
            self.refresh()

    def render(self) -> Content:
        return self._shown.truncate(self.content_size.width, ellipsis=True)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Clicked())
