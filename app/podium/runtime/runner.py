"""The runner: the process that makes one execution, and those it calls, happen.

One thread decides and keeps the journals; workers do what takes time. Nothing here is polled: the loop sleeps until a
worker answers, a timer is due or somebody rings the bell.
"""

import contextlib
import selectors
import time
from datetime import datetime

from podium.engine import commands as k
from podium.engine import stimuli as s
from podium.model.flow import Flow
from podium.plugin.registry import Registry
from podium.runtime import requests
from podium.runtime.attempts import Answer, Attempts
from podium.runtime.creation import Creation
from podium.runtime.drive import Drive
from podium.runtime.flows import Flows
from podium.runtime.inbox import Inbox
from podium.runtime.launcher import RUNNER_LOG, Launcher
from podium.runtime.offspring import Offspring
from podium.runtime.opening import Opener
from podium.runtime.other_executions import OtherExecutions
from podium.runtime.presence import own_mark
from podium.runtime.process_census import is_alive
from podium.runtime.rows import Rows
from podium.runtime.slots import admission, start_next
from podium.runtime.timers import Timers
from podium.runtime.wishes import Wishes, stimulus_of
from podium.store.errors import StoreError
from podium.store.execution_records import ExecutionRecord
from podium.store.journal import JournalLocked
from podium.store.stores import Stores

_SLICE = 0.02
"""Seconds of tasks in the runner's own thread, until everything else has its turn."""

_SWEEP = 10.0
"""Seconds between looks at the requests themselves: for the one whose writer died before it rang."""

_SYNC = 1.0
"""Seconds of work that a power cut may take away."""

_STOP_PATIENCE = 15.0

STOPPED = "The runner was asked to stop (SIGTERM); restart the execution to go on: finished task runs are kept"


