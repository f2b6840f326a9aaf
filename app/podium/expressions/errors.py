"""What can go wrong in an expression, with the place and, where possible, the way out."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Callable, Iterable
from functools import lru_cache

from podium.expressions.foreign import FOREIGN_NAMES

_SHOWN_TEMPLATE = 1000
"""Longer templates are cut in messages: a whole script would hide the point."""

_MOST_NAMES = 1000
_LONGEST_NAME = 100


class ExpressionError(Exception):
    """An expression could not be compiled or evaluated.

    `message` starts with the text a Kestra server would show, so that searching for it helps. `line` and
    `column` count from 1, `offset` is the character index in `template`; all three describe the place of the
    failing piece and stay 1, 1 and 0 while it is unknown.
    """

    def __init__(
        self,
        message: str,
        *,
        template: str | None = None,
        offset: int = 0,
        suggestion: str | None = None,
        available: Callable[[], Iterable[object]] | None = None,
        wanted: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.template = template or ""
        self.offset = offset
        self._located = template is not None
        self._suggestion = suggestion
        self._available = available
        self._wanted = wanted

    def locate(self, template: str, offset: int) -> ExpressionError:
        """Say where it happened, unless something closer to the cause has said so already."""
        if not self._located:
            self.template, self.offset, self._located = template, offset, True
        return self

    @property
    def line(self) -> int:
        return self.template.count("\n", 0, self.offset) + 1

    @property
    def column(self) -> int:
        return self.offset - (self.template.rfind("\n", 0, self.offset) + 1) + 1

    @property
    def suggestion(self) -> str | None:
        """What to do about it. Computed on demand: most missing values are caught by `??` and never shown."""
        if self._suggestion is None and self._available is not None and self._wanted is not None:
            names = (str(name) for name in self._available())
            self._suggestion = did_you_mean(self._wanted, names, listing=True)
        return self._suggestion

    def __str__(self) -> str:
        text = self.message
        if self._located and self.template:
            text += f" ({_shown(self.template)}:{self.line}:{self.column})"
        return f"{text}. {self.suggestion}" if self.suggestion else text


class ExpressionSyntaxError(ExpressionError):
    """The template cannot be parsed."""


class MissingValue(ExpressionError):
    """A variable, key, index or method that does not exist; `??`, `???`, `default` and `is defined` catch it.

    `path` is what was being looked up, up to and including the missing segment.
    """

    def __init__(
        self,
        name: str,
        *,
        template: str,
        offset: int,
        path: str = "",
        available: Callable[[], Iterable[object]] | None = None,
    ) -> None:
        known = None if path else FOREIGN_NAMES.get(name)
        super().__init__("", template=template, offset=offset, suggestion=known, available=available, wanted=name)
        self.name = name
        self.path = path or name

    @property
    def message(self) -> str:
        return f"Unable to find `{self.name}` used in the expression `{_shown(self.template)}` at line {self.line}"

    @message.setter
    def message(self, value: str) -> None:
        """The text follows from the fields; the base class may set its empty one."""

    def __str__(self) -> str:
        text = self.message
        if self.path != self.name:
            text += f" (column {self.column}: `{self.path}`)"
        return f"{text}. {self.suggestion}" if self.suggestion else text


class LimitExceeded(ExpressionError):
    """A bound on time, depth or size was reached; the expression is refused rather than the machine."""


class RenderDepthExceeded(LimitExceeded):
    """Texts that render one another without end."""

    def __init__(self, most: int) -> None:
        super().__init__("")
        self._most = most

    @property
    def message(self) -> str:
        return (
            f"Maximum render() nesting depth ({self._most}) exceeded at line {self.line} — "
            "check for circular render() calls in your template."
        )

    @message.setter
    def message(self, value: str) -> None:
        """The text follows from the place; the base class may set its empty one."""


def did_you_mean(wanted: str, names: Iterable[str], *, listing: bool = False) -> str | None:
    """A sentence naming the closest of `names`, or all of them when none is close; None if there are none.

    With `listing` the others are named too. Only the first few hundred names are looked at.
    """
    return _closest(wanted, tuple(dict.fromkeys(itertools.islice(names, _MOST_NAMES))), listing)


@lru_cache(maxsize=500)
def _closest(wanted: str, known: tuple[str, ...], listing: bool) -> str | None:
    """Kept, since an editor asks again at every key for the same slip."""
    folded: dict[str, str] = {}
    for name in known:
        folded.setdefault(name.lower(), name)
    close = difflib.get_close_matches(wanted[:_LONGEST_NAME].lower(), folded, n=1, cutoff=0.6)
    if not known:
        return None
    listed = ", ".join(f"`{name}`" for name in known[:8])
    available = f"Available: {listed}{', …' if len(known) > 8 else ''}"
    if close:
        found = f"Did you mean `{folded[close[0]]}`?"
        return f"{found} {available}" if listing and len(known) > 1 else found
    return available


def _shown(template: str) -> str:
    return template if len(template) <= _SHOWN_TEMPLATE else template[:_SHOWN_TEMPLATE] + "…"
