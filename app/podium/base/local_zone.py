"""The time zone of this machine, by its name where it has one, so that daylight saving time is known."""

import os
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_LINK = Path("/etc/localtime")


def local_zone() -> tzinfo:
    """The zone of `TZ`, else of the system; without a name, the present offset."""
    return _zone(os.environ.get("TZ"))


@lru_cache(maxsize=4)
def _zone(variable: str | None) -> tzinfo:
    if variable is not None:
        name = variable.removeprefix(":")
    else:
        # `/etc/localtime` is a link into the zone database, e.g. to `/usr/share/zoneinfo/Europe/Paris`.
        name = os.path.realpath(_LINK).partition("zoneinfo/")[2]
    if name in ("UTC", "Etc/UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return datetime.now().astimezone().tzinfo or UTC
