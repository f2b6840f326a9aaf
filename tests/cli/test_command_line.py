"""Which command is meant, and what is said when none is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from podium.cli import catalog
from podium.cli.command import parser_of
from podium.cli.main import main

from .conftest import Podium


def test_the_overview_names_every_command(podium: Podium) -> None:
    found = podium("--help")
    assert found.code == 0 and found.err == ""
    for name in catalog.names():
        assert f"\n  {name} " in found.out, name
    assert max(len(line) for line in found.out.splitlines()) <= 92


@pytest.mark.parametrize("name", catalog.names())
def test_every_command_explains_itself(name: str, podium: Podium, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    text = capfd.readouterr().out
    entry = catalog.entry(name)
    assert entry is not None and entry.summary in text
    assert podium("help", name).out == text


@pytest.mark.parametrize("name", catalog.names())
def test_every_option_is_documented(name: str) -> None:
    entry = catalog.entry(name)
    assert entry is not None
    parser = parser_of(name, catalog.load(name), entry.summary)
    for each in [parser, *parser.subparsers().values()]:
        assert each.format_help()
        for action in each.declared():
            if action.option_strings:
                assert action.help and action.help.endswith((".", "`.")), (name, action.option_strings, action.help)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["vaildate"], "there is no command, directory or file `vaildate`. Did you mean validate?"),
        (["runs", "--lmit", "3"], "there is no option --lmit. Did you mean --limit?"),
        (["runs", "one"], "`one` is one argument too many."),
        (["show"], "RUN is missing."),
        (["runs", "--state", "DONE"], "--state: `DONE` is not a state; states are CREATED"),
        (["runs", "--since", "soon"], "`soon` is no moment"),
        (
            ["logs", "last", "--lane", "scirpt"],
            "'scirpt' is not one of log, script, stdout, stderr, all. Did you mean script?",
        ),
        (["run", "hello", "-i", "name"], "-i/--input: `name` is not KEY=VALUE."),
        (["-x"], "there is no option -x."),
        (["-C"], "-C needs the path of a directory."),
        (["kv"], "COMMAND is missing."),
        (["help", "kv", "steal"], "podium kv has no command `steal`."),
    ],
)
def test_a_slip_is_explained(arguments: list[str], said: str, podium: Podium) -> None:
    found = podium(*arguments)
    assert found.code == 2 and found.out == ""
    assert said in found.err and "--help`." in found.err


def test_the_workbench_needs_a_terminal(podium: Podium, workspace: Path) -> None:
    for arguments in ([], ["."], ["-C", str(workspace)]):
        found = podium(*arguments)
        assert found.code == 2 and "needs a terminal" in found.err and "podium run FLOW" in found.err


def test_the_workbench_opens_one_directory_or_file(podium: Podium, hello: Path) -> None:
    found = podium("flows/hello.yaml")
    assert found.code == 2 and "`podium run flows/hello.yaml`" in found.err
    assert "one argument too many" in podium(".", "more").err


def test_the_workspace_may_come_before_or_after(podium: Podium, hello: Path, tmp_path: Path) -> None:
    os.chdir(tmp_path)
    for arguments in (
        ["-C", str(hello), "validate"],
        ["validate", "--workspace", str(hello)],
        [f"--workspace={hello}", "validate"],
    ):
        assert podium(*arguments).code == 0
    missing = podium("-C", "nowhere", "validate")
    assert missing.code == 2 and "There is no directory nowhere" in missing.err


def test_a_mistake_in_podium_is_no_traceback(podium: Podium, hello: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("podium.cli.session.Session.workspace", property(broken))
    found = podium("validate")
    assert found.code == 70 and "mistake in Podium itself: RuntimeError: boom" in found.err
    assert "Traceback" not in found.err
    monkeypatch.setenv("PODIUM_TRACEBACK", "1")
    assert "Traceback" in podium("validate").err


def test_version(podium: Podium) -> None:
    assert podium("--version").out.startswith("podium ")


# ---- as a program ----------------------------------------------------------------------------------------------

_HEAVY = (
    "textual",
    "rich",
    "requests",
    "jinja2",
    "yaml",
    "podium.tasks",
    "podium.engine",
    "podium.workbench",
    "sqlite3",
    "asyncio",
)


@pytest.mark.parametrize(
    ("arguments", "allowed"), [(["--help"], ()), (["--version"], ()), (["run", "--help"], ("podium.engine", "sqlite3"))]
)
def test_help_imports_next_to_nothing(arguments: list[str], allowed: tuple[str, ...], workspace: Path) -> None:
    program = (
        "import sys; from podium.cli.main import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit: pass\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stderr.split())
    assert not [name for name in _HEAVY if name in loaded and name not in allowed]


def test_a_reader_that_goes_away_is_no_error(workspace: Path) -> None:
    done = subprocess.run(
        [f"{sys.executable} -m podium types | head -1; echo ${{PIPESTATUS[0]}}"],
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.splitlines()[0].startswith("TYPE")
    assert done.stdout.splitlines()[1] in ("141", "0") and done.stderr == ""
