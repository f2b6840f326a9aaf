"""Flows run to their end in processes of their own."""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.runtime.lab import Lab, shell, wait_until

from podium.runtime import process_census
from podium.runtime.environment import environments
from podium.runtime.executions import NotCreated, Refused
from podium.runtime.launcher import ForkedRunner, Launcher, NewInterpreter

RETURN = "type: io.kestra.plugin.core.debug.Return, format"


def test_a_flow_runs_and_leaves_nothing_behind(lab: Lab) -> None:
    flow = lab.flow(f"""
- {{id: a, type: io.kestra.plugin.core.log.Log, message: hello}}
- {shell("b", "echo out; echo err >&2; pwd")}
- {{id: c, {RETURN}: "{{{{ outputs.b.exitCode }}}}"}}
""")
    execution = lab.run(flow)
    assert lab.states(execution.id) == ["a SUCCESS", "b SUCCESS", "c SUCCESS", "SUCCESS"]
    assert lab.history(execution.id) == ["CREATED", "RUNNING", "SUCCESS"]
    assert lab.outputs(execution.id, "c") == {"value": "0"}
    assert "hello" in lab.log(execution.id)
    assert lab.log(execution.id, "stderr") == ["err"]
    out, directory = lab.log(execution.id, "stdout")
    assert out == "out"
    assert not Path(directory).exists()
    assert list(lab.workspace.tmp.iterdir()) == []
    assert lab.runner_log(execution.id) == ""
    row = lab.executions.index.get(execution.id)
    assert row is not None
    assert (row.state, row.pid) == ("SUCCESS", None)


@pytest.mark.parametrize("launcher", [NewInterpreter(), ForkedRunner()], ids=["interpreter", "fork"])
def test_every_way_of_launching(lab: Lab, launcher: Launcher) -> None:
    lab.executions.launcher = launcher
    flow = lab.flow(shell("a", "ps -o sid= -p $PPID; echo $PPID > ../pid; sleep 0.2").join(["- ", ""]))
    execution_id = lab.start(flow)
    lab.until(execution_id, lambda e: any(r.state == "RUNNING" for r in e.taskruns.values()))
    pid = lab.runner_pid(execution_id)
    assert os.getsid(pid) != os.getsid(0), "a session of its own"
    noted = environments(lab.executions.stores.record(execution_id))
    assert [(one.pid, one.directory) for one in noted] == [(pid, str(lab.root))]
    assert str(Path(f"/proc/{pid}/fd/0").readlink()) == os.devnull
    assert lab.end(execution_id).state == "SUCCESS"
    wait_until(lambda: process_census.process_identity(pid) is None)


def test_working_directory_files_pass_from_task_to_task(lab: Lab) -> None:
    (lab.root / "note.txt").write_text("from the namespace")
    write = "cat in.txt note.txt; mkdir -p kept; cat kept/n 2>/dev/null || true; echo x >> kept/n; pwd > first.out"
    flow = lab.flow(f"""
- id: wd
  type: io.kestra.plugin.core.flow.WorkingDirectory
  inputFiles: {{in.txt: "{{{{ flow.id }}}}"}}
  namespaceFiles: {{enabled: true, include: ["note.txt"]}}
  outputFiles: ["*.out"]
  cache: {{patterns: ["kept/*"]}}
  tasks:
    - {shell("w1", write)}
    - {shell("w2", "pwd; cat first.out")}
""")
    first = lab.run(flow)
    assert lab.log(first.id, "stdout")[0] == "labfrom the namespace"
    again, same = lab.log(first.id, "stdout")[-2:]
    assert again == same
    files = lab.outputs(first.id, "wd")["outputFiles"]
    assert list(files) == ["first.out"]
    second = lab.run(flow)
    assert lab.log(second.id, "stdout")[0] == "labfrom the namespacex", "the cache of the first run"
    assert list(lab.workspace.tmp.iterdir()) == []


def test_a_working_directory_that_cannot_be_prepared_fails(lab: Lab) -> None:
    flow = lab.flow(f"""
- id: wd
  type: io.kestra.plugin.core.flow.WorkingDirectory
  inputFiles: {{"../x": "no"}}
  tasks:
    - {shell("w1", "true")}
""")
    execution = lab.run(flow)
    assert lab.states(execution.id) == ["wd FAILED", "FAILED"]
    assert lab.log(execution.id, level="ERROR")[0].startswith("Failed preExecuteTasks on WorkingDirectory:")


