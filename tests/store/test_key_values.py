"""Key-values: types, times to live, and what a text stands for."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from podium.base.clock import ManualClock
from podium.store.database import Database
from podium.store.errors import StoreError
from podium.store.key_values import KeyValueStore, sniffed

NOW = datetime(2026, 3, 14, 15, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> KeyValueStore:
    return KeyValueStore(Database(tmp_path / "index.db"), clock)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("text ü\n", "STRING"), ("", "STRING"), ("12", "STRING"), (True, "BOOLEAN"), (12, "NUMBER"),
        (-1.5e300, "NUMBER"), (10**30, "NUMBER"), (datetime(2026, 1, 2, 3, 4, 5, 678901, UTC), "DATETIME"),
        (datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=5, minutes=30))), "DATETIME"),
        (date(2026, 1, 2), "DATE"), (timedelta(hours=26, microseconds=1), "DURATION"), (None, "JSON"),
        ({"a": [1, None, {"b": "c"}]}, "JSON"), ([], "JSON"),
    ],
)  # fmt: skip
def test_a_value_comes_back_as_what_it_was(store: KeyValueStore, value: Any, kind: str) -> None:
    assert store.set("lab", "k", value, description="why")
    exists, found = store.get("lab", "k")
    assert (exists, found, type(found)) == (True, value, type(value))
    entry = store.entries("lab")[0]
    assert (entry.key, entry.type, entry.value, entry.description) == ("k", kind, value, "why")
    assert (entry.created, entry.updated, entry.expires) == (NOW, NOW, None)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (datetime(2026, 1, 2), datetime(2026, 1, 2, tzinfo=UTC)),
        (Decimal("1.50"), 1.5),
        (Decimal(10), 10),
        ((1, 2), [1, 2]),
        ({"at": date(2026, 1, 2), "for": [timedelta(seconds=5)]}, {"at": "2026-01-02", "for": ["PT5S"]}),
    ],
)
def test_values_that_become_something_close(store: KeyValueStore, value: Any, found: Any) -> None:
    store.set("lab", "k", value)
    assert store.get("lab", "k") == (True, found)


@pytest.mark.parametrize("value", [object(), {"a": {1, 2}}, b"bytes"])
def test_values_that_cannot_be_kept(store: KeyValueStore, value: Any) -> None:
    with pytest.raises(StoreError, match="value of key `k` cannot be kept"):
        store.set("lab", "k", value)


@pytest.mark.parametrize("key", ["", ".a", "-a", "a b", "a/b", "ä", "a\n"])
def test_keys_that_are_not_allowed(store: KeyValueStore, key: str) -> None:
    with pytest.raises(StoreError, match="is not a key"):
        store.set("lab", key, 1)


def test_overwriting_and_deleting(store: KeyValueStore, clock: ManualClock) -> None:
    assert store.set("lab", "k", 1, description="first")
    clock.move_to(NOW + timedelta(hours=1))
    assert not store.set("lab", "k", 2, overwrite=False)
    assert store.get("lab", "k") == (True, 1)
    assert store.set("lab", "k", 2)
    entry = store.entries("lab")[0]
    assert (entry.value, entry.description, entry.created, entry.updated) == (2, "first", NOW, clock.now())
    assert store.delete("lab", "k")
    assert not store.delete("lab", "k")
    assert store.get("lab", "k") == (False, None)


def test_keys_belong_to_one_namespace(store: KeyValueStore) -> None:
    for namespace, key in (("lab", "b"), ("lab", "a_1"), ("lab", "a%2"[:1] + "x2"), ("lab.sub", "c")):
        store.set(namespace, key, 1)
    assert store.keys("lab") == ["a_1", "ax2", "b"]
    assert store.keys("lab", "a_") == ["a_1"]
    assert store.get("lab.sub", "b") == (False, None)
    assert store.namespaces() == ["lab", "lab.sub"]


def test_an_expired_entry_does_not_exist_but_occupies_space(store: KeyValueStore, clock: ManualClock) -> None:
    store.set("lab", "k", 1, ttl=timedelta(seconds=10))
    store.set("lab", "stays", 1)
    clock.move_to(NOW + timedelta(seconds=9.999))
    assert store.get("lab", "k") == (True, 1)
    assert store.entries("lab")[0].expires == NOW + timedelta(seconds=10)
    clock.move_to(NOW + timedelta(seconds=10))
    assert store.get("lab", "k") == (False, None)
    assert (store.keys("lab"), store.expired("lab")) == (["stays"], ["k"])
    assert not store.delete("lab", "k")
    assert store.expired("lab") == []
    store.set("lab", "k", 1, ttl=timedelta(0))
    assert store.set("lab", "k", 2, overwrite=False)
    assert store.get("lab", "k") == (True, 2)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"12"', "12"), ("'12'", "12"), ("true", True), ("false", False), ("True", "True"), ("null", None),
        ("12", 12), ("-1.5", -1.5), ("1e3", 1000.0), ("007", "007"), ("1_000", "1_000"), ("+1", "+1"),
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.5+02:00", datetime(2026, 1, 2, 1, 4, 5, 500000, UTC)),
        ("2026-01-02", date(2026, 1, 2)), ("2026-13-02", "2026-13-02"), ("2026", 2026),
        ("PT1H30M", timedelta(hours=1, minutes=30)), ("P1D", timedelta(days=1)), ("PARIS", "PARIS"), ("P", "P"),
        ('{"a": [1]}', {"a": [1]}), ("[1, 2]", [1, 2]), ("{not json", "{not json"), ("", ""), ("  text ", "  text "),
        ("NaN", "NaN"), ("'", "'"),
    ],
)  # fmt: skip
def test_what_a_text_stands_for(text: str, value: Any) -> None:
    assert (sniffed(text), type(sniffed(text))) == (value, type(value))
