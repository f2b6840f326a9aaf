"""Runners that die, disks that are full, journals that are torn: nothing is lost that was finished."""

import os
import resource
import signal
import time
from pathlib import Path

import pytest
from tests.runtime.lab import Lab, orphans, shell, wait_until

from podium.runtime import process_census
from podium.runtime.executions import Reconciled, Refused
from podium.store.errors import StoreError

RETURN = "type: io.kestra.plugin.core.debug.Return, format"


def gate(lab: Lab, name: str) -> str:
    """A command that says that it has begun and waits until it may end."""
    return f"echo $$ > {lab.root}/{name}.up; while [ ! -e {lab.root}/{name}.go ]; do sleep 0.02; done"


def test_a_killed_runner_leaves_no_script_and_is_never_shown_as_running(lab: Lab) -> None:
    flow = lab.flow(f"""
- {{id: a, {RETURN}: "{{{{ now() }}}}"}}
- {shell("b", "(setsid sleep 60 &) ; " + gate(lab, "b"))}
- {{id: c, {RETURN}: "{{{{ outputs.a.value }}}}"}}
""")
    execution_id = lab.start(flow)
    pid = int(lab.until_file("b.up"))
    kept = lab.outputs(execution_id, "a")
    lab.kill_runner(execution_id)
    wait_until(lambda: process_census.process_identity(pid) is None and not orphans(lab.root))

    page = lab.executions.summaries()
    assert [row.state for row in page.items] == ["FAILED"]
    execution = lab.executions.get(execution_id)
    assert execution.lost
    assert execution.error is not None
    assert "runner of this execution died" in execution.error
    assert lab.states(execution_id) == ["a SUCCESS", "b FAILED", "FAILED"]
    assert any("runner of this execution died" in line for line in lab.log(execution_id, level="ERROR"))

    fates = {fate.task_id: fate.fate for fate in lab.executions.preview_restart(execution_id)}
    assert fates == {"a": "kept", "b": "rerun"}
    (lab.root / "b.go").touch()
    assert lab.executions.restart(execution_id) == execution_id
    assert lab.end(execution_id).state == "SUCCESS"
    assert lab.outputs(execution_id, "a") == kept
    assert lab.outputs(execution_id, "c") == kept
    assert [a.state for a in lab.taskrun(execution_id, "b").attempts] == ["FAILED", "SUCCESS"]


def test_what_runner_and_guardian_left_is_ended_by_whoever_looks(lab: Lab) -> None:
    """As `pkill -9 -f podium` does it: nobody is there to clean up."""
    hiding = f"(setsid env -i sh -c 'echo $$ > {lab.root}/hides.up; exec sleep 60' > /dev/null 2>&1 &); "
    flow = lab.flow(f"- {shell('b', hiding + gate(lab, 'b'))}")
    execution_id = lab.start(flow)
    pids = [int(lab.until_file("b.up")), int(lab.until_file("hides.up"))]
    for guardian in guardians(lab.runner_pid(execution_id)):
        os.kill(guardian, signal.SIGKILL)
    lab.kill_runner(execution_id)
    assert all(process_census.process_identity(pid) is not None for pid in pids)
    assert lab.executions.get(execution_id).state == "FAILED"
    assert [process_census.process_identity(pid) for pid in pids] == [None, None]


def guardians(runner: int) -> list[int]:
    """The children of a runner that clean up after it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = entry.read_text()
        except OSError:
            continue
        if "(podium-guard)" in text and int(text.rpartition(")")[2].split()[1]) == runner:
            found.append(int(entry.parent.name))
    assert found
    return found


def test_a_restart_goes_on_inside_flowables_and_subflows(lab: Lab) -> None:
    lab.flow(f"- {{id: x, {RETURN}: done}}\n- {shell('y', gate(lab, 'y'))}", "child")
    flow = lab.flow(f"""
- id: each
  type: io.kestra.plugin.core.flow.ForEach
  values: [1, 2]
  concurrencyLimit: 0
  tasks:
    - {{id: mark, {RETURN}: "{{{{ taskrun.value }}}} {{{{ now() }}}}"}}
    - {{id: sub, type: io.kestra.plugin.core.flow.Subflow, namespace: lab, flowId: child}}
