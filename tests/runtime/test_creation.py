"""Creating executions: inputs, labels, checks, revisions, files; and every reason to refuse."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.workspaces import NOW, opened

from podium.base.clock import CountingIds
from podium.engine.commands import CreateChild
from podium.runtime.creation import Created, Creation, NewExecution
from podium.runtime.flows import Flows
from podium.runtime.masks import masker_of
from podium.runtime.refusals import NotCreated
from podium.runtime.workspace_types import workspace_registry
from podium.store.errors import NoRoom, StoreError
from podium.store.journal import read_journal
from podium.store.logs import read_lines
from podium.store.stores import Stores

HELLO = """id: hello
namespace: lab
labels:
  team: data
  system.readOnly: "true"
inputs:
  - id: name
    type: STRING
    defaults: world
  - id: count
    type: INT
    required: false
  - id: data
    type: FILE
    required: false
  - id: pw
    type: SECRET
    required: false
tasks:
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: "{{ inputs.name }}"
"""
SMALL = "id: {id}\nnamespace: lab\ntasks:\n  - id: t\n    type: io.kestra.plugin.core.log.Log\n    message: hi\n"


class Lab:
    def __init__(self, root: Path, files: dict[str, str]) -> None:
        self.stores: Stores = opened(root, files)
        self.flows = Flows(self.stores, workspace_registry(self.stores.workspace, self.stores.settings))
        self.creation = Creation(self.stores, self.flows, ids=CountingIds("e"))

    def create(self, flow_id: str = "hello", **wanted: Any) -> Created:
        flow, path = self.flows.find("lab", flow_id)
        return self.creation.create(NewExecution(flow, path=path, **wanted))

    def log(self, created: Created) -> list[tuple[str, str]]:
        return [(line.level, line.message) for line, _ in read_lines(created.record.log)]

    def left_behind(self) -> list[Path]:
        folders = (self.stores.workspace.executions, self.stores.workspace.storage)
        return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path / "w", {"hello.yaml": HELLO})


def test_an_execution_is_on_disk_and_in_the_index(lab: Lab) -> None:
    created = lab.create(inputs={"count": "3"}, labels=[("team", "other"), ("k", "v")])
    execution = created.record.load().execution
    assert (execution.id, execution.state, execution.start) == ("e1", "CREATED", NOW)
    assert (execution.namespace, execution.flow_id, execution.revision) == ("lab", "hello", 1)
    assert execution.inputs == {"name": "world", "count": 3, "data": None, "pw": None}
    assert execution.labels == [("team", "other"), ("k", "v"), ("system.correlationId", "e1")]
    assert created.record.flow_source() == HELLO
    assert created.record.meta() == {"path": str(lab.stores.workspace.root / "hello.yaml")}
    summary = lab.stores.index.get("e1")
    assert summary is not None
    assert (summary.state, summary.labels) == ("CREATED", tuple(execution.labels))
    assert lab.log(created) == []


def test_a_revision_is_kept_with_the_exact_text(lab: Lab) -> None:
    assert [lab.create().flow.revision for _ in range(2)] == [1, 1]
    path = lab.stores.workspace.root / "hello.yaml"
    path.write_text(HELLO + "# changed\n")
    second = lab.create()
    assert second.flow.revision == 2
    assert second.record.flow_source() == HELLO + "# changed\n"
    old, _ = lab.flows.find("lab", "hello", 1)
    again = lab.creation.create(NewExecution(old))
    assert (again.flow.revision, again.record.flow_source()) == (1, HELLO)
    assert len(lab.stores.revisions.history("lab", "hello")) == 2


def test_the_namespace_files_are_noted_only_where_they_are_used(tmp_path: Path) -> None:
    using = SMALL.format(id="using").replace("hi", "\"{{ read('a.txt') }}\"")
    lab = Lab(tmp_path, {"using.yaml": using, "plain.yaml": SMALL.format(id="plain"), "a.txt": "1"})
    assert "namespaceFiles" not in lab.create("plain").record.meta()
    first = lab.create("using").record.meta()["namespaceFiles"]
    assert first == lab.create("using").record.meta()["namespaceFiles"]
    (tmp_path / "a.txt").write_text("2")
    assert first != lab.create("using").record.meta()["namespaceFiles"]


def test_a_file_is_copied_and_a_secret_is_hidden(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "my data.csv").write_text("a,b")
    created = lab.create(inputs={"data": str(tmp_path / "my data.csv"), "pw": "hunter2"})
    uri = created.execution.inputs["data"]
    assert uri == "kestra:///lab/hello/executions/e1/inputs/data/my_data.csv"
    assert lab.stores.storage.path(uri, "lab", {"e1"}.__contains__).read_text() == "a,b"
    assert masker_of(lab.stores, "e1")("a hunter2") == "a *******"
    assert created.record.load().execution.inputs["pw"] == "******"
    assert created.record.load(clear=True).execution.inputs["pw"] == "hunter2"
    assert "hunter2" not in created.record.journal.read_text()


def test_trigger_schedule_and_kind_are_kept(lab: Lab) -> None:
    later = datetime(2027, 1, 1, tzinfo=UTC)
    trigger = {"id": "hook", "type": "io.kestra.plugin.core.trigger.Webhook", "variables": {"body": {"a": 1}}}
    created = lab.create(trigger=trigger, schedule_date=later, kind="TEST")
    execution = created.record.load().execution
    assert (execution.trigger, execution.schedule_date, execution.kind) == (trigger, later, "TEST")
    assert created.execution.labels[-1] == ("system.correlationId", "e1")


def test_inputs_that_nobody_declared_are_ignored_with_a_warning(lab: Lab) -> None:
    created = lab.create(inputs={"nmae": "x"})
    text = "Input nmae was provided for workflow lab.hello but isn't declared in the workflow inputs"
    assert created.warnings == (text,)
    assert lab.log(created) == [("WARN", text)]


def test_defaults_see_the_surroundings(tmp_path: Path) -> None:
    flow = HELLO.replace("defaults: world", "defaults: \"{{ globals.who }} {{ labels.k }} {{ secret('PIN') }}\"")
    files = {"hello.yaml": flow, "podium.toml": "[globals]\nwho = 'ada'", ".env": "PIN=4711"}
    lab = Lab(tmp_path, files)
    created = lab.create(labels=[("k", "v")])
    assert created.execution.inputs["name"] == "ada v 4711"
    assert created.record.used_secrets() == [("PIN", "lab")]


def test_plugin_defaults_of_the_settings_reach_the_tasks(tmp_path: Path) -> None:
    toml = '[[plugin-defaults]]\ntype = "io.kestra.plugin.core.log"\nvalues = {level = "WARN"}'
    lab = Lab(tmp_path, {"hello.yaml": HELLO, "podium.toml": toml})
    assert lab.flows.find("lab", "hello")[0].tasks[0].props["level"] == "WARN"


# ---- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "wanted", "reason", "message"),
    [
        (("type: INT", "type: INT\n    max: 2"), {"inputs": {"count": 3}}, "inputs", "`count`, it must be less than"),
        (None, {"inputs": {"count": "x"}}, "inputs", "Invalid input for `count`, Expected `INT` but received `x`"),
        (None, {"inputs": {"data": "/does/not/exist"}}, "inputs", "the file /does/not/exist does not exist"),
        (None, {"inputs": {"data": "/"}}, "inputs", "the file / is a folder"),
        (("defaults: world", "required: true"), {}, "inputs", "Invalid input for `name`, missing required input"),
        (None, {"labels": [("system.app", "x")]}, "labels", "System labels can only be set by Kestra itself"),
        (None, {"labels": [("a", "")]}, "labels", "A label needs a key and a value"),
        (("namespace: lab", "namespace: lab\ndisabled: true"), {}, "disabled", "Requested Flow is disabled."),
        (("type: io.kestra.plugin.core.log.Log", "type: io.kestra.plugin.core.log.Lag"), {}, "invalid", "hello.yaml:"),
        (("tasks:", "tsks:"), {}, "missing", "Unable to find flow 'lab'.'hello' with revision '0'"),
    ],
)  # fmt: skip
def test_what_is_refused_leaves_nothing_behind(
    tmp_path: Path, change: tuple[str, str] | None, wanted: dict[str, Any], reason: str, message: str
) -> None:
    lab = Lab(tmp_path, {"hello.yaml": HELLO.replace(*change) if change else HELLO})
    with pytest.raises(NotCreated) as caught:
        lab.create(**wanted)
    assert caught.value.reason == reason
    assert message in str(caught.value)
    assert lab.left_behind() == []
    assert lab.stores.index.search().total == 0


def test_what_the_index_cannot_take_does_not_begin_some_day(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(summary: object) -> None:
        raise NoRoom("full")

    monkeypatch.setattr(lab.stores.index, "upsert", full)
    with pytest.raises(StoreError, match="full"):
        lab.create()
    assert lab.left_behind() == []


def test_a_refusal_keeps_no_copy_of_a_file(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x")
    with pytest.raises(NotCreated):
        lab.create(inputs={"data": str(tmp_path / "a.csv"), "count": "x"})
    assert lab.left_behind() == []


def test_a_form_is_not_shown_the_secret_of_a_default(tmp_path: Path) -> None:
    inputs = """inputs:
  - {id: a, type: STRING, defaults: "{{ secret('PW') }}"}
  - {id: b, type: INT, defaults: "{{ secret('PW') }}"}
  - {id: c, type: STRING, defaults: "{{ inputs.a }}!", dependsOn: {inputs: [a]}}
