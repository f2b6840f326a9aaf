"""Rows with a cursor: moving it, keeping it on the screen, drawing only what is there. Trees and tables stand on it."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from podium.workbench.states import TONE_CLASSES, TONE_CSS


def moving(pane: str, *, page_down: str = "pagedown", first: str = "First", last: str = "Last") -> list[Binding]:
    """The keys that move the cursor; their ids begin with the name of the pane."""
    return [
        Binding("up,k", "move(-1)", "Up", show=False, id=f"{pane}.up"),
        Binding("down,j", "move(1)", "Down", show=False, id=f"{pane}.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id=f"{pane}.page_up"),
        Binding(page_down, "page(1)", "Page down", show=False, id=f"{pane}.page_down"),
        Binding("home,g", "go(0)", first, show=False, id=f"{pane}.top"),
        Binding("end,G", "go(-1)", last, show=False, id=f"{pane}.bottom"),
    ]


class CursorRows(ScrollView, can_focus=True):
    """A widget of rows of which one is under the cursor.

    A subclass lays its rows out (`_settle`), paints them, and says what follows when the cursor has moved (`_moved`) or
    the mouse was pressed on a row (`_clicked`).
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = f"""
    CursorRows {{
        overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; height: 1fr;
        {TONE_CSS}
        & > .rows--muted {{ color: $text-muted; }}
        & > .rows--cursor {{ background: $surface-lighten-1; }}
        &:focus > .rows--cursor {{ background: $primary; color: $text; text-style: bold; }}
    }}
    """
    COMPONENT_CLASSES = TONE_CLASSES | {"rows--muted", "rows--cursor"}
    # ScrollView lays out the whole screen when this changes, and rows come and go.
    virtual_size = reactive(Size(0, 0), layout=False, repaint=False)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._cursor = 0

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return self.virtual_size.height

    def _settle(self) -> None:
        """The rows or their room changed: lay them out and draw them."""
        self._lay_out(self.row_count)
        self.refresh()

    def _lay_out(self, count: int) -> None:
        """There are so many rows now."""
        self._cursor = max(min(self._cursor, count - 1), 0)
        size = Size(self.scrollable_content_region.width, count)
        if size != self.virtual_size:
            self.virtual_size = size
            self._scroll_update(size)

    def _moved(self) -> None:
        """The cursor was moved."""
        self.refresh_bindings()

    def _clicked(self, again: bool) -> None:
        """The row under the cursor was clicked; `again` when it is a double click."""

    # ---- moving ------------------------------------------------------------------------------------------------

    def action_move(self, step: int) -> None:
        self._move_to(self._cursor + step)

    def action_page(self, direction: int) -> None:
        self._move_to(self._cursor + direction * max(self._height - 1, 1))

    def action_go(self, row: int) -> None:
        """The first row, or the last for -1."""
        self._move_to(row if row >= 0 else self.row_count - 1)

    @property
    def _height(self) -> int:
        return max(self.scrollable_content_region.height, 1)

    def _move_to(self, row: int) -> None:
        self._cursor = max(min(row, self.row_count - 1), 0)
        top = self.scroll_offset.y
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, immediate=True)
        elif self._cursor >= top + self._height:
            self.scroll_to(y=self._cursor - self._height + 1, animate=False, immediate=True)
        self._moved()
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if at is None or at.y + self.scroll_offset.y >= self.row_count:
            return
        row = at.y + self.scroll_offset.y
        again = row == self._cursor and event.chain > 1
        self._move_to(row)
        self._clicked(again)

    def on_resize(self) -> None:
        self._settle()

    # ---- painting ----------------------------------------------------------------------------------------------

    def _highlighted(self, strip: Strip) -> Strip:
        """The row under the cursor. While another pane has the keys only the ground changes: colours stay."""
        style = self.get_component_rich_style("rows--cursor")
        if not self.has_focus:
            style = Style(bgcolor=style.bgcolor)
        return Strip([Segment(part.text, (part.style or Style()) + style) for part in strip], strip.cell_length)
