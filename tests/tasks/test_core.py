"""The small core tasks: what they give on, what they say, how they fail."""

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from context import FakeContext

from podium.plugin.task import Cancelled, ExecutionUpdate, TaskError

CORE = "io.kestra.plugin.core."


def failure(ctx: FakeContext, name: str, /, **props: Any) -> TaskError:
    with pytest.raises(TaskError) as caught:
        ctx.run(CORE + name, **props)
    return caught.value


@pytest.mark.parametrize(
    ("props", "entries"),
    [
        ({"message": "hello {{ inputs.who }}"}, [("log", "INFO", "hello Ada")]),
        ({"message": ["a", "b"], "level": "warn"}, [("log", "WARN", "a"), ("log", "WARN", "b")]),
    ],
)
def test_log(ctx: FakeContext, props: dict[str, Any], entries: list[tuple[str, str, str]]) -> None:
    ctx.variables["inputs"] = {"who": "Ada"}
    ctx.run(CORE + "log.Log", **props)
    assert ctx.log.entries == entries


def test_return_and_echo(ctx: FakeContext) -> None:
    assert ctx.run(CORE + "debug.Return", format="{{ task.id }}!") == {"value": "t!"}
    assert ctx.run(CORE + "debug.Return") == {}
    assert ctx.metrics[0] == ("length", 2, "counter", {"format": "t!"})
    ctx.run(CORE + "debug.Echo", format="x", level="ERROR")
    assert ctx.log.entries == [("log", "DEBUG", "t!"), ("log", "ERROR", "x")]


@pytest.mark.parametrize(
    ("props", "message"),
    [
        ({}, "Task failure"),
        ({"errorMessage": "no {{ task.id }}"}, "no t"),
        ({"condition": "{{ 1 }}", "errorMessage": "bad"}, "Fail on a condition"),
        ({"condition": "{{ 0 }}"}, None),
        ({"condition": "false"}, None),
    ],
)
def test_fail(ctx: FakeContext, props: dict[str, Any], message: str | None) -> None:
    if message is None:
        assert ctx.run(CORE + "execution.Fail", **props) is None
    else:
        assert str(failure(ctx, "execution.Fail", **props)) == message
        assert ctx.log.of("ERROR") == (["bad"] if "condition" in props else [])


def test_assert(ctx: FakeContext) -> None:
    assert ctx.run(CORE + "execution.Assert", conditions=["{{ 1 }}", "true"]) == {"success": 2, "failed": 0}
    error = failure(ctx, "execution.Assert", conditions=["{{ 0 }}", "{{ no.such }}", "x"], errorMessage="why")
    assert str(error) == "2 assertions failed!\nwhy"
    assert error.outputs == {"success": 1, "failed": 2}
    assert len(ctx.log.of("ERROR")) == 2


def test_outputs_and_metrics(ctx: FakeContext) -> None:
    values = {"a": ["{{ task.id }}", 1], "b": {"c": True}}
    assert ctx.run(CORE + "output.OutputValues", values=values) == {"values": {"a": ["t", 1], "b": {"c": True}}}
    metrics = [
        {"type": "counter", "name": "n", "value": "2", "tags": {"k": "{{ task.id }}"}},
        {"type": "timer", "name": "d", "value": "PT2S"},
    ]
    assert ctx.run(CORE + "metric.Publish", metrics=metrics) == {"metrics": 2}
    assert ctx.metrics == [("n", 2.0, "counter", {"k": "t"}), ("d", 2.0, "timer", {})]
    bad = [{"type": "gauge", "name": "g", "value": "much"}]
    assert "The metric `g` has no usable value" in str(failure(ctx, "metric.Publish", metrics=bad))


def test_sleep_ends_when_the_attempt_is_killed(ctx: FakeContext) -> None:
    assert ctx.run(CORE + "flow.Sleep", duration="PT0S") is None
    threading.Timer(0.02, ctx.cancelled.set).start()
    with pytest.raises(Cancelled):
        ctx.run(CORE + "flow.Sleep", duration="PT1H")


