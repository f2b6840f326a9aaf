"""Moments and lengths of time as they are typed on a command line."""

import argparse
import re
from datetime import UTC, datetime, timedelta

from podium.base.durations import parse_duration

_SHORT = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def length_of_time(text: str) -> timedelta:
    """`90s`, `5m`, `2h`, `1h30m`, `3d` or ISO-8601 (`PT5M`); a bare number counts seconds. An argparse type."""
    parts = _SHORT.findall(text.strip().lower())
    if parts and "".join(number + unit for number, unit in parts) == text.strip().lower():
        try:
            return sum((timedelta(**{_UNITS[unit]: float(number)}) for number, unit in parts), timedelta())
        except OverflowError:
            raise argparse.ArgumentTypeError(f"`{text}` is too long") from None
    try:
        length = parse_duration(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"`{text}` is no length of time; write `30s`, `5m`, `2h`, `3d` or `PT5M`"
        ) from None
    if length < timedelta():
        raise argparse.ArgumentTypeError(f"`{text}` is negative")
    return length


def moment_or_age(text: str) -> datetime:
    """A moment: how long ago (`2h`), a date, or a date and time (in the machine's zone). An argparse type."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        pass
    else:
        return moment.astimezone(UTC)
    try:
        return datetime.now(UTC) - length_of_time(text)
    except (argparse.ArgumentTypeError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"`{text}` is no moment; write an age (`30m`, `2h`, `3d`) or a date (`2026-11-25`, `2026-11-25T14:00`)"
        ) from None
