"""Files and folders as rows: drawn one by one, so that ten thousand cost no more than the ones on the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from podium.base.looks import look
from podium.base.text import cell_width, clean, shorten
from podium.workbench.files.entries import Entry, FlowKey
from podium.workbench.files.git_status import NO_GIT, GitStatus
from podium.workbench.files.tree_model import TreeModel, TreeRow
from podium.workbench.widgets.cursor_rows import CursorRows, moving


class FileTree(CursorRows):
    """Rows of a `TreeModel`, or of the files that a filter found, with a cursor.

    `states` and `git` are what stands at the right of a row.
    """

    COMPONENT_CLASSES = {"tree--flow", "tree--git", "tree--folder"}
    DEFAULT_CSS = """
    FileTree {
        & > .tree--folder { text-style: bold; }
        & > .tree--flow { color: $text-accent; }
        & > .tree--git { color: $text-warning; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Open", id="tree.open"),
        Binding("right,l", "expand", "Open folder", show=False, id="tree.expand"),
        Binding("left,h", "collapse", "Close folder", show=False, id="tree.collapse"),
        *moving("tree", page_down="pagedown,space"),
    ]

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
        self._told: str | None = None
        self.states: Mapping[FlowKey, str] = {}
        self.git: GitStatus = NO_GIT
        self.current_path = ""
        """The file that the editor shows, marked in the tree."""

    # ---- what is shown -----------------------------------------------------------------------------------------

    @property
    def row_count(self) -> int:
        """All rows, those of open folders too."""
        return len(self.rows)

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
        self._lay_out(len(self.rows))
        self._moved()
        self.refresh()

    def select(self, path: str) -> bool:
        """Put the cursor on a path; False when it is not among the rows."""
        place = next((at for at, row in enumerate(self.rows) if row.entry.path == path and not row.note), None)
        if place is not None:
            self._move_to(place)
        return place is not None

    def _settle(self) -> None:
        self.settle()

    def _moved(self) -> None:
        entry = self.selected
        path = entry.path if entry else None
        if path != self._told:
            self._told = path
            self.post_message(self.Highlighted(entry))

    # ---- keys --------------------------------------------------------------------------------------------------

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

    def _clicked(self, again: bool) -> None:
        entry = self.selected
        if entry is not None and (again or entry.is_folder):
            self.action_choose()

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
        muted = self.get_component_rich_style("rows--muted")
        return Strip([Segment(shorten(text, width), muted)]).extend_cell_length(width, self.rich_style)

    def _row(self, row: TreeRow, width: int) -> Strip:
        entry = row.entry
        state, git = self._state_of(entry), self.git.marks.get(entry.path, "")
        muted = self.get_component_rich_style("rows--muted")
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


def shown_name(entry: Entry) -> str:
    """The name of a row: a flow's id where the file is called after it, else the file's name."""
    name = PurePosixPath(entry.path)
    if len(entry.flows) == 1 and entry.flows[0][1] == name.stem:
        return clean(entry.flows[0][1])
    return clean(name.name)
