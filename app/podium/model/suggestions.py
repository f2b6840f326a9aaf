"""What completion offers: an item, and how well what was typed fits a name."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from podium.model.diagnostics import Range

Kind = Literal[
    "property", "value", "type", "id", "snippet", "variable", "function", "filter", "test", "tag", "operator"
]  # fmt: skip


def _nothing() -> str:
    return ""


@dataclass(frozen=True)
class Suggestion:
    """One thing that may be written: `insert` replaces the text in `range`.

    `caret` is where in `insert` the cursor goes, None for its end. The documentation is made when it is asked for.
    """

    kind: Kind
    label: str
    insert: str
    range: Range
    detail: str = ""
    caret: int | None = None
    describe: Callable[[], str] = field(default=_nothing, compare=False, repr=False)

    @cached_property
    def documentation(self) -> str:
        """Plain text with Markdown's back-quotes."""
        return self.describe()


def _none() -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class Surroundings:
    """What completion may know from outside the text; everything is optional.

    `last_outputs` are the outputs of the newest run of the flow, as expressions see them.
    """

    namespaces: Callable[[], Sequence[str]] = _none
    flows: Callable[[str], Sequence[str]] = lambda namespace: ()
    inputs: Callable[[str, str], Sequence[tuple[str, str]]] = lambda namespace, flow: ()
    """The inputs of a flow, by namespace and id: pairs of id and type."""
    secrets: Callable[[], Sequence[str]] = _none
    keys: Callable[[str], Sequence[str]] = lambda namespace: ()
    """The keys of a namespace's key-value store."""
    files: Callable[[str], Sequence[str]] = lambda namespace: ()
    """The paths of a namespace's files."""
    last_outputs: Mapping[str, Any] = field(default_factory=dict)


NO_SURROUNDINGS = Surroundings()


def fit(word: str, name: str) -> int | None:
    """How well a name fits what was typed: 0 best, None not at all. Case matters only among equals."""
    if not word:
        return 3
    low, lower = word.lower(), name.lower()
    if lower == low:
        return 0
    if lower.startswith(low):
        return 1 if name.startswith(word) else 2
    if _initials(name).startswith(low):
        return 4
    if low in lower:
        return 5
    return 6 if len(low) > 2 and _scattered(low, lower) else None


def fit_type(word: str, name: str) -> int | None:
    """As `fit` for a type: by its last word first, then by its package."""
    package, _, last = name.rpartition(".")
    if "." in word:
        if name.lower().startswith(word.lower()):
            return 0
        parts = word.lower().split(".")
        head = package.lower().rsplit(".", 1)[-1]
        return 1 if last.lower().startswith(parts[-1]) and head.startswith(parts[-2]) else None
    found = fit(word, last)
    if found is not None and found < 6:
        return found
    if (found := fit(word, package.rpartition(".")[2] + last)) is not None:
        return 6  # `httpreq` for http.Request
    return 7 if word.lower() in package.lower() else None


def ranked(word: str, names: Iterable[str], by: Callable[[str, str], int | None] = fit) -> list[str]:
    """The names that fit, best first, otherwise in the given order."""
    scored = [(score, index, name) for index, name in enumerate(names) if (score := by(word, name)) is not None]
    return [name for _, _, name in sorted(scored)]


def _initials(name: str) -> str:
    """`hr` for httpRequest and http_request."""
    taken, before = [], "_"
    for letter in name:
        if letter.isalnum() and (before in "_-. " or (letter.isupper() and not before.isupper())):
            taken.append(letter.lower())
        before = letter
    return "".join(taken)


def _scattered(word: str, name: str) -> bool:
    letters = iter(name)
    return all(letter in letters for letter in word)
