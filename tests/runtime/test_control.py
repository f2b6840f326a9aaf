"""Kill, pause, resume, limits: what somebody wants of a running execution, from another process."""

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.lab import Lab, orphans, shell, wait_until

from podium.runtime import requests
from podium.runtime.executions import NotCreated, Refused
from podium.runtime.runner import Runner
from podium.store.index import ExecutionIndex
from podium.store.journal import JournalLocked, kept_from_writers
from podium.store.summaries import ExecutionSummary

RETURN = "type: io.kestra.plugin.core.debug.Return, format"
PAUSE = "type: io.kestra.plugin.core.flow.Pause"


# ---- kill ----------------------------------------------------------------------------------------------------------


def test_kill_ends_scripts_that_fork_ignore_term_and_daemonise(lab: Lab) -> None:
    script = (
        "trap '' TERM; (trap '' TERM; sleep 60) & (setsid sleep 60 >/dev/null 2>&1 &); "
        f"echo up > {lab.root}/up; while :; do sleep 0.1; done"
    )
    flow = lab.flow(f"- {shell('a', script)}\n- {{id: b, {RETURN}: never}}")
    execution_id = lab.start(flow)
    lab.until_file("up")
    begin = time.monotonic()
    lab.executions.kill(execution_id, hard=True)
    execution = lab.end(execution_id)
    assert time.monotonic() - begin < 4.5  # a kill that is not hard gives five seconds
    assert lab.states(execution.id) == ["a KILLED", "KILLED"]
    assert lab.history(execution.id) == ["CREATED", "RUNNING", "KILLING", "KILLED"]
    assert orphans(lab.root) == []
    with pytest.raises(Refused, match="already finished"):
        lab.executions.kill(execution_id)


def test_a_graceful_kill_lets_a_script_clean_up(lab: Lab) -> None:
    script = f"trap 'echo cleaned; exit 0' TERM; echo up > {lab.root}/up; while :; do sleep 0.05; done"
    execution_id = lab.start(lab.flow(f"- {shell('a', script)}"))
    lab.until_file("up")
    lab.executions.kill(execution_id)
    assert lab.end(execution_id).state == "KILLED"
    assert "cleaned" in lab.log(execution_id, "stdout")


def test_a_second_kill_can_be_harder_than_the_first(lab: Lab) -> None:
    script = f"trap '' TERM; echo up > {lab.root}/up; while :; do sleep 0.05; done"
    execution_id = lab.start(lab.flow(f"- {shell('a', script)}"))
    lab.until_file("up")
    lab.executions.kill(execution_id)
    lab.until_state(execution_id, "KILLING")
    time.sleep(0.3)
    begin = time.monotonic()
    lab.executions.kill(execution_id, hard=True)
    assert lab.end(execution_id).state == "KILLED"
    assert time.monotonic() - begin < 4.5  # the first one gave five seconds


def test_kill_reaches_subflows_and_what_nobody_waits_for(lab: Lab) -> None:
    lab.flow(f"- {shell('s', f'echo up >> {lab.root}/up; sleep 60')}", "child")
    call = "type: io.kestra.plugin.core.flow.Subflow, namespace: lab, flowId: child"
    flow = lab.flow(f"- {{id: loose, {call}, wait: false}}\n- {{id: tied, {call}}}", "parent")
    execution_id = lab.start(flow)
    wait_until(lambda: lab.until_file("up").count("up") == 2)
    lab.executions.kill(execution_id)
    execution = lab.end(execution_id)
    children = [(r.outputs or {})["executionId"] for r in execution.taskruns.values()]
    assert [lab.end(child).state for child in children] == ["KILLED", "KILLED"]
    assert lab.states(execution_id) == ["loose SUCCESS", "tied KILLED", "KILLED"]
    assert orphans(lab.root) == []


# ---- pause ---------------------------------------------------------------------------------------------------------


def test_a_pause_costs_no_process_and_resumes_in_another(lab: Lab) -> None:
    flow = lab.flow(f"""
- {{id: a, {RETURN}: kept}}
- {{id: p, {PAUSE}, onResume: [{{id: n, type: INT}}]}}
- {{id: b, {RETURN}: "{{{{ outputs.a.value }}}} {{{{ outputs.p.onResume.n }}}}"}}
""")
    execution_id = lab.start(flow)
    lab.until_state(execution_id, "PAUSED")
    lab.until_left(execution_id)
    with pytest.raises(NotCreated, match="Invalid input for `n`"):
        lab.executions.resume(execution_id, {"n": "x"})
    lab.executions.resume(execution_id, {"n": "5"}, by="me")
    execution = lab.end(execution_id)
    assert lab.outputs(execution.id, "b") == {"value": "kept 5"}
    assert lab.outputs(execution.id, "p")["resumed"]["by"] == "me"
    with pytest.raises(Refused, match="is not paused, can't resume it"):
        lab.executions.resume(execution_id)


