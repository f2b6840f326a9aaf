"""The conformance runner itself: known failures, and what a case may say that it does not know."""

import importlib
from datetime import timedelta

import pytest


def outcome(runner, *problems, skipped=""):
    return runner.Outcome("one", "run/x", skipped=skipped, problems=problems)


@pytest.mark.parametrize(
    ("problems", "known", "skipped", "left"),
    [
        ((), {}, "", ()),
        (("differs",), {}, "", ("differs",)),
        (("differs",), {"one": "why"}, "known: why", ()),
        ((), {"one": "why"}, "", ("it passes, but is listed as a known failure",)),
        ((), {"other": "why"}, "", ()),
    ],
)
def test_known_failures(runner, problems, known, skipped, left):
    judged = runner.judged(outcome(runner, *problems), known)
    assert (judged.skipped, judged.problems) == (skipped, left)


def test_a_known_failure_that_cannot_run_here_is_skipped(runner):
    judged = runner.judged(outcome(runner, skipped="needs network"), {"one": "why"})
    assert (judged.skipped, judged.problems) == ("needs network", ())


@pytest.mark.parametrize(
    ("actual", "wanted", "problem"),
    [
        ("abc", {"$contains": "b"}, ""),
        ("abc", {"$strange": "b"}, "does not know the matcher $strange"),
        (None, {"$intBetween": [1, 2]}, "nothing for $intBetween"),
        ("no date", {"$instant": "2026-01-05T10:00:00Z"}, "nothing for $instant"),
        ({"a": 1, "b": 2}, {"a": 1}, "there is also `b`"),
        (1, True, "expected true"),
        (1.0, 1, ""),
    ],
)
def test_matchers(runner, actual, wanted, problem):
    found = importlib.import_module("matching").differs(actual, wanted)
    assert (problem in found) if problem else not found


def test_a_step_that_podium_has_nothing_for_is_skipped(runner, tmp_path):
    manifest = importlib.import_module("manifest")
    case = manifest.Case({"id": "x", "kind": "other", "steps": [{"do": "graph"}]}, tmp_path)
    assert case.skipped().startswith("graph: ")


def test_what_concerns_the_flow_as_a_whole_is_one_violation(runner):
    from podium.model.loader import load_flows
    from podium.tasks.registry import default_registry

    log = "type: io.kestra.plugin.core.log.Log, message: x"
    text = f"""id: f
namespace: a
inputs: [{{id: i, type: STRING}}, {{id: i, type: STRING}}]
tasks: [{{id: b, {log}}}, {{id: a, {log}}}, {{id: a, {log}}}, {{id: c, type: io.kestra.plugin.core.log.Log}}]
errors: [{{id: b, {log}}}]
"""
    violations = importlib.import_module("validation").violations(load_flows(text, default_registry()))
    assert [each.partition(":")[0] for each in violations] == ["Invalid Flow", "tasks[3].message"]
    assert all(f"Duplicate {what}" in violations[0] for what in ("task id with name [b, a]", "input with name [i]"))


class Waiting:
    """Executions that are in one state after the other, a step further whenever somebody looks."""

    def __init__(self, states, known):
        self.histories = [(state, None) for state in states[:known]]
        self.left = list(states[known:])

    @property
    def state(self):
        return self.histories[-1][0]

    @property
    def terminal(self):
        return self.state in ("SUCCESS", "FAILED")

    def wait(self, execution_id, patience, until):
        while self.left:
            self.histories.append((self.left.pop(0), None))
            if until(self) or self.terminal:
                break
        return self


@pytest.mark.parametrize(
    ("states", "known", "until", "problem"),
    [
        (["CREATED", "RUNNING", "SUCCESS"], 0, "SUCCESS", ""),
        (["CREATED", "RUNNING", "FAILED"], 0, "SUCCESS", "the execution is FAILED, not SUCCESS"),
        (["CREATED", "RUNNING", "SUCCESS"], 0, "PAUSED", "the execution is SUCCESS, not PAUSED"),
        (["CREATED", "FAILED", "RESTARTED", "SUCCESS"], 2, "SUCCESS", ""),
        (["CREATED", "FAILED", "RESTARTED", "FAILED"], 2, "SUCCESS", "the execution is FAILED, not SUCCESS"),
    ],
)
def test_waiting_for_a_state(runner, states, known, until, problem):
    world = importlib.import_module("world").World.__new__(importlib.import_module("world").World)
    world.executions = Waiting(states, known)
    world.get = lambda _: world.executions
    try:
        world.wait_until("e1", until, timedelta(seconds=5), known)
        found = ""
    except AssertionError as error:
        found = str(error)
    assert found == problem
