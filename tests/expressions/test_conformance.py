"""The cases from outside, where they are present: all but the listed ones pass."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_SHARED = Path(os.environ.get("PODIUM_SHARED", _ROOT.parent / "shared"))
_CASES = _SHARED / "conformance" / "expressions.jsonl"

NEEDS_A_PACKAGE = {
    "function-encrypt-decrypt-002": "cryptography",
    "function-encrypt-decrypt-003": "cryptography",
    "function-ispublicholiday-003": "holidays",
}
"""Cases that pass only with an optional package; docs/compatibility.md lists them too."""


def _runner() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "expression_cases", _ROOT / "tests" / "conformance" / "expressions.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not _CASES.exists(), reason="the cases from outside are not here")
def test_every_case_passes_but_those_that_need_a_package() -> None:
    expected = {case for case, package in NEEDS_A_PACKAGE.items() if importlib.util.find_spec(package) is None}
    failed = {outcome.case["id"]: outcome.problem for outcome in _runner().outcomes(_CASES) if outcome.problem}
    assert failed.keys() == expected, failed


def test_the_runner_reads_its_format(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_text(
        '{"id": "a", "expr": "{{ x.y }}", "context": {"x": {"y": 1}}, "expected": "1"}\n'
        '{"id": "b", "expr": "{{ d }}", "context": {"d": {"@instant": "2024-01-01T00:00:00Z"}}, '
        '"expected": "2024-01-01T00:00:00Z"}\n'
        '{"id": "c", "expr": "{{ nope }}", "context": {}, "error": "Unable to find `nope`"}\n'
        '{"id": "d", "expr": "{{ [1] }}", "context": {}, "mode": "typed", "expected": "[1]", "expected_type": "list"}\n'
        '{"id": "e", "expr": "{{ kv(\'k\', \'n\') }}", "context": {}, "expected": "2", '
        '"fixtures": {"kv": {"n": {"k": 2}}}}\n'
        '{"id": "f", "expr": "{{ 1", "context": {}, "kind": "syntax", "error": true}\n'
        '{"id": "wrong", "expr": "{{ 1 }}", "context": {}, "expected": "2"}\n'
    )
    monkeypatch.setattr(sys, "argv", ["expressions.py", str(cases)])
    assert _runner().main() == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("wrong: ") and lines[1:] == ["6 passed, 1 failed"]
