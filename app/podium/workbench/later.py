"""Objects that are made when they are first used, since importing what they are made of takes longer than a frame."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")


class Later(Generic[T]):
    """Makes its object once, on whichever thread asks first; all others wait for that."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: T | None = None

    def now(self) -> T:
        """The object itself. Raises what making it raises, each time."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    @property
    def stand_in(self) -> T:
        """Something that can be passed on as if it were the object: it is made when an attribute is used."""
        return cast(T, _StandIn(self))


class _StandIn:
    __slots__ = ("_later",)

    def __init__(self, later: Later[Any]) -> None:
        self._later = later

    def __getattr__(self, name: str) -> Any:
        return getattr(self._later.now(), name)
