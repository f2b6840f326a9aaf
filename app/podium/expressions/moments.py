"""Points in time with nanoseconds: reading them from what expressions hold, and calculating with them."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Any, NamedTuple

from podium.expressions.errors import ExpressionError, did_you_mean
from podium.expressions.values import is_integer, kind_of
from podium.expressions.zones import zone_of

_DATE = r"(?P<year>[+-]?\d{4,9})-(?P<month>\d{2})-(?P<day>\d{2})"
_TIME = r"T(?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d{0,9}))?)?"
_ISO_DATE = re.compile(_DATE, re.ASCII)
_ISO_LOCAL = re.compile(_DATE + _TIME, re.ASCII | re.IGNORECASE)
_ISO_ZONED = re.compile(
    _DATE + _TIME + r"(?P<offset>Z|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)(?:\[(?P<zone>[^\]]+)\])?",
    re.ASCII | re.IGNORECASE,
)
_COMMON = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{3}(?:\d{3})?)?(?:Z|[+-](?:0\d|1[0-7]):[0-5]\d)", re.ASCII
)
"""How nearly every date-time is written: read by Python itself."""
_MONTHS = [
    "JANUARY",
    "FEBRUARY",
    "MARCH",
    "APRIL",
    "MAY",
    "JUNE",
    "JULY",
    "AUGUST",
    "SEPTEMBER",
    "OCTOBER",
    "NOVEMBER",
    "DECEMBER",
]
_RANGES = {
    "month": ("MonthOfYear", 1, 12),
    "day": ("DayOfMonth", 1, 31),
    "hour": ("HourOfDay", 0, 23),
    "minute": ("MinuteOfHour", 0, 59),
    "second": ("SecondOfMinute", 0, 59),
    "nano": ("NanoOfSecond", 0, 999_999_999),
}
_NANOS = {
    "NANOS": 1,
    "MICROS": 1_000,
    "MILLIS": 1_000_000,
    "SECONDS": 10**9,
    "MINUTES": 60 * 10**9,
    "HOURS": 3600 * 10**9,
    "HALF_DAYS": 12 * 3600 * 10**9,
}
_DAYS = {"DAYS": 1, "WEEKS": 7}
_MONTH_UNITS = {
    "MONTHS": 1,
    "YEARS": 12,
    "DECADES": 120,
    "CENTURIES": 1200,
    "MILLENNIA": 12_000,
}
UNITS = (*_NANOS, *_DAYS, *_MONTH_UNITS)
"""The names of Java's `ChronoUnit` that dates can be moved by."""


class Moment(NamedTuple):
    """`at` is zoned and has whole seconds; `nano` is the rest."""

    at: datetime
    nano: int = 0

    def within(self, zone: tzinfo) -> Moment:
        if self.at.tzinfo is zone:
            return self
        return Moment(_guarded(lambda: self.at.astimezone(zone)), self.nano)

    @property
    def millis(self) -> int:
        return self.nano // 1_000_000

    @property
    def micros(self) -> int:
        return self.nano // 1000

    @property
    def epoch_seconds(self) -> int:
        return calendar.timegm(self.at.utctimetuple())

    @property
    def epoch_nanos(self) -> int:
        return self.epoch_seconds * 10**9 + self.nano

    def plus(self, amount: int, unit: str) -> Moment:
        """Moved by calendar units in its zone, or by elapsed time. Raises `ExpressionError` for unknown units."""
        if unit in _NANOS:
            seconds, nano = divmod(self.nano + amount * _NANOS[unit], 10**9)
            moved = _guarded(lambda: self.at.astimezone(UTC) + timedelta(seconds=seconds))
            return Moment(moved.astimezone(self.at.tzinfo), nano)
        zone = self.at.tzinfo
        # Without clock changes a day is always 24 hours, and the detour by local time can be saved.
        local = self.at if isinstance(zone, timezone) else self.at.replace(tzinfo=None, fold=0)
        if unit in _DAYS:
            try:
                moved = local + timedelta(days=amount * _DAYS[unit])
            except OverflowError:
                raise _outside() from None
        elif unit in _MONTH_UNITS:
            year, month = divmod(local.year * 12 + local.month - 1 + amount * _MONTH_UNITS[unit], 12)
            if not 1 <= year <= 9999:
                raise ExpressionError(f"The year {year} is out of range")
            day = min(local.day, calendar.monthrange(year, month + 1)[1])
            moved = local.replace(year=year, month=month + 1, day=day)
        elif unit in ("FOREVER", "ERAS"):
            raise ExpressionError(f"Unsupported unit: {unit.capitalize()}")
        else:
            raise ExpressionError(
                f"No enum constant java.time.temporal.ChronoUnit.{unit}",
                suggestion=did_you_mean(unit if unit.endswith("s") else unit + "s", UNITS),
            )
        return Moment(moved if moved.tzinfo is not None else resolved(moved, zone), self.nano)