def test_subflows_run_beside_their_caller_and_pass_outputs(lab: Lab) -> None:
    lab.flow(
        f'- {{id: r, {RETURN}: "{{{{ inputs.n }}}}!"}}', "child",
        "inputs: [{id: n, type: INT}]\noutputs: [{id: said, type: STRING, value: \"{{ outputs.r.value }}\"}]",
    )  # fmt: skip
    flow = lab.flow("""
- id: sub
  type: io.kestra.plugin.core.flow.Subflow
  namespace: lab
  flowId: child
  inputs: {n: 7}
- {id: bad, type: io.kestra.plugin.core.flow.Subflow, namespace: lab, flowId: nowhere}
""")
    execution = lab.run(flow)
    assert lab.states(execution.id) == ["sub SUCCESS", "bad FAILED", "FAILED"]
    outputs = lab.outputs(execution.id, "sub")
    assert outputs["outputs"] == {"said": "7!"}
    child = lab.executions.get(outputs["executionId"])
    assert child.trigger is not None
    assert child.trigger["variables"]["executionId"] == execution.id
    assert "Unable to find flow 'lab'.'nowhere' with revision '0'" in lab.log(execution.id, level="ERROR")


def test_items_and_their_merged_outputs(lab: Lab) -> None:
    lab.flow(
        f'- {{id: r, {RETURN}: "{{{{ read(inputs.items) | trim }}}}"}}', "child",
        "inputs: [{id: items, type: FILE}]\noutputs: [{id: line, type: STRING, value: \"{{ outputs.r.value }}\"}]",
    )  # fmt: skip
    flow = lab.flow(f"""
- {shell("make", "seq 5 > rows.txt", 'outputFiles: ["rows.txt"]')}
- id: each
  type: io.kestra.plugin.core.flow.ForEachItem
  items: "{{{{ outputs.make.outputFiles['rows.txt'] }}}}"
  batch: {{rows: 1}}
  namespace: lab
  flowId: child
  inputs: {{items: "{{{{ taskrun.items }}}}"}}
- {{id: all, {RETURN}: "{{{{ read(outputs.each_merge.subflowOutputs) }}}}"}}
""")
    execution = lab.run(flow)
    assert execution.state == "SUCCESS", lab.log(execution.id, level="ERROR")
    assert lab.outputs(execution.id, "each_items")["iterations"] == {"CREATED": 0, "RUNNING": 0, "SUCCESS": 5}
    value = lab.outputs(execution.id, "all")["value"]
    assert [line.split('"')[3] for line in value.splitlines()] == ["1", "2", "3", "4", "5"]


def test_loop_of_the_newest_dialect(lab: Lab) -> None:
    flow = lab.flow(f"""
- id: loop
  type: io.kestra.plugin.core.flow.Loop
  values: ["x", "y"]
  outputs: [{{id: o, type: STRING, value: "{{{{ outputs.r.value }}}}"}}]
  tasks:
    - {{id: r, {RETURN}: "{{{{ item.value }}}}{{{{ item.index }}}}"}}
- {{id: after, {RETURN}: "{{{{ outputs.loop.outputs[1].outputs.o }}}}"}}
""")
    execution = lab.run(flow)
    assert execution.state == "SUCCESS", lab.log(execution.id, level="ERROR")
    assert lab.outputs(execution.id, "after") == {"value": "y1"}


def test_outputs_of_iterations_are_stored_when_the_values_are(lab: Lab) -> None:
    loops = {"auto": '"{{ outputs.file.uri }}"', "store": "[x, y]", "fetch": '"{{ outputs.file.uri }}"'}
    lines = [
        f"- {{id: {name}, type: io.kestra.plugin.core.flow.Loop, values: {values}, fetchType: {name.upper()}, "
        f"outputs: [{{id: o, type: STRING, value: '{{{{ item.value }}}}'}}], "
        f"tasks: [{{id: r_{name}, {RETURN}: x}}]}}" for name, values in loops.items()
    ]  # fmt: skip
    read = [
        f'- {{id: of_{name}, {RETURN}: "{{{{ read(outputs.{name}.outputs[1].outputs.uri) }}}}"}}'
        for name in ("auto", "store")
    ]
    write = r"""- {id: file, type: io.kestra.plugin.core.storage.Write, content: "x\ny"}"""
    execution = lab.run(lab.flow("\n".join([write, *lines, *read])))
    assert execution.state == "SUCCESS", lab.log(execution.id, level="ERROR")
    assert lab.outputs(execution.id, "fetch")["outputs"][1]["outputs"] == {"o": "y"}
    for name in ("auto", "store"):
        assert json.loads(lab.outputs(execution.id, f"of_{name}")["value"]) == {"o": "y"}


