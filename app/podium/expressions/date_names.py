"""Names of months, days and zones.

English is built in, and so are the months and days of a few languages; everything else comes with the `babel` package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import lru_cache
from typing import Any, Protocol

from podium.expressions.date_languages import Language, language_of
from podium.expressions.errors import ExpressionError
from podium.expressions.extras import optional_package
from podium.expressions.moments import Moment
from podium.expressions.zones import zone_id

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_ORDINALS = ("1st", "2nd", "3rd", "4th")


class Names(Protocol):
    """Names in one language. Widths: 0 short, 1 full, 2 a single letter. Weekdays count from 0 = Monday."""

    @property
    def first_weekday(self) -> int: ...
    @property
    def shortest_week(self) -> int: ...
    def month(self, month: int, width: int, standalone: bool = False) -> str: ...
    def weekday(self, day: int, width: int, standalone: bool = False) -> str: ...
    def quarter(self, quarter: int, width: int) -> str: ...
    def era(self, width: int) -> str: ...
    def half_day(self, hour: int) -> str: ...
    def day_period(self, hour: int, minute: int, second: int) -> str: ...
    def zone(self, at: datetime, long: bool) -> str: ...
    def styled(self, moment: Moment, style: str) -> str: ...


@dataclass(frozen=True, slots=True)
class EnglishNames:
    first_weekday: int = 6
    shortest_week: int = 1

    def month(self, month: int, width: int, standalone: bool = False) -> str:
        return _cut(_MONTHS[month - 1], width)

    def weekday(self, day: int, width: int, standalone: bool = False) -> str:
        return _cut(_DAYS[day], width)

    def quarter(self, quarter: int, width: int) -> str:
        return (f"Q{quarter}", f"{_ORDINALS[quarter - 1]} quarter", str(quarter))[width]

    def era(self, width: int) -> str:
        return ("AD", "Anno Domini", "A")[width]

    def half_day(self, hour: int) -> str:
        return "AM" if hour < 12 else "PM"

    def day_period(self, hour: int, minute: int, second: int) -> str:
        if minute == second == 0 and hour in (0, 12):
            return "midnight" if hour == 0 else "noon"
        if hour < 6 or hour >= 21:
            return "at night"
        return f"in the {'morning' if hour < 12 else 'afternoon' if hour < 18 else 'evening'}"

    def zone(self, at: datetime, long: bool) -> str:
        if long and (name := _babel_zone(at, "en")):
            return name
        return at.tzname() or zone_id(at.tzinfo)

    def styled(self, moment: Moment, style: str) -> str:
        at = moment.at
        clock = f"{at.hour % 12 or 12}:{at.minute:02d}"
        seconds, half = f":{at.second:02d}", f"\u202f{self.half_day(at.hour)}"
        day = f"{_MONTHS[at.month - 1]} {at.day}, {at.year}"
        match style:
            case "full":
                zone = self.zone(at, long=True)
                return f"{_DAYS[at.weekday()]}, {day} at {clock}{seconds}{half} {zone}"
            case "long":
                return f"{day} at {clock}{seconds}{half} {self.zone(at, long=False)}"
            case "medium":
                return f"{day[:3]} {at.day}, {at.year}, {clock}{seconds}{half}"
            case _:
                return f"{at.month}/{at.day}/{at.year % 100:02d}, {clock}{half}"


class BuiltInNames:
    """Months and days of a language that needs no package. Whatever else is asked for needs it."""

    def __init__(self, locale: str, language: Language) -> None:
        self._locale = locale
        self._language = language

    @property
    def first_weekday(self) -> int:
        raise self._missing()

    @property
    def shortest_week(self) -> int:
        raise self._missing()

    def month(self, month: int, width: int, standalone: bool = False) -> str:
        if width > 1 or (standalone and not width):
            raise self._missing()
        return (self._language.short_months, self._language.months)[width][month - 1]

    def weekday(self, day: int, width: int, standalone: bool = False) -> str:
        if width > 1 or (standalone and not width):
            raise self._missing()
        return (self._language.short_days, self._language.days)[width][day]

    def quarter(self, quarter: int, width: int) -> str:
        raise self._missing()

    def era(self, width: int) -> str:
        raise self._missing()

    def half_day(self, hour: int) -> str:
        raise self._missing()

    def day_period(self, hour: int, minute: int, second: int) -> str:
        raise self._missing()

    def zone(self, at: datetime, long: bool) -> str:
        if long:
            raise self._missing()
        return at.tzname() or zone_id(at.tzinfo)

    def styled(self, moment: Moment, style: str) -> str:
        raise self._missing()

    def _missing(self) -> ExpressionError:
        try:
            _babel("babel", self._locale)
        except ExpressionError as error:
            return error
        return ExpressionError(f"The locale '{self._locale}' is not known completely")


class BabelNames:
    """Names from the Unicode locale data that babel brings along."""

    def __init__(self, locale: Any) -> None:
        self._locale = locale
        self.first_weekday: int = locale.first_week_day
        self.shortest_week: int = locale.min_week_days

    def month(self, month: int, width: int, standalone: bool = False) -> str:
        return self._named("months", width, month, standalone)

    def weekday(self, day: int, width: int, standalone: bool = False) -> str:
        return self._named("days", width, day, standalone)

    def quarter(self, quarter: int, width: int) -> str:
        return self._named("quarters", width, quarter, False)

    def era(self, width: int) -> str:
        return str(self._locale.eras[("abbreviated", "wide", "narrow")[width]][1])

    def half_day(self, hour: int) -> str:
        periods = self._locale.day_periods["format"]
        return str(periods["abbreviated" if "abbreviated" in periods else "wide"]["am" if hour < 12 else "pm"])

    def day_period(self, hour: int, minute: int, second: int) -> str:
        period = _babel("babel.dates").get_period_id(time(hour, minute, second), locale=self._locale)
        return str(self._locale.day_periods["format"]["wide"].get(period, self.half_day(hour)))

    def zone(self, at: datetime, long: bool) -> str:
        name = _babel_zone(at, str(self._locale)) if long else None
        return name or at.tzname() or zone_id(at.tzinfo)

    def styled(self, moment: Moment, style: str) -> str:
        dates = _babel("babel.dates")
        return str(dates.format_datetime(moment.at, style, tzinfo=moment.at.tzinfo, locale=self._locale))

    def _named(self, kind: str, width: int, key: int, standalone: bool) -> str:
        table = getattr(self._locale, kind)["stand-alone" if standalone else "format"]
        return str(table[("abbreviated", "wide", "narrow")[width]][key])


@lru_cache(maxsize=100)
def names_of(locale: str | None) -> Names:
    """The names for `fr`, `fr_FR` or `fr-FR`; English for None. Raises `ExpressionError`."""
    if locale is None or locale.replace("-", "_").lower() in ("", "en", "en_us"):
        return EnglishNames()
    try:
        babel = _babel("babel", locale)
    except ExpressionError:
        language = language_of(locale)
        if language is None:
            raise
        return BuiltInNames(locale, language)
    try:
        return BabelNames(babel.Locale.parse(locale.replace("-", "_")))
    except (babel.UnknownLocaleError, ValueError):
        raise ExpressionError(f"Unknown locale '{locale}'") from None


def candidates(names: Names, kind: str, width: int) -> Sequence[tuple[str, int]]:
    """Month or weekday names with their numbers, longest first, for reading."""
    numbers = range(1, 13) if kind == "month" else range(7)
    name = names.month if kind == "month" else names.weekday
    return sorted(((name(number, width), number) for number in numbers), key=lambda pair: -len(pair[0]))


def _babel(module: str, locale: str = "en") -> Any:
    return optional_package(module, "locales", f"The locale '{locale}' needs")


def _cut(name: str, width: int) -> str:
    return (name[:3], name, name[:1])[width]


def _babel_zone(at: datetime, locale: str) -> str | None:
    """The long name of a zone; None without babel, where the short one has to do."""
    try:
        return str(_babel("babel.dates", locale).get_timezone_name(at, width="long", locale=locale))
    except (ExpressionError, LookupError, ValueError):
        return None