def test_who_resumes_at_the_same_time_means_the_same_pause(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second request resumed the next Pause, which nobody had seen."""
    ask = "onResume: [{id: n, type: INT, required: false}]"
    execution_id = lab.start(lab.flow(f"- {{id: p, {PAUSE}, {ask}}}\n- {{id: q, {PAUSE}}}"))
    lab.until_state(execution_id, "PAUSED")
    lab.until_left(execution_id)
    with monkeypatch.context() as patch:
        patch.setattr(lab.launcher, "launch", lambda *_: None)
        lab.executions.resume(execution_id, {"n": 1})
        lab.executions.resume(execution_id, {"n": 2})
    lab.launcher.launch(lab.root, execution_id)
    record = lab.executions.record(execution_id)
    wait_until(lambda: not requests.pending(record.directory) and not lab.executions.is_running(execution_id))
    assert lab.states(execution_id) == ["p SUCCESS", "q PAUSED", "PAUSED"]


def test_a_resume_and_a_kill_are_seen_at_once(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody runs a paused execution: it changes while it is asked to, not when a runner has come to life."""
    flow = lab.flow(f"- {{id: p, {PAUSE}, tasks: [{{id: n, {RETURN}: x}}]}}\n- {{id: b, {RETURN}: x}}")
    resumed, killed = lab.start(flow), lab.start(flow)
    for each in (resumed, killed):
        lab.until_state(each, "PAUSED")
        lab.until_left(each)
    with monkeypatch.context() as patch:
        patch.setattr(lab.launcher, "launch", lambda *_: None)
        lab.executions.resume(resumed, by="me")
        lab.executions.kill(killed)
        assert lab.states(resumed) == ["p RUNNING", "RESTARTED"]
        assert lab.states(killed) == ["p KILLED", "RESTARTED"]
        with pytest.raises(Refused, match="is not paused, can't resume it"):
            lab.executions.resume(resumed)
    for each in (resumed, killed):
        lab.launcher.launch(lab.root, each)
    assert lab.end(resumed).state == "SUCCESS" and lab.end(killed).state == "KILLED"
    assert lab.states(resumed) == ["p SUCCESS", "n SUCCESS", "b SUCCESS", "SUCCESS"]
    assert lab.history(resumed) == ["CREATED", "RUNNING", "PAUSED", "RESTARTED", "RUNNING", "SUCCESS"]
    assert lab.outputs(resumed, "p")["resumed"]["by"] == "me"
    assert lab.states(killed) == ["p KILLED", "KILLED"]
    assert lab.history(killed) == ["CREATED", "RUNNING", "PAUSED", "RESTARTED", "KILLING", "KILLED"]


def test_a_resume_whose_process_died_in_the_middle_is_none(lab: Lab) -> None:
    """The row of the index came first: it said RESTARTED for ever."""
    execution_id = lab.start(lab.flow(f"- {{id: p, {PAUSE}}}"))
    lab.until_state(execution_id, "PAUSED")
    lab.until_left(execution_id)
    index = lab.executions.index
    row = index.get(execution_id)
    assert row is not None
    index.upsert(replace(row, state="RESTARTED"))
    lab.executions.reconcile()
    after = index.get(execution_id)
    assert after is not None and after.state == "PAUSED"
    lab.executions.resume(execution_id)
    assert lab.end(execution_id).state == "SUCCESS"


def test_what_is_killed_before_its_runner_comes_does_not_begin(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(lab.launcher, "launch", lambda *_: None)
        execution_id = lab.start(lab.flow(f"- {shell('a', f'echo up > {lab.root}/up')}"))
        lab.executions.kill(execution_id)
    lab.launcher.launch(lab.root, execution_id)
    assert lab.end(execution_id).state == "KILLED"
    assert lab.states(execution_id) == ["KILLED"]
    assert not (lab.root / "up").exists()


def test_a_pause_with_a_duration_ends_by_itself(lab: Lab) -> None:
    execution_id = lab.start(lab.flow(f"- {{id: p, {PAUSE}, pauseDuration: PT0.4S}}\n- {{id: b, {RETURN}: x}}"))
    lab.until_state(execution_id, "PAUSED")
    assert lab.executions.is_running(execution_id)
    assert lab.end(execution_id).state == "SUCCESS"


def test_somebody_pauses_a_running_execution(lab: Lab) -> None:
    flow = lab.flow(f"- {shell('a', f'echo up > {lab.root}/up; sleep 0.4')}\n- {{id: b, {RETURN}: x}}")
    execution_id = lab.start(flow)
    lab.until_file("up")
    lab.executions.pause(execution_id)
    lab.until_state(execution_id, "PAUSED")
    lab.until_left(execution_id)
    assert lab.states(execution_id) == ["a SUCCESS", "PAUSED"]
    lab.executions.resume(execution_id)
    assert lab.end(execution_id).state == "SUCCESS"
    with pytest.raises(Refused, match="not running"):
        lab.executions.pause(execution_id)


def test_kill_while_paused_needs_no_process_before(lab: Lab) -> None:
    flow = lab.flow(f"- {{id: p, {PAUSE}}}", more=f"afterExecution:\n  - {{id: after, {RETURN}: x}}")
    execution_id = lab.start(flow)
    lab.until_state(execution_id, "PAUSED")
    lab.until_left(execution_id)
    lab.executions.kill(execution_id)
    assert lab.end(execution_id).state == "KILLED"
    assert lab.states(execution_id) == ["p KILLED", "after SUCCESS", "KILLED"]


def test_requests_of_many_at_once_are_all_handled(lab: Lab) -> None:
    execution_id = lab.start(lab.flow(f"- {{id: p, {PAUSE}, pauseDuration: PT20S}}"))
    lab.until_state(execution_id, "PAUSED")
    record = lab.executions.record(execution_id)
    for number in range(50):
        lab.executions.set_labels(execution_id, {f"l{number}": "x"})
    wait_until(lambda: not requests.pending(record.directory))
    lab.executions.kill(execution_id)
    assert sum(key.startswith("l") for key, _ in lab.end(execution_id).labels) == 50


# ---- limits --------------------------------------------------------------------------------------------------------


def limited(lab: Lab, behavior: str = "QUEUE", seconds: float = 0.15) -> str:
    flow = lab.flow(
        f"- {shell('a', f'echo b >> {lab.root}/order; sleep {seconds}; echo e >> {lab.root}/order')}", "limited",
        f"concurrency: {{limit: 1, behavior: {behavior}}}",
    )  # fmt: skip
    return lab.start(flow)


def test_five_runs_with_a_limit_of_one_follow_each_other(lab: Lab) -> None:
    ids = [limited(lab)]
    lab.until_state(ids[0], "RUNNING")
    for _ in range(4):
        ids.append(limited(lab, seconds=0.5))
        lab.until(ids[-1], lambda e: e.state != "CREATED")
    for execution_id in ids:
        assert lab.end(execution_id).state == "SUCCESS"
    assert (lab.root / "order").read_text().split() == ["b", "e"] * 5
    starts = [next(d for s, d in lab.executions.get(i).histories if s == "RUNNING") for i in ids]
    assert starts == sorted(starts), "the oldest goes first"
    assert lab.history(ids[-1]) == ["CREATED", "QUEUED", "RUNNING", "SUCCESS"]


def test_runs_that_begin_at_the_same_moment_still_follow_each_other(lab: Lab) -> None:
    for execution_id in [limited(lab, seconds=0.05) for _ in range(4)]:
        assert lab.end(execution_id).state == "SUCCESS"
    assert (lab.root / "order").read_text().split() == ["b", "e"] * 4


def test_queued_executions_cost_no_process_and_can_be_killed_or_let_go(lab: Lab) -> None:
    first = limited(lab, seconds=30)
    lab.until_file("order")
    queued = [limited(lab, seconds=0.1) for _ in range(4)]
    for execution_id in queued:
        lab.until_state(execution_id, "QUEUED")
        lab.until_left(execution_id)
    lab.executions.kill(queued[0])
    assert lab.end(queued[0]).state == "KILLED"
    lab.executions.unqueue(queued[1], "CANCELLED")
    assert lab.end(queued[1]).state == "CANCELLED"
    lab.executions.force_run(queued[2])
    assert lab.end(queued[2]).state == "SUCCESS"
    lab.executions.kill(first, hard=True)
    assert lab.end(queued[3]).state == "SUCCESS"


@pytest.mark.parametrize(("behavior", "state"), [("CANCEL", "CANCELLED"), ("FAIL", "FAILED")])
def test_one_too_many_is_refused(lab: Lab, behavior: str, state: str) -> None:
    first = limited(lab, behavior, 0.5)
    lab.until_file("order")
    second = lab.end(limited(lab, behavior))
    assert second.state == state
    assert lab.states(second.id) == [state]
    assert lab.end(first).state == "SUCCESS"


def test_the_queue_moves_on_by_itself_when_the_runner_in_front_is_killed_with_9(lab: Lab) -> None:
    first = limited(lab, seconds=30)
    lab.until_file("order")
    second = limited(lab, seconds=0.1)
    lab.until_state(second, "QUEUED")
    lab.kill_runner(first)
    # Nobody looks: the guardian of the dead runner sees to it.
    wait_until(lambda: lab.states(second)[-1] == "SUCCESS", 20)
    assert lab.states(first) == ["a FAILED", "FAILED"]


def test_a_queued_execution_whose_directory_was_removed_blocks_nobody(lab: Lab) -> None:
    import shutil

    first = limited(lab, seconds=1)
    lab.until_file("order")
    second, third = limited(lab), limited(lab)
    lab.until_state(second, "QUEUED")
    lab.until_state(third, "QUEUED")
    shutil.rmtree(lab.executions.record(second).directory)
    assert lab.end(first).state == "SUCCESS"
    assert lab.end(third).state == "SUCCESS"


def test_force_run_of_a_scheduled_execution(lab: Lab) -> None:
    flow = lab.flow(f"- {{id: a, {RETURN}: x}}")
    execution_id = lab.start(flow, schedule_date=datetime.now(UTC) + timedelta(hours=1))
    wait_until(lambda: lab.executions.is_running(execution_id))
    lab.executions.force_run(execution_id)
    assert lab.end(execution_id).state == "SUCCESS"


def test_the_runner_does_not_care_about_hangups_and_the_keyboard(lab: Lab) -> None:
    execution_id = lab.start(lab.flow(f"- {shell('a', f'echo up > {lab.root}/up; sleep 0.6')}"))
    lab.until_file("up")
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
        os.kill(lab.runner_pid(execution_id), number)
    assert lab.end(execution_id).state == "SUCCESS"


def test_an_idle_runner_uses_no_processor_time(lab: Lab) -> None:
    execution_id = lab.start(lab.flow(f"- {{id: p, {PAUSE}, pauseDuration: PT30S}}"))
    lab.until_state(execution_id, "PAUSED")
    time.sleep(0.3)
    with open(f"/proc/{lab.runner_pid(execution_id)}/stat") as file:
        before = [int(number) for number in file.read().rpartition(")")[2].split()[11:13]]
    time.sleep(1)
    with open(f"/proc/{lab.runner_pid(execution_id)}/stat") as file:
        after = [int(number) for number in file.read().rpartition(")")[2].split()[11:13]]
    assert sum(after) - sum(before) <= 1
    lab.executions.kill(execution_id, hard=True)
    lab.end(execution_id)


@pytest.mark.parametrize("task", ["flow.Pause", "log.Log, message: hi"])
def test_the_index_knows_that_a_runner_leaves_before_another_one_can_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str
) -> None:
    """Else the row and the mark of the next runner are overwritten by those of the one that is just going."""
    lab = Lab(tmp_path / "ws", _Nobody())
    stores = lab.executions.stores
    record = lab.executions.record(lab.start(lab.flow(f"- {{id: a, type: io.kestra.plugin.core.{task}}}")))
    write, locked = ExecutionIndex.upsert_all, []

    def upsert_all(index: ExecutionIndex, rows: Sequence[ExecutionSummary]) -> None:
        if any(row.pid is None for row in rows):
            try:
                with kept_from_writers(record.journal):
                    locked.append(False)
            except JournalLocked:
                locked.append(True)
        write(index, rows)

    monkeypatch.setattr(ExecutionIndex, "upsert_all", upsert_all)
    runner = Runner(stores, lab.executions.registry, record, lab.launcher)
    assert runner.run() == 0
    runner.close()
    assert locked == [True] and record.runner() is None
    assert record.load().execution.state in ("PAUSED", "SUCCESS")


class _Nobody:
    def launch(self, root: Path, execution_id: str, prepared: Any = None) -> None:
        """Nobody runs it."""
