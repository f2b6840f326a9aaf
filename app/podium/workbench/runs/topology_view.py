"""The flow of a run as a tree, with the states of its task runs; only what is on the screen is drawn."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.strip import Strip

from podium.base.looks import look, short_duration
from podium.base.text import cell_width, clean, shorten
from podium.engine.execution import Execution, TaskRun
from podium.model.flow import Flow, Task
from podium.workbench.runs.topology import Key, Node, Row, Topology
from podium.workbench.widgets.cursor_rows import CursorRows, moving

_STATE = 12
_DURATION = 8
_DEEPEST = 24  # cells of lines before a name; what is deeper is not moved farther to the right


class TopologyView(CursorRows):
    """The rows of a `Topology` with a cursor."""

    DEFAULT_CSS = """
    TopologyView {
        border: round $surface-lighten-2; border-title-color: $text-muted; border-subtitle-color: $text-muted;
        &:focus { border: round $accent; border-title-color: $text; }
        & > .topology--line { color: $text-disabled; }
        & > .topology--head { color: $text-accent; }
    }
    """
    COMPONENT_CLASSES = {"topology--line", "topology--head"}
    BINDINGS: ClassVar[list[BindingType]] = [
        *moving("topology"),
        Binding("space,right,left", "fold", "Fold", id="topology.fold"),
        Binding("enter", "choose", "Its log", id="topology.choose"),
        Binding("d", "define", "In the flow", id="topology.define"),
        Binding("o", "open", "Its execution", id="topology.open"),
    ]
    HELP = """The flow as a tree: tasks on a single line run one after the other, those on a double line side by side.
    Branches, `errors`, `finally` and `afterExecution` have rows of their own. Enter shows the log of a task, d its
    place in the flow, o the execution that a Subflow started."""

    class LogWanted(Message):
        """The log of this task run alone."""

        def __init__(self, run: TaskRun) -> None:
            super().__init__()
            self.run = run

    class SourceWanted(Message):
        """The place of this task in the text of the flow."""

        def __init__(self, task: Task) -> None:
            super().__init__()
            self.task = task

    class ExecutionWanted(Message):
        """The screen of another execution."""

        def __init__(self, execution_id: str) -> None:
            super().__init__()
            self.execution_id = execution_id

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._now = now
        self._topology: Topology | None = None
        self._folded: dict[Key, bool] = {}
        self._rows: Sequence[Row] = ()
        self._names = 0

    def on_mount(self) -> None:
        self.border_title = Content("Topology")
        self.border_subtitle = Content("│ one after the other  ║ side by side")

    # ---- what is shown -----------------------------------------------------------------------------------------

    def show(self, flow: Flow | None, execution: Execution) -> None:
        """The flow and its execution as they are now; the cursor stays where it was."""
        self._topology = Topology(flow, execution)
        self._settle()

    @property
    def selected(self) -> Row | None:
        """The row under the cursor."""
        return self._rows[self._cursor] if 0 <= self._cursor < len(self._rows) else None

    def _settle(self) -> None:
        if self._topology is None:
            return
        key = self.selected.node.key if self.selected is not None else None
        self._rows = self._topology.rows(self._folded)
        if key is None:
            # The lanes are heads: the first task is what one wants.
            self._cursor = next((at for at, row in enumerate(self._rows) if row.node.kind == "task"), 0)
        elif self.selected is None or self.selected.node.key != key:
            self._cursor = next((at for at, row in enumerate(self._rows) if row.node.key == key), self._cursor)
        self._names = max((len(row.lead[:_DEEPEST]) + cell_width(row.node.name) + 4 for row in self._rows), default=0)
        self._lay_out(len(self._rows))
        self.refresh()

    # ---- keys --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what the row under the cursor can do is offered."""
        node = self.selected.node if self.selected is not None else None
        if action == "open":
            return node is not None and node.execution_id is not None
        if action == "define":
            return node is not None and node.task is not None
        return True

    def makes_sense(self, action: str) -> bool:
        """For the row of keys: whether there is anything to fold, or a log to show."""
        row = self.selected
        if row is None or action not in ("fold", "choose"):
            return True
        return row.fold is not None if action == "fold" else row.node.run is not None

    def action_fold(self) -> None:
        """Hide what is below the row, or show it."""
        row = self.selected
        if row is not None and row.fold is not None:
            self._folded[row.node.key] = not row.fold
            self._settle()

    def action_choose(self) -> None:
        """The log of the task under the cursor; on a row that has none, its execution, or what is below it."""
        row = self.selected
        if row is None:
            return
        if row.node.run is not None:
            self.post_message(self.LogWanted(row.node.run))
        elif row.node.execution_id is not None:
            self.action_open()
        else:
            self.action_fold()

    def _clicked(self, again: bool) -> None:
        if again:
            self.action_choose()

    def action_define(self) -> None:
        if self.selected is not None and self.selected.node.task is not None:
            self.post_message(self.SourceWanted(self.selected.node.task))

    def action_open(self) -> None:
        if self.selected is not None and self.selected.node.execution_id is not None:
            self.post_message(self.ExecutionWanted(self.selected.node.execution_id))

    # ---- painting ----------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        at = y + self.scroll_offset.y
        if at >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        strip = Strip(self._segments(self._rows[at], width)).crop_extend(0, width, self.rich_style)
        return self._highlighted(strip) if at == self._cursor else strip

    def _segments(self, row: Row, width: int) -> list[Segment]:
        node, muted = row.node, self.get_component_rich_style("rows--muted")
        names = min(self._names, max((width - _STATE - _DURATION) * 3 // 5, 20))
        lead, mark = row.lead[-_DEEPEST:], self._mark(row)
        name = shorten(clean(node.name), max(names - len(lead) - cell_width(mark[0]) - 1, 4))
        head = node.kind in ("lane", "branch", "round")
        named = self.get_component_rich_style("topology--head") if head else self.rich_style if node.state else muted
        gap = max(names - len(lead) - cell_width(mark[0]) - cell_width(name), 1)
        segments = [
            Segment(lead, self.get_component_rich_style("topology--line")), Segment(*mark), Segment(name, named),
            Segment(" " * gap, self.rich_style),
        ]  # fmt: skip
        if head and node.state is None and not node.idle:
            # Nothing to say about states and times: the note may stand there.
            return [*segments, Segment(clean(row.note), muted)]
        word = "" if node.kind == "trigger" and node.state else node.state or node.idle
        segments.append(Segment(f"{word:<{_STATE}}", self._tone(node) if node.state else muted))
        lasted = "" if node.start is None else short_duration((node.end or self._now()) - node.start)
        segments.append(Segment(f"{lasted:>{_DURATION - 2}}  ", self.rich_style))
        room = width - names - _STATE - _DURATION
        return [*segments, Segment(shorten(clean(row.note), room), muted)] if room > 3 else segments

    def _mark(self, row: Row) -> tuple[str, Style]:
        """What stands before the name: whether something is hidden, and the state."""
        node, muted = row.node, self.get_component_rich_style("rows--muted")
        if node.kind == "trigger":
            return "◆ " if node.state else "◇ ", self._tone(node) if node.state else muted
        if node.state is not None and not row.fold:
            return f"{look(node.state).symbol} ", self._tone(node)
        if node.state is not None:
            return f"▸{look(node.state).symbol} ", self._tone(node)
        if node.kind in ("lane", "branch", "round"):
            return "▸ " if row.fold else "", muted
        return "▸· " if row.fold else "· ", muted

    def _tone(self, node: Node) -> Style:
        return self.get_component_rich_style(f"state--{look(node.state or '').tone}")
