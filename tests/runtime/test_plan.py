"""Plans: what is rendered, chosen and reached before anything runs; and what cannot be known."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.workspaces import NOW, opened, put_execution

from podium.engine import changes as c
from podium.engine.execution import fold
from podium.runtime.creation import Creation
from podium.runtime.flows import Flows
from podium.runtime.plan import FlowPlan, PlannedTask, plan_flow
from podium.runtime.refusals import NotCreated
from podium.runtime.workspace_types import workspace_registry

LOG = "io.kestra.plugin.core.log.Log"
RETURN = "io.kestra.plugin.core.debug.Return"
FLOW = "io.kestra.plugin.core.flow"


def planned(root: Path, text: str, inputs: dict[str, Any] | None = None, **more: Any) -> FlowPlan:
    files = {"flow.yaml": "id: f\nnamespace: lab\n" + text, **more.pop("files", {})}
    stores = opened(root, files)
    registry = workspace_registry(stores.workspace, stores.settings)
    flows = Flows(stores, registry)
    plan = plan_flow(stores, registry, Creation(stores, flows), flows.find("lab", "f")[0], inputs, **more)
    json.dumps(plan.json())
    return plan


def task(plan: FlowPlan, task_id: str) -> PlannedTask:
    return next(one for one in plan.tasks if one.id == task_id)


def shown(plan: FlowPlan, task_id: str, name: str = "message") -> tuple[str, Any]:
    value = next(one for one in task(plan, task_id).properties if one.name == name)
    return value.certainty, value.value if value.certainty in ("known", "earlier") else value.reason


def fates(plan: FlowPlan) -> dict[str, str]:
    return {one.id: one.fate for one in plan.tasks}


def one_log(message: str) -> str:
    return f"tasks:\n  - id: t\n    type: {LOG}\n    message: {message}\n"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("'{{ inputs.n + 1 }} {{ flow.id }} {{ labels.k }} {{ vars.v }}'", ("known", "4 f l 7")),
        ("'{{ now() | date(\"yyyy\") }} {{ taskrun.attemptsCount }}'", ("known", "2026 0")),
        ("'{{ execution.id }}'", ("unknown", "execution.id is only known when the flow runs")),
        ("'{{ 3 == execution.id ~ 1 }}'", ("unknown", "execution.id is only known when the flow runs")),
        ("'{{ taskrun.startDate ?? 1 }}'", ("unknown", "taskrun.startDate is only known when the flow runs")),
        ("'{{ uuid() }}'", ("unknown", "A random value is only known when the flow runs")),
        ("\"{{ http('http://127.0.0.1:9/') }}\"", ("unknown", "The answer of http://127.0.0.1:9/ is only known")),
        ("'{{ errorLogs() }}'", ("unknown", "What errorLogs() gives is only known")),
        ("'{{ workingDir }}'", ("unknown", "workingDir is only known")),
        ("'{{ outputs.nope.x }}'", ("wrong", "Unable to find `nope`")),
        ("'{{ inputs.nmae }}'", ("wrong", "Unable to find `nmae`")),
        ("'{{ taskrun.value }}'", ("wrong", "Unable to find `value`")),
        ("'{{ 1 + }}'", ("wrong", "")),
    ],
)
def test_what_is_known_about_a_text(tmp_path: Path, message: str, expected: tuple[str, str]) -> None:
    text = "variables: {v: 7}\ninputs:\n  - {id: n, type: INT}\n" + one_log(message)
    try:
        plan = planned(tmp_path, text, {"n": 3}, labels=[("k", "l")])
    except NotCreated as refused:
        assert refused.reason == "invalid", "the loader may find it first"
        return
    certainty, value = shown(plan, "t")
    assert certainty == expected[0]
    assert value == expected[1] if certainty == "known" else expected[1] in value
    assert bool(plan.problems) == (certainty == "wrong")


def test_outputs_of_what_only_renders_are_known_and_others_are_not(tmp_path: Path) -> None:
    plan = planned(
        tmp_path,
        f"""tasks:
  - {{id: a, type: {RETURN}, format: "{{{{ 1 + 1 }}}}"}}
  - {{id: v, type: io.kestra.plugin.core.output.OutputValues, values: {{x: "{{{{ outputs.a.value }}}}!"}}}}
  - {{id: h, type: io.kestra.plugin.core.http.Request, uri: "http://127.0.0.1:9/"}}
  - {{id: t, type: {LOG}, message: "{{{{ outputs.a.value }}}} {{{{ outputs.v.values.x }}}}"}}
  - {{id: u, type: {LOG}, message: "{{{{ outputs.h.body ?? 'none' }}}}"}}
