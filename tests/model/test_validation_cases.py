"""What Kestra's own tests say about valid and invalid flows, as far as it is written in the conformance cases."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from podium.model.flow import Flow
from podium.model.loader import Loaded, load_flows
from podium.plugin.registry import Registry
from podium.tasks.registry import default_registry

ROOT = Path(os.environ.get("PODIUM_SHARED") or Path(__file__).parents[3] / "shared") / "conformance"
pytestmark = pytest.mark.skipif(not ROOT.exists(), reason="the conformance cases are not here")

OTHER_WORDS = {
    # A FILE input may have a default since 0.24.
    "invalid-inputs-validation": ["array: `itemType` cannot be `ARRAY"],
    # The name of a Java property says nothing to a reader of the flow.
    "invalid-inputs-no-type": ["missing type id property 'type'", "inputs[0]"],
}
ALL_AT_ONCE = {
    "invalid-task-types",
    "invalid-inputs-validation",
    "invalid-inputs-no-type",
    "val-timewindow-daily-window",
}
"""Cases whose count of errors is that of a parser which gives up early, or of an older version."""


def cases() -> list[dict[str, Any]]:
    if not ROOT.exists():
        return []
    manifest = json.loads((ROOT / "manifest.json").read_text(encoding="utf-8"))
    return [
        case for case in manifest["cases"]
        if case["executable"] and case["flow"] and not case.get("steps") and "valid" in case["expect"]
    ]  # fmt: skip


@pytest.fixture(scope="module")
def registry() -> Registry:
    return default_registry(["tests.plugins.conformance_types"])


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_a_case(case: dict[str, Any], registry: Registry) -> None:
    loaded = load_flows((ROOT / case["flow"]).read_text(encoding="utf-8"), registry)
    expect = case["expect"]
    errors = messages(loaded, "error")
    assert (not errors) == expect["valid"]
    for text in OTHER_WORDS.get(case["id"], expect.get("errors_contain", ())):
        assert any(text in message for message in errors), (text, errors)
    if "errors_count" in expect and case["id"] not in ALL_AT_ONCE:
        assert len(errors) == expect["errors_count"]
    for text in expect.get("warnings_contain", ()):
        assert any(text in message for message in messages(loaded, "warning"))
    for text in expect.get("infos_contain", ()):
        assert any(text in message for message in messages(loaded, "info"))
    for path in expect.get("deprecations", ()):
        assert any(message.startswith(f"{path} is deprecated") for message in messages(loaded, "warning"))
    assert len(loaded) == expect.get("documents", 1)
    if "model" in expect:
        check_model(loaded[0].flow, expect["model"])


def messages(loaded: list[Loaded], severity: str) -> list[str]:
    return [f"{d.path}: {d.message}" if severity == "error" else d.message
            for each in loaded for d in each.diagnostics if d.severity == severity]  # fmt: skip


def check_model(flow: Flow | None, expect: dict[str, Any]) -> None:
    assert flow is not None
    for index, wanted in enumerate(expect.get("inputs", ())):
        found = flow.inputs[index]
        assert {"id": found.id, "type": found.type} == wanted
    if "inputs_count" in expect:
        required = sum(1 for each in flow.inputs if each.required)
        assert len(flow.inputs) == expect["inputs_count"]
        assert (required, len(flow.inputs) - required) == (expect["inputs_required"], expect["inputs_optional"])
        assert sum(1 for each in flow.inputs if each.defaults is not None) == expect["inputs_with_defaults"]
        validators = [each for each in flow.inputs if each.type == "STRING" and each.validator]
        assert len(validators) == expect["inputs_with_string_validator"]
