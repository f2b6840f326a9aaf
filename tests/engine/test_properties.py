"""What holds for every flow, whatever its tasks do and in whatever order things happen."""

import os
import random
import sys
from types import FrameType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine.chance import Case, Chance, cases
from tests.engine.simulation import Simulation, flow

from podium.base.clock import CountingIds
from podium.engine import changes as c
from podium.engine import stimuli as s
from podium.engine.execution import Execution
from podium.engine.front import Front
from podium.engine.recovery import is_lost, lost
from podium.engine.restart import RestartError, replay, restart, unpaused
from podium.engine.states import TERMINAL

TORTURE = int(os.environ.get("PODIUM_TORTURE", "1"))
"""How many times the usual number of examples."""

INTERRUPTIONS = (s.Pause(), s.Resume(), s.SetLabels({"k": "v"}), s.ForceRun())
SHARE = st.floats(0, 1)


def examples(number: int) -> settings:
    return settings(
        max_examples=number * TORTURE, deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )  # fmt: skip


def finished(execution: Execution) -> dict[str, tuple[str, object]]:
    """The runnable task runs that nobody needs to do again."""
    return {run.id: (run.state, run.outputs) for run in execution.taskruns.values()
            if run.state in ("SUCCESS", "WARNING", "SKIPPED") and (run.attempts or run.state == "SKIPPED")}  # fmt: skip


@examples(150)
@given(cases(), st.dictionaries(st.integers(1, 30), st.sampled_from(INTERRUPTIONS), max_size=2))
def test_every_execution_comes_to_its_end(case: Case, interruptions: dict[int, s.Stimulus]) -> None:
    run = case.simulation()
    run.interruptions = dict(interruptions)
    run.run()
    run.assert_over()
    assert [state for state in run.history() if state in TERMINAL] == [run.execution.state]


@examples(40)
@given(cases())
def test_the_same_events_give_the_same_journal(case: Case) -> None:
    first, second = case.simulation().run(), case.simulation().run()
    assert [c.encode(change) for change in first.journal] == [c.encode(change) for change in second.journal]


@examples(120)
@given(cases(), SHARE)
def test_a_kill_at_any_time_ends_everything(case: Case, share: float) -> None:
    steps = case.simulation().run().steps
    run = case.simulation()
    run.interruptions = {max(1, int(share * steps)): s.Kill()}
    run.run()
    run.assert_over()
    if "KILLING" in run.history():
        assert run.execution.state == "KILLED"


@examples(200)
@given(cases(), SHARE, st.booleans())
def test_a_restart_goes_on_after_a_crash_at_any_time(case: Case, share: float, torn: bool) -> None:
    """Steps are written as a whole; a power cut can leave a part of one."""
    before = case.simulation().run()
    length = max(1, round(share * len(before.journal)))
    if not torn:
        length = next(mark for mark in before.marks if mark >= length)
    run = before.after_crash(length)
    done = finished(run.execution)
    if is_lost(run.flow, run.execution):
        for change in lost(run.flow, run.execution, run.clock.now(), "the runner died"):
            run.execution.apply(change)
            run.journal.append(change)
        assert run.execution.terminal and not run.open()
        assert finished(run.execution) == done
        try:
            back = restart(run.flow, run.execution, run.clock.now())
        except RestartError:
            return
        removed = {fate.taskrun_id for fate in back.fates if fate.fate == "removed"}
        run.restarted(back.changes)
        done = {name: each for name, each in done.items() if name not in removed}
    elif run.execution.terminal:
        assert not run.open()
        return
    else:
        run.run(s.TakeUp() if run.execution.state == "PAUSED" else s.Start())
    run.assert_over()
    later = {run.id: (run.state, run.outputs) for run in run.execution.taskruns.values()}
    assert [name for name in done if name in later and later[name] != done[name]] == []


