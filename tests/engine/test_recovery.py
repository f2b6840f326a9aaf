"""A runner may die after any change: what is left is closed, and a restart goes on to the same end."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.engine.simulation import START, Simulation, constant, flow

from podium.engine import changes as c
from podium.engine import stimuli as s
from podium.engine.execution import fold
from podium.engine.recovery import is_lost, lost
from podium.engine.restart import RestartError, restart
from podium.engine.states import TERMINAL

FLOWS: Mapping[str, Any] = {
    "sequence": flow([{"id": "a"}, {"id": "b"}, {"id": "c"}]),
    "parallel": flow([{"id": "p", "do": "Parallel", "tasks": [{"id": "a"}, {"id": "b"}, {"id": "c"}]}, {"id": "end"}]),
    "each": flow([{
        "id": "each", "do": "ForEach", "values": ["1", "2", "3"], "concurrencyLimit": 2,
        "tasks": [{"id": "a"}, {"id": "b"}],
    }]),
    "nested": flow([{"id": "s", "do": "Sequential", "tasks": [
        {"id": "each", "do": "ForEach", "values": ["1", "2"], "tasks": [
            {"id": "if", "do": "If", "condition": "true", "then": [{"id": "a"}, {"id": "b"}]}]},
        {"id": "c"},
    ], "finally": [{"id": "f"}]}]),
    "dag": flow([{"id": "d", "do": "Dag", "tasks": [
        {"id": "a"}, {"id": "b", "after": ["a"]}, {"id": "c", "after": ["a"]}, {"id": "e", "after": ["b", "c"]}]}]),
    "retry": flow([{"id": "a", "retry": constant(max_attempts=9)}, {"id": "b"}]),
    "failing": flow([{"id": "a"}, {"id": "bad"}, {"id": "never"}], errors=[{"id": "e1"}, {"id": "e2"}]),
    "allowed": flow([{"id": "af", "do": "AllowFailure", "tasks": [{"id": "bad"}]}, {"id": "b"}]),
    "directory": flow([{"id": "wd", "do": "WorkingDirectory", "tasks": [{"id": "a"}, {"id": "b"}]}, {"id": "c"}]),
    "pause": flow([{"id": "a"}, {"id": "p", "do": "Pause", "pauseDuration": "PT10S"}, {"id": "b"}]),
    "subflow": flow([{"id": "a"}, {"id": "s", "do": "Subflow", "namespace": "ns", "flowId": "x"}, {"id": "b"}]),
    "after": flow([{"id": "a"}], after_execution=[{"id": "z"}]),
}  # fmt: skip


def outcomes(name: str) -> dict[str, Any]:
    return {"bad": "FAILED", **({"a": ["FAILED", "FAILED", "SUCCESS"]} if name == "retry" else {})}


@pytest.mark.parametrize("name", FLOWS)
def test_death_after_any_change_and_a_restart_lead_to_the_same_end(name: str) -> None:
    whole = Simulation(FLOWS[name], outcomes(name)).run()
    for count in range(1, len(whole.journal) + 1):
        execution = fold([c.decode(json.loads(json.dumps(c.encode(change)))) for change in whole.journal[:count]])
        finished = {r.id: r.outputs for r in execution.taskruns.values() if r.state == "SUCCESS"}
        if is_lost(FLOWS[name], execution):
            for change in lost(FLOWS[name], execution, START, "died"):
                execution.apply(change)
            assert execution.terminal, f"after change {count}"
            assert all(run.state in TERMINAL for run in execution.taskruns.values()), f"after change {count}"
            assert not execution.timers
            assert {i: execution.taskruns[i].outputs for i in finished} == finished
        again = Simulation(FLOWS[name], outcomes(name), execution=execution, prefix="again")
        try:
            back = restart(FLOWS[name], execution, START)
        except RestartError:
            if execution.terminal:
                continue  # it had ended by itself
            again.run(s.TakeUp() if execution.state == "PAUSED" else s.Start())
            if execution.state == "PAUSED":
                # Cut in the middle of a step: the pause is over, but not yet that of the execution.
                again.run(s.Resume())
        else:
            if not execution.lost and execution.state != "PAUSED":
                continue  # it had failed by itself: a restart is another story
            again.restarted(back.changes)
        assert states_of(again) == states_of(whole), f"after change {count}: {again.states()}"
        kept = {i: outputs for i, outputs in finished.items() if execution.taskruns.get(i) is not None}
        redone = {"wd", "f", "e1", "e2", "z"} | ({"a", "b"} if name == "directory" else set())
        lacking = {whole.execution.taskruns[i].task_id for i in finished.keys() - kept.keys()}
        assert lacking <= redone, f"after change {count}: {lacking} was done and is gone"


def states_of(simulation: Simulation) -> list[str]:
    """Without order, which an interruption may change."""
    return sorted(simulation.states())


def test_a_killing_that_was_interrupted_ends_killed() -> None:
    simulation = Simulation(FLOWS["sequence"], manual=True).run()
    simulation.execution.apply(c.ExecutionMoved("KILLING", START))
    for change in lost(FLOWS["sequence"], simulation.execution, START, "died"):
        simulation.execution.apply(change)
    assert simulation.states() == ["a KILLED", "KILLED"]
