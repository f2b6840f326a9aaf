"""jq's functions on dates, all in UTC."""

from __future__ import annotations

import calendar
import math
from datetime import UTC, datetime, timedelta
from typing import Any

from podium.expressions.jq.data import JqError, is_number, shown, tidy, type_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ISO = "%Y-%m-%dT%H:%M:%SZ"


def _moment(value: Any, name: str) -> datetime:
    """A number of seconds, or a date in parts as `gmtime` makes it."""
    try:
        if is_number(value):
            return _EPOCH + timedelta(seconds=value)
        if isinstance(value, list) and len(value) >= 6 and all(is_number(part) for part in value[:6]):
            year, month, day, hour, minute, second = (math.floor(part) for part in value[:6])
            return datetime(year, month + 1, day, hour, minute, second, tzinfo=UTC)
    except (ValueError, OverflowError):
        raise JqError(f"{name}: {shown(value)} is no date that can be represented") from None
    raise JqError(f"{name} requires parsed datetime inputs, not {type_of(value)} ({shown(value)})")


def to_iso(value: Any) -> str:
    return _moment(value, "todate").strftime(_ISO)


def from_iso(value: Any) -> Any:
    return seconds(parsed(value, _ISO))


def broken_down(value: Any) -> list[Any]:
    """Year, month from 0, day, hour, minute, second, day of the week from Sunday, day of the year from 0."""
    if not is_number(value):
        raise JqError("gmtime() requires a number")
    moment = _moment(value, "gmtime")
    second = moment.second + moment.microsecond / 1e6
    days = (moment.isoweekday() % 7, moment.timetuple().tm_yday - 1)
    return [moment.year, moment.month - 1, moment.day, moment.hour, moment.minute, tidy(second), *days]


def seconds(value: Any) -> int:
    if not isinstance(value, list):
        raise JqError("mktime requires array of 6 numbers")
    return calendar.timegm(_moment(value, "mktime").utctimetuple())


def formatted(value: Any, pattern: Any) -> str:
    if not isinstance(pattern, str):
        raise JqError("strftime/1 requires a string format")
    return _moment(value, "strftime/1").strftime(pattern)


def parsed(value: Any, pattern: Any) -> list[Any]:
    if not isinstance(value, str) or not isinstance(pattern, str):
        raise JqError(f"strptime/1 requires string inputs and arguments, not {type_of(value)}")
    try:
        moment = datetime.strptime(value, pattern)
    except ValueError:
        raise JqError(f'date "{value}" does not match format "{pattern}"') from None
    utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return broken_down((utc - _EPOCH).total_seconds())
