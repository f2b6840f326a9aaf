"""Which executions may read each other's files: those of one family (semantics 11.2).

An execution reads what belongs to the execution that triggered it, called it or that it was replayed from, to its
own children, and to whatever hangs together with them in this way: a file that a child of a child returns can be
used where it arrives.
"""

from collections.abc import Iterable

from podium.store.index import ExecutionIndex


class Kinship:
    """Answers for one execution; `links` are the ids its own record names (parent, trigger, original)."""

    def __init__(self, index: ExecutionIndex, execution_id: str, links: Iterable[str | None] = ()) -> None:
        self._index = index
        self._known: dict[str, tuple[str, ...]] = {execution_id: tuple(link for link in links if link)}
        self._own = execution_id
        self._answers: dict[str, bool] = {}

    def __call__(self, execution_id: str) -> bool:
        """Whether the files of this execution may be read."""
        if execution_id not in self._answers:
            self._answers[execution_id] = not self._line(self._own).isdisjoint(self._line(execution_id))
        return self._answers[execution_id]

    def _line(self, execution_id: str) -> set[str]:
        """An execution and all those it came from."""
        found: set[str] = set()
        pending = [execution_id]
        while pending:
            one = pending.pop()
            if one not in found:
                found.add(one)
                pending += self._above(one)
        return found

    def _above(self, execution_id: str) -> tuple[str, ...]:
        if execution_id not in self._known:
            found = self._index.get(execution_id)
            if found is None:
                # Its row may still be on the way: asked again next time.
                return ()
            links = (found.parent_id, found.trigger_execution_id, found.original_id)
            self._known[execution_id] = tuple(link for link in links if link)
        return self._known[execution_id]
