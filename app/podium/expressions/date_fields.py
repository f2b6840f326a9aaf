"""Printing one field of a date by its pattern letter."""

from __future__ import annotations

from datetime import date, timedelta

from podium.expressions.date_names import Names
from podium.expressions.moments import Moment
from podium.expressions.values import fraction, offset_text
from podium.expressions.zones import is_region, zone_id

LARGEST_COUNT = {
    **dict.fromkeys("GMLQqEec", 5),
    **dict.fromkeys("uyY", 19),
    "D": 3,
    **dict.fromkeys("dhHkKmsw", 2),
    **dict.fromkeys("WF", 1),
    "a": 1,
    "B": 5,
    "S": 9,
    **dict.fromkeys("AnNg", 19),
    "V": 2,
    "z": 4,
    "O": 4,
    **dict.fromkeys("XxZ", 5),
}
"""Every pattern letter and how often it may be repeated."""

NUMERIC = frozenset("uyMLdDHhKkmsSAnNwWQqe")
_TEXTUAL = frozenset("MLQqEecGaB")


def field_text(letter: str, count: int, moment: Moment, names: Names) -> str:
    """The text of one field."""
    if letter in _TEXTUAL and (text := _named(letter, count, moment, names)) is not None:
        return text
    if letter in "XxZOzV" or letter < "\x07":
        return _zone_text(letter, count, moment, names)
    if letter == "S":
        return f"{moment.nano:09d}"[:count]
    number = _number(letter, moment, names)
    if letter in "uyY":
        if count == 2:
            return f"{number % 100:02d}"
        return f"{number:0{count}d}"
    return f"{number:0{count}d}"


def _number(letter: str, moment: Moment, names: Names) -> int:
    at = moment.at
    seconds = at.hour * 3600 + at.minute * 60 + at.second
    match letter:
        case "u" | "y":
            return at.year
        case "M" | "L":
            return at.month
        case "d":
            return at.day
        case "D":
            return at.timetuple().tm_yday
        case "Q" | "q":
            return (at.month + 2) // 3
        case "H":
            return at.hour
        case "k":
            return at.hour or 24
        case "K":
            return at.hour % 12
        case "h":
            return at.hour % 12 or 12
        case "m":
            return at.minute
        case "s":
            return at.second
        case "n":
            return moment.nano
        case "N":
            return seconds * 10**9 + moment.nano
        case "A":
            return seconds * 1000 + moment.nano // 10**6
        case "g":
            return at.toordinal() - 678_576
        case "F":
            return (at.day - 1) // 7 + 1
        case "e" | "c":
            return (at.weekday() - names.first_weekday) % 7 + 1
        case "w":
            return _week(at.date(), names)[1]
        case "Y":
            return _week(at.date(), names)[0]
        case _:
            return _week_of_month(at.date(), names)


def _named(letter: str, count: int, moment: Moment, names: Names) -> str | None:
    """The field as a word, None where this count means a number."""
    at = moment.at
    width = 0 if count <= 3 else count - 3
    match letter:
        case "M" | "L" if count >= 3:
            return names.month(at.month, width, standalone=letter == "L")
        case "E":
            return names.weekday(at.weekday(), width)
        case "e" | "c" if count >= 3:
            return names.weekday(at.weekday(), width, standalone=letter == "c")
        case "Q" | "q" if count >= 3:
            return names.quarter((at.month + 2) // 3, width)
        case "G":
            return names.era(width)
        case "a":
            return names.half_day(at.hour)
        case "B":
            return names.day_period(at.hour, at.minute, at.second)
        case _:
            return None


def _zone_text(letter: str, count: int, moment: Moment, names: Names) -> str:
    at = moment.at
    offset = at.utcoffset() or timedelta(0)
    match letter:
        case "\x00":
            return f".{moment.nano:09d}".rstrip("0") if moment.nano else ""
        case "\x06":
            return fraction(moment.nano)
        case "\x01":
            return f"[{zone_id(at.tzinfo)}]" if is_region(at.tzinfo) else ""
        case "\x02":
            return f"{at.isocalendar().year:04d}"
        case "\x03":
            return f"{at.isocalendar().week:02d}"
        case "\x04":
            return str(at.isocalendar().weekday)
        case "\x05":
            return "GMT" if not offset else _compact(offset, minutes=True)
        case "X" | "x":
            if not offset and letter == "X":
                return "Z"
            if count == 1:
                return _compact(offset, minutes=offset.total_seconds() % 3600 != 0)
            if count in (2, 4):
                return _compact(offset, minutes=True, seconds=count == 4)
            return offset_text(offset) if offset else "+00:00"
        case "Z":
            if count <= 3:
                return _compact(offset, minutes=True)
            return _localized(offset, full=True) if count == 4 else offset_text(offset)
        case "O":
            return _localized(offset, full=count == 4)
        case "V":
            return zone_id(at.tzinfo)
        case _:
            return names.zone(at, long=count == 4)


def _compact(offset: timedelta, *, minutes: bool, seconds: bool = False) -> str:
    total = int(offset.total_seconds())
    sign = "-" if total < 0 else "+"
    total = abs(total)
    text = f"{sign}{total // 3600:02d}"
    if minutes:
        text += f"{total // 60 % 60:02d}"
    return f"{text}{total % 60:02d}" if seconds and total % 60 else text


def _localized(offset: timedelta, *, full: bool) -> str:
    if not offset:
        return "GMT"
    text = offset_text(offset)
    if full:
        return "GMT" + text
    hours, minutes = text[1:].split(":")[:2]
    return f"GMT{text[0]}{int(hours)}" + (f":{minutes}" if minutes != "00" else "")


def _week(day: date, names: Names) -> tuple[int, int]:
    """Week-based year and week by the locale's first day and shortest first week."""
    for year in (day.year + 1, day.year, day.year - 1):
        if not 1 <= year <= 9999:
            continue
        start = _first_week(date(year, 1, 1), names)
        if day >= start:
            return year, (day - start).days // 7 + 1
    return day.year, 1


def _week_of_month(day: date, names: Names) -> int:
    start = _first_week(day.replace(day=1), names)
    return (day - start).days // 7 + 1


def _first_week(first: date, names: Names) -> date:
    lead = (first.weekday() - names.first_weekday) % 7
    skipped = 7 - lead < names.shortest_week
    return first + timedelta(days=(7 if skipped else 0) - lead)
