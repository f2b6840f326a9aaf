"""The line under the text: is it valid, what is wrong here, and where the cursor stands."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from podium.base.text import clean
from podium.workbench.marks import Mark

_COLOURS = {"error": "$text-error", "warning": "$text-warning", "info": "$text-secondary"}


class EditorStatus(Widget):
    """One row; drawn again only when it says something else."""

    DEFAULT_CSS = "EditorStatus { height: 1; padding: 0 1; color: $text-muted; background: $boost; }"

    class ProblemsWanted(Message):
        """The row was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self._left = Content("")
        self._right = Content("")

    def show(self, badge: str, worst: str | None, mark: Mark | None, right: str) -> None:
        """`badge` is the verdict on the whole text, `mark` what concerns the cursor's line."""
        left = Content.styled(badge, _COLOURS[worst] if worst else "$text-success" if badge.startswith("✓") else "")
        if mark is not None:
            left += Content(" · ") + Content.styled(clean(mark.message), _COLOURS[mark.severity])
        if not (left.is_same(self._left) and right == self._right.plain):
            self._left, self._right = left, Content(right)
            self.refresh()

    def render(self) -> Content:
        room = self.content_size.width - self._right.cell_length - 1
        left = self._left.truncate(room, ellipsis=True) if room > 0 else Content("")
        return left + Content(" " * max(room - left.cell_length + 1, 1)) + self._right

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.ProblemsWanted())
