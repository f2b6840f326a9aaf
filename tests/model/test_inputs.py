"""Resolution of declared inputs: dependencies, defaults, validation, every error at once."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from podium.expressions.render import render_typed
from podium.expressions.services import NoServices
from podium.model.flow import Input
from podium.model.input_declarations import declared_inputs
from podium.model.inputs import Resolved, output_typer, resolve_inputs

SHARED = Path(os.environ.get("PODIUM_SHARED", Path(__file__).parents[3] / "shared"))
MANIFEST = SHARED / "conformance" / "manifest.json"


def renderer(**more: Any) -> Any:
    def render(value: Any, inputs: Mapping[str, Any]) -> Any:
        return render_typed(value, {"inputs": inputs, **more}, NoServices())

    return render


def declared(text: str) -> tuple[Input, ...]:
    return declared_inputs(yaml.safe_load(text))


def resolve(text: str, given: Mapping[str, Any], **more: Any) -> Resolved:
    return resolve_inputs(declared(text), given, render=renderer(), **more)


def messages(resolved: Resolved) -> dict[str, str]:
    return {error.input: error.message for error in resolved.errors}


CLOUD = """
- {id: cloud, type: SELECT, values: [aws, gcp], defaults: aws}
- id: region
  type: SELECT
  expression: "{{ inputs.cloud == 'aws' ? ['eu-west-1', 'us-east-1'] : ['europe-west1'] }}"
  dependsOn: {inputs: [cloud]}
