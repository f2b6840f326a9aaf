"""How a state looks on the screen: what `podium.base.looks` says, in the colours of the theme."""

from collections.abc import Mapping

from textual.content import Content

from podium.base.looks import TONES, Tone, look, symbol

COLOURS: Mapping[Tone, str] = {
    "running": "$text-accent",
    "good": "$text-success",
    "warning": "$text-warning",
    "bad": "$text-error",
    "waiting": "$text-secondary",
    "ended": "$text-muted",
}
"""The colour of each tone as a variable of the theme."""

TONE_CLASSES: set[str] = {f"state--{tone}" for tone in TONES}
"""Component classes for widgets that paint states themselves; `TONE_CSS` gives them their colours."""

TONE_CSS = "\n".join(f"& > .state--{tone} {{ color: {COLOURS[tone]}; }}" for tone in TONES)


def state_content(state: str, *, word: bool = True, ascii_only: bool = False) -> Content:
    """`✓ SUCCESS` in its colour, or the symbol alone."""
    text = f"{symbol(state, ascii_only)} {state}" if word else symbol(state, ascii_only)
    return Content.styled(text, COLOURS[look(state).tone])
