"""The schema for other editors: what loads validates, what is wrong does not."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from podium.model.json_schema import flow_schema
from podium.model.loader import load_flows
from podium.model.marked_yaml import MapNode, documents
from podium.model.scalars import plain_value
from podium.tasks.registry import default_registry

jsonschema = pytest.importorskip("jsonschema")

SHARED = Path(os.environ.get("PODIUM_SHARED") or Path(__file__).parents[3] / "shared") / "conformance"
REGISTRY = default_registry(["tests.plugins.conformance_types"])
HEAD = "id: f\nnamespace: lab\ntasks:\n"
LOG = HEAD + "  - id: a\n    type: io.kestra.plugin.core.log.Log\n    message: hi\n"


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = flow_schema(REGISTRY)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(json.loads(json.dumps(schema)))


GOOD = [
    LOG,
    LOG + "    retry: {type: constant, interval: PT1S, maxAttempt: 3}\n",
    LOG + "    timeout: '{{ inputs.limit }}'\n    allowFailure: true\n",
    LOG + "    when: '{{ true }}'\n",
    LOG + "inputs:\n  - {name: x, type: INT, min: 3}\n  - {id: a, type: ARRAY, itemType: INT}\n",
    HEAD + "  - id: q\n    type: io.kestra.plugin.gcp.bigquery.Query\n    sql: select 1\n",
    HEAD + "  - id: c\n    type: io.kestra.plugin.core.flow.If\n    condition: '{{ x }}'\n    then:\n"
    "      - {id: l, type: io.kestra.plugin.core.log.Log, message: [a, b]}\n",
]  # fmt: skip

BAD = [
    ("id: f\ntasks: []\n", "namespace"),
    (HEAD + "  - id: a\n", "type"),
    (LOG + "    mesage: x\n", "mesage"),
    (LOG + "    retry: {type: constant}\n", "interval"),
    (LOG + "    allowFailure: maybe\n", "maybe"),
    (LOG + "    logLevel: LOUD\n", "LOUD"),
    (LOG + "inputs:\n  - {id: x, type: NUMBER}\n", "NUMBER"),
    (LOG + "concurrency: {limit: many}\n", "many"),
    (HEAD + "  - id: a\n    type: io.kestra.plugin.core.flow.If\n    condition: x\n", "then"),
]


@pytest.mark.parametrize("text", GOOD)
def test_good(text: str, validator: Any) -> None:
    assert list(validator.iter_errors(_value(text))) == []


@pytest.mark.parametrize(("text", "word"), BAD)
def test_bad(text: str, word: str, validator: Any) -> None:
    messages = [_deep(error) for error in validator.iter_errors(_value(text))]
    assert any(word in message for message in messages), messages


@pytest.mark.skipif(not SHARED.exists(), reason="the conformance flows are not here")
@pytest.mark.parametrize("folder", ["blueprints", "flows/valids", "inline"])
def test_what_loads_validates(folder: str, validator: Any) -> None:
    checked, wrong = 0, []
    for path in sorted((SHARED / folder).glob("**/*.y*ml")):
        text = path.read_text(encoding="utf-8")
        loaded = load_flows(text, REGISTRY)
        if any(each.flow is None or any(d.code in _LATER for d in each.diagnostics) for each in loaded):
            continue
        for document in documents(text):
            if isinstance(document.root, MapNode):
                errors = [
                    error
                    for error in validator.iter_errors(plain_value(document.root))
                    if not (error.validator == "required" and "pluginDefaults" in text)
                ]  # a schema cannot know that a default gives what a task lacks
                wrong += [(path.name, list(error.absolute_path), error.message[:200]) for error in errors]
                checked += 1
    assert not wrong, wrong
    assert checked > 80


_LATER = ("fails-later", "wrong-type")


def _value(text: str) -> Any:
    root = documents(text)[0].root
    assert root is not None
    return plain_value(root)


def _deep(error: Any) -> str:
    return " ".join([error.message, *map(_deep, error.context or ())])
