"""The conformance runner itself: known failures, and what a case may say that it does not know."""

import importlib

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
