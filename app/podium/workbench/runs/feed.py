"""Between the threads that read and act, and the widgets: news and results arrive on the screen's own thread."""

import queue
import threading
from collections.abc import Callable
from typing import TypeVar

from textual.app import App

from podium.server.presence import serving
from podium.store.workspace import Workspace
from podium.workbench.following import Follower, News, Overview, RunsQuery, ServerSeen

T = TypeVar("T")

Listener = Callable[[News], None]


class RunsFeed:
    """What happens to executions, for any number of widgets. Started when the app has mounted, stopped at its end."""

    def __init__(self, app: App, workspace: Workspace, reconcile: Callable[[], object] | None = None) -> None:
        self._app = app
        self._listeners: list[Listener] = []
        self._standing: dict[type, News] = {}
        self._follower = Follower(
            workspace, self._deliver, reconcile, serving=lambda: serving(workspace) is not None
        )  # fmt: skip

    def start(self) -> None:
        """Begin to read."""
        self._follower.start()

    def stop(self) -> None:
        """End reading, without waiting for it."""
        self._follower.stop()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Give `listener` every piece of news from now on; returns what ends that.

        What was said before and still holds, such as how many runs there are, is said again for it.
        """
        self._listeners.append(listener)
        for news in self._standing.values():
            self._app.call_later(self._tell, listener, news)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def wake(self) -> None:
        """Look now, something was just changed."""
        self._follower.wake()

    def ask(self, query: RunsQuery) -> None:
        """What the list of runs shows."""
        self._follower.ask(query)

    def open(self, execution_id: str) -> None:
        """Follow one execution: `ExecutionRead`, then `ExecutionGrew`."""
        self._follower.open(execution_id)

    def close(self, execution_id: str) -> None:
        """Follow it no more."""
        self._follower.close(execution_id)

    def _deliver(self, news: News) -> None:
        # On the reading thread; after the end of the app there is nobody to tell.
        self._app.call_later(self._dispatch, news)

    def _tell(self, listener: Listener, news: News) -> None:
        if listener in self._listeners and self._standing[type(news)] is news:
            listener(news)

    def _dispatch(self, news: News) -> None:
        if isinstance(news, (Overview, ServerSeen)):
            self._standing[type(news)] = news
        for listener in list(self._listeners):
            listener(news)


class Errands:
    """Does what may take a moment - start a run, write a request - one after the other on a thread of its own."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._queue: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def do(
        self, work: Callable[[], T], done: Callable[[T], None], failed: Callable[[Exception], None]
    ) -> None:  # fmt: skip
        """Do `work` on the thread; then `done` gets its result, or `failed` its error, on the screen's thread."""

        def errand() -> None:
            try:
                result = work()
            except Exception as error:  # whatever went wrong is shown where it was asked for, the app goes on
                self._app.call_later(failed, error)
            else:
                self._app.call_later(done, result)

        self._queue.put(errand)
        if self._thread is None:
            # A daemon: a run that is being started goes on without us, an app that ends does not wait.
            self._thread = threading.Thread(target=self._work, name="podium-errands", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            self._queue.get()()
