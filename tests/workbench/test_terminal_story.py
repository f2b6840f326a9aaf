"""The first story in a small real terminal: a real venv, real pip, real packages, and the stars in their lane."""

import http.server
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.workbench.terminal import APP, Terminal, needs_tmux

pytestmark = [pytest.mark.terminal, pytest.mark.slow, needs_tmux]

SAMPLE = APP.parent / "sample_namespace"
_PATIENCE = 240.0
"""Seconds; pip fetches some twenty megabytes."""


class _GitHub(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"full_name": "kestra-io/kestra", "stargazers_count": 48151}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An API on loopback that answers like GitHub's."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _GitHub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield
    server.shutdown()
    server.server_close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A copy of the sample namespace; its path is short because that of a socket has a limit."""
    place = Path(tempfile.mkdtemp(prefix="podium-"))
    shutil.copytree(SAMPLE, place / "ws", ignore=shutil.ignore_patterns(".podium", "__pycache__"))
    (place / "ws" / ".podium").mkdir(mode=0o700)
    yield place / "ws"
    shutil.rmtree(place, ignore_errors=True)


@pytest.mark.usefixtures("github")
def test_the_stars_stand_alone_in_the_log_lane_of_a_small_terminal(folder: Path) -> None:
    with Terminal(folder, folder.parent / "tmux", 80, 24, "flows/api_example.yaml") as term:
        term.shows("2 flows/api_example.yaml", "id: python_script")
        term.keys("F5")
        # In the narrow layout a ticker of one line tells what the newest run is doing.
        term.shows("api_example", "SUCCESS", seconds=_PATIENCE)
        term.keys("Escape")
        time.sleep(0.3)  # or the terminal reads alt+4
        term.keys("4")
        shown = term.shows("Log │ Script │ All", "Number of stars: 48151")
        assert "Collecting" not in shown and "Successfully installed" not in shown
        lines = re.findall(r"\d\d:\d\d:\d\d (?:INFO|WARN|ERROR) .*", shown)
        assert len(lines) == 1 and "Number of stars: 48151" in lines[0]
