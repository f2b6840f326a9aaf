"""Conditions on a date: the weekday, the time of day, holidays."""

import calendar
import os
from datetime import UTC, date, datetime, time
from typing import Any, Literal

from podium.expressions.errors import ExpressionError
from podium.expressions.holiday_calendar import is_holiday
from podium.expressions.moments import moment_of
from podium.model.properties import prop
from podium.model.schema import Example
from podium.plugin.task import ConditionContext, ConditionType, TaskError

_PREFIX = "io.kestra.plugin.core.condition."
_OLD = "io.kestra.core.models.conditions.types."
_TRIGGER_DATE = "{{ trigger.date }}"
Weekday = Literal["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
_WEEKDAYS: tuple[str, ...] = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_PLACES: tuple[str, ...] = ("FIRST", "SECOND", "THIRD", "FOURTH", "LAST")


def _aliases(name: str) -> tuple[str, str]:
    return (f"{_OLD}{name}Condition", f"{_PREFIX}{name}Condition")


class _DateCondition(ConditionType):
    date: str = prop(default=_TRIGGER_DATE, doc="The date to look at; that of the trigger when absent.")

    def moment(self) -> datetime:
        return _moment(self.date, "date")


def _moment(text: Any, name: str) -> datetime:
    try:
        return moment_of(text, UTC).at
    except ExpressionError as error:
        raise TaskError(f"The property `{name}` of a condition is no date: {error.message}") from error


class DayWeek(_DateCondition):
    """True on one day of the week."""

    type = _PREFIX + "DayWeek"
    title = "On a day of the week."
    aliases = _aliases("DayWeek")
    examples = (Example("Mondays", f"type: {_PREFIX}DayWeek\ndayOfWeek: MONDAY"),)

    dayOfWeek: Weekday = prop(required=True, doc="The day.")

    def holds(self, ctx: ConditionContext) -> bool:
        return _WEEKDAYS[self.moment().weekday()] == self.dayOfWeek


class DayWeekInMonth(_DateCondition):
    """True on, say, the first Monday of a month."""

    type = _PREFIX + "DayWeekInMonth"
    title = "On the first, second, ... or last such weekday of the month."
    aliases = _aliases("DayWeekInMonth")
    examples = (
        Example("The first Monday", f"type: {_PREFIX}DayWeekInMonth\ndayOfWeek: MONDAY\ndayInMonth: FIRST"),
    )  # fmt: skip

    dayOfWeek: Weekday = prop(required=True, doc="The day.")
    dayInMonth: Literal["FIRST", "SECOND", "THIRD", "FOURTH", "LAST"] = prop(required=True, doc="Which of them.")

    def holds(self, ctx: ConditionContext) -> bool:
        day = self.moment()
        if _WEEKDAYS[day.weekday()] != self.dayOfWeek:
            return False
        if self.dayInMonth == "LAST":
            return day.day + 7 > calendar.monthrange(day.year, day.month)[1]
        return (day.day - 1) // 7 == _PLACES.index(self.dayInMonth)


class Weekend(_DateCondition):
    """True on Saturdays and Sundays."""

    type = _PREFIX + "Weekend"
    title = "On Saturday or Sunday."
    aliases = _aliases("Weekend")
    examples = (Example("At the weekend", f"type: {_PREFIX}Weekend"),)

    def holds(self, ctx: ConditionContext) -> bool:
        return self.moment().weekday() >= 5


class PublicHoliday(_DateCondition):
    """True on public holidays. Needs the optional package `holidays`."""

    type = _PREFIX + "PublicHoliday"
    title = "On a public holiday."
    aliases = _aliases("PublicHoliday")
    examples = (Example("In France", f"type: {_PREFIX}PublicHoliday\ncountry: FR"),)

    country: str | None = prop(doc="The ISO code of the country; that of the locale (`LANG`) when it is absent.")
    subDivision: str | None = prop(doc="The code of a region of it.")

    def holds(self, ctx: ConditionContext) -> bool:
        country = self.country or _own_country()
        if not country:
            raise TaskError("PublicHoliday needs a `country`, such as FR or DE: the locale of this machine has none.")
        day: date = self.moment().date()
        try:
            return is_holiday(day, country, self.subDivision)
        except ExpressionError as error:
            raise TaskError(str(error)) from error


def _own_country() -> str:
    """The country of the locale, `DE` of `de_DE.UTF-8`; empty for `C` and the like."""
    locale = next((value for name in ("LC_ALL", "LC_TIME", "LANG") if (value := os.environ.get(name))), "")
    return locale.partition(".")[0].partition("@")[0].partition("_")[2]


class DateTimeBetween(_DateCondition):
    """True between two dates, of which one may be absent. The bounds do not count."""

    type = _PREFIX + "DateTimeBetween"
    title = "Between two dates."
    aliases = _aliases("DateTimeBetween")
    examples = (
        Example("From 2026 on", f'type: {_PREFIX}DateTimeBetween\nafter: "2025-12-31T23:59:59Z"'),
    )  # fmt: skip

    after: str | None = prop(doc="The date must be later than this.")
    before: str | None = prop(doc="The date must be earlier than this.")

    def holds(self, ctx: ConditionContext) -> bool:
        if not self.after and not self.before:
            raise TaskError("Invalid condition with no before nor after")
        moment = self.moment()
        return (not self.after or moment > _moment(self.after, "after")) and (
            not self.before or moment < _moment(self.before, "before")
        )


class TimeBetween(_DateCondition):
    """True between two times of day, of which one may be absent. The bounds do not count."""

    type = _PREFIX + "TimeBetween"
    title = "Between two times of day."
    aliases = _aliases("TimeBetween")
    examples = (
        Example("Mornings", f'type: {_PREFIX}TimeBetween\nafter: "06:00:00+02:00"\nbefore: "12:00:00+02:00"'),
    )  # fmt: skip

    after: str | None = prop(doc="A time of day with its offset, such as 10:00:00+02:00.")
    before: str | None = prop(doc="A time of day with its offset.")

    def holds(self, ctx: ConditionContext) -> bool:
        if not self.after and not self.before:
            raise TaskError("Invalid condition with no before nor after")
        now = _instant_of_day(self.moment().timetz())
        return (not self.after or now > _instant_of_day(_time(self.after, "after"))) and (
            not self.before or now < _instant_of_day(_time(self.before, "before"))
        )


def _time(text: str, name: str) -> time:
    try:
        return time.fromisoformat(text.strip())
    except ValueError:
        raise TaskError(f"The property `{name}` must be a time such as 10:00:00+02:00, but it is '{text}'.") from None


def _instant_of_day(moment: time) -> float:
    """Seconds since midnight UTC, as offset times are compared: not wrapped into one day."""
    offset = moment.utcoffset()
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond / 1e6
    return seconds - (offset.total_seconds() if offset else 0)