- {{id: end, {RETURN}: x}}
""", "parent")  # fmt: skip
    execution_id = lab.start(flow)
    lab.until(
        execution_id, lambda e: sum(r.task_id == "sub" and r.state == "RUNNING" for r in e.taskruns.values()) == 2
    )
    children = {child for value in ("1", "2") for child in lab.taskrun(execution_id, "sub", value).children}
    for child in children:
        wait_until(lambda child=child: lab.executions.stores.record(child).exists())
        lab.until(child, lambda e: any(r.task_id == "y" and r.state == "RUNNING" for r in e.taskruns.values()))
    marks = [lab.outputs(execution_id, "mark", value) for value in ("1", "2")]
    lab.kill_runner(execution_id)
    wait_until(lambda: not orphans(lab.root))
    lab.executions.reconcile()
    assert all(lab.executions.get(child).state == "FAILED" for child in children)
    (lab.root / "y.go").touch()
    lab.executions.restart(execution_id)
    assert lab.end(execution_id).state == "SUCCESS", lab.states(execution_id)
    assert [lab.outputs(execution_id, "mark", value) for value in ("1", "2")] == marks
    again = {child for value in ("1", "2") for child in lab.taskrun(execution_id, "sub", value).children}
    assert again == children, "the same children go on"
    for child in children:
        assert lab.states(child) == ["x SUCCESS", "y SUCCESS", "SUCCESS"]


def test_only_one_of_two_restarts_wins(lab: Lab) -> None:
    execution_id = lab.run(lab.flow(f"- {shell('a', f'test -e {lab.root}/ok; sleep 0.5')}")).id
    (lab.root / "ok").touch()
    answers = []
    for _ in range(2):
        try:
            answers.append(lab.executions.restart(execution_id))
        except Refused as error:
            answers.append(str(error))
    assert answers[0] == execution_id
    assert "must be terminated" in answers[1] or "must have ended" in answers[1]
    assert lab.end(execution_id).state == "SUCCESS"
    assert len(lab.taskrun(execution_id, "a").attempts) == 2


def test_two_runners_for_the_same_execution(lab: Lab) -> None:
    execution_id = lab.start(lab.flow(f"- {shell('a', f'echo x >> {lab.root}/count; sleep 0.4')}"))
    for _ in range(3):
        lab.executions.launcher.launch(lab.root, execution_id)
    assert lab.end(execution_id).state == "SUCCESS"
    assert (lab.root / "count").read_text() == "x\n"


def test_sigterm_stops_a_runner_in_good_order(lab: Lab) -> None:
    flow = lab.flow(f"- {{id: a, {RETURN}: x}}\n- {shell('b', gate(lab, 'b'))}")
    execution_id = lab.start(flow)
    lab.until_file("b.up")
    pid = lab.runner_pid(execution_id)
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: process_census.process_identity(pid) is None)
    assert orphans(lab.root) == []
    assert lab.states(execution_id) == ["a SUCCESS", "b FAILED", "FAILED"]
    assert "SIGTERM" in (lab.executions.get(execution_id).error or "")
    (lab.root / "b.go").touch()
    lab.executions.restart(execution_id)
    assert lab.end(execution_id).state == "SUCCESS"


def test_a_torn_journal_goes_on_from_its_last_whole_line(lab: Lab) -> None:
    flow = lab.flow(f"- {{id: a, {RETURN}: x}}\n- {shell('b', gate(lab, 'b'))}")
    execution_id = lab.start(flow)
    lab.until_file("b.up")
    lab.kill_runner(execution_id)
    journal = lab.executions.record(execution_id).journal
    with journal.open("ab") as file:
        file.write(b'{"v":1,"n":99,"t":1,"e":"taskrun.st')
    (lab.root / "b.go").touch()
    lab.executions.restart(execution_id)
    assert lab.end(execution_id).state == "SUCCESS"


def test_a_damaged_journal_is_reported_with_its_position_and_kept(lab: Lab) -> None:
    flow = lab.flow(f"- {{id: a, {RETURN}: x}}\n- {{id: b, {RETURN}: y}}")
    execution_id = lab.run(flow).id
    journal = lab.executions.record(execution_id).journal
    lines = journal.read_bytes().splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if b'"task_id":"b"' in line)
    lines[place] = b"x" * 20 + b"\n"
    journal.write_bytes(b"".join(lines))
    lab.executions.restart(execution_id)
    assert lab.end(execution_id).state == "SUCCESS"
    assert lab.states(execution_id) == ["a SUCCESS", "b SUCCESS", "SUCCESS"]
    assert any(f"damaged at line {place + 1} (byte" in line for line in lab.log(execution_id, level="ERROR"))
    assert len(list(journal.parent.glob("journal.jsonl.damaged-*"))) == 1


def test_a_full_disk_stops_the_run_with_a_sentence_and_a_restart_goes_on(lab: Lab) -> None:
    flow = lab.flow(f"""
