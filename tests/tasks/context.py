"""A RunContext for tests of tasks: real directories, files and processes; everything else is kept for
looking at.
"""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from podium.expressions.render import render, render_typed
from podium.expressions.services import NoServices
from podium.model.properties import Properties
from podium.plugin.binding import bind
from podium.plugin.task import TaskError
from podium.runtime.processes import Cancellation, LocalProcesses
from podium.tasks.builtin_types import TYPES

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


class FakeLog:
    """Keeps (source, level, message)."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, str, str]] = []

    def trace(self, message: str) -> None:
        self.write("TRACE", message)

    def debug(self, message: str) -> None:
        self.write("DEBUG", message)

    def info(self, message: str) -> None:
        self.write("INFO", message)

    def warn(self, message: str) -> None:
        self.write("WARN", message)

    def error(self, message: str) -> None:
        self.write("ERROR", message)

    def write(self, level: str, message: str) -> None:
        self.entries.append(("log", level, message))

    def lines(self, stream: str, level: str, lines: Sequence[str]) -> None:
        self.entries.extend((stream, level, line) for line in lines)

    def of(self, level: str, source: str = "log") -> list[str]:
        return [message for origin, found, message in self.entries if (origin, found) == (source, level)]

    def stdout(self) -> list[str]:
        return self.of("INFO", "stdout")


class FakeStorage:
    """`kestra:///` URIs are files of one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()

    def put(self, path: Path, name: str | None = None) -> str:
        return self.put_bytes(path.read_bytes(), name or path.name)

    def put_bytes(self, content: bytes, name: str) -> str:
        (self.root / name).write_bytes(content)
        return f"kestra:///test/{name}"

    def path(self, uri: str) -> Path:
        path = Path(uri.removeprefix("file://")) if uri.startswith("file://") else self.root / uri.rsplit("/", 1)[1]
        if not path.is_file():
            raise TaskError(f"There is no file {uri}")
        return path

    def open(self, uri: str) -> BinaryIO:
        return BytesIO(self.path(uri).read_bytes())

    def size(self, uri: str) -> int:
        return self.path(uri).stat().st_size

    def exists(self, uri: str) -> bool:
        return (self.root / uri.rsplit("/", 1)[1]).exists()

    def delete(self, uri: str) -> bool:
        existed = self.exists(uri)
        (self.root / uri.rsplit("/", 1)[1]).unlink(missing_ok=True)
        return existed

    def delete_all(self) -> Sequence[str]:
        uris = [f"kestra:///test/{path.name}" for path in sorted(self.root.iterdir())]
        for uri in uris:
            self.delete(uri)
        return uris

    def text(self, uri: str) -> str:
        return self.path(uri).read_text()