@pytest.mark.parametrize(
    ("name", "props", "update"),
    [
        ("Labels", {"labels": {"a": "{{ task.id }}", "n": 1}}, ExecutionUpdate(labels={"a": "t", "n": "1"})),
        ("Labels", {"labels": [{"key": "a", "value": "b"}]}, ExecutionUpdate(labels={"a": "b"})),
        ("Labels", {"labels": '{"a": "b"}'}, ExecutionUpdate(labels={"a": "b"})),
        ("SetVariables", {"variables": {"v": {"x": 1}}}, ExecutionUpdate(variables={"v": {"x": 1}})),
        ("UnsetVariables", {"variables": ["v.x", "none"]}, ExecutionUpdate(unset=("v.x", "none"))),
        ("Exit", {"state": "CANCELED"}, ExecutionUpdate(end_state="CANCELLED")),
        ("Exit", {}, ExecutionUpdate(end_state="SUCCESS")),
    ],
)
def test_tasks_that_change_the_execution(
    ctx: FakeContext, name: str, props: dict[str, Any], update: ExecutionUpdate
) -> None:
    ctx.variables["vars"] = {"v": {"x": 1}}
    assert ctx.run(f"{CORE}execution.{name}", **props) == update
    assert ctx.log.of("WARN") == (["These variables do not exist: none."] if name == "UnsetVariables" else [])


@pytest.mark.parametrize(
    ("name", "props", "message"),
    [
        ("Labels", {"labels": {"system.x": "1"}}, "System labels can only be set by Kestra itself, offending label: s"),
        ("Labels", {"labels": "[1]"}, "Unknown value type: list"),
        ("Labels", {"labels": {"a": ""}}, "The label `a` is empty"),
        ("SetVariables", {"variables": {"v": 1}, "overwrite": False}, "These variables exist already: v."),
    ],
)
def test_changes_that_are_refused(ctx: FakeContext, name: str, props: dict[str, Any], message: str) -> None:
    ctx.variables["vars"] = {"v": 0}
    assert str(failure(ctx, f"execution.{name}", **props)).startswith(message)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (None, "7", "7"), ("NUMBER", "7", 7), ("NUMBER", "7.5", 7.5), ("BOOLEAN", "true", True),
        ("BOOLEAN", "yes", False), ("DURATION", "PT1M", timedelta(minutes=1)), ("JSON", '{"a": 1}', {"a": 1}),
        ("DATE", "2026-01-31", date(2026, 1, 31)), ("STRING", "x", "x"),
        ("DATETIME", "2026-01-31T00:00:00Z", datetime(2026, 1, 31, tzinfo=UTC)), (None, {"a": [1]}, {"a": [1]}),
    ],
)  # fmt: skip
def test_kv_values_have_types(ctx: FakeContext, kind: str | None, text: Any, value: Any) -> None:
    ctx.run(CORE + "kv.Set", key="k", value=text, kvType=kind, ttl="P1D")
    assert ctx.kv.values == {("company.team", "k"): value}
    assert ctx.kv.times_to_live == {("company.team", "k"): timedelta(days=1)}
    assert ctx.run(CORE + "kv.Get", key="k") == {"value": value}


def test_kv_keys(ctx: FakeContext) -> None:
    for key in ("a1", "a2", "b"):
        ctx.run(CORE + "kv.Set", key=key, value="x")
    ctx.kv.old = {"company.team": ["gone"], "company.team.sub": ["gone"], "other": ["gone"]}
    ctx.kv.set("company.team.sub", "c", 1)
    ctx.kv.set("other", "c", 1)
    assert ctx.run(CORE + "kv.GetKeys", prefix="a") == {"keys": ["a1", "a2"]}
    assert ctx.run(CORE + "kv.Delete", key="a1") == {"deleted": True}
    assert ctx.run(CORE + "kv.Delete", key="a1") == {"deleted": False}
    assert ctx.run(CORE + "kv.PurgeKV", namespaces=["company"]) == {"size": 2}
    assert ctx.kv.old == {"company.team": [], "company.team.sub": [], "other": ["gone"]}
    everything = {"behavior": {"type": "key", "expiredOnly": False}, "keyPattern": "a*"}
    assert ctx.run(CORE + "kv.PurgeKV", namespacePattern="company.*", **everything) == {"size": 1}


@pytest.mark.parametrize(
    ("name", "props", "message"),
    [
        ("Set", {"key": "k", "value": "2", "overwrite": False}, "Cannot set value for key 'k'. Key already exists and"),
        ("Set", {"key": "a b", "value": "2"}, "'a b' is not a valid key"),
        ("Set", {"key": "n", "value": "many", "kvType": "NUMBER"}, "The value of key 'n' is not a NUMBER: many"),
        ("Get", {"key": "no", "errorOnMissing": True}, "No value found for key 'no' in namespace 'company.team' and"),
        ("Delete", {"key": "no", "errorOnMissing": True}, "No value found for key 'no'"),
        ("PurgeKV", {"namespaces": ["a"], "namespacePattern": "b"}, "Give either `namespaces` or"),
    ],
)
def test_kv_failures(ctx: FakeContext, name: str, props: dict[str, Any], message: str) -> None:
    ctx.run(CORE + "kv.Set", key="k", value="1")
    assert str(failure(ctx, f"kv.{name}", **props)).startswith(message)


