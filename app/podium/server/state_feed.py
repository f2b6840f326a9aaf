"""What has become of the executions of a workspace since the last look, change by change."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from podium.engine.changes import ExecutionMoved
from podium.engine.states import TERMINAL
from podium.store.index import ExecutionFilter, ExecutionIndex
from podium.store.stores import Stores

_MARGIN = timedelta(seconds=30)
"""Executions may enter the index a little later than they began."""
_PAGE = 200
_KIND = f'"e":"{ExecutionMoved.name}"'.encode()


@dataclass(slots=True)
class _Followed:
    journal: Path
    offset: int
    over: bool = False


class StateFeed:
    """Reads the state changes of every execution from its journal, each once.

    The cost of a look is that of the executions which are not over, and of what was appended to their journals.
    """

    def __init__(self, stores: Stores, index: ExecutionIndex, since: datetime) -> None:
        self._stores = stores
        self._index = index
        self._since = since
        self._followed: dict[str, _Followed] = {}
        for summary in index.unfinished():
            journal = stores.record(summary.id).journal
            self._followed[summary.id] = _Followed(journal, _size(journal))

    def changes(self) -> Iterator[tuple[str, str]]:
        """(execution id, state) of every change since the last call, in order for each execution."""
        self._discover()
        for execution_id, followed in self._followed.items():
            for state in _new_states(followed):
                followed.over = state in TERMINAL
                yield execution_id, state

    def forget(self, started_before: datetime) -> None:
        """Let go of executions that are over and can no longer be found as new."""
        self._since = started_before
        for execution_id in [each for each, followed in self._followed.items() if followed.over]:
            summary = self._index.get(execution_id)
            if summary is None or summary.start < started_before - _MARGIN:
                del self._followed[execution_id]

    def _discover(self) -> None:
        number = 1
        while True:
            found = self._index.search(ExecutionFilter(after=self._since - _MARGIN), number, _PAGE)
            fresh = [one.id for one in found.items if one.id not in self._followed]
            for execution_id in fresh:
                self._followed[execution_id] = _Followed(self._stores.record(execution_id).journal, 0)
            if len(found.items) < _PAGE or not fresh:
                return
            number += 1


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _new_states(followed: _Followed) -> Iterator[str]:
    if _size(followed.journal) <= followed.offset:
        return
    with followed.journal.open("rb") as file:
        file.seek(followed.offset)
        for line in file:
            if not line.endswith(b"\n"):
                return
            followed.offset += len(line)
            if _KIND in line:
                yield str(json.loads(line)["state"])
