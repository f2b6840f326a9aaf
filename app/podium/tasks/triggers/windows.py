"""Time windows of preconditions and MultipleCondition (semantics 1.4, 9.6)."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Literal

from podium.model.properties import Properties, prop
from podium.model.schema import Problem


class TimeWindow(Properties):
    """The time in which all conditions must have been seen."""

    type: Literal["DURATION_WINDOW", "SLIDING_WINDOW", "DAILY_TIME_WINDOW", "DAILY_TIME_DEADLINE"] = prop(
        default="DURATION_WINDOW", dynamic=False, doc="How the window is laid."
    )
    window: timedelta | None = prop(dynamic=False, doc="The length of a DURATION_WINDOW or SLIDING_WINDOW; a day.")
    windowAdvance: timedelta | None = prop(dynamic=False, doc="Moves a DURATION_WINDOW.")
    startTime: str | None = prop(dynamic=False, format="time", doc="The begin of a DAILY_TIME_WINDOW.")
    endTime: str | None = prop(dynamic=False, format="time", doc="The end of a DAILY_TIME_WINDOW.")
    deadline: str | None = prop(
        dynamic=False, format="time", doc="The end of a DAILY_TIME_DEADLINE, which begins at midnight."
    )


_WORDS = {
    "window": "a window", "windowAdvance": "a window advance", "startTime": "a start time", "endTime": "an end time",
    "deadline": "a deadline",
}  # fmt: skip
_NEEDED = {"DAILY_TIME_DEADLINE": ("deadline",), "DAILY_TIME_WINDOW": ("startTime", "endTime")}
_FORBIDDEN = {
    "DAILY_TIME_DEADLINE": ("window", "windowAdvance", "startTime", "endTime"),
    "DAILY_TIME_WINDOW": ("window", "windowAdvance", "deadline"),
    "DURATION_WINDOW": ("deadline", "startTime", "endTime"),
    "SLIDING_WINDOW": ("deadline", "startTime", "endTime", "windowAdvance"),
}


def window_problems(values: Any, path: tuple[str | int, ...]) -> Iterable[Problem]:
    """What a window has too much or too little for its type."""
    if not isinstance(values, Mapping):
        return
    kind = values.get("type") or "DURATION_WINDOW"
    for name in _NEEDED.get(kind, ()):
        if values.get(name) is None:
            message = f"Time window of type `{kind}` must have {_WORDS[name]}. Add `{name}`."
            yield Problem(message, path, "time-window")
    for name in _FORBIDDEN[kind]:
        if values.get(name) is not None:
            message = f"Time window of type `{kind}` cannot have {_WORDS[name]}. Delete `{name}`."
            yield Problem(message, (*path, name), "time-window")
