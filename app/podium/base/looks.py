"""How a state looks: symbol, word and tone, never colour alone; and how moments and durations are written.

The screens and the commands show the same; what a tone's colour is, each of them decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Literal

Tone = Literal["running", "good", "warning", "bad", "waiting", "ended"]

TONES: tuple[Tone, ...] = ("running", "good", "warning", "bad", "waiting", "ended")


@dataclass(frozen=True, slots=True)
class StateLook:
    """`symbol` is one cell wide; `ascii` stands in for it where the terminal has no such glyph."""

    symbol: str
    ascii: str
    tone: Tone


_LOOKS: Mapping[str, StateLook] = {
    "CREATED": StateLook("○", "o", "waiting"),
    "SUBMITTED": StateLook("○", "o", "waiting"),
    "QUEUED": StateLook("…", "~", "waiting"),
    "RUNNING": StateLook("●", "*", "running"),
    "RESTARTED": StateLook("●", "*", "running"),
    "RETRYING": StateLook("↻", "r", "running"),
    "KILLING": StateLook("□", "k", "warning"),
    "PAUSED": StateLook("‖", "=", "waiting"),
    "BREAKPOINT": StateLook("‖", "=", "waiting"),
    "SUCCESS": StateLook("✓", "+", "good"),
    "WARNING": StateLook("!", "!", "warning"),
    "FAILED": StateLook("✗", "x", "bad"),
    "KILLED": StateLook("■", "#", "ended"),
    "CANCELLED": StateLook("■", "#", "ended"),
    "RETRIED": StateLook("↺", "R", "ended"),
    "SKIPPED": StateLook("»", ">", "ended"),
}
_UNKNOWN = StateLook("?", "?", "ended")


def look(state: str) -> StateLook:
    """How a state looks; a state of a newer Podium gets a question mark."""
    return _LOOKS.get(state, _UNKNOWN)


def symbol(state: str, ascii_only: bool = False) -> str:
    """The symbol of a state."""
    return look(state).ascii if ascii_only else look(state).symbol


def only_ascii(environ: Mapping[str, str], encoding: str | None) -> bool:
    """Whether the terminal is known to lack the glyphs: its encoding is not UTF-8, it is the Linux console, or the
    user says so with PODIUM_ASCII."""
    wanted = environ.get("PODIUM_ASCII", "")
    if wanted:
        return wanted not in ("0", "false", "no")
    return "utf" not in (encoding or "utf-8").lower() or environ.get("TERM") in ("linux", "vt100", "vt220")


def short_id(execution_id: str) -> str:
    """The beginning of an id: enough to tell executions apart, and accepted wherever an id is typed."""
    return execution_id[:8]


def short_duration(length: timedelta) -> str:
    """`0.3s`, `11.8s`, `2m 05s`, `1h 03m`, `2d 04h`: at most six cells below a hundred days."""
    seconds = max(length.total_seconds(), 0.0)
    if seconds < 99.95:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes}m {rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}h {minutes:02d}m"
    return f"{hours // 24}d {hours % 24:02d}h"


def short_moment(moment: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """The time for today, `22 Nov 14:32` in the same year, else the date. `zone` None means the machine's."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M:%S}"
    if local.year == today.year:
        return f"{local.day} {local:%b %H:%M}"
    return f"{local:%Y-%m-%d}"