def test_state_is_merged_per_flow_and_value(ctx: FakeContext) -> None:
    first = ctx.run(CORE + "state.Set", data={"a": {"x": [1]}, "b": 1})
    assert first == {"count": 2, "key": "flow_states_tasks-states_default"}
    ctx.run(CORE + "state.Set", data={"a": {"x": [2], "y": "{{ task.id }}"}})
    expected = {"data": {"a": {"x": [1, 2], "y": "t"}, "b": 1}, "count": 2}
    assert ctx.run(CORE + "state.Get") == expected
    ctx.variables["taskrun"] = {"value": "round 1"}
    assert ctx.run(CORE + "state.Get") == {"data": {}, "count": 0}
    assert ctx.run(CORE + "state.Get", taskrunValue=False) == expected
    assert "There is no state `other`" in str(failure(ctx, "state.Get", name="other", errorOnMissing=True))
    assert ctx.run(CORE + "state.Delete", taskrunValue=False) == {"deleted": True}
    assert (
        ctx.run(CORE + "state.Set", namespace=True, taskrunValue=False, data={})["key"] == "states_tasks-states_default"
    )


def test_executions_are_counted_resumed_and_removed(ctx: FakeContext) -> None:
    ctx.executions.executions = [
        {"id": "e1", "namespace": "a", "flowId": "f"}, {"id": "e2", "namespace": "a", "flowId": "f"},
        {"id": "exec1", "namespace": "a", "flowId": "g"},
    ]  # fmt: skip
    flows = [{"namespace": "a", "flowId": name} for name in ("f", "g", "none")]
    counted = ctx.run(
        CORE + "execution.Count", flows=flows, expression="{{ count < 2 }}", startDate="2026-01-01T00:00:00Z"
    )
    assert counted == {
        "results": [{"namespace": "a", "flowId": "g", "count": 1}, {"namespace": "a", "flowId": "none", "count": 0}],
        "total": 1,
    }  # fmt: skip
    assert ctx.run("io.kestra.plugin.kestra.executions.Count", namespaces=["a"]) == {"count": 3}
    ctx.run(CORE + "execution.Resume", executionId="e1", inputs={"ok": "{{ task.id }}"})
    assert ctx.executions.asked[-1] == ("resume", {"execution_id": "e1", "inputs": {"ok": "t"}})
    removed = ctx.run(CORE + "execution.PurgeExecutions", endDate="2026-01-01T00:00:00Z", purgeMetric=False)
    assert removed == {"executionsCount": 2, "logsCount": 4, "metricsCount": 0, "storagesCount": 2}
    assert [asked[1]["execution_id"] for asked in ctx.executions.asked if asked[0] == "delete"] == ["e1", "e2"]
    assert "RUNNING" not in next(asked[1]["states"] for asked in ctx.executions.asked if asked[1].get("states"))


def test_logs_are_fetched_and_removed(ctx: FakeContext) -> None:
    ctx.executions.log_entries = [
        {"taskId": "a", "timestamp": "2", "message": "later"}, {"taskId": "b", "timestamp": "1", "message": "first"},
    ]  # fmt: skip
    fetched = ctx.run(CORE + "log.Fetch", level="WARN", tasksId=["a", "b"])
    assert [entry["message"] for entry in ctx.records(fetched["uri"])] == ["first", "later"]
    assert fetched["size"] == 2
    assert "only used together" in str(failure(ctx, "log.Fetch", namespace="a"))
    ctx.executions.executions = [{"id": "e1", "namespace": "a", "flowId": "f"}]
    assert ctx.run(CORE + "log.PurgeLogs", endDate="2026-01-01T00:00:00Z") == {"count": 3}


def test_a_templated_task_is_run_by_the_context(ctx: FakeContext) -> None:
    assert ctx.run(CORE + "templating.TemplatedTask", spec="type: {{ task.id }}") == {"spec": "type: t"}


@pytest.mark.parametrize(
    ("given", "switched"),
    [
        ({"trigger": "nightly"}, ("company.team", "flow", "nightly", False)),
        (
            {"trigger": "nightly", "enabled": True, "namespace": "lab", "flowId": "other"},
            ("lab", "other", "nightly", True),
        ),
    ],
)
def test_toggle(ctx: FakeContext, given: dict[str, Any], switched: tuple[str, str, str, bool]) -> None:
    ctx.run(CORE + "trigger.Toggle", **given)
    assert ctx.triggers.switched == [switched]
