"""Commands on executions that there are."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Podium
from .flows import LATER


def _state(podium: Podium, run: str = "last") -> str:
    state: str = podium("show", run, "-o", "json").json()["state"]["current"]
    return state


def _eventually(check: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 20
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# ---- naming, listing -------------------------------------------------------------------------------------------


def test_ways_to_name_a_run(podium: Podium, flows: Path) -> None:
    run_id = podium("run", "hello", "-o", "json").json()["id"]
    podium("run", "each", "-q")
    for name in (run_id, run_id[:10], run_id[-8:], "last:hello", "last:company.team.hello", "latest:hello"):
        assert podium("show", name, "-o", "json").json()["id"] == run_id, name
    assert podium("show", "last", "-o", "json").json()["flowId"] == "each"


def test_a_run_that_is_not_there(podium: Podium, flows: Path) -> None:
    assert "nothing ran in" in podium("show", "last").err
    assert not (flows / ".podium").exists()
    podium("run", "hello", "-q")
    found = podium("show", "7f3")
    assert (
        found.code == 2
        and found.err.startswith("podium: no run 7f3; the newest are ")
        and "(hello, SUCCESS)" in found.err
    )
    assert "no run of the flow each; the newest are" in podium("logs", "last:each").err
    podium("run", "hello", "-q")
    assert "can mean" in podium("show", "0").err


def test_runs_are_listed(podium: Podium, flows: Path) -> None:
    podium("run", "hello", "-q", "--label", "team=red")
    podium("run", "failing", "-q")
    listed = podium("runs").out.splitlines()
    assert listed[0].split() == ["ID", "STATE", "FLOW", "STARTED", "TOOK", "LABELS"]
    assert "✗ FAILED" in listed[1] and "company.team.failing" in listed[1] and "team=data" in listed[1]
    assert "✓ SUCCESS" in listed[2] and "system." not in listed[2]
    for arguments, flow in [
        (["--flow", "hello"], "hello"), (["--state", "failed"], "failing"), (["--label", "team=red"], "hello"),
        (["--text", "failing"], "failing"), (["--flow", "company.team.failing"], "failing"),
        (["--limit", "1"], "failing"),
        (["--sort", "state.startDate:asc", "--limit", "1"], "hello"),
    ]:  # fmt: skip
        found = podium("runs", "-o", "json", *arguments)
        assert [run["flowId"] for run in found.json()] == [flow], arguments
    assert podium("runs", "--since", "1h", "-q").out.count("\n") == 2
    assert podium("runs", "--until", "1h", "-q").out == ""
    assert podium("runs", "--namespace", "company", "-q").out.count("\n") == 2
    assert podium("runs", "--namespace", "other", "-q").out == ""
    assert "1 of 2; --limit shows more." in podium("runs", "--limit", "1").err
    assert podium("ps").err == "Nothing runs.\n"
    assert "Executions cannot be sorted by" in podium("runs", "--sort", "x").err


def test_a_list_that_is_watched_is_printed_when_it_changes(
    podium: Podium, flows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    podium("run", "hello", "-q")
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("podium.cli.runs.time.sleep", nap)
    watched = podium("runs", "--watch")
    assert watched.code == 130 and watched.out.count("SUCCESS") == 1 and watched.err == ""


# ---- looking ---------------------------------------------------------------------------------------------------


def test_a_failure_is_shown_before_everything_else(podium: Podium, flows: Path) -> None:
    podium("run", "failing", "-q")
    shown = podium("show", "last").out
    assert shown.index("breaks failed") < shown.index("the disk is empty") < shown.index("✓ SUCCESS")
    rows = [line.split()[:3] for line in shown.splitlines()]
    assert ["before", "✓", "SUCCESS"] in rows and ["breaks", "✗", "FAILED"] in rows
    assert "after" not in shown.split("Outputs")[0].split("✗ FAILED")[-1]
    assert "#1 ✗ FAILED" in podium("show", "last", "--attempts").out


def test_outputs_can_be_asked_for(podium: Podium, flows: Path) -> None:
    podium("run", "lanes", "-q")
    assert podium("show", "last", "--outputs", "script.vars.rows").out == "12\n"
    assert podium("show", "last", "--outputs", "outputs.script.vars['name']").out == "a b\n"
    assert podium("show", "last", "--outputs", "script.vars").json() == {"rows": 12, "name": "a b"}
    assert podium("show", "last", "--outputs", "script.vars.name", "-o", "json").out == '"a b"\n'
    wrong = podium("show", "last", "--outputs", "script.vars.row")
    assert wrong.code == 2 and "there is no `row` in `script.vars`; there is rows, name." in wrong.err
    assert "is no path" in podium("show", "last", "--outputs", "script..'").err
    podium("run", "each", "-q")
    assert podium("show", "last", "--outputs", "body['a'].value").out == "A\n"
    assert "body [b]" in podium("show", "last").out


def test_the_flow_as_it_ran(podium: Podium, flows: Path) -> None:
    podium("run", "hello", "-q")
    before = (flows / "flows" / "hello.yaml").read_text()
    (flows / "flows" / "hello.yaml").write_text("gone: true\n")
    assert podium("show", "last", "--flow").out == before


def test_logs(podium: Podium, flows: Path) -> None:
    podium("run", "lanes", "-q")
    everything = podium("logs", "last").out
    assert "whispered" in everything and "out | script" in everything and "DEBUG" in everything
    assert podium("logs", "last", "--lane", "stdout", "-o", "raw").out == "to stdout\nred\n"
    assert podium("logs", "last", "--task", "loud", "--level", "WARN", "-o", "raw").out == "first row\nsecond row\n"
    tail = podium("logs", "last", "--lane", "script", "--tail", "1")
    assert "script" in tail.out and tail.out.count("\n") == 1 and "The last 1 of 3 lines" in tail.err
    entry = podium("logs", "last", "--lane", "stderr", "-o", "json").json()
    assert (entry["message"], entry["taskId"], entry["source"]) == ("to stderr", "script", "stderr")
    assert podium("logs", "last", "--grep", "nothing like it").err.startswith("None of the ")
    assert podium("logs", "last", "--grep", "/(/").code == 2
    assert podium("logs", "last", "--lane", "script", "--grep", "!std", "-o", "raw").out == "red\n"
    assert podium("logs", "last", "--tail", "-1").code == 2
    assert podium("logs", "last", "--attempt", "2", "--task", "script").out == ""


def test_logs_are_followed_to_the_end(podium: Podium, flows: Path) -> None:
    run_id = podium("run", "lanes", "--detach").out.strip()
    assert podium("logs", "-f", run_id, "--lane", "log", "--level", "INFO", "-o", "raw").out.endswith("second row\n")
    assert _state(podium, run_id) == "SUCCESS"


def test_expressions_with_the_values_of_a_run(podium: Podium, flows: Path) -> None:
    podium("run", "each", "-q")
    assert podium("expr", "outputs.body.a.value ~ flow.id", "--run", "last").out == "Aeach\n"
    assert podium("expr", "taskrun.value ~ taskrun.iteration", "--run", "last", "--task-run", "body[b]").out == "b1\n"
    several = podium("expr", "taskrun.value", "--run", "last", "--task-run", "body")
    assert several.code == 2 and "say which one: body[a], body[b]" in several.err
    assert (
        "has no task run nothing; there are loop, body"
        in podium("expr", "1", "--run", "last", "--task-run", "nothing").err
    )


# ---- acting ----------------------------------------------------------------------------------------------------


def test_kill(podium: Podium, flows: Path) -> None:
    podium("run", "sleeping", "-d")
    _eventually(lambda: "asleep" in podium("logs", "last").out)
    _eventually(lambda: podium("ps").out.count("● RUNNING") == 1)  # its log may be there before its row
    killed = podium("kill", "last", "--wait")
    assert killed.code == 0 and "is KILLED now" in killed.err
    again = podium("kill", "last")
    assert again.code == 1 and "podium: " in again.err
    assert podium("wait", "last").code == 130


def test_pause_and_resume(podium: Podium, flows: Path) -> None:
    podium("run", "paused", "-d")
    _eventually(lambda: _state(podium) == "PAUSED")
    refused = podium("resume", "last")
    assert refused.code in (1, 2) and "word" in refused.err and _state(podium) == "PAUSED"
    waited = podium("wait", "last", "--timeout", "100ms")
    assert waited.code == 124 and "is still PAUSED" in waited.err
    assert podium("resume", "last", "-i", "word=yes").code == 0
    assert podium("wait", "last", "--timeout", "20s").code == 0
    assert "heard yes" in podium("logs", "last").out
    assert podium("resume", "last", "-i", "word=x").code == 1


def test_restart_keeps_what_is_done_and_says_so_before(podium: Podium, flows: Path) -> None:
    podium("run", "failing", "-q")
    preview = podium("restart", "last", "--dry-run")
    assert preview.code == 0
    rows = [line.split() for line in preview.out.splitlines()]
    assert ["kept", "before", "is", "SUCCESS"] in rows and ["rerun", "breaks", "was", "FAILED"] in rows
    assert podium("restart", "last", "-n", "-o", "json").json()[0].keys() == {
        "taskRunId",
        "taskId",
        "value",
        "fate",
        "reason",
    }
    (flows / "repaired").write_text("")
    done = podium("restart", "last")
    assert done.code == 0 and "after kept" in done.out and "goes on" in done.err
    assert "the disk is empty" not in done.out, "what was said before is not said again"
    assert podium("runs", "-q").out.count("\n") == 1
    again = podium("restart", "last")
    assert again.code == 1
    assert re.search(r"podium: \w{8} \(SUCCESS\): No task found to restart .*`podium replay \w{8}` runs it", again.err)


def test_restart_with_the_flow_as_it_is_now(podium: Podium, flows: Path) -> None:
    podium("run", "failing", "-q")
    file = flows / "flows" / "failing.yaml"
    file.write_text(file.read_text().replace("test -e repaired ||", "true ||"))
    done = podium("restart", "last", "--revision", "latest")
    assert done.code == 0 and "runs again as" in done.err and "after kept" in done.out
    assert podium("runs", "-q").out.count("\n") == 2
    assert podium("restart", "last", "--revision", "newest").code == 2


def test_replay(podium: Podium, flows: Path) -> None:
    podium("run", "hello", "-q", "-i", "name=Ada")
    again = podium("replay", "last", "-i", "name=Grace")
    assert again.code == 0 and "Hello Grace" in again.out and "runs again as" in again.err
    assert "Everything runs again" in podium("replay", "last", "--dry-run").err
    podium("run", "failing", "-q")
    (flows / "repaired").write_text("")
    preview = podium("replay", "last", "--from", "breaks", "--dry-run").out
    assert "kept" in preview and "before" in preview
    part = podium("replay", "last", "--from", "breaks", "-o", "json").json()
    assert part["state"]["current"] == "SUCCESS" and part["originalId"] != part["id"]
    assert "has no task run nothing" in podium("replay", "last", "--from", "nothing").err
    assert podium("replay", "last", "-d").out.strip() == podium("runs", "-q", "--limit", "1").out.strip()


def test_mark_as(podium: Podium, flows: Path) -> None:
    podium("run", "failing", "-q")
    done = podium("mark-as", "last", "success", "--task", "breaks")
    assert done.code == 0 and "after kept" in done.out and _state(podium) == "SUCCESS"
    assert podium("mark-as", "last", "warning").code == 0
    assert _state(podium) == "WARNING"
    assert "RUNNING is no end" in podium("mark-as", "last", "running").err
    assert "is not a state" in podium("mark-as", "last", "fine").err


def test_labels(podium: Podium, flows: Path) -> None:
    podium("run", "hello", "-q")
    assert podium("set-labels", "last", "team=red", "checked=yes").code == 0
    _eventually(lambda: "team=red checked=yes" in podium("runs").out)
    assert podium("set-labels", "last", "system.x=1").code == 1


def test_delete(podium: Podium, flows: Path) -> None:
    podium("run", "hello", "-q")
    run_id = podium("runs", "-q").out.strip()
    assert podium("delete", "last").code == 0
    assert podium("runs", "-q").out == "" and podium("show", run_id).code == 2
    podium("run", "sleeping", "-d")
    assert podium("delete", "last").code == 1
    assert podium("delete", "last", "--force").code == 0
    assert podium("runs", "-q").out == ""


def test_one_that_refuses_does_not_keep_the_others(podium: Podium, flows: Path) -> None:
    podium("run", "hello", "-q")
    podium("run", "sleeping", "-d")
    found = podium("kill", "last:hello", "last:sleeping")
    assert found.code == 1 and "is being killed" in found.err
    assert podium("wait", "last:sleeping", "last:hello", "--timeout", "20s").code == 130


# ---- upkeep ----------------------------------------------------------------------------------------------------


def test_gc(podium: Podium, flows: Path) -> None:
    for _ in range(3):
        podium("run", "hello", "-q")
    assert "Nothing is over a limit" in podium("gc").err
    preview = podium("gc", "--max-count", "1", "--dry-run")
    assert preview.out.count("newer ended execution") == 2 and "2 of 3 executions" in preview.err
    assert podium("runs", "-q").out.count("\n") == 3
    assert podium("gc", "--max-count", "1", "-n", "-o", "json").json()["flows"][0]["executions"] == 3
    done = podium("gc", "--max-count", "1")
    assert done.code == 0 and "Removed 2 executions" in done.err
    assert podium("runs", "-q").out.count("\n") == 1


def test_doctor(podium: Podium, flows: Path) -> None:
    assert podium("doctor").code == 0
    podium("run", "hello", "-q")
    for file in (flows / ".podium").glob("index.db*"):
        file.unlink()
    assert podium("runs", "-q").out == "" or podium("runs", "-q").out.count("\n") == 1
    mended = podium("doctor", "--reindex")
    assert mended.code == 0 and "1 executions are in the index" in mended.err
    assert podium("runs", "-q").out.count("\n") == 1
    assert {"level", "subject", "text", "remedy"} == set(podium("doctor", "-o", "json").json()[0])
    (flows / "podium.toml").write_text("retenion = 1\n")
    wrong = podium("doctor")
    assert wrong.code == 1 and "✗ Settings" in wrong.out


@pytest.mark.parametrize("flow", ["needy", "failing", "each", "paused"])
def test_plan(flow: str, podium: Podium, flows: Path) -> None:
    inputs = ["-i", "day=2026-11-25", "-i", "text=x"] if flow == "needy" else []
    found = podium("plan", flow, *inputs)
    assert found.code == 0 and found.out.startswith(f"company.team.{flow}\n")
    assert podium("plan", flow, *inputs, "-o", "json").json()["flow_id"] == flow
    assert podium("runs", "-q").out == "", "nothing was run"


def test_a_plan_says_what_would_go_wrong(podium: Podium, flows: Path) -> None:
    found = podium("plan", "needy")
    assert found.code == 1 and "problems" in found.out and "`day`" in found.out
    (flows / "flows" / "later.yaml").write_text(LATER)
    assert "message  ? {{ outputs.script.vars.rows }}" in podium("plan", "later").out
    podium("run", "later", "-q")
    assert "message  ~ 7" in podium("plan", "later", "--run", "last").out
