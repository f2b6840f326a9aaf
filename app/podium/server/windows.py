"""The windows of time in which preconditions are collected (semantics 9.6). No clock, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any

from podium.base.durations import parse_duration

_DAY = timedelta(days=1)
_INSTANT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """What was seen between two moments, both inclusive."""

    start: datetime
    end: datetime
    seen: Mapping[str, bool] = field(default_factory=dict)
    fired: bool = False
    """Whether it has started the flow, of a trigger with `fireOnce`."""
    executions: Mapping[str, str] = field(default_factory=dict)
    """The last execution that counted, by the id of its flow."""

    def covers(self, moment: datetime) -> bool:
        return self.start <= moment <= self.end

    def with_seen(self, found: Mapping[str, bool]) -> "Window":
        """What is true once stays true until the window ends."""
        merged = {key: bool(self.seen.get(key)) or found.get(key, False) for key in {*self.seen, *found}}
        return replace(self, seen=merged)

    def with_execution(self, flow_id: str, execution_id: str) -> "Window":
        """An execution has counted."""
        return replace(self, executions={**self.executions, flow_id: execution_id})

    def to_json(self) -> dict[str, Any]:
        return {
            "start": self.start.isoformat(), "end": self.end.isoformat(), "seen": dict(self.seen), "fired": self.fired,
            "executions": dict(self.executions),
        }  # fmt: skip

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Window":
        start, end = datetime.fromisoformat(kept["start"]), datetime.fromisoformat(kept["end"])
        return cls(start, end, kept["seen"], bool(kept.get("fired")), kept.get("executions") or {})


def window_of_dependencies(window: Any) -> Mapping[str, Any] | None:
    """The `window` of the 2.0 dialect in the words of 1.x."""
    if not isinstance(window, Mapping):
        return None
    if window.get("deadline"):
        return {"type": "DAILY_TIME_DEADLINE", "deadline": window["deadline"]}
    if window.get("from"):
        return {"type": "DAILY_TIME_WINDOW", "startTime": window["from"], "endTime": window["to"]}
    if window.get("lookback"):
        return {"type": "SLIDING_WINDOW", "window": window["lookback"]}
    return {"type": "DURATION_WINDOW", "window": window.get("every"), "windowAdvance": window.get("offset")}


def end_after(spec: Mapping[str, Any] | None, now: datetime) -> datetime:
    """The end of the window that a moment belongs to, or of the next day's when that of today is over."""
    window = window_at(spec, now)
    if window.end >= now:
        return window.end
    return window_at(spec, now.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY).end


def window_at(spec: Mapping[str, Any] | None, now: datetime) -> Window:
    """The window that a moment belongs to, for the raw `timeWindow` of a flow; `now` is in the zone that counts."""
    spec = spec or {}
    kind = str(spec.get("type") or "DURATION_WINDOW")
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if kind == "DAILY_TIME_DEADLINE":
        return Window(midnight, _at(midnight, spec["deadline"]))
    if kind == "DAILY_TIME_WINDOW":
        return Window(_at(midnight, spec["startTime"]), _at(midnight, spec["endTime"]))
    length = _duration(spec.get("window"), _DAY)
    if kind == "SLIDING_WINDOW":
        return Window(now, now + length)
    start = _aligned(now, midnight, length) + _duration(spec.get("windowAdvance"), timedelta(0))
    return Window(start, start + length - _INSTANT)


def _aligned(now: datetime, midnight: datetime, length: timedelta) -> datetime:
    if length >= _DAY:
        return midnight
    if length >= timedelta(hours=1):
        return now.replace(minute=0, second=0, microsecond=0)
    minutes = int(length / timedelta(minutes=1))
    if minutes >= 1:
        return now.replace(minute=now.minute // minutes * minutes, second=0, microsecond=0)
    return now.replace(microsecond=0)


def _at(midnight: datetime, text: Any) -> datetime:
    moment = time.fromisoformat(str(text))
    if moment.tzinfo is not None:
        return datetime.combine(midnight.date(), moment)
    return midnight.replace(hour=moment.hour, minute=moment.minute, second=moment.second)


def _duration(value: Any, default: timedelta) -> timedelta:
    return parse_duration(str(value)) if value else default