"""
    text = SMALL.format(id="f").replace("tasks:", inputs + "tasks:")
    lab = Lab(tmp_path / "w", {"f.yaml": text, ".env": "PW=hunter2pass\n"})
    flow, _ = lab.flows.find("lab", "f")
    preview = lab.creation.preview(NewExecution(flow))
    assert [item.value for item in preview.inputs.inputs] == ["hunter2pass", "hunter2pass", "hunter2pass!"]
    assert [item.value for item in preview.shown] == ["**masked***", "**masked***", "**masked***!"]
    assert "hunter2pass" not in str([item.errors for item in preview.shown])


def test_all_wrong_inputs_are_named_and_no_secret_is(lab: Lab) -> None:
    with pytest.raises(NotCreated) as caught:
        lab.create(inputs={"count": "x", "data": "/no", "pw": "hunter2"})
    assert [error.input for error in caught.value.input_errors] == ["count", "data"]
    assert "hunter2" not in str(caught.value)


def test_an_invalid_flow_is_refused_with_every_error_at_its_place(tmp_path: Path) -> None:
    lab = Lab(
        tmp_path, {"two.yaml": SMALL.format(id="ok") + "---\n" + SMALL.format(id="hello").replace("log.Log", "Nope")}
    )
    with pytest.raises(NotCreated) as caught:
        lab.create()
    assert "two.yaml:12:11: error:" in str(caught.value)
    assert caught.value.diagnostics


def test_a_flow_in_two_files_is_refused(tmp_path: Path) -> None:
    lab = Lab(tmp_path, {"a.yaml": HELLO, "b/b.yml": HELLO})
    with pytest.raises(NotCreated, match=r"is in two places: .*a\.yaml"):
        lab.create()


def test_a_broken_env_file_is_a_refusal(tmp_path: Path) -> None:
    lab = Lab(tmp_path, {"hello.yaml": HELLO, ".env": "???"})
    with pytest.raises(NotCreated, match=r"\.env:1: "):
        lab.create()


# ---- checks ---------------------------------------------------------------------------------------------------------

CHECKED = (
    HELLO
    + """checks:
  - condition: "{{ inputs.name != 'warn' }}"
    message: "careful, {{ inputs.name }}"
    behavior: CREATE_EXECUTION
  - condition: "{{ inputs.name != 'fail' }}"
    message: no luck
    behavior: FAIL_EXECUTION
  - condition: "{{ inputs.name != 'block' }}"
    message: never
    style: ERROR
  - condition: "{{ inputs.count ?? 1 != 666 }}"
    message: count
    behavior: FAIL_EXECUTION
