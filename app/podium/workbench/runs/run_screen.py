"""One execution: what failed, its task runs over time, what they gave, its log, and the flow as it ran."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer

from podium.base.looks import short_id
from podium.engine.execution import Execution
from podium.engine.states import TERMINAL
from podium.model.flow import Flow
from podium.store.errors import StoreError
from podium.store.execution_records import ExecutionRecord
from podium.store.summaries import ExecutionSummary, summary_of
from podium.workbench.dialogs.text_screen import TextScreen
from podium.workbench.following import ExecutionGone, ExecutionGrew, ExecutionRead, News
from podium.workbench.messages import Said
from podium.workbench.runs.failure import Failure, failure_of
from podium.workbench.runs.failure_box import FailureBox
from podium.workbench.runs.run_actions import RunActions, TaskRunRef, makes_sense
from podium.workbench.runs.run_desk import RunDesk
from podium.workbench.runs.run_details import RunDetails
from podium.workbench.runs.run_header import RunHeader
from podium.workbench.runs.run_tabs import Tab
from podium.workbench.runs.task_rows import TaskRow
from podium.workbench.runs.task_tree import TaskTree
from podium.workbench.runs.topology_view import TopologyView
from podium.workbench.runs.values import Value, path_of, text_behind, values_of
from podium.workbench.runs.values_tree import ValuesTree
from podium.workbench.widgets.key_line import KeyLine
from podium.workbench.widgets.log_pane import LANES, LogPane

_WIDE = 100
_VALUES_PAUSE = 0.5  # seconds between two looks at the values of a run that goes on
_STATES_PAUSE = 0.1  # the same for the states of its tasks


class RunScreen(Screen[None]):
    """The screen of one run, live while it goes on."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_WIDE, "-wide")]
    DEFAULT_CSS = """
    RunScreen {
        & #run-top { height: 8; }
        & TaskTree { width: 3fr; }
        & #run-outputs { width: 2fr; }
        &.-narrow #run-outputs { display: none; }
        &.-alone #run-top { display: none; }
        &.-narrow TaskTree { width: 1fr; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "back", "Back", id="run.back"),
        Binding("x", "act('kill')", "Kill", id="run.kill"),
        Binding("p", "act('pause_or_resume')", "Pause/resume", id="run.pause"),
        Binding("r", "act('restart')", "Restart", id="run.restart"),
        Binding("R", "replay", "Replay", id="run.replay"),
        Binding("m", "mark", "Mark as", id="run.mark"),
        Binding("E", "evaluate", "Evaluate", id="run.evaluate"),
        Binding("L", "act('set_labels')", "Labels", id="run.labels", show=False),
        Binding("D", "delete", "Delete", id="run.delete", show=False),
        Binding("i", "copy_id", "Copy id", id="run.copy", show=False),
        Binding("right_square_bracket", "tab(1)", "Next tab", id="run.next_tab", show=False),
        Binding("left_square_bracket", "tab(-1)", "Previous tab", id="run.previous_tab", show=False),
        Binding("T", "show('topology')", "Topology", id="run.topology", show=False),
        Binding("V", "show('environment')", "Environment", id="run.environment", show=False),
        Binding("alt+m,z", "widen", "Lower part alone", id="run.maximize", show=False),
        Binding("1", "jump('tasks')", "Tasks", id="run.tasks", show=False),
        Binding("2", "jump('outputs')", "Outputs", id="run.outputs", show=False),
        Binding("3", "jump('log')", "Log", id="run.log", show=False),
        Binding("4", "jump('failure')", "Error", id="run.failure", show=False),
    ]
    HELP = """One run. Enter on a task shows only its log, E evaluates an expression with the values of this run, R
    replays from the task under the cursor. [ and ] go through the tabs, T shows the flow as a tree, V what the run
    runs with, z the lower part alone; in the values y, e and J copy the value, its expression or its JSON."""

    class CodeRequested(Message):
        """A line of a file (from 1) is to be shown in the editor; this screen is closed."""

        def __init__(self, path: Path, line: int) -> None:
            super().__init__()
            self.path, self.line = path, line

    class RunRequested(Message):
        """Another execution is to be shown instead of this one."""

        def __init__(self, execution_id: str) -> None:
            super().__init__()
            self.execution_id = execution_id

    def __init__(self, desk: RunDesk, execution_id: str) -> None:
        super().__init__()
        self._desk = desk
        self.execution_id = execution_id
        self._record = ExecutionRecord(desk.stores.workspace.execution(execution_id))
        self.execution: Execution | None = None
        self.flow: Flow | None = None
        self._latest: int | None = None
        self._flow_read = False
        self._only: TaskRow | None = None
        self._hide: Callable[[object], object] = lambda value: value
        self._values_due: Timer | None = None
        self._values_pause = _VALUES_PAUSE
        self._ticker: Timer | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._tree = TaskTree(desk.now, title="1 Tasks", id="run-tasks")
        self._lower = RunDetails(desk, self._record)
        self.actions = RunActions(desk)

    def compose(self) -> ComposeResult:
        yield RunHeader()
        yield FailureBox()
        with Horizontal(id="run-top"):
            yield self._tree
            yield ValuesTree("2 Outputs", "Outputs of tasks appear here.", id="run-outputs")
        yield self._lower
        yield self.actions
        yield KeyLine()

    def on_mount(self) -> None:
        self._ticker = self.set_interval(1.0, self._show_header, pause=True)
        self._unsubscribe = self._desk.feed.subscribe(self._take)
        self._desk.feed.open(self.execution_id)
        self._tree.focus()

    def on_unmount(self) -> None:
        self._desk.feed.close(self.execution_id)
        if self._unsubscribe is not None:
            self._unsubscribe()

    # ---- news --------------------------------------------------------------------------------------------------

    def _take(self, news: News) -> None:
        if isinstance(news, ExecutionRead) and news.id == self.execution_id:
            self._open(news)
        elif isinstance(news, ExecutionGrew) and news.id == self.execution_id and self.execution is not None:
            before = self.execution.state
            try:
                self._tree.apply(news.changes)
            except KeyError:
                # It does not fit to what was read before: read all of it again.
                self._desk.feed.open(self.execution_id)
                return
            self._follow(before)
        elif isinstance(news, ExecutionGone) and news.id == self.execution_id:
            # Said by the app: what a closing screen posts is not heard any more.
            self.app.post_message(Said(f"The run {short_id(self.execution_id)} is not there any more."))
            self.dismiss()

    def _open(self, news: ExecutionRead) -> None:
        self.execution = news.execution
        self._tree.show(news.execution)
        self._lower.show_source(news.source)

        def read() -> tuple[Flow | None, int | None, Callable[[object], object]]:
            flow = self._desk.read_flow(news.source)
            latest = self._desk.latest_revision(news.execution.namespace, news.execution.flow_id)
            return flow, latest, self._desk.masking(news.id)

        def known(found: tuple[Flow | None, int | None, Callable[[object], object]]) -> None:
            self.flow, self._latest, self._hide = found
            self._flow_read = True
            self._show_header()
            self._show_values()

        self._desk.looks.do(read, known, self._tell)
        self._follow("")

    def _follow(self, before: str) -> None:
        """Show what the execution is now; `before` is the state that was shown last."""
        execution = self.execution
        assert execution is not None and self._ticker is not None
        self._fit_top()
        self._show_header()
        live = execution.state not in TERMINAL
        if live:
            self._ticker.resume()
        else:
            self._ticker.pause()
        if execution.state != before:
            self.refresh_bindings()
            self._lower.log_pane.set_live(live)
            self._show_failure()
            if not live:
                # Tasks of `afterExecution` and the last lines of scripts come after the state.
                self.set_timer(1.0, self._lower.log_pane.refresh_now)
        if self._values_due is None:
            self._values_due = self.set_timer(self._values_pause if live else 0.05, self._show_values)

    def _show_header(self) -> None:
        if self.execution is not None and self.is_running:
            self.query_one(RunHeader).show(self.execution, self._latest, self._desk.now(), self._desk.zone)

    def _show_failure(self) -> None:
        execution = self.execution
        if execution is None or execution.state != "FAILED":
            self.query_one(FailureBox).show(None)
            return
        folder: Path | None
        try:
            folder = self._desk.stores.workspace.namespace_folder(execution.namespace)
        except StoreError:
            folder = None

        def show(failure: Failure | None) -> None:
            if self.is_running and self.execution is execution and execution.state == "FAILED":
                self.query_one(FailureBox).show(failure, 6 if self.size.height >= 35 else 2)
                if failure is not None and failure.taskrun_id is not None and self._only is None:
                    self._tree.select(failure.taskrun_id)

        self._desk.looks.do(lambda: failure_of(execution, self._record.log, folder), show, self._tell)

    def _show_values(self) -> None:
        self._values_due = None
        execution = self.execution
        if execution is None or not self.is_running:
            return
        began = time.perf_counter()
        outputs = self._hidden(values_of(execution, self.flow, ("outputs",)))
        beside = self.query_one("#run-outputs", ValuesTree)
        if beside.display:
            first = beside.cursor_node is None
            beside.show(outputs)
            if first:
                self._reveal_outputs()
        if self._flow_read:
            self._lower.show_values(execution, self.flow, outputs, self._hidden)
        # The more there is, the more seldom: showing it never takes more than a twentieth of the time.
        least = _STATES_PAUSE if self.tab == "topology" else _VALUES_PAUSE
        self._values_pause = max(least, 20 * (time.perf_counter() - began))

    def _hidden(self, values: list[Value]) -> list[Value]:
        return [Value(value.path, self._hide(value.value)) for value in values]

    def _fit_top(self) -> None:
        """The upper part is as high as its tasks need, and leaves the log more than half."""
        most = max(self.size.height * 2 // 5, 5)
        least = 10 if self.size.width >= _WIDE and self.size.height >= 35 else 3
        self.query_one("#run-top").styles.height = min(max(self._tree.row_count, least) + 2, most)

    def on_resize(self) -> None:
        self._fit_top()

    def _tell(self, error: Exception) -> None:
        self.post_message(Said(str(error), failed=True))

    # ---- parts -------------------------------------------------------------------------------------------------

    @property
    def tab(self) -> Tab:
        """What the lower part shows."""
        return self._lower.tab

    def show_tab(self, tab: Tab) -> None:
        """Show something else in the lower part."""
        self._lower.show(tab)

    @on(RunDetails.Shown)
    def _fill_tab(self, event: RunDetails.Shown) -> None:
        event.stop()
        self._show_values()

    def action_tab(self, step: int) -> None:
        self._lower.step(step)

    def action_show(self, tab: Tab) -> None:
        """Show a tab and give it the keys."""
        self._lower.show(tab)
        self._lower.focus()

    def action_widen(self) -> None:
        """The lower part alone under the head, or both parts again."""
        self.toggle_class("-alone")
        if self.has_class("-alone"):
            self._lower.focus()

    def action_jump(self, where: str) -> None:
        """Give the keys to a part: `tasks`, `outputs`, `log` (the lower part) or `failure`."""
        if where == "tasks" or (where == "outputs" and self.size.width >= _WIDE):
            self.remove_class("-alone")
        if where == "tasks":
            self._tree.focus()
        elif where == "failure":
            box = self.query_one(FailureBox)
            (box if box.display else self._tree).focus()
        elif where == "outputs" and self.size.width < _WIDE:
            self.show_tab("outputs")
            self.query_one("#run-all-outputs").focus()
        elif where == "outputs":
            self.query_one("#run-outputs").focus()
        else:
            self._lower.focus()

    # ---- tasks -------------------------------------------------------------------------------------------------

    @on(TaskTree.Chosen)
    def _only_its_log(self, event: TaskTree.Chosen) -> None:
        """The log of one task run (all below it for a flowable) or attempt; the same again: the whole log."""
        event.stop()
        self._show_only(event.row)

    def _show_only(self, row: TaskRow) -> None:
        execution = self.execution
        if execution is None:
            return
        if self._only is not None and self._only.key == row.key:
            self._only = None
            self._lower.log_pane.set_task_runs(None)
        else:
            self._only = row
            chosen = frozenset({row.run.id, *(below.id for below in execution.descendants(row.run.id))})
            self._lower.log_pane.set_task_runs(chosen, row.attempt, row.name)
        if self.tab not in LANES:
            self.show_tab("log")

    @on(TopologyView.LogWanted)
    def _log_of_task(self, event: TopologyView.LogWanted) -> None:
        event.stop()
        self._tree.select(event.run.id)
        if self._only is None or self._only.key != (event.run.id, None):
            self._show_only(TaskRow(event.run, 0))
        else:
            self.show_tab("log")

    @on(TopologyView.SourceWanted)
    def _place_of_task(self, event: TopologyView.SourceWanted) -> None:
        event.stop()
        self._lower.show_task(event.task)

    @on(TopologyView.ExecutionWanted)
    def _execution_of_task(self, event: TopologyView.ExecutionWanted) -> None:
        event.stop()
        self.post_message(self.RunRequested(event.execution_id))

    @on(TaskTree.Highlighted)
    def _its_outputs(self, event: TaskTree.Highlighted) -> None:
        event.stop()
        self._reveal_outputs()

    def _reveal_outputs(self) -> None:
        """The outputs of the task that the cursor is on; of one that has none, where they would be."""
        row = self._tree.selected
        tree = self.query_one("#run-outputs", ValuesTree)
        if row is not None and tree.display:
            tree.reveal(["outputs", row.run.task_id, *([] if row.run.value is None else [row.run.value])])

    # ---- actions -----------------------------------------------------------------------------------------------

    @property
    def summary(self) -> ExecutionSummary | None:
        """The execution in short."""
        return None if self.execution is None else summary_of(self.execution)

    def makes_sense(self, action: str) -> bool:
        """For the row of keys: what can be done to the run as it is."""
        return makes_sense(action, self.summary)

    def action_back(self) -> None:
        self.dismiss()

    def action_act(self, name: str) -> None:
        """Do something to the run: the name of a method of `RunActions`."""
        if self.summary is not None:
            getattr(self.actions, name)(self.summary)

    def action_replay(self) -> None:
        """From the task under the cursor while the tasks have the keys, else from the beginning."""
        if self.summary is not None:
            self.actions.replay(self.summary, self._task_under_cursor())

    def action_mark(self) -> None:
        if self.summary is not None:
            self.actions.mark(self.summary, self._task_under_cursor())

    def action_delete(self) -> None:
        if self.summary is not None:
            self.actions.delete(self.summary)

    def _task_under_cursor(self) -> TaskRunRef | None:
        row = self._tree.selected if self._tree.has_focus else None
        return None if row is None else TaskRunRef(row.run.id, row.name if row.attempt is None else row.run.task_id)

    def action_copy_id(self) -> None:
        self._copy(self.execution_id, f"the id {short_id(self.execution_id)}…")

    def action_evaluate(self) -> None:
        """Try an expression with the values of this run."""
        from podium.workbench.runs.expression_screen import ExpressionScreen

        if self.execution is not None:
            row = self._tree.selected
            run_id = None if row is None else row.run.id
            self.app.push_screen(ExpressionScreen(self._desk, self.execution_id, taskrun_id=run_id))

    def _copy(self, text: str, what: str) -> None:
        try:
            self.post_message(Said(self._desk.clipboard.copy(text, what)))
        except OSError as error:
            self.post_message(Said(f"Cannot copy: {error}.", failed=True))

    @on(ValuesTree.ReadRequested)
    def _read_value(self, event: ValuesTree.ReadRequested) -> None:
        """The whole value, or the text of the file that it names."""
        event.stop()
        value, namespace = event.value, self.execution.namespace if self.execution is not None else ""
        stores, hide = self._desk.stores, self._hide

        def read() -> str:
            return str(hide(text_behind(value, stores.storage, namespace)))

        def show(text: str) -> None:
            self.app.push_screen(TextScreen(path_of(value.path), text))

        self._desk.looks.do(read, show, self._tell)

    @on(ValuesTree.CopyRequested)
    @on(FailureBox.CopyRequested)
    def _copy_value(self, event: ValuesTree.CopyRequested | FailureBox.CopyRequested) -> None:
        event.stop()
        self._copy(event.text, event.what)

    @on(RunActions.Previewed)
    def _show_fates(self, event: RunActions.Previewed) -> None:
        event.stop()
        self._tree.set_fates(event.fates)

    @on(RunActions.Began)
    def _go_to(self, event: RunActions.Began) -> None:
        event.stop()
        if event.execution_id != self.execution_id:
            self.post_message(self.RunRequested(event.execution_id))

    @on(LogPane.Said)
    def _pass_on(self, event: LogPane.Said) -> None:
        event.stop()
        self.post_message(Said(event.text, event.failed))

    @on(FailureBox.CodeRequested)
    def _open_code(self, event: FailureBox.CodeRequested) -> None:
        event.stop()
        self.post_message(self.CodeRequested(event.place.path, event.place.line))

    @on(FailureBox.TaskRequested)
    def _open_task(self, event: FailureBox.TaskRequested) -> None:
        event.stop()
        self._tree.select(event.taskrun_id)
        self._tree.focus()