- {{id: a, {RETURN}: x}}
- {shell("b", gate(lab, "b"))}
- {{id: c, {RETURN}: y}}
""")
    execution_id = lab.start(flow)
    lab.until_file("b.up")
    # No file of the runner may grow any more: the same errors as on a full disk, for this process alone.
    pid = lab.runner_pid(execution_id)
    record = lab.executions.record(execution_id)
    limit = record.journal.stat().st_size + 40
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    (lab.root / "b.go").touch()
    wait_until(lambda: process_census.process_identity(pid) is None)
    execution = lab.executions.get(execution_id)
    assert execution.state == "FAILED"
    assert execution.lost
    assert execution.error is not None
    assert "cannot be written" in execution.error.lower() or "cannot write" in execution.error.lower()
    assert "Free some space" in execution.error
    assert orphans(lab.root) == []
    lab.executions.restart(execution_id)
    assert lab.end(execution_id).state == "SUCCESS"
    assert lab.states(execution_id) == ["a SUCCESS", "b SUCCESS", "c SUCCESS", "SUCCESS"]


def test_a_runner_that_cannot_start_is_reported(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    class Nobody:
        def launch(self, *_: object) -> None:
            pass

    from podium.runtime import waiting

    monkeypatch.setattr(waiting, "_BIRTH", 0.3)
    lab.executions.launcher = Nobody()  # type: ignore[assignment]
    execution_id = lab.start(lab.flow(f"- {{id: a, {RETURN}: x}}"))
    with pytest.raises(StoreError, match="did not start"):
        lab.executions.wait(execution_id)


def test_restart_of_a_pause_with_a_timer_asks_its_runner_to_leave(lab: Lab) -> None:
    flow = lab.flow(f"""
