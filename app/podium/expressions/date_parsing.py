"""Reading one field of a date by its pattern letter, the way Java's formatter does."""

from __future__ import annotations

import re
from datetime import tzinfo

from podium.expressions.date_names import Names, candidates
from podium.expressions.errors import ExpressionError
from podium.expressions.zones import zone_of

_OFFSETS = {
    1: re.compile(r"[+-]\d{2}(?:\d{2})?"),
    2: re.compile(r"[+-]\d{4}"),
    3: re.compile(r"[+-]\d{2}:\d{2}"),
    4: re.compile(r"[+-]\d{4}(?:\d{2})?"),
    5: re.compile(r"[+-]\d{2}:\d{2}(?::\d{2})?"),
}
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_/+\-]*(?::\d{2})?|[+-]\d{2}:?\d{2}")
_FIELDS = {
    "y": "year",
    "u": "year",
    "M": "month",
    "L": "month",
    "d": "day",
    "D": "day_of_year",
    "H": "hour",
    "k": "clock24",
    "K": "hour12",
    "h": "clock12",
    "m": "minute",
    "s": "second",
    "n": "nano",
    "A": "milli_of_day",
    "N": "nano_of_day",
}
_TIME = frozenset({"minute", "second", "nano"})
_WIDEST = {"d": 2, "H": 2, "k": 2, "K": 2, "h": 2, "m": 2, "s": 2, "M": 2, "L": 2, "D": 3}


class Unparsable(Exception):
    """The text does not fit the pattern at `index`."""

    def __init__(self, index: int, reason: str = "") -> None:
        super().__init__(reason)
        self.index = index
        self.reason = reason


class Cursor:
    """A text being read, and the fields found so far."""

    def __init__(self, text: str, names: Names, *, any_case: bool = False) -> None:
        self.text = text
        self.names = names
        self.any_case = any_case
        self.position = 0
        self.fields: dict[str, int] = {}
        self.zone: tzinfo | None = None

    def mark(self) -> tuple[int, dict[str, int], tzinfo | None]:
        return self.position, dict(self.fields), self.zone

    def reset(self, mark: tuple[int, dict[str, int], tzinfo | None]) -> None:
        self.position, self.fields, self.zone = mark

    def literal(self, text: str) -> None:
        if not self.text.startswith(text, self.position):
            raise Unparsable(self.position)
        self.position += len(text)

    def skip_spaces(self) -> None:
        while self.text.startswith(" ", self.position):
            self.position += 1

    def digits(self, least: int, most: int) -> str:
        end = self.position
        while end < len(self.text) and end - self.position < most and "0" <= self.text[end] <= "9":
            end += 1
        if end - self.position < least:
            raise Unparsable(self.position)
        found = self.text[self.position : end]
        self.position = end
        return found

    def matched(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.position)
        if match is None:
            raise Unparsable(self.position)
        self.position = match.end()
        return match.group()

    def word(self, options: list[tuple[str, int]]) -> int:
        for name, number in options:
            found = self.text[self.position : self.position + len(name)]
            if name and (found == name or (self.any_case and found.lower() == name.lower())):
                self.position += len(name)
                return number
        raise Unparsable(self.position)

    def resolved(self) -> tuple[dict[str, int], tzinfo | None]:
        """The fields as year, month, day, hour, minute, second and nano, and the zone.

        Without an hour the text is a date: its other time fields and its zone do not count.
        """
        fields = dict(self.fields)
        half = fields.pop("half", None)
        if "clock24" in fields:
            fields["hour"] = fields.pop("clock24") % 24
        for name in ("clock12", "hour12"):
            if name in fields:
                hour = fields.pop(name) % 12
                if half is not None:
                    fields["hour"] = hour + 12 * half
        for name, scale in (("milli_of_day", 1_000_000), ("nano_of_day", 1)):
            if name in fields:
                seconds, fields["nano"] = divmod(fields.pop(name) * scale, 10**9)
                fields["hour"], fields["minute"], fields["second"] = (
                    seconds // 3600,
                    seconds // 60 % 60,
                    seconds % 60,
                )
        if "day_of_year" in fields and "year" in fields:
            from datetime import date, timedelta

            day = date(max(1, min(9999, fields["year"])), 1, 1) + timedelta(days=fields.pop("day_of_year") - 1)
            fields.setdefault("month", day.month)
            fields.setdefault("day", day.day)
        if "hour" not in fields:
            return {name: value for name, value in fields.items() if name not in _TIME}, None
        return fields, self.zone


def parse_field(letter: str, count: int, cursor: Cursor, reserved: int) -> None:
    """Read one field; `reserved` digits belong to the fields glued behind it. Raises `Unparsable`."""
    if letter in "ML" and count >= 3:
        cursor.fields["month"] = cursor.word(_options(cursor.names, "month", count))
    elif letter == "E" or (letter in "ec" and count >= 3):
        cursor.fields["weekday"] = cursor.word(_options(cursor.names, "weekday", count))
    elif letter == "a":
        half_days = [(cursor.names.half_day(hour), hour // 12) for hour in (0, 12)]
        cursor.fields["half"] = cursor.word([*half_days, ("AM", 0), ("PM", 1)])
    elif letter == "G":
        cursor.word([(cursor.names.era(min(max(count - 3, 0), 2)), 1)])
    elif letter == "S":
        cursor.fields["nano"] = int(cursor.digits(count, count).ljust(9, "0"))
    elif letter in "\x00\x06":
        if cursor.text.startswith(".", cursor.position):
            cursor.position += 1
            cursor.fields["nano"] = int(cursor.digits(1, 9).ljust(9, "0"))
    elif letter in "XxZOzV" or letter < "\x07":
        _parse_zone(letter, count, cursor)
    elif letter in "uy" and count == 2:
        cursor.fields["year"] = 2000 + int(cursor.digits(2, 2))
    elif letter in _FIELDS:
        cursor.fields[_FIELDS[letter]] = _number(letter, count, cursor, reserved)
    else:
        cursor.digits(1, max(count, 2))


def _number(letter: str, count: int, cursor: Cursor, reserved: int) -> int:
    most = count if letter in _WIDEST and count > 1 else _WIDEST.get(letter, 9 if letter in "uy" else 19)
    if reserved:
        run = cursor.position
        while run < len(cursor.text) and "0" <= cursor.text[run] <= "9":
            run += 1
        most = max(count, min(most, run - cursor.position - reserved))
    return int(cursor.digits(count, most))


def _parse_zone(letter: str, count: int, cursor: Cursor) -> None:
    rest = cursor.text[cursor.position :]
    if letter == "\x01":
        if rest.startswith("["):
            cursor.position += 1
            cursor.zone = _zone(cursor)
            cursor.literal("]")
        return
    if letter in "Vz" or letter in "\x05O":
        cursor.zone = _zone(cursor)
        return
    if letter == "Z":
        if count == 4:
            cursor.zone = _zone(cursor)
            return
        letter, count = ("X", 5) if count == 5 else ("x", 2)
    if letter == "X" and rest[:1] in ("Z", "z"):
        cursor.position += 1
        cursor.zone = zone_of("Z")
        return
    cursor.zone = zone_of(cursor.matched(_OFFSETS[count]))


def _zone(cursor: Cursor) -> tzinfo:
    start = cursor.position
    try:
        return zone_of(cursor.matched(_ZONE))
    except ExpressionError:
        raise Unparsable(start) from None


def _options(names: Names, kind: str, count: int) -> list[tuple[str, int]]:
    width = 0 if count <= 3 else count - 3
    return list(candidates(names, kind, min(width, 2)))
