"""YAML, Ion and JSON: what is written and what is read."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.expressions.errors import ExpressionError
from podium.expressions.ion_text import from_ion, to_ion
from podium.expressions.json_text import parse_json
from podium.expressions.values import to_json
from podium.expressions.yaml_text import from_yaml, to_yaml


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": {"b": [1, {"c": None, "d": []}]}}, "a:\n  b:\n   - 1\n   -\n    c: null\n    d: []\n"),
        ([[1], {}], " -\n   - 1\n - {}\n"),
        ({"t": "one\ntwo"}, "t: |-\n  one\n  two\n"),
        ({"t": "one\n\n two\n"}, "t: |\n  one\n\n   two\n"),
        ({"yes": "no", "": "~", "a b": "- x"}, '"yes": "no"\n"": "~"\na b: \'- x\'\n'),
        (
            {"q": 'say "hi"', "h": "a #b", "s": "it's", "b": "\x01"},
            'q: "say \\"hi\\""\nh: "a #b"\ns: it\'s\nb: "\\x01"\n',
        ),
        (1.5, "1.5\n"),
        (True, "true\n"),
    ],
)
def test_yaml_is_written(value: Any, expected: str) -> None:
    assert to_yaml(value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: yes\nb: y\nc: ~\nd:", {"a": True, "b": "y", "c": None, "d": None}),
        ("[0x1F, 010, 08, 1_000, 1e3, .5, 1:30, 2024-01-01]", [31, 8, "08", 1000, 1000.0, 0.5, "1:30", "2024-01-01"]),
        ("a: '1'\nb: !!str 2", {"a": "1", "b": "2"}),
        ("a: &x 1\nb: *x\n<<: {c: 1}", {"a": 1, "b": "x", "<<": {"c": 1}}),
        ("a: 1\na: 2", {"a": 2}),
        ("one\n---\ntwo", "one"),
        ("|\n  text\n", "text\n"),
    ],
)
def test_yaml_is_read(text: str, expected: Any) -> None:
    assert from_yaml(text) == expected


@pytest.mark.parametrize("text", ["", "a: [", "a: .inf", "? [a]\n: b", "\t- a\n\tb", "9" * 5000])
def test_yaml_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ExpressionError, match="Invalid yaml"):
        from_yaml(text)


_TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(_JSON)
def test_ion_comes_back(value: Any) -> None:
    assert from_ion(to_ion(value), False) == value
    assert from_ion(to_ion(value) + " " + to_ion(1), True) == [value, 1]


@given(st.lists(st.integers(), max_size=3), st.dictionaries(st.text("abc", min_size=1), st.integers(), max_size=3))
def test_json_comes_back(items: list[int], entries: dict[str, int]) -> None:
    assert parse_json(to_json([items, entries]) + "rest") == [items, entries]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"x": 1, "a b": 'q"', "null": None}, "{x:1,'a b':\"q\\\"\",'null':null}"),
        ([1.5, 100.0, 1e20, Decimal("2.50")], "[1.5e0,100e0,1.0E20,2.50]"),
        (datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), "2024-01-02T03:04:05Z"),
        (b"ab", "{{YWI=}}"),
    ],
)
def test_ion_is_written(value: Any, expected: str) -> None:
    assert to_ion(value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{a: 1, 'b c': \"x\\ny\", // comment\n d: null.int}", {"a": 1, "b c": "x\ny", "d": None}),
        ("[0x1F, 0b101, 1_000, -2, 1e2]", [31, 5, 1000, -2, 100.0]),
        ("[2.50, 3d0, nan_not]", [Decimal("2.50"), Decimal(3), "nan_not"]),
        ("note::'''long ''' '''text'''", "long text"),
        ("2024-01-02T03:04:05.5+01:00", datetime.fromisoformat("2024-01-02T03:04:05.5+01:00")),
        ("{{ YWI= }}", b"ab"),
        ("(a + 1)", ["a", "+", 1]),
        ("$ion_1_0 {a:1}", {"a": 1}),
        ("/* c */ \"\\u00e9\\x41\"", "éA"),
        ("", None),
    ],
)  # fmt: skip
def test_ion_is_read(text: str, expected: Any) -> None:
    assert from_ion(text, False) == expected


@pytest.mark.parametrize("text", ["{a 1}", "[1", '"x', "{a:}", "'x", "null.nope", '"\\q"', "{{ !! }}", "}", "1::2"])
def test_ion_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ExpressionError, match="Invalid ion"):
        from_ion(text, False)


def test_binary_ion_names_its_package_or_is_read() -> None:
    content = bytes.fromhex("e00100ea2101")
    try:
        assert from_ion(content, False) == 1
    except ExpressionError as error:
        assert error.suggestion == "Install it with `pip install 'podium[ion]'`"
