"""Find and replace in one row above the status line of the editor."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from podium.workbench.editing.searching import Search, SearchError
from podium.workbench.widgets.field import Field

_PAUSE = 0.1


class FindBar(Horizontal):
    """What to find, and with what to replace it. Hidden until `open`."""

    DEFAULT_CSS = """
    FindBar {
        height: 1; display: none; background: $boost;
        & Static { width: auto; padding: 0 1; color: $text-muted; }
        & Input { width: 1fr; height: 1; border: none; padding: 0; background: $surface; }
        & Input:focus { border: none; }
        & #find-count { min-width: 12; text-align: right; }
        & #find-count.-wrong { color: $text-error; }
        & .replace { display: none; }
        &.-replace .replace { display: block; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,f3,down", "step(1)", "Next", id="find.next"),
        Binding("up,shift+f3", "step(-1)", "Previous", id="find.previous"),
        Binding("alt+r", "regex", "Regex", id="find.regex"),
        Binding("alt+a", "replace_all", "Replace all", id="find.replace_all"),
        Binding("escape", "close", "Close", id="find.close"),
    ]

    class Wanted(Message):
        """Highlight what `search` finds (None: nothing), and with a `step` go to the next or previous place."""

        def __init__(self, search: Search | None, step: int) -> None:
            super().__init__()
            self.search, self.step = search, step

    class ReplaceWanted(Message):
        """Replace the place under the cursor, or every one (`everywhere`)."""

        def __init__(self, search: Search, template: str, everywhere: bool) -> None:
            super().__init__()
            self.search, self.template, self.everywhere = search, template, everywhere

    class Closed(Message):
        """The reader is done: the row is to be hidden and the keys to go back to the text."""

    def __init__(self) -> None:
        super().__init__()
        self._regex = False
        self._typed = 0

    def compose(self) -> ComposeResult:
        yield Static("Find", id="find-label", markup=False)
        yield Field(id="find-text")
        yield Static("Replace", classes="replace", markup=False)
        yield Field(id="find-replacement", classes="replace")
        yield Static(id="find-count", markup=False)

    @property
    def is_open(self) -> bool:
        return bool(self.display)

    def open(self, text: str, replace: bool) -> None:
        """Show the row with a text to begin with ("" keeps the last one)."""
        self.display = True
        self.set_class(replace, "-replace")
        field = self.query_one("#find-text", Input)
        if text:
            with field.prevent(Input.Changed):
                field.value = text
        field.focus()
        field.action_select_all()
        self._want(0)

    def tell(self, text: str, wrong: bool = False) -> None:
        """Say how many there are, or what is wrong."""
        count = self.query_one("#find-count", Static)
        count.update(Content(text))
        count.set_class(wrong, "-wrong")

    @property
    def search(self) -> Search | None:
        """What is looked for now; None for nothing, or for what cannot be read (said in the row)."""
        try:
            return Search.of(self.query_one("#find-text", Input).value, regex=self._regex)
        except SearchError as error:
            self.tell(str(error), wrong=True)
            return None

    def _want(self, step: int) -> None:
        self.tell("")
        self.post_message(self.Wanted(self.search, step))

    @on(Input.Changed)
    def _wait_for_a_pause(self, event: Input.Changed) -> None:
        event.stop()
        if event.input.id == "find-text":
            self._typed += 1
            typed = self._typed
            self.set_timer(_PAUSE, lambda: self._want(0) if typed == self._typed else None)

    @on(Input.Submitted, "#find-text")
    def _next(self, event: Input.Submitted) -> None:
        event.stop()
        self._want(1)

    @on(Input.Submitted, "#find-replacement")
    def _replace(self, event: Input.Submitted) -> None:
        event.stop()
        self._replace_with(everywhere=False)

    def _replace_with(self, *, everywhere: bool) -> None:
        search = self.search
        if search is not None:
            template = self.query_one("#find-replacement", Input).value
            self.post_message(self.ReplaceWanted(search, template, everywhere))

    def action_step(self, step: int) -> None:
        self._want(step)

    def action_regex(self) -> None:
        """Read the text as a regular expression, or no more."""
        self._regex = not self._regex
        self.query_one("#find-label", Static).update(Content("Find /regex/" if self._regex else "Find"))
        self._want(0)

    def action_replace_all(self) -> None:
        if self.has_class("-replace"):
            self._replace_with(everywhere=True)

    def action_close(self) -> None:
        self.post_message(self.Closed())
