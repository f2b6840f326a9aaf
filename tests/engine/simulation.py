"""Runs flows through the engine without processes, files or sleeps: workers answer from a table, time jumps."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from podium.base.clock import CountingIds, ManualClock
from podium.engine import changes as c
from podium.engine import commands as k
from podium.engine import stimuli as s
from podium.engine.execution import Execution, TaskRun, fold
from podium.engine.flowable import Flowable
from podium.engine.flowables import (
    allow_failure,
    dag,
    foreach,
    if_,
    loop,
    loop_until,
    parallel,
    pause,
    sequential,
    subflow,
    switch,
    template,
    working_directory,
)
from podium.engine.run import Run
from podium.engine.states import TERMINAL
from podium.engine.step import Engine, Step
from podium.model.flow import Flow, Retry, Task
from podium.model.schema import TypeDecl

FLOWABLES: dict[str, type[Flowable]] = {
    cls.type: cls
    for cls in (
        sequential.Sequential, parallel.Parallel, dag.Dag, foreach.ForEach, foreach.EachParallel,
        foreach.EachSequential, if_.If, switch.Switch, allow_failure.AllowFailure, loop.Loop, loop_until.LoopUntil,
        pause.Pause,
        subflow.Subflow, template.Template, working_directory.WorkingDirectory,
    )
}  # fmt: skip
SHORT = {name.rpartition(".")[2]: name for name in FLOWABLES}
START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
OWN = {"id", "do", "tasks", "then", "else", "errors", "finally", "cases", "defaults", "onPause", "retry"}
COMMON = {"disabled", "run_if", "allow_failure", "allow_warning", "timeout"}


def build(spec: Mapping[str, Any]) -> Task:
    """A task from `{id, do: Parallel, tasks: [...], ...}`; without `do` it is a runnable task."""
    if "task" in spec:
        raise ValueError("Dag entries are given as tasks with `after`")
    name = SHORT.get(spec.get("do", ""), "test.Work")
    decl = TypeDecl(name, "task", kind=FLOWABLES[name].kind if name in FLOWABLES else "runnable")
    children = {key: tuple(build(t) for t in spec[key]) for key in ("tasks", "then", "else", "errors", "finally",
                "defaults", "onPause") if key in spec}  # fmt: skip
    for key, tasks in spec.get("cases", {}).items():
        children[f"cases.{key}"] = tuple(build(t) for t in tasks)
    props = {key: value for key, value in spec.items() if key not in OWN | COMMON}
    if name.endswith("Dag"):
        props["dependsOn"] = {t["id"]: t.get("after", ()) for t in spec["tasks"]}
    common = {key: spec[key] for key in COMMON if key in spec}
    return Task(spec["id"], name, decl, props, children, retry=spec.get("retry"), **common)


def flow(tasks: Sequence[Mapping[str, Any]], **blocks: Any) -> Flow:
    """A flow of built tasks; `errors`, `finally_` and `after_execution` are lists of specs too."""
    built = {name: tuple(build(t) for t in value) if name in ("errors", "finally_", "after_execution") else value
             for name, value in blocks.items()}  # fmt: skip
    return Flow("f", "ns", tuple(build(t) for t in tasks), **built)


class Templates:
    """Renders `{name.path}` from the variables and leaves everything else as it is."""

    def render(self, value: Any, variables: Mapping[str, Any]) -> Any:
        rendered = self.render_typed(value, variables)
        if isinstance(value, str) and not isinstance(rendered, str):
            return json.dumps(rendered)
        return rendered

    def render_typed(self, value: Any, variables: Mapping[str, Any]) -> Any:
        if isinstance(value, Mapping):
            return {key: self.render(item, variables) for key, item in value.items()}
        if isinstance(value, str) and value.startswith("{") and value.endswith("}") and '"' not in value:
            found: Any = variables
            for part in value[1:-1].split("."):
                if not isinstance(found, Mapping) or part not in found:
                    raise KeyError(f"Unable to find `{part}`")
                found = found[part]
            return found
        return value


class Types:
    def flowable(self, type_name: str) -> type[Flowable]:
        return FLOWABLES[type_name]


def text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


class Simulation:
    """One execution. `outcomes` maps a task id (or `id[value]`) to its state, or to a list of states per attempt."""

    def __init__(
        self, flow: Flow, outcomes: Mapping[str, Any] | None = None, *, inputs: Mapping[str, Any] | None = None,
        execution: Execution | None = None, manual: bool = False, prefix: str = "r", **created: Any,
    ) -> None:  # fmt: skip
        self.clock = ManualClock(START)
        self.ids = CountingIds(prefix)
        self.outcomes = dict(outcomes or {})
        self.flow = flow
        self.journal: list[c.Change] = []
        if execution is None:
            first = c.ExecutionCreated("e1", "ns", flow.id, START, inputs=inputs or {}, **created)
            self.journal.append(first)
            execution = Execution(first)
        self.execution = execution
        self.queue: list[s.Stimulus] = []
        self.held: list[str] = []
        """Submitted task runs that wait for `work` when `manual`."""
        self.manual = manual
        self.logs: list[tuple[str, str]] = []
        self.commands: list[k.Command] = []
        self.engine = self._engine()

    def _engine(self) -> Engine:
        return Engine(Run(
            self.flow, self.execution, renderer=Templates(), types=Types(), typer=lambda _, value: value,
            holds=lambda condition, variables: True, clock=self.clock, ids=self.ids, fraction=lambda: 0.5,
            surroundings={},
        ))  # fmt: skip

    # -- driving ---------------------------------------------------------------------------------------------

    def run(self, stimulus: s.Stimulus | None = None, until: Callable[[], bool] | None = None) -> "Simulation":
        """Feed one stimulus and go on until nothing is left to do, jumping over waits."""
        self.feed(stimulus or s.Start())
        for _ in range(200_000):
            if until is not None and until():
                return self
            if self.queue:
                self.feed(self.queue.pop(0))
            elif self.execution.timers and not (self.manual and self.held):
                key, due = min(self.execution.timers.items(), key=lambda item: item[1])
                self.clock.move_to(max(due, self.clock.now()))
                self.feed(s.TimerFired(key))
            else:
                return self
        raise AssertionError("the engine does not come to rest")

    def feed(self, stimulus: s.Stimulus) -> Step:
        step = self.engine.step(stimulus)
        self.journal.extend(step.changes)
        for command in step.commands:
            self._carry_out(command)
        return step

    def work(self, task_id: str, state: str = "SUCCESS") -> None:
        """Finish a held task run by hand."""
        run = next(r for r in self.execution.taskruns.values() if r.task_id == task_id and r.id in self.held)
        self.held.remove(run.id)
        self.run(s.AttemptFinished(run.id, state))  # type: ignore[arg-type]

    def _carry_out(self, command: k.Command) -> None:
        self.commands.append(command)
        match command:
            case k.Submit():
                self.queue.append(s.AttemptBegan(command.taskrun_id))
                if self.manual:
                    self.held.append(command.taskrun_id)
                else:
                    self.queue.append(self._answer(command.taskrun_id))
            case k.PrepareDirectory():
                self.queue.append(s.DirectoryReady(command.taskrun_id, self.outcomes.get("prepare")))
            case k.FinishDirectory():
                self.queue.append(s.DirectoryDone(command.taskrun_id, {"outputFiles": {}}, self.outcomes.get("finish")))
            case k.StopAttempt():
                if command.taskrun_id in self.held:
                    self.held.remove(command.taskrun_id)
                self.queue.append(s.AttemptFinished(command.taskrun_id, "KILLED"))
            case k.CreateChild():
                state = self._outcome(self.execution.taskruns[command.taskrun_id])
                if state == "REFUSED":
                    self.queue.append(s.ChildRefused(command.taskrun_id, command.execution_id, "no such flow"))
                    return
                self.queue.append(s.ChildCreated(command.taskrun_id, command.execution_id))
                if state != "HANG" and command.wait:
                    self.queue.append(s.ChildEnded(command.taskrun_id, command.execution_id, state, {"o": 1}))
            case k.KillChild():
                self.queue.append(s.ChildEnded(command.taskrun_id, command.execution_id, "KILLED"))
            case k.RestartChild():
                state = self._outcome(self.execution.taskruns[command.taskrun_id])
                self.queue.append(s.ChildEnded(command.taskrun_id, command.execution_id, state))
            case k.Log():
                self.logs.append((command.level, command.message))
            case _:
                pass

    def _answer(self, taskrun_id: str) -> s.AttemptFinished:
        run = self.execution.taskruns[taskrun_id]
        return s.AttemptFinished(taskrun_id, self._outcome(run), {"value": run.value or run.task_id})  # type: ignore[arg-type]

    def _outcome(self, run: TaskRun) -> str:
        planned = self.outcomes.get(f"{run.task_id}[{run.value}]", self.outcomes.get(run.task_id, "SUCCESS"))
        if isinstance(planned, list):
            attempt = sum(1 for a in run.attempts if a.state in TERMINAL)
            return str(planned[min(attempt, len(planned) - 1)])
        return str(planned)

    # -- looking ---------------------------------------------------------------------------------------------

    def restarted(self, changes: Sequence[c.Change], **outcomes: Any) -> "Simulation":
        """Apply the changes of a restart, then run it to its end with other outcomes."""
        for change in changes:
            self.execution.apply(change)
            self.journal.append(change)
        self.outcomes.update(outcomes)
        self.engine = self._engine()
        return self.run(s.Start())

    def states(self) -> list[str]:
        """`task[value] STATE` of every task run in creation order, then the execution's own."""
        lines = [f"{r.task_id}{f'[{r.value}]' if r.value is not None else ''} {r.state}"
                 for r in self.execution.taskruns.values()]  # fmt: skip
        return [*lines, self.execution.state]

    def history(self) -> list[str]:
        return [state for state, _ in self.execution.histories]

    def taskrun(self, task_id: str, value: str | None = None) -> TaskRun:
        return next(r for r in self.execution.taskruns.values() if r.task_id == task_id and r.value == value)

    def check_journal(self) -> None:
        """The journal, encoded and read back, folds to the live state."""
        again = fold([c.decode(json.loads(json.dumps(c.encode(change)))) for change in self.journal])
        assert summary(again) == summary(self.execution)


def summary(execution: Execution) -> Any:
    return {
        "state": execution.state,
        "history": [state for state, _ in execution.histories],
        "runs": [(r.id, r.task_id, r.state, r.value, r.iteration, r.parent, dict(r.outputs or {}),
                  [a.state for a in r.attempts]) for r in execution.taskruns.values()],
        "timers": sorted(execution.timers),
        "labels": execution.labels,
    }  # fmt: skip


def constant(seconds: float = 1, **limits: Any) -> Retry:
    return Retry("constant", interval=timedelta(seconds=seconds), **limits)


__all__ = ["Simulation", "build", "constant", "flow", "replace"]
