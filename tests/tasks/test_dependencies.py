"""Python packages for scripts: installed once, importable, and an error that names the culprit."""

import sys
import zipfile
from pathlib import Path

import pytest
from context import FakeContext

from podium.plugin.task import TaskError
from podium.tasks.scripts.dependencies import failure_message

PYTHON = "io.kestra.plugin.scripts.python.Script"


@pytest.fixture
def index(tmp_path: Path) -> dict[str, str]:
    """An index of packages on disk, with one package in it; as the environment that makes pip use it."""
    folder = tmp_path / "index"
    folder.mkdir()
    with zipfile.ZipFile(folder / "podiumdemo-1.0-py3-none-any.whl", "w") as wheel:
        info = "podiumdemo-1.0.dist-info"
        wheel.writestr("podiumdemo.py", "answer = 42\n")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: podiumdemo\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "python3").symlink_to(sys.executable)
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PATH": f"{programs}:/usr/bin:/bin"}


def test_packages_are_installed_once_and_reused(ctx: FakeContext, index: dict[str, str]) -> None:
    for _ in range(2):
        ctx.run(PYTHON, dependencies=["podiumdemo"], env=index, script="import podiumdemo; print(podiumdemo.answer)")
    assert ctx.log.stdout() == ["42", "42"]
    assert ctx.log.of("INFO") == ["Installing podiumdemo"]
    assert "Using the cached packages for podiumdemo" in ctx.log.of("DEBUG")
    assert len(list((ctx.root / "cache").iterdir())) == 1


@pytest.mark.parametrize(
    ("requirements", "message"),
    [
        (
            ["podiumdemo", "no-such-package-xyz>=2"],
            "`no-such-package-xyz>=2` could not be installed: no such version or",
        ),
        (["podiumdemo==9.9"], "`podiumdemo==9.9` could not be installed: no such version or package."),
        (["podium demo"], "`podium demo` could not be installed: this is not a requirement."),
    ],
)
def test_the_culprit_is_named(ctx: FakeContext, index: dict[str, str], requirements: list[str], message: str) -> None:
    with pytest.raises(TaskError) as failure:
        ctx.run(PYTHON, dependencies=requirements, env=index, script="print('never')")
    assert str(failure.value).startswith(f"The Python dependency {message}")
    assert "pip said:" in str(failure.value)
    assert not list((ctx.root / "cache").iterdir()), "a failed installation must not be taken for a cached one"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("Because flask-x was not found in the package registry and you require flask-x>=2", "`Flask-X>=2` could not"),
        (
            "Because there is no version of flask-x==9 and you require it",
            "`Flask-X>=2` could not be installed: no such",
        ),
        (
            "Because only flask-x<2 is available and you require flask-x>=2",
            "`Flask-X>=2` could not be installed: no su",
        ),
        ("ERROR: Failed building wheel for pyodbc", "`pyodbc` could not be installed: it could not be built."),
        ("error: Failed to build `pyodbc==5.0`", "`pyodbc` could not be installed: it could not be built."),
        (
            "ERROR: Cannot install a==1 and b==2 because these package versions have conflicting",
            "`a==1 and b==2` could",
        ),
        (
            "NewConnectionError: refused\nERROR: No matching distribution found for pyodbc",
            "`pyodbc` could not be installed: no such version or package. The package index could not be reached.",
        ),
    ],
)
def test_what_package_managers_say(said: str, message: str) -> None:
    text = failure_message(["Flask-X>=2", "pyodbc"], said.splitlines(), "uv")
    assert text.startswith(f"The Python dependency {message}")
    assert text.endswith(said)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            "/usr/bin/python3: No module named pip",
            "this Python has no pip. Install it (Debian and Ubuntu: `apt install py",
        ),
        ("something else", "The Python dependencies a, b could not be installed.\npip said:\nsomething else"),
    ],
)
def test_other_failures(said: str, message: str) -> None:
    assert message in failure_message(["a", "b"], [said], "pip")
