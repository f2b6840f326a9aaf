"""Secrets, caches, log files and files of a family in real runs: runner processes, scripts, everything on disk."""

import base64
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.workspaces import write

import podium
from podium.engine.execution import Execution
from podium.runtime.creation import NewExecution
from podium.runtime.executions import Executions
from podium.runtime.kestra_json import metric_documents, shown_execution
from podium.runtime.refusals import NotCreated
from podium.runtime.workspace_types import workspace_registry
from podium.store.index import ExecutionFilter
from podium.store.logs import read_lines
from podium.store.settings import open_workspace

LOG = "io.kestra.plugin.core.log.Log"
SHELL = "io.kestra.plugin.scripts.shell.Commands, taskRunner: {type: io.kestra.plugin.core.runner.Process}"
SECRET = "correct-horse-battery"
STARS = "*" * len(SECRET)
HIDDEN = "**masked*" + STARS[9:]
"""The secret as a log shows it, once for each line: later it is stars."""


class Runs:
    def __init__(self, root: Path, files: dict[str, str]) -> None:
        write(root, files)
        workspace, settings = open_workspace(root)
        self.executions = Executions(workspace, workspace_registry(workspace, settings), settings=settings)
        self.root = root

    def run(self, tasks: str, inputs: Mapping[str, Any] | None = None, name: str = "f", more: str = "") -> Execution:
        self.save(tasks, name, more)
        flow, path = self.executions.flows.find("lab", name)
        return self.end(self.executions.run(flow, inputs, path=path))

    def save(self, tasks: str, name: str, more: str = "") -> None:
        write(self.root, {f"{name}.yaml": f"id: {name}\nnamespace: lab\n{more}tasks:\n{tasks}"})

    def end(self, execution_id: str, state: str = "") -> Execution:
        execution = self.executions.wait(
            execution_id, timedelta(seconds=30), until=lambda one: one.state == state if state else one.terminal
        )
        assert execution.state == state if state else execution.terminal
        return execution

    def log(self, execution: Execution, lowest: str = "INFO") -> list[str]:
        record = self.executions.record(execution.id)
        levels = {"INFO", "WARN", "ERROR"}
        return [line.message for line, _ in read_lines(record.log) if line.level in levels or lowest == "TRACE"]

    def everything_shown(self, execution: Execution) -> str:
        """All texts that somebody is shown of an execution."""
        record = self.executions.record(execution.id)
        metrics = list(metric_documents(record, execution.namespace, execution.flow_id))
        document = shown_execution(self.executions.stores, execution)
        return "\n".join([*self.log(execution, "TRACE"), json.dumps(document), json.dumps(metrics)])


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    # The runners are interpreters of their own: they find the program under test where this one found it.
    monkeypatch.setenv("PYTHONPATH", str(Path(podium.__file__).parent.parent))
    (tmp_path / "w").mkdir()
    return Runs(tmp_path / "w", {".env": f"PW={SECRET}\n"})


def outputs(execution: Execution, task_id: str) -> Mapping[str, Any]:
    return next(run.outputs or {} for run in execution.taskruns.values() if run.task_id == task_id)


def test_handlers_see_what_has_failed(runs: Runs) -> None:
    ret = "type: io.kestra.plugin.core.debug.Return, format"
    execution = runs.run(
        f"""  - {{id: ok, {ret}: "{{{{ error ?? 'none' }}}}"}}
  - id: group
    type: io.kestra.plugin.core.flow.Sequential
    allowFailure: true
    tasks: [{{id: first, type: io.kestra.plugin.core.execution.Fail, errorMessage: one}}]
    errors:
      - id: choice
        type: io.kestra.plugin.core.flow.If
        condition: "{{{{ error.taskId == 'first' }}}}"
        then: [{{id: inner, {ret}: "{{{{ error.taskId }}}}: {{{{ error.message }}}}"}}]
  - {{id: second, type: io.kestra.plugin.core.execution.Fail, errorMessage: two}}
errors:
  - {{id: bad, {ret}: "{{{{ nothing }}}}"}}
finally:
  - {{id: last, {ret}: "{{{{ error.taskId }}}}: {{{{ error.message }}}} {{{{ error.stackTrace }}}}"}}
"""
    )
    said = {name: outputs(execution, name)["value"] for name in ("ok", "inner", "last")}
    assert said == {"ok": "none", "inner": "first: one", "last": "second: two "}


