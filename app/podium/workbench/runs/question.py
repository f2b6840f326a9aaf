"""A question in the pane that it concerns: a sentence and the keys that answer it, or a line to type."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from podium.base.text import clean

Answer = Callable[[str], str | None]
"""Takes what was typed; returns what is wrong with it, None when the question is answered."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer: the key, what it is called, and what it does."""

    key: str
    label: str
    act: Callable[[], None]

    @property
    def shown(self) -> str:
        """`x kills`."""
        return f"{'Enter' if self.key == 'enter' else self.key} {self.label}"


class _Choices(Static, can_focus=True):
    """Takes the keys while a question is open."""


class Question(Vertical):
    """Hidden until something is asked; Esc leaves things as they are. The focus goes back to where it was."""

    DEFAULT_CSS = """
    Question {
        height: auto; max-height: 8; display: none; padding: 0 1; background: $boost; overflow-y: auto;
        & Static { height: auto; width: 1fr; }
        & #question-hint { color: $text-muted; }
        & #question-hint.-wrong { color: $text-error; }
        & #question-hint:focus { color: $text; text-style: none; }
        & Input { height: 1; border: none; padding: 0; background: $surface; }
        & Input:focus { border: none; }
    }
    """
    BINDINGS = [Binding("escape", "cancel", "Close", id="question.cancel")]

    def __init__(self) -> None:
        super().__init__()
        self._choices: Sequence[Choice] = ()
        self._answer: Answer | None = None
        self._afterwards: Callable[[], None] | None = None
        self._hint = ""
        self._before: Widget | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="question-text", markup=False)
        yield Input(select_on_focus=False)
        yield _Choices(id="question-hint", markup=False)

    @property
    def is_open(self) -> bool:
        """Whether something is being asked."""
        return bool(self.display)

    def ask(self, text: str, choices: Sequence[Choice], *, closed: Callable[[], None] | None = None) -> None:
        """Ask for one of the choices; `closed` is called when the question is gone, whatever was chosen."""
        self._open(text, closed)
        self._choices, self._answer = choices, None
        self._show_hint(" · ".join([*(choice.shown for choice in choices), "Esc leaves it"]), False)
        self.query_one(Input).display = False
        self.query_one(_Choices).focus()

    def ask_text(self, text: str, value: str, hint: str, answer: Answer) -> None:
        """Ask for a line of text."""
        self._open(text, None)
        self._choices, self._answer, self._hint = (), answer, hint
        self._show_hint(hint, False)
        field = self.query_one(Input)
        field.display = True
        field.value = clean(value)
        field.cursor_position = len(field.value)
        field.focus()

    def _open(self, text: str, closed: Callable[[], None] | None) -> None:
        if not self.is_open:
            self._before = self.screen.focused
        elif self._afterwards is not None:
            self._afterwards()
        self._afterwards = closed
        self.query_one("#question-text", Static).update(Content(clean(text)))
        self.display = True

    def _show_hint(self, text: str, wrong: bool) -> None:
        hint = self.query_one(_Choices)
        hint.update(Content(clean(text)))
        hint.set_class(wrong, "-wrong")

    def close(self) -> None:
        """Hide, and give the focus back."""
        if not self.is_open:
            return
        self.display = False
        self._choices = ()
        if self._before is not None and self._before.is_attached:
            self._before.focus()
        closed, self._afterwards = self._afterwards, None
        if closed is not None:
            closed()

    def action_cancel(self) -> None:
        self.close()

    def on_key(self, event: events.Key) -> None:
        for choice in self._choices:
            if event.key == choice.key or event.character == choice.key:
                event.stop()
                event.prevent_default()
                self.close()
                choice.act()
                return
        if self._choices and event.key not in ("escape", "tab", "shift+tab"):
            event.stop()  # a slip must not reach what is behind the question

    @on(Input.Changed)
    def _forget_problem(self, event: Input.Changed) -> None:
        event.stop()
        self._show_hint(self._hint, False)

    @on(Input.Submitted)
    def _take(self, event: Input.Submitted) -> None:
        event.stop()
        if self._answer is None:
            return
        problem = self._answer(event.value)
        if problem is None:
            self.close()
        else:
            self._show_hint(problem, True)
