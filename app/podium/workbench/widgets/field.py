"""A line of text that leaves keys with alt to whoever has bound them."""

from __future__ import annotations

from textual import events
from textual.widgets import Input


class Field(Input):
    """Terminals send alt+r as Escape and `r`, and Textual's Input would write the letter."""

    async def _on_key(self, event: events.Key) -> None:
        if event.key.startswith("alt+"):
            event.prevent_default()
            return
        await super()._on_key(event)
