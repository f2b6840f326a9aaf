"""What an execution runs with: noted by each runner that takes it up, so that it can still be told long afterwards."""

import os
import pwd
import sys
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from podium import __version__
from podium.base.clock import iso_instant
from podium.store.execution_records import ExecutionRecord


@dataclass(frozen=True, slots=True)
class Environment:
    """One runner and its surroundings. Of the environment variables only the names: their values may be secrets."""

    since: str
    pid: int
    host: str
    user: str
    podium: str
    python: str
    interpreter: str
    system: str
    directory: str
    variables: tuple[str, ...]


def own_environment(now: datetime, directory: str) -> Environment:
    """That of this process, which takes an execution up."""
    system = os.uname()
    return Environment(
        iso_instant(now), os.getpid(), system.nodename, _user(), __version__, sys.version.split()[0],
        sys.executable, f"{system.sysname} {system.release} {system.machine}", directory, tuple(sorted(os.environ)),
    )  # fmt: skip


def note_environment(record: ExecutionRecord, environment: Environment) -> None:
    """Add it to what the execution keeps. Raises StoreError."""
    record.note_environment(asdict(environment))


def environments(record: ExecutionRecord) -> list[Environment]:
    """Those of an execution, one for each time that a runner took it up; entries of another Podium are passed over."""
    names = {field.name for field in fields(Environment)}
    return [
        Environment(**{**entry, "variables": tuple(map(str, entry["variables"]))})
        for entry in record.environments()
        if entry.keys() == names
    ]


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