outputs:
  - {{id: o, type: STRING, value: "{{{{ outputs.v.values.x }}}}"}}
  - {{id: p, type: STRING, value: "{{{{ outputs.h.code }}}}"}}
""",
    )
    assert shown(plan, "t") == ("known", "2 2!")
    assert shown(plan, "u") == ("unknown", "outputs.h.body is only known when the flow runs")
    assert [(one.name, one.certainty, one.value) for one in plan.outputs] == [
        ("o", "known", "2!"), ("p", "unknown", None),
    ]  # fmt: skip
    assert plan.problems == ()


def test_earlier_outputs_stand_in(tmp_path: Path) -> None:
    changes: list[c.Change] = [
        c.ExecutionCreated("e0", "lab", "f", NOW), c.TaskRunCreated("r", "h", NOW), c.AttemptStarted("r", NOW),
        c.AttemptEnded("r", "SUCCESS", NOW, {"code": 200}), c.TaskRunMoved("r", "SUCCESS", NOW),
    ]  # fmt: skip
    text = f"""tasks:
  - {{id: h, type: io.kestra.plugin.core.http.Request, uri: "http://127.0.0.1:9/"}}
  - {{id: t, type: {LOG}, message: "{{{{ outputs.h.code }}}}"}}
  - {{id: u, type: {LOG}, message: "{{{{ outputs.h.nope }}}}"}}
"""
    plan = planned(tmp_path, text, earlier=fold(changes))
    assert shown(plan, "t") == ("earlier", "200")
    assert shown(plan, "u")[0] == "unknown"


CHOICE = f"""inputs:
  - {{id: x, type: STRING, required: false}}
tasks:
  - {{id: h, type: io.kestra.plugin.core.http.Request, uri: "http://127.0.0.1:9/"}}
  - id: choose
    type: {FLOW}.If
    condition: "%s"
    then:
      - {{id: yes_, type: {RETURN}, format: a}}
    else:
      - {{id: no_, type: {RETURN}, format: b}}
  - {{id: t, type: {LOG}, message: "{{{{ outputs.yes_.value ?? 'none' }}}}"}}
"""


@pytest.mark.parametrize(
    ("condition", "x", "yes", "no", "decision", "message"),
    [
        ("{{ inputs.x == 'a' }}", "a", "runs", "not chosen", "the condition is true", ("known", "a")),
        ("{{ inputs.x == 'a' }}", "b", "not chosen", "runs", "the condition is false", ("known", "none")),
        ("{{ outputs.h.code == 200 }}", "a", "may run", "may run", "outputs.h.code is only known when the flow runs",
         ("unknown", "outputs.yes_.value is only known when the flow runs")),
    ],
)  # fmt: skip
def test_branches(tmp_path: Path, condition: str, x: str, yes: str, no: str, decision: str, message: Any) -> None:
    plan = planned(tmp_path, CHOICE % condition, {"x": x})
    assert (fates(plan)["yes_"], fates(plan)["no_"]) == (yes, no)
    assert task(plan, "choose").decision == decision
    assert shown(plan, "t") == message
    assert plan.problems == ()


@pytest.mark.parametrize(
    ("value", "reached", "problem"), [("a", "a_", False), ("z", "rest", False), ("boom", None, True)]
)
def test_cases(tmp_path: Path, value: str, reached: str | None, problem: bool) -> None:
    defaults = f"    defaults:\n      - {{id: rest, type: {LOG}, message: x}}\n" if not problem else ""
    plan = planned(
        tmp_path,
        f"""inputs: [{{id: x, type: STRING}}]