def test_iterations_take_over_the_retry_around_them(lab: Lab) -> None:
    """The nearest one: of the Loop, of a group around it, of the flow (semantics 3.4)."""
    core = "type: io.kestra.plugin.core"
    loop = f"{core}.flow.Loop, values: [1], tasks: [{{id: %s, {core}.execution.Fail"
    once = "condition: '{{ taskrun.attemptsCount == 0 }}'}]"
    flow = lab.flow(
        f"""
- {{id: flow, {loop % "a"}, {once}}}
- id: group
  type: io.kestra.plugin.core.flow.Sequential
  retry: {{type: constant, interval: PT0.01S, maxAttempts: 1}}
  tasks:
  - {{id: own, retry: {{type: constant, interval: PT0.01S, maxAttempts: 2}}, {loop % "b"}, {once}}}
  - {{id: last, {loop % "c"}, {once}}}
""",
        more="retry: {type: constant, interval: PT0.01S, maxAttempts: 2}",
    )
    assert lab.states(lab.run(flow).id) == ["flow SUCCESS", "group FAILED", "own SUCCESS", "last FAILED", "FAILED"]


def test_variables_that_tasks_change_are_those_of_the_flow(lab: Lab) -> None:
    """Maps are merged, also with what the flow says; what is unset is gone; an iteration of a Loop sees them."""
    core = "type: io.kestra.plugin.core.execution"
    flow = lab.flow(
        f"""
- {{id: set, {core}.SetVariables, variables: {{a: {{b: 3}}, y: new}}}}
- {{id: seen, {RETURN}: "{{{{ vars }}}}"}}
- {{id: unset, {core}.UnsetVariables, variables: [y, z, a.c]}}
- id: loop
  type: io.kestra.plugin.core.flow.Loop
  values: [1]
  outputs: [{{id: o, type: STRING, value: "{{{{ outputs.inner.value }}}}"}}]
  tasks: [{{id: inner, {RETURN}: "{{{{ vars }}}}"}}]
- {{id: none, {core}.UnsetVariables, variables: [a]}}
- {{id: gone, {RETURN}: "{{{{ vars is defined }}}}"}}
""",
        more="variables: {a: {b: 1, c: 2}, z: 9}",
    )
    execution = lab.run(flow)
    assert execution.state == "SUCCESS", lab.log(execution.id, level="ERROR")
    assert lab.outputs(execution.id, "seen") == {"value": '{"a":{"b":3,"c":2},"z":9,"y":"new"}'}
    assert lab.outputs(execution.id, "loop")["outputs"][0]["outputs"] == {"o": '{"a":{"b":3}}'}
    assert lab.outputs(execution.id, "gone") == {"value": "false"}


def test_values_of_a_loop_are_texts(lab: Lab) -> None:
    """What is no text arrives as compact JSON, from a list, a map and the lines of a file (as in a ForEach)."""
    body = f"tasks: [{{id: r, {RETURN}: '{{{{ item.key ?? item.index }}}} {{{{ item.value }}}}'}}]"
    outputs = "outputs: [{id: o, type: STRING, value: '{{ outputs.%s.value }}'}]"
    loops = {"list": '[{"id": 1}, 2, true, x]', "map": "{a: 1, b: {c: [d]}}", "rows": '"{{ outputs.file.uri }}"'}
    lines = "\n".join(
        f"- {{id: {name}, type: io.kestra.plugin.core.flow.Loop, fetchType: FETCH, values: {values}, "
        f"{outputs % ('r_' + name)}, "
        f"{body.replace('id: r', f'id: r_{name}')}}}" for name, values in loops.items()
    )  # fmt: skip
    write = r"""- {id: file, type: io.kestra.plugin.core.storage.Write, content: "{id:1,n:\"x\"}\n{oops\n7\n"}"""
    execution = lab.run(lab.flow(f"{write}\n{lines}"))
    assert execution.state == "SUCCESS", lab.log(execution.id, level="ERROR")
    found = {name: [row["outputs"]["o"] for row in lab.outputs(execution.id, name)["outputs"]] for name in loops}
    assert found == {
        "list": ['0 {"id":1}', "1 2", "2 true", "3 x"], "map": ["a 1", 'b {"c":["d"]}'],
        "rows": ['0 {"id":1,"n":"x"}', "1 {oops", "2 7"],
    }  # fmt: skip


def test_retries_of_a_task_and_of_the_whole_execution(lab: Lab) -> None:
    retry = "retry: {type: constant, interval: PT0.05S, maxAttempts: 3"
    count = f"echo x >> {lab.root}/count; test $(wc -l < {lab.root}/count) -ge 3"
    flow = lab.flow(f"- {shell('a', count, retry + '}')}")
    execution = lab.run(flow)
    assert execution.state == "SUCCESS"
    assert [a.state for a in lab.taskrun(execution.id, "a").attempts] == ["FAILED", "FAILED", "SUCCESS"]
    (lab.root / "count").unlink()
    flow = lab.flow(f"- {shell('a', count, retry + ', behavior: CREATE_NEW_EXECUTION}')}")
    first = lab.start(flow)
    last = lab.end(first)
    assert last.id != first
    assert (last.state, last.original_id, last.attempt_number) == ("SUCCESS", first, 3)
    assert lab.states(first) == ["a RETRIED", "RETRIED"]


