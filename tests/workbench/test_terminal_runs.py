"""Runs in a real terminal: started, followed, killed, looked into; and what happens when the terminal goes away."""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.workbench.terminal import APP, Terminal, needs_tmux

from podium.store.execution_records import ExecutionRecord

pytestmark = [pytest.mark.terminal, pytest.mark.slow, needs_tmux]

SAMPLE = APP.parent / "sample_namespace"
SLOW = """\
id: slow
namespace: company.team

tasks:
  - id: work
    type: io.kestra.plugin.core.flow.Sequential
    tasks:
      - id: script
        type: io.kestra.plugin.scripts.shell.Commands
        taskRunner:
          type: io.kestra.plugin.core.runner.Process
        commands:
          - for i in 1 2 3 4 5 6; do echo "step $i"; sleep 0.5; done
  - id: done
    type: io.kestra.plugin.core.log.Log
    message: It went on to the end
"""
BROKEN = """\
id: broken
namespace: company.team

tasks:
  - id: fine
    type: io.kestra.plugin.core.output.OutputValues
    values:
      count: 41
  - id: script
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner:
      type: io.kestra.plugin.core.runner.Process
    namespaceFiles:
      enabled: true
    commands:
      - python3 scripts/fails.py
"""
FAILS = "import sys\n\n\ndef go():\n    raise KeyError('population')\n\n\ngo()\n"


@pytest.fixture
def folder() -> Iterator[Path]:
    # Short, because the path of a socket has a limit, and so that it fits on the screen.
    place = Path(tempfile.mkdtemp(prefix="podium-"))
    yield place / "ws"
    shutil.rmtree(place, ignore_errors=True)


def workspace(folder: Path, **flows: str) -> Path:
    (folder / "flows").mkdir(parents=True)
    (folder / ".podium").mkdir(mode=0o700)  # so that this is the workspace, and not the folder of the flow
    for name, text in flows.items():
        (folder / "flows" / f"{name}.yaml").write_text(text)
    return folder


def terminal(folder: Path, flow: str = "", width: int = 140, height: int = 40) -> Terminal:
    """The workbench with a flow in the editor."""
    return Terminal(folder, folder.parent / "tmux", width, height, f"flows/{flow}.yaml" if flow else ".")


def records(folder: Path) -> list[ExecutionRecord]:
    return [ExecutionRecord(path) for path in sorted((folder / ".podium" / "executions").glob("[!.]*"))]


def ended(folder: Path, seconds: float = 20) -> str:
    """The state of the only execution when it has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = records(folder)
        if found and found[0].load().execution.terminal:
            return found[0].load().execution.state
        time.sleep(0.1)
    raise AssertionError("it has not ended")


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="needs the sample namespace")
def test_the_line_of_a_log_task_stands_alone_in_the_log_lane(folder: Path) -> None:
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns(".podium"))
    (folder / ".podium").mkdir(mode=0o700)
    with terminal(folder, "hello_world") as term:
        term.shows("2 flows/hello_world.yaml", "✓ valid")
        term.keys("F5")
        term.shows("Execute company.team.hello_world", "World  (default)")
        term.keys("Ada")
        term.shows("$ podium run company.team.hello_world -i name=Ada")
        term.keys("F5")
        shown = term.shows("Hello Ada", "1 of ")
        lines = [row for row in shown.splitlines() if re.search(r"\d\d:\d\d:\d\d (DEBUG|INFO|WARN|ERROR)", row)]
        assert len(lines) == 1 and "Hello Ada" in lines[0]
        term.shows("No script printed anything in this run.")


def test_a_run_goes_on_when_the_terminal_goes_away(folder: Path) -> None:
    with terminal(workspace(folder, slow=SLOW), "slow") as term:
        term.shows("✓ valid")
        term.keys("F5")
        term.shows("step 2")
        term.kill()
    assert not records(folder)[0].load().execution.terminal
    assert ended(folder) == "SUCCESS"
    with terminal(folder) as again:
        again.shows("✓ slow", "It went on to the end", "step 6")


def test_a_run_that_another_command_starts_appears_and_can_be_killed_here(folder: Path) -> None:
    with terminal(workspace(folder, slow=SLOW.replace("sleep 0.5", "sleep 5"))) as term:
        term.shows("Nothing has run here yet.", "Enter Open")
        command = [sys.executable, "-m", "podium", "run", "slow", "--detach"]
        subprocess.run(
            command, cwd=folder, env={"PYTHONPATH": str(APP), "PATH": "/usr/bin:/bin"}, check=True, timeout=30
        )
        term.shows("● slow", "runs: 1 ●", "step 1", seconds=5)
        term.keys("3")
        term.shows("x Kill")
        term.keys("x")
        term.shows("x kills · Esc leaves it")
        term.keys("x")
        term.shows("■ slow", "runs: 0", seconds=20)
        assert ended(folder) == "KILLED"


def test_a_failed_run_leads_to_the_line_of_code(folder: Path) -> None:
    workspace(folder, broken=BROKEN)
    (folder / "scripts").mkdir()
    (folder / "scripts" / "fails.py").write_text(FAILS)
    with terminal(folder, "broken") as term:
        term.shows("✓ valid")
        term.keys("F5")
        term.shows("✗ ", "KeyError: 'population'")
        term.keys("Escape")
        time.sleep(0.3)
        term.keys("3")
        term.shows("r Restart")
        term.keys("Enter")
        term.shows("1 Tasks", "↳ fails.py line 5")
        term.keys("E")
        term.shows("Expression ─ run")
        term.keys("outputs.fine.values.count + 1")
        term.shows("│ 42 ")
        term.keys("Escape")
        term.shows("1 Tasks")
        term.keys("4")
        term.shows("Enter Open the code")
        term.keys("o")
        term.shows("scripts/fails.py", "python  ln 5 col 1")


def test_a_log_line_is_copied_through_tmux(folder: Path) -> None:
    with terminal(workspace(folder, slow=SLOW.replace("sleep 0.5", "sleep 0")), "slow") as term:
        term.shows("✓ valid")
        term.keys("F5")
        term.shows("It went on to the end")
        term.keys("Escape")
        time.sleep(0.3)
        term.keys("4")
        term.shows("y Copy")
        term.keys("Y")
        term.shows("Copied 1 line with tmux.")
        assert term.buffer() == "It went on to the end"


def test_a_small_terminal_shows_one_pane_at_a_time(folder: Path) -> None:
    with terminal(workspace(folder, slow=SLOW), "slow", 80, 24) as term:
        term.shows("✓ valid")
        term.keys("F5")
        term.shows("slow ", "step")
        term.keys("Escape")
        time.sleep(0.3)
        term.keys("3")
        term.shows("3 Runs of slow", "Enter Open")
        term.keys("Enter")
        shown = term.shows("1 Tasks", "Log │ Script │ All │ Out │ In │ Topology │ Metrics │ Env │ Flow")
        assert max(map(len, shown.splitlines())) <= 80
        term.keys("]")
        term.shows("step 3")
        term.shows("✓ SUCCESS")
