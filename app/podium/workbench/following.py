"""Reading what runners write, live and off the screen's thread.

One thread looks at the version of the index and at the ends of the open journals: an idle look costs microseconds, and
what changed is read once, whoever wrote it - this workbench, another one, or `podium run`. What it finds leaves it as
news; a journal's events are handed over as changes, so that the screen folds only what is new.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from podium.engine import changes as c
from podium.engine.execution import Execution, fold
from podium.engine.states import TERMINAL
from podium.store.database import Database
from podium.store.errors import StoreError
from podium.store.execution_records import ExecutionRecord
from podium.store.index import ExecutionFilter, ExecutionIndex
from podium.store.journal import JournalReader
from podium.store.summaries import ExecutionSummary
from podium.store.workspace import Workspace

PAGE = 200
"""Executions of one page of the list."""

INTERVAL = 0.05
_RESTING = 0.25  # pause between looks when nothing runs
_ENDED_PAUSE = 0.5  # a run that ended can be restarted, but nobody waits for milliseconds of that
_RECONCILE_PAUSE = 2.0
_SERVER_PAUSE = 1.0
_INDEX_PAUSE = 0.1  # between two readings of an index that changes all the time


@dataclass(frozen=True, slots=True)
class RunsQuery:
    """What the list shows: which executions, and which of their pages (counted from 0, newest first)."""

    chosen: ExecutionFilter = field(default_factory=ExecutionFilter)
    pages: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class RunsRead:
    """The answer to a query: `total` executions, and those of the pages asked for."""

    query: RunsQuery
    total: int
    pages: Mapping[int, tuple[ExecutionSummary, ...]]


@dataclass(frozen=True, slots=True)
class Overview:
    """The newest execution of every flow, by (namespace, flow id), and those that have not ended, oldest first."""

    latest: Mapping[tuple[str, str], ExecutionSummary]
    unfinished: tuple[ExecutionSummary, ...]


@dataclass(frozen=True, slots=True)
class ExecutionRead:
    """An execution that was opened, as its journal has it now; from here on it belongs to who gets this."""

    id: str
    execution: Execution
    source: str
    meta: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ExecutionGrew:
    """What happened to an open execution since the last news of it."""

    id: str
    changes: tuple[c.Change, ...]


@dataclass(frozen=True, slots=True)
class ExecutionGone:
    """The record of an open execution is not there, or not any more."""

    id: str


@dataclass(frozen=True, slots=True)
class ServerSeen:
    """Whether `podium serve` works on the workspace; said at the beginning and when it changes."""

    serving: bool


@dataclass(frozen=True, slots=True)
class ReadingFailed:
    """Something could not be read; `text` says what and why. Said once until it changes."""

    text: str


News = RunsRead | Overview | ExecutionRead | ExecutionGrew | ExecutionGone | ServerSeen | ReadingFailed


class OpenJournal:
    """Follows one execution: the first poll folds what there is, later ones cost what is new."""

    def __init__(self, record: ExecutionRecord) -> None:
        self._record = record
        self._reader = JournalReader(record.journal)
        self._folded = False
        self._gone = False
        self.ended = False

    def poll(self) -> Iterator[News]:
        """What is new. Raises StoreError when the journal cannot be read on."""
        read = self._reader.poll()
        if not read.events:
            if not self._record.exists() and not self._gone:
                self._gone = True
                yield ExecutionGone(self._record.id)
            return
        try:
            changes = [c.decode(event) for event in read.events]
            self._note_state(changes)
            if read.reset or not self._folded:
                self._folded, self._gone = True, False
                yield ExecutionRead(self._record.id, fold(changes), self._source(), self._record.meta())
            else:
                yield ExecutionGrew(self._record.id, tuple(changes))
        except (ValueError, KeyError) as error:
            raise StoreError(f"The journal {self._record.journal} cannot be shown: {error}.") from error

    def _note_state(self, changes: list[c.Change]) -> None:
        for change in reversed(changes):
            if isinstance(change, c.ExecutionMoved):
                self.ended = change.state in TERMINAL
                return

    def _source(self) -> str:
        try:
            return self._record.flow_source()
        except StoreError:
            return ""


class Follower:
    """The thread that reads. `deliver` is called on it with each piece of news and must only pass it on.

    `reconcile` notices runs whose runner died; it is called every two seconds while something has not ended.
    `serving` tells whether there is a server; it is asked once a second.
    """

    def __init__(
        self,
        workspace: Workspace,
        deliver: Callable[[News], None],
        reconcile: Callable[[], object] | None = None,
        *,
        serving: Callable[[], bool] | None = None,
        interval: float = INTERVAL,
    ) -> None:
        self._workspace, self._deliver, self._reconcile = workspace, deliver, reconcile
        self._interval = interval
        self._serving = serving
        self._served: bool | None = None
        self._server_due = 0.0
        self._database: Database | None = None
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._query: RunsQuery | None = None
        self._opened: dict[str, OpenJournal] = {}
        self._due: dict[str, float] = {}
        self._version = -1
        self._asked = 0  # counts questions: the same one asked again wants an answer again
        self._answered = 0
        self._index_due = 0.0
        self._reconcile_due = 0.0
        self._unfinished = 0
        self._problems: dict[str, str] = {}
        self._thread = threading.Thread(target=self._work, name="podium-follower", daemon=True)

    # ---- from the screen's thread ------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End reading; what is being read may still be delivered."""
        self._stop.set()
        self._wake.set()

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end of the thread."""
        if self._thread.is_alive():
            self._thread.join(timeout)

    def wake(self) -> None:
        """Look now: the caller knows that something changed."""
        self._index_due = 0.0
        self._wake.set()

    def ask(self, query: RunsQuery) -> None:
        """What the list shows from now on; answered at once, and again whenever the index changes."""
        with self._lock:
            self._query, self._asked = query, self._asked + 1
        self._wake.set()

    def open(self, execution_id: str) -> None:
        """Follow an execution: it is read from its beginning, then what happens to it."""
        journal = OpenJournal(ExecutionRecord(self._workspace.execution(execution_id)))
        with self._lock:
            self._opened[execution_id] = journal
            self._due[execution_id] = 0.0
        self._wake.set()

    def close(self, execution_id: str) -> None:
        """Follow it no more."""
        with self._lock:
            self._opened.pop(execution_id, None)
            self._due.pop(execution_id, None)

    # ---- on the thread -----------------------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(self._pause())
            self._wake.clear()
            if not self._stop.is_set():
                self.look()
        if self._database is not None:
            self._database.close()

    def _pause(self) -> float:
        with self._lock:
            live = self._unfinished or any(not journal.ended for journal in self._opened.values())
        return self._interval if live else max(self._interval, _RESTING)

    def look(self) -> None:
        """One look at everything; what the thread does again and again."""
        self._try("index", self._look_at_index)
        with self._lock:
            opened = dict(self._opened)
        for execution_id, journal in opened.items():
            if time.monotonic() >= self._due.get(execution_id, 0.0):
                self._try(execution_id, partial(self._look_at_journal, journal))
                pause = _ENDED_PAUSE if journal.ended else 0.0
                with self._lock:
                    if execution_id in self._due:
                        self._due[execution_id] = time.monotonic() + pause
        if self._reconcile is not None and self._unfinished and time.monotonic() >= self._reconcile_due:
            self._try("reconcile", self._reconcile)
            self._reconcile_due = time.monotonic() + _RECONCILE_PAUSE
        if self._serving is not None and time.monotonic() >= self._server_due:
            self._server_due = time.monotonic() + _SERVER_PAUSE
            served = self._serving()
            if served != self._served:
                self._served = served
                self._deliver(ServerSeen(served))

    def _try(self, what: str, look: Callable[[], object]) -> None:
        try:
            look()
            self._problems.pop(what, None)
        except (StoreError, OSError) as error:
            if self._problems.get(what) != str(error):
                self._problems[what] = str(error)
                self._deliver(ReadingFailed(str(error)))

    def _look_at_journal(self, journal: OpenJournal) -> None:
        for news in journal.poll():
            self._deliver(news)

    def _look_at_index(self) -> None:
        if self._database is None:
            self._database = Database(self._workspace.index)
        # The version changes with every write of any other connection, so it is read before the rows are.
        version = self._database.read("PRAGMA data_version")[0][0]
        with self._lock:
            query, asked = self._query, self._asked
        changed = version != self._version
        if asked == self._answered and not (changed and time.monotonic() >= self._index_due):
            return
        index = ExecutionIndex(self._database)
        if query is not None:
            self._deliver(_answer(index, query))
        if changed:
            overview = Overview(index.latest(), tuple(index.unfinished()))
            self._unfinished = len(overview.unfinished)
            self._deliver(overview)
        self._version, self._answered = version, asked
        self._index_due = time.monotonic() + _INDEX_PAUSE


def _answer(index: ExecutionIndex, query: RunsQuery) -> RunsRead:
    pages: dict[int, tuple[ExecutionSummary, ...]] = {}
    total = 0
    for number in query.pages:
        page = index.search(query.chosen, number + 1, PAGE)
        pages[number], total = page.items, page.total
    return RunsRead(query, total, pages)