- {id: project, type: STRING, dependsOn: {inputs: [cloud], condition: "{{ inputs.cloud == 'gcp' }}"}}
- {id: limits.cpu, type: INT, defaults: 2, min: 1, max: 8}
- {id: note, type: STRING, required: false}
"""

CLOUD_CASES: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"region": "eu-west-1"}, {}),
    ({}, {"region": "missing required input"}),
    ({"cloud": "gcp", "region": "europe-west1"}, {"project": "missing required input"}),
    ({"cloud": "gcp", "region": "eu-west-1", "project": "p"}, {"region": "it must match the values `[europe-west1]`"}),
    ({"region": "eu-west-1", "limits.cpu": "9"}, {"limits.cpu": "it must be less than `8`"}),
    ({"region": "eu-west-1", "limits": {"cpu": 0}}, {"limits.cpu": "it must be more than `1`"}),
    (
        {"cloud": "ibm", "limits.cpu": "9"},
        {
            "cloud": "it must match the values `[aws, gcp]`",
            "limits.cpu": "it must be less than `8`",
        },
    ),
]


@pytest.mark.parametrize(("given", "wrong"), CLOUD_CASES)
def test_a_form_with_dependencies(given: dict[str, Any], wrong: dict[str, str]) -> None:
    assert messages(resolve(CLOUD, given)) == wrong


def test_values_are_nested_and_disabled_inputs_absent() -> None:
    resolved = resolve(CLOUD, {"region": "eu-west-1"})
    assert resolved.values == {"cloud": "aws", "region": "eu-west-1", "limits": {"cpu": 2}, "note": None}
    assert [item.input.id for item in resolved.visible] == ["cloud", "region", "limits.cpu", "note"]
    assert {item.input.id for item in resolved.inputs if item.is_default} == {"cloud", "limits.cpu"}


def test_a_form_learns_what_can_be_chosen() -> None:
    items = {item.input.id: item for item in resolve(CLOUD, {"cloud": "gcp"}).inputs}
    assert items["region"].choices == ("europe-west1",)
    assert items["project"].enabled


BOUNDS = [
    ("{type: INT, min: 10, max: 20}", "21", "it must be less than `20`"),
    ("{type: INT, min: 10, max: 20}", "20", None),
    ("{type: FLOAT, min: 0.1}", "0.01", "it must be more than `0.1`"),
    ("{type: DURATION, min: PT10S}", "PT9S", "It must be more than `PT10S`"),
    ("{type: DURATION, max: PT1M}", "PT1M0.1S", "It must be less than `PT1M`"),
    ("{type: DATE, after: '2023-01-01'}", "2023-01-01", None),
    ("{type: DATE, before: '2023-12-31'}", "2024-01-01", "it must be before `2023-12-31`"),
    ("{type: TIME, after: '01:00:00'}", "00:00:01", "it must be after `01:00`"),
    ("{type: DATETIME, before: '2023-01-01T00:00:00Z'}", "2023-01-01T00:00:00.001Z",
     "it must be before `2023-01-01T00:00:00Z`"),
    (r"{type: STRING, validator: 'A\d+'}", "A12", None),
    (r"{type: STRING, validator: 'A\d+'}", "xA12", r"it must match the pattern `A\d+`"),
    (r"{type: STRING, validator: '('}", "x", "the pattern `(` cannot be used"),
    ("{type: SELECT, values: [a], allowCustomValue: true}", "b", None),
    ("{type: ENUM, values: [a], required: false}", "b", "it must match the values `[a]`"),
    ("{type: MULTISELECT, options: [a, b]}", '["a", "c"]', "it must match the values `[a, b]`"),
    ("{type: MULTISELECT, values: ['1', '2'], itemType: INT}", "[1]", None),
    ("{type: FILE, allowedFileExtensions: [.csv, json]}", "Data.CSV", None),
    ("{type: FILE, allowedFileExtensions: [.csv, json]}", "x.xml", "one of the extensions `[.csv, json]`"),
    ("{type: INT, min: many}", "3", "its bounds cannot be read"),
]  # fmt: skip


@pytest.mark.parametrize(("declaration", "given", "message"), BOUNDS)
def test_validation(declaration: str, given: str, message: str | None) -> None:
    found = messages(resolve(f"[{{id: x, {declaration.strip('{}')}}}]", {"x": given}))
    if message is None:
        assert found == {}
    else:
        assert message in found["x"]


def test_text_of_an_error() -> None:
    errors = resolve("[{id: x, type: STRING}, {id: n, type: INT, max: 3}]", {"n": "4"}).errors
    assert [str(error) for error in errors] == [
        "Invalid input for `x`, missing required input, but received `null`",
        "Invalid input for `n`, it must be less than `3`, but received `4`",
    ]


def test_a_secret_never_stands_in_an_error() -> None:
    resolved = resolve("[{id: s, type: SECRET, validator: 'a+'}]", {"s": "hunter2"}, protect=lambda text: "sealed")
    assert "hunter2" not in str(resolved.errors[0])
    assert resolve("[{id: s, type: SECRET}]", {"s": "x"}, protect=lambda _: "sealed").values == {"s": "sealed"}


def test_a_refused_file_is_not_stored() -> None:
    def store(id: str, path: str) -> str:
        raise AssertionError("stored before it was checked")

    assert resolve("[{id: f, type: FILE, allowedFileExtensions: [.csv]}]", {"f": "x.xml"}, store_file=store).errors


def test_a_file_that_is_not_there() -> None:
    def store(id: str, path: str) -> str:
        raise ValueError(f"There is no file {path}.")

    resolved = resolve("[{id: f, type: FILE}]", {"f": "x.csv"}, store_file=store)
    assert str(resolved.errors[0]) == "Invalid input for `f`, There is no file x.csv., but received `x.csv`"


def test_undeclared_names_are_ignored_with_a_warning() -> None:
    resolved = resolve("[{id: a.b, type: INT}]", {"a": {"b": 1}, "c": 2})
    assert resolved.errors == ()
    assert resolved.ignored("lab.f") == (
        "Input c was provided for workflow lab.f but isn't declared in the workflow inputs",
    )


@pytest.mark.parametrize(
    "order", ["[{id: a, type: INT}, {id: a.b, type: INT}]", "[{id: a.b, type: INT}, {id: a, type: INT}]"]
)
def test_ids_in_each_others_way(order: str) -> None:
    (error,) = resolve(order, {"a": 1, "a.b": 2}).errors
    assert error.message.startswith("Conflict at key: 'a'. Map keys are: [")


def test_defaults_are_rendered_and_typed() -> None:
    text = """
