"""The few signs that the screens use, and their twins for terminals that have only ASCII.

A state is always shown as sign and word; colour only repeats what they say.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

STATE_SIGNS: Mapping[str, str] = {
    "CREATED": "○",
    "SUBMITTED": "○",
    "RESTARTED": "○",
    "QUEUED": "…",
    "RUNNING": "●",
    "RETRYING": "↻",
    "PAUSED": "‖",
    "BREAKPOINT": "‖",
    "KILLING": "■",
    "KILLED": "■",
    "SUCCESS": "✓",
    "WARNING": "!",
    "FAILED": "✗",
    "CANCELLED": "⊘",
    "RETRIED": "↺",
    "SKIPPED": "»",
}
STATE_STYLES: Mapping[str, str] = {
    "RUNNING": "$text-accent",
    "RETRYING": "$text-warning",
    "PAUSED": "$text-warning",
    "BREAKPOINT": "$text-warning",
    "KILLING": "$text-warning",
    "SUCCESS": "$text-success",
    "WARNING": "$text-warning",
    "FAILED": "$text-error",
    "KILLED": "$text-error",
}
"""Colours of states; the ones that are not here look like any text."""

_TWINS = (
    ("●", "*"), ("○", "o"), ("…", "~"), ("↻↺", "@"), ("‖", '"'), ("■", "#"), ("✓", "v"), ("✗", "x"), ("⊘", "%"), ("»", ">"),
    ("◆", "*"), ("◇", "o"), ("▾", "v"), ("▸▶", ">"), ("◂◀", "<"), ("▌▐▏▕▎▍▋▊▉┃║│┆╎╹╻", "|"), ("█▓▒", "#"), ("░", "."), ("▁▂▃", "_"),
    ("▄▅▆▇▔─━┄╌╸╺", "-"), ("═", "="), ("╭╮╰╯┌┐└┘├┤┬┴┼╔╗╚╝╠╣╦╩╬┏┓┗┛┣┫┳┻╋", "+"), ("⎇", "Y"), ("±", "+"), ("→", ">"),
    ("←", "<"), ("↑▲", "^"), ("↓▼", "v"), ("⏎", "$"), ("·", "."), ("×", "x"), ("–—", "-"), ("“”", '"'), ("‘’", "'"),
    ("≥", ">"), ("≤", "<"),
)  # fmt: skip
_ASCII = {ord(sign): twin for signs, twin in _TWINS for sign in signs}


def ascii_twin(text: str) -> str:
    """`text` with every sign of the workbench replaced by one ASCII character of the same width."""
    return text if text.isascii() else text.translate(_ASCII)


def state_sign(state: str) -> str:
    """The sign of a state; `?` for one that this version does not know."""
    return STATE_SIGNS.get(state, "?")


def only_ascii(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the terminal is not known to show more: `PODIUM_ASCII=1`, or a locale that is not UTF-8."""
    wanted = environ.get("PODIUM_ASCII")
    if wanted is not None:
        return wanted not in ("", "0")
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or "C.UTF-8"
    return "utf" not in locale.lower() or environ.get("TERM") in ("linux", "vt100", "vt220")


class AsciiOnly(LineFilter):
    """Draws everything with ASCII; the layout stays because each sign has a twin of its width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment if segment.text.isascii() else Segment(ascii_twin(segment.text), segment.style, segment.control)
            for segment in segments
        ]
