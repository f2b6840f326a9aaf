"""Two processes want something of the same execution at the same moment: one wins, or both; nothing is half done."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.lab import Lab, orphans, shell, wait_until
from tests.torture.endings import settled

from podium.runtime.executions import NotCreated, Refused
from podium.runtime.launcher import ForkServer
from podium.runtime.process_census import is_alive
from podium.store.errors import StoreError

RETURN = "type: io.kestra.plugin.core.debug.Return, format"
FLOW = "type: io.kestra.plugin.core.flow"

Start = Callable[[Lab], str]


def failed(lab: Lab) -> str:
    """An execution that has failed, of a flow that would succeed now."""
    (lab.root / "ok").unlink(missing_ok=True)
    flow = lab.flow(f"- {{id: a, {RETURN}: x}}\n- {shell('b', f'test -e {lab.root}/ok && sleep 0.05')}", "fails",
                    "concurrency: {limit: 1}")  # fmt: skip
    execution = lab.run(flow)
    (lab.root / "ok").touch()
    lab.until_left(execution.id)
    return execution.id


def paused(lab: Lab) -> str:
    execution_id = lab.start(lab.flow(f"- {{id: p, {FLOW}.Pause}}\n- {shell('b', 'sleep 0.05')}", "pauses"))
    lab.until_state(execution_id, "PAUSED")
    return execution_id


def running(lab: Lab) -> str:
    execution_id = lab.start(lab.flow(f"- {shell('a', 'sleep 0.3')}\n- {{id: b, {RETURN}: x}}", "runs"))
    lab.until(execution_id, lambda execution: any(run.state == "RUNNING" for run in execution.taskruns.values()))
    return execution_id


PAIRS: list[tuple[Start, str, str]] = [
    (failed, "restart", "restart"), (failed, "restart", "kill"), (failed, "restart", "delete"),
    (failed, "replay", "delete"), (failed, "replay", "restart"), (failed, "delete", "delete"),
    (failed, "change", "restart"), (failed, "set_labels", "restart"), (failed, "set_labels", "delete"),
    (paused, "kill", "resume"), (paused, "resume", "resume"), (paused, "restart", "kill"), (paused, "resume", "delete"),
    (running, "kill", "restart"), (running, "kill", "kill"), (running, "pause", "kill"), (running, "kill", "delete"),
    (running, "replay", "kill"),
]  # fmt: skip


def do(lab: Lab, wish: str, execution_id: str) -> str:
    """Carry out a wish; the id of a new execution, if it made one."""
    executions = lab.executions
    match wish:
        case "delete":
            executions.delete(execution_id, force=True)
        case "change":
            executions.change_state(execution_id, "WARNING")
        case "set_labels":
            executions.set_labels(execution_id, {"seen": "yes"})
        case "replay":
            return executions.replay(execution_id)
        case _:
            getattr(executions, wish)(execution_id)
    return ""


def at_once(lab: Lab, execution_id: str, wishes: tuple[str, str]) -> list[str]:
    """Each wish in a process of its own, let go at the same moment; the ids of new executions."""
    gate_out, gate_in = os.pipe()
    answer_out, answer_in = os.pipe()
    children = []
    for wish in wishes:
        child = os.fork()
        if child == 0:
            os.close(gate_in)
            os.read(gate_out, 1)
            try:
                made = do(lab, wish, execution_id)
                os.write(answer_in, f"{made}\n".encode())
            except (Refused, NotCreated, StoreError) as error:
                # A sentence for the user, which every command prints.
                os._exit(0 if str(error).strip() else 1)
            except BaseException as error:
                os.write(2, f"{wish}: {error!r}\n".encode())
                os._exit(1)
            os._exit(0)
        children.append(child)
    for descriptor in (gate_in, gate_out, answer_in):
        os.close(descriptor)
    codes = [os.waitpid(child, 0)[1] for child in children]
    with os.fdopen(answer_out) as answers:
        made = answers.read().split()
    assert codes == [0, 0], wishes
    return made


@pytest.mark.slow
@pytest.mark.parametrize(
    ("start", "first", "second"), PAIRS, ids=[f"{s.__name__}-{a}-{b}" for s, a, b in PAIRS]
)  # fmt: skip
def test_two_at_once(
    tmp_path: Path, fork_server: ForkServer, thorough: bool, start: Start, first: str, second: str
) -> None:  # fmt: skip
    lab = Lab(tmp_path / "ws", fork_server)
    try:
        for number in range(15 if thorough else 1):
            execution_id = start(lab)
            wishes = (first, second) if number % 2 == 0 else (second, first)
            for made in at_once(lab, execution_id, wishes):
                assert settled(lab, made).terminal
            whole_or_gone(lab, execution_id)
    finally:
        lab.close()


def whole_or_gone(lab: Lab, execution_id: str) -> None:
    """The execution is over and the index agrees with its journal, or nothing of it is left."""
    executions = lab.executions
    record = executions.stores.record(execution_id)
    if record.exists():
        lab.until(execution_id, lambda seen: seen.terminal or seen.state == "PAUSED")
        if executions.get(execution_id).state == "PAUSED":
            executions.kill(execution_id)
        execution: Any = settled(lab, execution_id)
        wait_until(lambda: not executions.is_running(execution_id))
        executions.reconcile()
        row = executions.index.get(execution_id)
        assert row is not None
        assert (row.state, row.pid) == (execution.state, None)
        assert len(execution.taskruns) == len({run.id for run in execution.taskruns.values()})
        assert all(run.end is not None for run in execution.taskruns.values())
    else:
        assert not record.directory.exists(), list(record.directory.iterdir())
        assert executions.index.get(execution_id) is None
    wait_until(lambda: not orphans(lab.root))
    assert list(lab.workspace.tmp.iterdir()) == []
    assert executions.index.slots("lab", "fails", is_alive) == []
