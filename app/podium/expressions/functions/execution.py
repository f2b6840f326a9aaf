"""Functions that look at the running execution: states, outputs of iterations, error logs, subflows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from podium.base.durations import parse_duration
from podium.expressions.entries import ABSENT, Catalog, Param
from podium.expressions.errors import ExpressionError
from podium.expressions.functions.data import required
from podium.expressions.services import SubflowRequest
from podium.expressions.state import State
from podium.expressions.values import is_integer, kind_of, to_text, wrong_kind

CATALOG = Catalog()
_LONGEST_SUBFLOW = timedelta(minutes=5)
_CORRELATION = "system.correlationId"


@CATALOG.add(
    "function",
    "tasksWithState",
    Param("state", "A state, such as `FAILED`.", default=ABSENT, required=True),
    doc="The task runs in a state, as a list of `taskId`, `state` and, in loops, `value`.",
    example="{{ tasksWithState('FAILED') | length }}",
    since="1.0",
)
def tasks_with_state(state: State, wanted: Any) -> list[dict[str, Any]]:
    if required(wanted, "tasksWithState", "state") is None:
        raise ExpressionError("The 'tasksWithState' function expects an argument 'state'.")
    tasks = state.variable("tasks")
    if not isinstance(tasks, Mapping):
        return []
    name = to_text(wanted).upper()
    return [found for task_id, content in tasks.items() for found in _in_state(to_text(task_id), content, name, None)]


def _in_state(task_id: str, content: Any, wanted: str, value: str | None) -> Iterator[dict[str, Any]]:
    if not isinstance(content, Mapping):
        return
    found = content.get("state")
    if found is not None and not isinstance(found, Mapping):
        if to_text(found).upper() == wanted:
            entry = {"taskId": task_id, "state": to_text(found)}
            yield entry if value is None else {**entry, "value": value}
        return
    for key, inner in content.items():
        yield from _in_state(task_id, inner, wanted, to_text(key))


@CATALOG.add(
    "function",
    "errorLogs",
    doc="The error log entries of this execution; meant for tasks under `errors`.",
    example="{{ (errorLogs() | first).message }}",
)
def error_logs(state: State) -> list[dict[str, Any]]:
    return [dict(entry) for entry in state.services.error_logs()]


@CATALOG.add(
    "function",
    "currentEachOutput",
    Param("outputs", "The outputs of another task of the same loop.", default=ABSENT, required=True),
    doc="The output of a task in the same iteration.",
    example="{{ currentEachOutput(outputs.make_list).value }}",
    removed="2.0",
)
def current_each_output(state: State, outputs: Any) -> Any:
    required(outputs, "currentEachOutput", "outputs")
    if not isinstance(outputs, Mapping):
        raise ExpressionError("The 'currentEachOutput' function expects an argument 'outputs' with type map.")
    found: Any = outputs
    for value in _outer_values(state):
        found = _part(found, value)
        if found is None:
            raise ExpressionError("No execution outputs for the current task runs path")
    own = _part(state.variable("taskrun"), "value")
    return found if own is None else _part(found, to_text(own))


def _part(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, Mapping) else None


@CATALOG.add(
    "function",
    "loopOutputs",
    Param("outputs", "`outputs.<loop>.outputs` of a Loop task.", default=ABSENT, required=True),
    Param("name", "Name of an output of the iterations.", default=ABSENT, required=True),
    doc="One output of every iteration of a Loop, as a list; null where an iteration has none.",
    example="{{ loopOutputs(outputs.loop.outputs, 'rows') }}",
    since="2.0",
)
def loop_outputs(state: State, outputs: Any, name: Any) -> list[Any]:
    if outputs is ABSENT or outputs is None:
        raise ExpressionError("The 'loopOutputs' function expects a non-null argument 'outputs'.")
    if not isinstance(outputs, (list, tuple)):
        raise ExpressionError(
            "The 'loopOutputs' function expects 'outputs' to be a list.", suggestion=f"It is a {kind_of(outputs)}"
        )
    if name is ABSENT or name is None:
        raise ExpressionError("The 'loopOutputs' function expects a non-null argument 'name'.")
    if not isinstance(name, str):
        raise ExpressionError("The 'loopOutputs' function expects 'name' to be a string.")
    return [_part(_part(iteration, "outputs"), name) for iteration in outputs]


@CATALOG.add(
    "function",
    "iterationOutput",
    Param("taskId", "Id of a task in a loop; the current task when left out."),
    Param("iteration", "Number of the iteration, from 0; the previous one when left out."),
    doc="The output `value` of a task in another iteration.",
    example="{{ iterationOutput('make_list', 0) }}",
    since="2.0",
)
def iteration_output(state: State, task_id: Any, iteration: Any) -> Any:
    current = _part(state.variable("taskrun"), "iteration")
    if not is_integer(current):
        raise ExpressionError("'iterationOutputs()' function should be used inside iterative tasks only")
    if iteration is not None and not is_integer(iteration):
        raise ExpressionError(
            f"The 'iteration' argument for 'iterationOutputs' must be an integer, but got: {to_text(iteration)}"
        )
    wanted = current - 1 if iteration is None else iteration
    if wanted < 0:
        raise ExpressionError(f"Cannot fetch iteration {wanted}: no previous iteration exists.")
    name = _part(state.variable("task"), "id") if task_id is None else task_id
    found = _part(state.variable("outputs"), to_text(name))
    for value in _outer_values(state):
        found = _part(found, value)
    if not isinstance(found, Mapping):
        return None
    if wanted >= len(found):
        raise ExpressionError(
            f"The provided index ({wanted}) is out of range. It refers to an iteration whose outputs do not exist "
            f"yet. Maximum valid index is {len(found) - 1}."
        )
    return _part(list(found.values())[wanted], "value")


def _outer_values(state: State) -> list[str]:
    """The values of the loops around the current one, outermost first."""
    parents = state.variable("parents")
    chain = reversed(parents) if isinstance(parents, (list, tuple)) else ()
    values = (_part(_part(parent, "taskrun"), "value") for parent in chain)
    return [to_text(value) for value in values if value is not None]


@CATALOG.add(
    "function",
    "parentOutput",
    Param("index", "Which parent, counted from the outermost with 0; the direct one when left out."),
    doc="The outputs of a task around this one; null when there are none.",
    example="{{ parentOutput().value }}",
    since="2.0",
)
def parent_output(state: State, index: Any) -> Any:
    if index is not None and not is_integer(index):
        raise ExpressionError("The 'parentOutput' function expects an argument 'index' of type integer.")
    parents = state.variable("parents")
    chain = list(reversed(parents)) if isinstance(parents, (list, tuple)) else []
    position = len(chain) - 1 if index is None else int(index)
    if index is not None and not 0 <= position < len(chain):
        raise ExpressionError(f"Invalid index: {position} for parents size: {len(chain)}")
    if position < 0:
        return None
    found = _part(state.variable("outputs"), to_text(_part(_part(chain[position], "task"), "id")))
    for parent in chain[: position + 1]:
        value = _part(_part(parent, "taskrun"), "value")
        if value is not None and isinstance(found, Mapping) and to_text(value) in found:
            found = found[to_text(value)]
    return found


@CATALOG.add(
    "function",
    "subflow",
    Param("namespace", "Namespace of the flow.", default=ABSENT, required=True),
    Param("id", "Id of the flow.", default=ABSENT, required=True),
    Param("inputs", "Its inputs, as a map."),
    Param("revision", "Its revision; the newest when left out."),
    Param("labels", "Labels of its execution, as a map."),
    Param("timeout", "How long to wait, at most PT5M.", default="PT1M", shown='"PT1M"'),
    doc="Run a flow and wait for it; only where the inputs of a flow are worked out.",
    example="{{ subflow('company.team', 'list_tables').outputs.tables }}",
    since="1.3",
)
def subflow(
    state: State, namespace: Any, flow_id: Any, inputs: Any, revision: Any, labels: Any, timeout: Any
) -> dict[str, Any]:
    if state.variable("taskrun") is not None or state.variable("trigger") is not None:
        raise ExpressionError(
            "The 'subflow' function can only be used at flow-input render time (e.g. an input's 'values'); "
            "it is not supported inside task or trigger properties."
        )
    if any(value is ABSENT or value is None for value in (namespace, flow_id)):
        raise ExpressionError("The 'subflow' function expects the arguments 'namespace' and 'id'.")
    if state.namespace() is None:
        raise ExpressionError(
            "The 'subflow' function can only be used in a flow context (e.g. an input's 'values'); "
            "the caller flow could not be resolved."
        )
    given = {}
    for name, value in (("inputs", inputs), ("labels", labels)):
        if value is not None and not isinstance(value, Mapping):
            raise wrong_kind(f"The argument '{name}' of the 'subflow' function", "a map", value)
        given[name] = dict(value or {})
    for label in given["labels"]:
        if to_text(label).startswith("system.") and label != _CORRELATION:
            raise ExpressionError(
                f"The 'subflow' function cannot set the system label '{label}'; system labels are reserved "
                f"(except '{_CORRELATION}')."
            )
    if revision is not None and not is_integer(revision):
        raise wrong_kind("The argument 'revision' of the 'subflow' function", "an integer", revision)
    request = SubflowRequest(
        to_text(namespace), to_text(flow_id), given["inputs"], given["labels"], revision, _timeout(timeout)
    )
    return dict(state.services.subflow(request))


def _timeout(value: Any) -> timedelta:
    text = to_text("PT1M" if value is None else value)
    try:
        length = value if isinstance(value, timedelta) else parse_duration(text)
        if not isinstance(value, timedelta) and not text.lstrip("+-").upper().startswith("P"):
            raise ValueError(text)
    except ValueError:
        raise ExpressionError(
            f"The 'subflow' function 'timeout' must be an ISO-8601 duration (e.g. 'PT30S'), got '{text}'."
        ) from None
    if length > _LONGEST_SUBFLOW:
        raise ExpressionError(f"The 'subflow' function 'timeout' ({text}) exceeds the maximum allowed (PT5M).")
    return length
