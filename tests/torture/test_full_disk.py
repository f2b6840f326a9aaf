"""The disk is full at a random moment: one sentence says so, nothing that was finished is lost, a restart goes on.

With a small disk of its own as root, with RLIMIT_FSIZE for everybody (the same errors for the runner alone).
"""

import contextlib
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.lab import Lab, orphans, shell, wait_until
from tests.torture.endings import ended_well, meaning, outputs_of
from tests.torture.small_disk import SmallDisk

from podium.engine.execution import Execution
from podium.model.flow import Flow
from podium.runtime.executions import Refused
from podium.runtime.launcher import ForkServer
from podium.store.errors import StoreError

RETURN = "type: io.kestra.plugin.core.debug.Return, format"
FLOW = "type: io.kestra.plugin.core.flow"
PLACES = {"the workspace": "", "its .podium": ".podium", "working directories": ".podium/tmp",
          "internal storage": ".podium/storage", "journals and logs": ".podium/executions"}  # fmt: skip

TASKS = f"""
- {{id: begin, {RETURN}: "begin"}}
- id: each
  {FLOW}.ForEach
  values: ["a", "b", "c"]
  concurrencyLimit: 2
  tasks:
    - {shell("say", "seq 300; seq 2000 > rows.txt; sleep 0.05", 'outputFiles: ["*.txt"]')}
    - {{id: mark, {RETURN}: "{{{{ taskrun.value }}}}"}}
- id: wd
  {FLOW}.WorkingDirectory
  outputFiles: ["*.txt"]
  tasks:
    - {shell("write", "seq 3000 > a.txt")}
    - {shell("read", "tail -1 a.txt")}
- {{id: sub, {FLOW}.Subflow, namespace: lab, flowId: child}}
- {{id: pause, {FLOW}.Pause, pauseDuration: PT0.1S}}
- {{id: end, {RETURN}: "{{{{ outputs.wd.outputFiles['a.txt'] is defined }}}}"}}
"""


def flow_of(lab: Lab) -> Flow:
    lab.flow(f"- {{id: x, {RETURN}: child}}\n- {shell('y', 'seq 200')}", "child")
    return lab.flow(TASKS, "parent", "concurrency: {limit: 1}")


def at_rest(lab: Lab, execution_id: str) -> None:
    """Wait until the runner is gone and everything that it had started; one that could not even begin said why."""
    begin = time.monotonic()

    def begun() -> bool:
        unseen = lab.executions.record(execution_id).load().execution.state in ("CREATED", "RESTARTED")
        return not unseen or time.monotonic() > begin + 3

    wait_until(begun)
    wait_until(lambda: not lab.executions.is_running(execution_id), 40)
    wait_until(lambda: not orphans(lab.root), 15)


def listed(lab: Lab, execution_id: str) -> str:
    """The state that lists show."""
    return next(row.state for row in lab.executions.summaries().items if row.id == execution_id)


def reason(lab: Lab, execution: Execution) -> str:
    """Everything that anybody was told."""
    return "\n".join([execution.error or "", *lab.log(execution.id), *lab.log(execution.id, "stderr"),
                      lab.runner_log(execution.id)])  # fmt: skip


@pytest.fixture(params=PLACES)
def full(request: pytest.FixtureRequest, tmp_path: Path, fork_server: ForkServer) -> Iterator[tuple[Lab, SmallDisk]]:
    root = tmp_path / "ws"
    root.mkdir()
    disk = SmallDisk(root / PLACES[request.param])
    lab = Lab(root, fork_server)
    yield lab, disk
    disk.free()
    lab.close()
    lab.executions.stores.database.close()
    disk.unmount()


@pytest.mark.slow
def test_a_disk_that_is_full_at_any_moment(full: tuple[Lab, SmallDisk], thorough: bool, seed: int) -> None:
    lab, disk = full
    chance = random.Random(f"{seed} {disk.path.name}")
    flow = flow_of(lab)
    begin = time.monotonic()
    undisturbed = meaning(lab.run(flow))
    length = time.monotonic() - begin
    for number in range(25 if thorough else 1):
        moment, leave = chance.uniform(0, length), chance.choice([0, 0, 4096, 20_000])
        try:
            fill_up(lab, disk, flow, moment, leave, undisturbed)
        except BaseException as error:
            error.add_note(f"--torture-seed {seed}, disk {number}: full after {moment:.3f} s of {length:.3f}, {leave}")
            raise


