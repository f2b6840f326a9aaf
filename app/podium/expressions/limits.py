"""How much one rendering may cost. A flow is untrusted text: it must not be able to take the machine down."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` bounds a whole rendering, `pattern_seconds` one regular expression or jq program; `text` counts
    characters of any text produced, `elements` those of any list or range, `digits` those of a number read,
    `template` characters of a text with expressions, `trace_steps` the values that a trace keeps."""

    seconds: float = 30.0
    pattern_seconds: float = 10.0
    text: int = 64 * 1024 * 1024
    elements: int = 1_000_000
    digits: int = 4000
    template: int = 1_000_000
    trace_steps: int = 10_000
    render_depth: int = 16
    render_rounds: int = 100


DEFAULT_LIMITS = Limits()
