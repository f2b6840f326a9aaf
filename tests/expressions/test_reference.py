"""The reference page and the registry behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium.expressions.analysis import analyze
from podium.expressions.entries import Catalog, Entry, merged
from podium.expressions.registry import FILTERS, FUNCTIONS, TESTS
from podium.model.expression_manual import reference

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "expressions.md"
ENTRIES = [*FILTERS.values(), *FUNCTIONS.values(), *TESTS.values()]


def test_the_page_is_current() -> None:
    assert _PAGE.read_text(encoding="utf-8") == reference(), (
        "write docs/expressions.md anew from podium.model.expression_manual.reference()"
    )


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.kind} {entry.name}")
def test_every_entry_is_documented_with_an_example_that_is_right(entry: Entry) -> None:
    assert entry.doc.endswith(".") and entry.example
    analysis = analyze(entry.example, "2.0")
    assert analysis.error is None and not analysis.problems
    assert entry.name in entry.example
    for param in entry.params:
        assert param.doc, param.name


def test_a_name_is_declared_once() -> None:
    one, other = Catalog(), Catalog()
    for catalog in (one, other):
        catalog.add("filter", "x", doc="X.")(lambda state, value: value)
    with pytest.raises(ValueError, match="declared twice"):
        merged(one, other)


def test_signatures() -> None:
    assert FILTERS["date"].signature == 'date(format="iso", timeZone, existingFormat, locale)'
    assert FUNCTIONS["max"].signature == "max(…)" and FUNCTIONS["uuid"].signature == "uuid()"
    assert FUNCTIONS["fileEmpty"].name == "isFileEmpty"
