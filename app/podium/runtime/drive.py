"""One execution while it runs: its engine, its journal and the commands that come out of it.

The order is the promise: changes are in the journal before anything outside the runner can see an effect of them.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from podium.engine import commands as k
from podium.engine import stimuli as s
from podium.engine.changes import TimerSet, encode
from podium.engine.execution import Execution
from podium.engine.step import Engine
from podium.model.flow import Flow
from podium.store.execution_records import ExecutionRecord
from podium.store.journal import JournalWriter
from podium.store.logs import LogWriter

_FLUSH_EVENTS = 128
_FLUSH_SECONDS = 0.05


class Works(Protocol):
    """The runner as a drive sees it: carries out the commands that need threads, other executions or the index."""

    def carry_out(self, drive: "Drive", command: k.Command) -> None: ...
    def is_inline(self, command: k.Submit) -> bool: ...
    def run_inline(self, drive: "Drive", command: k.Submit) -> s.AttemptFinished: ...
    def timer_set(self, drive: "Drive", key: str, due: Any) -> None: ...
    def moved(self, drive: "Drive") -> None: ...


class Drive:
    """Feeds one execution with events and sees its commands through."""

    def __init__(
        self, works: Works, record: ExecutionRecord, flow: Flow, execution: Execution, engine: Engine,
        journal: JournalWriter, log: LogWriter,
    ) -> None:  # fmt: skip
        self.works = works
        self.record = record
        self.flow = flow
        self.execution = execution
        self.engine = engine
        self.journal = journal
        self.log = log
        self.inline: deque[k.Submit] = deque()
        """Tasks that run in the runner's own thread, one per turn of its loop."""
        self.finished = False
        self.on_end: Callable[[Drive], None] | None = None
        """Tells the parent execution; set for children that somebody waits for."""
        self._pending: list[dict[str, Any]] = []
        self._since = 0.0
        self._state = execution.state
        for key, due in execution.timers.items():
            works.timer_set(self, key, due)

    @property
    def id(self) -> str:
        return self.execution.id

    def feed(self, stimulus: s.Stimulus) -> None:
        """Take one event to its end and carry out what it led to."""
        step = self.engine.step(stimulus)
        if step.changes:
            if not self._pending:
                self._since = time.monotonic()
            self._pending.extend(encode(change) for change in step.changes)
            for change in step.changes:
                if isinstance(change, TimerSet):
                    self.works.timer_set(self, change.key, change.due)
        for command in step.commands:
            self._carry_out(command)
        if len(self._pending) > _FLUSH_EVENTS or time.monotonic() - self._since > _FLUSH_SECONDS:
            self.flush()
        if self.execution.state != self._state:
            self._state = self.execution.state
            self.flush()
            self.works.moved(self)

    def turn(self) -> None:
        """Run the next inline task from its beginning to its end."""
        command = self.inline.popleft()
        run = self.execution.taskruns.get(command.taskrun_id)
        if run is None or run.state not in ("CREATED", "RESTARTED"):
            return
        self.feed(s.AttemptBegan(command.taskrun_id))
        self.feed(self.works.run_inline(self, command))

    def flush(self) -> None:
        """Put everything into the journal that is not there yet; raises StoreError when that is impossible."""
        if self._pending:
            events, self._pending = self._pending, []
            self.journal.append(events)

    def write_log(self, source: str, level: str, lines: Sequence[str], taskrun_id: str | None) -> None:
        """Lines of a task run, or of the execution itself."""
        task_id, attempt = None, 0
        run = self.execution.taskruns.get(taskrun_id) if taskrun_id else None
        if run is not None:
            task_id, attempt = run.task_id, max(0, len(run.attempts) - 1)
        now = int(time.time() * 1000)
        self.log.write_lines(source, level, task_id, taskrun_id, attempt, now, lines)

    def close(self) -> None:
        """Flush and let go of the files."""
        self.flush()
        self.journal.sync()
        self.journal.close()
        self.log.close()

    def _carry_out(self, command: k.Command) -> None:
        match command:
            case k.Log():
                level = "DEBUG" if command.message.startswith(_LIFE_CYCLE) else command.level
                self.write_log("log", level, [command.message], command.taskrun_id)
            case k.Submit() if self.works.is_inline(command):
                self.inline.append(command)
            case k.Finished():
                self.finished = True
            case _:
                self.flush()
                self.works.carry_out(self, command)


_LIFE_CYCLE = ("Flow started", "Flow restarted", "Flow completed")
"""Lines that every run has: kept at DEBUG, so that the lane of the Log tasks shows what the flow says."""


def variables_of(drive: Drive, taskrun_id: str) -> Mapping[str, Any]:
    """The expression context of a task run of this execution."""
    run = drive.execution.taskruns[taskrun_id]
    return drive.engine.run.variables.of_taskrun(run, drive.engine.run.task(run))
