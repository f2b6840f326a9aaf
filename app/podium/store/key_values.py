"""The key-value store (semantics 11.4): typed values per namespace, some with a time to live."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from podium.base.clock import Clock, SystemClock
from podium.base.durations import format_duration, parse_duration
from podium.store.database import Database
from podium.store.errors import StoreError
from podium.store.summaries import instant, milliseconds

ValueType = Literal["STRING", "NUMBER", "BOOLEAN", "DATETIME", "DATE", "DURATION", "JSON"]

_KEY = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATETIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?")
_DURATION = re.compile(r"[+-]?P[\dT].*", re.IGNORECASE)
_VALID = "namespace = ? AND (expires IS NULL OR expires > ?)"


@dataclass(frozen=True, slots=True)
class KeyValue:
    """One entry with what is known about it; `expires` None means never."""

    namespace: str
    key: str
    type: ValueType
    value: Any
    description: str | None
    created: datetime
    updated: datetime
    expires: datetime | None


class KeyValueStore:
    """The key-values of a workspace: the port `KeyValues` of tasks, and what a screen needs on top.

    Values are None, bool, int, float, str, list, dict, datetime, date or timedelta, and come back as what they
    were; a datetime without zone is taken as UTC. Raises StoreError, also for a key that is not allowed.
    """

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()

    def get(self, namespace: str, key: str) -> tuple[bool, Any]:
        """(exists, value); an expired entry does not exist."""
        rows = self._database.read(
            f"SELECT type, value FROM key_values WHERE {_VALID} AND key = ?", (namespace, self._now(), key)
        )
        return (True, _decoded(*rows[0])) if rows else (False, None)

    def set(
        self, namespace: str, key: str, value: Any, *, ttl: timedelta | None = None, overwrite: bool = True,
        description: str | None = None,
    ) -> bool:  # fmt: skip
        """Store a value; False when the key exists and `overwrite` is False. The entry lives for `ttl`."""
        if not _KEY.fullmatch(key):
            raise StoreError(
                f"`{key}` is not a key: keys begin with a letter or digit and hold letters, digits, `.`, `_` and `-`."
            )
        kind, text = _encoded(key, value)
        now = self._now()
        expires = None if ttl is None else now + ttl // timedelta(milliseconds=1)
        with self._database.transaction() as query:
            if not overwrite and query(f"SELECT 1 FROM key_values WHERE {_VALID} AND key = ?", (namespace, now, key)):
                return False
            query(
                "INSERT INTO key_values (namespace, key, type, value, description, created, updated, expires) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (namespace, key) DO UPDATE SET type = excluded.type, "
                "value = excluded.value, description = coalesce(excluded.description, description), "
                "updated = excluded.updated, expires = excluded.expires",
                (namespace, key, kind, text, description, now, now, expires),
            )
        return True

    def delete(self, namespace: str, key: str) -> bool:
        """Remove an entry, expired or not; False when there was none that had not expired."""
        existed = self.get(namespace, key)[0]
        with self._database.transaction() as query:
            query("DELETE FROM key_values WHERE namespace = ? AND key = ?", (namespace, key))
        return existed

    def keys(self, namespace: str, prefix: str = "") -> Sequence[str]:
        """The keys that begin with `prefix`, sorted."""
        rows = self._database.read(
            f"SELECT key FROM key_values WHERE {_VALID} AND substr(key, 1, ?) = ? ORDER BY key",
            (namespace, self._now(), len(prefix), prefix),
        )
        return [row[0] for row in rows]

    def namespaces(self) -> Sequence[str]:
        """All namespaces that hold a key, sorted; also those with nothing but expired ones."""
        return [row[0] for row in self._database.read("SELECT DISTINCT namespace FROM key_values ORDER BY namespace")]

    def expired(self, namespace: str) -> Sequence[str]:
        """Keys whose time is over and that still occupy space, sorted."""
        rows = self._database.read(
            "SELECT key FROM key_values WHERE namespace = ? AND expires <= ? ORDER BY key", (namespace, self._now())
        )
        return [row[0] for row in rows]

    def entries(self, namespace: str) -> list[KeyValue]:
        """All entries that have not expired, sorted by key."""
        rows = self._database.read(
            "SELECT key, type, value, description, created, updated, expires FROM key_values "
            f"WHERE {_VALID} ORDER BY key",
            (namespace, self._now()),
        )
        found = []
        for key, kind, text, description, created, updated, expires in rows:
            first, last = instant(created), instant(updated)
            assert first is not None
            assert last is not None
            value = _decoded(kind, text)
            found.append(KeyValue(namespace, key, kind, value, description, first, last, instant(expires)))
        return found

    def _now(self) -> int:
        return milliseconds(self._clock.now()) or 0


def sniffed(text: str) -> Any:
    """The value that a text stands for when nobody says its type.

    In this order: a quoted string, `true`/`false`, `null`, a number, an ISO datetime, date or duration, a JSON
    object or array, else the text itself.
    """
    stripped = text.strip()
    if stripped in ("true", "false"):
        return stripped == "true"
    if stripped == "null":
        return None
    if number := _NUMBER.fullmatch(stripped):
        return float(stripped) if number[1] or number[2] else int(stripped)
    if stripped[:1] in ('"', "{", "["):
        try:
            return json.loads(stripped)
        except ValueError:
            return text
    if len(stripped) > 1 and stripped[0] == stripped[-1] == "'":
        return stripped[1:-1]
    try:
        if _DATETIME.fullmatch(stripped):
            return _moment(stripped)
        if _DATE.fullmatch(stripped):
            return date.fromisoformat(stripped)
        if _DURATION.fullmatch(stripped):
            return parse_duration(stripped)
    except ValueError:
        return text
    return text


def value_type(value: Any) -> ValueType:
    """The type under which a value is kept; raises TypeError when it cannot be kept."""
    if isinstance(value, bool):
        return "BOOLEAN"
    if isinstance(value, (int, float, Decimal)):
        return "NUMBER"
    if isinstance(value, str):
        return "STRING"
    if isinstance(value, datetime):
        return "DATETIME"
    if isinstance(value, date):
        return "DATE"
    if isinstance(value, timedelta):
        return "DURATION"
    if value is None or isinstance(value, (list, tuple, Mapping)):
        return "JSON"
    raise TypeError(type(value).__name__)


def _encoded(key: str, value: Any) -> tuple[ValueType, str]:
    try:
        kind = value_type(value)
        return kind, json.dumps(_plain(value), ensure_ascii=False, default=_plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise StoreError(f"The value of key `{key}` cannot be kept: {error} is not a value of this store.") from error


def _plain(value: Any) -> Any:
    """A value as JSON has it; dates and durations inside lists and objects become their ISO text for good."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return dict(value)
    if value is None or isinstance(value, (str, int, float, list, tuple)):
        return value
    raise TypeError(type(value).__name__)


def _decoded(kind: str, text: str) -> Any:
    value = json.loads(text)
    if kind == "DATETIME":
        return _moment(value)
    if kind == "DATE":
        return date.fromisoformat(value)
    if kind == "DURATION":
        return parse_duration(value)
    return value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
