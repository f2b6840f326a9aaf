"""Everything that is wrong with the text, one row each; Enter goes there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from podium.base.text import clean
from podium.workbench.marks import Mark
from podium.workbench.widgets.editor_rows import GUTTER_SIGNS

_COLOURS = {"error": "$text-error", "warning": "$text-warning", "info": "$text-secondary"}
MOST_SHOWN = 500


class ProblemList(OptionList):
    """Hidden until `open`; follows the marks while it is open."""

    DEFAULT_CSS = """
    ProblemList {
        display: none; height: auto; max-height: 8; border: none; padding: 0 1; background: $boost;
        scrollbar-size-vertical: 1;
        &:focus { border: none; background: $boost; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Close", id="problems.close")]

    class Chosen(Message):
        """Go to this finding."""

        def __init__(self, mark: Mark) -> None:
            super().__init__()
            self.mark = mark

    class Closed(Message):
        """The list is to be hidden and the keys to go back to the text."""

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._marks: Sequence[Mark] = ()

    def show(self, marks: Sequence[Mark]) -> None:
        """List these findings; the cursor stays on its row."""
        if self.option_count and list(marks) == list(self._marks):
            return
        at = self.highlighted
        self._marks = list(marks)
        self.clear_options()
        self.add_options([_option(mark) for mark in self._marks[:MOST_SHOWN]])
        if len(self._marks) > MOST_SHOWN:
            self.add_option(Option(Content(f"{MOST_SHOWN} of {len(self._marks):,} are listed."), disabled=True))
        if not self._marks:
            self.add_option(Option(Content("Nothing is wrong with this text."), disabled=True))
        elif at is not None:
            self.highlighted = min(at, len(self._marks) - 1)

    def open(self) -> None:
        """Show the list and give it the keys."""
        self.display = True
        if self.highlighted is None and self._marks:
            self.highlighted = 0
        self.focus()

    def action_close(self) -> None:
        self.post_message(self.Closed())

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_index < len(self._marks):
            self.post_message(self.Chosen(self._marks[event.option_index]))


def _option(mark: Mark) -> Option:
    sign = Content.styled(f"{GUTTER_SIGNS[mark.severity]} ", _COLOURS[mark.severity])
    place = Content.styled(f"{mark.line + 1}:{mark.column + 1} ", "$text-muted")
    code = Content.styled(f" [{mark.code}]", "$text-muted") if mark.code else Content("")
    return Option(sign + place + Content(clean(mark.message)) + code)
