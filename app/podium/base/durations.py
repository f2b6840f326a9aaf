"""ISO-8601 durations as Java reads and writes them."""

from __future__ import annotations

import re
from datetime import timedelta

_ISO = re.compile(
    r"(?P<sign>[+-]?)P(?:(?P<weeks>[+-]?\d+)W)?(?:(?P<days>[+-]?\d+(?:[.,]\d+)?)D)?"
    r"(?P<time>T(?:(?P<hours>[+-]?\d+(?:[.,]\d+)?)H)?(?:(?P<minutes>[+-]?\d+(?:[.,]\d+)?)M)?"
    r"(?:(?P<seconds>[+-]?\d+(?:[.,]\d{1,9})?)S)?)?",
    re.IGNORECASE,
)
_BARE = re.compile(r"[+-]?\d+(?:\.\d+)?")
_UNITS = ("weeks", "days", "hours", "minutes", "seconds")


def parse_duration(text: str) -> timedelta:
    """The length of `PT1H30M`, `P2D`, `PT0.5S` or of a bare number of seconds (`90`).

    Months and years have no fixed length and are refused. Fractions finer than a microsecond are rounded.
    Raises `ValueError` with a sentence for the user.
    """
    stripped = text.strip()
    try:
        if _BARE.fullmatch(stripped):
            return timedelta(seconds=float(stripped)) if "." in stripped else timedelta(seconds=int(stripped))
        match = _ISO.fullmatch(stripped)
        if match is not None and (match["time"] or "").upper() != "T" and any(match[unit] for unit in _UNITS):
            length = timedelta(**{unit: _number(match[unit]) for unit in _UNITS if match[unit]})
            return -length if match["sign"] == "-" else length
    except OverflowError:
        raise ValueError(f"The duration '{text}' is too long.") from None
    raise ValueError(f"'{text}' is not a duration: write it in ISO-8601 form such as PT30S, PT1H30M or P1D.")


def format_duration(duration: timedelta) -> str:
    """The text Java prints: hours, minutes and seconds only (`PT48H`, `PT1M0.5S`, `PT0S`)."""
    micros = (duration.days * 86_400 + duration.seconds) * 1_000_000 + duration.microseconds
    if micros == 0:
        return "PT0S"
    sign = "-" if micros < 0 else ""
    seconds, fraction = divmod(abs(micros), 1_000_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = "PT"
    if hours:
        text += f"{sign}{hours}H"
    if minutes:
        text += f"{sign}{minutes}M"
    if seconds or fraction:
        decimals = f".{fraction:06d}".rstrip("0") if fraction else ""
        text += f"{sign}{seconds}{decimals}S"
    return text


def _number(text: str) -> float | int:
    plain = text.replace(",", ".")
    return float(plain) if "." in plain else int(plain)
