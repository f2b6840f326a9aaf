"""Starting a flow: its inputs with live checks, its plan, and the command that does the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import ContentSwitcher, Static
from textual.widgets import Input as TextInput

from podium.base.looks import short_id
from podium.base.text import clean
from podium.model.flow import Flow, Input
from podium.runtime.checks import FiredCheck
from podium.runtime.creation import NewExecution, Preview
from podium.runtime.plan import FlowPlan, plan_flow
from podium.workbench.messages import Said
from podium.workbench.runs.command_text import run_command
from podium.workbench.runs.input_fields import InputField
from podium.workbench.runs.last_inputs import is_secret, keep_last, read_last
from podium.workbench.runs.plan_view import PlanView
from podium.workbench.runs.run_actions import parse_labels, sentence_of
from podium.workbench.runs.run_desk import RunDesk
from podium.workbench.widgets.key_line import KeyLine
from podium.workbench.widgets.tab_bar import TabBar

_PAUSE = 0.12


@dataclass(frozen=True, slots=True)
class Execute:
    """What the reader wants: raw values by input id, and labels."""

    inputs: Mapping[str, Any]
    labels: Sequence[tuple[str, str]]


class ExecuteScreen(ModalScreen[Execute | None]):
    """Slides over the editor; the result is None when the reader went back.

    With `resume` it asks for `inputs`, those of a paused execution with this id, instead of the flow's own.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    ExecuteScreen {
        background: transparent; align: right top;
        & #execute { width: 1fr; height: 1fr; margin: 1 0 0 32; border: round $accent; background: $background;
                     border-title-color: $text; border-subtitle-color: $text-muted; }
        &.-narrow #execute { margin: 1 0 0 0; }
        & TabBar { margin: 0 0 1 0; }
        & ContentSwitcher { height: 1fr; }
        & #execute-fields { height: 1fr; scrollbar-size-vertical: 1; }
        & #execute-none { padding: 0 1; color: $text-muted; }
        & #execute-checks { height: auto; padding: 0 1; display: none; }
        & #execute-labels { height: auto; padding: 0 1; }
        & #execute-labels Input { height: 1; border: none; padding: 0 1; background: $surface; }
        & #execute-labels Input:focus { border: none; background: $surface-lighten-1; }
        & #execute-command { height: auto; max-height: 4; padding: 0 1; background: $boost; color: $text-muted; }
        & KeyLine { dock: bottom; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5,ctrl+r", "execute", "Execute", id="execute.start", priority=True),
        Binding("f5,ctrl+r", "resume", "Resume", id="execute.resume", priority=True),
        Binding("f2", "plan", "Plan", id="execute.plan"),
        Binding("f3", "copy_command", "Copy command", id="execute.copy"),
        Binding("f4", "forget", "Defaults", id="execute.forget"),
        Binding("escape", "back", "Back", id="execute.back"),
        Binding("f1", "app.help", "Help", id="execute.help"),
    ]
    HELP = """The inputs of the flow. What is left empty takes its default. F5 starts the run, F2 shows what it would
    do, F3 copies the command that does the same, F4 goes back to the defaults. Esc keeps what was typed until the next
    time."""

    def __init__(
        self, desk: RunDesk, flow: Flow, path: Path | None, *, resume: str | None = None,
        inputs: Sequence[Input] = (), begun: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """`begun` are values that were typed before, when the reader went back without starting."""
        super().__init__()
        self.left: Mapping[str, Any] | None = None
        """What was typed, without secrets, when the reader went back."""
        self._desk, self._path, self._resume = desk, path, resume
        self._flow = flow if resume is None else replace(flow, inputs=tuple(inputs), checks=(), disabled=False)
        self._declared: Sequence[Input] = self._flow.inputs
        self._fields: dict[str, InputField] = {}
        if begun is not None:
            self._last = dict(begun)
        else:
            self._last = {} if resume is not None else read_last(desk.stores.workspace, flow, self._declared)
        # Fields come one by one, and the first of them may ask for a check while the others are still to come.
        self._hidden: dict[str, Any] = dict(self._last)
        self._preview: Preview | None = None
        self._asked = 0
        self._pause: Timer | None = None
        self._insisted = False
        self._waiting_to_start = False

    def compose(self) -> ComposeResult:
        with Vertical(id="execute"):
            yield TabBar([("fields", "Inputs"), ("plan", "Plan")], id="execute-tabs")
            with ContentSwitcher(initial="execute-fields"):
                yield VerticalScroll(id="execute-fields", can_focus=False)
                yield PlanView(id="execute-plan")
            yield Static(id="execute-checks", markup=False)
            with Vertical(id="execute-labels"):
                yield Static(Content.styled("Labels", "bold"), markup=False)
                yield TextInput(placeholder="key=value key=value", select_on_focus=False)
            yield Static(id="execute-command", markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        if self._resume is None:
            title = f"Execute {self._flow.namespace}.{self._flow.id}"
        else:
            title = f"Resume {short_id(self._resume)} of {self._flow.id}"
            self.query_one("#execute-labels").display = False
            self.query_one(TabBar).display = False
        self.query_one("#execute").border_title = Content(clean(title))
        self._check(dict(self._last))

    # ---- checking ----------------------------------------------------------------------------------------------

    @property
    def given(self) -> dict[str, Any]:
        """The raw values by input id; of a field that is hidden now what was typed into it, for when it comes back."""
        values = dict(self._hidden)
        for name, field in self._fields.items():
            values.pop(name, None)
            if field.value is not None:
                values[name] = self._from_workspace(field)
        return values

    def _from_workspace(self, field: InputField) -> Any:
        """The value of a field; the path of a file may be written from the root of the workspace on."""
        value = field.value
        if field.declared.type == "FILE" and isinstance(value, str) and "://" not in value:
            path = self._desk.stores.workspace.root / Path(value).expanduser()
            return str(path) if path.is_file() else value
        return value

    @property
    def _labels(self) -> tuple[dict[str, str], str | None]:
        return parse_labels(self.query_one("#execute-labels Input", TextInput).value)

    def _check(self, given: Mapping[str, Any]) -> None:
        """Ask what becomes of these values, away from the screen: defaults and choices are expressions."""
        self._asked += 1
        asked = self._asked
        new = NewExecution(self._flow, given, tuple(self._labels[0].items()), path=self._path)
        creation = self._desk.executions.creation

        def take(preview: Preview) -> None:
            if asked == self._asked and self.is_running:
                self.run_worker(self._take(preview, given), exclusive=True, group="execute-fields")

        def fail(error: Exception) -> None:
            if asked == self._asked and self.is_running:
                self._waiting_to_start = False
                self._show_checks([sentence_of(error)], [])

        self._desk.looks.do(lambda: creation.preview(new), take, fail)

    async def _take(self, preview: Preview, given: Mapping[str, Any]) -> None:
        self._preview = preview
        await self._show_fields(preview, given)
        if not self.is_attached or not self.query("#execute-checks"):
            return  # the form was closed while its fields were put in
        for item in preview.shown:
            if not item.enabled:
                continue
            self._fields[item.input.id].take(item, self._insisted)
        self._show_checks([str(error) for error in preview.inputs.conflicts], preview.checks)
        self._show_footer()
        if self._waiting_to_start:
            self._start(preview)

    async def _show_fields(self, preview: Preview, given: Mapping[str, Any]) -> None:
        """Fields that `dependsOn` lets in come where they are declared, the others go; no other is touched."""
        box = self.query_one("#execute-fields", VerticalScroll)
        first = not self._fields
        visible = {item.input.id: item for item in preview.shown if item.enabled}
        for name in [name for name in self._fields if name not in visible]:
            field = self._fields.pop(name)
            if field.value is not None:
                self._hidden[name] = field.value
            await field.remove()
        before: InputField | None = None
        for name, item in visible.items():
            if name not in self._fields:
                field = InputField(item.input, self._hidden.pop(name, given.get(name)), item)
                self._fields[name] = field
                await box.mount(field, before=0 if before is None and box.children else None, after=before)
            before = self._fields[name]
        if not visible and not self._declared and not box.children:
            await box.mount(Static("This flow has no inputs.", id="execute-none", markup=False))
        if first and self._fields:
            needed = [name for name, item in visible.items() if item.errors]
            self._fields[needed[0] if needed else next(iter(self._fields))].focus()

    def _show_checks(self, problems: Sequence[str], checks: Sequence[FiredCheck]) -> None:
        rows = [Content.styled(f"✗ {clean(line)}", "$text-error") for text in problems for line in text.split("\n")]
        for check in checks:
            blocks = check.behavior == "BLOCK_EXECUTION"
            style = "$text-error" if blocks or check.style == "ERROR" else "$text-warning"
            rows.append(Content.styled(f"{'✗' if blocks else '!'} {clean(check.message)}", style))
        box = self.query_one("#execute-checks", Static)
        box.display = bool(rows)
        box.update(Content("\n").join(rows))

    def _show_footer(self) -> None:
        labels, problem = self._labels
        given = {name: value for name, value in self.given.items() if name in self._fields}
        command = run_command(self._flow, self._declared, given, tuple(labels.items()), resume=self._resume)
        self.query_one("#execute-command", Static).update(Content(f"$ {clean(command)}"))
        errors = [] if self._preview is None else self._preview.inputs.errors
        status = f"{len(errors)} input{'s' if len(errors) != 1 else ''} to look at" if errors else "ready"
        self.query_one("#execute").border_subtitle = Content(clean(problem or status))

    @on(InputField.Edited)
    def _edited(self, event: InputField.Edited) -> None:
        event.stop()
        self._check_soon()

    @on(TextInput.Changed, "#execute-labels Input")
    def _labels_edited(self, event: TextInput.Changed) -> None:
        event.stop()
        self._check_soon()

    def _check_soon(self) -> None:
        self._show_footer()
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(_PAUSE, lambda: self._check(self.given))

    @on(TextInput.Submitted)
    def _next_field(self, event: TextInput.Submitted) -> None:
        """Enter goes to the next field; after the last one F5 is the only way to start, so that nothing slips."""
        event.stop()
        self.focus_next()

    # ---- keys --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Resuming has no plan, and another name than starting."""
        resumes = self._resume is not None
        return not resumes if action in ("execute", "plan") else resumes if action == "resume" else True

    def action_resume(self) -> None:
        """Let the execution go on, once everything is right."""
        self.action_execute()

    def action_execute(self) -> None:
        """Start, once everything is right; otherwise go to what is not."""
        self._insisted = self._waiting_to_start = True
        self._check(self.given)

    def _start(self, preview: Preview) -> None:
        self._waiting_to_start = False
        labels, problem = self._labels
        wrong = [item.input.id for item in preview.inputs.visible if item.errors]
        if problem is not None:
            self.query_one("#execute-labels Input", TextInput).focus()
            return
        if wrong:
            self._fields[wrong[0]].focus()
            return
        if preview.inputs.conflicts or any(check.behavior == "BLOCK_EXECUTION" for check in preview.checks):
            return
        given = {name: value for name, value in self.given.items() if name in self._fields}
        if self._resume is None:
            try:
                keep_last(self._desk.stores.workspace, self._flow, self._declared, given)
            except OSError as error:
                self.app.post_message(Said(f"The values are not kept for the next time: {error.strerror}.", True))
        self.dismiss(Execute(given, tuple(labels.items())))

    def action_plan(self) -> None:
        """What the run would do with these values, or the fields again."""
        switcher = self.query_one(ContentSwitcher)
        if self._resume is not None:
            return
        if switcher.current == "execute-plan":
            self._show_tab("fields")
            return
        self._show_tab("plan")
        view = self.query_one(PlanView)
        view.say("The plan is being made.")
        view.focus()
        desk, flow, given = self._desk, self._flow, self.given
        labels = tuple(self._labels[0].items())

        def make() -> FlowPlan:
            return plan_flow(desk.stores, desk.registry, desk.executions.creation, flow, given, labels=labels)

        def show(plan: FlowPlan) -> None:
            if self.is_running:
                view.show(plan)

        def fail(error: Exception) -> None:
            if self.is_running:
                view.say(sentence_of(error))

        desk.looks.do(make, show, fail)

    def _show_tab(self, key: str) -> None:
        self.query_one(ContentSwitcher).current = f"execute-{key}"
        self.query_one(TabBar).show(key)
        if key == "fields" and self._fields:
            next(iter(self._fields.values())).focus()

    @on(TabBar.Picked)
    def _picked(self, event: TabBar.Picked) -> None:
        event.stop()
        if (event.key == "plan") != (self.query_one(ContentSwitcher).current == "execute-plan"):
            self.action_plan()

    def action_copy_command(self) -> None:
        labels, _ = self._labels
        given = {name: value for name, value in self.given.items() if name in self._fields}
        command = run_command(self._flow, self._declared, given, tuple(labels.items()), resume=self._resume)
        try:
            self.app.post_message(Said(self._desk.clipboard.copy(command, "the command")))
        except OSError as error:
            self.app.post_message(Said(f"Cannot copy: {error}.", True))

    async def action_forget(self) -> None:
        """Begin again with the defaults."""
        for field in list(self._fields.values()):
            await field.remove()
        self._fields, self._hidden, self._insisted = {}, {}, False
        self._check({})

    def action_back(self) -> None:
        if self.query_one(ContentSwitcher).current == "execute-plan":
            self._show_tab("fields")
        else:
            secrets = {one.id for one in self._declared if is_secret(one)}
            self.left = {name: value for name, value in self.given.items() if name not in secrets}
            self.dismiss(None)
