"""Tables, colours and JSON."""

import io
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from podium.cli.output import Cell, Console


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_colours_only_at_a_terminal_and_never_with_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream, environ, coloured in [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ]:
        console = Console(stream, stream, environ)
        assert (console.style("x", "good") == "\x1b[32mx\x1b[0m") is coloured, environ
        console.error("wrong")
        assert ("\x1b[" in stream.getvalue()) is coloured


def test_a_state_is_symbol_and_word() -> None:
    assert Console(io.StringIO(), io.StringIO(), {}).state_text("FAILED") == "✗ FAILED"
    assert Console(io.StringIO(), io.StringIO(), {"PODIUM_ASCII": "1"}).state_text("FAILED") == "x FAILED"


def test_tables_are_aligned_by_cells_and_free_of_escapes() -> None:
    out = io.StringIO()
    Console(out, io.StringIO(), {}).table(("A", "B"), [("東京", Cell("x\x1b[31m", "bad")), ("ab\tc\x07", "second")])
    rows = out.getvalue().splitlines()
    assert rows[0].rstrip() == "A          B" and rows[1].endswith("x") and "\x1b" not in out.getvalue()
    assert rows[1] == "東京       x" and rows[2] == "ab      c  second"


def test_a_table_fits_the_terminal_and_says_where_it_was_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "12")
    out = Terminal()
    Console(out, out, {"NO_COLOR": "1"}).table(("KEY", "VALUE"), [("a", "a long text")])
    assert out.getvalue().splitlines()[1].rstrip() == "a    a long…"
    piped = io.StringIO()
    Console(piped, piped, {}).table(("KEY", "VALUE"), [("a", "a long text")])
    assert "a long text" in piped.getvalue()


def test_json_has_kestras_forms() -> None:
    out = io.StringIO()
    value = {
        "at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "on": date(2026, 1, 2),
        "for": timedelta(seconds=90),
        "n": Decimal("3"),
        "x": Decimal("1.5"),
        "path": Path("a/b"),
        "set": {"b", "a"},
    }
    Console(out, io.StringIO(), {}).json(value)
    assert json.loads(out.getvalue()) == {
        "at": "2026-01-02T03:04:05.000Z",
        "on": "2026-01-02",
        "for": "PT1M30S",
        "n": 3,
        "x": 1.5,
        "path": "a/b",
        "set": ["a", "b"],
    }


def test_quiet_leaves_errors() -> None:
    err = io.StringIO()
    console = Console(io.StringIO(), err, {})
    console.quiet = True
    console.narrate("hello")
    console.warn("careful")
    assert err.getvalue() == "podium: careful\n"
