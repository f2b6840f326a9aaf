"""Who serves a workspace: one process at most, and asking does not stand in its way."""

import fcntl
import os
import threading
from pathlib import Path

import pytest

from podium.server.presence import Serving, announce, serving, the_only_server
from podium.store.errors import StoreError
from podium.store.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path)
    made.prepare()
    return made


def test_the_server_is_seen_as_long_as_it_is_there(workspace: Workspace) -> None:
    assert serving(workspace) is None
    with the_only_server(workspace) as mark:
        assert serving(workspace) == Serving(os.getpid(), "")
        announce(mark, "http://127.0.0.1:1")
        assert serving(workspace) == Serving(os.getpid(), "http://127.0.0.1:1")
        with pytest.raises(StoreError, match=f"served already by process {os.getpid()}"), the_only_server(workspace):
            pass
    assert serving(workspace) is None


def test_who_looks_does_not_keep_a_server_from_starting(workspace: Workspace) -> None:
    with the_only_server(workspace) as mark:
        pass
    looking = os.open(mark, os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)
    threading.Timer(0.03, os.close, (looking,)).start()
    with the_only_server(workspace):
        assert serving(workspace) is not None
