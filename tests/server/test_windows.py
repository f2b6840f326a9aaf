"""Windows of preconditions: a table of specifications, moments and bounds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from podium.server.windows import Window, window_at

NOW = datetime(2026, 1, 5, 10, 23, 40, tzinfo=UTC)


def _day(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 1, 5, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("spec", "start", "end"),
    [
        (None, _day(0), _day(0) + timedelta(days=1, milliseconds=-1)),
        ({"window": "PT2H"}, _day(10), _day(12) - timedelta(milliseconds=1)),
        ({"window": "PT10M"}, _day(10, 20), _day(10, 30) - timedelta(milliseconds=1)),
        ({"window": "PT10M", "windowAdvance": "PT2M"}, _day(10, 22), _day(10, 32) - timedelta(milliseconds=1)),
        ({"type": "SLIDING_WINDOW", "window": "PT1H"}, NOW, NOW + timedelta(hours=1)),
        ({"type": "DAILY_TIME_DEADLINE", "deadline": "09:00:00"}, _day(0), _day(9)),
        ({"type": "DAILY_TIME_WINDOW", "startTime": "10:00", "endTime": "11:30"}, _day(10), _day(11, 30)),
    ],
)
def test_windows(spec: dict[str, Any] | None, start: datetime, end: datetime) -> None:
    window = window_at(spec, NOW)
    assert (window.start, window.end) == (start, end)
    assert Window.from_json(window.to_json()) == window


def test_what_was_seen_stays_seen() -> None:
    window = Window(NOW, NOW).with_seen({"a": True, "b": False}).with_seen({"a": False, "b": False})
    assert window.seen == {"a": True, "b": False}
