"""The reason of a failed run, before anything else on its screen."""

from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from podium.base.text import clean
from podium.workbench.runs.failure import CodePlace, Failure


class FailureBox(Static, can_focus=True):
    """Message, task, the lines before it, and the line of code it came from."""

    DEFAULT_CSS = """
    FailureBox {
        height: auto; max-height: 10; display: none; padding: 0 1; border-left: thick $error; background: $boost;
        &:focus { background: $surface-lighten-1; }
    }
    """
    BINDINGS = [
        Binding("enter,o", "open_code", "Open the code", id="failure.open"),
        Binding("enter,o", "go_to_task", "Go to the task", id="failure.task"),
        Binding("y", "copy", "Copy", id="failure.copy"),
    ]

    class CodeRequested(Message):
        """The reader wants to see this line of code."""

        def __init__(self, place: CodePlace) -> None:
            super().__init__()
            self.place = place

    class TaskRequested(Message):
        """The reader wants to see the task run that failed."""

        def __init__(self, taskrun_id: str) -> None:
            super().__init__()
            self.taskrun_id = taskrun_id

    class CopyRequested(Message):
        """`text`, described as `what`, is to be copied."""

        def __init__(self, text: str, what: str) -> None:
            super().__init__()
            self.text, self.what = text, what

    def __init__(self) -> None:
        super().__init__(markup=False)
        self.failure: Failure | None = None

    def show(self, failure: Failure | None, most_lines: int = 6) -> None:
        """Say why, or nothing for None."""
        self.failure = failure
        self.display = failure is not None
        if failure is None:
            return
        head = Content.styled("✗ ", "bold $text-error")
        if failure.task is not None:
            head += Content.styled(f"{clean(failure.task)}  ", "bold")
        message = clean(failure.message.strip().split("\n")[-1])
        parts = [head + Content.styled(message, "$text-error")]
        parts += [Content.styled(f"  {line}", "$text-muted") for line in failure.lines[-most_lines:]]
        if failure.place is not None:
            text = f"  ↳ {clean(failure.place.path.name)} line {failure.place.line}"
            parts.append(Content.styled(text, "underline $text-accent") + Content.styled("  o opens it", "$text-muted"))
        self.update(Content("\n").join(parts))
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The code if it is known, else the task."""
        failure = self.failure
        if action == "open_code":
            return failure is not None and failure.place is not None
        if action == "go_to_task":
            return failure is not None and failure.place is None and failure.taskrun_id is not None
        return True

    def action_open_code(self) -> None:
        if self.failure is not None and self.failure.place is not None:
            self.post_message(self.CodeRequested(self.failure.place))

    def action_go_to_task(self) -> None:
        if self.failure is not None and self.failure.taskrun_id is not None:
            self.post_message(self.TaskRequested(self.failure.taskrun_id))

    def on_click(self) -> None:
        if self.failure is not None and self.failure.place is not None:
            self.action_open_code()
        else:
            self.action_go_to_task()

    def action_copy(self) -> None:
        if self.failure is not None:
            text = "\n".join([self.failure.message, *self.failure.lines])
            self.post_message(self.CopyRequested(text, "the error"))