def test_texts_inside_a_flow_output_stay_texts(runs: Runs) -> None:
    execution = runs.run(
        "  - {id: a, type: io.kestra.plugin.core.debug.Return, format: '12'}\n",
        more="""outputs:
  - {id: n, type: INT, value: "{{ outputs.a.value }}"}
  - {id: m, type: JSON, value: {sum: "{{ 1 + 1 }}", list: ["{{ outputs.a.value }}", 3]}}
  - {id: none, type: STRING, required: false, value: "{{ null }}"}
""",
    )
    assert execution.outputs == {"n": 12, "m": {"sum": "2", "list": ["12", 3]}, "none": None}


def test_a_secret_is_in_no_sink(runs: Runs) -> None:
    encoded = base64.b64encode(f"user:{SECRET}".encode()).decode()
    execution = runs.run(
        f"""  - {{id: log, type: {LOG}, message: "log {{{{ secret('PW') }}}}"}}
  - {{id: ret, type: io.kestra.plugin.core.debug.Return, format: "ret {{{{ secret('PW') }}}}"}}
  - id: script
    type: {SHELL.split(",")[0]}
    taskRunner: {{type: io.kestra.plugin.core.runner.Process}}
    env: {{PW: "{{{{ secret('PW') }}}}"}}
    commands:
      - echo "out $PW"
      - echo "err $PW" >&2
      - echo {encoded}
      - 'echo "::{{\\"outputs\\":{{\\"x\\":\\"got $PW\\"}}}}::"'
  - id: metric
    type: io.kestra.plugin.core.metric.Publish
    metrics: [{{type: counter, name: rows, value: 1, tags: {{who: "{{{{ secret('PW') }}}}"}}}}]
  - id: boom
    type: io.kestra.plugin.core.execution.Fail
    errorMessage: "bad {{{{ inputs.pin }}}}"
    allowFailure: true
""",
        {"pin": "swordfish"},
        more="""inputs: [{id: pin, type: SECRET}]
outputs: [{id: o, type: INT, value: "{{ outputs.ret.value }}"}]
""",
    )
    assert execution.state == "FAILED", "the output is no number"
    record = runs.executions.record(execution.id)
    assert outputs(execution, "ret")["value"] == "ret ******"
    assert outputs(record.load(clear=True).execution, "ret")["value"] == f"ret {SECRET}", "later tasks get the value"
    kept = b"".join(path.read_bytes() for path in record.directory.rglob("*") if path.is_file())
    assert SECRET.encode() not in kept
    assert b"swordfish" not in kept
    shown = runs.everything_shown(execution)
    for hidden in (SECRET, "swordfish", base64.b64encode(SECRET.encode()).decode()[:-4]):
        assert hidden not in shown
    messages = runs.log(execution)
    for expected in (f"log {HIDDEN}", f"out {HIDDEN}", f"err {HIDDEN}", "bad **masked*"):
        assert expected in messages
    assert encoded not in shown
    assert execution.error is not None
    assert "******" in execution.error
    assert SECRET not in execution.error


def test_a_paused_execution_goes_on_hiding_what_it_knew(runs: Runs) -> None:
    runs.save(
        f"""  - {{id: before, type: io.kestra.plugin.core.debug.Return, format: "{{{{ secret('PW') }}}}"}}
  - id: wait
    type: io.kestra.plugin.core.flow.Pause
    onResume: [{{id: token, type: SECRET}}]
  - {{id: after, type: {LOG}, message: "{{{{ outputs.before.value }}}} {{{{ outputs.wait.onResume.token }}}}"}}
""",
        "f",
    )
    flow, path = runs.executions.flows.find("lab", "f")
    execution_id = runs.executions.run(flow, path=path)
    runs.end(execution_id, "PAUSED")
    runs.executions.resume(execution_id, {"token": "swordfish"})
    execution = runs.end(execution_id)
    assert execution.state == "SUCCESS"
    assert f"{HIDDEN} *********" in runs.log(execution)
    shown = runs.everything_shown(execution)
    assert SECRET not in shown
    assert "swordfish" not in shown


