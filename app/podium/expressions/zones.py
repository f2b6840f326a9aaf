"""Time zones by the names Java's `ZoneId` knows."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from podium.expressions.errors import ExpressionError, did_you_mean
from podium.expressions.values import offset_text

_OFFSET = re.compile(r"([+-])(\d{1,2})(?::?(\d{2}))?(?::?(\d{2}))?")
_SHORT_IDS = frozenset({"EST", "MST", "HST"})
"""Known to Python's zone data, refused by Java as ambiguous."""


@lru_cache(maxsize=500)
def zone_of(name: str) -> tzinfo:
    """The zone called `Europe/Paris`, `UTC`, `Z`, `+02:00` or `UTC+2`. Raises `ExpressionError`."""
    if name == "Z":
        return timezone(timedelta(0), "Z")
    if name in ("UTC", "GMT", "UT"):
        return UTC if name == "UTC" else timezone(timedelta(0), name)
    prefix = next((known for known in ("UTC", "GMT", "UT") if name.startswith((f"{known}+", f"{known}-"))), "")
    match = _OFFSET.fullmatch(name, len(prefix))
    if match is not None:
        sign, hours, minutes, seconds = match.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes or 0), seconds=int(seconds or 0))
        if offset > timedelta(hours=18):
            raise ExpressionError(f"Zone offset not in valid range: -18:00 to +18:00: {name}")
        offset = -offset if sign == "-" else offset
        return timezone(offset, prefix + offset_text(offset) if offset or not prefix else prefix)
    if name not in _SHORT_IDS:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    raise ExpressionError(f"Unknown time-zone ID: {name}", suggestion=_suggestion(name))


def zone_id(zone: tzinfo | None) -> str:
    """The id Java prints for `VV`."""
    if isinstance(zone, ZoneInfo):
        return zone.key
    if zone is UTC:
        return "UTC"
    return zone.tzname(None) or "" if zone is not None else ""


def is_region(zone: tzinfo | None) -> bool:
    """Whether Java shows the id in brackets behind the offset."""
    return not (isinstance(zone, timezone) and zone_id(zone)[:1] in "Z+-")


def _suggestion(name: str) -> str | None:
    if len(name) <= 4:
        return "Use a region such as `Europe/Paris` or an offset such as `+01:00`"
    from zoneinfo import available_timezones

    return did_you_mean(name, sorted(available_timezones()))
