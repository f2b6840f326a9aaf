"""What can be done to an execution, with the questions that belong to it; used wherever an execution is shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from podium.base.looks import short_id
from podium.base.text import clean
from podium.engine.restart import Fate
from podium.engine.states import TERMINAL
from podium.store.errors import StoreError
from podium.store.summaries import ExecutionSummary
from podium.workbench.messages import Said
from podium.workbench.runs.question import Choice, Question
from podium.workbench.runs.run_desk import RunDesk

T = TypeVar("T")

_SENSE: Mapping[str, Callable[[str], bool]] = {
    "kill": lambda state: state not in TERMINAL,
    "pause_or_resume": lambda state: state not in TERMINAL and state != "KILLING",
    "restart": lambda state: (state in TERMINAL and state != "SUCCESS") or state == "PAUSED",
    "replay": lambda state: state in TERMINAL,
    "mark": lambda state: state in TERMINAL or state == "PAUSED",
}
_AT_WORK = ("RUNNING", "RETRYING", "RESTARTED")
MARKS: tuple[tuple[str, str, str], ...] = (
    ("s", "success", "SUCCESS"),
    ("w", "warning", "WARNING"),
    ("f", "failed", "FAILED"),
    ("c", "cancelled", "CANCELLED"),
)
"""Key, word and state of what something can be marked as."""


@dataclass(frozen=True, slots=True)
class TaskRunRef:
    """A task run as the reader sees it: its id, and what it is called."""

    id: str
    name: str


def makes_sense(action: str, run: ExecutionSummary | None) -> bool:
    """Whether an action of the screens of runs would do something to this run as it is."""
    for name, states in _SENSE.items():
        if name in action:
            return run is not None and states(run.state)
    return True


class RunActions(Vertical):
    """Carries out what the reader asks for, after asking back where something would be lost."""

    DEFAULT_CSS = "RunActions { height: auto; }"

    class Began(Message):
        """An execution goes on under this id: the same after a restart, a new one after a replay."""

        def __init__(self, execution_id: str) -> None:
            super().__init__()
            self.execution_id = execution_id

    class Previewed(Message):
        """What the restart or replay in question would do with each task run; None when it is decided."""

        def __init__(self, fates: tuple[Fate, ...] | None) -> None:
            super().__init__()
            self.fates = fates

    class ResumeAsked(Message):
        """An execution is to go on; whoever knows its flow asks for the `onResume` inputs, if it has any."""

        def __init__(self, actions: "RunActions", execution_id: str, taskrun_id: str | None) -> None:
            super().__init__()
            self.actions, self.execution_id, self.taskrun_id = actions, execution_id, taskrun_id

    def __init__(self, desk: RunDesk) -> None:
        super().__init__()
        self._executions, self._errands, self._wake = desk.executions, desk.errands, desk.feed.wake
        self._killed: set[str] = set()

    def compose(self) -> ComposeResult:
        yield Question()

    @property
    def question(self) -> Question:
        """Where questions are asked."""
        return self.query_one(Question)

    # ---- while it runs -----------------------------------------------------------------------------------------

    def kill(self, run: ExecutionSummary) -> None:
        """End a run: its scripts get time to end, with the second call none. Asked only when work would be lost."""
        if run.state in TERMINAL:
            self._say(f"{short_id(run.id)} has ended: {run.state}.")
        elif run.state == "KILLING" or run.id in self._killed:
            self._do(lambda: self._executions.kill(run.id, hard=True), f"{short_id(run.id)} is killed at once.")
        elif run.state in _AT_WORK:
            text = f"Kill {short_id(run.id)}? What it is doing now is lost. A second x kills at once."
            self.question.ask(text, [Choice("x", "kills", lambda: self._kill(run))])
        else:
            self._kill(run)

    def _kill(self, run: ExecutionSummary) -> None:
        self._killed.add(run.id)
        self._do(lambda: self._executions.kill(run.id), f"{short_id(run.id)} is asked to end. x kills at once.")

    def pause_or_resume(self, run: ExecutionSummary, taskrun_id: str | None = None) -> None:
        """Pause what runs, resume what is paused."""
        if run.state in ("PAUSED", "BREAKPOINT"):
            self.post_message(self.ResumeAsked(self, run.id, taskrun_id))
        elif run.state in TERMINAL:
            self._say(f"{short_id(run.id)} has ended: {run.state}.")
        elif run.state in ("QUEUED", "CREATED"):
            text = f"{short_id(run.id)} waits for its turn. Start it now in spite of that?"
            start = Choice("enter", "starts it", lambda: self._force(run))
            self.question.ask(text, [start])
        else:
            done = f"{short_id(run.id)} pauses when the tasks that run now have ended."
            self._do(lambda: self._executions.pause(run.id), done)

    def _force(self, run: ExecutionSummary) -> None:
        self._do(lambda: self._executions.force_run(run.id), f"{short_id(run.id)} starts now.")

    def resume(self, execution_id: str, inputs: Mapping[str, object] | None, taskrun_id: str | None = None) -> None:
        """Let a paused run go on, with the values of its `onResume` inputs."""
        self._do(
            lambda: self._executions.resume(execution_id, inputs, taskrun_id=taskrun_id),
            f"{short_id(execution_id)} goes on.",
        )

    # ---- after the end -----------------------------------------------------------------------------------------

    def restart(self, run: ExecutionSummary) -> None:
        """Continue a run from its failed task runs, after showing which."""

        def ask(fates: tuple[Fate, ...]) -> None:
            self._ask_about(
                f"Restart {short_id(run.id)}", fates, "restarts", lambda: self._executions.restart(run.id)
            )  # fmt: skip

        self._errands.do(lambda: self._executions.preview_restart(run.id), ask, self._fail)

    def replay(self, run: ExecutionSummary, taskrun: TaskRunRef | None = None) -> None:
        """A new run like this one: all of it, or from a task run on."""
        taskrun_id = None if taskrun is None else taskrun.id

        def begin() -> str:
            return self._executions.replay(run.id, taskrun_id=taskrun_id)

        def ask(fates: tuple[Fate, ...]) -> None:
            where = "from its beginning" if taskrun is None else f"from {clean(taskrun.name)}"
            self._ask_about(f"Replay {short_id(run.id)} {where}", fates, "replays", begin)

        if taskrun is None:
            ask(())
            return
        self._errands.do(lambda: self._executions.preview_replay(run.id, taskrun_id=taskrun_id), ask, self._fail)

    def _ask_about(self, text: str, fates: tuple[Fate, ...], verb: str, begin: Callable[[], str]) -> None:
        self.post_message(self.Previewed(fates))
        choice = Choice("enter", verb, lambda: self._begin(begin))
        self.question.ask(
            f"{text}?{told(fates)}", [choice], closed=lambda: self._post(self.Previewed(None))
        )  # fmt: skip

    def _post(self, message: Message) -> None:
        self.post_message(message)

    def _begin(self, begin: Callable[[], str]) -> None:
        def began(execution_id: str) -> None:
            self._wake()
            self.post_message(self.Began(execution_id))

        self._errands.do(begin, began, self._fail)

    def mark(self, run: ExecutionSummary, taskrun: TaskRunRef | None = None) -> None:
        """Give a task run another state and go on from there, or give an ended run another end."""
        if run.state not in TERMINAL and not (taskrun is not None and run.state == "PAUSED"):
            self._say(f"{short_id(run.id)} is {run.state}: it can be marked when it has ended.", failed=True)
            return
        if taskrun is None:
            text = f"Mark {short_id(run.id)} as what? Nothing runs again."
        else:
            text = f"Mark {clean(taskrun.name)} as what? The run goes on from there."
        taskrun_id = None if taskrun is None else taskrun.id

        def choice(key: str, word: str, state: str) -> Choice:
            done = f"Marked as {state}."
            return Choice(
                key, word, lambda: self._do(
                    lambda: self._executions.change_state(run.id, state, taskrun_id=taskrun_id), done
                )
            )  # fmt: skip

        self.question.ask(text, [choice(*mark) for mark in MARKS])

    # ---- at any time -------------------------------------------------------------------------------------------

    def set_labels(self, run: ExecutionSummary) -> None:
        """Ask for labels to add or change."""
        own = " ".join(f"{key}={value}" for key, value in run.labels if not key.startswith("system."))

        def answer(typed: str) -> str | None:
            labels, problem = parse_labels(typed)
            if problem is None:
                self._do(lambda: self._executions.set_labels(run.id, labels), "The labels are set.")
            return problem

        self.question.ask_text(
            f"Labels of {short_id(run.id)}", own, "key=value key=value · Enter sets · Esc leaves it", answer
        )  # fmt: skip

    def delete(self, run: ExecutionSummary) -> None:
        """Remove a run with its log and files, after asking."""
        if run.state not in TERMINAL:
            text = f"{short_id(run.id)} has not ended. Kill it and delete its record, log and files?"
        else:
            text = f"Delete {short_id(run.id)} with its log and files? That cannot be undone."
        force = run.state not in TERMINAL
        act = Choice(
            "D", "deletes",
            lambda: self._do(
                lambda: self._executions.delete(run.id, force=force), f"{short_id(run.id)} is deleted."
            ),
        )  # fmt: skip
        self.question.ask(text, [act])

    # ---- doing -------------------------------------------------------------------------------------------------

    def _do(self, work: Callable[[], T], done: str) -> None:
        def tell(_: T) -> None:
            self._wake()
            self._say(done)

        self._errands.do(work, tell, self._fail)

    def _fail(self, error: Exception) -> None:
        self._wake()
        self._say(sentence_of(error), failed=True)

    def _say(self, text: str, failed: bool = False) -> None:
        self.post_message(Said(text, failed))


def told(fates: tuple[Fate, ...]) -> str:
    """` 1 task run again, 3 kept, 2 removed.`; nothing for no task runs."""
    counts = {fate: sum(one.fate == fate for one in fates) for fate in ("rerun", "kept", "removed")}
    if not fates:
        return ""
    runs = f"{counts['rerun']} task run{'s' if counts['rerun'] != 1 else ''} again"
    removed = f", {counts['removed']} removed" if counts["removed"] else ""
    return f" {runs}, {counts['kept']} kept{removed}."


def parse_labels(typed: str) -> tuple[dict[str, str], str | None]:
    """The labels of `key=value key=value` (or `key:value`), and what is wrong with them."""
    labels: dict[str, str] = {}
    for word in typed.split():
        key, sign, value = word.partition("=") if "=" in word else word.partition(":")
        if not sign or not key or not value:
            return {}, f"`{word}` is not a label: write key=value."
        labels[key] = value
    return labels, None


def sentence_of(error: Exception) -> str:
    """What to tell the reader of an error: its own words, and for one that nobody foresaw its kind as well."""
    from podium.runtime.executions import NotCreated, Refused

    text = str(error) or "no reason is given"
    if isinstance(error, (Refused, NotCreated, StoreError, OSError, ValueError)):
        return text
    return f"That did not work ({type(error).__name__}): {text}"