def fill_up(lab: Lab, disk: SmallDisk, flow: Flow, moment: float, leave: int, undisturbed: Any) -> None:
    execution_id = lab.start(flow)
    time.sleep(moment)
    disk.fill(leave)
    at_rest(lab, execution_id)

    # While it is full: it can be looked at, it is not shown as running, and a restart changes nothing or goes on.
    seen = lab.executions.get(execution_id)
    assert seen.terminal or seen.state in ("CREATED", "PAUSED", "RESTARTED"), seen.state
    finished = outputs_of(seen)
    if seen.terminal and seen.state != "SUCCESS":
        assert "space" in reason(lab, seen), reason(lab, seen)
        wait_until(lambda: listed(lab, execution_id) == seen.state)
        try:
            lab.executions.restart(execution_id)
        except (StoreError, Refused) as error:
            assert "space" in str(error), error
            assert lab.executions.get(execution_id).state == seen.state
        else:
            at_rest(lab, execution_id)

    disk.free()
    now = lab.executions.get(execution_id)
    assert finished.items() <= outputs_of(now).items(), "an output that was finished is lost"
    if now.terminal and now.state != "SUCCESS":
        lab.executions.restart(execution_id)
    ended_well(lab, execution_id, undisturbed)


# ---- the commands ------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("full", ["the workspace"], indirect=True)
def test_commands_on_a_full_disk_say_one_sentence(full: tuple[Lab, SmallDisk]) -> None:
    lab, disk = full
    flow = lab.flow(f"- {shell('a', 'seq 20000')}", "small")
    ids = [lab.run(flow).id for _ in range(3)]
    wait_until(lambda: not any(lab.executions.is_running(one) for one in ids))
    disk.fill(0)
    # As on a machine where nothing of Podium runs: a database that nobody has open needs files beside it.
    lab.executions.stores.database.close()

    def podium(*words: str) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "200"}
        program = [sys.executable, "-m", "podium", *words]
        return subprocess.run(program, cwd=lab.root, env=environment, capture_output=True, text=True, timeout=60)

    for words in (["runs"], ["show", ids[0]], ["logs", ids[0]]):
        done = podium(*words)
        assert done.returncode == 0, (words, done.stderr)
    assert podium("runs", "-q").stdout.split() == ids[::-1]
    for words in (["run", "small"], ["replay", ids[0]], ["kv", "set", "k" * 50, "v" * 20_000]):
        done = podium(*words)
        assert done.returncode == 2, (words, done.stderr)
        assert "space" in done.stderr
        assert "Traceback" not in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    assert len(list(lab.workspace.executions.iterdir())) == 3, "a half of an execution is left"
    assert podium("gc", "--max-count", "1").returncode == 0
    assert podium("runs", "-q").stdout.split() == ids[:1:-1]


# ---- for everybody -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_files_that_must_not_grow(tmp_path: Path, fork_server: ForkServer, thorough: bool, seed: int) -> None:
    lab = Lab(tmp_path / "ws", fork_server)
    try:
        chance = random.Random(seed)
        flow = flow_of(lab)
        undisturbed = meaning(lab.run(flow))
        for number in range(40 if thorough else 3):
            # Below that there is no room for the words in which a runner says what it could not write.
            limit = chance.randrange(600, 20_000)
            try:
                stunted(lab, flow, limit, undisturbed)
            except BaseException as error:
                error.add_note(f"--torture-seed {seed}, run {number}: no file above {limit} bytes")
                raise
    finally:
        lab.close()


def stunted(lab: Lab, flow: Flow, limit: int, undisturbed: Any) -> None:
    """One run whose runner must not write beyond `limit` bytes of any file."""
    execution_id = lab.start(flow)
    lab.until(execution_id, lambda execution: "begin" in {run.task_id for run in execution.taskruns.values()})
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(lab.runner_pid(execution_id), resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    at_rest(lab, execution_id)
    seen = lab.executions.get(execution_id)
    failed = seen.terminal and seen.state != "SUCCESS"
    if failed:
        assert "cannot" in reason(lab, seen).lower() or "exit code" in reason(lab, seen), reason(lab, seen)
        lab.executions.restart(execution_id)
    assert outputs_of(seen).items() <= outputs_of(lab.executions.get(execution_id)).items()
    ended_well(lab, execution_id, undisturbed)
