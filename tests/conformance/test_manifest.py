"""A fast part of the conformance cases: all that only validate, and some plain runs. Skipped without the cases."""

import json
import os
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
HOME = HERE.parents[1]
CASES = Path(os.environ.get("PODIUM_SHARED") or HOME.parent / "shared") / "conformance" / "manifest.json"
RUNS = 24

pytestmark = pytest.mark.skipif(not CASES.is_file(), reason="the conformance cases are not here")


def failures(runner, outcomes):
    """What is not as the list of known failures says."""
    known = json.loads((HERE / "known_failures.json").read_text("utf-8"))
    judged = [runner.judged(one, known) for one in outcomes]
    return {one.case: one.problems for one in judged if one.problems}


def test_flows_are_accepted_and_refused_as_a_server_does(runner):
    cases = [case for case in runner.load(CASES) if case.raw["kind"] == "validate"]
    assert len(cases) > RUNS
    assert failures(runner, map(runner.outcome, cases)) == {}


def test_plain_runs_end_as_on_a_server(runner):
    plain = [
        case for case in runner.load(CASES)
        if case.raw["kind"] == "run" and not case.skipped() and not case.raw.get("requires")
        and not case.raw.get("steps")
    ]  # fmt: skip
    assert failures(runner, runner.outcomes(plain[:: max(1, len(plain) // RUNS)][:RUNS], 2)) == {}


def test_every_known_failure_is_one_of_the_cases(runner):
    known = json.loads((HERE / "known_failures.json").read_text("utf-8"))
    assert set(known) <= {case.id for case in runner.load(CASES)}
