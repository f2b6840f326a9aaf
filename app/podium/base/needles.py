"""Looking for many texts in another one at once, in a time that hardly depends on how many they are.

Each needle is known by an anchor: some of its characters, from the one on that is rarest in logs. One regular
expression finds anchors, and where one is, the needles with that anchor are compared. Most texts hold none, and are
passed over at the speed with which `re` skips characters that begin no anchor.
"""

import re
from collections.abc import Iterable, Iterator

_FEW = 24
"""Needles that are looked for one by one: for so few that is quicker than an expression, and they need none."""
_ANCHOR, _SHORTEST = 8, 4
_COMMON = " etaoinsrhldcumfpgwybvk0123456789-_.:/,xjqz"
"""What logs are made of, the most common first; everything else is rarer."""
_RANK = {character: rank for rank, character in enumerate(_COMMON)}


class Needles:
    """A set of texts that grows; `all` has them in the order in which they came. One thread adds, any may look."""

    def __init__(self, needles: Iterable[str] = ()) -> None:
        self.all: tuple[str, ...] = ()
        self._index = _Index(())
        self.add(needles)

    def add(self, needles: Iterable[str]) -> None:
        """Look for these as well; empty ones are left out."""
        self.all = tuple(dict.fromkeys((*self.all, *filter(None, needles))))

    def found_in(self, text: str) -> list[str]:
        """Those that occur in a text."""
        known, index = self.all, self._index
        # Each expression is made for an eighth more than the one before: making them costs little in all.
        if len(known) - index.count > max(_FEW, index.count // 8):
            self._index = index = _Index(known)
        found = [needle for needle in known[index.count :] if needle in text]
        return [*index.found_in(text), *found] if index.count else found


class _Index:
    """The expression for the needles that there are at some time."""

    __slots__ = ("_groups", "_search", "count")

    def __init__(self, needles: tuple[str, ...]) -> None:
        self.count = len(needles)
        self._groups: dict[str, list[tuple[str, int]]] = {}
        """By the first character of the anchor: the needle, and where in it the anchor begins."""
        anchors: dict[str, dict[str, None]] = {}
        for needle in needles:
            at = _anchor(needle)
            self._groups.setdefault(needle[at], []).append((needle, at))
            anchors.setdefault(needle[at], {})[needle[at + 1 : at + _ANCHOR]] = None
        # By their first characters, which `re` then skips to.
        self._search = re.compile(
            "|".join(f"{re.escape(first)}(?:{'|'.join(map(re.escape, rests))})" for first, rests in anchors.items())
        ).search

    def found_in(self, text: str) -> Iterator[str]:
        found: set[str] = set()
        match = self._search(text)
        while match is not None:
            place = match.start()
            for needle, at in self._groups[text[place]]:
                if needle not in found and place >= at and text.startswith(needle, place - at):
                    found.add(needle)
                    yield needle
            match = self._search(text, place + 1)


def _anchor(needle: str) -> int:
    """Where the anchor of a needle begins: at its rarest character that leaves enough behind it."""
    last = max(0, len(needle) - _SHORTEST)
    return max(range(last + 1), key=lambda at: _RANK.get(needle[at], len(_COMMON)))
