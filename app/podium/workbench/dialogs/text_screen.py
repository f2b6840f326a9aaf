"""A text to be read, on a screen of its own."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen

from podium.base.text import clean
from podium.workbench.widgets.flow_editor import FlowEditor


class TextScreen(ModalScreen[None]):
    """Shows `text` in the editor's own way, read-only; Esc or q goes back."""

    DEFAULT_CSS = """
    TextScreen {
        background: $background;
        & FlowEditor { height: 1fr; border: round $accent; padding: 0; }
        & FlowEditor:focus { border: round $accent; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "app.pop_screen", "Back", id="text.close")]

    def __init__(self, title: str, text: str, language: str = "") -> None:
        super().__init__()
        self._editor = FlowEditor(text, language, read_only=True)
        self._editor.border_title = Content(clean(title))
        self._editor.border_subtitle = Content("Esc goes back")

    def compose(self) -> ComposeResult:
        yield self._editor
