"""Flows by chance: a grammar of flows, and a world in which everything outside answers in any order that can happen."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from tests.engine.simulation import Simulation, constant, flow

from podium.base.clock import CountingIds
from podium.engine import changes as c
from podium.engine import commands as k
from podium.engine import stimuli as s
from podium.engine.execution import Execution, fold
from podium.engine.states import TERMINAL
from podium.engine.step import Step
from podium.model.flow import Flow

Spec = dict[str, Any]
RESULTS = ("SUCCESS", "SUCCESS", "SUCCESS", "WARNING", "FAILED")
VALUES = ([], ["x"], ["x", "y"], ["x", "y", "z"], '["x", "y"]', '["x", null]')


@dataclass(frozen=True)
class Case:
    """A flow of about `size` tasks, what they will do, and the order in which things happen; all from one number."""

    number: int
    size: int
    blocks: Mapping[str, Any]
    outcomes: Mapping[str, Any]

    def flow(self) -> Flow:
        return flow(**self.blocks)

    def simulation(self) -> "Chance":
        return Chance(self.flow(), self.outcomes, self.number)


def case(number: int, size: int) -> Case:
    """The same case for the same numbers. Drawing every choice by itself would make hypothesis 50 times slower."""
    grammar = Grammar(random.Random(number), size)
    blocks = grammar.blocks()
    return Case(number, size, blocks, grammar.outcomes)


def cases() -> st.SearchStrategy[Case]:
    """Any flow of the grammar; a failing example shrinks to few tasks."""
    return st.builds(case, st.integers(0, 1 << 32), st.integers(1, 16))


# -- the grammar -------------------------------------------------------------------------------------------------


class Grammar:
    """Makes the specs of a flow (see `simulation.build`) until its tasks are used up."""

    def __init__(self, chance: random.Random, size: int) -> None:
        self.chance = chance
        self.left = size
        self.number = 0
        self.outcomes: dict[str, Any] = {}
        self.flowables: dict[str, Callable[[int], Spec]] = {
            "Sequential": self._group, "Parallel": self._limited, "Dag": self._dag, "If": self._if,
            "Switch": self._switch, "ForEach": self._each, "EachSequential": self._each, "EachParallel": self._each,
            "AllowFailure": self._group, "LoopUntil": self._until, "Pause": self._pause,
            "WorkingDirectory": self._directory, "Subflow": self._subflow, "Loop": self._loop,
        }  # fmt: skip

    def blocks(self) -> dict[str, Any]:
        """The arguments of `simulation.flow`."""
        blocks: dict[str, Any] = {"tasks": self._tasks(3, 3)}
        for name in ("errors", "finally_", "after_execution"):
            if self._rarely(4):
                blocks[name] = self._tasks(2, 2)
        if self._rarely(8):
            blocks["retry"] = constant(60, max_attempts=2)
        return blocks

    def _rarely(self, times: int) -> bool:
        return self.chance.randrange(times) == 0

    def _tasks(self, depth: int, high: int) -> list[Spec]:
        return [self._task(depth) for _ in range(self.chance.randint(1, high)) if self.left > 0] or [self._task(0)]

    def _task(self, depth: int) -> Spec:
        self.left -= 1
        self.number += 1
        kind = "Work"
        if depth > 0 and self.chance.random() < 0.6:
            kind = self.chance.choice(list(self.flowables))
        task: Spec = {"id": f"{kind[0].lower()}{self.number}"}
        if kind == "Work":
            self._work(task["id"])
        else:
            task |= {"do": kind, **self.flowables[kind](depth - 1)}
            if kind in ("Subflow", "Loop"):
                self.outcomes[task["id"]] = self.chance.choice((*RESULTS, "CANCELLED", "REFUSED"))
            if kind != "Subflow":
                for block in ("errors", "finally"):
                    if self._rarely(6):
                        task[block] = self._tasks(min(depth - 1, 1), 2)
        if self._rarely(5):
            task |= self.chance.choice((
                {"disabled": True}, {"run_if": "false"}, {"run_if": "{nope}"}, {"allow_failure": True},
                {"allow_failure": True, "allow_warning": True}, {"retry": constant(60, max_attempts=2)},
                {"retry": constant(5, max_attempts=3, warning_on_retry=True)},
                {"retry": constant(1, max_attempts=2, behavior="CREATE_NEW_EXECUTION")},
            ))  # fmt: skip
        return task

    def _work(self, name: str) -> None:
        chance = self.chance
        if self._rarely(40):
            self.outcomes[name] = "EXIT"
        elif self._rarely(4):
            self.outcomes[name] = [chance.choice(RESULTS) for _ in range(chance.randint(2, 3))]
        else:
            self.outcomes[name] = chance.choice(RESULTS)

    def _group(self, depth: int) -> Spec:
        return {"tasks": self._tasks(depth, 3)}

    def _limited(self, depth: int) -> Spec:
        return {"tasks": self._tasks(depth, 4), "concurrent": self.chance.randrange(3)}

    def _dag(self, depth: int) -> Spec:
        spec = self._limited(depth)
        names: list[str] = []
        for task in spec["tasks"]:
            task["after"] = [name for name in names if self._rarely(2)]
            names.append(task["id"])
        return spec

    def _if(self, depth: int) -> Spec:
        spec: Spec = {
            "condition": self.chance.choice(("true", "true", "false", "{nope}")),
            "then": self._tasks(depth, 2),
        }
        if self._rarely(2):
            spec["else"] = self._tasks(depth, 2)
        return spec

    def _switch(self, depth: int) -> Spec:
        spec: Spec = {"value": self.chance.choice("abz"), "cases": {key: self._tasks(depth, 2) for key in "ab"}}
        if self._rarely(2):
            spec["defaults"] = self._tasks(depth, 1)
        return spec

    def _each(self, depth: int) -> Spec:
        limit = self.chance.randrange(3)
        return {"values": self.chance.choice(VALUES), "tasks": self._tasks(depth, 3),
                "concurrencyLimit": limit, "concurrent": limit}  # fmt: skip

    def _until(self, depth: int) -> Spec:
        return {
            "tasks": self._tasks(depth, 2), "condition": self.chance.choice(("true", "false")),
            "failOnMaxReached": self._rarely(2),
            "checkFrequency": {"maxIterations": self.chance.randint(1, 3), "interval": "PT10S"},
        }  # fmt: skip

    def _pause(self, depth: int) -> Spec:
        spec: Spec = {}
        if not self._rarely(4):
            spec["pauseDuration"] = self.chance.choice(("PT1S", "PT30S", "PT1H"))
            spec["behavior"] = self.chance.choice(("RESUME", "RESUME", "WARN", "FAIL", "CANCEL"))
        if self._rarely(5):
            spec["tasks"] = self._tasks(depth, 2)
        if self._rarely(5):
            spec["onPause"] = [self._task(0)]
        return spec

    def _directory(self, _: int) -> Spec:
        return {"tasks": [self._task(0) for _ in range(self.chance.randint(1, 3))]}

    def _loop(self, _: int) -> Spec:
        values = [str(number) for number in range(self.chance.randrange(4))]
        return {"values": values, "concurrencyLimit": self.chance.randrange(3), "transmitFailed": not self._rarely(3),
                "tasks": [self._task(0)]}  # fmt: skip

    def _subflow(self, _: int) -> Spec:
        return {"namespace": "ns", "flowId": "other", "wait": not self._rarely(4)}


# -- the world ---------------------------------------------------------------------------------------------------


class Chance(Simulation):
    """A simulation in which events arrive in any order that can happen; a seed makes it the same again."""

    def __init__(self, flow: Flow, outcomes: Mapping[str, Any], order: int, **more: Any) -> None:
        self.random = random.Random(order)
        self.steps = 0
        self.marks: list[int] = []
        """The length of the journal after each step."""
        self.interruptions: dict[int, s.Stimulus] = {}
        """What somebody wants after so many steps."""
        super().__init__(flow, outcomes, **more)

    def run(self, stimulus: s.Stimulus | None = None, until: Any = None) -> "Chance":
        """Until nothing happens any more; whoever waits for a person gets it in the end."""
        self.feed(stimulus or s.Start())
        while True:
            wanted = self.interruptions.pop(self.steps, None)
            if wanted is not None:
                self.feed(wanted)
            elif not self._happens():
                return self
            if self.steps > 5_000:
                raise AssertionError(f"the execution does not come to its end: {self.states()}")

    def feed(self, stimulus: s.Stimulus) -> Step:
        self.steps += 1
        step = super().feed(stimulus)
        self.marks.append(len(self.journal))
        return step

    def _happens(self) -> bool:
        timers = self.execution.timers
        if self.queue and (not timers or self.random.random() < 0.8):
            first: dict[str, int] = {}
            for position, event in enumerate(self.queue):
                first.setdefault(event.taskrun_id, position)  # type: ignore[union-attr]
            self.feed(self.queue.pop(self.random.choice(list(first.values()))))
        elif timers:
            key, due = min(timers.items(), key=lambda item: item[1])
            self.clock.move_to(max(due, self.clock.now()))
            self.feed(s.TimerFired(key))
        elif self.execution.state == "PAUSED":
            return bool(self.feed(s.Resume()).changes)
        else:
            return False
        return True

    def _carry_out(self, command: k.Command) -> None:
        match command:
            case k.StopAttempt():
                self.commands.append(command)
                pending = [event for event in self.queue if self._is_of(event, command.taskrun_id)]
                if any(isinstance(event, s.AttemptBegan) for event in pending) or self.random.random() < 0.7:
                    self.queue = [event for event in self.queue if event not in pending]
                    if pending:
                        self.queue.append(s.AttemptFinished(command.taskrun_id, "KILLED"))
            case k.KillChild():
                self.commands.append(command)
                self.queue = [event for event in self.queue if not isinstance(event, s.ChildEnded)
                              or event.execution_id != command.execution_id]  # fmt: skip
                self.queue.append(s.ChildEnded(command.taskrun_id, command.execution_id, "KILLED"))
            case _:
                super()._carry_out(command)

    def _is_of(self, event: s.Stimulus, taskrun_id: str) -> bool:
        return isinstance(event, s.AttemptBegan | s.AttemptFinished) and event.taskrun_id == taskrun_id

    def _answer(self, taskrun_id: str) -> s.AttemptFinished:
        run = self.execution.taskruns[taskrun_id]
        state = self._outcome(run)
        if state == "EXIT":
            return s.AttemptFinished(taskrun_id, "SUCCESS", update=s.Update(end_state="WARNING"))
        return s.AttemptFinished(taskrun_id, state, {"value": run.value or run.task_id})  # type: ignore[arg-type]

    def after_crash(self, length: int) -> "Chance":
        """A new process that knows the flow and the first `length` lines of the journal, and nothing else."""
        journal = self.journal[:length]
        new = Chance(self.flow, self.outcomes, self.random.randrange(1 << 16), execution=again(journal))
        new.journal = journal
        new.clock.move_to(self.clock.now())
        new.ids = CountingIds("s")
        new.engine = new._engine()
        return new

    def begin(self, beginning: Sequence[c.Change]) -> "Chance":
        """The execution that a replay has made."""
        new = Chance(self.flow, self.outcomes, self.random.randrange(1 << 16), execution=again(beginning))
        new.journal = list(beginning)
        new.clock.move_to(self.clock.now() + timedelta(minutes=1))
        new.ids = CountingIds("s")
        new.engine = new._engine()
        return new

    def open(self) -> list[str]:
        """The task runs that are not terminal."""
        return [f"{run.task_id} {run.state}" for run in self.execution.taskruns.values() if run.state not in TERMINAL]

    def paths(self) -> list[str]:
        """Where the task runs are that belong to no errors, finally or afterExecution block, in any order."""
        places, ex = self.engine.run.plan.places, self.execution
        chains = ([run, *ex.ancestors(run)] for run in ex.taskruns.values())
        return sorted(
            "/".join(f"{run.task_id}[{run.value}]" for run in chain)
            for chain in chains if all(places[run.task_id].lane == "tasks" for run in chain)
        )  # fmt: skip

    def assert_over(self) -> None:
        """Everything is terminal, nobody waits for anything, and whoever runs it was told so."""
        assert self.execution.terminal, self.states()
        assert not self.open(), self.states()
        attempts = [attempt for run in self.execution.taskruns.values() for attempt in run.attempts]
        assert all(attempt.state in TERMINAL for attempt in attempts), self.states()
        assert not self.execution.timers and not self.engine.run.working
        assert any(isinstance(command, k.Finished) for command in self.commands)
        self.check_journal()


def again(journal: Sequence[c.Change]) -> Execution:
    """What a journal says after it was written and read."""
    return fold([c.decode(json.loads(json.dumps(c.encode(change)))) for change in journal])
