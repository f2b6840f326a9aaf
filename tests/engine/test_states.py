"""Flows and the states they end in: a table of flow, outcomes and task runs in creation order."""

import pytest
from tests.engine.simulation import Simulation, constant, flow

A, B, C = {"id": "a"}, {"id": "b"}, {"id": "c"}


def seq(name, *tasks, **more):
    return {"id": name, "do": "Sequential", "tasks": list(tasks), **more}


def each(name, values, *tasks, **more):
    return {"id": name, "do": "ForEach", "values": values, "tasks": list(tasks), **more}


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
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_states(name: str) -> None:
    definition, outcomes, expected = CASES[name]
    run = Simulation(definition, outcomes).run()
    assert ", ".join(run.states()) == expected
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
        ({"condition": "false", "checkFrequency": {"maxIterations": 3}}, {}, 3, "SUCCESS"),
        ({"condition": "false", "checkFrequency": {"maxIterations": 3}, "failOnMaxReached": True}, {}, 3, "FAILED"),
        ({"condition": "false", "checkFrequency": {"maxDuration": "PT5M", "interval": "PT2M"}}, {}, 3, "SUCCESS"),
    ],
)
def test_loop_until(props, outputs, rounds, state) -> None:
    run = Simulation(flow([{"id": "w", "do": "LoopUntil", "tasks": [A, B], **props}])).run()
    assert run.states() == [f"w {state}", "a SUCCESS", "b SUCCESS", state]
    assert run.taskrun("w").outputs == {"iterationCount": rounds}
    run.check_journal()


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
