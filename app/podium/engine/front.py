"""The front of a Dag: which of its tasks may start now, kept up to date task by task instead of looked for in all."""

from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush


class Front:
    """Tasks of which all dependencies have ended and that have not been started; the first in the flow comes first.

    A dependency that is not among the tasks (a disabled one) counts as satisfied, else its dependents would wait for
    ever.
    """

    __slots__ = ("_dependents", "_order", "_ready", "_tasks", "_waits")

    def __init__(
        self, tasks: Sequence[str], depends: Mapping[str, Iterable[str]], started: Iterable[str], ended: Iterable[str]
    ) -> None:
        """`started` includes `ended`: what the journal says, when a run is taken up."""
        self._tasks = tasks
        self._order = {name: position for position, name in enumerate(tasks)}
        self._dependents: dict[str, list[str]] = {}
        self._waits: dict[str, int] = {}
        over, begun = set(ended), set(started)
        for name in tasks:
            if name in begun:
                continue
            waits_for = {one for one in depends.get(name, ()) if one in self._order and one not in over}
            self._waits[name] = len(waits_for)
            for one in waits_for:
                self._dependents.setdefault(one, []).append(name)
        self._ready = [self._order[name] for name, count in self._waits.items() if not count]
        heapify(self._ready)

    def ended(self, name: str) -> None:
        """A task is over, in whatever state."""
        for dependent in self._dependents.pop(name, ()):
            self._waits[dependent] -= 1
            if not self._waits[dependent]:
                heappush(self._ready, self._order[dependent])

    def take(self, room: int) -> list[str]:
        """The next tasks to start, `room` at the most; they count as started."""
        return [self._tasks[heappop(self._ready)] for _ in range(min(room, len(self._ready)))]
