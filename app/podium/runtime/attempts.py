"""The work of one runner that needs threads: attempts of tasks, and the directories that tasks share."""

import contextlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from podium.engine import commands as k
from podium.engine import stimuli as s
from podium.model.flow import Task
from podium.runtime.attempt import run_attempt
from podium.runtime.context import AttemptContext
from podium.runtime.drive import Drive, variables_of
from podium.runtime.guard import Guard
from podium.runtime.inbox import Inbox
from podium.runtime.launcher import reconciler
from podium.runtime.processes import Cancellation
from podium.runtime.workers import Workers
from podium.runtime.working_directory import cache_of, finish, prepare


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker found out, for the engine of an execution."""

    drive: Drive
    stimulus: s.Stimulus


@dataclass(slots=True)
class _Work:
    """One thing that a worker does or waits to do."""

    drive: Drive
    taskrun_id: str
    job: Callable[[], s.Stimulus]
    cancellation: Cancellation = field(default_factory=Cancellation)


class Attempts:
    """Hands work to threads; the answers come through the inbox. Used from the runner's thread only."""

    def __init__(self, inbox: Inbox, root: Path) -> None:
        """`root` is the workspace."""
        self._root = root
        self._inbox = inbox
        self._workers = Workers()
        self._guard: Guard | None = None
        self._waiting: dict[tuple[str, str], tuple[Drive, k.Submit]] = {}
        """In the order in which they were submitted."""
        self._running: dict[tuple[str, str], Cancellation] = {}
        self._restored: dict[str, float] = {}

    # -- beginning ---------------------------------------------------------------------------------------------------

    def submit(self, drive: Drive, command: k.Submit) -> None:
        """Run a task as soon as a thread is free: at the next `begin`."""
        self._waiting[drive.id, command.taskrun_id] = drive, command

    def begin(self) -> None:
        """Begin what waits: first the journal says so, then the work starts."""
        ready: list[_Work] = []
        while self._waiting and len(ready) < self._workers.free:
            drive, command = self._waiting.pop(next(iter(self._waiting)))
            run = drive.execution.taskruns.get(command.taskrun_id)
            if run is None or run.state not in ("CREATED", "RESTARTED"):
                continue
            drive.feed(s.AttemptBegan(command.taskrun_id))
            if run.state == "RUNNING":
                self.have_guardian()
                ready.append(self._attempt(drive, command))
        for drive in {id(work.drive): work.drive for work in ready}.values():
            drive.flush()
        for work in ready:
            self._start(work)

    def run_inline(self, drive: Drive, command: k.Submit) -> None:
        """Run a task that returns at once, in this thread, from its beginning to its end."""
        run = drive.execution.taskruns.get(command.taskrun_id)
        if run is None or run.state not in ("CREATED", "RESTARTED"):
            return
        drive.feed(s.AttemptBegan(command.taskrun_id))
        cancellation = Cancellation()
        ctx = self._context(drive, command.taskrun_id, command.task, cancellation, command.directory)
        drive.feed(run_attempt(drive.place.registry, command.task, ctx, cancellation))

    def _attempt(self, drive: Drive, command: k.Submit) -> _Work:
        cancellation = Cancellation()
        task, directory = command.task, command.directory
        ctx = self._context(drive, command.taskrun_id, task, cancellation, directory)
        registry = drive.place.registry
        return _Work(drive, command.taskrun_id, lambda: run_attempt(registry, task, ctx, cancellation), cancellation)

    def _context(
        self, drive: Drive, taskrun_id: str, task: Task, cancellation: Cancellation, directory: str | None
    ) -> AttemptContext:  # fmt: skip
        def write(source: str, level: str, lines: Sequence[str]) -> None:
            drive.write_log(source, level, lines, taskrun_id)

        variables = variables_of(drive, taskrun_id)
        shared = None
        if directory is not None:
            shared = drive.place.shared_directory(directory)
            variables = {**variables, "workingDir": str(shared)}
        return drive.place.context(
            task, drive.execution.taskruns[taskrun_id], variables, cancellation, write, rendering=drive.lock,
            guard=self._guard, shared_directory=shared,
        )  # fmt: skip

    def _start(self, work: _Work) -> None:
        name = (work.drive.id, work.taskrun_id)
        self._running[name] = work.cancellation

        def job() -> None:
            stimulus: s.Stimulus
            try:
                stimulus = work.job()
            except BaseException as error:  # a worker always answers, else the execution would never end
                work.drive.write_log("log", "ERROR", [f"{type(error).__name__}: {error}"], work.taskrun_id)
                stimulus = s.AttemptFinished(work.taskrun_id, "FAILED")
            self._inbox.post(Answer(work.drive, stimulus))

        self._workers.run(job)

    def have_guardian(self) -> None:
        """From the first work on, which is before the first thread: ends the scripts of a runner that is killed."""
        if self._guard is None:
            self._guard = Guard.start(will=reconciler(self._root))

    # -- shared directories ------------------------------------------------------------------------------------------

    def prepare_directory(self, drive: Drive, command: k.PrepareDirectory) -> None:
        """Make and fill the directory of a WorkingDirectory."""
        directory = drive.place.shared_directory(command.taskrun_id)
        ctx, cache, cancellation = self._directory_work(drive, command.taskrun_id, command.task)

        def job() -> s.DirectoryReady:
            try:
                shutil.rmtree(directory, ignore_errors=True)
                directory.mkdir(mode=0o700, parents=True)
                self._restored[command.taskrun_id] = prepare(ctx, command.task, cache)
            except Exception as error:  # whatever keeps the files from being there
                return s.DirectoryReady(command.taskrun_id, str(error) or type(error).__name__)
            return s.DirectoryReady(command.taskrun_id)

        drive.flush()
        self._start(_Work(drive, command.taskrun_id, job, cancellation))

    def finish_directory(self, drive: Drive, command: k.FinishDirectory) -> None:
        """Capture the files of a WorkingDirectory and remove it."""
        ctx, cache, cancellation = self._directory_work(drive, command.taskrun_id, command.task)

        def job() -> s.DirectoryDone:
            outputs: Mapping[str, Any] | None = None
            error: str | None = None
            try:
                outputs = finish(ctx, command.task, cache, self._restored.pop(command.taskrun_id, 0.0))
            except Exception as raised:  # whatever keeps the files from being captured
                error = str(raised) or type(raised).__name__
            shutil.rmtree(ctx.working_dir, ignore_errors=True)
            return s.DirectoryDone(command.taskrun_id, outputs, error)

        drive.flush()
        self._start(_Work(drive, command.taskrun_id, job, cancellation))

    def _directory_work(self, drive: Drive, taskrun_id: str, task: Task) -> tuple[AttemptContext, Any, Cancellation]:
        self.have_guardian()
        cancellation = Cancellation()
        ctx = self._context(drive, taskrun_id, task, cancellation, taskrun_id)
        place = drive.execution
        value = place.taskruns[taskrun_id].value
        cache = cache_of(drive.place.stores.storage, place.namespace, place.flow_id, task.id, value)
        return ctx, cache, cancellation

    # -- ending ------------------------------------------------------------------------------------------------------

    def stop(self, drive: Drive, taskrun_id: str) -> None:
        """End an attempt; it answers as always, one that has not begun at once."""
        if self._waiting.pop((drive.id, taskrun_id), None) is not None:
            self._inbox.post(Answer(drive, s.AttemptFinished(taskrun_id, "KILLED")))
            return
        cancellation = self._running.get((drive.id, taskrun_id))
        if cancellation is not None:
            cancellation.set()

    def hurry(self, drive: Drive) -> None:
        """No grace period for what still runs of an execution."""
        for (execution_id, _), cancellation in self._running.items():
            if execution_id == drive.id:
                cancellation.hurry()

    def answered(self, answer: Answer) -> None:
        """The work is over."""
        self._running.pop((answer.drive.id, getattr(answer.stimulus, "taskrun_id", "")), None)

    def stop_all(self) -> None:
        """End everything, however far it is."""
        self._waiting.clear()
        for cancellation in self._running.values():
            cancellation.set()

    @property
    def busy(self) -> bool:
        return bool(self._running)

    def waits(self) -> bool:
        """Whether something could begin now."""
        return bool(self._waiting) and self._workers.free > 0

    def close(self) -> None:
        """Let threads and guardian go."""
        self._workers.close()
        if self._guard is not None:
            with contextlib.suppress(OSError):
                self._guard.close()
