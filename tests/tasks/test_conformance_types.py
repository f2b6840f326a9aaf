"""The helper types of the conformance flows do what their names say."""

import sys
from pathlib import Path
from typing import Any

import pytest
from context import FakeContext

from podium.plugin.binding import bind
from podium.plugin.task import DynamicTaskRun, TaskError, TaskResult

sys.path.insert(0, str(Path(__file__).parent.parent / "plugins"))

import conformance_types as types


def run(ctx: FakeContext, cls: Any, **props: Any) -> Any:
    return bind(cls, props, ctx).run(ctx)


def test_they_have_names_of_their_own() -> None:
    names = [cls.type for cls in types.CLASSES] + [alias for cls in types.CLASSES for alias in cls.aliases]
    assert len(names) == len(set(names)) == 19


def test_what_they_give_on(ctx: FakeContext) -> None:
    ctx.write("a.txt", "A")
    assert run(ctx, types.Read, path="a.txt") == {"value": "A"}
    assert run(ctx, types.NullOutputTask) == {"value": None}
    assert len(run(ctx, types.WorkerTaskResultTooLarge)["value"]) == 1_100_000
    assert run(ctx, types.CounterTask)["counter"] + 1 == run(ctx, types.CounterTask)["counter"]
    assert run(ctx, types.Encrypted, format="x") == {
        "value": {"type": "io.kestra.datatype:aes_encrypted", "value": "x"}
    }
    run(ctx, types.TaskWithAlias, message="m")
    assert ctx.log.of("INFO") == ["m"]


def test_how_they_fail(ctx: FakeContext) -> None:
    with pytest.raises(TaskError, match="m") as failure:
        run(ctx, types.TaskThatFail, message="m")
    assert failure.value.outputs == {"message": "m"}
    with pytest.raises(TaskError, match="An error!"):
        run(ctx, types.BadExecutable)
    name = f"dynamic-{ctx.taskrun_id}-0"
    failed = TaskResult(state="FAILED", dynamic=(DynamicTaskRun(name, "FAILED", name),))
    assert run(ctx, types.DynamicTask, fail=True) == failed


def test_the_ended_execution_is_given_on(ctx: FakeContext) -> None:
    ended = {"id": "exec1", "namespace": "company.team", "flowId": "flow", "state": {"current": "SUCCESS"}}
    ctx.executions.executions = [{**ended, "id": "other"}, ended]
    assert run(ctx, types.ListenersTestTask) == {"value": str(ended)}
