"""A workspace in which flows really run: runners are processes, scripts are scripts."""

import os
import signal
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from podium.engine.execution import Execution, TaskRun
from podium.model.flow import Flow
from podium.runtime import process_census
from podium.runtime.executions import Executions
from podium.runtime.launcher import Launcher
from podium.runtime.presence import living_runner
from podium.runtime.workspace_types import workspace_registry
from podium.store.journal import JournalLocked, kept_from_writers
from podium.store.logs import read_lines
from podium.store.settings import open_workspace

SHELL = "type: io.kestra.plugin.scripts.shell.Commands, taskRunner: {type: io.kestra.plugin.core.runner.Process}"


def shell(task_id: str, command: str, more: str = "") -> str:
    """A line of YAML: a task that runs one shell command."""
    quoted = command.replace("\\", "\\\\").replace('"', '\\"')
    return f'{{id: {task_id}, {SHELL}, commands: ["{quoted}"]{", " + more if more else ""}}}'


class Lab:
    """Runs flows and looks at what became of them."""

    def __init__(self, root: Path, launcher: Launcher) -> None:
        root.mkdir(exist_ok=True)
        self.root = root
        self.launcher = launcher
        (root / ".podium").mkdir(mode=0o700, exist_ok=True)
        self.workspace, settings = open_workspace(root)
        registry = workspace_registry(self.workspace, settings)
        self.executions = Executions(self.workspace, registry, settings=settings, launcher=launcher)

    def flow(self, tasks: str, name: str = "lab", more: str = "") -> Flow:
        """A flow in namespace `lab`, from its tasks as YAML lines; it is also saved as a file."""
        lines = "\n".join("  " + line for line in tasks.strip("\n").splitlines())
        text = f"id: {name}\nnamespace: lab\n{more}\ntasks:\n{lines}\n"
        (self.root / f"{name}.yaml").write_text(text)
        return self.executions.flows.parse(text, name)

    def start(self, flow: Flow, inputs: Mapping[str, Any] | None = None, **more: Any) -> str:
        return self.executions.run(flow, inputs, **more)

    def run(self, flow: Flow, inputs: Mapping[str, Any] | None = None, seconds: float = 30) -> Execution:
        """Run a flow to its end."""
        return self.end(self.start(flow, inputs), seconds)

    def end(self, execution_id: str, seconds: float = 30) -> Execution:
        execution = self.executions.wait(execution_id, timedelta(seconds=seconds))
        assert execution.terminal, f"{execution.state} after {seconds} s: {self.states(execution_id)}"
        return execution

    def until(self, execution_id: str, wanted: Callable[[Execution], bool], seconds: float = 20) -> Execution:
        execution = self.executions.wait(execution_id, timedelta(seconds=seconds), until=wanted)
        assert wanted(execution), f"not reached: {self.states(execution_id)}"
        return execution

    def until_state(self, execution_id: str, state: str, seconds: float = 20) -> Execution:
        return self.until(execution_id, lambda execution: execution.state == state, seconds)

    def until_left(self, execution_id: str, seconds: float = 20) -> None:
        """Wait until nobody runs the execution: its mark goes a moment before its journal is let go."""

        def left() -> bool:
            if self.executions.is_running(execution_id):
                return False
            try:
                with kept_from_writers(self.executions.record(execution_id).journal):
                    return True
            except JournalLocked:
                return False

        wait_until(left, seconds)

    def until_file(self, name: str, seconds: float = 20) -> str:
        """The content of a file that a script writes."""
        end = time.monotonic() + seconds
        path = self.root / name
        while time.monotonic() < end:
            if path.exists() and path.read_text().strip():
                return path.read_text().strip()
            time.sleep(0.01)
        raise AssertionError(f"{name} was not written")

    def states(self, execution_id: str) -> list[str]:
        """`task[value] STATE` in the order of creation, then the execution's own."""
        execution = self.executions.record(execution_id).load().execution
        lines = [
            f"{run.task_id}{f'[{run.value}]' if run.value is not None else ''} {run.state}"
            for run in execution.taskruns.values()
        ]
        return [*lines, execution.state]

    def history(self, execution_id: str) -> list[str]:
        return [state for state, _ in self.executions.record(execution_id).load().execution.histories]

    def taskrun(self, execution_id: str, task_id: str, value: str | None = None) -> TaskRun:
        execution = self.executions.record(execution_id).load().execution
        return next(r for r in execution.taskruns.values() if r.task_id == task_id and r.value == value)

    def outputs(self, execution_id: str, task_id: str, value: str | None = None) -> Mapping[str, Any]:
        return self.taskrun(execution_id, task_id, value).outputs or {}

    def log(self, execution_id: str, source: str = "log", level: str | None = None) -> list[str]:
        return [
            line.message for line, _ in read_lines(self.executions.record(execution_id).log)
            if line.source == source and level in (None, line.level)
        ]  # fmt: skip

    def runner_pid(self, execution_id: str) -> int:
        mark = living_runner(self.executions.record(execution_id))
        assert mark is not None, "nobody runs it"
        return mark.pid

    def kill_runner(self, execution_id: str) -> None:
        """`kill -9`, and wait until it is gone."""
        pid = self.runner_pid(execution_id)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: process_census.process_identity(pid) is None)

    def runner_log(self, execution_id: str) -> str:
        path = self.executions.record(execution_id).directory / "runner.log"
        return path.read_text() if path.exists() else ""

    def close(self) -> None:
        """No runner and no script outlives its test."""
        for directory in self.workspace.executions.iterdir():
            mark = living_runner(self.executions.stores.record(directory.name))
            if mark is not None:
                os.kill(mark.pid, signal.SIGKILL)
        end = time.monotonic() + 10
        while orphans(self.root) and time.monotonic() < end:
            time.sleep(0.02)


def orphans(root: Path) -> list[int]:
    """Processes whose working directory is in the workspace, or that belong to one of its attempts."""
    names = [directory.name for directory in (root / ".podium" / "executions").iterdir()]
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            marks = [part for part in environment.split(b"\0") if part.startswith(b"PODIUM_ATTEMPT=")]
            if any(name.encode() in mark for mark in marks for name in names):
                if process_census.process_identity(int(entry.name)) is not None:
                    found.append(int(entry.name))
    return found


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
