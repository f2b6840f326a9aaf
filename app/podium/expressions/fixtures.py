"""Services answered from plain values: previews, unit tests of flows and conformance cases."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from podium.expressions.services import FileReference, NoServices


@dataclass
class FixtureServices(NoServices):
    """What is not given does not exist; network and subflows stay refused.

    `kv` and `namespace_files` are keyed by namespace first, `storage` by URI. `masked` collects the pieces of
    secrets that were handed out on their own.
    """

    moment: datetime = datetime(2024, 3, 5, 6, 7, 8, 123456, tzinfo=UTC)
    secrets: Mapping[str, str] = field(default_factory=dict)
    key_values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    namespace_files: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    storage: Mapping[str, str] = field(default_factory=dict)
    logs: Sequence[Mapping[str, Any]] | None = None
    time_zone: tzinfo = UTC
    randomness: random.Random = field(default_factory=lambda: random.Random(0))
    masked: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        return self.moment

    def zone(self) -> tzinfo:
        return self.time_zone

    def random(self) -> random.Random:
        return self.randomness

    def random_port(self) -> int:
        return self.randomness.randrange(20000, 60000)

    def secret(self, key: str, namespace: str | None) -> str | None:
        return self.secrets.get(key, self.secrets.get(key.upper()))

    def secret_metadata(self, key: str, namespace: str | None) -> Mapping[str, Any] | None:
        return None

    def mask(self, value: str) -> None:
        self.masked.append(value)

    def kv(self, key: str, namespace: str) -> tuple[bool, Any]:
        values = self.key_values.get(namespace, {})
        return key in values, values.get(key)

    def read_file(self, file: FileReference) -> bytes:
        text = self._text(file)
        if text is None:
            raise FileNotFoundError(file.uri)
        return text.encode()

    def file_size(self, file: FileReference) -> int:
        return len(self.read_file(file))

    def file_exists(self, file: FileReference) -> bool:
        return self._text(file) is not None

    def error_logs(self) -> Sequence[Mapping[str, Any]]:
        return super().error_logs() if self.logs is None else self.logs

    def _text(self, file: FileReference) -> str | None:
        if file.space == "namespace":
            return self.namespace_files.get(file.namespace or "", {}).get(file.path)
        return self.storage.get(file.uri)