"""
)


@pytest.mark.parametrize(
    ("name", "state", "messages"),
    [("ok", "CREATED", []), ("warn", "CREATED", ["careful, warn"]), ("fail", "FAILED", ["no luck"])],
)
def test_checks(tmp_path: Path, name: str, state: str, messages: list[str]) -> None:
    lab = Lab(tmp_path, {"hello.yaml": CHECKED})
    created = lab.create(inputs={"name": name})
    assert created.record.load().execution.state == state
    assert [check.message for check in created.checks] == messages
    assert lab.log(created) == ([("ERROR", "no luck")] if state == "FAILED" else [])


def test_a_check_blocks_somebody_but_fails_a_trigger(tmp_path: Path) -> None:
    lab = Lab(tmp_path, {"hello.yaml": CHECKED})
    with pytest.raises(NotCreated, match="never") as caught:
        lab.create(inputs={"name": "block"})
    assert caught.value.reason == "check"
    created = lab.create(inputs={"name": "block"}, trigger={"id": "t", "type": "x", "variables": {}})
    assert created.execution.state == "FAILED"


def test_a_check_that_cannot_be_evaluated_blocks(tmp_path: Path) -> None:
    check = "checks:\n  - condition: '{{ inputs.nope }}'\n    message: m\n    behavior: CREATE_EXECUTION"
    lab = Lab(tmp_path, {"hello.yaml": HELLO + check})
    with pytest.raises(NotCreated, match=r"Failed to evaluate check condition. Cause: Unable to find `nope`"):
        lab.create()


def test_a_preview_stores_nothing_and_tells_everything(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "w", {"hello.yaml": CHECKED})
    flow, _ = lab.flows.find("lab", "hello")
    preview = lab.creation.preview(NewExecution(flow, {"name": "warn", "data": "/no/such"}))
    assert [check.message for check in preview.checks] == ["careful, warn"]
    preview = lab.creation.preview(NewExecution(flow, {"count": "x"}))
    assert [error.input for error in preview.inputs.errors] == ["count"]
    assert preview.checks == ()
    assert lab.left_behind() == []


# ---- children -------------------------------------------------------------------------------------------------------


def child(flow_id: str, **more: Any) -> CreateChild:
    trigger = {"id": "call", "type": "Subflow", "variables": {"executionId": "parent"}}
    return CreateChild("tr", "kid", "lab", flow_id, trigger=trigger, **more)


def test_a_child_gets_the_callers_labels_and_its_own_inputs(lab: Lab) -> None:
    caller = lab.flows.find("lab", "hello")[0]
    labels = (("k", "v"), ("system.correlationId", "parent"), ("system.username", "ada"))
    created = lab.creation.create_child(child("hello", inputs={"name": "ada"}, labels=labels), caller)
    assert created.execution.id == "kid"
    assert created.execution.inputs["name"] == "ada"
    assert created.execution.labels == [("team", "data"), *labels]
    summary = lab.stores.index.get("kid")
    assert summary is not None
    assert summary.trigger_execution_id == "parent"


@pytest.mark.parametrize(
    ("flow_id", "more", "message"),
    [
        ("none", {}, "Unable to find flow 'lab'.'none' with revision '0'"),
        ("hello", {"revision": 7}, "Unable to find flow 'lab'.'hello' with revision '7'"),
        ("off", {}, "Cannot execute a flow which is disabled"),
        ("bad", {}, "Cannot execute an invalid flow: 1 error."),
        ("hello", {"inputs": {"count": "x"}}, "Expected `INT`"),
    ],
)
def test_children_that_cannot_be(tmp_path: Path, flow_id: str, more: dict[str, Any], message: str) -> None:
    files = {
        "hello.yaml": HELLO, "off.yaml": SMALL.format(id="off") + "disabled: true\n",
        "bad.yaml": SMALL.format(id="bad").replace("log.Log", "Nope"),
    }  # fmt: skip
    lab = Lab(tmp_path, files)
    with pytest.raises(NotCreated) as caught:
        lab.creation.create_child(child(flow_id, **more), lab.flows.find("lab", "hello")[0])
    assert message in str(caught.value)


LOOP = """id: looping
namespace: lab
inputs:
  - id: n
    type: INT
    defaults: 1