@examples(120)
@given(cases(), SHARE)
def test_a_replay_from_any_task_run_comes_to_its_end(case: Case, share: float) -> None:
    before = case.simulation().run()
    runs = list(before.execution.taskruns.values())
    if not runs:
        return
    chosen = runs[min(int(share * len(runs)), len(runs) - 1)]
    back = replay(before.flow, before.execution, CountingIds("n"), before.clock.now(), from_taskrun=chosen.id)
    run = before.begin(back.changes)
    copies = [change.taskrun["id"] for change in back.changes if isinstance(change, c.TaskRunCopied)]
    names = dict(zip(before.execution.taskruns, copies, strict=True))
    assert names.keys() == {fate.taskrun_id for fate in back.fates}, "what becomes of each task run that there is"
    kept = {names[fate.taskrun_id] for fate in back.fates if fate.fate == "kept"}
    states = {name: run.execution.taskruns[name].state for name in kept}
    run.run()
    run.assert_over()
    # The next round of a LoopUntil replaces its children.
    after = {name: run.execution.taskruns[name].state for name in kept if name in run.execution.taskruns}
    assert after == {name: states[name] for name in after}


@examples(150)
@given(cases(), SHARE)
def test_a_restart_that_succeeds_has_done_what_was_left(case: Case, share: float) -> None:
    """Stopped at any time, then restarted with tasks that work: nothing is missing and nothing is there twice."""
    clean = Chance(case.flow(), {}, case.number).run()
    if any(run.state in ("FAILED", "KILLED", "CANCELLED") for run in clean.execution.taskruns.values()):
        return  # what a failure keeps from starting depends on the order of things, also when it is allowed
    steps = case.simulation().run().steps
    run = case.simulation()
    run.interruptions = {max(1, int(share * steps)): s.Kill()}
    run.run()
    run.outcomes.clear()
    if run.execution.state not in ("FAILED", "KILLED"):
        return
    try:
        run.restarted(restart(run.flow, run.execution, run.clock.now()).changes)
    except RestartError:
        return
    run.assert_over()
    assert run.paths() == clean.paths()


class Unattended(Chance):
    """Nobody runs it while it pauses: whoever resumes or kills it changes what can be changed at once."""

    killed = False

    def _happens(self) -> bool:
        if self.queue or self.execution.timers or self.execution.state != "PAUSED":
            return super()._happens()
        changes = unpaused(self.flow, self.execution, self.clock.now(), killed=self.killed)
        if not changes:
            return super()._happens()
        for change in changes:
            self.execution.apply(change)
            self.journal.append(change)
        self.engine = self._engine()
        going_on = s.Start() if self.execution.state == "RESTARTED" else s.TakeUp()
        self.feed(s.Kill() if self.killed else going_on)
        return True


@examples(150)
@given(cases(), st.booleans())
def test_a_pause_that_nobody_runs_ends_like_any_other(case: Case, killed: bool) -> None:
    clean = Chance(case.flow(), {}, case.number).run()
    run = Unattended(case.flow(), {}, case.number)
    run.killed = killed
    run.run()
    run.assert_over()
    if "KILLING" in run.history():
        assert run.execution.state == "KILLED"
    elif not any(each.state in ("FAILED", "KILLED", "CANCELLED") for each in clean.execution.taskruns.values()):
        assert (run.paths(), run.execution.state) == (clean.paths(), clean.execution.state)


# -- the cost of one event -------------------------------------------------------------------------------------

