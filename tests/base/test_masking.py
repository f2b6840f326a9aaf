"""Secrets are not seen, in whatever usual form they are written; everything else is."""

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.base.masking import Masker

SECRET = 'hunter2 "päss"/word+&\\x'
PLAIN = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
SECRETS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="*"), min_size=3, max_size=30).filter(
    lambda text: len(text.strip()) >= 3
)


@pytest.mark.parametrize(
    "written",
    [
        SECRET, json.dumps(SECRET)[1:-1], json.dumps(SECRET, ensure_ascii=False)[1:-1], quote(SECRET, safe=""),
        quote_plus(SECRET), base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
    ],
)  # fmt: skip
def test_every_form_is_hidden_and_the_rest_is_not(written: str) -> None:
    stars = "*" * len(written)
    assert Masker([SECRET])(f"before {written} after {written}") == f"before **masked*{stars[9:]} after {stars}"


@pytest.mark.parametrize("user", ["a", "ab", "abc", "abcd"])
def test_a_secret_inside_longer_base64_is_hidden(user: str) -> None:
    header = base64.b64encode(f"{user}:correct horse battery:x".encode()).decode()
    shown = Masker(["correct horse battery"])(f"Authorization: Basic {header}")
    assert "**masked*" in shown
    # What is left beside the stars are sextets that hold bits of the neighbours.
    assert all(len(piece) < len(header) - 20 for piece in shown.removeprefix("Authorization: Basic ").split("*"))


def test_each_long_line_of_a_secret_is_hidden() -> None:
    key = "-----BEGIN KEY-----\nMIIabcdefgh\nx=\n-----END KEY-----\n"
    masker = Masker([key])
    assert masker("one MIIabcdefgh two") == "one **masked*** two"
    assert masker("x= stays") == "x= stays"
    assert masker(key) == "**masked*" + "*" * (len(key) - 9)


def test_secrets_that_overlap_leave_nothing_between_them() -> None:
    masker = Masker(["abcdef", "defghi", "abc"])
    assert masker("-abcdefghi-abc-") == "-**masked*-***-"


@pytest.mark.parametrize("short", ["", "1", "ab", "  a ", "***"])
def test_what_is_too_short_is_left_alone(short: str) -> None:
    masker = Masker()
    assert not masker.add(short)
    assert masker("1 ab *** a") == "1 ab *** a"


def test_adding_says_whether_it_was_new() -> None:
    masker = Masker()
    assert masker.add("secret")
    assert not masker.add("secret")


@pytest.mark.parametrize(
    ("secrets", "text", "shown"),
    [
        (["doe.com"], "test john@doe.com test", "test john@******* test"),
        (["hunter2-password"], "pw hunter2-password", "pw **masked********"),
        (
            ["myawesomepass"],
            "test myawesomepassmyawesomepass myawesomepass myawesomepassmyawesomepass",
            "test **masked****************** ************* **************************",
        ),
        (["ask", "a long secret"], "a long secret", "*************"),
    ],
    ids=["a star for each character", "marked", "marked once", "the mark is no way out"],
)
def test_masking_looks_as_on_a_server(secrets: list[str], text: str, shown: str) -> None:
    assert Masker(secrets)(text) == shown


def test_values_are_masked_all_the_way_down() -> None:
    value = {"a": ["my-secret", 1, None, {"my-secret": True}], "n": 12345}
    assert Masker(["my-secret"]).value(value) == {"a": ["**masked*", 1, None, {"**masked*": True}], "n": 12345}


@given(PLAIN, SECRETS, PLAIN)
def test_no_text_shows_the_secret(before: str, secret: str, after: str) -> None:
    assert secret not in Masker([secret])(before + secret + after)


@given(PLAIN, SECRETS)
def test_a_text_without_it_stays_the_same(text: str, secret: str) -> None:
    masker = Masker([secret])
    if masker(text) != text:
        assert "**" in masker(text)
    else:
        assert secret not in text
