"""The expression debugger: an expression, what it gives with the values of a run, and the steps on the way."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Static, TextArea, Tree

from podium.base.looks import short_id
from podium.base.text import cell_width, clean, clean_output, shorten
from podium.workbench.messages import Said
from podium.workbench.runs.run_desk import RunDesk
from podium.workbench.runs.task_rows import title_of
from podium.workbench.runs.trial import Trial, Trials, TrialStep, open_trials
from podium.workbench.runs.values import Value, path_of
from podium.workbench.runs.values_tree import ValuesTree
from podium.workbench.widgets.key_line import KeyLine

_PAUSE = 0.2
_PIECE = 48
_SHOWN = 20_000
"""Characters of a result that are shown; copying gives all."""


class ExpressionScreen(ModalScreen[None]):
    """Evaluates while one types. `text` is what to begin with, `taskrun_id` whose `taskrun`, `parent`, ... are seen."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    DEFAULT_CSS = """
    ExpressionScreen {
        background: $background;
        & #trial-left { width: 3fr; }
        & #trial-values { width: 2fr; }
        &.-narrow #trial-values { display: none; }
        & .trial-box { border: round $surface-lighten-2; border-title-color: $text-muted; }
        & .trial-box:focus, & .trial-box:focus-within { border: round $accent; border-title-color: $text; }
        & #trial-text { height: 6; padding: 0 1; }
        & #trial-result { height: auto; min-height: 3; max-height: 45%; padding: 0 1; scrollbar-size-vertical: 1; }
        & #trial-steps { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
        & Static { height: auto; }
        & .-failed { color: $text-error; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="trial.close"),
        Binding("f6", "next_part", "Next part", id="trial.next"),
        Binding("f2,ctrl+y", "copy_result", "Copy result", id="trial.copy"),
        Binding("f3", "copy_expression", "Copy expression", id="trial.copy_expression"),
        Binding("f1", "app.help", "Help", id="trial.help"),
    ]

    HELP = """An expression with the values of a run, evaluated while you type. With or without braces; below the result
    are the values of its parts, in the order in which they were found. F6 goes to the next part; Enter on a value
    writes its expression. Nothing is sent or started."""

    def __init__(self, desk: RunDesk, execution_id: str, *, text: str = "", taskrun_id: str | None = None) -> None:
        super().__init__()
        self._desk, self._execution_id, self._text, self._taskrun_id = desk, execution_id, text, taskrun_id
        self._trials: Trials | None = None
        self._waiting: Timer | None = None
        self._asked = ""
        self.trial: Trial | None = None

    def compose(self) -> ComposeResult:
        with Horizontal():
            with Vertical(id="trial-left"):
                area = TextArea(
                    self._text, id="trial-text", classes="trial-box", soft_wrap=True, show_line_numbers=False
                )
                area.cursor_blink = False
                yield area
                with VerticalScroll(id="trial-result", classes="trial-box"):
                    yield Static(id="trial-result-text", markup=False)
                with VerticalScroll(id="trial-steps", classes="trial-box"):
                    yield Static(id="trial-steps-text", markup=False)
            yield ValuesTree("Values, Enter inserts", "Nothing is known here.", id="trial-values")
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one("#trial-text").border_title = Content(f"Expression ─ run {short_id(self._execution_id)}")
        self.query_one("#trial-result").border_title = Content("Result")
        self.query_one("#trial-steps").border_title = Content("Steps")
        area = self.query_one(TextArea)
        area.move_cursor(area.document.end)
        area.focus()
        execution_id, stores, read_flow = self._execution_id, self._desk.stores, self._desk.read_flow
        self._desk.looks.do(lambda: open_trials(stores, execution_id, read_flow), self._begin, self._fail)

    def _begin(self, trials: Trials) -> None:
        if not self.is_running:
            return
        self._trials = trials
        run = trials.execution.taskruns.get(self._taskrun_id or "")
        if run is not None:
            where = f"Expression ─ run {short_id(self._execution_id)} ─ {clean(title_of(run))}"
            self.query_one("#trial-text").border_title = Content(where)
        self.query_one(ValuesTree).show(trials.values(self._taskrun_id))
        self._evaluate()

    def _fail(self, error: Exception) -> None:
        self._show_result(str(error), True)

    # ---- evaluating --------------------------------------------------------------------------------------------

    @on(TextArea.Changed)
    def _wait_for_a_pause(self, event: TextArea.Changed) -> None:
        event.stop()
        if self._waiting is not None:
            self._waiting.stop()
        self._waiting = self.set_timer(_PAUSE, self._evaluate)

    def _evaluate(self) -> None:
        trials, text = self._trials, self.query_one(TextArea).text.strip()
        self._asked = text
        if trials is None:
            return
        if not text:
            self.trial = None
            self._show_result("What the expression gives appears here.", False)
            self._show_steps(())
            return
        taskrun_id = self._taskrun_id
        self._desk.looks.do(lambda: trials.evaluate(text, taskrun_id), self._show, self._fail)

    def _show(self, trial: Trial) -> None:
        if not self.is_running or trial.text != self._asked:
            return
        self.trial = trial
        if trial.error is not None:
            self._show_result(trial.error, True)
        else:
            result = clean_output(trial.result or "")
            more = len(result) - _SHOWN
            rest = f"\n… {more:,} characters more, F2 copies all" if more > 0 else ""
            self._show_result(f"{result[:_SHOWN]}{rest}" if result else "It gives an empty text.", False)
        self._show_steps(trial.steps)

    def _show_steps(self, steps: Sequence[TrialStep]) -> None:
        """Each piece with its value, in the order of evaluation."""
        pieces = [clean(step.piece) for step in steps]
        width = min(max(map(cell_width, pieces), default=0), _PIECE)
        rows = []
        for piece, step in zip(pieces, steps, strict=True):
            short = shorten(piece, width)
            lead = Content(short + " " * (width - cell_width(short) + 2))
            rows.append(lead + Content.styled(step.value.shown(), "$text-success"))
        self.query_one("#trial-steps-text", Static).update(Content("\n").join(rows))

    def _show_result(self, text: str, failed: bool) -> None:
        if self.is_running:
            shown = self.query_one("#trial-result-text", Static)
            shown.update(Content(text))
            shown.set_class(failed, "-failed")

    # ---- keys --------------------------------------------------------------------------------------------------

    @on(Tree.NodeSelected)
    def _insert(self, event: Tree.NodeSelected[Value]) -> None:
        value = event.node.data
        if not isinstance(value, Value) or value.is_branch:
            return
        area = self.query_one(TextArea)
        before = area.get_text_range((0, 0), area.cursor_location)
        inside = before.rfind("{{") > before.rfind("}}")
        area.insert(path_of(value.path) if inside else value.expression)
        area.focus()

    @on(ValuesTree.CopyRequested)
    def _copy_value(self, event: ValuesTree.CopyRequested) -> None:
        event.stop()
        self._copy(event.text, event.what)

    def action_copy_result(self) -> None:
        if self.trial is not None:
            self._copy(self.trial.error or self.trial.result or "", "the result")

    def action_copy_expression(self) -> None:
        self._copy(self.query_one(TextArea).text, "the expression")

    def action_next_part(self) -> None:
        self.focus_next()

    def action_close(self) -> None:
        self.dismiss()

    def _copy(self, text: str, what: str) -> None:
        copy: Callable[[str, str], str] = self._desk.clipboard.copy
        try:
            self.post_message(Said(copy(text, what)))
        except OSError as error:
            self.post_message(Said(f"Cannot copy: {error}.", failed=True))
