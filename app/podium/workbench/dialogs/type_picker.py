"""Choosing a task, trigger or input type, with what is known about the one that is highlighted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from podium.base.text import clean
from podium.model.describe import of_type
from podium.model.schema import TypeDecl
from podium.model.snippets import family_types
from podium.model.suggestions import fit_type, ranked
from podium.workbench.dialogs.choosing import Choosing
from podium.workbench.widgets.suggestion_list import documentation

if TYPE_CHECKING:
    from podium.model.edits import Placed
    from podium.model.schema import Catalog

_MOST_ROWS = 200


class TypePicker(Choosing[str, TypeDecl]):
    """One row for each type that fits what is typed. Returns the chosen declaration."""

    DEFAULT_CSS = """
    TypePicker {
        & > Vertical { width: 110; max-width: 98%; }
        & Horizontal { height: 20; }
        & OptionList { width: 1fr; height: 100%; }
        & VerticalScroll { width: 1fr; height: 100%; padding: 0 1; background: $boost; scrollbar-size-vertical: 1; }
        &.-narrow VerticalScroll { display: none; }
    }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (90, "-wide")]

    def __init__(self, what: Placed, catalog: Catalog) -> None:
        super().__init__(
            f"New {what}", "Enter inserts it, Esc closes", "Type a part of the name", "No type is called like that."
        )
        self._catalog = catalog
        self._own = family_types(what)
        self._names = list(self._own) if self._own else sorted(catalog.names(what), key=_kestra_first)
        self._card = Static(markup=False)

    def _body(self) -> Widget:
        return Horizontal(self._list, VerticalScroll(self._card, can_focus=False))

    def _find(self, typed: str) -> Sequence[str]:
        return ranked(typed.strip(), self._names, fit_type)[:_MOST_ROWS]

    def _row(self, item: str) -> Content:
        package, _, last = clean(item).rpartition(".")
        return Content(" ") + Content(last) + Content.styled(f"  {package}" if package else "", "$text-muted")

    def _chosen(self, item: str) -> TypeDecl | None:
        return self._own.get(item) or self._catalog.find(item)

    def _highlighted(self, item: str | None) -> None:
        decl = None if item is None else self._chosen(item)
        self._card.update(documentation(of_type(decl)) if decl is not None else Content(""))


def _kestra_first(name: str) -> tuple[int, str]:
    return (0 if name.startswith("io.kestra.plugin.core.") else 2 if name.startswith("io.kestra.core.") else 1, name)
