"""ASCII twins of the signs that the screens use, for terminals that have no others."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from podium.base.looks import symbol
from podium.engine.states import ALL_STATES

_TWINS = (
    ("◆", "*"), ("◇", "o"), ("▾", "v"), ("▸▶", ">"), ("◂◀", "<"), ("▌▐▏▕▎▍▋▊▉┃║│┆╎╹╻", "|"), ("█▓▒", "#"), ("░", "."),
    ("▁▂▃", "_"), ("▄▅▆▇▔─━┄╌╸╺", "-"), ("═", "="), ("╭╮╰╯┌┐└┘├┤┬┴┼╔╗╚╝╠╣╦╩╬┏┓┗┛┣┫┳┻╋", "+"), ("⎇", "Y"), ("±", "+"),
    ("→", ">"), ("←", "<"), ("↑▲", "^"), ("↓▼", "v"), ("⏎", "$"), ("·", "."), ("×", "x"), ("–—", "-"), ("“”", '"'),
    ("‘’", "'"), ("≥", ">"), ("≤", "<"),
)  # fmt: skip
_STATES = {ord(symbol(state)): symbol(state, ascii_only=True) for state in ALL_STATES}
_ASCII = {ord(sign): twin for signs, twin in _TWINS for sign in signs} | _STATES


def ascii_twin(text: str) -> str:
    """`text` with every sign of the workbench replaced by one ASCII character of the same width."""
    return text if text.isascii() else text.translate(_ASCII)


class AsciiOnly(LineFilter):
    """Draws everything with ASCII; the layout stays because each sign has a twin of its width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment if segment.text.isascii() else Segment(ascii_twin(segment.text), segment.style, segment.control)
            for segment in segments
        ]
