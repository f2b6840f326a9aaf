"""Files and folders as rows: drawn one by one, so that ten thousand cost no more than the ones on the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from podium.base.looks import look
from podium.base.text import cell_width, clean, shorten
from podium.workbench.files.entries import Entry, FlowKey
from podium.workbench.files.git_status import NO_GIT, GitStatus
from podium.workbench.files.tree_model import TreeModel, TreeRow
from podium.workbench.states import TONE_CLASSES, TONE_CSS


class FileTree(ScrollView, can_focus=True):
    """Rows of a `TreeModel`, or of the files that a filter found, with a cursor.

    `states` and `git` are what stands at the right of a row.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES = TONE_CLASSES | {"tree--muted", "tree--cursor", "tree--flow", "tree--git", "tree--folder"}
    DEFAULT_CSS = f"""
    FileTree {{
        overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; height: 1fr;
        {TONE_CSS}
        & > .tree--muted {{ color: $text-muted; }}
        & > .tree--folder {{ text-style: bold; }}
        & > .tree--flow {{ color: $text-accent; }}
        & > .tree--git {{ color: $text-warning; }}
        & > .tree--cursor {{ background: $surface-lighten-1; }}
        &:focus > .tree--cursor {{ background: $primary; color: $text; text-style: bold; }}
    }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Open", id="tree.open"),
        Binding("right,l", "expand", "Open folder", show=False, id="tree.expand"),
        Binding("left,h", "collapse", "Close folder", show=False, id="tree.collapse"),
        Binding("up,k", "move(-1)", "Up", show=False, id="tree.up"),
        Binding("down,j", "move(1)", "Down", show=False, id="tree.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="tree.page_up"),
        Binding("pagedown,space", "page(1)", "Page down", show=False, id="tree.page_down"),
        Binding("home,g", "go(0)", "First", show=False, id="tree.top"),
        Binding("end,G", "go(-1)", "Last", show=False, id="tree.bottom"),
    ]
    virtual_size = reactive(Size(0, 0), layout=False, repaint=False)

    class Chosen(Message):
        """Enter or a double click on a file."""

        def __init__(self, entry: Entry) -> None:
            super().__init__()
            self.entry = entry

    class Toggled(Message):
        """A folder is to be opened or closed."""

        def __init__(self, entry: Entry, opened: bool) -> None:
            super().__init__()
            self.entry, self.opened = entry, opened

    class Highlighted(Message):
        """The cursor is on another entry; None when there is none."""

        def __init__(self, entry: Entry | None) -> None:
            super().__init__()
            self.entry = entry

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, FileTree.Highlighted)

    def __init__(self, model: TreeModel, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._model = model
        self._matches: Sequence[TreeRow] | None = None
        self._cursor = 0
        self._told: str | None = None
        self.states: Mapping[FlowKey, str] = {}
        self.git: GitStatus = NO_GIT
        self.current_path = ""
        """The file that the editor shows, marked in the tree."""

    # ---- what is shown -----------------------------------------------------------------------------------------

    @property
    def rows(self) -> Sequence[TreeRow]:
        """The rows on show: the tree's, or those that a filter found."""
        return self._model.rows if self._matches is None else self._matches

    @property
    def selected(self) -> Entry | None:
        """The entry under the cursor."""
        rows = self.rows
        if not 0 <= self._cursor < len(rows) or rows[self._cursor].note:
            return None
        return rows[self._cursor].entry

    def show_matches(self, paths: Sequence[Entry] | None, note: str = "") -> None:
        """Show these files as a flat list (None: the tree again); `note` is a last row that says something."""
        keep = self.selected
        rows = None if paths is None else [TreeRow(entry, 0) for entry in paths]
        if rows is not None and note:
            rows.append(TreeRow(Entry(""), 0, note=note))
        self._matches = rows
        self._cursor = 0
        self.settle()
        if paths is None and keep is not None:
            self.select(keep.path)

    @property
    def is_filtered(self) -> bool:
        return self._matches is not None

    def settle(self, keep: str | None = None) -> None:
        """The rows changed: the cursor stays on `keep`, by default on the entry that it was on."""
        keep = keep if keep is not None else self._told
        if keep:
            place = next((at for at, row in enumerate(self.rows) if row.entry.path == keep and not row.note), None)
            self._cursor = place if place is not None else self._cursor
        self._cursor = max(min(self._cursor, len(self.rows) - 1), 0)
        size = Size(self.scrollable_content_region.width, len(self.rows))
        if size != self.virtual_size:
            self.virtual_size = size
            self._scroll_update(size)
        self._tell()
        self.refresh()

    def select(self, path: str) -> bool:
        """Put the cursor on a path; False when it is not among the rows."""
        place = next((at for at, row in enumerate(self.rows) if row.entry.path == path and not row.note), None)
        if place is not None:
            self._move_to(place)
        return place is not None

    def _tell(self) -> None:
        entry = self.selected
        path = entry.path if entry else None
        if path != self._told:
            self._told = path
            self.post_message(self.Highlighted(entry))

    # ---- moving ------------------------------------------------------------------------------------------------

    def action_move(self, step: int) -> None:
        self._move_to(self._cursor + step)

    def action_page(self, direction: int) -> None:
        self._move_to(self._cursor + direction * max(self.size.height - 1, 1))

    def action_go(self, row: int) -> None:
        """The first row, or the last for -1."""
        self._move_to(row if row >= 0 else len(self.rows) - 1)

    def action_choose(self) -> None:
        entry = self.selected
        if entry is None:
            return
        if entry.is_folder:
            self.post_message(self.Toggled(entry, not self._model.is_open(entry.path)))
        else:
            self.post_message(self.Chosen(entry))

    def action_expand(self) -> None:
        """Open the folder under the cursor; in an open one, go to what it holds."""
        entry = self.selected
        if entry is None or self.is_filtered:
            return
        if not entry.is_folder:
            self.post_message(self.Chosen(entry))
        elif self._model.is_open(entry.path):
            self._move_to(self._cursor + 1)
        else:
            self.post_message(self.Toggled(entry, True))

    def action_collapse(self) -> None:
        """Close the folder under the cursor; from anything else, go to its folder."""
        entry = self.selected
        rows = self.rows
        if self.is_filtered or not rows:
            return
        if entry is not None and entry.is_folder and self._model.is_open(entry.path):
            self.post_message(self.Toggled(entry, False))
            return
        row = rows[min(self._cursor, len(rows) - 1)]
        folder = row.entry.path if row.note else row.entry.folder
        if folder:
            self.select(folder)

    def _move_to(self, row: int) -> None:
        self._cursor = max(min(row, len(self.rows) - 1), 0)
        top, height = self.scroll_offset.y, max(self.size.height, 1)
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, immediate=True)
        elif self._cursor >= top + height:
            self.scroll_to(y=self._cursor - height + 1, animate=False, immediate=True)
        self._tell()
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        row = event.y + self.scroll_offset.y
        if row >= len(self.rows):
            return
        again = row == self._cursor and event.chain > 1
        self._move_to(row)
        entry = self.selected
        if entry is not None and (again or entry.is_folder):
            self.action_choose()

    def on_resize(self) -> None:
        self.settle()

    # ---- painting ----------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        at = y + self.scroll_offset.y
        rows = self.rows
        if at >= len(rows):
            return Strip.blank(width, self.rich_style)
        strip = self._note(rows[at], width) if rows[at].note else self._row(rows[at], width)
        return self._highlighted(strip) if at == self._cursor else strip

    def _note(self, row: TreeRow, width: int) -> Strip:
        text = f"{'  ' * row.depth}  {clean(row.note)}"
        muted = self.get_component_rich_style("tree--muted")
        return Strip([Segment(shorten(text, width), muted)]).extend_cell_length(width, self.rich_style)

    def _row(self, row: TreeRow, width: int) -> Strip:
        entry = row.entry
        state, git = self._state_of(entry), self.git.marks.get(entry.path, "")
        muted = self.get_component_rich_style("tree--muted")
        right: list[Segment] = []
        if state:
            right.append(Segment(look(state).symbol, self.get_component_rich_style(f"state--{look(state).tone}")))
        if entry.is_folder and not row.is_open and entry.path in self.git.folders and not git:
            right.append(Segment("·", self.get_component_rich_style("tree--git")))
        if git:
            right += [Segment(" " if right else ""), Segment(git, self.get_component_rich_style("tree--git"))]
        used = sum(cell_width(part.text) for part in right) + 2
        left = self._left(row, muted)
        room = max(width - used - sum(cell_width(part.text) for part in left), 1)
        name = self._shown(entry, room, muted)
        gap = max(width - used + 1 - sum(cell_width(part.text) for part in (*left, *name)), 0)
        parts = [*left, *name, Segment(" " * gap), *right]
        return Strip(parts).crop_extend(0, width, None).apply_style(self.rich_style)

    def _left(self, row: TreeRow, muted: Style) -> list[Segment]:
        indent = Segment(" " * (2 * row.depth))
        if row.entry.is_folder:
            return [indent, Segment("▾ " if row.is_open else "▸ ", muted)]
        if row.entry.flows:
            return [indent, Segment("◆ ", self.get_component_rich_style("tree--flow"))]
        return [indent, Segment("  ")]

    def _shown(self, entry: Entry, room: int, muted: Style) -> list[Segment]:
        name = shown_name(entry)
        style = Style(bold=True) if entry.path == self.current_path else Style()
        if entry.is_folder:
            style = self.get_component_rich_style("tree--folder", partial=True)
        link = " →" if entry.is_link else ""
        folder = f"  {clean(entry.folder)}" if self.is_filtered and entry.folder else ""
        short = shorten(f"{name}{link}", room)
        parts = [Segment(short, style)]
        if folder and (left := room - cell_width(short)) > 3:
            parts.append(Segment(shorten(folder, left), muted))
        return parts

    def _state_of(self, entry: Entry) -> str:
        """The state of the flow of a file; of several the one that asks for attention most."""
        found = [self.states[key] for key in entry.flows if key in self.states]
        order = ("running", "bad", "warning", "waiting", "ended", "good")
        return min(found, key=lambda state: order.index(look(state).tone), default="")

    def _highlighted(self, strip: Strip) -> Strip:
        """While another pane has the keys only the ground changes, so that the colours stay."""
        style = self.get_component_rich_style("tree--cursor")
        if not self.has_focus:
            style = Style(bgcolor=style.bgcolor)
        return Strip([Segment(part.text, (part.style or Style()) + style) for part in strip], strip.cell_length)


def shown_name(entry: Entry) -> str:
    """The name of a row: a flow's id where the file is called after it, else the file's name."""
    name = PurePosixPath(entry.path)
    if len(entry.flows) == 1 and entry.flows[0][1] == name.stem:
        return clean(entry.flows[0][1])
    return clean(name.name)
