"""The dates of a Schedule or ScheduleOnDates, conditions included (semantics 9.3, 9.4). No clock, no I/O."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from zoneinfo import ZoneInfo

from podium.base.cron import Cron, parse_cron
from podium.model.flow import Trigger

Holds = Callable[[datetime], bool]
"""Whether the conditions of the trigger are true at a date."""

_MOST_ASKED = 100_000
"""How many dates are asked on the way to one that fulfils the conditions.

Cron expressions have no dates beyond ten years; those of every minute in ten years would keep all others waiting.
"""


class Dates(ABC):
    """An ascending series of dates."""

    @abstractmethod
    def onwards(self, moment: datetime) -> Iterator[datetime]:
        """The dates strictly after a moment."""

    @abstractmethod
    def backwards(self, moment: datetime) -> Iterator[datetime]:
        """The dates strictly before a moment, the latest first."""

    def after(self, moment: datetime) -> datetime | None:
        """The first date strictly after a moment, None when there is none."""
        return next(self.onwards(moment), None)

    def before(self, moment: datetime) -> datetime | None:
        """The last date strictly before a moment, None when there is none."""
        return next(self.backwards(moment), None)


class CronDates(Dates):
    """The dates of a cron expression in a time zone."""

    def __init__(self, cron: Cron, zone: tzinfo) -> None:
        self._cron = cron
        self._zone = zone

    def onwards(self, moment: datetime) -> Iterator[datetime]:
        return self._cron.onwards(moment, self._zone)

    def backwards(self, moment: datetime) -> Iterator[datetime]:
        return self._cron.backwards(moment, self._zone)


class GivenDates(Dates):
    """The dates of a list."""

    def __init__(self, dates: Sequence[datetime]) -> None:
        self._dates = sorted(dates)

    def onwards(self, moment: datetime) -> Iterator[datetime]:
        return (date for date in self._dates if date > moment)

    def backwards(self, moment: datetime) -> Iterator[datetime]:
        return (date for date in reversed(self._dates) if date < moment)


class FulfilledDates(Dates):
    """Of other dates those at which the conditions hold.

    An error of a condition counts as true: the evaluation of that date will report it.
    """

    def __init__(self, dates: Dates, holds: Holds) -> None:
        self._dates = dates
        self._holds = holds

    def onwards(self, moment: datetime) -> Iterator[datetime]:
        return self._fulfilled(self._dates.onwards(moment))

    def backwards(self, moment: datetime) -> Iterator[datetime]:
        return self._fulfilled(self._dates.backwards(moment))

    def _fulfilled(self, dates: Iterator[datetime]) -> Iterator[datetime]:
        for date in islice(dates, _MOST_ASKED):
            if self._holds(date):
                yield date


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
