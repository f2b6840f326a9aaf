"""Time and identity as ports, so that everything that decides can be tested with a manual clock."""

import os
import time
from datetime import UTC, datetime
from typing import Protocol

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Clock(Protocol):
    """Tells the time; the only source of time for code that decides or keeps."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...


class Ids(Protocol):
    """Makes identifiers for executions and task runs."""

    def new(self) -> str:
        """A new URL-safe identifier, unique in the workspace."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SortableIds:
    """22 base-62 characters: 8 of milliseconds since the epoch, then 14 random, so that names sort by age."""

    def new(self) -> str:
        return _base62(time.time_ns() // 1_000_000, 8) + _base62(int.from_bytes(os.urandom(11)) >> 5, 14)


class ManualClock:
    """A clock that moves only when told to (tests, `plan`)."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def move_to(self, instant: datetime) -> None:
        """Set the current instant; going back is allowed, nothing depends on order here."""
        self._now = instant


class CountingIds:
    """Predictable identifiers `prefix1`, `prefix2`, ... (tests, `plan`)."""

    def __init__(self, prefix: str = "id") -> None:
        self._prefix = prefix
        self._count = 0

    def new(self) -> str:
        self._count += 1
        return f"{self._prefix}{self._count}"


def iso_instant(moment: datetime) -> str:
    """`moment` in UTC as ISO-8601 with milliseconds and `Z`, the form of every date in Kestra's JSON."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def parse_instant(text: str) -> datetime:
    """The inverse of `iso_instant`; raises ValueError on anything that is not an ISO-8601 instant."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))
