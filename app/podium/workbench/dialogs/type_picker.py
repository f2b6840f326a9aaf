"""Choosing a task, trigger or input type, with what is known about the one that is highlighted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from podium.base.text import clean
from podium.model.describe import of_type
from podium.model.schema import TypeDecl
from podium.model.snippets import family_types
from podium.model.suggestions import fit_type, ranked
from podium.workbench.widgets.suggestion_list import documentation

if TYPE_CHECKING:
    from podium.model.edits import Placed
    from podium.model.schema import Catalog

_MOST_ROWS = 200


class TypePicker(ModalScreen[TypeDecl | None]):
    """One row for each type that fits what is typed. Returns the chosen declaration."""

    DEFAULT_CSS = """
    TypePicker {
        background: transparent; align-horizontal: center;
        & > Vertical {
            width: 110; max-width: 98%; height: auto; max-height: 80%; margin-top: 1; background: $panel;
            border: round $accent;
        }
        & Input { height: 1; border: none; padding: 0 1; background: $panel; }
        & Input:focus { border: none; }
        & Horizontal { height: 20; }
        & OptionList {
            width: 1fr; height: 100%; border: none; padding: 0; background: $panel; scrollbar-size-vertical: 1;
        }
        & VerticalScroll { width: 1fr; height: 100%; padding: 0 1; background: $boost; scrollbar-size-vertical: 1; }
        &.-narrow VerticalScroll { display: none; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close", id="palette.close"),
        Binding("down", "move(1)", "Down", show=False, id="palette.down"),
        Binding("up", "move(-1)", "Up", show=False, id="palette.up"),
        Binding("pagedown", "move(10)", "Page down", show=False, id="palette.page_down"),
        Binding("pageup", "move(-10)", "Page up", show=False, id="palette.page_up"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (90, "-wide")]

    def __init__(self, what: Placed, catalog: Catalog) -> None:
        super().__init__()
        own = family_types(what)
        self._what = what
        self._catalog = catalog
        self._own = own
        self._names = list(own) if own else sorted(catalog.names(what), key=_kestra_first)
        self._found: Sequence[str] = self._names
        self._list = OptionList(markup=False)
        self._list.can_focus = False
        self._card = Static(markup=False)

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Content(f"New {self._what}")
            box.border_subtitle = Content("Enter inserts it, Esc closes")
            yield Input(placeholder="Type a part of the name")
            with Horizontal():
                yield self._list
                with VerticalScroll(can_focus=False):
                    yield self._card

    def on_mount(self) -> None:
        self._show("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._show(event.value.strip())

    def _show(self, typed: str) -> None:
        self._found = ranked(typed, self._names, fit_type)[:_MOST_ROWS]
        self._list.clear_options()
        self._list.add_options([Option(_row(name)) for name in self._found])
        if self._found:
            self._list.highlighted = 0
            self._list.scroll_home(animate=False, immediate=True)
        else:
            self._list.add_option(Option(Content("No type is called like that."), disabled=True))
        self._explain()

    def _explain(self) -> None:
        decl = self._chosen()
        self._card.update(documentation(of_type(decl)) if decl is not None else Content(""))

    def _chosen(self) -> TypeDecl | None:
        at = self._list.highlighted
        if at is None or at >= len(self._found):
            return None
        name = self._found[at]
        return self._own.get(name) or self._catalog.find(name)

    def action_move(self, step: int) -> None:
        """Highlight another type."""
        if self._found:
            at = (self._list.highlighted or 0) + step
            self._list.highlighted = at % len(self._found) if abs(step) == 1 else max(0, min(at, len(self._found) - 1))
            self._explain()

    @on(Input.Submitted)
    def _choose(self, event: Input.Submitted) -> None:
        event.stop()
        if (decl := self._chosen()) is not None:
            self.dismiss(decl)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if (decl := self._chosen()) is not None:
            self.dismiss(decl)


def _kestra_first(name: str) -> tuple[int, str]:
    return (0 if name.startswith("io.kestra.plugin.core.") else 2 if name.startswith("io.kestra.core.") else 1, name)


def _row(name: str) -> Content:
    package, _, last = clean(name).rpartition(".")
    return Content(" ") + Content(last) + Content.styled(f"  {package}" if package else "", "$text-muted")
