"""Concurrency limits: who may begin, and giving a slot that has become free to the execution that waits longest."""

import os

from podium.engine.execution import Execution
from podium.engine.stimuli import Start
from podium.model.flow import Flow
from podium.runtime import requests
from podium.runtime.launcher import Launcher
from podium.runtime.presence import call
from podium.runtime.process_census import is_alive, process_identity
from podium.store.stores import Stores


def admission(stores: Stores, flow: Flow, execution: Execution) -> Start:
    """What the limit of the flow says to an execution that wants to begin; it must be in the index."""
    limit = flow.concurrency
    if limit is None:
        return Start()
    answer = stores.index.try_admit(execution.id, execution.namespace, execution.flow_id, limit.limit, is_alive)
    return Start() if answer.admitted else Start(limit.behavior, answer.running)


def start_next(stores: Stores, launcher: Launcher, namespace: str, flow_id: str, limit: int) -> list[str]:
    """Start executions of a flow that queue, as many as there are free slots; returns their ids.

    Called by whoever ends, by whoever has just queued (a slot may have become free in between), and when runners
    are found dead.
    """
    started = []
    own = os.getpid(), process_identity(os.getpid()) or ""
    while (found := stores.index.admit_next(namespace, flow_id, limit, is_alive, *own)) is not None:
        record = stores.record(found.id)
        if not record.exists():
            # Deleted by hand: it must not keep the others waiting.
            stores.index.delete([found.id])
            continue
        requests.leave(record, "admit")
        if not call(stores, record):
            launcher.launch(stores.workspace.root, found.id)
        started.append(found.id)
    return started
