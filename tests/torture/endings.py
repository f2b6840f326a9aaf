"""What must be so after whatever has happened to a run, and what it has produced: shared by the tests beside it."""

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tests.runtime.lab import Lab, orphans

from podium.engine.execution import Execution
from podium.engine.states import TERMINAL
from podium.runtime.process_census import is_alive


def settled(lab: Lab, execution_id: str) -> Execution:
    """Wait for the end; whatever waits without a process is found by looking, as the workbench does."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        execution = lab.executions.wait(execution_id, timedelta(seconds=1))
        if execution.terminal:
            if execution.lost:
                lab.executions.restart(execution_id)
                continue
            return execution
        lab.executions.reconcile()
    raise AssertionError(f"no end: {lab.states(execution_id)}, runner log: {lab.runner_log(execution_id)}")


def ended_well(lab: Lab, execution_id: str, undisturbed: Mapping[str, Any]) -> None:
    """The run comes to the end that an undisturbed one comes to, and leaves nothing."""
    execution = settled(lab, execution_id)
    assert execution.state == "SUCCESS", (lab.states(execution_id), lab.log(execution_id, level="ERROR"))
    assert meaning(execution) == undisturbed
    assert orphans(lab.root) == []
    # What the last runner could not tell the index any more.
    lab.until_left(execution_id)
    lab.executions.reconcile()
    assert list(lab.workspace.tmp.iterdir()) == [], "a directory of an attempt is left"
    assert lab.executions.index.slots("lab", execution.flow_id, is_alive) == []
    assert [row.id for row in lab.executions.index.unfinished()] == []


def outputs_of(execution: Execution) -> dict[str, Any]:
    """The outputs of finished task runs, by id. The block of a WorkingDirectory is done again as a whole."""
    return {
        run.id: run.outputs for run in execution.taskruns.values()
        if run.state in TERMINAL and run.state == "SUCCESS" and run.task_id not in ("write", "read")
    }  # fmt: skip


def meaning(execution: Execution) -> dict[str, Any]:
    """What a run has produced, without ids and dates: the same for every way to the same end."""
    found: dict[str, Any] = {}
    for run in execution.taskruns.values():
        outputs = dict(run.outputs or {})
        for varying in ("executionId", "resumed", "outputFiles"):
            if varying in outputs:
                outputs[varying] = "..."
        parents = [above.value for above in execution.ancestors(run) if above.value is not None]
        found[" ".join([run.task_id, *(str(value) for value in (run.value, *parents) if value is not None)])] = outputs
    return dict(sorted(found.items()))
