"""The pane of runs: those of the flow in the editor or of all flows, with everything that can be done to one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from podium.base.looks import short_id
from podium.base.text import clean
from podium.store.index import ExecutionFilter
from podium.store.summaries import ExecutionSummary
from podium.workbench.following import News, RunsQuery, RunsRead
from podium.workbench.messages import Said
from podium.workbench.runs.run_actions import RunActions, makes_sense
from podium.workbench.runs.run_desk import RunDesk
from podium.workbench.runs.runs_table import RunsTable
from podium.workbench.runs.wanted import CHOICES, parse_wanted


class RunsPane(Vertical):
    """Executions with their states, kept up while they run. `jump_key` is shown in front of the title."""

    DEFAULT_CSS = """
    RunsPane {
        border: round $surface-lighten-2; border-title-color: $text-muted; border-subtitle-color: $text-muted;
        &:focus-within { border: round $accent; border-title-color: $text; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "act('kill')", "Kill", id="runs.kill"),
        Binding("p", "act('pause_or_resume')", "Pause/resume", id="runs.pause"),
        Binding("r", "act('restart')", "Restart", id="runs.restart"),
        Binding("R", "act('replay')", "Replay", id="runs.replay"),
        Binding("a", "all_flows", "All flows", id="runs.all"),
        Binding("slash", "filter", "Filter", id="runs.filter"),
        Binding("s", "states", "State", id="runs.states", show=False),
        Binding("m", "act('mark')", "Mark as", id="runs.mark", show=False),
        Binding("L", "act('set_labels')", "Labels", id="runs.labels", show=False),
        Binding("D,delete", "act('delete')", "Delete", id="runs.delete", show=False),
        Binding("y", "copy_id", "Copy id", id="runs.copy", show=False),
        Binding("escape", "clear", "Clear filter", id="runs.clear", show=False),
    ]
    HELP = """The runs, newest first. Enter opens one; x kills, p pauses or resumes, r restarts from what failed, R runs
    it again as a new run. a shows the runs of all flows, / filters (`failed team:data text`), s goes through states."""

    def __init__(self, desk: RunDesk, *, jump_key: str = "", start_key: str = "F5", id: str | None = None) -> None:
        super().__init__(id=id)
        self._feed, self._clipboard, self._jump_key, self._start_key = desk.feed, desk.clipboard, jump_key, start_key
        self._flow: tuple[str, str] | None = None
        self._all = True
        self._typed = ""
        self._choice = 0
        self._asked: RunsQuery | None = None
        self._answered = False
        self._table = RunsTable(desk.now, zone=desk.zone)
        self.actions = RunActions(desk)
        self._unsubscribe: Callable[[], None] | None = None

    def compose(self) -> ComposeResult:
        yield self._table
        yield self.actions

    def on_mount(self) -> None:
        self._unsubscribe = self._feed.subscribe(self._take)
        self._ask()

    def on_unmount(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()

    # ---- what is shown -----------------------------------------------------------------------------------------

    def show_flow(self, namespace: str, flow_id: str) -> None:
        """The runs of this flow; one that is looked at with all the others stays there."""
        if self._flow != (namespace, flow_id):
            first = self._flow is None
            self._flow = (namespace, flow_id)
            self._all = self._all and not first
            self._ask()

    def show_all(self) -> None:
        """The runs of all flows."""
        if not self._all:
            self._all = True
            self._ask()

    @property
    def table(self) -> RunsTable:
        """The rows."""
        return self._table

    @property
    def selected(self) -> ExecutionSummary | None:
        """The run under the cursor."""
        return self._table.selected

    def starting(self, namespace: str, flow_id: str, now: datetime) -> ExecutionSummary:
        """Show a run that is about to start; give what this returns to `started`."""
        run = ExecutionSummary("", namespace, flow_id, "CREATED", now)
        if not self._all and self._flow != (namespace, flow_id):
            self.show_flow(namespace, flow_id)
        if self._typed or self._choice:
            self._typed, self._choice = "", 0
            self._ask()
        self._table.start(run)
        return run

    def started(self, before: ExecutionSummary, execution_id: str | None) -> None:
        """The run that was shown has this id, or could not be started (None)."""
        after = None if execution_id is None else replace(before, id=execution_id)
        self._table.started(before, after)
        self._feed.wake()

    @property
    def chosen(self) -> ExecutionFilter:
        """Which executions the list shows."""
        base = ExecutionFilter()
        if not self._all and self._flow is not None:
            base = ExecutionFilter(namespace=self._flow[0], flow_id=self._flow[1])
        chosen = parse_wanted(self._typed, base)
        states = CHOICES[self._choice][1]
        return replace(chosen, states=states) if states else chosen

    def _ask(self) -> None:
        chosen = self.chosen
        if self._asked is None or self._asked.chosen != chosen:
            self._answered = False
            self._table.flows = self._all
            self._table.empty_text = ""
            self._table.clear()
        self._asked = RunsQuery(chosen)
        self._feed.ask(self._asked)
        self._show_title()

    @on(RunsTable.PagesWanted)
    def _ask_for_pages(self, event: RunsTable.PagesWanted) -> None:
        event.stop()
        self._asked = RunsQuery(self.chosen, event.pages)
        self._feed.ask(self._asked)

    def _take(self, news: News) -> None:
        if isinstance(news, RunsRead) and self._asked is not None and news.query.chosen == self._asked.chosen:
            self._answered = True
            self._table.empty_text = self._empty()
            self._table.take(news)
            self._show_title()

    def _show_title(self) -> None:
        key = f"{self._jump_key} " if self._jump_key else ""
        whose = "" if self._all or self._flow is None else f" of {clean(self._flow[1])}"
        self.border_title = Content(f"{key}Runs{whose}")
        filters = [] if not self._choice else [CHOICES[self._choice][0]]
        filters += [clean(self._typed)] if self._typed else []
        count = f"{self._table.row_count:,}" if self._answered and self._table.row_count else ""
        self.border_subtitle = Content(" · ".join([*filters, count]) if filters else count)

    def _empty(self) -> str:
        if self._typed or self._choice:
            return "No run is like that.\nEsc shows all."
        if self._all or self._flow is None:
            return f"Nothing has run here yet.\n{self._start_key} runs the flow in the editor."
        return f"{clean(self._flow[1])} has not run yet.\n{self._start_key} runs it, a shows all runs."

    # ---- keys --------------------------------------------------------------------------------------------------

    def focus(self, scroll_visible: bool = True) -> "RunsPane":
        """Give the keys to the rows."""
        self._table.focus(scroll_visible)
        return self

    def makes_sense(self, action: str) -> bool:
        """For the row of keys: what can be done to the run under the cursor."""
        return makes_sense(action, self.selected)

    def action_act(self, name: str) -> None:
        """Do something to the run under the cursor: the name of a method of `RunActions`."""
        run = self.selected
        if run is None or not run.id:
            self.post_message(Said("There is no run here to do that with."))
            return
        getattr(self.actions, name)(run)

    def action_all_flows(self) -> None:
        """From the runs of one flow to those of all, and back."""
        if self._flow is not None:
            self._all = not self._all
            self._ask()

    def action_states(self) -> None:
        """The next choice of states."""
        self._choice = (self._choice + 1) % len(CHOICES)
        self._ask()

    def action_filter(self) -> None:
        def answer(typed: str) -> None:
            self._typed = typed.strip()
            self._choice = 0
            self._ask()

        hint = "failed · team:data · text · Enter filters"
        self.actions.question.ask_text("Filter", self._typed, hint, answer)

    def action_clear(self) -> None:
        if self._typed or self._choice:
            self._typed, self._choice = "", 0
            self._ask()

    def action_copy_id(self) -> None:
        run = self.selected
        if run is None or not run.id:
            return
        try:
            self.post_message(Said(self._clipboard.copy(run.id, f"the id {short_id(run.id)}…")))
        except OSError as error:
            self.post_message(Said(f"Cannot copy: {error}.", failed=True))
