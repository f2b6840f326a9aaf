"""Trying an expression with the values of a run, step by step, without any effect outside."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from podium.base.masking import Masker
from podium.engine.execution import Execution
from podium.engine.plan import Plan
from podium.engine.variables import Variables
from podium.expressions.errors import ExpressionError
from podium.expressions.render import render_trace
from podium.expressions.services import HttpRequest, HttpResponse, SubflowRequest
from podium.model.flow import Flow
from podium.runtime.masks import masker_of
from podium.runtime.services import RuntimeServices
from podium.runtime.surroundings import surroundings
from podium.store.stores import Stores
from podium.workbench.runs.values import Value

_MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class TrialStep:
    """The value of one piece of the expression."""

    piece: str
    value: Value


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of an expression: `result` is its text, None when `error` says why there is none.

    `place` is where the error is in `text`, `steps` go as far as evaluation came.
    """

    text: str
    result: str | None
    error: str | None = None
    place: int | None = None
    steps: tuple[TrialStep, ...] = ()


class _WithoutEffects(RuntimeServices):
    """Everything that only reads; what would reach out of the machine or start a run is refused."""

    def http(self, request: HttpRequest) -> HttpResponse:
        raise ExpressionError(f"No request is sent to {request.uri} while an expression is tried out")

    def subflow(self, request: SubflowRequest) -> Mapping[str, Any]:
        raise ExpressionError(f"The flow '{request.flow_id}' is not run while an expression is tried out")


class Trials:
    """Tries expressions with one execution as it is now. May be used from any thread, one at a time.

    `flow` is the flow as it ran, None when it cannot be read any more; then there are no values of task runs alone.
    Raises StoreError when the journal of the execution or the settings cannot be read.
    """

    def __init__(self, stores: Stores, execution: Execution, flow: Flow | None) -> None:
        self._stores, self.execution = stores, execution
        self._flow = flow or Flow(execution.flow_id, execution.namespace)
        self._plan = Plan(self._flow)
        self._masker: Masker = masker_of(stores, execution.id)
        self._around = surroundings(stores, execution.namespace)
        self._services = _WithoutEffects(
            stores, execution.namespace, execution.flow_id, self._masker, may_read=lambda other: other == execution.id
        )  # fmt: skip

    def context(self, taskrun_id: str | None) -> dict[str, Any]:
        """The names that an expression sees, in a task run or outside of all."""
        variables = Variables(self._plan, self.execution, self._around)
        run = self.execution.taskruns.get(taskrun_id or "")
        task = None if run is None else self._flow.tasks_by_id.get(run.task_id)
        if run is None or task is None:
            return variables.of_execution()
        return variables.of_taskrun(run, task)

    def values(self, taskrun_id: str | None) -> list[Value]:
        """The same for showing: secrets hidden."""
        hidden: Callable[[Any], Any] = self._masker.value
        return [Value((name,), hidden(value)) for name, value in self.context(taskrun_id).items()]

    def evaluate(self, text: str, taskrun_id: str | None = None) -> Trial:
        """Render `text`; a text without braces is taken as an expression."""
        template = text if "{{" in text or "{%" in text else f"{{{{ {text} }}}}"
        trace = render_trace(template, self.context(taskrun_id), self._services, dialect=self._flow.dialect)
        steps = tuple(
            TrialStep(template[step.start : step.end].strip(), Value((), self._masker.value(step.value)))
            for step in trace.steps[:_MOST_STEPS]
        )
        if trace.error is not None:
            return Trial(text, None, self._masker(str(trace.error)), _offset(trace.error), steps)
        return Trial(text, self._masker(trace.result or ""), steps=steps)


def _offset(error: ExpressionError) -> int | None:
    found = getattr(error, "offset", None)
    return found if isinstance(found, int) else None


def open_trials(stores: Stores, execution_id: str, read_flow: Callable[[str], Flow | None]) -> Trials:
    """Trials with an execution as its journal has it. Raises StoreError."""
    record = stores.record(execution_id)
    return Trials(stores, record.load(clear=True).execution, read_flow(record.flow_source()))
