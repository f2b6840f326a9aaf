"""What a reader types to find runs: states, labels and text in one line."""

from dataclasses import replace

from podium.engine.states import ALL_STATES, TERMINAL
from podium.store.index import ExecutionFilter

UNFINISHED = tuple(state for state in ALL_STATES if state not in TERMINAL)

CHOICES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("all states", ()),
    ("unfinished", UNFINISHED),
    ("failed", ("FAILED",)),
    ("warning", ("WARNING",)),
    ("success", ("SUCCESS",)),
    ("killed", ("KILLED", "CANCELLED")),
)
"""The choices that one key goes through."""


def parse_wanted(typed: str, base: ExecutionFilter) -> ExecutionFilter:
    """`failed team:data nightly`: words that are states, `key:value` labels, and the rest as text; all must hold."""
    states: list[str] = []
    labels: list[tuple[str, str]] = []
    rest: list[str] = []
    named = {name: chosen for name, chosen in CHOICES if chosen}
    for word in typed.split():
        key, colon, value = word.partition(":")
        if word.upper() in ALL_STATES:
            states.append(word.upper())
        elif word.lower() in named:
            states += named[word.lower()]
        elif colon and key and value:
            labels.append((key, value))
        else:
            rest.append(word)
    return replace(base, states=tuple(dict.fromkeys(states)), labels=tuple(labels), text=" ".join(rest))
