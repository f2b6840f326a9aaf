"""`from kestra import Kestra` for scripts, when the real package is not installed: it prints protocol
lines.
"""

import base64
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class Kestra:
    """Outputs, metrics and log entries of the task that runs this script."""

    @staticmethod
    def outputs(values: Mapping[str, Any]) -> None:
        """Set outputs; they arrive as `outputs.<task>.vars`."""
        _send({"outputs": values})

    @staticmethod
    def counter(name: str, value: float, tags: Mapping[str, str] | None = None) -> None:
        """Add to a counter."""
        _metric("counter", name, value, tags)

    @staticmethod
    def gauge(name: str, value: float, tags: Mapping[str, str] | None = None) -> None:
        """Set a gauge."""
        _metric("gauge", name, value, tags)

    @staticmethod
    def timer(name: str, duration: float | Callable[[], Any], tags: Mapping[str, str] | None = None) -> None:
        """Record seconds, or the time that a function takes."""
        if callable(duration):
            begin = time.monotonic()
            duration()
            duration = time.monotonic() - begin
        _metric("timer", name, duration, tags)

    @staticmethod
    def assets(assets: Mapping[str, Any]) -> None:
        """Report assets."""
        _send({"assets": assets})

    @staticmethod
    def logger() -> logging.Logger:
        """A logger whose entries keep their level in the log of the task."""
        logger = logging.getLogger("Kestra")
        if not logger.handlers:
            logger.addHandler(_Handler())
            logger.setLevel(logging.DEBUG)
            logger.propagate = False
        return logger

    @staticmethod
    def read(path: str) -> Any:
        """The content of a file of JSON lines: the value, or the list of them."""
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        values = [json.loads(line) for line in lines if line.strip()]
        return values[0] if len(values) == 1 else values


class _Handler(logging.Handler):
    _LEVELS = {"WARNING": "WARN", "CRITICAL": "ERROR", "NOTSET": "TRACE"}

    def emit(self, record: logging.LogRecord) -> None:
        stamp = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        level = self._LEVELS.get(record.levelname, record.levelname)
        stream = sys.stderr if record.levelno >= logging.WARNING else sys.stdout
        _send({"logs": [{"level": level, "message": f"{stamp} {self.format(record)}"}]}, stream)


class _Context(Mapping[str, Any]):
    """One object of the execution context, with its members as attributes."""

    def __init__(self, load: Callable[[], Mapping[str, Any]]) -> None:
        self._load = load

    def __getitem__(self, key: str) -> Any:
        return _wrapped(self._load()[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._load())

    def __len__(self) -> int:
        return len(self._load())

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            known = ", ".join(self._load()) or "nothing"
            raise AttributeError(f"the execution context has no '{name}' here, only: {known}") from None


def _wrapped(value: Any) -> Any:
    if isinstance(value, dict):
        return _Context(lambda: value)
    return [_wrapped(item) for item in value] if isinstance(value, list) else value


_loaded: list[Mapping[str, Any]] = []


def _execution() -> Mapping[str, Any]:
    if not _loaded:
        paths = [os.environ.get("KESTRA_EXECUTION_CONTEXT_FILE"), ".kestra-execution-context.json"]
        file = next((Path(path) for path in paths if path and Path(path).is_file()), None)
        if file is not None:
            _loaded.append(json.loads(file.read_text(encoding="utf-8")))
        elif "KESTRA_CONTEXT" in os.environ:
            _loaded.append(json.loads(base64.b64decode(os.environ["KESTRA_CONTEXT"])))
        else:
            raise FileNotFoundError("no execution context: set `executionContext: true` on the task")
    return _loaded[0]


context = _Context(_execution)


def _metric(kind: str, name: str, value: float, tags: Mapping[str, str] | None) -> None:
    _send({"metrics": [{"name": name, "type": kind, "value": value, "tags": dict(tags or {})}]})


def _send(frame: Mapping[str, Any], stream: Any = None) -> None:
    print(f"::{json.dumps(frame)}::", file=stream or sys.stdout, flush=True)