class FakeNamespaceFiles:
    def __init__(self, root: Path) -> None:
        self.root = root

    def list(self, namespace: str) -> Sequence[str]:
        folder = self.root / namespace
        return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())

    def path(self, namespace: str, name: str) -> Path:
        return self.root / namespace / name

    def write(self, namespace: str, name: str, content: bytes) -> None:
        path = self.path(namespace, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def delete(self, namespace: str, name: str) -> bool:
        path = self.path(namespace, name)
        existed = path.is_file()
        path.unlink(missing_ok=True)
        return existed


class FakeKeyValues:
    def __init__(self) -> None:
        self.values: dict[tuple[str, str], Any] = {}
        self.times_to_live: dict[tuple[str, str], timedelta | None] = {}
        self.old: dict[str, list[str]] = {}

    def get(self, namespace: str, key: str) -> tuple[bool, Any]:
        return (namespace, key) in self.values, self.values.get((namespace, key))

    def set(
        self, namespace: str, key: str, value: Any, *, ttl: timedelta | None = None,
        overwrite: bool = True, description: str | None = None,
    ) -> bool:  # fmt: skip
        if not overwrite and (namespace, key) in self.values:
            return False
        self.values[namespace, key] = value
        self.times_to_live[namespace, key] = ttl
        return True

    def delete(self, namespace: str, key: str) -> bool:
        self.old.get(namespace, []).count(key) and self.old[namespace].remove(key)
        return self.values.pop((namespace, key), self) is not self

    def keys(self, namespace: str, prefix: str = "") -> Sequence[str]:
        return sorted(key for space, key in self.values if space == namespace and key.startswith(prefix))

    def namespaces(self) -> Sequence[str]:
        return sorted({space for space, _ in self.values} | set(self.old))

    def expired(self, namespace: str) -> Sequence[str]:
        return list(self.old.get(namespace, ()))


class FakeExecutions:
    """Answers from lists; keeps what was asked."""

    def __init__(self) -> None:
        self.executions: list[dict[str, Any]] = []
        self.log_entries: list[dict[str, Any]] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def find(self, **filters: Any) -> Sequence[Mapping[str, Any]]:
        self.asked.append(("find", filters))
        wanted = {"namespace": "namespace", "flow_id": "flowId"}
        return [
            execution
            for execution in self.executions
            if all(filters.get(name) in (None, execution[key]) for name, key in wanted.items())
        ]

    def logs(self, execution_id: str, **filters: Any) -> Sequence[Mapping[str, Any]]:
        self.asked.append(("logs", {"execution_id": execution_id, **filters}))
        return [entry for entry in self.log_entries if filters.get("task_id") in (None, entry["taskId"])]

    def delete(self, execution_id: str, **what: bool) -> int:
        self.asked.append(("delete", {"execution_id": execution_id, **what}))
        return 2

    def delete_logs(self, execution_id: str, **filters: Any) -> int:
        self.asked.append(("delete_logs", {"execution_id": execution_id, **filters}))
        return 3

    def resume(self, execution_id: str, inputs: Mapping[str, Any] | None = None) -> None:
        self.asked.append(("resume", {"execution_id": execution_id, "inputs": inputs}))


class FakeTriggers:
    def __init__(self) -> None:
        self.switched: list[tuple[str, str, str, bool]] = []

    def switch(self, namespace: str, flow_id: str, trigger_id: str, *, enabled: bool) -> None:
        self.switched.append((namespace, flow_id, trigger_id, enabled))


class FakeContext:
    """One attempt of the task `t` in flow `company.team.flow`."""

    namespace = "company.team"
    flow_id = "flow"
    execution_id = "exec1"
    task_id = "t"
    task_type = "test"
    attempt = 0

    def __init__(self, root: Path, variables: Mapping[str, Any] | None = None) -> None:
        self.taskrun_id = f"run{os.getpid()}-{id(self)}"
        self.variables: dict[str, Any] = {
            "flow": {"id": "flow", "namespace": "company.team"},
            "execution": {"id": "exec1"},
            "task": {"id": "t"},
            "taskrun": {"id": self.taskrun_id},
            "inputs": {},
            "outputs": {},
            **(variables or {}),
        }
        self.root = root
        self.working_dir = root / "work"
        self.working_dir.mkdir()
        self.cancelled = Cancellation()
        self.log = FakeLog()
        self.storage = FakeStorage(root / "storage")
        self.namespace_files = FakeNamespaceFiles(root / "namespaces")
        self.kv = FakeKeyValues()
        self.executions = FakeExecutions()
        self.triggers = FakeTriggers()
        self.processes = LocalProcesses(
            f"{self.execution_id}.{self.taskrun_id}.0", self.cancelled, self.log.warn, grace=timedelta(seconds=0.3)
        )
        self.metrics: list[tuple[str, float, str, dict[str, str]]] = []
        self.masked: list[str] = []
        self.settings: dict[str, Any] = {"tasks.scripts.cache": str(root / "cache")}

    def now(self) -> datetime:
        return NOW

    def render(self, value: Any, extra: Mapping[str, Any] | None = None) -> Any:
        return render(value, {**self.variables, **(extra or {})}, NoServices())

    def render_typed(self, value: Any, extra: Mapping[str, Any] | None = None) -> Any:
        return render_typed(value, {**self.variables, **(extra or {})}, NoServices())

    def metric(self, name: str, value: float, *rest: Any, **named: Any) -> None:
        kind, tags = [*rest, *[named.get("type", "counter"), named.get("tags")][len(rest) :]]
        self.metrics.append((name, value, kind, dict(tags or {})))

    def mask(self, secret: str) -> None:
        self.masked.append(secret)

    def setting(self, name: str, default: Any = None) -> Any:
        return self.settings.get(name, default)

    def run_task(self, spec: str) -> Mapping[str, Any]:
        return {"spec": spec}

    def run(self, type_name: str, **props: Any) -> Any:
        """Bind and run a built-in task, as the runtime does."""
        return bind(task_class(type_name), props, self, resolve).run(self)  # type: ignore[attr-defined]

    def namespace_file(self, name: str, content: str, namespace: str = "company.team") -> None:
        self.namespace_files.write(namespace, name, content.encode())

    def write(self, name: str, content: str) -> None:
        path = self.working_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)

    def stored(self, content: str, name: str = "data.txt") -> str:
        return self.storage.put_bytes(content.encode(), name)

    def records(self, uri: str) -> list[Any]:
        return [json.loads(line) for line in self.storage.text(uri).splitlines()]

    def close(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)


def task_class(type_name: str) -> type[Properties]:
    """The class of a built-in type."""
    module, name = TYPES[type_name].split(":")
    found: type[Properties] = getattr(__import__(module, fromlist=[name]), name)
    return found


def resolve(type_name: str) -> type[Properties] | None:
    return task_class(type_name) if type_name in TYPES else None
