"""The task runs of an execution as rows of a tree: nested, with attempts, kept up change by change."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from podium.engine import changes as c
from podium.engine.execution import Attempt, Execution, TaskRun
from podium.engine.states import TERMINAL

FOLD_ABOVE = 60
"""A task run with more children than this is shown folded at first."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of time of a row: it waited, or it was in a state."""

    start: datetime
    end: datetime | None
    state: str
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One row: a task run, or with `attempt` (counted from 0) one of its attempts.

    `fold` is None for a row without rows below it, else whether they are hidden.
    """

    run: TaskRun
    depth: int
    attempt: int | None = None
    fold: bool | None = None

    @property
    def key(self) -> tuple[str, int | None]:
        """What stays the same while the execution goes on."""
        return (self.run.id, self.attempt)

    @property
    def state(self) -> str:
        return self.run.state if self.attempt is None else self.run.attempts[self.attempt].state

    @property
    def name(self) -> str:
        """`task [value]`, or `attempt 2`."""
        if self.attempt is not None:
            return f"attempt {self.attempt + 1}"
        return title_of(self.run)

    @property
    def start(self) -> datetime:
        return self._histories[0][1]

    @property
    def end(self) -> datetime | None:
        state, date = self._histories[-1]
        return date if state in TERMINAL else None

    def bars(self) -> list[Bar]:
        """Waiting and working times in order; the last one is open while it goes on."""
        histories = self._histories
        bars = []
        for at, (state, date) in enumerate(histories):
            if state in TERMINAL and at == len(histories) - 1:
                break
            end = histories[at + 1][1] if at + 1 < len(histories) else None
            bars.append(Bar(date, end, self.state if end is not None else state, state not in ("RUNNING", "KILLING")))
        return bars

    @property
    def _histories(self) -> list[tuple[str, datetime]]:
        return self.run.histories if self.attempt is None else self.run.attempts[self.attempt].histories


def title_of(run: TaskRun) -> str:
    """A task's id, and which round of a loop it was for."""
    if run.value is not None:
        return f"{run.task_id} [{run.value}]"
    return run.task_id if run.iteration is None else f"{run.task_id} #{run.iteration + 1}"


class TaskRows:
    """The rows of one execution. `apply` keeps them up; the cost of a change does not depend on what is there."""

    def __init__(self, execution: Execution) -> None:
        self.execution = execution
        self._children: dict[str | None, dict[str, None]] = {}
        self._unfolded: dict[tuple[str, int | None], bool] = {}
        self._rows: list[TaskRow] | None = None
        for run in execution.taskruns.values():
            self._add(run)

    def apply(self, change: c.Change) -> None:
        """Fold one change into the execution and the rows. Raises KeyError for a task run that does not exist."""
        removed = []
        if isinstance(change, c.TaskRunsRemoved):
            removed = [self.execution.taskruns[one] for one in change.ids if one in self.execution.taskruns]
        self.execution.apply(change)
        if isinstance(change, c.TaskRunCreated):
            self._add(self.execution.taskruns[change.id])
        elif isinstance(change, c.TaskRunCopied):
            self._add(self.execution.taskruns[str(change.taskrun["id"])])
        elif isinstance(change, (c.AttemptStarted, c.AttemptEnded)):
            self._rows = None
        for run in removed:
            self._children.get(run.parent, {}).pop(run.id, None)
            self._rows = None

    def _add(self, run: TaskRun) -> None:
        self._children.setdefault(run.parent, {})[run.id] = None
        self._rows = None

    @property
    def rows(self) -> list[TaskRow]:
        """The rows that are not hidden; made anew only when there are other ones."""
        if self._rows is None:
            self._rows = list(self._walk(None, 0))
        return self._rows

    def _walk(self, parent: str | None, depth: int) -> Iterable[TaskRow]:
        # A loop, not a recursion: subflows and loops nest as deep as their author likes.
        pending = [(run_id, depth) for run_id in reversed(self._children.get(parent, {}))]
        while pending:
            run_id, depth = pending.pop()
            run = self.execution.taskruns.get(run_id)
            if run is None:
                continue
            children = self._children.get(run_id, {})
            attempts = run.attempts if len(run.attempts) > 1 else []
            folded = self._folded((run_id, None), children, attempts)
            yield TaskRow(run, depth, None, folded if children or attempts else None)
            if folded:
                continue
            for number in range(len(attempts)):
                yield TaskRow(run, depth + 1, number)
            pending += [(child, depth + 1) for child in reversed(children)]

    def _folded(self, key: tuple[str, None], children: dict[str, None], attempts: list[Attempt]) -> bool:
        if not children and not attempts:
            return False
        return not self._unfolded.get(key, 0 < len(children) <= FOLD_ABOVE)

    def toggle(self, row: TaskRow) -> None:
        """Show the rows below this one, or hide them."""
        if row.fold is not None:
            self._unfolded[row.run.id, None] = row.fold
            self._rows = None

    def reveal(self, taskrun_id: str) -> int | None:
        """Show a task run, whatever it is in; its place among the rows, None when it does not exist."""
        run = self.execution.taskruns.get(taskrun_id)
        if run is None:
            return None
        for above in self.execution.ancestors(run):
            self._unfolded[above.id, None] = True
        self._rows = None
        return next((at for at, row in enumerate(self.rows) if row.key == (taskrun_id, None)), None)

    def span(self, now: datetime) -> tuple[datetime, datetime]:
        """From the beginning of the execution to its end, or to now."""
        return self.execution.start, self.execution.end or max(now, self.execution.start)


def first_failure(execution: Execution) -> TaskRun | None:
    """The task run that failed first, and deepest: the one to look at."""
    failed = [run for run in execution.taskruns.values() if run.state == "FAILED"]
    parents = {run.parent for run in failed}
    leaves = [run for run in failed if run.id not in parents]
    return min(leaves, key=lambda run: run.end or run.start, default=None)
