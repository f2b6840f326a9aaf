from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.runtime.lab import Lab

from podium.runtime.launcher import ForkServer


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    server = ForkServer.start()
    yield server
    server.close()


@pytest.fixture
def lab(tmp_path: Path, fork_server: ForkServer) -> Iterator[Lab]:
    made = Lab(tmp_path / "ws", fork_server)
    yield made
    made.close()
