"""What every input type accepts and what it is kept as."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.model.input_types import typed

ACCEPTED = [
    ("STRING", "as is ", "as is "),
    ("STRING", 3, "3"),
    ("STRING", True, "true"),
    ("ENUM", "A", "A"),
    ("SELECT", "A", "A"),
    ("INT", "42", 42),
    ("INT", "-7", -7),
    ("INT", "+7", 7),
    ("INT", "007", 7),
    ("INT", 3, 3),
    ("INT", "2147483647", 2147483647),
    ("FLOAT", "1", 1.0),
    ("FLOAT", "1.5", 1.5),
    ("FLOAT", "1e3", 1000.0),
    ("FLOAT", ".5", 0.5),
    ("FLOAT", 2, 2.0),
    ("BOOL", "TRUE", True),
    ("BOOL", "yes", False),
    ("BOOL", "1", False),
    ("BOOL", False, False),
    ("BOOLEAN", "true", True),
    ("DATETIME", "2026-01-05T10:00:00Z", "2026-01-05T10:00:00Z"),
    ("DATETIME", "2026-01-05T10:00:00.5Z", "2026-01-05T10:00:00.500Z"),
    ("DATETIME", "2026-01-05T10:00:00.123456789Z", "2026-01-05T10:00:00.123456789Z"),
    ("DATETIME", "2026-01-05T10:00:00+02:00", "2026-01-05T08:00:00Z"),
    ("DATETIME", datetime(2026, 1, 5, 10, tzinfo=UTC), "2026-01-05T10:00:00Z"),
    ("DATE", "2026-01-05", "2026-01-05"),
    ("DATE", date(2026, 1, 5), "2026-01-05"),
    ("TIME", "10:30", "10:30:00"),
    ("TIME", "10:30:15.25", "10:30:15.250"),
    ("TIME", time(10, 30), "10:30:00"),
    ("DURATION", "PT10M", "PT10M"),
    ("DURATION", "P1D", "PT24H"),
    ("DURATION", "pt5m6s", "PT5M6S"),
    ("DURATION", timedelta(seconds=90), "PT1M30S"),
    ("JSON", '{"a":1}', {"a": 1}),
    ("JSON", "[1]", [1]),
    ("JSON", '"s"', "s"),
    ("JSON", "12", 12),
    ("JSON", {"a": 1}, {"a": 1}),
    ("YAML", "a: 1\nb: [x]", {"a": 1, "b": ["x"]}),
    ("YAML", "when: yes", {"when": "yes"}),
    ("YAML", "day: 2026-01-05", {"day": "2026-01-05"}),
    ("YAML", [1], [1]),
    ("URI", "https://kestra.io/x", "https://kestra.io/x"),
    ("URI", "ftp://a.b", "ftp://a.b"),
    ("EMAIL", "", ""),
    ("EMAIL", "a@b", "a@b"),
    ("ARRAY", "[1, 2]", [1, 2]),
    ("MULTISELECT", '["a","b"]', ["a", "b"]),
    ("MULTISELECT", [1], ["1"]),
    ("FILE", "kestra:///ns/flow/x.csv", "kestra:///ns/flow/x.csv"),
    ("FORM", {"any": "thing"}, {"any": "thing"}),
]

REFUSED = [
    ("INT", "2147483648", "Expected `INT` but received `2147483648` with errors:\n```\n"),
    ("INT", " 42", "Expected `INT` but received ` 42` with errors:"),
    ("INT", "1.0", "Expected `INT`"),
    ("INT", "1e3", "Expected `INT`"),
    ("INT", "1_000", "Expected `INT`"),
    ("INT", "9" * 5000, "Expected `INT`"),
    ("INT", True, "Expected `INT` but received `true`"),
    ("FLOAT", "1_0", "Expected `FLOAT`"),
    ("FLOAT", "one", "Expected `FLOAT` but received `one` with errors:"),
    ("DATETIME", "2026-01-05", "Expected `DATETIME`"),
    ("DATETIME", "2026-01-05 10:00", "Expected `DATETIME`"),
    ("DATETIME", "2026-01-05T10:00:00", "Expected `DATETIME`"),
    ("DATETIME", "2026-13-05T10:00:00Z", "Expected `DATETIME`"),
    ("DATETIME", "0001-01-01T00:00:00+10:00", "Expected `DATETIME`"),
    ("DATE", "2026-1-5", "Expected `DATE` but received `2026-1-5` with errors:"),
    ("DATE", "2026-02-30", "There is no such day"),
    ("TIME", "24:00", "Expected `TIME`"),
    ("TIME", "1:00", "Expected `TIME`"),
    ("DURATION", "10m", "Expected `DURATION` but received `10m` with errors:"),
    ("DURATION", "90", "Expected `DURATION`"),
    ("JSON", "{a:1}", "line 1, column 2"),
    ("JSON", "NaN", "Expected `JSON`"),
    ("JSON", "[" * 100_000, "nested too deeply"),
    ("YAML", "a: [1", "Expected `YAML`"),
    ("URI", "localhost:80", "Expected `URI` but received `localhost:80`"),
    ("URI", "http://localhost", "Expected `URI` but received `http://localhost`"),
    ("EMAIL", "a b@c.d", "The input must be a valid email"),
    ("ARRAY", "a,b", "Expected `ARRAY` but received `a,b` with errors:"),
    ("ARRAY", '{"a": 1}', "Expected `ARRAY`"),
    ("SECRET", "x", "Unable to use a `SECRET` input/output as encryption is not configured"),
]


@pytest.mark.parametrize(("type_name", "given_value", "kept"), ACCEPTED)
def test_accepted(type_name: str, given_value: object, kept: object) -> None:
    value = typed(type_name, given_value)
    assert value == kept
    assert type(value) is type(kept)


@pytest.mark.parametrize(("type_name", "given_value", "message"), REFUSED)
def test_refused(type_name: str, given_value: object, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        typed(type_name, given_value)
    assert message in str(caught.value)


def test_elements_of_an_array_have_its_item_type() -> None:
    assert typed("ARRAY", '[1, "2"]', item_type="INT") == [1, 2]
    assert typed("ARRAY", '["x", null]', item_type="STRING") == ["x", None]
    with pytest.raises(ValueError, match="Unable to parse array element as `INT` on `s1`"):
        typed("ARRAY", '["s1"]', item_type="INT")


def test_a_file_is_stored_under_its_input() -> None:
    stored: list[tuple[str, str]] = []

    def store(id: str, path: str) -> str:
        stored.append((id, path))
        return "kestra:///stored"

    assert typed("FILE", "data/x.csv", id="data", store_file=store) == "kestra:///stored"
    assert typed("FILE", "nsfile:///x.csv", id="data", store_file=store) == "nsfile:///x.csv"
    assert typed("FILE", "file:///tmp/x.csv", id="data", store_file=store) == "file:///tmp/x.csv"
    assert stored == [("data", "data/x.csv")]


def test_a_secret_is_kept_as_its_protector_says() -> None:
    assert typed("SECRET", "s", protect=lambda text: {"sealed": text}) == {"sealed": "s"}
    assert typed("ARRAY", '["s"]', item_type="SECRET", protect=str.upper) == ["S"]


@given(st.sampled_from(sorted({case[0] for case in ACCEPTED})), st.text())
def test_any_text_is_either_typed_or_refused(type_name: str, text: str) -> None:
    try:
        typed(type_name, text)
    except ValueError as error:
        assert str(error)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_survives_its_text(moment: datetime) -> None:
    assert typed("DATETIME", typed("DATETIME", moment)) == typed("DATETIME", moment)
