"""What has become of the executions of a workspace since the last look, change by change."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from podium.engine.changes import ExecutionMoved, ExecutionRestarted
from podium.engine.states import TERMINAL
from podium.store.index import ExecutionFilter, ExecutionIndex
from podium.store.stores import Stores
from podium.store.summaries import instant, milliseconds

_MARGIN = timedelta(seconds=30)
"""Executions may enter the index a little later than they began."""
_RESTART = timedelta(minutes=5)
"""How long a server may be away for a restart: what begins meanwhile belongs to it."""
_PAGE, _MANY = 200, 10_000
_KIND = f'"e":"{ExecutionMoved.name}"'.encode()
_RESTARTED = f'"e":"{ExecutionRestarted.name}"'.encode()


@dataclass(slots=True)
class _Followed:
    journal: Path
    offset: int
    over: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """What a feed had read at a date: by execution how far its journal, and whether that is all of it."""

    date: datetime
    followed: Mapping[str, tuple[int, bool]] = field(default_factory=dict)

    def to_json(self) -> str:
        """The inverse of `from_json`."""
        return json.dumps({"date": milliseconds(self.date), "followed": self.followed})

    @classmethod
    def from_json(cls, text: str | None) -> "Position | None":
        """None for a text that says nothing."""
        try:
            found = json.loads(text or "")
            date = instant(int(found["date"]))
            assert date is not None
            return cls(date, {str(name): (int(at), bool(over)) for name, (at, over) in found["followed"].items()})
        except (ValueError, KeyError, TypeError):
            return None


class StateFeed:
    """Reads the state changes of every execution from its journal, each once.

    The cost of a look is that of the executions which are not over, and of what was appended to their journals.
    """

    def __init__(self, stores: Stores, index: ExecutionIndex, since: datetime, known: Position | None = None) -> None:
        """`known` is where the feed of an earlier process was. After a restart nothing is missing and nothing comes
        twice; after a longer time only what was running then is followed to its end.
        """
        self._stores = stores
        self._index = index
        restarted = known is not None and since - known.date <= _RESTART
        known = known or Position(since)
        self._since = known.date if restarted else since
        self._followed: dict[str, _Followed] = {}
        present = [row.id for row in index.unfinished()]
        present += [row.id for row in index.search(ExecutionFilter(after=since - _MARGIN), size=_MANY).items]
        for execution_id, (offset, over) in known.followed.items():
            if restarted or not over:
                self._followed[execution_id] = _Followed(stores.record(execution_id).journal, offset, over)
        for execution_id in () if restarted else present:
            if execution_id not in self._followed:
                journal = stores.record(execution_id).journal
                self._followed[execution_id] = _Followed(journal, _size(journal))

    def position(self, now: datetime) -> Position:
        """Where this feed is, for the one of a later process."""
        return Position(now, {name: (one.offset, one.over) for name, one in self._followed.items()})

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
        for row in self._index.unfinished():
            if row.id not in self._followed and row.start < self._since - _MARGIN:
                # It was over and let go of, or ended long before: somebody has taken it up again.
                journal = self._stores.record(row.id).journal
                self._followed[row.id] = _Followed(journal, _last_restart(journal))
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


def _last_restart(journal: Path) -> int:
    """Where the journal tells what came after the last restart; its end if there was none."""
    try:
        content = journal.read_bytes()
    except OSError:
        return 0
    at = content.rfind(_RESTARTED)
    return content.rfind(b"\n", 0, at) + 1 if at >= 0 else len(content)


def _new_states(followed: _Followed) -> Iterator[str]:
    if _size(followed.journal) <= followed.offset:
        return
    try:
        file = followed.journal.open("rb")
    except OSError:  # deleted just now
        return
    with file:
        file.seek(followed.offset)
        for line in file:
            if not line.endswith(b"\n"):
                return
            followed.offset += len(line)
            if _KIND in line:
                # Who takes a damaged journal up puts the damage aside.
                with suppress(ValueError, KeyError, TypeError):
                    yield str(json.loads(line)["state"])
