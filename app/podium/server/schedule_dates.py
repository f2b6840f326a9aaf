"""The dates of a Schedule or ScheduleOnDates, conditions included (semantics 9.3, 9.4). No clock, no I/O."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo

from podium.base.cron import Cron, parse_cron
from podium.model.flow import Trigger

Holds = Callable[[datetime], bool]
"""Whether the conditions of the trigger are true at a date."""

_FARTHEST = timedelta(days=3653)
"""How far a date is looked for that fulfils the conditions."""


class Dates(Protocol):
    """An ascending series of dates."""

    def after(self, moment: datetime) -> datetime | None:
        """The first date strictly after a moment, None when there is none."""
        ...

    def before(self, moment: datetime) -> datetime | None:
        """The last date strictly before a moment, None when there is none."""
        ...


class CronDates:
    """The dates of a cron expression in a time zone."""

    def __init__(self, cron: Cron, zone: tzinfo) -> None:
        self._cron = cron
        self._zone = zone

    def after(self, moment: datetime) -> datetime | None:
        return self._cron.after(moment, self._zone)

    def before(self, moment: datetime) -> datetime | None:
        return self._cron.before(moment, self._zone)


class GivenDates:
    """The dates of a list."""

    def __init__(self, dates: Sequence[datetime]) -> None:
        self._dates = sorted(dates)

    def after(self, moment: datetime) -> datetime | None:
        return next((date for date in self._dates if date > moment), None)

    def before(self, moment: datetime) -> datetime | None:
        return next((date for date in reversed(self._dates) if date < moment), None)


class FulfilledDates:
    """Of other dates those at which the conditions hold.

    An error of a condition counts as true: the evaluation of that date will report it.
    """

    def __init__(self, dates: Dates, holds: Holds) -> None:
        self._dates = dates
        self._holds = holds

    def after(self, moment: datetime) -> datetime | None:
        return self._walk(moment, self._dates.after)

    def before(self, moment: datetime) -> datetime | None:
        return self._walk(moment, self._dates.before)

    def _walk(self, moment: datetime, step: Callable[[datetime], datetime | None]) -> datetime | None:
        found = step(moment)
        while found is not None and abs(found - moment) <= _FARTHEST:
            if self._holds(found):
                return found
            found = step(found)
        return None


def zone_of(trigger: Trigger, default: tzinfo) -> tzinfo:
    """The time zone of a trigger; raises ValueError for one that does not exist."""
    name = trigger.props.get("timezone")
    if not name:
        return default
    try:
        return ZoneInfo(str(name))
    except Exception as error:
        raise ValueError(f"Unknown time-zone ID: {name}") from error


def dates_of(trigger: Trigger, zone: tzinfo, given: Sequence[datetime] = ()) -> Dates:
    """The dates of a trigger without its conditions; `given` are the rendered `dates` of a ScheduleOnDates.

    Raises CronError for an expression that cannot be read.
    """
    if trigger.type.endswith("ScheduleOnDates"):
        return GivenDates([date if date.tzinfo else date.replace(tzinfo=zone) for date in given])
    seconds = str(trigger.props.get("withSeconds", False)).lower() == "true"
    return CronDates(parse_cron(str(trigger.props["cron"]), seconds=seconds), zone)


def next_date(dates: Dates, last: datetime | None, now: datetime, late: timedelta | None = None) -> datetime | None:
    """The date that follows `last` (or now), not further behind than `late`."""
    found = dates.after(last if last is not None else now)
    if late is not None and found is not None and found < now - late:
        return dates.after(now - late)
    return found


def shown(date: datetime | None, zone: tzinfo) -> str | None:
    """A date as expressions see it: ISO-8601 with the offset of the trigger's zone."""
    if date is None:
        return None
    local = date.astimezone(zone)
    text = local.isoformat(timespec="milliseconds" if local.microsecond else "seconds")
    return text.replace("+00:00", "Z") if zone is UTC or local.utcoffset() == timedelta(0) else text