- {id: base, type: INT, defaults: 20}
- {id: next, type: INT, defaults: "{{ inputs.base + 1 }}", dependsOn: {inputs: [base]}}
- {id: word, type: STRING, defaults: "0"}
- {id: data, type: JSON, defaults: {a: ["{{ inputs.base }}"]}, dependsOn: {inputs: [base]}}
- {id: none, type: STRING, required: false, defaults: "{{ null }}"}
- {id: empty, type: STRING, defaults: ""}
"""
    assert resolve(text, {}).values == {
        "base": 20, "next": 21, "word": "0", "data": {"a": [20]}, "none": None, "empty": "",
    }  # fmt: skip


def test_a_default_may_be_wrong_like_any_value() -> None:
    assert "Expected `INT`" in messages(resolve("[{id: x, type: INT, defaults: two}]", {}))["x"]
    assert messages(resolve("[{id: x, type: INT, defaults: '{{ inputs.gone }}'}]", {}))["x"].startswith(
        "Cannot render 'defaults'. Cause: "
    )


def test_only_declared_dependencies_are_seen() -> None:
    text = "[{id: a, type: INT}, {id: b, type: STRING, defaults: '{{ inputs.a ?? \"unseen\" }}'}]"
    assert resolve(text, {"a": 1}).values["b"] == "unseen"
    # One with a default is there, but as null; so is the input itself.
    seen = "{{ inputs.a is null and inputs.b is null }}"
    text = f"[{{id: a, type: INT, defaults: 7}}, {{id: b, type: STRING, defaults: '{seen}'}}]"
    assert resolve(text, {"a": 1}).values["b"] == "true"
    assert "Unable to find `c`" in messages(resolve(text.replace("inputs.b is", "inputs.c is"), {}))["b"]


CONDITIONS = [("{{ true }}", True), ("true", False), ("{{ 'true' }}", False), ("{{ 1 }}", False)]


@pytest.mark.parametrize(("condition", "enabled"), CONDITIONS)
def test_a_condition_holds_only_when_exactly_true(condition: str, enabled: bool) -> None:
    text = json.dumps([{"id": "x", "type": "STRING", "dependsOn": {"inputs": [], "condition": condition}}])
    assert resolve(text, {"x": "v"}).inputs[0].enabled is enabled


def test_a_mistake_is_told_once() -> None:
    text = """
- {id: first, type: INT}
- {id: second, type: STRING, dependsOn: {inputs: [first], condition: "{{ inputs.first > 3 }}"}}
- {id: third, type: SELECT, expression: "{{ [inputs.first] }}", dependsOn: {inputs: [first]}}
- {id: fourth, type: INT, defaults: "{{ inputs.first }}", dependsOn: {inputs: [first]}}
"""
    assert list(messages(resolve(text, {"first": "x"}))) == ["first"]


def test_what_depends_on_a_disabled_input_is_disabled() -> None:
    text = """
- {id: last, type: STRING, dependsOn: {inputs: [middle]}}
- {id: middle, type: STRING, dependsOn: {inputs: [], condition: "{{ false }}"}}
"""
    assert [item.enabled for item in resolve(text, {}).inputs] == [False, False]


def test_a_disabled_input_keeps_what_was_given_but_not_for_the_flow() -> None:
    text = """
