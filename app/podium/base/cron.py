"""Cron expressions: the unix five fields, six with seconds, and the nicknames (semantics 9.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

_NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("second", 0, 59, {}),
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    ("day of week", 0, 7, {name: number for number, name in enumerate(_DAYS)}),
)
_PART = re.compile(r"(?P<from>\*|\w+)(?:-(?P<to>\w+))?(?:/(?P<step>\d+))?")
_YEARS = 10
"""How far a date is searched; beyond it an expression counts as one without dates (31 February)."""


class CronError(ValueError):
    """The expression cannot be read; the message says which field is wrong and what it may be."""


@dataclass(frozen=True, slots=True)
class Cron:
    """A parsed expression: the values that each field allows."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool

    def after(self, moment: datetime, zone: tzinfo) -> datetime | None:
        """The first date strictly after `moment`, in `zone`; None when there is none within ten years."""
        return next(self.onwards(moment, zone), None)

    def before(self, moment: datetime, zone: tzinfo) -> datetime | None:
        """The last date strictly before `moment`, in `zone`; None when there is none within ten years."""
        return next(self.backwards(moment, zone), None)

    def onwards(self, moment: datetime, zone: tzinfo) -> Iterator[datetime]:
        """The dates strictly after `moment`, in `zone`, for ten years."""
        local = moment.astimezone(zone)
        start = (local.replace(tzinfo=None, microsecond=0)) + timedelta(seconds=1)
        # Local clocks may go back: look from an hour before too, or dates of the second pass would be lost.
        for candidate in self._forwards(start - timedelta(hours=1)):
            found = _exists(candidate, zone)
            if found is not None and found.astimezone(UTC) > moment.astimezone(UTC):
                yield found

    def backwards(self, moment: datetime, zone: tzinfo) -> Iterator[datetime]:
        """The dates strictly before `moment`, in `zone`, the latest first, for ten years."""
        local = moment.astimezone(zone).replace(tzinfo=None)
        for candidate in self._backwards(local + timedelta(hours=1)):
            found = _exists(candidate, zone)
            if found is not None and found.astimezone(UTC) < moment.astimezone(UTC):
                yield found

    def _matches_day(self, day: datetime) -> bool:
        if day.month not in self.months:
            return False
        by_date = day.day in self.days
        by_weekday = day.isoweekday() % 7 in self.weekdays
        if self.any_day or self.any_weekday:
            return by_date and by_weekday
        # Both are restricted: either is enough, as cron has always had it.
        return by_date or by_weekday

    def _forwards(self, start: datetime) -> Iterator[datetime]:
        """Wall-clock dates from `start` on."""
        day = start.replace(hour=0, minute=0, second=0, microsecond=0)
        for _ in range(366 * _YEARS):
            if self._matches_day(day):
                for hour in self.hours:
                    if day.replace(hour=hour, minute=59, second=59) < start:
                        continue
                    for minute in self.minutes:
                        for second in self.seconds:
                            candidate = day.replace(hour=hour, minute=minute, second=second)
                            if candidate >= start:
                                yield candidate
            day += timedelta(days=1)

    def _backwards(self, start: datetime) -> Iterator[datetime]:
        day = start.replace(hour=0, minute=0, second=0, microsecond=0)
        for _ in range(366 * _YEARS):
            if self._matches_day(day):
                for hour in reversed(self.hours):
                    if day.replace(hour=hour) > start:
                        continue
                    for minute in reversed(self.minutes):
                        for second in reversed(self.seconds):
                            candidate = day.replace(hour=hour, minute=minute, second=second)
                            if candidate <= start:
                                yield candidate
            day -= timedelta(days=1)


def parse_cron(text: str, seconds: bool = False) -> Cron:
    """Read five fields, or six when `seconds`. Raises CronError."""
    stripped = text.strip()
    if stripped.startswith("@"):
        expanded = _NICKNAMES.get(stripped.lower())
        if expanded is None:
            raise CronError(f"unknown nickname {stripped}; there are {', '.join(_NICKNAMES)}.")
        stripped, seconds = expanded, False
    fields = stripped.split()
    wanted = 6 if seconds else 5
    if len(fields) != wanted:
        names = ", ".join(name for name, *_ in _FIELDS[0 if seconds else 1 :])
        raise CronError(f"it has {len(fields)} fields, but needs {wanted}: {names}.")
    if not seconds:
        fields.insert(0, "0")
    second, minute, hour, day, month, weekday = (
        _values(field, *described) for field, described in zip(fields, _FIELDS, strict=True)
    )
    return Cron(
        tuple(sorted(second)),
        tuple(sorted(minute)),
        tuple(sorted(hour)),
        frozenset(day),
        frozenset(month),
        frozenset(value % 7 for value in weekday),
        fields[3].startswith("*"),
        fields[5].startswith("*"),
    )


def _values(field: str, name: str, low: int, high: int, words: dict[str, int]) -> set[int]:
    values: set[int] = set()
    for part in field.split(","):
        match = _PART.fullmatch(part)
        if match is None or (match["from"] == "*" and match["to"]):
            raise CronError(f"`{part}` is not possible for the {name}: write a number, a range 1-5, a list or */5.")
        if match["from"] == "*":
            first, last = low, high
        else:
            first = _number(match["from"], name, low, high, words)
            last = first if match["to"] is None else _number(match["to"], name, low, high, words)
            if match["to"] is None and match["step"]:
                last = high
        if last < first:
            raise CronError(f"the range `{part}` of the {name} ends before it begins.")
        step = int(match["step"] or 1)
        if step < 1 or step > high:
            raise CronError(f"the step of `{part}` for the {name} must be between 1 and {high}.")
        values.update(range(first, last + 1, step))
    return values


def _number(text: str, name: str, low: int, high: int, words: dict[str, int]) -> int:
    word = words.get(text.upper())
    if word is not None:
        return word
    if not text.isascii() or not text.isdigit():
        allowed = f"{low} to {high}" + (f" or {', '.join(words)}" if words else "")
        raise CronError(f"`{text}` is no {name}; it must be {allowed}.")
    value = int(text)
    if not low <= value <= high:
        raise CronError(f"{value} is no {name}; it must be {low} to {high}.")
    return value


def _exists(wall: datetime, zone: tzinfo) -> datetime | None:
    """The wall-clock time as a moment of the zone; None inside a gap, the first of two where clocks go back."""
    moment = wall.replace(tzinfo=zone, fold=0)
    back = moment.astimezone(UTC).astimezone(zone)
    return moment if back.replace(tzinfo=None) == wall else None