def test_a_secret_that_is_handed_to_another_flow_stays_hidden(runs: Runs) -> None:
    runs.save(
        f"""  - {{id: say, type: {LOG}, message: "child {{{{ inputs.word }}}} {{{{ inputs.pin }}}}"}}
  - {{id: fail, type: io.kestra.plugin.core.execution.Fail, errorMessage: "no {{{{ inputs.word }}}}"}}
""",
        "child",
        """inputs: [{id: word, type: STRING}, {id: pin, type: SECRET}]
outputs: [{id: o, type: STRING, value: "{{ inputs.pin }}"}]
""",
    )
    execution = runs.run(
        f"""  - id: call
    type: io.kestra.plugin.core.flow.Subflow
    namespace: lab
    flowId: child
    transmitFailed: false
    inputs: {{word: "{{{{ secret('PW') }}}}", pin: "{{{{ 'sword' ~ 'fish' }}}}"}}
  - {{id: back, type: {LOG}, message: "caller {{{{ outputs.call.outputs.o }}}}"}}
"""
    )
    assert execution.state == "SUCCESS"
    assert "caller **masked*" in runs.log(execution)
    child = runs.executions.get(str(outputs(execution, "call")["executionId"]))
    assert f"child {HIDDEN} *********" in runs.log(child)
    assert child.inputs == {"word": "******", "pin": "******"}
    state = runs.executions.workspace.state
    kept = b"".join(path.read_bytes() for path in state.rglob("*") if path.is_file())
    for hidden in (SECRET, "swordfish"):
        assert hidden not in runs.everything_shown(child)
        assert hidden.encode() not in kept
    restarted = runs.executions.restart(child.id)
    again = runs.end(restarted)
    assert runs.log(again).count(f"no {HIDDEN}") == 2
    replayed = runs.end(runs.executions.replay(child.id))
    assert f"child {HIDDEN} *********" in runs.log(replayed)
    clear = runs.executions.record(replayed.id).load(clear=True).execution
    assert clear.inputs == {"word": SECRET, "pin": "swordfish"}


def test_inputs_can_ask_a_flow(runs: Runs) -> None:
    runs.save(
        """  - {id: r, type: io.kestra.plugin.core.debug.Return, format: "{{ inputs.a }}-{{ secret('PW') }}"}
""",
        "ask",
        """inputs: [{id: a, type: STRING}]
outputs: [{id: o, type: STRING, value: "{{ outputs.r.value }}"}, {id: list, type: ARRAY, itemType: STRING, value: "[]"}]
""",
    )
    tasks = f"""  - {{id: t, type: {LOG}, message: "got {{{{ inputs.x }}}}"}}
"""
    call = "{{ subflow('lab', 'ask', inputs={'a': 'b'}).outputs.o }}"
    execution = runs.run(tasks, more=f'inputs: [{{id: x, type: STRING, defaults: "{call}"}}]\n')
    assert f"got b-{HIDDEN}" in runs.log(execution)
    flow, _ = runs.executions.flows.find("lab", "f")
    runs.executions.creation.preview(NewExecution(flow))
    asked = runs.executions.index.search(ExecutionFilter(flow_id="ask"))
    assert asked.total == 1, "the answer is given again for a while"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("subflow('lab', 'none')", "Unable to find flow 'lab'.'none'"),
        ("subflow('lab', 'slow', timeout='PT0.2S')", "did not end within 0:00:00.2"),
        ("subflow('lab', 'again')", "must not be nested deeper than 3 calls"),
    ],
)
def test_what_an_input_asks_in_vain(runs: Runs, call: str, message: str) -> None:
    runs.save(f"""  - {{id: s, type: {SHELL}, commands: ["sleep 60"]}}\n""", "slow")
    again = """inputs: [{id: i, type: STRING, defaults: "{{ subflow('lab', 'again').state }}"}]\n"""
    runs.save(f"""  - {{id: t, type: {LOG}, message: x}}\n""", "again", again)
    with pytest.raises(NotCreated) as caught:
        runs.run(
            f"""  - {{id: t, type: {LOG}, message: x}}\n""",
            more=f'inputs: [{{id: x, type: STRING, defaults: "{{{{ {call} }}}}"}}]\n',
        )
    assert message in str(caught.value)


def test_a_cached_task_is_not_run_again(runs: Runs) -> None:
    tasks = f"""  - id: slow
    type: {SHELL.split(",")[0]}
    taskRunner: {{type: io.kestra.plugin.core.runner.Process}}
    taskCache: {{enabled: true, ttl: PT1H}}
    outputFiles: [out.txt]
    commands:
      - echo x >> {runs.root}/count
      - echo "{{{{ inputs.n }}}}" > out.txt
  - {{id: use, type: {LOG}, message: "{{{{ read(outputs.slow.outputFiles['out.txt']) | trim }}}}"}}
"""
    more = "inputs: [{id: n, type: INT}]\n"
    first = runs.run(tasks, {"n": 1}, more=more)
    second = runs.run(tasks, {"n": 1}, more=more)
    other = runs.run(tasks, {"n": 2}, more=more)
    assert [one.state for one in (first, second, other)] == ["SUCCESS"] * 3
    assert (runs.root / "count").read_text() == "x\nx\n"
    assert any("Not run: the outputs come from the task cache" in line for line in runs.log(second))
    assert "1" in runs.log(second)
    assert "2" in runs.log(other)
    uri = outputs(second, "slow")["outputFiles"]["out.txt"]
    assert second.id in uri


