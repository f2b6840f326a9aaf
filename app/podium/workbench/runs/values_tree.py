"""The values of an execution as a tree that is filled where it is opened; each can be copied in three ways."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from podium.base.text import clean
from podium.workbench.runs.values import Value, path_of

_SLICE = 200
"""Values of one branch that are shown at a time."""


_FEW = 8
"""So many tasks (inputs, ...) are shown with what is inside them."""


@dataclass(frozen=True, slots=True)
class _More:
    """The row that shows the rest of a branch."""

    parent: Value
    first: int


_Data = Value | _More


class ValuesTree(Tree[_Data]):
    """Values by name. Copying leaves as a message."""

    DEFAULT_CSS = """
    ValuesTree {
        height: 1fr; padding: 0; background: transparent; scrollbar-size-vertical: 1; overflow-x: hidden;
        border: round $surface-lighten-2; border-title-color: $text-muted; border-subtitle-color: $text-muted;
        &:focus { border: round $accent; border-title-color: $text; background-tint: transparent; }
        & > .values--text { color: $text-success; }
        & > .values--number { color: $text-warning; }
        & > .values--muted { color: $text-muted; }
        & > .tree--guides { color: $surface-lighten-3; }
        & > .tree--guides-selected, & > .tree--guides-hover { color: $surface-lighten-3; text-style: none; }
    }
    """
    COMPONENT_CLASSES = {"values--text", "values--number", "values--muted"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy('text')", "Copy value", id="values.copy"),
        Binding("e", "copy('expression')", "Copy expression", id="values.expression"),
        Binding("J", "copy('as_json')", "Copy JSON", id="values.json"),
        Binding("space", "toggle_node", "Open/close", show=False, id="values.toggle"),
        Binding("enter", "select_cursor", "Whole value", id="values.open"),
    ]

    class CopyRequested(Message):
        """`text`, described as `what`, is to be copied."""

        def __init__(self, text: str, what: str) -> None:
            super().__init__()
            self.text, self.what = text, what

    class ReadRequested(Message):
        """The reader wants to see the whole of a value, or the file that it names."""

        def __init__(self, value: Value) -> None:
            super().__init__()
            self.value = value

    def __init__(self, title: str, empty: str, *, expressions: bool = True, id: str | None = None) -> None:
        """`expressions` False: there is no expression that would give these values."""
        super().__init__(Text(""), id=id)
        self._expressions = expressions
        self.show_root = False
        self.show_guides = True
        self.guide_depth = 2
        self._empty = empty
        self._shown: Sequence[Value] | None = None
        self.border_title = Content(title)

    def show(self, values: Sequence[Value]) -> None:
        """Other values; what was open stays open, and the cursor where it was."""
        if self._shown is not None and list(values) == list(self._shown):
            return
        opened = self._opened(self.root)
        cursor = self.cursor_node.data.path if self.cursor_node and isinstance(self.cursor_node.data, Value) else None
        self._shown = list(values)
        self.clear()
        if not values:
            self.root.add_leaf(Text(self._empty))
        for value in values:
            # The names of an execution, and below them its tasks, are what one looks for first.
            opened |= {value.path}
            if value.is_branch and len(value.value) <= _FEW:
                opened |= {child.path for child in value.children()}
            self._add(self.root, value, opened)
        if values:
            self.reveal(cursor or values[0].path)

    def reveal(self, path: Sequence[str | int]) -> None:
        """Put the cursor on a value, or on the closest one above it, opening what it is in."""
        node = self.root
        for child in node.children:
            if isinstance(child.data, Value) and tuple(path[: len(child.data.path)]) == child.data.path:
                node = child
                break
        else:
            return
        at = len(node.data.path) if isinstance(node.data, Value) else 0
        while at < len(path):
            node.expand()
            self._fill(node)
            found = next(
                (c for c in node.children if isinstance(c.data, Value) and c.data.path == tuple(path[: at + 1])), None
            )
            if found is None:
                break
            node, at = found, at + 1
        if self.last_line >= 0:  # asking for the last line lays the rows out: only then does a node know its own
            self.move_cursor(node)

    def _opened(self, node: TreeNode[_Data]) -> set[tuple[str | int, ...]]:
        found: set[tuple[str | int, ...]] = set()
        for child in node.children:
            if child.is_expanded and isinstance(child.data, Value):
                found |= {child.data.path} | self._opened(child)
        return found

    def _add(self, parent: TreeNode[_Data], value: Value, opened: set[tuple[str | int, ...]]) -> None:
        label = Text(clean(value.name))
        if not value.is_branch:
            parent.add_leaf(label, value)
            return
        node = parent.add(label, value)
        if value.path in opened:
            node.expand()
            self._fill(node, opened)

    def _fill(self, node: TreeNode[_Data], opened: set[tuple[str | int, ...]] | None = None) -> None:
        if isinstance(node.data, Value) and not node.children:
            self._add_slice(node, node.data, 0, opened or set())

    def _add_slice(
        self, node: TreeNode[_Data], value: Value, first: int, opened: set[tuple[str | int, ...]]
    ) -> None:  # fmt: skip
        for child in value.children(first, _SLICE):
            self._add(node, child, opened)
        rest = len(value.value) - first - _SLICE
        if rest > 0:
            node.add_leaf(Text(f"… {rest:,} more, Enter shows {min(rest, _SLICE):,}"), _More(value, first + _SLICE))

    def render_label(self, node: TreeNode[_Data], base_style: Style, style: Style) -> Text:
        """The name and what is behind it; styles are read when painting, so that they follow the theme."""
        value = node.data
        if not isinstance(value, Value):
            return Text(str(node.label), self._style("muted") + style)
        mark = "" if not value.is_branch else "▾ " if node.is_expanded else "▸ "
        root = node.parent is self.root
        # A name alone is no path yet: `script tasks` needs no brackets.
        label = path_of(value.path) if root and len(value.path) > 1 else value.name
        name = Text(mark + clean(label), base_style + style)
        if root and value.is_branch:
            return name
        kind = "muted" if value.is_branch or value.value is None else "text"
        if isinstance(value.value, (int, float)) and not isinstance(value.value, bool):
            kind = "number"
        own = self._style(kind)
        # Under the cursor there is one colour for all: others could be unreadable on it.
        return name + Text("  " + value.shown(), style if style.bgcolor is not None and self.has_focus else own)

    def _style(self, kind: str) -> Style:
        # The width of the labels is asked for before the stylesheet has been applied.
        try:
            return self.get_component_rich_style(f"values--{kind}", partial=True)
        except KeyError:
            return Style()

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[_Data]) -> None:
        event.stop()
        self._fill(event.node)

    def on_tree_node_selected(self, event: Tree.NodeSelected[_Data]) -> None:
        node, more = event.node, event.node.data
        if isinstance(more, _More) and node.parent is not None:
            event.stop()
            parent = node.parent
            node.remove()
            self._add_slice(parent, more.parent, more.first, set())
        elif isinstance(more, Value) and not more.is_branch:
            self.post_message(self.ReadRequested(more))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what makes sense for these values is offered."""
        return self._expressions or (action, parameters) != ("copy", ("expression",))

    def action_copy(self, way: str) -> None:
        """Copy the value under the cursor: as `text`, as `expression` or `as_json`."""
        node = self.cursor_node
        if node is None or not isinstance(node.data, Value):
            return
        value = node.data
        names = {"text": "the value of ", "expression": "the expression of ", "as_json": "the JSON of "}
        self.post_message(self.CopyRequested(getattr(value, way), names[way] + clean(value.name)))
