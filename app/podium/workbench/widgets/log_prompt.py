"""One row that asks for a line of text: what to filter or find in a log, or where to save it."""

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from podium.base.text import clean
from podium.store.log_filter import PatternError, TextPattern
from podium.workbench.widgets.log_view import Prompt

_LABELS = {"filter": "Filter", "find": "Find", "save": "Save as"}
_HINTS = {
    "filter": "text, /regex/, !not · Enter keeps · Esc undoes",
    "find": "text or /regex/ · then n and N · Esc closes",
    "save": "Enter saves what is shown · Esc closes",
}
_PAUSE = 0.15  # seconds without a key before a filter is tried


class LogPrompt(Horizontal):
    """Hidden until it is asked something; the answer leaves it as a message."""

    DEFAULT_CSS = """
    LogPrompt {
        height: 1; display: none;
        & Static { width: auto; padding: 0 1; }
        & #log-prompt-hint { color: $text-muted; }
        & #log-prompt-hint.-error { color: $text-error; }
        & Input { width: 1fr; height: 1; border: none; padding: 0; background: $surface; }
        & Input:focus { border: none; }
    }
    """
    BINDINGS = [
        Binding("escape", "cancel", "Close", id="log.prompt_cancel"),
        Binding("ctrl+r", "regex", "Regex", id="log.prompt_regex"),
    ]

    class PatternTyped(Message):
        """A filter to try while it is being typed."""

        def __init__(self, pattern: TextPattern | None) -> None:
            super().__init__()
            self.pattern = pattern

    class Answered(Message):
        """The reader pressed Enter; `pattern` for filter and find, `text` for save."""

        def __init__(self, prompt: Prompt, text: str, pattern: TextPattern | None) -> None:
            super().__init__()
            self.prompt, self.text, self.pattern = prompt, text, pattern

    class Cancelled(Message):
        """The reader pressed Esc."""

        def __init__(self, prompt: Prompt) -> None:
            super().__init__()
            self.prompt = prompt

    def __init__(self) -> None:
        super().__init__()
        self.prompt: Prompt = "filter"
        self._regex = False
        self._typed = 0

    def compose(self) -> ComposeResult:
        yield Static(id="log-prompt-label", markup=False)
        yield Input(select_on_focus=False)
        yield Static(id="log-prompt-hint", markup=False)

    def ask(self, prompt: Prompt, text: str) -> None:
        """Open with a text to begin with."""
        self.prompt, self._regex = prompt, False
        self.display = True
        field = self.query_one(Input)
        with field.prevent(Input.Changed):
            field.value = clean(text)
        field.cursor_position = len(field.value)
        self._label()
        self.explain("")
        field.focus()

    def close(self) -> None:
        """Hide again."""
        self._typed += 1
        self.display = False

    def explain(self, problem: str) -> None:
        """Say what is wrong with the text, or the usual hint."""
        hint = self.query_one("#log-prompt-hint", Static)
        hint.update(Content(clean(problem) or _HINTS[self.prompt]))
        hint.set_class(bool(problem), "-error")

    def _label(self) -> None:
        regex = " /regex/" if self._regex else ""
        self.query_one("#log-prompt-label", Static).update(Content(f"{_LABELS[self.prompt]}{regex}"))

    def _pattern(self) -> tuple[bool, TextPattern | None]:
        """(whether the text can be read as a pattern, the pattern)."""
        try:
            pattern = TextPattern.parse(self.query_one(Input).value, regex=self._regex)
        except PatternError as error:
            self.explain(str(error))
            return False, None
        self.explain("")
        return True, pattern

    @on(Input.Changed)
    def _wait_for_a_pause(self, event: Input.Changed) -> None:
        event.stop()
        self._typed += 1
        typed = self._typed
        if self.prompt == "filter":
            self.set_timer(_PAUSE, lambda: self._try_filter(typed))

    def _try_filter(self, typed: int) -> None:
        if typed == self._typed:
            readable, pattern = self._pattern()
            if readable:
                self.post_message(self.PatternTyped(pattern))

    @on(Input.Submitted)
    def _answer(self, event: Input.Submitted) -> None:
        event.stop()
        if self.prompt == "save":
            self.post_message(self.Answered("save", event.value, None))
            return
        readable, pattern = self._pattern()
        if readable:
            self.post_message(self.Answered(self.prompt, event.value, pattern))

    def action_cancel(self) -> None:
        self.post_message(self.Cancelled(self.prompt))

    def action_regex(self) -> None:
        """Read the text as a regular expression, or no more."""
        if self.prompt != "save":
            self._regex = not self._regex
            self._label()
            self._typed += 1
            self._try_filter(self._typed)