def moment_of(value: Any, zone: tzinfo) -> Moment:
    """A date object, epoch number or ISO text as a point in time; what has no zone of its own is in `zone`.

    Raises `ExpressionError`.
    """
    if isinstance(value, datetime):
        aware = value if value.tzinfo is not None else resolved(value, zone)
        return Moment(aware.replace(microsecond=0), value.microsecond * 1000) if value.microsecond else Moment(aware)
    if isinstance(value, date):
        return Moment(resolved(datetime.combine(value, time(12)), zone))
    if is_integer(value):
        return _epoch(int(value))
    if isinstance(value, str):
        return iso_moment(str(value), zone)
    raise ExpressionError(
        f"A date must be a date object, an ISO text or epoch seconds as an integer, got {kind_of(value)}"
    )


def iso_moment(text: str, zone: tzinfo) -> Moment:
    """ISO date-time with offset, local date-time or date, the latter two in `zone`."""
    if _COMMON.fullmatch(text):
        try:
            at = datetime.fromisoformat(text)
            return Moment(at.replace(microsecond=0), at.microsecond * 1000) if at.microsecond else Moment(at)
        except ValueError:
            pass  # the slow way below says what is wrong with it
    match = _ISO_ZONED.fullmatch(text)
    if match is not None:
        offset = zone_of(match["offset"].upper())
        moment = moment_from(_fields(match), offset, text)
        return moment.within(zone_of(match["zone"])) if match["zone"] else moment
    match = _ISO_LOCAL.fullmatch(text) or _ISO_DATE.fullmatch(text)
    if match is None:
        prefix = _ISO_DATE.match(text)
        if prefix is not None:
            raise ExpressionError(f"Text '{text}' could not be parsed, unparsed text found at index {prefix.end()}")
        raise ExpressionError(f"Text '{text}' could not be parsed at index {_failing_index(text)}")
    return moment_from(_fields(match), zone, text)


def moment_from(fields: Mapping[str, int], zone: tzinfo, text: str, *, clamped: bool = False) -> Moment:
    """A point in time from checked fields (`year` … `nano`; time fields may be missing).

    `clamped` takes the 31st of a shorter month as its last day, as Java does for patterns but not for ISO texts.
    """
    for name, value in fields.items():
        if name in _RANGES:
            label, low, high = _RANGES[name]
            if not low <= value <= high:
                raise ExpressionError(
                    f"Text '{text}' could not be parsed: "
                    f"Invalid value for {label} (valid values {low} - {high}): {value}"
                )
    year, month, day = fields["year"], fields["month"], fields["day"]
    if not 1 <= year <= 9999:
        raise ExpressionError(f"Text '{text}' could not be parsed: the year {year} is out of range")
    if clamped:
        day = min(day, calendar.monthrange(year, month)[1])
    if day > calendar.monthrange(year, month)[1]:
        reason = f"Invalid date '{_MONTHS[month - 1]} {day}'"
        if month == 2 and day == 29:
            reason = f"Invalid date 'February 29' as '{year}' is not a leap year"
        raise ExpressionError(f"Text '{text}' could not be parsed: {reason}")
    weekday = calendar.weekday(year, month, day)
    if fields.get("weekday", weekday) != weekday:
        raise ExpressionError(
            f"Text '{text}' could not be parsed: Conflict found: Field DayOfWeek {weekday + 1} differs from "
            f"DayOfWeek {fields['weekday'] + 1} derived from {year:04d}-{month:02d}-{day:02d}"
        )
    local = datetime(year, month, day, fields.get("hour", 0), fields.get("minute", 0), fields.get("second", 0))
    return Moment(resolved(local, zone), fields.get("nano", 0))


def resolved(local: datetime, zone: tzinfo | None) -> datetime:
    """The local time in the zone; a time that a clock change skips moves forward by the gap."""
    if isinstance(zone, timezone):
        return local.replace(tzinfo=zone)
    return _guarded(lambda: local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone))


def _fields(match: re.Match[str]) -> dict[str, int]:
    groups = match.groupdict()
    fields = {
        name: int(groups[name])
        for name in ("year", "month", "day", "hour", "minute", "second")
        if groups.get(name) is not None
    }
    if groups.get("fraction"):
        fields["nano"] = int(groups["fraction"].ljust(9, "0"))
    return fields


def _failing_index(text: str) -> int:
    """How far Java's date parser comes."""
    for index, expected in enumerate("0000-00-00"):
        if index >= len(text) or (text[index] != "-" if expected == "-" else not text[index].isdecimal()):
            return 0 if index < 4 else 5 if index in (5, 6) else 8 if index in (8, 9) else 0 if index > 9 else index
    return 0


def _epoch(number: int) -> Moment:
    """Seconds, or milliseconds and nanoseconds told apart by the count of digits."""
    digits = str(abs(number))
    if len(digits) == 13:
        seconds, nano = number // 1000, number % 1000 * 1_000_000
    elif len(digits) == 19 and digits.endswith("000"):
        seconds, nano = divmod(number, 10**9)
    elif len(digits) == 19:
        millis, micros = divmod(number, 10**6)
        seconds, nano = divmod(millis * 1_000_000 + micros * 1000, 10**9)
    else:
        seconds, nano = number, 0
    return Moment(_guarded(lambda: datetime.fromtimestamp(seconds, UTC)), nano)


def _guarded(calculate: Any) -> datetime:
    try:
        result: datetime = calculate()
    except (OverflowError, ValueError, OSError):
        raise _outside() from None
    return result


def _outside() -> ExpressionError:
    return ExpressionError("The date is outside the years 1 to 9999")
