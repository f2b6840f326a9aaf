"""The runner is killed with -9 at random moments of a flow that does everything; nothing may be lost or left.

`--torture` (`make torture`) is the long form; without it a few moments show that it works at all. A failure says
its seed: `--torture-seed` repeats it.
"""

import os
import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.lab import Lab, orphans, shell, wait_until
from tests.torture.endings import ended_well, meaning, outputs_of

from podium.engine.execution import Execution
from podium.runtime.executions import Refused
from podium.runtime.launcher import ForkServer
from podium.runtime.presence import living_runner
from podium.runtime.process_census import is_alive

RETURN = "type: io.kestra.plugin.core.debug.Return, format"
FLOW = "type: io.kestra.plugin.core.flow"


def tell(name: str, text: str) -> str:
    """A command that gives its task an output."""
    return f"""echo '::{{"outputs":{{"{name}":"{text}"}}}}::'"""


RETRY = "retry: {type: constant, interval: PT0.05S}"
FLAKY = "test {{ taskrun.attemptsCount }} -gt 0; "

CHILD = f"""
- {{id: first, {RETURN}: "child {{{{ inputs.n }}}}"}}
- {shell("second", tell("said", "script {{ inputs.n }}"))}
"""

PARENT = f"""
- {{id: begin, {RETURN}: "begin"}}
- id: both
  {FLOW}.Parallel
  tasks:
    - {shell("slow", "sleep 0.1; " + tell("x", "slow"))}
    - {shell("flaky", FLAKY + tell("x", "flaky"), RETRY)}
    - {{id: quick, {RETURN}: "quick"}}
- id: each
  {FLOW}.ForEach
  values: ["a", "b", "c"]
  concurrencyLimit: 2
  tasks:
    - {{id: mark, {RETURN}: "{{{{ taskrun.value }}}}"}}
    - {shell("say", tell("x", "said {{ taskrun.value }}"))}
- id: wd
  {FLOW}.WorkingDirectory
  outputFiles: ["*.txt"]
  tasks:
    - {shell("write", "echo written > a.txt")}
    - {shell("read", "cat a.txt; " + tell("x", "read"))}
- {{id: pause, {FLOW}.Pause, pauseDuration: PT0.1S}}
- {{id: sub, {FLOW}.Subflow, namespace: lab, flowId: child, inputs: {{n: 7}}}}
- id: items
  {FLOW}.ForEach
  values: [1, 2]
  concurrencyLimit: 0
  tasks:
    - {{id: inner, {FLOW}.Subflow, namespace: lab, flowId: child, inputs: {{n: "{{{{ taskrun.value }}}}"}}}}
- {{id: end, {RETURN}: "{{{{ outputs.wd.outputFiles['a.txt'] is defined }}}} {{{{ outputs.sub.outputs.all }}}}"}}
"""


@pytest.fixture
def busy(tmp_path: Path, fork_server: ForkServer) -> Any:
    made = Lab(tmp_path / "ws", fork_server)
    made.flow(
        CHILD, "child", "inputs: [{id: n, type: INT}]\noutputs:\n"
        '  - {id: all, type: STRING, value: "{{ outputs.first.value }} {{ outputs.second.vars.said }}"}',
    )  # fmt: skip
    yield made
    made.close()


@pytest.mark.slow
def test_kill_9_at_any_moment(busy: Lab, moments: tuple[int, int, int]) -> None:
    seed, group, count = moments
    chance = random.Random(seed * 1000 + group)
    flow = busy.flow(PARENT, "parent", "concurrency: {limit: 1}")
    begin = time.monotonic()
    undisturbed = meaning(busy.run(flow))
    length = time.monotonic() - begin
    killed = 0
    for number in range(count):
        moment = chance.uniform(0, length)
        try:
            killed += torment(busy, flow, moment, undisturbed, chance)
        except BaseException as error:
            error.add_note(f"--torture-seed {seed}, kill {number} of this test, after {moment:.3f} s of {length:.3f}")
            raise
    while not killed:
        # A slow machine took long over the first run: earlier moments are left until one hits.
        length /= 2
        killed += torment(busy, flow, length, undisturbed, chance)


