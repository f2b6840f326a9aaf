"""The expression function `subflow()`: a flow that runs while the inputs of another one are worked out."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from podium.engine.execution import Execution
from podium.expressions.errors import ExpressionError
from podium.expressions.services import SubflowRequest
from podium.expressions.values import to_text
from podium.runtime.creation import Created, NewExecution
from podium.runtime.flows import Flows
from podium.runtime.refusals import NotCreated, Refused
from podium.store.errors import StoreError

_DEEPEST = 3
_KEPT = 60.0
"""Seconds for which an answer is given again: a form asks after every change in one of its fields."""


class SubflowCalls:
    """Runs flows for expressions, in the thread that renders; the same call within a minute gets the same answer."""

    def __init__(
        self, flows: Flows, start: Callable[[NewExecution], Created],
        wait: Callable[[str, timedelta], Execution], kill: Callable[[str], None],
    ) -> None:  # fmt: skip
        """`wait` returns the execution as it is when the time is over; `kill` raises when it has ended meanwhile."""
        self._flows = flows
        self._start = start
        self._wait = wait
        self._kill = kill
        self._answers: dict[str, tuple[float, Mapping[str, Any]]] = {}
        self._depth = threading.local()

    def __call__(self, request: SubflowRequest) -> Mapping[str, Any]:
        """The `id`, `state`, `outputs` and `labels` of the execution; raises ExpressionError."""
        asked = [request.namespace, request.flow_id, request.revision, request.inputs, request.labels]
        key = json.dumps(asked, sort_keys=True, default=str)
        known = self._answers.get(key)
        if known is not None and time.monotonic() - known[0] < _KEPT:
            return known[1]
        depth = getattr(self._depth, "calls", 0)
        if depth >= _DEEPEST:
            raise ExpressionError(f"The 'subflow' function must not be nested deeper than {_DEEPEST} calls")
        self._depth.calls = depth + 1
        try:
            answer = self._run(request)
        finally:
            self._depth.calls = depth
        self._answers[key] = (time.monotonic(), answer)
        return answer

    def _run(self, request: SubflowRequest) -> Mapping[str, Any]:
        name = f"{request.namespace}.{request.flow_id}"
        labels = [(to_text(key), to_text(value)) for key, value in request.labels.items()]
        try:
            flow, path = self._flows.find(request.namespace, request.flow_id, request.revision)
            created = self._start(NewExecution(flow, request.inputs, labels, path=path))
            ended = self._wait(created.record.id, request.timeout)
            if not ended.terminal:
                self._end(created.record.id)
                raise ExpressionError(f"The subflow {name} did not end within {request.timeout}; it was killed")
            execution = created.record.load(clear=True).execution
        except (NotCreated, StoreError) as error:
            raise ExpressionError(f"The subflow {name} could not be run: {error}") from error
        return {
            "id": execution.id,
            "state": execution.state,
            "outputs": dict(execution.outputs or {}),
            "labels": dict(reversed(execution.labels)),
        }

    def _end(self, execution_id: str) -> None:
        # Refused: it has ended in this very moment.
        with contextlib.suppress(Refused):
            self._kill(execution_id)
