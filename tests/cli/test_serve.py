"""`podium serve` as a process, with a webhook and a schedule."""

import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from podium.server.presence import serving
from podium.store.workspace import Workspace

from .conftest import Podium

FLOWS = """\
id: hooked
namespace: company.team
tasks:
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: "heard {{ trigger.body.word }}"
triggers:
  - {id: hook, type: io.kestra.plugin.core.trigger.Webhook, key: abcdef123456}
---
id: ticking
namespace: company.team
tasks:
  - {id: say, type: io.kestra.plugin.core.log.Log, message: tick}
triggers:
  - {id: clock, type: io.kestra.plugin.core.trigger.Schedule, cron: "* * * * * *", withSeconds: true}
"""


def _eventually(check: Callable[[], object]) -> None:
    deadline = time.monotonic() + 40
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture
def server(workspace: Path) -> "Iterator[subprocess.Popen[str]]":
    (workspace / "flows.yaml").write_text(FLOWS)
    process = subprocess.Popen(
        [sys.executable, "-m", "podium", "serve", "--port", "0"],
        cwd=workspace,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    if process.poll() is None:
        process.kill()
        process.communicate(timeout=20)


def test_webhooks_and_schedules_start_executions(
    server: "subprocess.Popen[str]", podium: Podium, workspace: Path
) -> None:
    assert server.stderr is not None
    first = server.stderr.readline()
    assert first.startswith(f"Serving {workspace}, webhooks at http://127.0.0.1:")
    address = first.split()[-1]
    found = serving(Workspace(workspace))
    assert found is not None and (found.pid, found.address) == (server.pid, address)
    second = podium("serve", "--port", "0")
    assert second.code == 2 and f"is served already by process {server.pid}" in second.err

    request = urllib.request.Request(
        f"{address}/api/v1/executions/webhook/company.team/hooked/abcdef123456",
        data=json.dumps({"word": "hello"}).encode(),
        headers={"Content-Type": "application/json"},
    )

    def ask() -> str:
        # Flows are read by the first round, which may be a moment away.
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return str(json.load(answer)["id"])
        except urllib.error.HTTPError as error:
            assert error.code == 404
            return ""

    started: list[str] = []
    _eventually(lambda: started.append(ask()) or started[-1])
    assert podium("wait", started[-1], "--timeout", "30s").code == 0
    assert "heard hello" in podium("logs", started[-1]).out
    _eventually(lambda: podium("runs", "--flow", "ticking", "--state", "SUCCESS", "-q").out)

    server.send_signal(signal.SIGTERM)
    out, err = server.communicate(timeout=30)
    assert server.returncode == 0 and "what it started goes on" in err and "Traceback" not in err
    assert "trigger `clock` started" in out and "trigger `hook` started" in out
    assert serving(Workspace(workspace)) is None


def test_a_port_that_is_taken(server: "subprocess.Popen[str]", podium: Podium, tmp_path: Path) -> None:
    assert server.stderr is not None
    port = server.stderr.readline().rsplit(":", 1)[1].strip()
    other = tmp_path / "other"
    other.mkdir()
    found = podium("serve", "-C", str(other), "--port", port)
    assert found.code == 2 and "Choose another one with --port" in found.err