- {shell("a", "exit 1", "allowFailure: true")}
- {{id: p, type: io.kestra.plugin.core.flow.Pause, pauseDuration: PT60S}}
""")
    execution_id = lab.start(flow)
    lab.until_state(execution_id, "PAUSED")
    paused = lab.taskrun(execution_id, "p").id
    lab.executions.change_state(execution_id, "SUCCESS", taskrun_id=paused)
    execution = lab.end(execution_id)
    assert execution.state == "WARNING"


def test_mark_as_and_change_of_state(lab: Lab) -> None:
    flow = lab.flow(f"- {shell('a', 'exit 1')}\n- {{id: b, {RETURN}: x}}")
    execution_id = lab.run(flow).id
    lab.executions.change_state(execution_id, "WARNING", taskrun_id=lab.taskrun(execution_id, "a").id)
    assert lab.end(execution_id).state == "WARNING"
    assert lab.states(execution_id) == ["a WARNING", "b SUCCESS", "WARNING"]
    lab.executions.change_state(execution_id, "CANCELED")
    assert lab.executions.get(execution_id).state == "CANCELLED"
    with pytest.raises(Refused, match="terminal state"):
        lab.executions.change_state(execution_id, "RUNNING")


def test_replay_from_a_task_and_from_the_start(lab: Lab) -> None:
    flow = lab.flow(
        f'- {{id: a, {RETURN}: "{{{{ now() }}}}"}}\n- {{id: b, {RETURN}: "{{{{ inputs.n }}}}"}}',
        more="inputs: [{id: n, type: INT, defaults: 1}]",
    )
    execution_id = lab.run(flow).id
    first = lab.outputs(execution_id, "a")
    target = lab.taskrun(execution_id, "b").id
    assert [f.fate for f in lab.executions.preview_replay(execution_id, taskrun_id=target)].count("kept") == 1
    replayed = lab.executions.replay(execution_id, taskrun_id=target)
    assert lab.end(replayed).state == "SUCCESS"
    assert lab.outputs(replayed, "a") == first
    fresh = lab.executions.replay(execution_id, inputs={"n": "9"})
    execution = lab.end(fresh)
    assert (execution.parent_id, execution.original_id) == (execution_id, execution_id)
    assert lab.outputs(fresh, "b") == {"value": "9"}
    assert lab.outputs(fresh, "a") != first
    with pytest.raises(Refused, match="No task found"):
        lab.executions.replay(execution_id, taskrun_id="nope")


def test_waiting_notices_a_dead_runner(lab: Lab) -> None:
    execution_id = lab.start(lab.flow(f"- {shell('a', gate(lab, 'a'))}"))
    lab.until_file("a.up")
    lab.kill_runner(execution_id)
    begin = time.monotonic()
    assert lab.end(execution_id).state == "FAILED"
    assert time.monotonic() - begin < 15


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["TERM", "KILL"])
def test_a_pause_whose_runner_is_gone_still_ends_in_time(lab: Lab, number: int) -> None:
    flow = lab.flow(
        f"- {{id: p, type: io.kestra.plugin.core.flow.Pause, pauseDuration: PT1S}}\n- {{id: b, {RETURN}: x}}"
    )
    execution_id = lab.start(flow)
    lab.until_state(execution_id, "PAUSED")
    pid = lab.runner_pid(execution_id)
    os.kill(pid, number)
    wait_until(lambda: process_census.process_identity(pid) is None)
    assert lab.states(execution_id) == ["p PAUSED", "PAUSED"]
    assert lab.executions.reconcile().resumed == (execution_id,)
    assert lab.end(execution_id).state == "SUCCESS"


def test_many_pauses_cost_a_look_nothing(lab: Lab) -> None:
    flow = lab.flow("- {id: p, type: io.kestra.plugin.core.flow.Pause}")
    ids = [lab.start(flow) for _ in range(5)]
    for execution_id in ids:
        lab.until_state(execution_id, "PAUSED")
        lab.until_left(execution_id)
    wait_until(lambda: all(row.pid is None for row in lab.executions.index.unfinished()))
    for execution_id in ids:
        # A look that reads this journal would fail.
        lab.executions.record(execution_id).journal.rename(lab.root / execution_id)
    assert lab.executions.reconcile() == Reconciled()


AFTER = "afterExecution:\n"


def test_what_runs_after_the_end_can_be_killed_and_is_not_forgotten(lab: Lab) -> None:
    def started(name: str) -> str:
        after = f"  - {shell('late', gate(lab, name))}\n"
        execution_id = lab.start(lab.flow(f"- {{id: a, {RETURN}: x}}", name, AFTER + after))
        lab.until_file(f"{name}.up")
        assert lab.executions.record(execution_id).load().execution.state == "SUCCESS"
        return execution_id

    killed = started("first")
    lab.executions.kill(killed)
    assert lab.end(killed).state == "SUCCESS"
    assert lab.states(killed) == ["a SUCCESS", "late KILLED", "SUCCESS"]
    with pytest.raises(Refused, match="already finished"):
        lab.executions.kill(killed)

    crashed = started("second")
    lab.kill_runner(crashed)
    assert crashed in lab.executions.reconcile().lost
    assert lab.states(crashed) == ["a SUCCESS", "late FAILED", "SUCCESS"]
    row = lab.executions.index.get(crashed)
    assert row is not None
    assert (row.state, row.pid) == ("SUCCESS", None)
    assert lab.executions.reconcile() == Reconciled()