- {id: a, type: STRING, dependsOn: {inputs: [], condition: "{{ false }}"}}
- {id: b, type: INT, dependsOn: {inputs: [a]}}
- {id: c, type: SECRET, dependsOn: {inputs: [a]}}
"""
    resolved = resolve(text, {"a": "v", "b": "7", "c": "hunter2"})
    assert [item.value for item in resolved.inputs] == ["v", "7", None]
    assert resolved.values == {} and not resolved.errors


EXPRESSIONS = [
    ("{{ ['a', null, 3] }}", ("a", "3"), None),
    ("{{ 'a' }}", None, "Invalid expression result. Expected a list of strings, but received String"),
    ("{{ null }}", None, "Invalid expression result. Expected a list of strings, but received <null>"),
    ("{{ gone }}", None, "Cannot render 'expression'. Cause: "),
]


@pytest.mark.parametrize(("expression", "choices", "message"), EXPRESSIONS)
def test_choices_from_an_expression(expression: str, choices: tuple[str, ...] | None, message: str | None) -> None:
    text = json.dumps([{"id": "x", "type": "SELECT", "required": False, "expression": expression}])
    resolved = resolve(text, {})
    assert resolved.inputs[0].choices == choices
    assert bool(resolved.errors) == (message is not None)
    assert message is None or resolved.errors[0].message.startswith(message)


def test_prefill_is_for_the_form_only() -> None:
    resolved = resolve("[{id: x, type: STRING, required: false, prefill: 'shown {{ 1 + 1 }}'}]", {})
    assert resolved.inputs[0].prefill == "shown 2"
    assert resolved.values == {"x": None}


def test_the_first_choice_can_be_the_default() -> None:
    text = "[{id: x, type: SELECT, values: [b, a], autoSelectFirst: true}]"
    assert resolve(text, {}).values == {"x": "b"}


def test_old_spellings_of_a_pause_are_understood() -> None:
    (one, two) = declared(
        "[{name: x, type: boolean}, {id: y, type: FILE, accept: [.csv], dependsOn: {inputs: [x], when: c}}]"
    )
    assert (one.id, one.type) == ("x", "BOOLEAN")
    assert two.allowed_file_extensions == (".csv",)
    assert two.depends_on is not None and two.depends_on.condition == "c"
    assert declared_inputs("nothing") == ()


def test_flow_outputs_are_typed_like_inputs() -> None:
    typer = output_typer()
    assert typer("INT", "12") == 12
    with pytest.raises(ValueError, match="Expected `INT` but received `x`"):
        typer("INT", "x")
    with pytest.raises(ValueError, match="missing required output"):
        typer("STRING", None)


# -- the conformance cases ---------------------------------------------------------------------------------------


def _cases() -> list[dict[str, Any]]:
    if not MANIFEST.exists():
        return []
    wanted = ("read_inputs", "validate_inputs")
    cases = json.loads(MANIFEST.read_text())["cases"]
    return [case for case in cases if any(step["do"] in wanted for step in case.get("steps", ()))]


def _given(step: dict[str, Any]) -> dict[str, Any]:
    given = step["inputs"]
    if isinstance(given, str):
        given = json.loads(MANIFEST.read_text())["input_sets"][given[1:]]["values"]
    return {name: value["$file"]["name"] if isinstance(value, dict) else value for name, value in given.items()}


@pytest.mark.skipif(not MANIFEST.exists(), reason="the conformance cases are not here")
@pytest.mark.parametrize("case", _cases(), ids=lambda case: case["id"])
def test_conformance(case: dict[str, Any]) -> None:
    flow = yaml.load((MANIFEST.parent / case["flow"]).read_text(), yaml.BaseLoader)
    for raw in flow["inputs"]:
        raw["required"] = raw.get("required") != "false"
    encrypted = case.get("setup", {}).get("encryption_key", True)
    for step in case["steps"]:
        resolved = resolve_inputs(
            declared_inputs(flow["inputs"]), _given(step), render=renderer(vars=flow.get("variables", {})),
            store_file=lambda name, path: f"kestra:///inputs/{name}/{path}",
            protect=(lambda text: text) if encrypted else None,
        )  # fmt: skip
        raises = step.get("raises")
        assert bool(resolved.errors) == bool(raises) or "inputs_state" in case["expect"]
        if isinstance(raises, str):
            assert [str(error) for error in resolved.errors] == [raises]
    found = {item.input.id: item for item in resolved.inputs}
    for name, state in case["expect"].get("inputs_state", {}).items():
        assert found[name].enabled == state["enabled"]
        assert str(found[name].value) == str(state.get("value"))
        assert bool(found[name].errors) == ("error" in state)
    for name, values in case["expect"].get("inputs_values", {}).items():
        assert list(found[name].choices or ()) == values
    for name, value in case["expect"].get("inputs", {}).items():
        assert resolved.values[name] == value
