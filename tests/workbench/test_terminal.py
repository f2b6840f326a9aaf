"""The workbench in a real terminal: keys as terminals send them, and every way in which it can end."""

import os
import re
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.workbench.desk import HELLO, make_workspace
from tests.workbench.terminal import Terminal, needs_tmux

from podium.runtime.process_census import process_identity
from podium.workbench.crash import keep_crash
from podium.workbench.files.drafts import Drafts

pytestmark = [pytest.mark.terminal, needs_tmux]


@pytest.fixture
def folder() -> Iterator[Path]:
    # The path of tmux's socket must be short.
    with tempfile.TemporaryDirectory(prefix="podium-", ignore_cleanup_errors=True) as name:
        yield make_workspace(Path(name).resolve())


def terminal(folder: Path, width: int = 120, height: int = 36, start: str = "flows/hello.yaml") -> Terminal:
    return Terminal(folder, folder / "socket", width, height, start)


def workbench_of(folder: Path) -> int:
    """The pid of the workbench that works there."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
            # The fork server has the same command line; it leads its own session.
            if (
                b"podium" in words
                and (place / "cwd").resolve() == folder
                and os.getsid(int(place.name)) != int(place.name)
            ):
                return int(place.name)
        except (OSError, ProcessLookupError):
            continue
    raise AssertionError("no workbench runs there")


def kept(folder: Path) -> list[str]:
    """The texts of the drafts that are there."""
    for place in (folder / ".podium/unsaved").glob("*.draft"):
        place.rename(re.sub(r"\.[0-9]+\.draft$", ".999999999.draft", str(place)))
    return [draft.text for draft in Drafts(folder / ".podium/unsaved").left_behind()]


def test_keys_with_alt_and_control_arrive(folder: Path) -> None:
    with terminal(folder) as term:
        term.shows("✓ valid")
        term.keys("M-l")
        term.shows("Nothing is wrong with this text.")
        term.keys("Escape")
        term.until(lambda shown: "Nothing is wrong" not in shown)
        term.keys("C-End", "y")
        term.shows("flows/hello.yaml ●", "✗ 1 error")
        term.keys("C-Home", "F8")
        term.shows("ln 8 col 1")
        term.keys("C-z")
        term.shows("✓ valid")
        term.keys("C-Space")
        term.shows("· labels")
        term.keys("M-1", "/", "job")
        term.shows("job.py", "scripts")
        term.keys("Enter")
        term.shows("scripts/job.py", "print('hi')")
        term.keys("M-,")
        term.shows("2 flows/hello.yaml")


def test_the_small_terminal(folder: Path) -> None:
    with terminal(folder, 80, 24) as term:
        term.shows("✓ valid", "No run is selected.")
        assert max(len(row) for row in term.rows()) <= 80
        term.keys("Escape")
        term.shows("1 Namespace", "◆ broken")
        term.keys("C-p")
        term.shows("Everything", "Files: New flow")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_keeps_the_text_and_restores_the_terminal(folder: Path, number: signal.Signals) -> None:
    with terminal(folder) as term:
        term.shows("✓ valid")
        term.keys("#1")
        term.shows("hello.yaml ●")
        os.kill(workbench_of(folder), number)
        shown = term.shows(f"ended with {128 + number}")
        assert "Traceback" not in shown
        assert "Namespace" not in shown  # the alternate screen was left
        assert kept(folder) == ["#1" + HELLO]
        assert (folder / "flows/hello.yaml").read_text() == HELLO


def test_a_terminal_that_goes_away_keeps_the_text(folder: Path) -> None:
    with terminal(folder) as term:
        term.shows("✓ valid")
        term.keys("#2")
        term.shows("hello.yaml ●")
        pid = workbench_of(folder)
        term.kill()
        deadline = time.monotonic() + 10
        while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not Path(f"/proc/{pid}").exists()
    assert kept(folder) == ["#2" + HELLO]


def test_a_terminal_that_goes_away_without_a_signal_ends_the_workbench(folder: Path) -> None:
    """Only the leader of a session is told. `make run` is one that waits for its child instead of ending."""
    with terminal(folder) as term:
        term.shows("✓ valid")
        term.keys("C-q")
        term.shows("ended with 0")
        term.respawn(f"trap : HUP; {term.command}; sleep 60")
        term.shows("✓ valid")
        term.keys("#4")
        term.shows("hello.yaml ●")
        pid = workbench_of(folder)
        term.kill()
        deadline = time.monotonic() + 30
        while process_identity(pid) is not None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert process_identity(pid) is None
    assert kept(folder) == ["#4" + HELLO]


def test_a_crash_keeps_the_text(folder: Path) -> None:
    with terminal(folder) as term:
        term.shows("✓ valid")
        term.keys("#3")
        term.shows("hello.yaml ●")
        term.until(lambda _: list((folder / ".podium/unsaved").glob("*.draft")))
        os.kill(workbench_of(folder), signal.SIGKILL)
        term.shows("The workbench was killed.")
    assert kept(folder) == ["#3" + HELLO]
    with Terminal(folder, folder / "again", start=".") as term:
        term.shows("Unsaved text of 1 file is left from before: flows/hello.yaml.")
        term.keys("r")
        term.shows("hello.yaml ●", "#3id: hello")


def test_the_readers_own_editor_and_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = folder / "editor.sh"
    script.write_text('#!/bin/sh\necho "# from outside" >> "$1"\n')
    script.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(script))
    with terminal(folder) as term:
        term.shows("✓ valid")
        term.keys("F4")
        term.shows("# from outside", "1 Namespace")
        term.keys("x")
        term.shows("hello.yaml ●")


def test_leaving_says_nothing_and_ends_well(folder: Path) -> None:
    with terminal(folder) as term:
        term.shows("✓ valid")
        term.keys("C-q")
        shown = term.shows("ended with 0")
        assert shown.split() == ["ended", "with", "0"]


def test_a_fault_of_ours_leaves_its_details_in_a_file(tmp_path: Path) -> None:
    try:
        raise ZeroDivisionError("nobody expected this")
    except ZeroDivisionError:
        sentence = keep_crash(tmp_path)
    place = next(tmp_path.glob("crash-*.log"))
    assert sentence == f"The workbench failed; the details are in {place}."
    assert "nobody expected this" in place.read_text()
    assert place.stat().st_mode & 0o077 == 0
