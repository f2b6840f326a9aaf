"""Choosing one of many by typing a part of its name: a field above a list that follows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from podium.workbench.widgets.field import Field

Item = TypeVar("Item")
Chosen = TypeVar("Chosen")


class Choosing(ModalScreen[Chosen | None], Generic[Item, Chosen]):
    """Returns what was chosen. A subclass finds the items for what is typed and says how each is shown."""

    DEFAULT_CSS = """
    Choosing {
        background: transparent; align-horizontal: center;
        & > Vertical { height: auto; max-height: 80%; margin-top: 1; background: $panel; border: round $accent; }
        & Input { height: 1; border: none; padding: 0 1; background: $panel; }
        & Input:focus { border: none; }
        & OptionList { border: none; padding: 0; background: $panel; scrollbar-size-vertical: 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+p", "dismiss", "Close", id="palette.close"),
        Binding("down", "move(1)", "Down", show=False, id="palette.down"),
        Binding("up", "move(-1)", "Up", show=False, id="palette.up"),
        Binding("pagedown", "move(10)", "Page down", show=False, id="palette.page_down"),
        Binding("pageup", "move(-10)", "Page up", show=False, id="palette.page_up"),
    ]

    def __init__(self, title: str, hint: str, placeholder: str, nothing: str) -> None:
        """`hint` says what the keys do, `nothing` that no item is called like what was typed."""
        super().__init__()
        self._title, self._hint, self._placeholder, self._nothing = title, hint, placeholder, nothing
        self._found: Sequence[Item] = ()
        self._list = OptionList(markup=False)
        self._list.can_focus = False

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Content(self._title)
            box.border_subtitle = Content(self._hint)
            yield Field(placeholder=self._placeholder)
            yield self._body()

    def on_mount(self) -> None:
        self._show("")

    # ---- what a subclass says ----------------------------------------------------------------------------------

    def _body(self) -> Widget:
        """The list, and what stands around it."""
        return self._list

    def _find(self, typed: str) -> Sequence[Item]:
        """The items for what is typed, best first."""
        return ()

    def _row(self, item: Item) -> Content:
        """How an item is shown."""
        return Content(str(item))

    def _chosen(self, item: Item) -> Chosen | None:
        """What an item stands for; None when it cannot be chosen."""
        return None

    def _highlighted(self, item: Item | None) -> None:
        """Another item is highlighted."""

    # ---- typing and choosing -----------------------------------------------------------------------------------

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._show(event.value)

    def _show(self, typed: str) -> None:
        self._found = self._find(typed)
        self._list.clear_options()
        self._list.add_options([Option(self._row(item)) for item in self._found])
        if self._found:
            self._list.highlighted = 0
            self._list.scroll_home(animate=False, immediate=True)
        else:
            self._list.add_option(Option(Content(self._nothing), disabled=True))
        self._highlighted(self._item())

    def _item(self) -> Item | None:
        at = self._list.highlighted
        return self._found[at] if at is not None and at < len(self._found) else None

    def action_move(self, step: int) -> None:
        """Highlight another item; the ends are joined for single steps."""
        if self._found:
            at = (self._list.highlighted or 0) + step
            self._list.highlighted = at % len(self._found) if abs(step) == 1 else max(0, min(at, len(self._found) - 1))
            self._highlighted(self._item())

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def _take(self, event: Input.Submitted | OptionList.OptionSelected) -> None:
        event.stop()
        item = self._item()
        chosen = None if item is None else self._chosen(item)
        if chosen is not None:
            self.dismiss(chosen)
