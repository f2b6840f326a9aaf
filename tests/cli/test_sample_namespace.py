"""The flows of `sample_namespace/` at work, as a newcomer runs them; only GitHub is a fake, on loopback."""

import http.server
import importlib.metadata
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from podium.tasks.scripts.python import CLIENT

from .conftest import Podium

SAMPLE = Path(__file__).parents[2] / "sample_namespace"


@pytest.fixture
def sample(workspace: Path) -> Path:
    """A copy of the sample namespace, as the workspace."""
    shutil.copytree(SAMPLE, workspace, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".podium", "__pycache__"))
    return workspace


class _GitHub(http.server.BaseHTTPRequestHandler):
    """Answers with what `answer` says and notes what it was asked."""

    answer: ClassVar[tuple[int, dict[str, str], dict[str, Any]]] = (200, {}, {"stargazers_count": 27192})
    asked: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Authorization")))
        status, headers, document = self.answer
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    def log_message(self, format: str, *arguments: object) -> None:
        """Be silent."""


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_GitHub]]:
    """A GitHub API on loopback; scripts find it through GITHUB_API_URL."""
    _GitHub.answer, _GitHub.asked = (200, {}, {"stargazers_count": 27192}), []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _GitHub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield _GitHub
    server.shutdown()


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages of requirements.txt, packed from what this Python has, so that pip needs no network."""
    folder = tmp_path_factory.mktemp("wheels")
    for name in ("requests", "urllib3", "idna", "certifi", "charset-normalizer"):
        _pack(importlib.metadata.distribution(name), folder)
    with zipfile.ZipFile(folder / "kestra-1.0.0-py3-none-any.whl", "w") as wheel:
        wheel.write(CLIENT / "kestra.py", "kestra.py")
        _metadata(wheel, "kestra-1.0.0.dist-info", "Metadata-Version: 2.1\nName: kestra\nVersion: 1.0.0\n")
    return folder


def _pack(distribution: importlib.metadata.Distribution, folder: Path) -> None:
    """An installed package as a wheel. What was compiled is left out: these packages do without it."""
    name, version = distribution.metadata["Name"].replace("-", "_"), distribution.version
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for file in distribution.files or ():
            if file.suffix in (".py", ".pem", ".json") and ".." not in file.parts and "dist-info" not in file.parts[0]:
                wheel.write(file.locate(), str(file))
        _metadata(wheel, info, distribution.read_text("METADATA") or "")


def _metadata(wheel: zipfile.ZipFile, info: str, metadata: str) -> None:
    wheel.writestr(f"{info}/METADATA", metadata)
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr(f"{info}/RECORD", "")


@pytest.fixture
def offline_pip(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pip installs from `wheels` and nowhere else."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))


def test_every_flow_is_sound(podium: Podium, sample: Path) -> None:
    found = podium("validate")
    assert found.code == 0
    # `runner: PROCESS` is what the course writes: it works, so its successor is named, but nobody is warned.
    assert [line.rsplit(" ", 1)[1] for line in found.out.splitlines()] == ["[older-property]"]
    assert ": info: " in found.out and "no errors, no warnings" in found.err


def test_hello_world(podium: Podium, sample: Path) -> None:
    found = podium("run", "hello_world", "-i", "name=Ada")
    assert found.code == 0 and "Hello Ada" in found.out and found.out.endswith("  greeting  Hello Ada\n")


def test_sales_are_loaded_after_a_retry(podium: Podium, sample: Path) -> None:
    found = podium("run", "sales_etl")
    assert found.code == 0, found.out + found.err
    assert "The database is not there yet." in found.out and "after 2 attempts" in found.err
    for text in ("16 sales, 4 rejected", "Best region: north", "Best product: desks", "Largest sale to: Birch School"):
        assert text in found.out, text
    document = podium("show", "last", "-o", "json").json()
    assert document["outputs"]["total"] == 19197.24
    assert {"key": "team", "value": "sales"} in document["labels"]
    runs = {run["taskId"]: run for run in document["taskRunList"]}
    assert len(runs["load"]["attempts"]) == 2
    assert {runs[name]["parentTaskRunId"] for name in ("by_region", "by_product", "largest")} == {
        runs["transform"]["id"]
    }
    (sample / "sales.db").write_bytes(_stored(podium, document["outputs"]["database"]))
    with sqlite3.connect(sample / "sales.db") as connection:
        assert connection.execute("SELECT name, amount FROM region ORDER BY amount DESC LIMIT 1").fetchall() == [
            ("north", 13295.5)
        ]


def _stored(podium: Podium, uri: str) -> bytes:
    listed = podium("files", "list", "--run", "last", "-o", "json").json()
    path = next(entry["localPath"] for entry in listed if entry["path"] == uri)
    return Path(path).read_bytes()


def test_sales_without_a_hitch_and_with_a_minimum(podium: Podium, sample: Path) -> None:
    found = podium("run", "sales_etl", "-i", "flaky=false", "-i", "minimum=1000")
    assert found.code == 0 and "6 sales, 14 rejected" in found.out and "attempts" not in found.err


def test_the_errors_branch_of_the_sales(podium: Podium, sample: Path) -> None:
    (sample / "data" / "sales.csv").unlink()
    found = podium("run", "sales_etl")
    assert found.code == 1 and "The sales of today were not loaded: see execution" in found.out
    assert "extract failed" in podium("show", "last").out


def test_a_plan_of_the_sales(podium: Podium, sample: Path) -> None:
    found = podium("plan", "sales_etl")
    assert found.code == 0 and 'env  {"MINIMUM": "0.0"}' in found.out and "✓ program sh" in found.out


@pytest.mark.slow
@pytest.mark.usefixtures("offline_pip")
def test_the_stars_of_a_repository(podium: Podium, sample: Path, github: type[_GitHub]) -> None:
    found = podium("run", "api_example")
    assert found.code == 0, found.out + found.err
    assert github.asked == [("/repos/kestra-io/kestra", None)]
    lines = found.out.splitlines()
    assert any("out |" in line and "Successfully installed" in line and "requests" in line for line in lines)
    # The one line that counts stands apart from everything that pip and the script print.
    (log,) = [line for line in lines if "python_output" in line]
    assert log.endswith("Number of stars: 27192") and " INFO " in log
    assert podium("logs", "last", "--lane", "log", "--task", "python_output", "--level", "INFO", "-o", "raw").out == (
        "Number of stars: 27192\n"
    )
    assert podium("show", "last", "--outputs", "python_script.vars.gh_stars").out == "27192\n"
    assert "requests  1" in " ".join(podium("show", "last", "--metrics").out.split()).replace(" 1.0", "  1")
    assert not (sample / ".venv").exists(), "the virtual environment belongs to the task's working directory"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((403, {}, {"message": "API rate limit exceeded for you."}), "rate limit). Set GITHUB_TOKEN"),
        ((404, {}, {}), "answered 404 Not Found."),
        (None, "Is this machine online?"),
    ],
    ids=["limited", "missing", "offline"],
)
def test_when_github_does_not_answer(
    answer: Any, said: str, sample: Path, github: type[_GitHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "abcdefgh")
    monkeypatch.setenv("PYTHONPATH", str(CLIENT))
    if answer is None:
        monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    else:
        github.answer = answer
    done = subprocess.run([sys.executable, "scripts/api_example.py"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and said in done.stderr and "Traceback" not in done.stderr and "::" not in done.stdout
    assert answer is None or github.asked == [("/repos/kestra-io/kestra", "Bearer abcdefgh")]
