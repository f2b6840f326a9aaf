"""Following an execution to its end: its log as it grows, what becomes of its tasks, and Ctrl-C."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType
from typing import Any

from podium.base.looks import look, short_duration, short_id
from podium.base.text import clean
from podium.cli.control import exit_code
from podium.cli.errors import FAILED, INTERRUPTED
from podium.cli.lanes import LinePrinter, LogTail
from podium.cli.outcome import print_outputs
from podium.cli.output import Console
from podium.cli.session import Session
from podium.engine import changes as c
from podium.engine.execution import Execution
from podium.engine.states import TERMINAL
from podium.store.index import ExecutionFilter
from podium.store.journal import JournalReader
from podium.store.log_filter import LogFilter
from podium.store.logs import LogLine

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.01, 0.1
_LOOK_AFTER_RUNNER = 2.0
"""Seconds without news after which the runner is looked for: a dead one writes no end."""


@dataclass(frozen=True, slots=True)
class Following:
    """How to follow. `form` is that of the result; `timeout` ends the execution; `from_now` passes over what was
    before the execution was taken up again; `names` are the tasks it has.
    """

    chosen: LogFilter
    form: str = "text"
    timeout: timedelta | None = None
    from_now: bool = False
    names: Sequence[str] = ()


def follow(session: Session, execution_id: str, how: Following, console: Console) -> int:
    """Print what happens until the end; returns the exit code that stands for the final state."""
    follower = _Follower(session, execution_id, how, console)
    with _interrupts(follower.interrupted):
        execution = follower.to_the_end()
    from podium.runtime.kestra_json import shown_execution
    from podium.runtime.masks import masker_of

    if how.form == "json":
        console.json(shown_execution(session.stores, execution))
    elif execution.outputs:
        print_outputs(masker_of(session.stores, execution.id).value(execution.outputs), console)
    if follower.timed_out:
        return FAILED
    return INTERRUPTED if follower.interrupts and execution.state != "SUCCESS" else exit_code(execution.state)


class _Follower:
    def __init__(self, session: Session, execution_id: str, how: Following, console: Console) -> None:
        self._executions = session.executions
        self._how = how
        self._console = console
        self._deadline = None if how.timeout is None else time.monotonic() + how.timeout.total_seconds()
        self.timed_out = False
        self.interrupts = 0
        # In front of a JSON document the log is narration.
        lines = console if how.form == "text" else console.narration()
        self._printer = LinePrinter(lines, names=how.names)
        self._start(execution_id)

    def _start(self, execution_id: str) -> None:
        record = self._executions.record(execution_id)
        self._id = execution_id
        self._journal = JournalReader(record.journal)
        self._log = LogTail(record.log, self._how.chosen)
        self._execution: Execution | None = None
        self._last_news = time.monotonic()
        self._told = 0
        if self._how.from_now:
            self._pass_over()

    def interrupted(self) -> None:
        """Ctrl-C: end it gently, then at once; the third time leave it alone."""
        self.interrupts += 1
        if self.interrupts > 2:
            raise KeyboardInterrupt

    def to_the_end(self) -> Execution:
        pause = _SHORTEST_PAUSE
        while True:
            self._kill_if_asked()
            if self._look():
                pause = _SHORTEST_PAUSE
                self._last_news = time.monotonic()
            elif time.monotonic() - self._last_news > _LOOK_AFTER_RUNNER:
                self._executions.reconcile()
                self._last_news = time.monotonic()
            execution = self._execution
            if execution is not None and execution.terminal and not self._executions.is_running(self._id):
                self._look()
                if execution.state != "RETRIED" or not self._goes_on_elsewhere():
                    self._tell_end(execution)
                    return execution
                continue
            time.sleep(pause)
            pause = min(pause * 1.3, _LONGEST_PAUSE)

    def _goes_on_elsewhere(self) -> bool:
        """A retry of the whole flow is a new execution: follow that one."""
        successors = self._executions.index.search(ExecutionFilter(parent_id=self._id), size=1).items
        if not successors:
            return False
        again = successors[0].id
        self._console.narrate(f"{self._console.state_text('RETRIED')}  tried again as {short_id(again)}", "warning")
        self._log.close()
        self._start(again)
        return True

    def _kill_if_asked(self) -> None:
        from podium.runtime.executions import Refused

        if self._deadline is not None and time.monotonic() > self._deadline:
            self._deadline, self.timed_out = None, True
            assert self._how.timeout is not None
            self._console.warn(f"not ended after {short_duration(self._how.timeout)}: killing it.")
        elif self.interrupts > self._told:
            again = "" if self.interrupts > 1 else " Ctrl-C again kills at once."
            self._console.narrate(f"\n■ killing {short_id(self._id)} and everything it started.{again}", "warning")
        else:
            return
        self._told = self.interrupts
        try:
            self._executions.kill(self._id, hard=self.interrupts > 1)
        except Refused:
            # It ended by itself in the meantime.
            return

    # ---- news --------------------------------------------------------------------------------------------------

    def _look(self) -> bool:
        """Print what is new; the log first, so that the end of a task comes after its last line."""
        news = self._journal.poll()
        self._log.refresh()
        new = False
        for line in self._log.new():
            self._print(line)
            new = True
        if news.reset:
            self._execution = None
        for event in news.events:
            self._take(c.decode(event))
        if new:
            self._console.flush()
        return new or bool(news.events)

    def _pass_over(self) -> None:
        """Take in the past without a word, up to the last time that the execution was taken up."""
        changes = [c.decode(event) for event in self._journal.poll().events]
        taken_up = [at for at, change in enumerate(changes) if isinstance(change, c.ExecutionRestarted)]
        since = taken_up[-1] if taken_up else len(changes)
        for change in changes[:since]:
            self._fold(change)
        started = int(self._execution.histories[-1][1].timestamp() * 1000) if self._execution is not None else 0
        self._log.skip_before(started)
        for change in changes[since:]:
            self._take(change)

    def _print(self, line: LogLine) -> None:
        if not (self._console.quiet and self._how.form == "json"):
            self._printer.print(line)

    def _fold(self, change: Any) -> None:
        if self._execution is None:
            self._execution = Execution(change)
        else:
            self._execution.apply(change)

    def _take(self, change: Any) -> None:
        self._fold(change)
        assert self._execution is not None
        if isinstance(change, (c.TaskRunMoved, c.AttemptEnded)):
            self._tell_task(change.id, change)
        elif isinstance(change, c.ExecutionMoved):
            self._tell_state(self._execution)
        elif isinstance(change, c.ChildLinked):
            run = self._execution.taskruns[change.id]
            self._console.narrate(
                f"  {clean(run.task_id)} started {short_id(change.execution_id)}: podium logs {change.execution_id}",
                "dim",
            )

    def _tell_task(self, taskrun_id: str, change: "c.TaskRunMoved | c.AttemptEnded") -> None:
        assert self._execution is not None
        run = self._execution.taskruns[taskrun_id]
        ended = isinstance(change, c.TaskRunMoved) and change.state in TERMINAL
        if not ended and change.state not in ("RETRYING", "PAUSED"):
            return
        name = clean(run.task_id) + (f"[{clean(run.value)}]" if run.value is not None else "")
        length = f"  {short_duration(run.histories[-1][1] - run.start)}" if ended and change.state != "SKIPPED" else ""
        tries = f"  after {len(run.attempts)} attempts" if ended and len(run.attempts) > 1 else ""
        tone = "dim" if change.state == "SUCCESS" else look(change.state).tone
        self._console.narrate(f"{self._console.state_text(change.state)}  {name}{length}{tries}", tone)

    def _tell_state(self, execution: Execution) -> None:
        name = short_id(self._id)
        if execution.state == "PAUSED":
            self._console.narrate(
                f"{self._console.state_text('PAUSED')}  {name} waits: podium resume {name}", look("PAUSED").tone
            )
        elif execution.state == "QUEUED":
            self._console.narrate(
                f"{self._console.state_text('QUEUED')}  {name} waits for a free slot of its flow", look("QUEUED").tone
            )

    def _tell_end(self, execution: Execution) -> None:
        console, name = self._console, short_id(execution.id)
        if self._log.below_level:
            count = self._log.below_level
            console.narrate(f"{count} of {self._log.total} log lines not shown: podium logs {name}", "dim")
        length = short_duration((execution.end or execution.start) - execution.start)
        hint = ""
        if execution.state in ("FAILED", "KILLED"):
            hint = f"  podium show {name} says why, podium restart {name} goes on from there"
        if execution.error:
            console.narrate(clean(execution.error), "bad")
        text = f"{console.state_text(execution.state)}  {execution.flow_id}  {name}  {length}{hint}"
        console.narrate(text, look(execution.state).tone)
        self._log.close()


@contextmanager
def _interrupts(handle: Callable[[], None]) -> Iterator[None]:
    """Call `handle` for Ctrl-C and SIGTERM. A terminal that is closed (SIGHUP) does not touch the execution."""

    def on_signal(number: int, frame: FrameType | None) -> None:
        handle()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
