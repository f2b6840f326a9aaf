"""Filters on dates. Dates come as date objects, epoch numbers or ISO texts and leave as texts."""

from __future__ import annotations

from datetime import tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

from podium.expressions.entries import Catalog, Param
from podium.expressions.errors import ExpressionError
from podium.expressions.java_dates import format_moment, parse_moment
from podium.expressions.moments import Moment, moment_of
from podium.expressions.state import State
from podium.expressions.values import is_number, to_text, wrong_kind
from podium.expressions.zones import zone_of

CATALOG = Catalog()
FORMAT = Param("format", "A named format or a Java date pattern.", default="iso", shown='"iso"')
TIME_ZONE = Param("timeZone", "The zone to show it in, such as `Europe/Paris`.")
EXISTING = Param("existingFormat", "How a text is written, when it is not ISO.")
LOCALE = Param("locale", "Language of names, such as `fr`.")


def _text(value: Any, argument: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise wrong_kind(f"The argument '{argument}'", "a string", value)
    return value


def read_date(state: State, value: Any, time_zone: Any, existing: Any, locale: Any = None) -> Moment:
    """The moment a date argument means, in the wanted zone or that of the system."""
    name = _text(time_zone, "timeZone")
    zone: tzinfo = state.services.zone() if name is None else zone_of(name)
    pattern = _text(existing, "existingFormat")
    if pattern is not None and isinstance(value, str):
        return parse_moment(str(value), pattern, zone, _text(locale, "locale")).within(zone)
    return moment_of(value, zone).within(zone)


def write_date(moment: Moment, pattern: Any, locale: Any) -> str:
    shape = _text(pattern, "format")
    return format_moment(moment, "iso" if shape is None else shape, _text(locale, "locale"))


@CATALOG.add(
    "filter",
    "date",
    FORMAT,
    TIME_ZONE,
    EXISTING,
    LOCALE,
    doc="A date as a text.",
    example="{{ execution.startDate | date('yyyy-MM-dd') }}",
)
def date(state: State, value: Any, pattern: Any, time_zone: Any, existing: Any, locale: Any) -> str:
    return write_date(read_date(state, value, time_zone, existing, locale), pattern, locale)


@CATALOG.add(
    "filter",
    "dateAdd",
    Param("amount", "How many units; may be negative.", required=True),
    Param("unit", "DAYS, HOURS, MONTHS and so on: Java's ChronoUnit.", required=True),
    FORMAT,
    TIME_ZONE,
    EXISTING,
    LOCALE,
    doc="A date moved by an amount of time, as a text.",
    example="{{ now() | dateAdd(-1, 'DAYS') }}",
)
def date_add(
    state: State, value: Any, amount: Any, unit: Any, pattern: Any, time_zone: Any, existing: Any, locale: Any
) -> str:
    moment = read_date(state, value, time_zone, existing, locale)
    if unit is None:
        raise ExpressionError("Name is null: the 'dateAdd' filter expects an argument 'unit'.")
    return write_date(moment.plus(_amount(amount), to_text(unit)), pattern, locale)


def _amount(amount: Any) -> int:
    if amount is None:
        raise ExpressionError("Incorrect null format, must be a number")
    if is_number(amount):
        number = Decimal(to_text(amount)) if amount == amount else Decimal("Infinity")
    else:
        try:
            number = Decimal(to_text(amount))
        except InvalidOperation:
            raise ExpressionError(f"{to_text(amount)} can't be converted to long") from None
    if not number.is_finite() or abs(number) >= 2**63:
        raise ExpressionError(f"{to_text(amount)} can't be converted to long")
    return int(number)


_STAMP = (TIME_ZONE, EXISTING)


@CATALOG.add(
    "filter", "timestamp", *_STAMP, doc="Seconds since 1970.", example="{{ '2024-03-05T06:07:08Z' | timestamp }}"
)
def timestamp(state: State, value: Any, time_zone: Any, existing: Any) -> int:
    return read_date(state, value, time_zone, existing).epoch_seconds


@CATALOG.add(
    "filter",
    "timestampMilli",
    *_STAMP,
    doc="Milliseconds since 1970.",
    example="{{ '2024-03-05T06:07:08Z' | timestampMilli }}",
    since="1.0",
)
def timestamp_milli(state: State, value: Any, time_zone: Any, existing: Any) -> int:
    return read_date(state, value, time_zone, existing).epoch_nanos // 1_000_000


@CATALOG.add(
    "filter",
    "timestampMicro",
    *_STAMP,
    doc="Microseconds since 1970, as a text.",
    example="{{ '2024-03-05T06:07:08Z' | timestampMicro }}",
)
def timestamp_micro(state: State, value: Any, time_zone: Any, existing: Any) -> str:
    return str(read_date(state, value, time_zone, existing).epoch_nanos // 1000)


@CATALOG.add(
    "filter",
    "timestampNano",
    *_STAMP,
    doc="Nanoseconds since 1970, as a text.",
    example="{{ '2024-03-05T06:07:08Z' | timestampNano }}",
)
def timestamp_nano(state: State, value: Any, time_zone: Any, existing: Any) -> str:
    return str(read_date(state, value, time_zone, existing).epoch_nanos)