def test_a_timeout_ends_the_script(lab: Lab) -> None:
    execution = lab.run(lab.flow(f"- {shell('a', 'sleep 30', 'timeout: PT0.2S')}"), seconds=10)
    assert lab.states(execution.id) == ["a FAILED", "FAILED"]
    assert any(line.startswith("Timeout") for line in lab.log(execution.id, level="ERROR"))


def test_two_hundred_scripts_at_a_time(lab: Lab) -> None:
    tasks = "\n".join(f"    - {shell(f't{number}', 'sleep 1')}" for number in range(200))
    flow = lab.flow(f"- id: p\n  type: io.kestra.plugin.core.flow.Parallel\n  tasks:\n{tasks}")
    execution_id = lab.start(flow)
    execution = lab.until(
        execution_id, lambda e: sum(r.state == "RUNNING" for r in e.taskruns.values()) == 201, seconds=20
    )
    assert lab.end(execution.id, 30).state == "SUCCESS"


def test_an_execution_with_a_date_waits_for_it(lab: Lab) -> None:
    flow = lab.flow(f"- {{id: a, {RETURN}: x}}")
    date = datetime.now(UTC) + timedelta(seconds=0.7)
    execution_id = lab.start(flow, schedule_date=date)
    time.sleep(0.3)
    assert lab.states(execution_id) == ["CREATED"]
    execution = lab.end(execution_id)
    assert execution.histories[1][1] >= date


def test_wrong_inputs_make_no_execution(lab: Lab) -> None:
    flow = lab.flow(f"- {{id: a, {RETURN}: x}}", more="inputs: [{id: n, type: INT}]")
    with pytest.raises(NotCreated, match="Invalid input for `n`"):
        lab.start(flow, {"n": "many"})
    assert list(lab.workspace.executions.iterdir()) == []


def test_ids_by_their_ends(lab: Lab) -> None:
    flow = lab.flow(f"- {{id: a, {RETURN}: x}}")
    first, second = lab.run(flow).id, lab.run(flow).id
    assert lab.executions.resolve(first) == first
    assert lab.executions.resolve(second[-8:]) == second
    assert lab.executions.resolve("latest") == second
    with pytest.raises(Refused, match="several executions"):
        lab.executions.resolve(first[:2])
    with pytest.raises(Refused, match="Execution 'nope' not found"):
        lab.executions.resolve("nope")


def test_labels_and_deletion(lab: Lab) -> None:
    flow = lab.flow(f"- {shell('a', 'echo x > f.txt; sleep 0.3', 'outputFiles: [f.txt]')}")
    execution_id = lab.start(flow, labels=[("team", "a")])
    lab.until_state(execution_id, "RUNNING")
    lab.executions.set_labels(execution_id, {"live": "yes"})
    with pytest.raises(Refused, match="is RUNNING"):
        lab.executions.delete(execution_id)
    execution = lab.end(execution_id)
    assert dict(execution.labels)["live"] == "yes"
    lab.executions.set_labels(execution_id, {"team": "b"})
    labels = dict(lab.executions.get(execution_id).labels)
    assert (labels["team"], labels["live"]) == ("b", "yes")
    with pytest.raises(Refused, match="System labels"):
        lab.executions.set_labels(execution_id, {"system.x": "b"})
    lab.executions.delete(execution_id)
    assert lab.executions.summaries().total == 0
    with pytest.raises(Refused, match="not found"):
        lab.executions.get(execution_id)


def test_a_cached_task_is_not_run_again_and_its_files_are_there(lab: Lab) -> None:
    command = f"echo x >> {lab.root}/count; echo made > f.txt"
    cached = "outputFiles: [f.txt], taskCache: {enabled: true}"
    flow = lab.flow(f"""
- {shell("a", command, cached)}
- {{id: b, {RETURN}: "{{{{ read(outputs.a.outputFiles['f.txt']) }}}}"}}
""")
    for _ in range(2):
        execution = lab.run(flow)
        assert execution.state == "SUCCESS"
        assert lab.outputs(execution.id, "b")["value"].strip() == "made"
    assert (lab.root / "count").read_text() == "x\n"
    assert any("task cache" in line for line in lab.log(execution.id))


def test_a_log_that_goes_to_a_file(lab: Lab) -> None:
    execution = lab.run(lab.flow(f"- {shell('a', 'echo in the file', 'logToFile: true')}"))
    attempt = lab.taskrun(execution.id, "a").attempts[0]
    assert attempt.log_file is not None
    assert lab.log(execution.id, "stdout") == []
    path = lab.workspace.storage / attempt.log_file.removeprefix("kestra:///")
    assert "INFO in the file" in path.read_text()
    assert any(attempt.log_file in line for line in lab.log(execution.id))
