"""How keys are written for the reader, and which of them fit into the line at the foot of the screen."""

from __future__ import annotations

from collections.abc import Sequence

_NAMES = {
    "slash": "/", "question_mark": "?", "colon": ":", "plus": "+", "minus": "-", "comma": ",", "full_stop": ".",
    "left_square_bracket": "[", "right_square_bracket": "]", "underscore": "_", "equals_sign": "=", "enter": "Enter",
    "escape": "Esc", "space": "Space", "tab": "Tab", "backspace": "Backspace", "delete": "Del", "home": "Home",
    "end": "End", "pageup": "PgUp", "pagedown": "PgDn", "up": "↑", "down": "↓", "left": "←", "right": "→",
    "asterisk": "*", "less_than_sign": "<", "greater_than_sign": ">", "ctrl+@": "ctrl+Space",
}  # fmt: skip


def key_name(key: str) -> str:
    """One key as it is written: `ctrl+s`, `F5`, `/`, `alt+Enter`."""
    if key in _NAMES:
        return _NAMES[key]
    *modifiers, last = key.split("+") if key != "+" else [key]
    name = _NAMES.get(last, last)
    if len(last) > 1 and last[0] == "f" and last[1:].isdigit():
        name = last.upper()
    return "+".join([*modifiers, name])


def key_names(keys: str | Sequence[str]) -> str:
    """Several keys for one action, the first one first: `F8, alt+n`."""
    listed = keys.split(",") if isinstance(keys, str) else keys
    return ", ".join(dict.fromkeys(key_name(key.strip()) for key in listed))


def fitting(hints: Sequence[tuple[str, str]], last: Sequence[tuple[str, str]], width: int) -> tuple[int, int]:
    """How many of `hints` and of `last` fit side by side into `width` cells; the ones in `last` have a place first."""
    room = width
    kept_last = 0
    for key, label in last:
        room -= len(key) + len(label) + 3
        if room < 0:
            return 0, kept_last
        kept_last += 1
    kept = 0
    for key, label in hints:
        room -= len(key) + len(label) + 3
        if room < 0:
            break
        kept += 1
    return kept, kept_last
