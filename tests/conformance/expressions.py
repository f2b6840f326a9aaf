"""Run a file of expression cases: `python tests/conformance/expressions.py FILE.jsonl`.

Prints one line per failing case and closes with `N passed, M failed`; the exit code says whether all passed.
The cases are data from outside; their format is described where they come from.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "app"))

from podium.expressions.errors import ExpressionError
from podium.expressions.fixtures import FixtureServices
from podium.expressions.render import render, render_typed
from podium.expressions.tags import parse


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case; `problem` is empty when it passed."""

    case: Mapping[str, Any]
    problem: str = ""


def outcomes(file: Path) -> Iterator[Outcome]:
    """Every case of a file, run."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                case = json.loads(line)
                yield Outcome(case, problem(case))


def problem(case: Mapping[str, Any]) -> str:
    """What is wrong with Podium's answer to a case, nothing when it is right."""
    context = _value(case.get("context", {}))
    services = _services(case.get("fixtures", {}))
    dialect = case.get("dialect", "2.x")
    try:
        if case.get("kind") == "syntax":
            parse(case["expr"], dialect)
        if case.get("mode") == "typed":
            result = render_typed(case["expr"], context, services, dialect=dialect)
        else:
            result = render(case["expr"], context, services, dialect=dialect, recursive=case.get("recursive", False))
    except ExpressionError as error:
        return _failed_as_expected(case, error)
    if "error" in case:
        return f"an error was expected ({case['error']}), got {result!r}"
    if case.get("mode") == "typed":
        return _typed_problem(case, result)
    if case.get("compare") == "json":
        same = json.loads(result) == json.loads(case["expected"])
    else:
        same = result == case["expected"]
    return "" if same else f"expected {case['expected']!r}, got {result!r}"


def _failed_as_expected(case: Mapping[str, Any], error: ExpressionError) -> str:
    if "error" not in case:
        return f"expected {case['expected']!r}, got the error: {error}"
    if case["error"] is True or case["error"] in str(error):
        return ""
    return f"expected an error with {case['error']!r}, got: {error}"


def _typed_problem(case: Mapping[str, Any], result: Any) -> str:
    text = json.dumps(result, separators=(",", ":"), ensure_ascii=False, default=str)
    kind = _JSON_TYPES.get(type(result), type(result).__name__)
    wanted_kind = case.get("expected_type", kind)
    if json.loads(text) == json.loads(case["expected"]) and kind == wanted_kind:
        return ""
    return f"expected {case['expected']} ({wanted_kind}), got {text} ({kind})"


_JSON_TYPES = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "list",
    dict: "map",
}


def _services(fixtures: Mapping[str, Any]) -> FixtureServices:
    return FixtureServices(
        secrets=fixtures.get("secrets", {}),
        key_values=fixtures.get("kv", {}),
        namespace_files=fixtures.get("namespace_files", {}),
        storage=fixtures.get("storage", {}),
        logs=fixtures.get("error_logs"),
    )


def _value(value: Any) -> Any:
    """A context value, with `{"@instant": "…"}` as a date."""
    if isinstance(value, dict):
        if set(value) == {"@instant"}:
            return datetime.fromisoformat(value["@instant"])
        return {key: _value(item) for key, item in value.items()}
    return [_value(item) for item in value] if isinstance(value, list) else value


def main() -> int:
    arguments = argparse.ArgumentParser(description="Run a file of expression cases.")
    arguments.add_argument("file", type=Path)
    passed = failed = 0
    for outcome in outcomes(arguments.parse_args().file):
        if outcome.problem:
            failed += 1
            print(f"{outcome.case['id']}: {outcome.case['expr']!r}: {outcome.problem}")
        else:
            passed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