def torment(lab: Lab, flow: Any, moment: float, undisturbed: Mapping[str, Any], chance: random.Random) -> int:
    """One run that is killed once or twice, taken up again, and held against the undisturbed one; how many kills."""
    execution_id = lab.start(flow)
    record = lab.executions.record(execution_id)
    wait_until(lambda: living_runner(record) is not None or record.load().execution.state != "CREATED", 30)
    killed = 0
    for wait in (moment, *([chance.uniform(0, moment)] if chance.random() < 0.3 else [])):
        time.sleep(wait)
        mark = living_runner(lab.executions.record(execution_id))
        if mark is None:
            break
        lab.kill_runner(execution_id)
        killed += 1
        finished = outputs_of(lab.executions.record(execution_id).load().execution)
        wait_until(lambda: not orphans(lab.root), 12)
        lab.executions.reconcile()
        seen = lab.executions.get(execution_id)
        assert seen.state not in ("RUNNING", "RETRYING", "KILLING") or lab.executions.is_running(execution_id)
        assert finished.items() <= outputs_of(seen).items(), "an output that was finished is lost"
        if seen.terminal and seen.state != "SUCCESS":
            assert lab.executions.index.slots("lab", "parent", is_alive) == [], "a dead run holds a slot"
            lab.executions.restart(execution_id)
    ended_well(lab, execution_id, undisturbed)
    return killed


# ---- the journal -------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_journal_cut_at_any_byte_can_be_taken_up(busy: Lab, thorough: bool) -> None:
    """Every prefix of a recorded journal folds, and is closed or left alone; at every line it also runs to the end."""
    flow = busy.flow(f"- {{id: a, {RETURN}: x}}\n- {shell('b', 'true')}\n- {{id: c, {RETURN}: y}}", "short")
    execution = busy.run(flow)
    record = busy.executions.record(execution.id)
    whole = record.journal.read_bytes()
    first = whole.index(b"\n") + 1
    lines = {position for position, byte in enumerate(whole, 1) if byte == 10}

    def cut_at(position: int) -> Execution:
        record.journal.write_bytes(whole[:position])
        # The index is made from journals: it knows nothing better.
        busy.executions.index.delete([execution.id])
        return busy.executions.get(execution.id)

    for cut in range(first, len(whole), 1 if thorough else 23):
        seen = cut_at(cut)
        assert seen.state in ("CREATED", "FAILED", "SUCCESS"), f"cut at byte {cut}: {seen.state}"
    for cut in sorted(lines - {len(whole)}):
        seen = cut_at(cut)
        if seen.state == "CREATED":
            busy.executions.launcher.launch(busy.root, execution.id)
        elif seen.state != "SUCCESS":
            busy.executions.restart(execution.id)
        assert busy.end(execution.id).state == "SUCCESS", f"cut at byte {cut}"
        assert busy.states(execution.id) == ["a SUCCESS", "b SUCCESS", "c SUCCESS", "SUCCESS"], f"cut at byte {cut}"


# ---- two at once -------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_commands_at_the_same_time_do_not_hurt_each_other(busy: Lab, thorough: bool) -> None:
    """Several processes kill, restart and resume the same execution; it ends in one of the states they wanted."""
    flow = busy.flow(f"- {shell('a', 'sleep 0.2')}\n- {{id: p, {FLOW}.Pause}}\n- {{id: b, {RETURN}: x}}", "fought")
    execution_id = busy.start(flow)
    busy.until_state(execution_id, "PAUSED")
    for round_ in range(20 if thorough else 4):
        children = []
        for wish in ("resume", "kill", "restart", "restart", "kill", "resume"):
            child = os.fork()
            if child == 0:
                try:
                    getattr(busy.executions, wish)(execution_id)
                except Refused:
                    pass
                except BaseException as error:
                    os.write(2, f"{wish}: {error!r}\n".encode())
                    os._exit(1)
                os._exit(0)
            children.append(child)
        assert all(os.waitpid(child, 0)[1] == 0 for child in children), f"round {round_}"
        busy.until(execution_id, lambda e: e.state in ("PAUSED", "KILLED", "SUCCESS", "FAILED"), 20)
        busy.executions.reconcile()
    execution = busy.executions.get(execution_id)
    if execution.state == "PAUSED":
        busy.executions.kill(execution_id)
    busy.until(execution_id, lambda e: e.terminal)
    assert orphans(busy.root) == []
