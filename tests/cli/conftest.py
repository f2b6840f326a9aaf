"""A workspace and a way to run commands in it, inside this process."""

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import podium as podium_package
from podium.cli.main import main

HELLO = """\
id: hello
namespace: company.team
inputs:
  - id: name
    type: STRING
    defaults: World
tasks:
  - id: hi
    type: io.kestra.plugin.core.log.Log
    message: "Hello {{ inputs.name }}"
outputs:
  - id: greeted
    type: STRING
    value: "{{ inputs.name }}"
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What a command did."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


Podium = Callable[..., Result]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workspace that is the current directory."""
    root = tmp_path / "workspace"
    root.mkdir()
    monkeypatch.chdir(root)
    for name in ("NO_COLOR", "PODIUM_ASCII", "PODIUM_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(Path(podium_package.__file__).parents[1]))
    return root


@pytest.fixture
def hello(workspace: Path) -> Path:
    """A workspace with the flow `hello`."""
    (workspace / "flows").mkdir()
    (workspace / "flows" / "hello.yaml").write_text(HELLO)
    return workspace


@pytest.fixture
def podium(workspace: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Podium:
    """Run one command line; `stdin` is what it can read."""

    def run(*arguments: str, stdin: str = "") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        capfd.readouterr()
        code = main(list(arguments))
        sys.stdout.flush()
        sys.stderr.flush()
        captured = capfd.readouterr()
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture
def flows(hello: Path) -> Path:
    """A workspace with `hello` and the flows of `tests.cli.flows`."""
    from .flows import FLOWS

    for name, text in FLOWS.items():
        (hello / "flows" / f"{name}.yaml").write_text(text)
    return hello
