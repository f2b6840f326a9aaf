"""The line under the text: is it valid, what is wrong here, and where the cursor stands."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from podium.base.text import clean
from podium.workbench.marks import Mark

_COLOURS = {"error": "$text-error", "warning": "$text-warning", "info": "$text-secondary"}


class _Part(Widget):
    """A text that is drawn again only when it is another one."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._text = Content("")

    def say(self, text: Content) -> None:
        if not text.is_same(self._text):
            self._text = text
            self.refresh()

    def render(self) -> Content:
        return self._text.truncate(self.content_size.width, ellipsis=True)


class EditorStatus(Horizontal):
    """Two parts, so that a key that only moves the cursor costs the few cells that say where it is."""

    DEFAULT_CSS = """
    EditorStatus {
        height: 1; padding: 0 1; color: $text-muted; background: $boost;
        & #status-verdict { width: 1fr; height: 1; }
        & #status-file { width: auto; height: 1; margin-left: 1; }
        & #status-place { width: 18; height: 1; padding-left: 2; }
    }
    """

    class ProblemsWanted(Message):
        """The row was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self._verdict, self._file, self._place = _Part("status-verdict"), _Part("status-file"), _Part("status-place")

    def compose(self) -> ComposeResult:
        yield self._verdict
        yield self._file
        yield self._place

    def show(self, badge: str, worst: str | None, mark: Mark | None) -> None:
        """`badge` is the verdict on the whole text, `mark` what concerns the cursor's line."""
        text = Content.styled(badge, "$text-success" if badge.startswith("✓") else _COLOURS[worst] if worst else "")
        if mark is not None:
            text += Content(" · ") + Content.styled(clean(mark.message), _COLOURS[mark.severity])
        self._verdict.say(text)

    def show_place(self, file: str, line: int, column: int) -> None:
        """What kind of file it is, and where the cursor is in it, counted from 1."""
        if self._file.styles.width is None or str(self._file.styles.width) != str(len(file)):
            self._file.styles.width = len(file)
        self._file.say(Content(file))
        self._place.say(Content(f"ln {line} col {column}"))

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.ProblemsWanted())
