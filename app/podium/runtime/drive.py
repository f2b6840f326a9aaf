"""One execution while it runs: its engine, its journal and the commands that come out of it.

The order is the promise: changes are in the journal before anything outside the runner can see an effect of them.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from podium.engine import commands as k
from podium.engine import stimuli as s
from podium.engine.changes import TimerSet, encode
from podium.engine.recovery import is_lost, lost
from podium.engine.step import Engine
from podium.runtime.workplace import Workplace
from podium.store.errors import StoreError
from podium.store.journal import JournalWriter
from podium.store.logs import LogWriter

_FLUSH_EVENTS = 128
_FLUSH_SECONDS = 0.05


class Works(Protocol):
    """The runner as a drive sees it: carries out the commands that need threads, other executions or the index."""

    def carry_out(self, drive: "Drive", command: k.Command) -> None: ...
    def timer_set(self, drive: "Drive", key: str, due: datetime) -> None: ...
    def moved(self, drive: "Drive") -> None: ...
    def trouble(self, drive: "Drive", error: Exception) -> None: ...


class Drive:
    """Feeds one execution with events and sees its commands through."""

    def __init__(
        self, works: Works, place: Workplace, engine: Engine, journal: JournalWriter, log: LogWriter
    ) -> None:  # fmt: skip
        self.works = works
        self.place = place
        self.record = place.record
        self.flow = place.flow
        self.execution = place.execution
        self.engine = engine
        self.journal = journal
        self.log = log
        self.lock = threading.Lock()
        """Held while the execution changes, and by workers while they render: the maps that expressions see grow."""
        self.inline: deque[k.Submit] = deque()
        """Tasks that run in the runner's own thread, one per turn of its loop."""
        self.finished = False
        self.resting = False
        """Whether it only waits for somebody's request (a pause without a timer)."""
        self.on_end: Callable[[Drive], None] | None = None
        """Tells the parent execution; set for children that somebody waits for."""
        self.unsynced = False
        self._pending: list[dict[str, Any]] = []
        self._since = 0.0
        self._state = self.execution.state
        for key, due in self.execution.timers.items():
            works.timer_set(self, key, due)

    @property
    def id(self) -> str:
        return self.execution.id

    def feed(self, stimulus: s.Stimulus) -> None:
        """Take one event to its end and carry out what it led to. Raises StoreError when it cannot be kept."""
        self.resting = False
        if isinstance(stimulus, s.Resume):
            self.place.hide_resumed(stimulus.values)
        with self.lock:
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
        if len(self._pending) > _FLUSH_EVENTS or (self._pending and time.monotonic() - self._since > _FLUSH_SECONDS):
            self.flush()
        if self.execution.state != self._state:
            self._state = self.execution.state
            self.flush()
            self.works.moved(self)

    def flush(self) -> None:
        """Put everything into the journal that is not there yet; raises StoreError when that is impossible."""
        if self._pending:
            # Kept until they are written: after a failure they can be tried again.
            self.journal.append(self._pending)
            self._pending = []
            self.unsynced = True
        self.place.flush_metrics()

    def sync(self) -> None:
        """Make what was flushed survive a power cut."""
        if self.unsynced:
            self.journal.sync()
            self.unsynced = False

    def write_log(self, source: Any, level: Any, lines: Sequence[str], taskrun_id: str | None) -> None:
        """Lines of a task run, or of the execution itself; from any thread. A full disk stops the runner."""
        task_id, attempt, value = None, 0, None
        run = self.execution.taskruns.get(taskrun_id) if taskrun_id else None
        if run is not None:
            task_id, attempt, value = run.task_id, max(0, len(run.attempts) - 1), run.value
        now = int(time.time() * 1000)
        try:
            self.log.write_lines(source, level, task_id, taskrun_id, attempt, now, lines, value)
        except StoreError as error:
            self.works.trouble(self, error)

    def abandon(self, reason: str) -> None:
        """Note, as far as that is possible, that what runs now is lost; for a runner that stops in the middle."""
        now = self.place.stores.clock.now()
        if is_lost(self.flow, self.execution):
            with self.lock:
                changes = lost(self.flow, self.execution, now, reason)
                for change in changes:
                    self.execution.apply(change)
            self._pending.extend(encode(change) for change in changes)
        self.write_log("log", "ERROR", [reason], None)

    def close(self, *, durable: bool) -> None:
        """Flush and let go of the files; what is not `durable` may lose its last seconds with the power."""
        try:
            self.flush()
            if durable:
                self.sync()
        finally:
            self.journal.close()
            self.log.close()

    def _carry_out(self, command: k.Command) -> None:
        match command:
            case k.Log():
                level = "DEBUG" if command.message.startswith(_LIFE_CYCLE) else command.level
                self.write_log("log", level, [command.message], command.taskrun_id)
            case k.Submit() if self.place.is_inline(command.task):
                self.inline.append(command)
            case k.Finished():
                self.finished = True
            case k.Paused():
                self.resting = not self.execution.timers
            case _:
                self.works.carry_out(self, command)


_LIFE_CYCLE = ("Flow started", "Flow restarted", "Flow completed")
"""Lines that every run has: kept at DEBUG, so that the lane of the Log tasks shows what the flow says."""


def variables_of(drive: Drive, taskrun_id: str) -> Mapping[str, Any]:
    """The expression context of a task run of this execution."""
    run = drive.execution.taskruns[taskrun_id]
    return drive.engine.run.variables.of_taskrun(run, drive.engine.run.task(run))