def test_a_log_can_go_to_a_file(runs: Runs) -> None:
    execution = runs.run(
        f"""  - id: chatty
    type: {SHELL.split(",")[0]}
    taskRunner: {{type: io.kestra.plugin.core.runner.Process}}
    logToFile: true
    env: {{PW: "{{{{ secret('PW') }}}}"}}
    commands: ["echo hello $PW", "exit 3"]
"""
    )
    run = next(iter(execution.taskruns.values()))
    uri = run.attempts[0].log_file
    assert execution.state == "FAILED"
    assert uri is not None
    content = runs.executions.stores.storage.path(uri, "lab", lambda _: True).read_text()
    assert f" INFO hello {HIDDEN}\n" in content
    assert " ERROR " in content
    assert f"The log of this attempt is in the file {uri}" in runs.log(execution)
    assert not any("hello" in line for line in runs.log(execution))
    assert list(runs.executions.workspace.tmp.iterdir()) == []


def test_files_go_from_child_to_caller_and_back(runs: Runs) -> None:
    runs.save(
        """  - {id: w, type: io.kestra.plugin.core.storage.Write, content: "from {{ read(inputs.f) }}", extension: .txt}
""",
        "child",
        'inputs: [{id: f, type: FILE}]\noutputs: [{id: file, type: FILE, value: "{{ outputs.w.uri }}"}]\n',
    )
    execution = runs.run(
        f"""  - {{id: w, type: io.kestra.plugin.core.storage.Write, content: "caller", extension: .txt}}
  - id: call
    type: io.kestra.plugin.core.flow.Subflow
    namespace: lab
    flowId: child
    inputs: {{f: "{{{{ outputs.w.uri }}}}"}}
  - {{id: back, type: {LOG}, message: "{{{{ read(outputs.call.outputs.file) }}}}"}}
"""
    )
    assert execution.state == "SUCCESS", runs.log(execution)
    assert "from caller" in runs.log(execution)
    stranger = runs.run(
        f"""  - {{id: t, type: {LOG}, message: "{{{{ read('{outputs(execution, "w")["uri"]}') }}}}"}}""", name="x"
    )
    assert stranger.state == "FAILED"
    assert any("didn't belong to the current execution" in line for line in runs.log(stranger))


def test_kv_and_surroundings_and_templated_tasks(runs: Runs) -> None:
    (runs.root / "podium.toml").write_text("[globals]\nteam = 'data'\n")
    again = Runs(runs.root, {})
    execution = again.run(
        f"""  - {{id: set, type: io.kestra.plugin.core.kv.Set, key: k, value: "{{{{ 1 + 1 }}}}"}}
  - {{id: get, type: {LOG}, message: "{{{{ kv('k') + 1 }}}} {{{{ globals.team }}}}"}}
  - id: made
    type: io.kestra.plugin.core.templating.TemplatedTask
    spec: |
      type: io.kestra.plugin.core.debug.Return
      format: "{{{{ globals.team }}}}!"
"""
    )
    assert execution.state == "SUCCESS", again.log(execution)
    assert "3 data" in again.log(execution)
    assert outputs(execution, "made") == {"value": "data!"}


def test_toggle_switches_a_trigger_on_and_off(runs: Runs) -> None:
    schedule = 'triggers: [{id: clock, type: io.kestra.plugin.core.trigger.Schedule, cron: "0 3 * * *"}]\n'
    toggle = "  - {id: t, type: io.kestra.plugin.core.trigger.Toggle, trigger: clock"
    for enabled in (False, True):
        assert runs.run(f"{toggle}, enabled: {str(enabled).lower()}}}", more=schedule).state == "SUCCESS"
        state = runs.executions.stores.triggers.get("lab", "f", "clock")
        assert state is not None and state.disabled != enabled


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("", "Unable to find trigger clock for the flow lab.f"),
        (", flowId: none", "Unable to find flow lab.none. Make sure the flow exists"),
    ],
)
def test_toggle_finds_nothing_to_switch(runs: Runs, more: str, message: str) -> None:
    failed = runs.run(f"  - {{id: t, type: io.kestra.plugin.core.trigger.Toggle, trigger: clock{more}}}")
    assert failed.state == "FAILED"
    assert any(message in line for line in runs.log(failed))
