"""Flows and the states they end in: a table of flow, outcomes and task runs in creation order."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.engine.simulation import Simulation, constant, flow

from podium.base.clock import CountingIds, iso_instant
from podium.engine import commands as k
from podium.engine import stimuli as s
from podium.engine.changes import ExecutionHeld, encode
from podium.engine.execution import fold
from podium.engine.plan import Plan
from podium.engine.recovery import is_lost, lost
from podium.engine.restart import RestartError, mark_as, replay, restart, unpaused
from podium.engine.states import TERMINAL
from podium.engine.variables import Variables
from podium.model.flow import Flow, Sla

A, B, C = {"id": "a"}, {"id": "b"}, {"id": "c"}


def seq(name, *tasks, **more):
    return {"id": name, "do": "Sequential", "tasks": list(tasks), **more}


def each(name, values, *tasks, do="ForEach", **more):
    return {"id": name, "do": do, "values": values, "tasks": list(tasks), **more}


def call(name, **more):
    return {"id": name, "do": "Subflow", "namespace": "ns", "flowId": "x", **more}


CASES = {
    "a sequence runs to its end": (flow([A, B]), {}, "a SUCCESS, b SUCCESS, SUCCESS"),
    "a failure stops the sequence": (flow([A, B, C]), {"b": "FAILED"}, "a SUCCESS, b FAILED, FAILED"),
    "a warning does not": (flow([A, B]), {"a": "WARNING"}, "a WARNING, b SUCCESS, WARNING"),
    "disabled tasks leave no trace": (flow([{"id": "a", "disabled": True}, B]), {}, "b SUCCESS, SUCCESS"),
    "no enabled task is a success": (flow([{"id": "a", "disabled": True}]), {}, "SUCCESS"),
    "runIf false skips": (flow([{"id": "a", "run_if": "false"}, B]), {}, "a SKIPPED, b SUCCESS, SUCCESS"),
    "runIf is a text, not a boolean": (flow([{"id": "a", "run_if": "False"}]), {}, "a SUCCESS, SUCCESS"),
    "runIf that cannot be rendered fails": (flow([{"id": "a", "run_if": "{nope}"}, B]), {}, "a FAILED, FAILED"),
    "allowFailure is a warning": (
        flow([{"id": "a", "allow_failure": True}, B]), {"a": "FAILED"}, "a WARNING, b SUCCESS, WARNING"),
    "allowFailure and allowWarning are a success": (
        flow([{"id": "a", "allow_failure": True, "allow_warning": True}]), {"a": "FAILED"}, "a SUCCESS, SUCCESS"),
    "a group fails with its task": (
        flow([seq("s", A, B, C), {"id": "next"}]), {"b": "FAILED"}, "s FAILED, a SUCCESS, b FAILED, FAILED"),
    "all blocks in order": (
        flow([A, seq("g", B, C, errors=[{"id": "ge"}], **{"finally": [{"id": "gf"}]}), {"id": "d"}],
             errors=[{"id": "e1"}, {"id": "e2"}], finally_=[{"id": "f1"}], after_execution=[{"id": "x1"}]),
        {"b": "FAILED", "e1": "FAILED"},
        "a SUCCESS, g FAILED, b FAILED, ge SUCCESS, gf SUCCESS, e1 FAILED, e2 SUCCESS, f1 SUCCESS, x1 SUCCESS, FAILED"),
    "a converted failure does not travel": (
        flow([A, seq("g", B, C, errors=[{"id": "ge"}], allow_failure=True), {"id": "d"}], errors=[{"id": "e1"}]),
        {"b": "FAILED"}, "a SUCCESS, g WARNING, b FAILED, ge SUCCESS, d SUCCESS, WARNING"),
    "finally runs once after success": (flow([A], finally_=[B]), {}, "a SUCCESS, b SUCCESS, SUCCESS"),
    "AllowFailure": (
        flow([{"id": "af", "do": "AllowFailure", "tasks": [A, B, C], "errors": [{"id": "h"}]}, {"id": "next"}]),
        {"b": "FAILED"}, "af WARNING, a SUCCESS, b FAILED, h SUCCESS, next SUCCESS, WARNING"),
    "Parallel starts all": (
        flow([{"id": "p", "do": "Parallel", "tasks": [A, B]}, C]), {},
        "p SUCCESS, a SUCCESS, b SUCCESS, c SUCCESS, SUCCESS"),
    "Parallel with a failure": (
        flow([{"id": "p", "do": "Parallel", "tasks": [A, B]}, C]), {"a": "FAILED"},
        "p FAILED, a FAILED, b SUCCESS, FAILED"),
    "Parallel with a limit stops starting": (
        flow([{"id": "p", "do": "Parallel", "concurrent": 1, "tasks": [A, B]}]), {"a": "FAILED"},
        "p FAILED, a FAILED, FAILED"),
    "Dag follows its dependencies": (
        flow([{"id": "d", "do": "Dag", "tasks": [A, {"id": "b", "after": ["a"], "run_if": "false"},
              {"id": "c", "after": ["a"], "allow_failure": True}, {"id": "e", "after": ["b", "c"]}]}]),
        {"c": "FAILED"}, "d WARNING, a SUCCESS, b SKIPPED, c WARNING, e SUCCESS, WARNING"),
    "Dag with a disabled dependency": (
        flow([{"id": "d", "do": "Dag", "tasks": [{"id": "a", "disabled": True}, {"id": "b", "after": ["a"]}]}]), {},
        "d SUCCESS, b SUCCESS, SUCCESS"),
    "ForEach goes value by value, duplicates once": (
        flow([each("l", ["x", "y", "x"], A, B)]), {},
        "l SUCCESS, a[x] SUCCESS, b[x] SUCCESS, a[y] SUCCESS, b[y] SUCCESS, SUCCESS"),
    "ForEach stops at a failing value": (
        flow([each("l", ["ok", "bad", "late"], A, B)]), {"b[bad]": "FAILED"},
        "l FAILED, a[ok] SUCCESS, b[ok] SUCCESS, a[bad] SUCCESS, b[bad] FAILED, FAILED"),
    "ForEach with allowFailure on the child goes on": (
        flow([each("l", ["ok", "bad"], {"id": "a", "allow_failure": True})]), {"a[bad]": "FAILED"},
        "l WARNING, a[ok] SUCCESS, a[bad] WARNING, WARNING"),
    "ForEach over nothing": (flow([each("l", [], A)]), {}, "l SUCCESS, SUCCESS"),
    "ForEach over objects and numbers": (
        flow([each("l", '[1, true, {"k": 1}]', A)]), {},
        'l SUCCESS, a[1] SUCCESS, a[true] SUCCESS, a[{"k":1}] SUCCESS, SUCCESS'),
    "ForEach with a null fails": (flow([each("l", "[1, null]", A), B]), {}, "l FAILED, FAILED"),
    "ForEach over a map fails": (flow([each("l", '{"a": 1}', A), B]), {}, "l FAILED, FAILED"),
    "ForEach all at once": (
        flow([each("l", ["x", "y"], A, B, concurrencyLimit=0)]), {},
        "l SUCCESS, a[x] SUCCESS, a[y] SUCCESS, b[x] SUCCESS, b[y] SUCCESS, SUCCESS"),
    "errors of a loop run once": (
        flow([each("l", ["x", "y"], A, errors=[{"id": "h"}])]), {"a": "FAILED"},
        "l FAILED, a[x] FAILED, h SUCCESS, FAILED"),
    "EachParallel starts everything": (
        flow([{"id": "l", "do": "EachParallel", "values": ["x", "y"], "tasks": [A, B]}]), {},
        "l SUCCESS, a[x] SUCCESS, b[x] SUCCESS, a[y] SUCCESS, b[y] SUCCESS, SUCCESS"),
    "nested loops multiply": (
        flow([each("o", ["1", "2"], each("i", ["x", "y"], A))]), {},
        "o SUCCESS, i[1] SUCCESS, a[x] SUCCESS, a[y] SUCCESS, i[2] SUCCESS, a[x] SUCCESS, a[y] SUCCESS, SUCCESS"),
    "If takes then": (
        flow([{"id": "i", "do": "If", "condition": "yes", "then": [A], "else": [B]}]), {},
        "i SUCCESS, a SUCCESS, SUCCESS"),
    "If without else": (flow([{"id": "i", "do": "If", "condition": "0", "then": [A]}]), {}, "i SUCCESS, SUCCESS"),
    "If with a broken condition": (
        flow([{"id": "i", "do": "If", "condition": "{nope}", "then": [A]}, B]), {}, "i FAILED, FAILED"),
    "Switch matches text": (
        flow([{"id": "s", "do": "Switch", "value": "a", "cases": {"a": [A], "b": [B]}}]), {},
        "s SUCCESS, a SUCCESS, SUCCESS"),
    "Switch without a match": (flow([{"id": "s", "do": "Switch", "value": "z", "cases": {"a": [A]}}, B]), {},
                               "s FAILED, FAILED"),
    "Switch with defaults": (
        flow([{"id": "s", "do": "Switch", "value": "z", "cases": {"a": [A]}, "defaults": [B]}]), {},
        "s SUCCESS, b SUCCESS, SUCCESS"),
    "WorkingDirectory runs in order": (
        flow([{"id": "w", "do": "WorkingDirectory", "tasks": [A, B]}]), {}, "w SUCCESS, a SUCCESS, b SUCCESS, SUCCESS"),
    "WorkingDirectory stops at a failure, errors follow": (
        flow([{"id": "w", "do": "WorkingDirectory", "tasks": [A, B], "errors": [{"id": "h"}]}]), {"a": "FAILED"},
        "w FAILED, a FAILED, h SUCCESS, FAILED"),
    "WorkingDirectory that cannot be prepared": (
        flow([{"id": "w", "do": "WorkingDirectory", "tasks": [A]}]), {"prepare": "no space"}, "w FAILED, FAILED"),
    "WorkingDirectory that cannot be captured": (
        flow([{"id": "w", "do": "WorkingDirectory", "tasks": [A]}]), {"finish": "no space"},
        "w FAILED, a SUCCESS, FAILED"),
    "Subflow takes the state over": (flow([{"id": "s", "do": "Subflow", "namespace": "ns", "flowId": "x"}, A]),
                                     {"s": "FAILED"}, "s FAILED, FAILED"),
    "Subflow without transmitFailed": (
        flow([{"id": "s", "do": "Subflow", "namespace": "ns", "flowId": "x", "transmitFailed": False}, A]),
        {"s": "FAILED"}, "s SUCCESS, a SUCCESS, SUCCESS"),
    "Pause waits its time": (flow([{"id": "p", "do": "Pause", "pauseDuration": "PT1H"}, A]), {},
                             "p SUCCESS, a SUCCESS, SUCCESS"),
    "Pause that fails": (flow([{"id": "p", "do": "Pause", "pauseDuration": "PT1H", "behavior": "FAIL"}, A]), {},
                         "p FAILED, FAILED"),
    "Pause that cancels": (flow([{"id": "p", "do": "Pause", "pauseDuration": "PT1H", "behavior": "CANCEL"}, A]), {},
                           "p CANCELLED, CANCELLED"),
    "Pause that warns": (flow([{"id": "p", "do": "Pause", "pauseDuration": "PT1H", "behavior": "WARN"}, A]), {},
                         "p WARNING, a SUCCESS, WARNING"),
    "a group without enabled tasks": (
        flow([seq("s", {"id": "a", "disabled": True}), B]), {}, "s SUCCESS, b SUCCESS, SUCCESS"),
    "allowFailure does not reach runIf": (
        flow([{"id": "a", "run_if": "{nope}", "allow_failure": True}, B]), {}, "a FAILED, FAILED"),
    "runIf of a group": (flow([seq("s", A, run_if="false"), B]), {}, "s SKIPPED, b SUCCESS, SUCCESS"),
    "a group with allowFailure and allowWarning": (
        flow([seq("s", A, allow_failure=True, allow_warning=True), B]), {"a": "FAILED"},
        "s SUCCESS, a FAILED, b SUCCESS, SUCCESS"),
    "allowFailure keeps errors from running": (
        flow([{"id": "a", "allow_failure": True}], errors=[{"id": "e"}]), {"a": "FAILED"}, "a WARNING, WARNING"),
    "errors of a group do not mend it": (
        flow([seq("s", A, errors=[{"id": "se"}]), B]), {"a": "FAILED"}, "s FAILED, a FAILED, se SUCCESS, FAILED"),
    "a failure in finally is nobody's": (flow([A], finally_=[{"id": "f"}]), {"f": "FAILED"},
                                         "a SUCCESS, f FAILED, SUCCESS"),
    "errors, then finally": (
        flow([A], errors=[{"id": "e"}], finally_=[{"id": "f"}]), {"a": "FAILED"},
        "a FAILED, e SUCCESS, f SUCCESS, FAILED"),
    "a failure in afterExecution is nobody's": (
        flow([A], after_execution=[{"id": "x"}]), {"x": "FAILED"}, "a SUCCESS, x FAILED, SUCCESS"),
    "disabled tasks of errors": (
        flow([A], errors=[{"id": "e1", "disabled": True}, {"id": "e2"}]), {"a": "FAILED"},
        "a FAILED, e2 SUCCESS, FAILED"),
    "errors without an enabled task": (
        flow([A], errors=[{"id": "e", "disabled": True}]), {"a": "FAILED"}, "a FAILED, FAILED"),
    "Parallel goes on after an allowed failure": (
        flow([{"id": "p", "do": "Parallel", "tasks": [A, {"id": "b", "allow_failure": True}, C]}, {"id": "z"}]),
        {"b": "FAILED"}, "p WARNING, a SUCCESS, b WARNING, c SUCCESS, z SUCCESS, WARNING"),
    "Parallel with a limit fails in the middle": (
        flow([{"id": "p", "do": "Parallel", "concurrent": 1, "tasks": [A, B, C]}]), {"b": "FAILED"},
        "p FAILED, a SUCCESS, b FAILED, FAILED"),
    "a group beside a failure is broken off": (
        flow([{"id": "p", "do": "Parallel", "tasks": [
            seq("s1", A, B, {"id": "e"}), seq("s2", C, {"id": "d"})]}]), {"c": "FAILED"},
        "p FAILED, s1 KILLED, s2 FAILED, a SUCCESS, c FAILED, b SUCCESS, FAILED"),
    "ForEach over a text that is no list": (flow([each("l", "kestra:///x.ion", A)]), {}, "l FAILED, FAILED"),
    "ForEach, two at a time": (
        flow([each("l", ["x", "y", "z"], A, B, concurrencyLimit=2)]), {},
        "l SUCCESS, a[x] SUCCESS, a[y] SUCCESS, b[x] SUCCESS, b[y] SUCCESS, a[z] SUCCESS, b[z] SUCCESS, SUCCESS"),
    "If in a loop": (
        flow([each("l", ["x", "y"], {"id": "i", "do": "If", "condition": "{taskrun.value}", "then": [A]},
                   do="EachSequential")]), {},
        "l SUCCESS, i[x] SUCCESS, a SUCCESS, i[y] SUCCESS, a SUCCESS, SUCCESS"),
    "Switch in a loop": (
        flow([each("l", ["x", "y"], {"id": "s", "do": "Switch", "value": "{taskrun.value}",
                                     "cases": {"x": [A], "y": [B]}})]), {},
        "l SUCCESS, s[x] SUCCESS, a SUCCESS, s[y] SUCCESS, b SUCCESS, SUCCESS"),
    "If whose branch fails": (
        flow([{"id": "i", "do": "If", "condition": "true", "then": [A], "else": [B]}]), {"a": "FAILED"},
        "i FAILED, a FAILED, FAILED"),
    "WorkingDirectory with an allowed failure": (
        flow([{"id": "w", "do": "WorkingDirectory", "tasks": [{"id": "a", "allow_failure": True}, B]}]),
        {"a": "FAILED"}, "w WARNING, a WARNING, b SUCCESS, WARNING"),
    "Subflow with an allowed failure": (flow([call("s", allow_failure=True)]), {"s": "FAILED"}, "s WARNING, WARNING"),
    "Subflow with a warning": (flow([call("s")]), {"s": "WARNING"}, "s WARNING, WARNING"),
    "Subflow that is not there": (flow([call("s"), A]), {"s": "REFUSED"}, "s FAILED, FAILED"),
    "Subflow that nobody waits for": (flow([call("s", wait=False), A]), {"s": "FAILED"},
                                      "s SUCCESS, a SUCCESS, SUCCESS"),
    "EachParallel of flows that are not there": (
        flow([each("l", ["x", "y"], call("s"), do="EachParallel")]), {"s": "REFUSED"},
        "l FAILED, s[x] FAILED, s[y] FAILED, FAILED"),
    "Pause with a timeout": (flow([{"id": "p", "do": "Pause", "timeout": "PT1S"}, A]), {}, "p FAILED, FAILED"),
    "a directory is waited for at the end": (
        flow([A], errors=[{"id": "p", "do": "Parallel",
                           "tasks": [{"id": "w", "do": "WorkingDirectory", "tasks": [B]}, C]}]),
        {"a": "FAILED", "c": "FAILED"}, "a FAILED, p FAILED, w SUCCESS, c FAILED, b SUCCESS, FAILED"),
    "a loop beside a failure has no further round": (
        flow([{"id": "p", "do": "Parallel", "tasks": [{"id": "w", "do": "LoopUntil", "condition": "false",
                                                       "tasks": [B]}, A]}]),
        {"a": "FAILED"}, "p FAILED, w KILLED, a FAILED, b SUCCESS, FAILED"),
    "a new execution instead of this one stops what runs beside": (
        flow([{"id": "p", "do": "Parallel", "tasks": [
            {"id": "a", "retry": constant(max_attempts=3, behavior="CREATE_NEW_EXECUTION")}, seq("s", B, C)]}]),
        {"a": "FAILED"}, "p RETRIED, a RETRIED, s KILLED, b KILLED, RETRIED"),
    "Pause in afterExecution": (
        flow([A], after_execution=[{"id": "p", "do": "Pause", "pauseDuration": "PT1S"}, B]), {},
        "a SUCCESS, p SUCCESS, b SUCCESS, SUCCESS"),
    "Pause in afterExecution that nobody can end": (
        flow([A], after_execution=[{"id": "p", "do": "Pause"}, B]), {}, "a SUCCESS, p FAILED, b SUCCESS, SUCCESS"),
    "Pause in afterExecution that cancels": (
        flow([A], after_execution=[{"id": "p", "do": "Pause", "pauseDuration": "PT1S", "behavior": "CANCEL"}, B]), {},
        "a SUCCESS, p CANCELLED, b SUCCESS, SUCCESS"),
    "LoopUntil in afterExecution": (
        flow([A], after_execution=[{"id": "w", "do": "LoopUntil", "condition": "false", "tasks": [B],
                                    "checkFrequency": {"maxIterations": 2}}]), {},
        "a SUCCESS, w SUCCESS, b SUCCESS, SUCCESS"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_states(name: str) -> None:
    definition, outcomes, expected = CASES[name]
    run = Simulation(definition, outcomes).run()
    assert ", ".join(run.states()) == expected
    assert [state for state in run.history() if state in TERMINAL] == [run.execution.state]
    run.check_journal()


RETRIES = {
    "four failures, then success": (constant(0.25, max_attempts=5), ["FAILED"] * 4 + ["SUCCESS"], 5, "SUCCESS"),
    "the same with warningOnRetry": (
        constant(0.25, max_attempts=5, warning_on_retry=True), ["FAILED"] * 4 + ["SUCCESS"], 5, "WARNING"),
    "warningOnRetry, first try": (constant(max_attempts=5, warning_on_retry=True), ["SUCCESS"], 1, "SUCCESS"),
    "used up": (constant(max_attempts=4), ["FAILED"], 4, "FAILED"),
}  # fmt: skip


@pytest.mark.parametrize("name", RETRIES)
def test_retry_adds_attempts(name: str) -> None:
    policy, outcomes, attempts, state = RETRIES[name]
    run = Simulation(flow([{"id": "a", "retry": policy}]), {"a": outcomes}).run()
    assert len(run.taskrun("a").attempts) == attempts
    assert run.states() == [f"a {state}", state]
    run.check_journal()


def test_retry_is_inherited_and_own_wins() -> None:
    group = seq("g", B, {"id": "c", "retry": constant(max_attempts=3)}, retry=constant(max_attempts=4))
    definition = flow([A, group], retry=constant(max_attempts=2), errors=[{"id": "alert"}])
    run = Simulation(definition, {"a": ["FAILED", "SUCCESS"], "c": "FAILED"}).run()
    assert [len(run.taskrun(name).attempts) for name in "abc"] == [2, 1, 3]
    assert run.states() == ["a SUCCESS", "g FAILED", "b SUCCESS", "c FAILED", "alert SUCCESS", "FAILED"]


def test_retry_shows_in_the_history() -> None:
    run = Simulation(flow([{"id": "a", "retry": constant(max_attempts=2)}]), {"a": ["FAILED", "SUCCESS"]}).run()
    assert run.history() == ["CREATED", "RUNNING", "RETRYING", "RUNNING", "SUCCESS"]
    assert [state for state, _ in run.taskrun("a").histories] == [
        "CREATED", "RUNNING", "RETRYING", "CREATED", "RUNNING", "SUCCESS"]  # fmt: skip


def test_create_new_execution_ends_this_one_as_retried() -> None:
    policy = constant(max_attempts=3, behavior="CREATE_NEW_EXECUTION")
    definition = flow([seq("g", {"id": "a", "retry": policy})], errors=[{"id": "h"}])
    run = Simulation(definition, {"a": "FAILED"}).run()
    assert run.states() == ["g RETRIED", "a RETRIED", "RETRIED"]
    last = Simulation(definition, {"a": "FAILED"}, attempt_number=3).run()
    assert last.states() == ["g FAILED", "a FAILED", "h SUCCESS", "FAILED"]


@pytest.mark.parametrize(
    ("props", "outputs", "rounds", "state"),
    [
        ({"condition": "true"}, {}, 1, "SUCCESS"),
        ({"condition": "false", "checkFrequency": {"maxIterations": 3}}, {}, 4, "SUCCESS"),
        ({"condition": "false", "checkFrequency": {"maxIterations": 3}, "failOnMaxReached": True}, {}, 4, "FAILED"),
        ({"condition": "true", "checkFrequency": {"maxIterations": 0}, "failOnMaxReached": True}, {}, 1, "FAILED"),
        ({"condition": "false", "checkFrequency": {"maxDuration": "PT5M", "interval": "PT2M"}}, {}, 4, "SUCCESS"),
    ],
)
def test_loop_until(props, outputs, rounds, state) -> None:
    run = Simulation(flow([{"id": "w", "do": "LoopUntil", "tasks": [A, B], **props}])).run()
    assert run.states() == [f"w {state}", "a SUCCESS", "b SUCCESS", state]
    assert run.taskrun("w").outputs == {"iterationCount": rounds}
    run.check_journal()


def test_a_round_knows_its_number() -> None:
    """`taskrun.iteration` of a LoopUntil and of what it runs, from 0 (semantics 5.2)."""
    loop = {"id": "w", "do": "LoopUntil", "condition": "false", "checkFrequency": {"maxIterations": 9}}
    run = Simulation(flow([{**loop, "tasks": [{"id": "a", "run_if": "{taskrun.iteration}"}]}]))
    run.run(until=lambda: run.execution.state == "PAUSED")
    assert run.states() == ["w PAUSED", "a SKIPPED", "PAUSED"]
    run.run()
    assert run.states() == ["w SUCCESS", "a SUCCESS", "SUCCESS"]
    assert run.taskrun("a").iteration == 9
    run = Simulation(flow([{**loop, "condition": "{taskrun.iteration}", "tasks": [A]}])).run()
    assert (run.states()[0], run.taskrun("w").outputs) == ("w SUCCESS", {"iterationCount": 2})


@pytest.mark.parametrize(("more", "state"), [({}, "SUCCESS"), ({"failOnMaxReached": True}, "FAILED")])
def test_finally_comes_after_the_last_round_of_a_loop(more, state) -> None:
    loop = {"id": "w", "do": "LoopUntil", "condition": "false", "checkFrequency": {"maxIterations": 2}, **more}
    run = Simulation(flow([{**loop, "tasks": [A], "finally": [{"id": "f"}]}])).run()
    assert run.states() == [f"w {state}", "a SUCCESS", "f SUCCESS", state]
    begun = [command.task.id for command in run.commands if isinstance(command, k.Submit)]
    assert begun == ["a", "a", "a", "f"]


def test_a_loop_that_is_taken_up_in_its_finally_has_no_further_round() -> None:
    def loop(condition: str) -> Flow:
        return flow([{"id": "w", "do": "LoopUntil", "condition": condition, "tasks": [A], "finally": [{"id": "f"}]}])

    run = Simulation(loop("true"), manual=True).run()
    run.work("a")
    again = Simulation(loop("false"), execution=run.execution, prefix="again").run(s.TakeUp())
    assert again.execution.terminal and again.taskrun("w").outputs == {"iterationCount": 1}
    assert [command.task.id for command in again.commands if isinstance(command, k.Submit)] in ([], ["f"])


def test_loop_until_ends_with_a_failing_child() -> None:
    run = Simulation(flow([{"id": "w", "do": "LoopUntil", "condition": "false", "tasks": [A]}]), {"a": "FAILED"}).run()
    assert run.states() == ["w FAILED", "a FAILED", "FAILED"]


@pytest.mark.parametrize(
    ("props", "iterations"),
    [
        ({}, 3),
        ({"breakWhen": "{item.index}"}, 2),
        ({"breakWhen": "{iteration.state}"}, 1),
        ({"breakWhen": "{nothing}"}, 1),
    ],
)
def test_a_loop_stops_when_its_condition_says_so(props, iterations):
    run = Simulation(flow([{"id": "l", "do": "Loop", "values": ["a", "b", "c"], "tasks": [A], **props}])).run()
    assert run.states() == ["l SUCCESS", "SUCCESS"]
    assert run.taskrun("l").outputs["terminatedIterations"] == {"SUCCESS": iterations}
    run.check_journal()


def test_a_loop_costs_as_much_at_its_end_as_at_its_beginning() -> None:
    """Each iteration wrote the results of all before it into the journal: megabytes for some hundred values."""

    def written(count: int) -> int:
        run = Simulation(flow([{"id": "l", "do": "Loop", "values": [*map(str, range(count))], "tasks": [A]}])).run()
        assert run.taskrun("l").outputs["terminatedIterations"] == {"SUCCESS": count}
        assert len(run.taskrun("l").outputs["outputs"]) == count
        return len(json.dumps([encode(change) for change in run.journal], default=str))

    assert written(200) < 11 * written(20)


def test_a_subflow_may_be_called_items() -> None:
    """It was taken for the middle part of a ForEachItem, by its name alone."""
    assert Simulation(flow([call("load_items")])).run().states() == ["load_items SUCCESS", "SUCCESS"]


def test_a_loop_is_not_retried_but_what_it_runs() -> None:
    loop = {"id": "l", "do": "Loop", "values": ["a"], "tasks": [A], "retry": constant(max_attempts=3)}
    run = Simulation(flow([loop, call("s")]), {"l": "FAILED"}).run()
    assert run.states() == ["l FAILED", "FAILED"]
    assert len(run.taskrun("l").attempts) == 1


def test_a_restart_has_the_whole_time_of_its_sla() -> None:
    """It was violated at once, for ever: the time since the first start counted."""
    limit = Sla("max", "MAX_DURATION", "FAIL", duration=timedelta(minutes=5))
    run = Simulation(flow([A], sla=(limit,)), {"a": "FAILED"}).run()
    run.clock.move_to(run.clock.now() + timedelta(days=1))
    restarted = restart(run.flow, run.execution, run.clock.now())
    run.manual = True
    run.restarted(restarted.changes)
    assert run.execution.timers == {"sla:max": run.clock.now() + timedelta(minutes=5)}


UNPAUSED = {
    "a pause alone": (flow([{"id": "p", "do": "Pause"}, A]), {}, "p SUCCESS, RESTARTED", "p KILLED, RESTARTED"),
    "with tasks of its own": (
        flow([{"id": "p", "do": "Pause", "tasks": [A]}]), {}, "p RUNNING, RESTARTED", "p KILLED, RESTARTED"),
    "inside a group": (
        flow([seq("g", {"id": "p", "do": "Pause"}, A)]), {}, "g RUNNING, p SUCCESS, RESTARTED",
        "g RUNNING, p KILLED, RESTARTED"),
    "one of two": (
        flow([{"id": "l", "do": "Parallel", "tasks": [{"id": "p", "do": "Pause"}, {"id": "q", "do": "Pause"}]}]), {},
        "l RUNNING, p SUCCESS, q PAUSED, PAUSED", "l RUNNING, p KILLED, q KILLED, RESTARTED"),
    "one that ends by itself": (flow([{"id": "p", "do": "Pause", "pauseDuration": "PT1H"}]), {}, "", ""),
    "beside work": (
        flow([{"id": "l", "do": "Parallel", "tasks": [{"id": "p", "do": "Pause"}, A]}]), {"manual": True}, "", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", UNPAUSED)
def test_what_a_resume_or_a_kill_changes_at_once(name: str) -> None:
    """Of an execution of which only pauses are open; of any other nothing, its runner sees to it."""
    definition, more, resumed, killed = UNPAUSED[name]
    for expected, how in ((resumed, {}), (killed, {"killed": True})):
        run = Simulation(definition, **more)
        run.run(until=lambda run=run: run.execution.state == "PAUSED")
        changes = unpaused(run.flow, run.execution, run.clock.now(), **how)
        for change in changes:
            run.execution.apply(change)
        assert (", ".join(run.states()) if changes else "") == expected


def test_two_who_resume_the_same_pause_do_not_resume_the_next() -> None:
    run = Simulation(flow([{"id": "p", "do": "Pause"}, {"id": "q", "do": "Pause"}])).run()
    first = run.taskrun("p").id
    run.run(s.Resume(first))
    assert run.run(s.Resume(first)).states() == ["p SUCCESS", "q PAUSED", "PAUSED"]


def test_a_resume_of_a_pause_that_is_over_leaves_what_somebody_holds() -> None:
    run = Simulation(flow([A, B]), manual=True).run()
    run.feed(s.Pause())
    run.work("a")
    assert run.run(s.Resume("a pause that is over")).states() == ["a SUCCESS", "PAUSED"]
    run.manual = False
    assert run.run(s.Resume()).states() == ["a SUCCESS", "b SUCCESS", "SUCCESS"]


def test_a_pause_in_what_somebody_holds_is_left_to_a_runner() -> None:
    run = Simulation(flow([{"id": "p", "do": "Pause"}, A])).run()
    run.execution.apply(ExecutionHeld(True))
    assert unpaused(run.flow, run.execution, run.clock.now()) == ()
    assert unpaused(run.flow, run.execution, run.clock.now(), killed=True)


def test_a_pause_is_seen_in_both_histories() -> None:
    run = Simulation(flow([{"id": "p", "do": "Pause", "pauseDuration": "PT1S"}, A])).run()
    assert [state for state, _ in run.taskrun("p").histories] == ["CREATED", "RUNNING", "PAUSED", "SUCCESS"]
    assert run.history() == ["CREATED", "RUNNING", "PAUSED", "RESTARTED", "RUNNING", "SUCCESS"]


def test_of_two_pauses_one_is_resumed() -> None:
    run = Simulation(flow([{"id": "p", "do": "Parallel", "tasks": [{"id": "x", "do": "Pause"},
                                                                   {"id": "y", "do": "Pause"}]}])).run()  # fmt: skip
    run.run(s.Resume())
    assert run.states() == ["p RUNNING", "x SUCCESS", "y PAUSED", "PAUSED"]
    run.run(s.Resume())
    assert run.states() == ["p SUCCESS", "x SUCCESS", "y SUCCESS", "SUCCESS"]


@pytest.mark.parametrize(("admission", "states"), [
    ("QUEUE", ["CREATED", "QUEUED"]), ("CANCEL", ["CREATED", "CANCELLED"]), ("FAIL", ["CREATED", "FAILED"]),
])  # fmt: skip
def test_what_the_limit_of_the_flow_says(admission, states) -> None:
    run = Simulation(flow([A])).run(s.Start(admission, 1))
    assert (run.history(), run.states()[:-1]) == (states, [])
    if admission == "QUEUE":
        assert run.run(s.Start()).history() == ["CREATED", "QUEUED", "RUNNING", "SUCCESS"]


@pytest.mark.parametrize(("admission", "states"), [
    ("QUEUE", ["a SUCCESS", "g RUNNING", "b RESTARTED", "QUEUED"]),
    ("CANCEL", ["a SUCCESS", "g CANCELLED", "b CANCELLED", "CANCELLED"]),
    ("FAIL", ["a SUCCESS", "g FAILED", "b FAILED", "FAILED"]),
])  # fmt: skip
def test_what_the_limit_of_the_flow_says_to_a_restart(admission, states) -> None:
    run = Simulation(flow([A, seq("g", B)]), {"b": "FAILED"}).run()
    for change in restart(run.flow, run.execution, run.clock.now()).changes:
        run.execution.apply(change)
        run.journal.append(change)
    run.outcomes.clear()
    run.engine = run._engine()
    assert run.run(s.Start(admission, 1)).states() == states
    if admission == "QUEUE":
        # The process that queued has ended; the one that is admitted reads the journal.
        run.engine = run._engine()
        assert run.run(s.Start()).states() == ["a SUCCESS", "g SUCCESS", "b SUCCESS", "SUCCESS"]
    run.check_journal()


def test_a_kill_while_paused_runs_after_execution() -> None:
    run = Simulation(flow([{"id": "p", "do": "Pause"}, A], after_execution=[{"id": "x"}])).run()
    assert run.run(s.Kill()).states() == ["p KILLED", "x SUCCESS", "KILLED"]


def test_a_kill_ends_a_pause_below_a_group_that_has_failed() -> None:
    """Its `onPause` task still runs: the execution ended, the Pause stayed KILLING for ever."""
    definition = flow([{"id": "p", "do": "Parallel", "tasks": [
        {"id": "w", "do": "Pause", "onPause": [{"id": "n"}]}, A]}])  # fmt: skip
    run = Simulation(definition, {"a": "FAILED"}, manual=True).run()
    run.work("a", "FAILED")
    run.run(s.Kill())
    assert run.states() == ["p FAILED", "w KILLED", "a FAILED", "n KILLED", "KILLED"]


def test_a_kill_after_the_end_ends_what_comes_after_it() -> None:
    """A hanging afterExecution task could be ended by nothing; the execution stays as it ended."""
    after = [{"id": "x", "do": "Sequential", "tasks": [{"id": "y"}, {"id": "z"}]}, {"id": "last"}]
    run = Simulation(flow([A], after_execution=after), manual=True)
    run.run()
    run.work("a")
    assert run.states() == ["a SUCCESS", "x RUNNING", "y RUNNING", "SUCCESS"]
    assert run.run(s.Kill()).states() == ["a SUCCESS", "x KILLED", "y KILLED", "SUCCESS"]
    assert any(isinstance(command, k.Finished) for command in run.commands)
    run.check_journal()


@pytest.mark.parametrize("crash", [False, True])
def test_a_pause_by_somebody_during_the_wait_of_a_loop_holds_the_next_round(crash: bool) -> None:
    loop = {"id": "u", "do": "LoopUntil", "condition": "false", "tasks": [A], "checkFrequency": {"maxIterations": 1}}
    run = Simulation(flow([loop, B]))
    run.run(until=lambda: run.execution.state == "PAUSED")
    run.feed(s.Pause())
    run.run(s.TakeUp() if crash else s.SetLabels({}))
    assert run.execution.state == "PAUSED"
    assert not run.execution.timers
    assert run.states() == ["u RUNNING", "PAUSED"], "the next round waits"
    if crash:
        run.engine = run._engine()
        run.feed(s.TakeUp())
    assert run.run(s.Resume()).states() == ["u SUCCESS", "a SUCCESS", "b SUCCESS", "SUCCESS"]
    run.check_journal()


def test_an_exit_in_after_execution_ends_nothing() -> None:
    run = Simulation(flow([A], after_execution=[B, C]), manual=True).run()
    run.work("a")
    exiting = run.taskrun("b")
    run.held.remove(exiting.id)
    run.run(s.AttemptFinished(exiting.id, "SUCCESS", update=s.Update(end_state="FAILED")))
    run.work("c")
    assert run.states() == ["a SUCCESS", "b SUCCESS", "c SUCCESS", "SUCCESS"]
    assert run.history() == ["CREATED", "RUNNING", "SUCCESS"]


def test_an_end_in_the_middle_stops_what_runs() -> None:
    """A Pause that cancels: the task beside it is told, and so is the execution that another one waits for."""
    definition = flow([{"id": "p", "do": "Parallel", "tasks": [
        {"id": "w", "do": "Pause", "pauseDuration": "PT1S", "behavior": "CANCEL"}, A, call("s")]}])  # fmt: skip
    run = Simulation(definition, {"s": "HANG"}, manual=True).run()
    run.held.clear()
    run.run(s.TimerFired(next(iter(run.execution.timers))))
    assert run.states() == ["p CANCELLED", "w CANCELLED", "a CANCELLED", "s CANCELLED", "CANCELLED"]
    assert {type(command) for command in run.commands} >= {k.StopAttempt, k.KillChild, k.Finished}
    assert [attempt.state for attempt in run.taskrun("a").attempts] == ["CANCELLED"]


def test_work_after_the_end_is_lost_with_its_runner_too() -> None:
    run = Simulation(flow([A], after_execution=[B]), manual=True).run()
    run.work("a")
    assert is_lost(run.flow, run.execution)
    for change in lost(run.flow, run.execution, run.clock.now(), "it died"):
        run.execution.apply(change)
    assert run.states() == ["a SUCCESS", "b FAILED", "SUCCESS"]


def back(run: Simulation, **outcomes) -> list[str]:
    return run.restarted(restart(run.flow, run.execution, run.clock.now()).changes, **outcomes).states()


RESTARTS = {
    "what succeeded is kept": (flow([A, B, C]), {"b": "FAILED"}, {"b": "SUCCESS"},
                               "a SUCCESS, b SUCCESS, c SUCCESS, SUCCESS"),
    "errors run again for a new failure": (
        flow([A], errors=[{"id": "e"}]), {"a": "FAILED"}, {}, "a FAILED, e SUCCESS, FAILED"),
    "errors are forgotten": (
        flow([A], errors=[{"id": "e"}]), {"a": "FAILED"}, {"a": "SUCCESS"}, "a SUCCESS, SUCCESS"),
    "a WorkingDirectory begins anew": (
        flow([{"id": "w", "do": "WorkingDirectory", "tasks": [A, B]}]), {"b": "FAILED"}, {"b": "SUCCESS"},
        "w SUCCESS, a SUCCESS, b SUCCESS, SUCCESS"),
    "a group that was broken off goes on": (
        flow([{"id": "p", "do": "Parallel", "tasks": [seq("s", A, B, {"id": "d"}), C]}]), {"c": "FAILED"},
        {"c": "SUCCESS"}, "p SUCCESS, s SUCCESS, c SUCCESS, a SUCCESS, b SUCCESS, d SUCCESS, SUCCESS"),
    "a condition is evaluated again": (
        flow([{"id": "i", "do": "If", "condition": "{nope}", "then": [A], "else": [B]}]), {}, {}, "i FAILED, FAILED"),
    "values are read again": (flow([each("l", "[1, null]", A)]), {}, {}, "l FAILED, FAILED"),
}  # fmt: skip


@pytest.mark.parametrize("name", RESTARTS)
def test_restart(name: str) -> None:
    definition, before, after, expected = RESTARTS[name]
    run = Simulation(definition, before).run()
    assert ", ".join(back(run, **after)) == expected
    run.check_journal()


def test_a_restart_in_a_loop_does_the_failed_value_and_the_rest() -> None:
    definition = flow([A, each("l", ["1", "2", "3"], {"id": "w"}, {"id": "x"}, concurrencyLimit=0), {"id": "z"}],
                      errors=[{"id": "alert"}])  # fmt: skip
    run = Simulation(definition, {"w[2]": "FAILED"}).run()
    assert run.execution.state == "FAILED"
    states = back(run, **{"w[2]": "SUCCESS"})
    inside = [f"{task}[{value}] SUCCESS" for task in "wx" for value in "123"]
    assert sorted(states) == sorted(["a SUCCESS", "l SUCCESS", *inside, "z SUCCESS", "SUCCESS"])
    assert [len(run.taskrun("w", value).attempts) for value in "123"] == [1, 2, 1]


def test_a_restarted_pause_pauses_again() -> None:
    run = Simulation(flow([{"id": "p", "do": "Pause"}, A])).run()
    assert back(run) == ["p PAUSED", "PAUSED"]
    assert run.run(s.Resume()).states() == ["p SUCCESS", "a SUCCESS", "SUCCESS"]


@pytest.mark.parametrize(("policy", "outcome"), [
    (None, "SUCCESS"), (constant(max_attempts=2, behavior="CREATE_NEW_EXECUTION"), "FAILED"),
])  # fmt: skip
def test_nothing_to_restart(policy, outcome) -> None:
    run = Simulation(flow([{"id": "a", "retry": policy}]), {"a": outcome}).run()
    with pytest.raises(RestartError, match="No task found to restart execution from!"):
        restart(run.flow, run.execution, run.clock.now())


def test_a_loop_knows_the_value_of_a_loop_until_after_a_restart() -> None:
    """The rounds of a LoopUntil were counted where its iteration of the loop is kept: `y` was left out."""
    inner = {"id": "u", "do": "LoopUntil", "condition": "false", "checkFrequency": {"maxIterations": 2}, "tasks": [A]}
    run = Simulation(flow([each("l", ["x", "y"], inner)]))
    run.run(until=lambda: bool(run.execution.taskruns) and len(run.commands) > 4)
    run.run(s.Kill())
    assert run.execution.state == "KILLED" and run.taskrun("u", "x").outputs == {"iterationCount": 2}
    assert back(run)[-1] == "SUCCESS"
    assert {taskrun.value for taskrun in run.execution.taskruns.values() if taskrun.task_id == "u"} == {"x", "y"}


def test_what_a_task_in_a_working_directory_sees_of_those_above() -> None:
    directory = {"id": "w", "do": "WorkingDirectory", "tasks": [A]}
    run = Simulation(
        flow([each("l", ["1"], seq("s", directory)), each("m", ["2"], {**directory, "id": "v", "tasks": [B]})])
    )
    run.run()
    seen = {}
    for name in "ab":
        variables = Variables(Plan(run.flow), run.execution, {})
        seen[name] = variables.of_taskrun(run.taskrun(name), run.flow.tasks_by_id[name])
    assert seen["a"]["parents"] == [{"taskrun": {"value": "1"}}] and "value" not in seen["a"]["taskrun"]
    assert seen["b"]["taskrun"]["value"] == "2" and "parent" not in seen["b"]
    worker = seen["b"]["workerTaskrun"]
    assert list(worker) == ["id", "startDate", "attemptsCount", "parentId", "value", "iteration"]
    assert (worker["id"], worker["value"], worker["iteration"]) == (run.taskrun("v", "2").id, "2", 0)


def test_in_flows_of_2_0_all_task_runs_above_are_seen_by_their_ids() -> None:
    run = Simulation(flow([each("l", ["1"], seq("s", A))])).run()
    task, taskrun = run.flow.tasks_by_id["a"], run.taskrun("a")
    old = Variables(Plan(run.flow), run.execution, {}).of_taskrun(taskrun, task)
    assert old["parents"] == [{"taskrun": {"value": "1"}}]
    for signs in (
        {"dialect": "2.x"}, {"source": "format: '{{ parentOutput().x }}'"}, {"source": "{{ parents[0].task.id }}"},
    ):  # fmt: skip
        new = Variables(Plan(replace(run.flow, **signs)), run.execution, {}).of_taskrun(taskrun, task)
        assert new["parents"] == [{"task": {"id": "s"}, "taskrun": {"value": "1"}}, {"task": {"id": "l"}}]
        assert new["parent"] == new["parents"][0]


def test_what_is_seen_of_the_flow_the_execution_and_the_trigger() -> None:
    run = Simulation(flow([A]))
    variables = Variables(Plan(run.flow), run.execution, {})
    assert variables.of_execution()["flow"]["tenantId"] == "main"
    assert "endDate" not in variables.of_execution()["execution"] and "trigger" not in variables.of_execution()
    run.execution.trigger = {"id": "t", "type": "some.Webhook", "variables": {"body": 1}}
    assert variables.of_execution()["trigger"] == {"body": 1, "_context": {"id": "t", "type": "some.Webhook"}}
    run.run()
    assert variables.of_execution()["execution"]["endDate"] == iso_instant(run.execution.end)


def test_a_template_is_not_there() -> None:
    template = {"id": "t", "do": "Template", "namespace": "lab", "templateId": "old"}
    run = Simulation(flow([template, A], errors=[B])).run()
    assert run.states() == ["t FAILED", "b SUCCESS", "FAILED"]
    assert ("ERROR", "Unable to resolve state from the Flowable task: Can't find flow template 'lab.old'") in run.logs


def test_the_outputs_that_expressions_see() -> None:
    skipped = [{"id": "a", "run_if": "false"}, seq("s", B, run_if="0")]
    run = Simulation(
        flow([*skipped, seq("g", {"id": "c", "allow_failure": True}), {"id": "d"}]), {"c": "FAILED"}, manual=True
    )
    run.run()
    run.work("c", "FAILED")
    assert run.execution.state == "RUNNING"
    live = run.engine.run.variables.outputs
    assert set(live) == set(Variables(Plan(run.flow), run.execution, {}).outputs) == {"g", "c"}
    run.work("d")
    assert set(live) == {"g", "c", "d"}


def replayed(run: Simulation, name: str, value: str | None = None, **more) -> Simulation:
    again = replay(run.flow, run.execution, CountingIds("n"), run.clock.now(),
                   from_taskrun=run.taskrun(name, value).id, **more)  # fmt: skip
    new = Simulation(run.flow, run.outcomes, execution=fold(again.changes))
    new.ids = CountingIds("m")
    new.engine = new._engine()
    return new.run()


def test_a_replay_keeps_what_was_before() -> None:
    run = Simulation(flow([A, B, C])).run()
    new = replayed(run, "b")
    assert new.states() == ["a SUCCESS", "b SUCCESS", "c SUCCESS", "SUCCESS"]
    assert [len(new.taskrun(name).attempts) for name in "abc"] == [1, 2, 1]
    assert new.execution.parent_id == "e1"


def test_a_replay_of_a_sequential_loop_removes_later_values() -> None:
    run = Simulation(flow([each("l", ["1", "2", "3"], A, B)])).run()
    new = replayed(run, "b", "2")
    assert new.execution.state == "SUCCESS"
    kept = {"a[1]", "b[1]", "a[2]"}
    first = [f"{each.task_id}[{each.value}]" for each in new.execution.taskruns.values() if each.id.startswith("n")]
    assert set(first) == {"l[None]", "b[2]"} | kept


REPLAYED = {
    "a leaf": (flow([A, B, C]), "b", None, "a SUCCESS, b RESTARTED"),
    "a group": (flow([A, seq("s", B, C), {"id": "d"}]), "s", None, "a SUCCESS, s RUNNING"),
    "a branch of a Parallel": (
        flow([{"id": "p", "do": "Parallel", "tasks": [A, seq("s", B), seq("t", C)]}, {"id": "d"}]),
        "s",
        None,
        "p RUNNING, a SUCCESS, s RUNNING, t SUCCESS, c SUCCESS",
    ),
    "a value of a parallel loop": (
        flow([each("l", ["1", "2"], seq("s", A), do="EachParallel"), B]),
        "s",
        "1",
        "l RUNNING, s[1] RUNNING, s[2] SUCCESS, a SUCCESS",
    ),
    "a loop": (flow([each("l", ["1", "2"], A)]), "l", None, "l RUNNING"),
    "a directory": (flow([{"id": "w", "do": "WorkingDirectory", "tasks": [A, B]}]), "b", None, "w RESTARTED"),
}


@pytest.mark.parametrize("name", REPLAYED)
def test_what_a_replay_begins_with(name: str) -> None:
    """Leaves are RESTARTED, flowables RUNNING, each with what it has been in its history (semantics 8.4)."""
    definition, task_id, value, expected = REPLAYED[name]
    run = Simulation(definition).run()
    chosen = run.taskrun(task_id, value)
    again = replay(run.flow, run.execution, CountingIds("n"), run.clock.now(), from_taskrun=chosen.id)
    begun = Simulation(run.flow, execution=fold(again.changes))
    assert begun.states() == [*expected.split(", "), "RESTARTED"]
    assert begun.history()[-2:] == ["SUCCESS", "RESTARTED"]
    begun.ids = CountingIds("m")
    begun.engine = begun._engine()
    assert sorted(begun.run().states()) == sorted(run.states())


def test_a_replay_with_other_inputs_decides_again() -> None:
    choice = {"id": "i", "do": "If", "condition": "{inputs.x}", "then": [A], "else": [B]}
    run = Simulation(flow([choice, each("l", "{inputs.l}", C)]), inputs={"x": "true", "l": ["1"]}).run()
    assert run.states()[:2] == ["i SUCCESS", "a SUCCESS"]
    new = replayed(run, "i", inputs={"x": "false", "l": ["2"]})
    assert new.states() == ["i SUCCESS", "b SUCCESS", "l SUCCESS", "c[2] SUCCESS", "SUCCESS"]
    new = replayed(run, "l", inputs={"x": "true", "l": ["2"]})
    assert new.states() == ["i SUCCESS", "a SUCCESS", "l SUCCESS", "c[2] SUCCESS", "SUCCESS"]


@pytest.mark.parametrize("chosen", ["g", "l"])
def test_a_replayed_flowable_is_running_again_before_anything_is_done(chosen: str) -> None:
    run = Simulation(flow([seq("g", A), each("l", ["1"], B)])).run()
    again = replay(run.flow, run.execution, CountingIds("n"), run.clock.now(), from_taskrun=run.taskrun(chosen).id)
    found = next(each for each in fold(again.changes).taskruns.values() if each.task_id == chosen)
    assert [state for state, _ in found.histories] == ["CREATED", "RUNNING", "SUCCESS", "RUNNING"]


def test_a_task_run_marked_as_successful_lets_the_flow_go_on() -> None:
    run = Simulation(flow([A, B]), {"a": "FAILED"}).run()
    marked = mark_as(run.flow, run.execution, run.taskrun("a").id, "SUCCESS", run.clock.now())
    assert run.restarted(marked.changes).states() == ["a SUCCESS", "b SUCCESS", "SUCCESS"]
