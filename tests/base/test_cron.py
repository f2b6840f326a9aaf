"""Cron expressions: what they mean, and what is said about those that mean nothing."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.base.cron import CronError, parse_cron

PARIS = ZoneInfo("Europe/Paris")


def at(text: str, zone: ZoneInfo = PARIS) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("expression", "moment", "following", "previous"),
    [
        ("*/15 * * * *", "2026-01-05T10:07", "2026-01-05T10:15", "2026-01-05T10:00"),
        ("0 3 * * 1-5", "2026-01-09T03:00", "2026-01-12T03:00", "2026-01-08T03:00"),
        ("0 0 1 * *", "2026-01-31T12:00", "2026-02-01T00:00", "2026-01-01T00:00"),
        ("0 12 29 2 *", "2026-01-01T00:00", "2028-02-29T12:00", "2024-02-29T12:00"),
        ("0 9 * * MON", "2026-03-02T09:00", "2026-03-09T09:00", "2026-02-23T09:00"),
        ("0 9 * * 7", "2026-03-02T09:00", "2026-03-08T09:00", "2026-03-01T09:00"),
        ("0 9 13 * FRI", "2026-01-01T00:00", "2026-01-02T09:00", "2025-12-26T09:00"),  # either of both
        ("10-50/20 8,20 * jan-mar *", "2026-01-05T08:10", "2026-01-05T08:30", "2026-01-04T20:50"),
        ("5/20 * * * *", "2026-01-05T10:06", "2026-01-05T10:25", "2026-01-05T10:05"),
        ("@hourly", "2026-01-05T10:00", "2026-01-05T11:00", "2026-01-05T09:00"),
        ("@weekly", "2026-01-05T10:00", "2026-01-11T00:00", "2026-01-04T00:00"),
        # Clocks go forward on 29 March 2026 at two: that time does not exist.
        ("30 2 * * *", "2026-03-28T12:00", "2026-03-30T02:30", "2026-03-28T02:30"),
        # Clocks go back on 25 October 2026 at three: once is enough.
        ("30 2 * * *", "2026-10-25T01:00", "2026-10-25T02:30", "2026-10-24T02:30"),
        ("0 4 * * *", "2026-10-25T02:45", "2026-10-25T04:00", "2026-10-24T04:00"),
    ],
)
def test_dates(expression: str, moment: str, following: str, previous: str) -> None:
    cron = parse_cron(expression)
    assert cron.after(at(moment), PARIS) == at(following)
    assert cron.before(at(moment), PARIS) == at(previous)


def test_seconds() -> None:
    cron = parse_cron("*/20 * * * * *", seconds=True)
    assert cron.after(at("2026-01-05T10:00:05"), PARIS) == at("2026-01-05T10:00:20")
    assert cron.before(at("2026-01-05T10:00:00"), PARIS) == at("2026-01-05T09:59:40")


def test_a_date_that_never_comes() -> None:
    assert parse_cron("0 0 31 2 *").after(at("2026-01-01T00:00"), PARIS) is None
    assert parse_cron("0 0 31 2 *").before(at("2026-01-01T00:00"), PARIS) is None


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "it has 0 fields, but needs 5: minute, hour, day of month, month, day of week."),
        ("* * * *", "it has 4 fields"),
        ("60 * * * *", "60 is no minute; it must be 0 to 59."),
        ("* 24 * * *", "24 is no hour"),
        ("* * 0 * *", "0 is no day of month; it must be 1 to 31."),
        ("* * * 13 *", "13 is no month"),
        ("* * * * 8", "8 is no day of week"),
        ("* * * FOO *", "`FOO` is no month; it must be 1 to 12 or JAN"),
        ("* * L * *", "`L` is no day of month"),
        ("* * ? * *", "`?` is not possible for the day of month"),
        ("5-1 * * * *", "ends before it begins"),
        ("*/0 * * * *", "the step of `*/0`"),
        ("*/99 * * * *", "the step of `*/99`"),
        ("@reboot", "unknown nickname @reboot"),
        ("1,,2 * * * *", "`` is not possible"),
    ],
)
def test_what_is_wrong(expression: str, message: str) -> None:
    with pytest.raises(CronError) as failure:
        parse_cron(expression)
    assert message in str(failure.value)


NUMBERS = st.integers(0, 23).map(str)
FIELD = st.one_of(st.just("*"), NUMBERS, st.builds("*/{}".format, st.integers(1, 12)))


@settings(max_examples=60, deadline=None)
@given(FIELD, FIELD, st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)), st.sampled_from(["UTC", "Europe/Paris"]))
def test_after_and_before_agree(minute: str, hour: str, moment: datetime, zone: str) -> None:
    cron, place, now = parse_cron(f"{minute} {hour} * * *"), ZoneInfo(zone), moment.replace(tzinfo=UTC)
    following = cron.after(now, place)
    assert following is not None and following > now
    assert following.second == 0
    back = cron.before(following + timedelta(seconds=1), place)
    assert back == following
    between = cron.before(following, place)
    assert between is not None and between <= now
