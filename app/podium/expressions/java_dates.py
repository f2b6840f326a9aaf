"""Java's `DateTimeFormatter` patterns: compiled once, used to print and to read dates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache, partial
from operator import attrgetter

from podium.expressions import date_fields
from podium.expressions.date_names import Names, names_of
from podium.expressions.date_parsing import Cursor, Unparsable, parse_field
from podium.expressions.errors import ExpressionError, did_you_mean
from podium.expressions.moments import Moment, iso_moment, moment_from

NAMED_PATTERNS = {
    "iso": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
    "iso_milli": "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    "iso_sec": "yyyy-MM-dd'T'HH:mm:ssXXX",
    "sql": "yyyy-MM-dd HH:mm:ss.SSSSSS",
    "sql_milli": "yyyy-MM-dd HH:mm:ss.SSS",
    "sql_sec": "yyyy-MM-dd HH:mm:ss",
    "sql_seq": "yyyy-MM-dd HH:mm:ss",
}
Piece = Callable[[Moment, Names], str]
_NUMBERS = {
    (letter, count): attribute
    for letters, counts, attribute in (
        ("yu", (1, 3, 4), "at.year"),
        ("ML", (1, 2), "at.month"),
        ("d", (1, 2), "at.day"),
        ("H", (1, 2), "at.hour"),
        ("m", (1, 2), "at.minute"),
        ("s", (1, 2), "at.second"),
        ("S", (3,), "millis"),
        ("S", (6,), "micros"),
        ("S", (9,), "nano"),
    )
    for letter in letters
    for count in counts
}
"""Fields that print as a plain number, padded with zeros to their count."""
_FRACTION = "\x00"
"""A private letter: the fraction with its point and as few digits as it has, nothing when zero."""
_GROUPED = "\x06"
"""A private letter: the same in groups of three digits, as instants have it."""
_REGION = "\x01"
"""A private letter: the zone id in brackets, nothing for plain offsets."""
_SHAPES = {
    "iso_date_time": f"yyyy-MM-dd'T'HH:mm:ss{_FRACTION}XXXXX{_REGION}",
    "iso_zoned_date_time": f"yyyy-MM-dd'T'HH:mm:ss{_FRACTION}XXXXX{_REGION}",
    "iso_offset_date_time": f"yyyy-MM-dd'T'HH:mm:ss{_FRACTION}XXXXX",
    "iso_local_date_time": f"yyyy-MM-dd'T'HH:mm:ss{_FRACTION}",
    "iso_local_date": "yyyy-MM-dd",
    "iso_local_time": f"HH:mm:ss{_FRACTION}",
    "iso_date": "yyyy-MM-ddXXXXX",
    "iso_offset_date": "yyyy-MM-ddXXXXX",
    "basic_iso_date": "yyyyMMddXX",
    "iso_time": f"HH:mm:ss{_FRACTION}XXXXX",
    "iso_offset_time": f"HH:mm:ss{_FRACTION}XXXXX",
    "iso_instant": f"yyyy-MM-dd'T'HH:mm:ss{_GROUPED}XXXXX",
    "iso_ordinal_date": "yyyy-DDDXXXXX",
    "iso_week_date": "\x02'-W'\x03-\x04XXXXX",
    "rfc_1123_date_time": "EEE, d MMM yyyy HH:mm:ss \x05",
}
STYLES = ("full", "long", "medium", "short")
NAMED_FORMATS = (*NAMED_PATTERNS, *_SHAPES, *STYLES)
"""Every word `format` takes besides patterns."""


@dataclass(frozen=True, slots=True)
class Element:
    """A literal, a pattern letter with its count, or an optional section of further elements."""

    letter: str
    count: int = 0
    text: str = ""
    section: tuple[Element, ...] = ()
    pad: int = 0


def format_moment(moment: Moment, pattern: str, locale: str | None = None) -> str:
    """The text of a moment by a named format or a pattern. Raises `ExpressionError`."""
    names = names_of(locale)
    if pattern in STYLES:
        return names.styled(moment, pattern)
    if pattern == "iso_instant":
        from podium.expressions.zones import zone_of

        moment = moment.within(zone_of("Z"))
    return "".join([piece(moment, names) for piece in _printer(pattern)])


def parse_moment(text: str, pattern: str, zone: tzinfo, locale: str | None = None) -> Moment:
    """A moment from a text by a named format or a pattern; what the text leaves out is taken in `zone`."""
    if pattern in STYLES:
        raise ExpressionError(f"The format '{pattern}' can be printed but not read: give a pattern")
    names = names_of(locale)
    shape = NAMED_PATTERNS.get(pattern) or _SHAPES.get(pattern)
    if pattern in _SHAPES and pattern != "rfc_1123_date_time":
        try:
            return iso_moment(text, zone)
        except ExpressionError:
            if pattern in ("iso_date_time", "iso_zoned_date_time", "iso_local_date_time", "iso_instant"):
                raise
    cursor = Cursor(text, names, any_case=pattern == "rfc_1123_date_time")
    try:
        _read(_compiled(shape or pattern), cursor)
        if cursor.position < len(text):
            raise Unparsable(cursor.position, "unparsed text found")
        fields, found_zone = cursor.resolved()
    except Unparsable as failure:
        if failure.reason:
            message = f"Text '{text}' could not be parsed, {failure.reason} at index {failure.index}"
        else:
            message = f"Text '{text}' could not be parsed at index {failure.index}"
        raise ExpressionError(message, suggestion=f"The format to read it is `{pattern}`") from None
    if not {"year", "month", "day"} <= fields.keys():
        raise ExpressionError(f"Text '{text}' could not be parsed: `{pattern}` does not give a whole date")
    return moment_from(fields, found_zone or zone, text, clamped=True)


def check_pattern(pattern: str) -> None:
    """Raises `ExpressionError` for a pattern that could not be used to print."""
    if pattern not in NAMED_FORMATS:
        _compiled(pattern)


@lru_cache(maxsize=500)
def _printer(pattern: str) -> tuple[Piece, ...]:
    """A pattern as functions to call one after the other. Numbers next to each other become one function."""
    pieces: list[Piece] = []
    shape = ""
    fields: list[str] = []
    for element in _compiled(NAMED_PATTERNS.get(pattern) or _SHAPES.get(pattern) or pattern):
        field = _NUMBERS.get((element.letter, element.count)) if not element.pad else None
        if field is not None:
            shape += f"%0{element.count}d"
            fields.append(field)
        elif not element.letter:
            shape += element.text.replace("%", "%%")
        else:
            pieces += [_numbers(shape, fields)] if shape else []
            shape, fields = "", []
            pieces.append(partial(_printed, element))
    return (*pieces, _numbers(shape, fields)) if shape else tuple(pieces)


def _numbers(shape: str, fields: list[str]) -> Piece:
    if not fields:
        text = shape.replace("%%", "%")
        return lambda moment, names: text
    values = attrgetter(*fields)
    return lambda moment, names: shape % values(moment)


@lru_cache(maxsize=500)
def _compiled(pattern: str) -> tuple[Element, ...]:
    elements, end = _section(pattern, 0, nested=False)
    if end < len(pattern):
        raise ExpressionError("Pattern invalid as it contains ] without previous [", suggestion="Quote it: `']'`")
    return elements


def _section(pattern: str, index: int, nested: bool) -> tuple[tuple[Element, ...], int]:
    elements: list[Element] = []
    size = len(pattern)
    while index < size:
        letter = pattern[index]
        if (letter.isascii() and letter.isalpha()) or letter < "\x07":
            end = index
            while end < size and pattern[end] == letter:
                end += 1
            if letter == "p":
                width, index = end - index, end
                if index >= size or not pattern[index].isalpha():
                    raise ExpressionError(f"Pad letter 'p' must be followed by valid pad pattern: {pattern}")
                while end < size and pattern[end] == pattern[index]:
                    end += 1
                elements.append(_element(pattern[index], end - index, pattern, pad=width))
            else:
                elements.append(_element(letter, end - index, pattern))
            index = end
        elif letter == "'":
            end = index + 1
            text = ""
            while True:
                closing = pattern.find("'", end)
                if closing < 0:
                    raise ExpressionError(f"Pattern ends with an incomplete string literal: {pattern}")
                text += pattern[end:closing]
                end = closing + 1
                if not pattern.startswith("'", end):
                    break
                text, end = text + "'", end + 1
            elements.append(Element("", text=text if end - index > 2 else "'"))
            index = end
        elif letter == "[":
            section, index = _section(pattern, index + 1, nested=True)
            elements.append(Element("[", section=section))
        elif letter == "]":
            return (tuple(elements), index + 1) if nested else (tuple(elements), index)
        elif letter in "{}#":
            raise ExpressionError(f"Pattern includes reserved character: '{letter}'")
        else:
            elements.append(Element("", text=letter))
            index += 1
    return tuple(elements), index


def _element(letter: str, count: int, pattern: str, pad: int = 0) -> Element:
    if letter > "\x06":
        largest = date_fields.LARGEST_COUNT.get(letter)
        if largest is None:
            raise ExpressionError(
                f"Unknown pattern letter: {letter}",
                suggestion=f"Put text in quotes, `'{letter}'`"
                if len(pattern) < 4 or count == 1
                else did_you_mean(pattern, NAMED_FORMATS),
            )
        if count > largest:
            raise ExpressionError(f"Too many pattern letters: {letter}")
        if (letter == "V" and count != 2) or (letter == "O" and count not in (1, 4)):
            raise ExpressionError(f"Pattern letter count must be {'2' if letter == 'V' else '1 or 4'}: {letter}")
    return Element(letter, count, pad=pad)


def _printed(element: Element, moment: Moment, names: Names) -> str:
    if element.letter == "":
        return element.text
    if element.letter == "[":
        return "".join(_printed(inner, moment, names) for inner in element.section)
    text = date_fields.field_text(element.letter, element.count, moment, names)
    if element.pad:
        if len(text) > element.pad:
            raise ExpressionError(
                f"Cannot print as output of {len(text)} characters exceeds pad width of {element.pad}"
            )
        return text.rjust(element.pad)
    return text


def _read(elements: tuple[Element, ...], cursor: Cursor) -> None:
    for index, element in enumerate(elements):
        if element.letter == "":
            cursor.literal(element.text)
        elif element.letter == "[":
            mark = cursor.mark()
            try:
                _read(element.section, cursor)
            except Unparsable:
                cursor.reset(mark)
        else:
            if element.pad:
                cursor.skip_spaces()
            parse_field(element.letter, element.count, cursor, _reserved(elements, index))


def _reserved(elements: tuple[Element, ...], index: int) -> int:
    """Digits that belong to the fields glued behind this one, as in `yyyyMMdd`."""
    reserved = 0
    for element in elements[index + 1 :]:
        if (
            element.letter not in date_fields.NUMERIC
            or element.count < 2
            or (element.count > 2 and element.letter in "MLQEec")
        ):
            break
        reserved += element.count
    return reserved
