"""How states, moments and durations are written."""

from datetime import UTC, datetime, timedelta

import pytest

from podium.base.looks import look, only_ascii, short_duration, short_moment, symbol
from podium.base.text import cell_width
from podium.engine.states import ALL_STATES


def test_every_state_has_a_look_of_one_cell_and_an_ascii_twin() -> None:
    for state in ALL_STATES:
        assert look(state).symbol != "?", state
        assert cell_width(symbol(state)) == 1 and symbol(state, True).isascii()
    assert symbol("FROM_THE_FUTURE") == "?"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0s"), (11.82, "11.8s"), (99.94, "99.9s"), (99.96, "1m 39s"), (125, "2m 05s"), (3780, "1h 03m"),
     (187200, "2d 04h"), (-5, "0.0s")],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert short_duration(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ((2026, 11, 22, 14, 32, 5), "14:32:05"),
        ((2026, 11, 2, 4, 3, 2), "2 Nov 04:03"),
        ((2025, 1, 2, 3, 4, 5), "2025-01-02"),
    ],
)
def test_moments(moment: tuple[int, ...], text: str) -> None:
    now = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
    assert short_moment(datetime(*moment, tzinfo=UTC), now, UTC) == text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("environ", "encoding", "ascii_only"),
    [({}, "utf-8", False), ({}, None, False), ({}, "ANSI_X3.4-1968", True), ({"TERM": "linux"}, "utf-8", True),
     ({"PODIUM_ASCII": "1"}, "utf-8", True), ({"PODIUM_ASCII": "0", "TERM": "linux"}, "utf-8", False)],
)  # fmt: skip
def test_ascii_is_chosen_where_glyphs_are_missing(environ: dict[str, str], encoding: str, ascii_only: bool) -> None:
    assert only_ascii(environ, encoding) is ascii_only