tasks:
  - id: s
    type: {FLOW}.Switch
    value: "{{{{ inputs.x }}}}"
    cases:
      a:
        - {{id: a_, type: {LOG}, message: x}}
      b:
        - {{id: b_, type: {LOG}, message: x}}
{defaults}""",
        {"x": value},
    )
    chosen = [one.id for one in plan.tasks if one.fate == "runs" and one.id != "s"]
    assert chosen == ([reached] if reached else [])
    assert bool(plan.problems) == problem


def test_loops_are_planned_for_their_first_value(tmp_path: Path) -> None:
    plan = planned(
        tmp_path,
        f"""tasks:
  - id: each
    type: {FLOW}.ForEach
    values: ["a", "b", "c"]
    tasks:
      - {{id: r, type: {RETURN}, format: "{{{{ taskrun.value }}}} {{{{ taskrun.iteration }}}}"}}
      - {{id: s, type: {LOG}, message: "{{{{ outputs.r[taskrun.value].value ?? 'x' }}}}"}}
  - id: unknown
    type: {FLOW}.ForEach
    values: "{{{{ outputs.r }}}}"
    tasks:
      - {{id: u, type: {LOG}, message: "{{{{ taskrun.value }}}}"}}
  - id: none
    type: {FLOW}.ForEach
    values: "[]"
    tasks:
      - {{id: n, type: {LOG}, message: x}}
""",
    )
    assert task(plan, "each").values == ("a", "b", "c")
    assert task(plan, "each").decision == "3 values"
    assert shown(plan, "r", "format") == ("known", "a 0")
    assert task(plan, "unknown").values is None
    assert fates(plan)["u"] == "may run"
    assert shown(plan, "u") == ("unknown", "taskrun.value is only known when the flow runs")
    assert fates(plan)["n"] == "not chosen"


def test_the_value_of_a_loop_is_seen_by_its_own_tasks_only(tmp_path: Path) -> None:
    plan = planned(
        tmp_path,
        f"""tasks:
  - id: each
    type: {FLOW}.ForEach
    values: ["a"]
    tasks:
      - id: wd
        type: {FLOW}.WorkingDirectory
        tasks:
          - {{id: inside, type: {RETURN}, format: "{{{{ taskrun.value }}}}"}}
      - id: seq
        type: {FLOW}.Sequential
        tasks:
          - {{id: below, type: {RETURN}, format: "{{{{ taskrun.value }}}}"}}
          - {{id: right, type: {RETURN}, format: "{{{{ parent.taskrun.value }}}}"}}
""",
    )
    assert shown(plan, "inside", "format") == ("known", "a")
    assert shown(plan, "below", "format")[0] == "wrong"
    assert shown(plan, "right", "format")[0] == "unknown"


def test_what_is_not_given_yet_is_one_problem(tmp_path: Path) -> None:
    text = "inputs: [{id: n, type: INT}, {id: a.b, type: INT}]\ntriggers: [{id: s, type: %s, cron: '* * * * *'}]\n"
    text = text % "io.kestra.plugin.core.trigger.Schedule"
    plan = planned(tmp_path, text + one_log("'{{ inputs.n + inputs.a.b }} {{ trigger.date }} {{ labels.system.x }}'"))
    assert shown(plan, "t") == ("unknown", "inputs.n is only known when the flow runs")
    assert len(plan.problems) == 2


def test_blocks_and_conditions(tmp_path: Path) -> None:
    plan = planned(
        tmp_path,
        f"""tasks:
  - {{id: off, type: {LOG}, message: x, disabled: true}}
  - {{id: skip, type: {LOG}, message: "{{{{ outputs.nope }}}}", runIf: "{{{{ false }}}}"}}
  - {{id: maybe, type: {LOG}, message: x, runIf: "{{{{ execution.id == 'x' }}}}"}}
  - id: p
    type: {FLOW}.Parallel
    tasks:
      - {{id: p1, type: {RETURN}, format: x}}
      - {{id: p2, type: {LOG}, message: "{{{{ outputs.p1.value }}}}"}}
errors:
  - {{id: e, type: {LOG}, message: "{{{{ errorLogs() }}}}"}}
finally:
  - {{id: fin, type: {LOG}, message: x}}
