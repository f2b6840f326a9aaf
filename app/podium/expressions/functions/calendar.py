"""Functions on dates: now, and questions about a day."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from podium.expressions.entries import ABSENT, Catalog, Param
from podium.expressions.errors import ExpressionError, did_you_mean
from podium.expressions.filters.dates import EXISTING, FORMAT, LOCALE, TIME_ZONE, read_date, write_date
from podium.expressions.moments import Moment, iso_moment, moment_of
from podium.expressions.state import State
from podium.expressions.values import to_text

CATALOG = Catalog()
_WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_POSITIONS = ("FIRST", "SECOND", "THIRD", "FOURTH", "LAST")
_OFFSET = re.compile(r"T.*(?:Z|[+-]\d{2}(?::?\d{2})?(?::?\d{2})?(?:\[.+\])?)$", re.IGNORECASE | re.DOTALL)
_DATE = Param("date", "A date, with or without a time.", default=ABSENT, required=True)


@CATALOG.add(
    "function",
    "now",
    FORMAT,
    TIME_ZONE,
    EXISTING,
    LOCALE,
    doc="The present moment as a text.",
    example="{{ now('yyyy-MM-dd', timeZone='Europe/Paris') }}",
)
def now(state: State, pattern: Any, time_zone: Any, existing: Any, locale: Any) -> str:
    return write_date(read_date(state, state.services.now(), time_zone, None, locale), pattern, locale)


def _given(value: Any, function: str, argument: str) -> Any:
    if value is ABSENT or value is None:
        raise ExpressionError(f"The '{function}()' function expects a '{argument}' argument.")
    return value


def _day(value: Any, function: str) -> datetime:
    """The date in its own zone."""
    given = _given(value, function, "date")
    try:
        return moment_of(given, UTC).at
    except ExpressionError as error:
        raise ExpressionError(
            f"The '{function}()' function could not parse 'date' ({to_text(given)}): {error.message}"
        ) from None


@CATALOG.add(
    "function",
    "isWeekend",
    _DATE,
    doc="Whether it is a Saturday or Sunday.",
    example="{{ isWeekend('2026-06-06') }}",
    since="2.0",
)
def is_weekend(state: State, date: Any) -> bool:
    return _day(date, "isWeekend").weekday() >= 5


@CATALOG.add(
    "function", "dayOfWeek", _DATE, doc="`MONDAY` to `SUNDAY`.", example="{{ dayOfWeek('2026-06-06') }}", since="2.0"
)
def day_of_week(state: State, date: Any) -> str:
    return _WEEKDAYS[_day(date, "dayOfWeek").weekday()]


@CATALOG.add("function", "dayOfMonth", _DATE, doc="1 to 31.", example="{{ dayOfMonth('2026-06-06') }}", since="2.0")
def day_of_month(state: State, date: Any) -> int:
    return _day(date, "dayOfMonth").day


@CATALOG.add("function", "monthOfYear", _DATE, doc="1 to 12.", example="{{ monthOfYear('2026-06-06') }}", since="2.0")
def month_of_year(state: State, date: Any) -> int:
    return _day(date, "monthOfYear").month


@CATALOG.add(
    "function",
    "hourOfDay",
    _DATE,
    doc="0 to 23; the date needs a time.",
    example="{{ hourOfDay('2026-06-06T14:30:00') }}",
    since="2.0",
)
def hour_of_day(state: State, date: Any) -> int:
    day = _day(date, "hourOfDay")
    if isinstance(date, str) and "T" not in date.upper():
        raise ExpressionError(f"The 'hourOfDay()' function could not parse 'date' ({date}): it has no time")
    return day.hour


def _weekday(value: Any, function: str, argument: str) -> int:
    name = to_text(value).strip().upper()
    if name not in _WEEKDAYS:
        raise ExpressionError(
            f"The '{function}()' function received an invalid '{argument}' value: '{to_text(value)}'. "
            "Expected day names like MONDAY, TUESDAY, etc.",
            suggestion=did_you_mean(name, _WEEKDAYS),
        )
    return _WEEKDAYS.index(name)


@CATALOG.add(
    "function",
    "isDayWeekInMonth",
    _DATE,
    Param("dayOfWeek", "`MONDAY` to `SUNDAY`.", default=ABSENT, required=True),
    Param("position", "`FIRST`, `SECOND`, `THIRD`, `FOURTH` or `LAST`.", default=ABSENT, required=True),
    doc="Whether it is, say, the first Monday of its month.",
    example="{{ isDayWeekInMonth(trigger.date, 'MONDAY', 'FIRST') }}",
    since="2.0",
)
def is_day_week_in_month(state: State, date: Any, day_of_week: Any, position: Any) -> bool:
    day = _day(date, "isDayWeekInMonth")
    weekday = _weekday(_given(day_of_week, "isDayWeekInMonth", "dayOfWeek"), "isDayWeekInMonth", "dayOfWeek")
    place = to_text(_given(position, "isDayWeekInMonth", "position")).strip().upper()
    if place not in _POSITIONS:
        raise ExpressionError(
            f"The 'isDayWeekInMonth()' function received an invalid 'position' value: '{to_text(position)}'. "
            f"Expected one of {', '.join(_POSITIONS)}.",
            suggestion=did_you_mean(place, _POSITIONS),
        )
    if day.weekday() != weekday:
        return False
    if place == "LAST":
        return day.day + 7 > calendar.monthrange(day.year, day.month)[1]
    return (day.day - 1) // 7 == _POSITIONS.index(place)


@CATALOG.add(
    "function",
    "isLastWorkingDay",
    _DATE,
    Param("workingDays", "The days of work.", shown='"MONDAY,TUESDAY,WEDNESDAY,THURSDAY,FRIDAY"'),
    doc="Whether no later day of its month is a day of work, but this one is.",
    example="{{ isLastWorkingDay('2026-05-29') }}",
    since="2.0",
)
def is_last_working_day(state: State, date: Any, working_days: Any) -> bool:
    day = _day(date, "isLastWorkingDay")
    working = set(range(5))
    if working_days is not None and (isinstance(working_days, (list, tuple)) or to_text(working_days).strip()):
        names = working_days if isinstance(working_days, (list, tuple)) else re.split(r"[,\s]+", to_text(working_days))
        working = {_weekday(name, "isLastWorkingDay", "workingDays") for name in names if name != ""}
        if not working:
            raise ExpressionError("The 'isLastWorkingDay()' function requires at least one valid day in 'workingDays'.")
    last = calendar.monthrange(day.year, day.month)[1]
    later = range(1, last - day.day + 1)
    return day.weekday() in working and not any((day + timedelta(days=n)).weekday() in working for n in later)


@CATALOG.add(
    "function",
    "isPublicHoliday",
    _DATE,
    Param("countryCode", "ISO code of the country.", default=ABSENT, required=True),
    Param("subDivision", "Code of a region of it."),
    doc="Whether it is a public holiday. Needs the optional package `holidays`.",
    example="{{ isPublicHoliday(trigger.date, 'FR') }}",
    since="2.0",
)
def is_public_holiday(state: State, date: Any, country_code: Any, sub_division: Any) -> bool:
    from podium.expressions.holiday_calendar import is_holiday

    given = _given(date, "isPublicHoliday", "date")
    country = to_text(_given(country_code, "isPublicHoliday", "countryCode"))
    region = None if sub_division is None else to_text(sub_division).strip() or None
    return is_holiday(_day(given, "isPublicHoliday").date(), country, region)


def _instant(value: Any, function: str, *, offset_required: bool = False) -> Moment:
    try:
        if isinstance(value, str):
            if offset_required and not _OFFSET.search(value):
                raise ExpressionError("it has no offset; add `Z` or `+01:00`")
            return iso_moment(str(value), UTC)
        return moment_of(value, UTC)
    except ExpressionError as error:
        raise ExpressionError(
            f"The '{function}()' function could not parse a date argument ({to_text(value)}): {error.message}"
        ) from None


_REFERENCE = Param("reference", "The date to compare with; UTC when it has no offset.", default=ABSENT, required=True)


@CATALOG.add(
    "function",
    "isDateBefore",
    _DATE,
    _REFERENCE,
    doc="Whether it is earlier.",
    example="{{ isDateBefore('2026-06-01', '2026-06-02') }}",
    since="2.0",
)
def is_date_before(state: State, date: Any, reference: Any) -> bool:
    one, other = _pair(date, reference, "isDateBefore")
    return one.epoch_nanos < other.epoch_nanos


@CATALOG.add(
    "function",
    "isDateAfter",
    _DATE,
    _REFERENCE,
    doc="Whether it is later.",
    example="{{ isDateAfter('2026-06-01', '2026-06-02') }}",
    since="2.0",
)
def is_date_after(state: State, date: Any, reference: Any) -> bool:
    one, other = _pair(date, reference, "isDateAfter")
    return one.epoch_nanos > other.epoch_nanos


def _pair(date: Any, reference: Any, function: str) -> tuple[Moment, Moment]:
    given, other = _given(date, function, "date"), _given(reference, function, "reference")
    return _instant(given, function), _instant(other, function)


@CATALOG.add(
    "function",
    "isDateBetween",
    _DATE,
    Param("after", "The lower bound, with an offset.", default=ABSENT, required=True),
    Param("before", "The upper bound, with an offset.", default=ABSENT, required=True),
    doc="Whether it lies between two moments, both excluded.",
    example="{{ isDateBetween(now(), '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z') }}",
    since="2.0",
)
def is_date_between(state: State, date: Any, after: Any, before: Any) -> bool:
    given = _given(date, "isDateBetween", "date")
    bounds = (_given(after, "isDateBetween", "after"), _given(before, "isDateBetween", "before"))
    moment, low, high = (
        _instant(value, "isDateBetween", offset_required=True).epoch_nanos for value in (given, *bounds)
    )
    return low < moment < high
