"""`podium run`: real runners, real scripts."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import HELLO, Podium

_TIME = re.compile(r"\d\d:\d\d:\d\d")
_PODIUM = [sys.executable, "-m", "podium"]


def _eventually(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _rows(out: str) -> list[str]:
    """The rows with their time left out."""
    return [_TIME.sub("T", line, count=1) for line in out.splitlines()]


def test_log_and_outputs_go_to_stdout_and_the_rest_to_stderr(podium: Podium, hello: Path) -> None:
    found = podium("run", "hello")
    assert found.code == 0
    assert _rows(found.out) == ["T INFO  hi        Hello World", "  greeted  World"]
    assert "● RUNNING  hello" in found.err and "✓ SUCCESS  hello" in found.err and "✓ SUCCESS  hi" in found.err
    assert "of 5 log lines not shown: podium logs" in found.err


@pytest.mark.parametrize("flow", ["hello", "company.team.hello", "flows/hello.yaml"])
def test_ways_to_name_a_flow(flow: str, podium: Podium, hello: Path) -> None:
    assert podium("run", flow, "-q").out.endswith("greeted  World\n")


def test_a_flow_from_stdin(podium: Podium, workspace: Path) -> None:
    found = podium("run", "-", "-i", "name=Ada", "-q", stdin=HELLO)
    assert found.code == 0 and "Hello Ada" in found.out and found.err == ""


@pytest.mark.parametrize(
    ("flow", "said"),
    [
        ("helo", "Did you mean `hello`?"),
        ("nowhere.yaml", "the file nowhere.yaml does not exist. The flows of the workspace: hello"),
        ("flows", "the file flows is a directory"),
        ("other.team.hello", "There is no flow `other.team.hello`"),
    ],
)
def test_a_flow_that_is_not_there(flow: str, said: str, podium: Podium, hello: Path) -> None:
    found = podium("run", flow)
    assert found.code == 2 and said in found.err and found.out == ""


def test_an_invalid_flow_is_explained_with_its_place(podium: Podium, hello: Path) -> None:
    (hello / "flows" / "hello.yaml").write_text("# a comment\n---\n" + HELLO.replace("    message:", "    mesage:"))
    found = podium("run", "hello")
    assert found.code == 2 and found.out == ""
    assert "flows/hello.yaml:12:5: error: " in found.err
    assert "Nothing was started." in found.err and podium("runs", "-q").out == ""


def test_lanes_are_told_apart(podium: Podium, flows: Path) -> None:
    everything = _rows(podium("run", "lanes", "-q").out)
    # The two streams are two pipes: which of them is read first is up to the machine.
    assert sorted(everything[:3]) == [
        "T err | script    to stderr",
        "T out | script    red",
        "T out | script    to stdout",
    ]
    assert everything[3:] == ["T WARN  loud      first row", "                         second row"]
    log = podium("run", "lanes", "-q", "--lane", "log").out
    assert "out |" not in log and "err |" not in log and "first row" in log and "whispered" not in log
    script = podium("run", "lanes", "-q", "--lane", "script").out
    assert "to stdout" in script and "to stderr" in script and "first row" not in script
    assert "whispered" in podium("run", "lanes", "-q", "--lane", "log", "--level", "debug").out
    assert "to stderr" in podium("run", "lanes", "-q", "--grep", "/std(err)/").out
    assert "\x1b" not in "".join(everything)


def test_json_is_the_execution_and_nothing_else(podium: Podium, hello: Path) -> None:
    found = podium("run", "hello", "-o", "json", "--label", "a=b")
    document = found.json()
    assert document["state"]["current"] == "SUCCESS" and document["flowId"] == "hello"
    assert {"key": "a", "value": "b"} in document["labels"] and document["outputs"] == {"greeted": "World"}
    assert [run["taskId"] for run in document["taskRunList"]] == ["hi"]
    assert "Hello World" in found.err
    assert podium("run", "hello", "-q", "-o", "json").err == ""


def test_detached_runs_go_on_by_themselves(podium: Podium, hello: Path) -> None:
    found = podium("run", "hello", "--detach")
    assert found.code == 0 and re.fullmatch(r"\w{22}\n", found.out)
    assert podium("wait", found.out.strip(), "--timeout", "20s").code == 0
    assert podium("run", "hello", "-d", "-o", "json").json().keys() == {"id"}


# ---- inputs ----------------------------------------------------------------------------------------------------


def test_inputs_are_typed(podium: Podium, flows: Path) -> None:
    (flows / "inputs.yaml").write_text("day: 2026-11-25\ntext: from the file\ncount: 3\n")
    found = podium("run", "needy", "--inputs-file", "inputs.yaml", "-i", "text=from the line", "-q")
    assert found.code == 0 and "2026-11-25 3 <from the line>" in found.out
    (flows / "note.txt").write_text("in a note")
    found = podium("run", "needy", "-q", "-i", "day=2026-11-25", "-i", "text=@note.txt", "-i", "report=@note.txt")
    assert "<in a note>in a note" in found.out
    assert "<@home>" in podium("run", "needy", "-q", "-i", "day=2026-11-25", "-i", r"text=\@home").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "`day`"),
        (["-i", "day=tomorrow", "-i", "text=x"], "`day`"),
        (["-i", "day=2026-11-25", "-i", "text=x", "-i", "count=9"], "`count`"),
        (["-i", "day=2026-11-25", "-i", "text=@nothing.txt"], "there is no file nothing.txt"),
        (["--inputs-file", "nothing.yaml"], "there is no file nothing.yaml"),
        (["--inputs-file", "flows/list.yaml"], "must hold a map"),
    ],
)
def test_wrong_inputs_start_nothing(arguments: list[str], said: str, podium: Podium, flows: Path) -> None:
    (flows / "flows" / "list.yaml").write_text("- 1\n")
    found = podium("run", "needy", *arguments)
    assert found.code == 2 and said in found.err and found.out == ""
    assert podium("runs", "-q").out == ""


def test_missing_inputs_are_listed_as_a_command_line(podium: Podium, flows: Path) -> None:
    assert (
        "podium run needy -i day=DATE -i text=STRING\nOptional: count (INT), report (FILE)"
        in podium("run", "needy").err
    )


# ---- more than one execution -----------------------------------------------------------------------------------


def test_children_are_named(podium: Podium, flows: Path) -> None:
    found = podium("run", "caller")
    assert found.code == 0 and "call started " in found.err and ": podium logs " in found.err
    child = podium("runs", "--flow", "hello", "-q").out.strip()
    assert child in found.err
    assert podium("runs", "--parent", "last:caller", "-q").out.strip() == child
    assert podium("show", "last", "-o", "json").json()["flowId"] == "caller", "children are not what `last` means"


def test_one_too_many_waits_and_can_be_let_in(podium: Podium, flows: Path) -> None:
    podium("run", "crowded", "-d")
    second = podium("run", "crowded", "-d").out.strip()
    third = podium("run", "crowded", "-d").out.strip()
    _eventually(lambda: podium("runs", "--state", "queued", "-q").out.count("\n") == 2)
    assert podium("ps").out.count("… QUEUED") == 2
    assert podium("unqueue", third, "--state", "cancelled").code == 0
    assert podium("wait", third, "--timeout", "20s").code == 130
    assert podium("force-run", second).code == 0
    _eventually(lambda: podium("ps").out.count("● RUNNING") == 2)
    assert podium("kill", "--hard", "--wait", *podium("ps", "-q").out.split()).code == 0


def test_a_retry_of_the_whole_flow_is_followed(podium: Podium, flows: Path) -> None:
    found = podium("run", "again")
    assert found.code == 1 and "tried again as" in found.err
    assert podium("runs", "--flow", "again", "-q").out.count("\n") == 2


# ---- what goes wrong -------------------------------------------------------------------------------------------


def test_a_failure_is_exit_code_1(podium: Podium, flows: Path) -> None:
    found = podium("run", "failing")
    assert found.code == 1
    assert "the disk is empty" in found.out and "✗ FAILED  breaks" in found.err and "podium restart" in found.err


def test_an_execution_that_takes_too_long_is_killed(podium: Podium, flows: Path) -> None:
    began = time.monotonic()
    found = podium("run", "sleeping", "--timeout", "700ms")
    assert found.code == 1 and "not ended after 0.7s: killing it" in found.err and "asleep" in found.out
    assert time.monotonic() - began < 20
    assert podium("runs", "-o", "json").json()[0]["state"]["current"] == "KILLED"


def _sleeping(flows: Path, flow: str = "sleeping") -> "subprocess.Popen[str]":
    """A `podium run` whose script is asleep by now."""
    process = subprocess.Popen(
        [*_PODIUM, "run", flow], cwd=flows, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert "asleep" in process.stdout.readline()
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_everything(number: int, podium: Podium, flows: Path) -> None:
    process = _sleeping(flows)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130 and "killing" in err and "awake" not in out and "Traceback" not in err
    assert podium("runs", "-o", "json").json()[0]["state"]["current"] == "KILLED"
    found = subprocess.run(["pgrep", "-f", f"{flows}.*sleep 60"], capture_output=True, text=True)
    assert found.stdout == ""


def test_a_second_interrupt_does_not_wait_for_scripts_that_ignore_the_first(podium: Podium, flows: Path) -> None:
    process = _sleeping(flows, "stubborn")
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while "Ctrl-C again kills at once" not in process.stderr.readline():
        pass
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    took = time.monotonic() - began
    assert process.returncode == 130 and took < 4.5  # the first one gave five seconds
    assert podium("runs", "-o", "json").json()[0]["state"]["current"] == "KILLED"


def test_a_closed_terminal_ends_nothing(podium: Podium, flows: Path) -> None:
    process = _sleeping(flows)
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=30)
    # The index may be a moment behind the journal.
    _eventually(lambda: podium("ps").out.count("● RUNNING") == 1)
    assert podium("kill", "last", "--wait").code == 0
    assert podium("ps", "-q").out == ""


def test_a_reader_that_goes_away_ends_nothing(podium: Podium, flows: Path) -> None:
    command = f"{sys.executable} -m podium run lanes | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["/bin/bash", "-c", command], cwd=flows, capture_output=True, text=True, timeout=60)
    assert "to stdout" in done.stdout and done.stdout.splitlines()[-1] in ("0", "141")
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr
    assert podium("wait", "last", "--timeout", "20s").code == 0


def test_secrets_are_hidden_everywhere(podium: Podium, flows: Path) -> None:
    (flows / ".env").write_text("TOKEN=hunter2secret\n")
    (flows / ".env").chmod(0o600)
    shown = [podium("run", "secretive"), podium("run", "secretive", "-o", "json"), podium("show", "last")]
    shown += [
        podium("show", "last", "-o", "json"),
        podium("show", "last", "--outputs", "leak.value"),
        podium("logs", "last"),
    ]
    shown.append(podium("expr", "outputs.leak.value", "--run", "last"))
    for found in shown:
        assert "hunter2secret" not in found.out + found.err
    assert json.loads(shown[1].out)["state"]["current"] == "SUCCESS"