class Runner:
    """Drives the execution `root` and everything it calls, until nothing is left to do."""

    def __init__(self, stores: Stores, registry: Registry, root: ExecutionRecord, launcher: Launcher) -> None:
        self.stores = stores
        self.root = root
        self.launcher = launcher
        self.drives: dict[str, Drive] = {}
        self.inbox = Inbox()
        self.mark = own_mark(root.id)
        self.attempts = Attempts(self.inbox, stores.workspace.root)
        self.rows = Rows(stores.index, self.mark)
        flows = Flows(stores, registry)
        self.wishes = Wishes(stores, flows, launcher)
        self.opener = Opener(
            stores, registry, flows, self, OtherExecutions(stores, is_alive, self.wishes.resume), self.mark
        )  # fmt: skip
        self.offspring = Offspring(self, Creation(stores, flows))
        self._timers = Timers()
        self._bell: requests.Bell | None = None
        self._failure: Exception | None = None
        self._stopping = False
        self._asked_to_leave = False
        self._swept = self._synced = time.monotonic()

    def know(self, flow: Flow) -> None:
        """Spare reading a flow that is at hand already."""
        self.opener.flows.add(flow)

    def stop(self) -> None:
        """Stop as soon as possible (SIGTERM): what runs is ended, and the journals say that it was."""
        self._stopping = True
        self.inbox.post(None)

    # -- its life ----------------------------------------------------------------------------------------------------

    def run(self) -> int:
        """From taking the execution over to leaving it; returns the exit code of the process.

        Raises StoreError when it cannot be taken over, or when what happened cannot be kept any more.
        """
        while True:
            try:
                drive = self.opener.open(self.root)
            except JournalLocked:
                # Another runner has it: whoever wanted this one has left a request that the other one handles.
                return 0
            # The bell is there before the requests are looked at: none can come unnoticed in between.
            self._bell = requests.Bell(self.root.directory)
            try:
                self.adopt(drive)
                self._loop()
            except StoreError as error:
                self._failure = error
            self._leave()
            if self._failure is not None:
                raise self._failure
            # A request that came between the last look and the end of the bell has no other runner than this one.
            if self._stopping or not requests.pending(self.root.directory):
                return 0

    def adopt(self, drive: Drive) -> None:
        """Drive an execution: begin it, or go on where it was."""
        self.drives[drive.id] = drive
        if drive.flow.concurrency is not None and not drive.execution.terminal:
            # Should this process be killed, somebody must give its slot to the next.
            self.attempts.have_guardian()
        self.rows.changed(drive.execution)
        state = drive.execution.state
        if state in ("CREATED", "RESTARTED"):
            # What is to be killed does not begin first.
            if all(request.kind != "kill" for request in requests.pending(drive.record.directory)):
                drive.feed(self._start(drive))
        elif state == "PAUSED":
            drive.feed(s.TakeUp())
        elif drive.execution.terminal:
            drive.finished = True
        self._handle_requests(drive)

    def _start(self, drive: Drive) -> s.Start:
        if drive.flow.concurrency is None:
            return s.Start()
        later = drive.execution.schedule_date
        if drive.execution.state == "CREATED" and later is not None and later > self.stores.clock.now():
            return s.Start()
        self.rows.flush()
        return admission(self.stores, drive.flow, drive.execution)

    def _loop(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self.inbox.descriptor, selectors.EVENT_READ)
            assert self._bell is not None
            selector.register(self._bell.descriptor, selectors.EVENT_READ)
            while self.drives and not self._stopping and self._failure is None:
                self._take_answers()
                if self._failure is not None:
                    break
                self._fire_timers()
                self._answer_bell()
                self._run_inline()
                self.attempts.begin()
                self.offspring.begin_waiting()
                self._end_finished()
                if self._only_waits() or (self._asked_to_leave and self._can_leave()):
                    break
                self._keep()
                selector.select(self._patience())

    def _only_waits(self) -> bool:
        """Whether nothing happens here before somebody wants it: then no process is needed for it."""
        return not self.attempts.busy and all(
            (drive.resting or drive.execution.state == "QUEUED") and drive.on_end is None
            for drive in self.drives.values()
        )  # fmt: skip

    def _can_leave(self) -> bool:
        """Whether nothing is lost when this process ends now: others may change the execution then."""
        return not self.attempts.busy and all(
            drive.execution.state in ("PAUSED", "QUEUED", "CREATED") and drive.on_end is None
            and not drive.engine.run.working
            for drive in self.drives.values()
        )  # fmt: skip

    def _patience(self) -> float:
        children = self.offspring.patience
        if children == 0.0 or self.attempts.waits():
            return 0.0
        if any(drive.inline or drive.finished for drive in self.drives.values()):
            return 0.0
        patience = _SWEEP if children is None else children
        due = self._timers.next_due()
        if due is None:
            return patience
        return max(0.0, min(patience, (due - self.stores.clock.now()).total_seconds() + 0.001))

    def _keep(self) -> None:
        """Before sleeping: what happened is in the journals, and in the index; also a busy runner tells the disk."""
        if self._patience() > 0:
            for drive in self.drives.values():
                drive.flush()
            self.rows.flush()
        else:
            self.rows.flush_if_old()
        root = self.drives.get(self.root.id)
        if root is not None and time.monotonic() - self._synced > _SYNC:
            self._synced = time.monotonic()
            root.sync()

    # -- turns of the loop -------------------------------------------------------------------------------------------

    def _take_answers(self) -> None:
        for answer in self.inbox.take():
            if isinstance(answer, Answer):
                self.attempts.answered(answer)
                # Once something cannot be kept, what else came of it is lost with the runner, which says why.
                if self._failure is None and answer.drive.id in self.drives:
                    answer.drive.feed(answer.stimulus)
            elif isinstance(answer, Exception):
                self._failure = self._failure or answer

    def _fire_timers(self) -> None:
        for execution_id, key in self._timers.pop_due(self.stores.clock.now()):
            drive = self.drives.get(execution_id)
            # A timer may have been set anew for later since.
            due = drive.execution.timers.get(key) if drive else None
            if drive is not None and due is not None and due <= self.stores.clock.now():
                drive.feed(s.TimerFired(key, self._start(drive) if key == "schedule" else s.Start()))
        self.offspring.look_at_others()

    def _answer_bell(self) -> None:
        assert self._bell is not None
        named = self._bell.rung()
        if time.monotonic() - self._swept > _SWEEP:
            self._swept = time.monotonic()
            named |= self.drives.keys()
        for execution_id in named:
            drive = self.drives.get(execution_id)
            if drive is not None:
                self._handle_requests(drive)

    def _handle_requests(self, drive: Drive) -> None:
        for request in requests.pending(drive.record.directory):
            stimulus = stimulus_of(request)
            ended = drive.execution.terminal
            if stimulus is not None:
                drive.feed(stimulus)
            if isinstance(stimulus, s.Kill):
                if not ended:
                    self.offspring.kill_triggered(drive)
                self.offspring.begin_waiting()
                if request.details.get("hard"):
                    for each in self.offspring.below(drive):
                        self.attempts.hurry(each)
            if request.kind == "leave":
                self._asked_to_leave = True
            if request.kind == "labels":
                self.rows.changed(drive.execution)
            drive.flush()
            request.done()

    def _run_inline(self) -> None:
        end = time.monotonic() + _SLICE
        while True:
            busy = [drive for drive in self.drives.values() if drive.inline]
            if not busy:
                return
            for drive in busy:
                while drive.inline and time.monotonic() < end:
                    self.attempts.run_inline(drive, drive.inline.popleft())
            if time.monotonic() >= end:
                return

    def _end_finished(self) -> None:
        for drive in [drive for drive in self.drives.values() if drive.finished and not drive.inline]:
            self.release(drive)
            if drive.on_end is not None:
                drive.on_end(drive)

    # -- what drives want (the port `Works`) -------------------------------------------------------------------------

    def carry_out(self, drive: Drive, command: k.Command) -> None:
        match command:
            case k.Submit():
                self.attempts.submit(drive, command)
            case k.StopAttempt():
                drive.flush()
                self.attempts.stop(drive, command.taskrun_id)
            case k.PrepareDirectory():
                self.attempts.prepare_directory(drive, command)
            case k.FinishDirectory():
                self.attempts.finish_directory(drive, command)
            case k.CreateChild() | k.RestartChild() | k.KillChild() | k.CreateRetry():
                self.offspring.carry_out(drive, command)
            case k.Ended():
                drive.flush()

    def timer_set(self, drive: Drive, key: str, due: datetime) -> None:
        self._timers.set(drive.id, key, due)

    def moved(self, drive: Drive) -> None:
        self.rows.changed(drive.execution)
        if drive.execution.state == "QUEUED" and drive.flow.concurrency is not None:
            # The slot may have become free after it was refused: whoever ended did not see this one queue.
            self.rows.flush()
            self._start_next(drive)

    def trouble(self, drive: Drive, error: Exception) -> None:
        """The log cannot be written; from any thread."""
        self.inbox.post(error)

    def _start_next(self, drive: Drive) -> None:
        limit = drive.flow.concurrency
        if limit is not None:
            execution = drive.execution
            start_next(self.stores, self.launcher, execution.namespace, execution.flow_id, limit.limit)

    # -- leaving -----------------------------------------------------------------------------------------------------

    def release(self, drive: Drive) -> None:
        """Let go of an execution: its journal is complete and closed, the index knows, the next in the queue starts."""
        del self.drives[drive.id]
        execution = drive.execution
        root = drive.id == self.root.id
        try:
            drive.flush()
            if not execution.terminal and (execution.timers or execution.state == "CREATED"):
                # Something is due that nobody waits for any more: the mark of this process stays, so that it is seen.
                self.rows.changed(execution)
            else:
                self.rows.left(execution, drive.record)
            if root or not execution.terminal:
                # As long as nobody else can have the journal: what the next runner says must not be overwritten.
                self.rows.flush()
        finally:
            # What a child has given is in the journal of its caller, which is synced.
            drive.close(durable=root)
        if drive.execution.terminal and drive.flow.concurrency is not None:
            self.rows.flush()
            self._start_next(drive)

    def _leave(self) -> None:
        """End in good order: no work goes on, no file stays open, and from now on nobody can ring."""
        if self._stopping or self._failure is not None:
            self._abandon()
        assert self._bell is not None
        self._bell.close()
        failure: Exception | None = None
        for drive in list(self.drives.values()):
            try:
                self.release(drive)
            except StoreError as error:
                drive.record.note_last_words(f"The run was stopped. {error}")
                failure = error
        try:
            self.rows.flush()
        except StoreError as error:
            failure = error
        self._failure = self._failure or failure
        if self._failure is None:
            self._remove_empty_log()

    def _remove_empty_log(self) -> None:
        path = self.root.directory / RUNNER_LOG
        with contextlib.suppress(OSError):
            if path.stat().st_size == 0:
                path.unlink()

    def _abandon(self) -> None:
        """Stop in the middle: end what runs, then note in the journals what was lost, as far as they can be written."""
        self.attempts.stop_all()
        deadline = time.monotonic() + _STOP_PATIENCE
        while self.attempts.busy and time.monotonic() < deadline:
            for answer in self.inbox.take():
                if isinstance(answer, Answer):
                    self.attempts.answered(answer)
            time.sleep(0.01)
        reason = STOPPED if self._failure is None else f"The run was stopped. {self._failure}"
        for drive in list(self.drives.values()):
            drive.abandon(reason)

    def close(self) -> None:
        """Let go of threads, guardian and descriptors."""
        self.attempts.close()
        self.inbox.close()
