"""The machine's own zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from podium.base.local_zone import local_zone


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Europe/Paris", ZoneInfo("Europe/Paris")), (":Asia/Tokyo", ZoneInfo("Asia/Tokyo")), ("UTC", UTC)],
)
def test_the_variable_names_it(monkeypatch: pytest.MonkeyPatch, name: str, expected: object) -> None:
    monkeypatch.setenv("TZ", name)
    assert local_zone() == expected


@pytest.mark.parametrize("name", ["", "<+03>-3", "Nowhere/City", "../../etc/passwd"])
def test_a_name_that_is_no_zone_leaves_the_offset(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("TZ", name)
    assert isinstance(datetime.now(local_zone()).utcoffset(), timedelta)
