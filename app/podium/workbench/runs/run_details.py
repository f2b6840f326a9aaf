"""The lower part of a run's screen: one thing at a time about the run, chosen by tabs."""

from collections.abc import Callable
from typing import Self, cast

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import ContentSwitcher

from podium.engine.execution import Execution
from podium.model.flow import Flow, Task
from podium.store.execution_records import ExecutionRecord
from podium.store.log_filter import AT_FIRST
from podium.workbench.runs.environment import environment_of
from podium.workbench.runs.metrics_table import MetricsTable, read_metrics
from podium.workbench.runs.run_desk import RunDesk
from podium.workbench.runs.run_tabs import NAMES, SHORT, TABS, WIDGETS, Tab
from podium.workbench.runs.topology_view import TopologyView
from podium.workbench.runs.values import Value, values_of
from podium.workbench.runs.values_tree import ValuesTree
from podium.workbench.widgets.flow_editor import FlowEditor
from podium.workbench.widgets.log_pane import LANES, WIDE, LogPane
from podium.workbench.widgets.tab_bar import TabBar

_BESIDE_OUTPUTS = ("inputs", "vars", "trigger", "labels", "flow", "execution")


class RunDetails(Vertical):
    """Lanes of the log, values, topology, metrics, what it runs with, and the flow as it ran."""

    DEFAULT_CSS = """
    RunDetails {
        height: 1fr;
        & ContentSwitcher { height: 1fr; }
        & #run-tabs { padding: 0 1; }
        & #run-flow { border: round $surface-lighten-2; }
        & #run-flow:focus { border: round $accent; }
    }
    """

    class Shown(Message):
        """Another tab is in front: what it shows may be old."""

    def __init__(self, desk: RunDesk, record: ExecutionRecord) -> None:
        super().__init__()
        self._desk, self._record = desk, record
        self._tab: Tab = "log"
        self.log_pane = LogPane(
            desk.clipboard, desk.stores.workspace.root, chosen=AT_FIRST, zone=desk.zone, tabs=False,
            jump_key="3", id="run-log",
        )  # fmt: skip

    def compose(self) -> ComposeResult:
        yield TabBar([(tab, NAMES[tab]) for tab in TABS], id="run-tabs")
        with ContentSwitcher(initial="run-log"):
            yield self.log_pane
            yield ValuesTree("Outputs", "No task has given any output.", id="run-all-outputs")
            yield ValuesTree("Inputs and variables", "This run has no inputs, variables or labels.", id="run-inputs")
            yield TopologyView(self._desk.now, id="run-topology")
            yield MetricsTable(id="run-metrics")
            yield ValuesTree(
                "Environment", "What a run runs with is noted when its runner begins.", expressions=False,
                id="run-environment",
            )  # fmt: skip
            yield FlowEditor("", read_only=True, id="run-flow")

    def on_mount(self) -> None:
        self.log_pane.show(self._record.log, "", live=True)

    # ---- tabs --------------------------------------------------------------------------------------------------

    @property
    def tab(self) -> Tab:
        """What is in front."""
        return self._tab

    def show(self, tab: Tab) -> None:
        """Put something else in front, and give it the keys if what was there before had them."""
        had_focus = self.screen.focused is not None and self in self.screen.focused.ancestors
        self._tab = tab
        if tab in LANES:
            self.log_pane.lane = tab
        self.query_one(ContentSwitcher).current = WIDGETS[tab]
        self._show_names()
        self.post_message(self.Shown())
        if had_focus:
            self.focus()

    def step(self, step: int) -> None:
        """The next tab, or the one before."""
        self.show(TABS[(TABS.index(self._tab) + step) % len(TABS)])

    def focus(self, scroll_visible: bool = True) -> Self:
        """Give the keys to what is in front."""
        current = self.query_one(ContentSwitcher).visible_content
        if current is not None:
            current.focus(scroll_visible)
        return self

    def _show_names(self) -> None:
        names = NAMES if self.size.width >= WIDE else SHORT
        self.query_one("#run-tabs", TabBar).show(self._tab, "[ ] others", [(tab, names[tab]) for tab in TABS])

    def on_resize(self, event: events.Resize) -> None:
        self._show_names()

    @on(TabBar.Picked, "#run-tabs")
    def _pick(self, event: TabBar.Picked) -> None:
        event.stop()
        self.show(cast(Tab, event.key))
        self.focus()

    @on(LogPane.LaneChanged)
    def _follow_lane(self, event: LogPane.LaneChanged) -> None:
        event.stop()
        if self._tab in LANES:
            self._tab = self.log_pane.lane
            self._show_names()

    # ---- what is in them ---------------------------------------------------------------------------------------

    def show_source(self, source: str) -> None:
        """The flow as it ran."""
        editor = self.query_one("#run-flow", FlowEditor)
        if editor.text != source:
            editor.load_text(source)

    def show_task(self, task: Task) -> None:
        """The place of a task in the flow as it ran."""
        self.show("flow")
        self.focus()
        place = (task.range.line, task.range.column)
        self.query_one("#run-flow", FlowEditor).move_cursor(place, center=True)

    def show_values(
        self, execution: Execution, flow: Flow | None, outputs: list[Value], hide: Callable[[list[Value]], list[Value]]
    ) -> None:
        """What is known now, on the tab in front; `hide` takes the secrets out."""
        if self._tab == "outputs":
            self.query_one("#run-all-outputs", ValuesTree).show(outputs)
        elif self._tab == "inputs":
            self.query_one("#run-inputs", ValuesTree).show(hide(values_of(execution, flow, _BESIDE_OUTPUTS)))
        elif self._tab == "metrics":
            self.query_one(MetricsTable).show(list(read_metrics(self._record.metrics)))
        elif self._tab == "environment":
            self.query_one("#run-environment", ValuesTree).show(environment_of(self._desk.stores, self._record, flow))
        elif self._tab == "topology":
            self.query_one(TopologyView).show(flow, execution)
