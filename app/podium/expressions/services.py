"""The one port through which an expression reaches anything impure: clock, secrets, files, network.

Implementations answer plain questions; the language itself words Kestra's error messages. Where a method may
fail for a reason the user must see, it raises `ExpressionError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, Literal, Protocol

from podium.expressions.errors import ExpressionError

if TYPE_CHECKING:
    import random


@dataclass(frozen=True, slots=True)
class FileReference:
    """A file named by an expression.

    `space` says which store: namespace files (`namespace` and `path` set), Kestra's internal storage (`uri`
    set) or the local disk (`path` set). `revision` picks a version of a namespace file, None the newest.
    """

    space: Literal["namespace", "storage", "local"]
    uri: str
    path: str
    namespace: str | None = None
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What `http()` wants to send; `body` is already encoded for `headers["Content-Type"]`."""

    method: str
    uri: str
    query: Mapping[str, str]
    headers: Mapping[str, Sequence[str]]
    body: bytes | None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    status: int
    reason: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class SubflowRequest:
    """What `subflow()` wants to run while inputs are rendered; `timeout` is at most five minutes."""

    namespace: str
    flow_id: str
    inputs: Mapping[str, Any]
    labels: Mapping[str, Any]
    revision: int | None
    timeout: timedelta


class Services(Protocol):
    """Everything impure an expression may ask for."""

    def now(self) -> datetime:
        """The moment of rendering, with a zone."""

    def zone(self) -> tzinfo:
        """The zone in which dates without one are read and all dates are shown."""

    def random(self) -> random.Random:
        """The source of randomness for ids and random numbers."""

    def random_port(self) -> int:
        """A TCP port that is free now."""

    def secret(self, key: str, namespace: str | None) -> str | None:
        """The secret's clear text, or None if there is none. Values handed out are the caller's to mask."""

    def secret_metadata(self, key: str, namespace: str | None) -> Mapping[str, Any] | None:
        """What is kept beside the secret, for `secret(key, full=true)`."""

    def mask(self, value: str) -> None:
        """A piece of a secret was handed out on its own; keep it out of logs too."""

    def kv(self, key: str, namespace: str) -> tuple[bool, Any]:
        """Whether exactly this namespace holds the key, and its typed value."""

    def read_file(self, file: FileReference) -> bytes:
        """The content. Raises `FileNotFoundError` if there is no such file."""

    def file_size(self, file: FileReference) -> int:
        """Bytes. Raises `FileNotFoundError` if there is no such file."""

    def file_exists(self, file: FileReference) -> bool: ...

    def http(self, request: HttpRequest) -> HttpResponse:
        """Send it. Raises `OSError` if no answer could be had."""

    def error_logs(self) -> Sequence[Mapping[str, Any]]:
        """Error log entries of the current execution."""

    def subflow(self, request: SubflowRequest) -> Mapping[str, Any]:
        """Run the flow to its end and return `id`, `state`, `outputs`, `labels`."""


class NoServices:
    """Where expressions are rendered without any surroundings: every impure question is refused, clearly."""

    def now(self) -> datetime:
        raise self._refusal("The clock is")

    def zone(self) -> tzinfo:
        return UTC

    def random(self) -> random.Random:
        raise self._refusal("Randomness is")

    def random_port(self) -> int:
        raise self._refusal("A free port is")

    def secret(self, key: str, namespace: str | None) -> str | None:
        raise self._refusal(f"The secret '{key}' is")

    def secret_metadata(self, key: str, namespace: str | None) -> Mapping[str, Any] | None:
        raise self._refusal(f"The secret '{key}' is")

    def mask(self, value: str) -> None:
        raise self._refusal("A secret is")

    def kv(self, key: str, namespace: str) -> tuple[bool, Any]:
        raise self._refusal(f"The key '{key}' of the KV store is")

    def read_file(self, file: FileReference) -> bytes:
        raise self._refusal(f"The file '{file.uri}' is")

    def file_size(self, file: FileReference) -> int:
        raise self._refusal(f"The file '{file.uri}' is")

    def file_exists(self, file: FileReference) -> bool:
        raise self._refusal(f"The file '{file.uri}' is")

    def http(self, request: HttpRequest) -> HttpResponse:
        raise self._refusal(f"The network ({request.uri}) is")

    def error_logs(self) -> Sequence[Mapping[str, Any]]:
        raise ExpressionError(
            "The 'errorLogs' function can only be used in the Worker as it needs access to the logs of the "
            "current execution"
        )

    def subflow(self, request: SubflowRequest) -> Mapping[str, Any]:
        raise self._refusal(f"The subflow '{request.namespace}.{request.flow_id}' is")

    def _refusal(self, subject: str) -> ExpressionError:
        return ExpressionError(f"{subject} not available here: this text is rendered without a running flow")
