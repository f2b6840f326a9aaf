"""Many needles are found as a search for one after the other would find them."""

from hypothesis import given
from hypothesis import strategies as st

from podium.base.needles import _FEW, Needles

NARROW = st.text("abAB01", min_size=1, max_size=12)
"""Few characters: needles overlap, begin alike and are parts of each other."""


@given(st.lists(NARROW, min_size=_FEW + 2, max_size=80), st.lists(NARROW, max_size=5), st.text("abAB01 ", max_size=200))
def test_what_is_found_is_what_is_there(first: list[str], later: list[str], text: str) -> None:
    needles = Needles(first)
    assert sorted(needles.found_in(text)) == sorted({one for one in first if one in text})
    needles.add(later)
    assert sorted(needles.found_in(text)) == sorted({one for one in [*first, *later] if one in text})


@given(st.lists(st.text(min_size=1, max_size=20), min_size=_FEW + 2, max_size=60), st.data())
def test_a_needle_anywhere_is_found(all_needles: list[str], data: st.DataObject) -> None:
    chosen = data.draw(st.sampled_from(all_needles))
    before, after = data.draw(st.text()), data.draw(st.text())
    assert chosen in Needles(all_needles).found_in(before + chosen + after)


def test_an_empty_needle_is_none() -> None:
    assert Needles(["", *map(str, range(100))]).found_in("abc") == []