tasks:
  - id: each
    type: io.kestra.plugin.core.flow.Loop
    values: [1, 2]
    outputs:
      - id: o
        type: STRING
        value: "{{ outputs.say.value }}"
    tasks:
      - id: say
        type: io.kestra.plugin.core.debug.Return
        format: "{{ item.value }}"
outputs:
  - id: outer
    type: STRING
    value: x
"""


def test_an_iteration_is_an_execution_of_the_body_of_its_loop(tmp_path: Path) -> None:
    lab = Lab(tmp_path, {"looping.yaml": LOOP})
    flow = replace(lab.flows.find("lab", "looping")[0], revision=4)
    body = flow.tasks_by_id["each"]
    command = CreateChild(
        "tr", "kid", "lab", "looping", inputs={"n": 5}, labels=(("system.correlationId", "p"),), body=body,
        context={"item": {"value": 1}},
    )  # fmt: skip
    created = lab.creation.create_child(command, flow)
    assert [task.id for task in created.flow.tasks] == ["say"]
    assert (created.execution.revision, created.execution.inputs, created.execution.kind) == (4, {"n": 5}, "LOOP")
    assert created.execution.context == {"item": {"value": 1}}
    assert created.execution.labels == [("system.correlationId", "p")]
    # A runner that takes it over finds the same flow again.
    again = lab.flows.of_record(created.record)
    assert [task.id for task in again.tasks] == ["say"]
    assert [output.id for output in again.outputs] == ["o"]
    assert again.inputs == ()


def test_the_journal_holds_nothing_but_json(lab: Lab) -> None:
    created = lab.create(inputs={"count": 3})
    events = read_journal(created.record.journal).events
    assert json.loads(json.dumps(events)) == events
    assert [event["e"] for event in events] == ["execution.created"]


def test_plugins_of_the_workspace_are_types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    plugin = (
        "from podium.plugin.task import RunnableTask\n"
        "class Mine(RunnableTask):\n"
        "    '''Mine.'''\n"
        "    type = 'com.example.lab_types.Mine'\n"
        "    title = 'Mine'\n"
        "CLASSES = (Mine,)\n"
    )
    flow = SMALL.format(id="hello").replace(
        "io.kestra.plugin.core.log.Log\n    message: hi", "com.example.lab_types.Mine"
    )
    lab = Lab(
        tmp_path, {"hello.yaml": flow, "podium.toml": "plugins = ['lab_types_6174']", "lab_types_6174.py": plugin}
    )
    assert lab.create().flow.tasks[0].decl.local


def test_a_flow_that_went_with_its_execution_is_said_in_a_sentence(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "w", {"hello.yaml": HELLO})
    record = lab.create().record
    record.flow.unlink()
    with pytest.raises(StoreError, match=rf"The flow of the execution '{record.id}' is not there"):
        record.flow_source()