""",
    )
    assert fates(plan) == {
        "off": "disabled", "skip": "skipped", "maybe": "may run", "p": "runs", "p1": "runs", "p2": "runs",
        "e": "on failure", "fin": "always",
    }  # fmt: skip
    assert [lane.name for lane in plan.lanes] == ["tasks", "errors", "finally"]
    assert task(plan, "skip").reason == "runIf is `false`"


def test_needs_and_masked_values(tmp_path: Path) -> None:
    plan = planned(
        tmp_path,
        f"""tasks:
  - {{id: t, type: {LOG}, message: "{{{{ secret('PW') }}}} {{{{ kv('there') }}}}"}}
  - {{id: u, type: {LOG}, message: "{{{{ secret('NOPE') }}}}"}}
  - {{id: w, type: {LOG}, message: "{{{{ kv('gone', errorOnMissing=false) }}}}"}}
  - {{id: s, type: {FLOW}.Subflow, namespace: lab, flowId: "child"}}
  - {{id: m, type: {FLOW}.Subflow, namespace: lab, flowId: "missing"}}
  - {{id: py, type: io.kestra.plugin.scripts.python.Script, script: "print(1)"}}
  - {{id: far, type: io.kestra.plugin.aws.s3.Upload, bucket: b}}
""",
        files={".env": "PW=hunter2", "child.yaml": "id: child\nnamespace: lab\n" + one_log("x")},
    )
    assert shown(plan, "t")[0] == "wrong", "the key is not there"
    needs = {(one.kind, one.name): one.there for one in plan.needs}
    assert needs[("secret", "PW")] is True
    assert needs[("secret", "NOPE")] is False
    assert needs[("key", "there")] is needs[("key", "gone")] is False
    assert needs[("flow", "lab.child")] is True
    assert needs[("flow", "lab.missing")] is False
    assert needs[("program", "python3")] is True
    assert "hunter2" not in json.dumps(plan.json())
    problems = "\n".join(plan.problems)
    assert "u.message: Cannot find secret for key 'NOPE'." in problems
    assert "m: Unable to find flow 'lab'.'missing'" in problems
    assert "far: `io.kestra.plugin.aws.s3.Upload` runs on a Kestra server" in problems


def test_secrets_are_hidden_where_they_are_rendered(tmp_path: Path) -> None:
    text = "inputs: [{id: pw, type: SECRET}]\n" + one_log("\"{{ secret('PW') }} {{ inputs.pw }}\"")
    plan = planned(tmp_path, text, {"pw": "swordfish"}, files={".env": "PW=hunter2"})
    assert shown(plan, "t") == ("known", "******* **masked*")
    assert plan.inputs == {"pw": "**masked*"}


def test_wrong_inputs_checks_and_limits_are_problems(tmp_path: Path) -> None:
    text = (
        "inputs: [{id: n, type: INT}]\nconcurrency: {limit: 1}\n"
        "checks: [{condition: '{{ inputs.n > 3 }}', message: too small}]\n" + one_log("'{{ inputs.n }}'")
    )
    assert "Invalid input for `n`" in planned(tmp_path, text, {"n": "x"}).problems[0]
    plan = planned(tmp_path, text, {"n": 1})
    assert plan.problems == ("too small",)
    stores = opened(tmp_path)
    put_execution(stores, namespace="lab", flow_id="f", state="PAUSED", age=timedelta(days=1))
    assert (
        planned(tmp_path, text, {"n": 5}).queue == "It would wait in the queue: 1 of 1 allowed executions run already."
    )


def test_a_disabled_flow_has_no_plan(tmp_path: Path) -> None:
    with pytest.raises(NotCreated, match="disabled"):
        planned(tmp_path, "disabled: true\n" + one_log("x"))


def test_inputs_send_nothing(tmp_path: Path) -> None:
    text = "inputs: [{id: n, type: STRING, defaults: \"{{ http('http://127.0.0.1:9/') }}\"}]\n"
    plan = planned(tmp_path, text + one_log("'{{ inputs.n }}'"))
    assert "The answer of http://127.0.0.1:9/ is only known when the flow runs" in plan.problems[0]
    assert shown(plan, "t")[0] == "unknown"


def test_nothing_is_created(tmp_path: Path) -> None:
    planned(tmp_path, one_log("x"))
    stores = opened(tmp_path)
    assert list(stores.workspace.executions.iterdir()) == []
    assert stores.revisions.history("lab", "f") == []
