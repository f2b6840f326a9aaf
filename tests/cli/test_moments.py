"""Times as they are typed."""

import argparse
from datetime import UTC, datetime, timedelta

import pytest

from podium.cli.moments import length_of_time, moment_or_age


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("5m", 300),
        ("1h30m", 5400),
        ("2d", 172800),
        ("1w", 604800),
        ("250ms", 0.25),
        ("PT1H", 3600),
        ("45", 45),
        ("1.5h", 5400),
        ("P1D", 86400),
    ],
)
def test_lengths(text: str, seconds: float) -> None:
    assert length_of_time(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "soon", "5x", "m5", "-PT1S", "P1Y", "1h 5", "9999999999999d"])
def test_what_is_no_length(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        length_of_time(text)


def test_moments() -> None:
    now = datetime.now(UTC)
    assert timedelta(hours=2) <= now - moment_or_age("2h") + timedelta(seconds=1) < timedelta(hours=2, minutes=1)
    assert moment_or_age("2026-11-25T14:00:00+01:00") == datetime(2026, 11, 25, 13, tzinfo=UTC)
    assert moment_or_age("2026-11-25") == datetime(2026, 11, 25).astimezone(UTC)
    with pytest.raises(argparse.ArgumentTypeError, match="is no moment"):
        moment_or_age("yesterday")