WORK = [{"id": "a"}]
GROWING = {
    "one value after the other": lambda n: [each(n, WORK)],
    "two values at a time": lambda n: [each(n, WORK, concurrencyLimit=2)],
    "two tasks at a time": lambda n: [each(n, WORK, do="EachParallel", concurrent=2)],
    "with a condition": lambda n: [each(n, [{"id": "i", "do": "If", "condition": "true", "then": WORK}])],
    "with a pause": lambda n: [each(n, [{"id": "p", "do": "Pause", "pauseDuration": "PT1S"}])],
    "a wide Parallel": lambda n: [{"id": "p", "do": "Parallel", "concurrent": 2, "tasks": many(n)}],
    "a wide Parallel without a limit": lambda n: [{"id": "p", "do": "Parallel", "tasks": many(n)}],
    "a wide Dag": lambda n: [{"id": "g", "do": "Dag", "tasks": [{"id": "a"}, *after(many(n), "a")]}],
    "a wide Dag with a limit": lambda n: [{"id": "g", "do": "Dag", "concurrent": 2, "tasks": many(n)}],
    "a Dag that is a chain": lambda n: [{"id": "g", "do": "Dag", "tasks": chain(n)}],
    "a long sequence": lambda n: many(n),
    "rounds after many task runs": lambda n: [each(n, WORK), {
        "id": "u", "do": "LoopUntil", "condition": "false", "tasks": [{"id": "b"}],
        "checkFrequency": {"maxIterations": n},
    }],
}  # fmt: skip


def each(number: int, tasks: list[dict[str, object]], do: str = "ForEach", **more: object) -> dict[str, object]:
    return {"id": "l", "do": do, "values": [str(value) for value in range(number)], "tasks": tasks, **more}


def many(number: int) -> list[dict[str, object]]:
    return [{"id": f"t{position}"} for position in range(number)]


def after(tasks: list[dict[str, object]], *names: str) -> list[dict[str, object]]:
    return [{**task, "after": names} for task in tasks]


def chain(number: int) -> list[dict[str, object]]:
    return [{"id": f"t{n}", "after": [f"t{n - 1}"] if n else []} for n in reversed(range(number))]


def lines_per_event(tasks: list[dict[str, object]]) -> float:
    """How many lines of the engine one event costs; unlike a time it is the same on a busy machine."""
    lines = events = 0

    def trace(frame: FrameType, event: str, _: object) -> object:
        nonlocal lines
        if event == "call" and "/podium/engine/" not in frame.f_code.co_filename:
            return None
        lines += event == "line"
        return trace

    run = Simulation(flow(tasks))
    feed = run.engine.step

    def step(stimulus: s.Stimulus) -> object:
        nonlocal events
        events += 1
        before = sys.gettrace()
        sys.settrace(trace)
        try:
            return feed(stimulus)
        finally:
            sys.settrace(before)

    run.engine.step = step  # type: ignore[method-assign]
    run.run()
    assert run.execution.terminal
    return lines / events


@pytest.mark.parametrize("name", GROWING)
def test_an_event_costs_the_same_after_many_task_runs(name: str) -> None:
    few, many_more = (lines_per_event(GROWING[name](number)) for number in (100, 1_000))
    assert many_more < few * 1.2


# -- the front of a Dag ------------------------------------------------------------------------------------------


@st.composite
def dags(draw: st.DrawFn) -> tuple[list[str], dict[str, list[str]]]:
    """Names in the order of the flow, and what each waits for; anything may come first in the text."""
    count = draw(st.integers(1, 12))
    names = [f"t{number}" for number in range(count)]
    depends = {}
    for position, name in enumerate(names):
        below = draw(st.lists(st.sampled_from(names[:position]), max_size=4)) if position else []
        depends[name] = [*below, *draw(st.lists(st.just("disabled"), max_size=1))]
    return draw(st.permutations(names)), depends


@examples(200)
@given(dags(), st.randoms(use_true_random=False), st.integers(1, 4))
def test_the_front_of_a_dag_is_what_a_look_at_all_tasks_finds(
    dag: tuple[list[str], dict[str, list[str]]], chance: random.Random, limit: int
) -> None:  # fmt: skip
    names, depends = dag
    started: list[str] = []
    ended: set[str] = set()
    front = Front(names, depends, started, ended)
    while len(ended) < len(names):
        room = limit - (len(started) - len(ended))
        expected = [
            name for name in names
            if name not in started and all(one in ended or one not in names for one in depends[name])
        ][:room]  # fmt: skip
        assert front.take(room) == expected
        started += expected
        over = chance.choice([name for name in started if name not in ended])
        ended.add(over)
        front.ended(over)
        if chance.random() < 0.2:  # as after a crash
            front = Front(names, depends, started, ended)
