"""Whether a server works on a workspace: at most one does, and everybody can see which."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from podium.store.errors import StoreError, write_failure
from podium.store.workspace import Workspace

_TRIES, _BETWEEN_TRIES = 10, 0.02


@dataclass(frozen=True, slots=True)
class Serving:
    """The server of a workspace; `address` is where it answers HTTP, empty when it does not."""

    pid: int
    address: str


@contextmanager
def the_only_server(workspace: Workspace) -> Iterator[Path]:
    """Be the server of the workspace until the end of the block; yields the file for `announce`.

    The lock ends with the process, however it ends. Raises StoreError when there is a server already.
    """
    path = _lock_file(workspace)
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise write_failure("The mark of the server", path, error) from error
    try:
        if not _locked(file):
            raise StoreError(f"{workspace.root} is served already{_by(_read(path))}. End that one first.")
        announce(path, "")
        yield path
    finally:
        os.close(file)


def _locked(file: int) -> bool:
    """Whether the lock is ours now. Who only asks with `serving` holds it for a moment, which is waited for."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_BETWEEN_TRIES)
        else:
            return True
    return False


def announce(path: Path, address: str) -> None:
    """Note who serves, and where it answers."""
    path.write_text(json.dumps({"pid": os.getpid(), "address": address}), encoding="utf-8")


def serving(workspace: Workspace) -> Serving | None:
    """The server that works on the workspace at this moment, None when there is none."""
    path = _lock_file(workspace)
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(path) or Serving(0, "")
    finally:
        os.close(file)
    return None


def _lock_file(workspace: Workspace) -> Path:
    return workspace.state / "serve.lock"


def _read(path: Path) -> Serving | None:
    try:
        noted = json.loads(path.read_text(encoding="utf-8"))
        return Serving(int(noted["pid"]), str(noted["address"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _by(known: Serving | None) -> str:
    return f" by process {known.pid}" if known else ""
