"""Tasks that create other executions: Subflow, the items of a ForEachItem, the iterations of a Loop."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from podium.base.clock import parse_instant
from podium.engine import changes as c
from podium.engine.commands import CreateChild, RestartChild
from podium.engine.execution import TaskRun
from podium.engine.flowables.foreach import value_text
from podium.engine.outcome import retry, settle
from podium.engine.run import Run, falsy
from podium.engine.states import TERMINAL
from podium.engine.stimuli import ChildCreated, ChildEnded, ChildMissing, ChildRefused
from podium.model.flow import Task
from podium.model.items import ITEMS


def call(run: Run, taskrun: TaskRun, task: Task) -> None:
    """The turn of an executable task has come: ask for its executions."""
    failed = _to_restart(taskrun)
    again = taskrun.state == "RESTARTED" and task.props.get("restartBehavior", "RETRY_FAILED") != "NEW_EXECUTION"
    run.begin_attempt(taskrun)
    run.working.add(taskrun.id)
    if again and failed:
        for child in failed:
            run.emit(c.ChildLinked(taskrun.id, child, taskrun.children.get(child)))
            run.wish(RestartChild(taskrun.id, child))
        if task.type.endswith(".Loop"):
            _count_iterations(run, taskrun)
        elif task.type == ITEMS:
            _count_items(run, taskrun, task, None)
        return
    try:
        if task.type.endswith(".Loop"):
            run.emit(c.Expanded(taskrun.id, _loop_values(run, taskrun, task)))
            _more_iterations(run, taskrun, task)
        elif task.type == ITEMS:
            _all_items(run, taskrun, task)
        else:
            _subflow(run, taskrun, task, None, None)
    except Exception as error:  # a user's expression, of any kind: the task fails
        run.log("ERROR", str(error), taskrun)
        _end(run, taskrun, task, "FAILED", None)


def _to_restart(taskrun: TaskRun) -> list[str]:
    """The executions of a task run that failed or never came to an end; of several tries only the last one."""
    last = {iteration: child for child, iteration in taskrun.children.items()}
    return [child for child in last.values() if taskrun.settled.get(child, "KILLED") in ("FAILED", "KILLED")]


def _subflow(
    run: Run, taskrun: TaskRun, task: Task, iteration: int | None, extra: Mapping[str, Any] | None,
    child: str | None = None,
) -> None:  # fmt: skip
    variables = run.variables.of_taskrun(taskrun, task)
    if extra:
        variables["taskrun"] = {**variables["taskrun"], **extra}
    render, props = run.renderer.render, task.props
    schedule = render(props.get("scheduleDate"), variables)
    revision = props.get("revision")
    inherit = not falsy(render(props.get("inheritLabels"), variables))
    child = child or run.ids.new()
    namespace, flow_id = str(render(props["namespace"], variables)), str(render(props["flowId"], variables))
    command = CreateChild(
        taskrun.id, child, namespace, flow_id,
        revision=int(render(revision, variables)) if revision not in (None, "") else None,
        inputs=run.renderer.render_typed(props.get("inputs") or {}, variables),
        labels=_labels(run, render(props.get("labels") or {}, variables), inherit),
        trigger=_trigger(run, task),
        schedule_date=parse_instant(str(schedule)) if schedule else None,
        wait=_waits(task),
        iteration=iteration,
        outputs=props.get("outputs") or None,
    )  # fmt: skip
    run.emit(c.ChildLinked(taskrun.id, child, iteration))
    if iteration is None:
        run.set_outputs(taskrun, {"executionId": child})
    run.log("INFO", f'Created new execution [[link execution="{child}" flowId="{flow_id}" namespace="{namespace}"]]',
            taskrun)  # fmt: skip
    run.wish(command)


def _waits(task: Task) -> bool:
    wait = task.props.get("wait", True)
    return not falsy(wait) if wait is not None else True


def _trigger(run: Run, task: Task) -> dict[str, Any]:
    ex = run.execution
    return {
        "id": task.id,
        "type": task.type,
        "variables": {
            "executionId": ex.id, "namespace": ex.namespace, "flowId": ex.flow_id, "flowRevision": ex.revision,
        },
    }  # fmt: skip


def _labels(run: Run, own: Any, inherit: bool) -> tuple[tuple[str, str], ...]:
    """The labels for a child: its task's, the caller's when inherited, the caller's `system.*` always."""
    pairs: list[tuple[str, str]] = []
    if isinstance(own, Mapping):
        pairs += [(str(key), str(value)) for key, value in own.items()]
    else:
        pairs += [(str(entry["key"]), str(entry["value"])) for entry in own]
    for key, value in pairs:
        if key.startswith("system."):
            raise ValueError(f"System labels can only be set by Kestra itself, offending label: {key}={value}.")
    taken = {key for key, _ in pairs}
    pairs += [
        (key, value) for key, value in run.execution.labels
        if key not in taken and (inherit or key.startswith("system."))
    ]  # fmt: skip
    return tuple(pairs)


# -- answers ---------------------------------------------------------------------------------------------------


def child_created(run: Run, answer: ChildCreated) -> None:
    """The execution exists; a task that does not wait for it is done."""
    taskrun = run.execution.taskruns.get(answer.taskrun_id)
    if taskrun is None or taskrun.state in TERMINAL:
        return
    task = run.task(taskrun)
    iteration = taskrun.children.get(answer.execution_id)
    if iteration is None:
        if not _waits(task):
            outputs = {"executionId": answer.execution_id, "state": answer.state}
            _end(run, taskrun, task, "SUCCESS", outputs)
        return
    if answer.base_uri and "subflowOutputsBaseUri" not in (taskrun.outputs or {}):
        run.set_outputs(taskrun, {**(taskrun.outputs or {}), "subflowOutputsBaseUri": answer.base_uri})
    if not task.type.endswith(".Loop") and not _waits(task):
        run.emit(c.ChildSettled(taskrun.id, answer.execution_id, "SUCCESS"))
        _count_items(run, taskrun, task, "SUCCESS")


def child_refused(run: Run, answer: ChildRefused) -> None:
    """The execution cannot exist: the task fails with the reason."""
    taskrun = run.execution.taskruns.get(answer.taskrun_id)
    if taskrun is None or taskrun.state in TERMINAL:
        return
    run.log("ERROR", answer.message, taskrun)
    _end(run, taskrun, run.task(taskrun), "FAILED", None)


def child_missing(run: Run, answer: ChildMissing) -> None:
    """Ask again for an execution that was linked but does not exist, under the same id."""
    taskrun = run.execution.taskruns.get(answer.taskrun_id)
    if taskrun is None or taskrun.state in TERMINAL:
        return
    task, iteration = run.task(taskrun), taskrun.children.get(answer.execution_id)
    try:
        if task.type.endswith(".Loop"):
            _iterate(run, taskrun, task, iteration or 0, answer.execution_id)
        else:
            extra = None if iteration is None else _item(_batches(run, taskrun)[iteration], iteration)
            _subflow(run, taskrun, task, iteration, extra, answer.execution_id)
    except Exception as error:  # a user's expression, of any kind: the task fails
        run.log("ERROR", str(error), taskrun)
        _end(run, taskrun, task, "FAILED", None)


def child_ended(run: Run, answer: ChildEnded) -> None:
    """A child is over: its state becomes that of the task, as far as it is transmitted (semantics 4.5)."""
    taskrun = run.execution.taskruns.get(answer.taskrun_id)
    if taskrun is None or taskrun.state in TERMINAL:
        run.release(answer.taskrun_id)
        return
    task = run.task(taskrun)
    counted = answer.execution_id in taskrun.settled  # the journal ended before what follows from it
    run.emit(c.ChildSettled(taskrun.id, answer.execution_id, answer.state, answer.outputs))
    if task.type.endswith(".Loop"):
        _count_iterations(run, taskrun, None if counted else answer.state)
        _look_for_break(run, taskrun, task, answer.execution_id)
        _more_iterations(run, taskrun, task)
    elif taskrun.children.get(answer.execution_id) is not None:
        _count_items(run, taskrun, task, None if counted else answer.state)
    else:
        outputs: dict[str, Any] = {"executionId": answer.execution_id, "state": answer.state}
        if answer.outputs is not None:
            outputs["outputs"] = answer.outputs
        state = _transmitted(task, answer.state)
        if answer.error is not None:
            run.log("WARN", f"Failed to extract outputs with the error: '{answer.error}'", taskrun)
            state = "FAILED"
        _end(run, taskrun, task, state, outputs)


def _transmitted(task: Task, state: str) -> str:
    if falsy(task.props.get("transmitFailed", True)):
        return "SUCCESS"
    return state if state in ("WARNING", "FAILED", "KILLED") else "SUCCESS"


def _end(run: Run, taskrun: TaskRun, task: Task, state: str, outputs: Mapping[str, Any] | None) -> None:
    run.release(taskrun.id)
    if run.killing:
        state = "KILLED"
    run.end_attempt(taskrun, state, taskrun.outputs if outputs is None else outputs)
    # Of the tasks that create executions only a Subflow is retried, for the others it is what they run (semantics 3.4).
    retried = task.type != ITEMS and not task.type.endswith(".Loop")
    if state == "FAILED" and retried and retry(run, taskrun, task):
        return
    settle(run, taskrun, task, state)


# -- ForEachItem -----------------------------------------------------------------------------------------------


def _all_items(run: Run, taskrun: TaskRun, task: Task) -> None:
    """One execution per batch, all at once; `taskrun.items` is the batch's URI while its inputs are rendered."""
    batches = _batches(run, taskrun)
    for iteration, uri in enumerate(batches):
        _subflow(run, taskrun, task, iteration, _item(uri, iteration))
    if not batches:
        _end(run, taskrun, task, "SUCCESS", None)
    else:
        counts = {"CREATED": len(batches), "RUNNING": 0}
        run.set_outputs(taskrun, {"numberOfBatches": len(batches), "iterations": counts})


def _batches(run: Run, taskrun: TaskRun) -> Sequence[str]:
    split = next(
        r for r in run.execution.taskruns.values() if r.parent == taskrun.parent and r.task_id.endswith("_split")
    )
    return split.values or ()


def _item(uri: str, iteration: int) -> dict[str, Any]:
    return {"items": uri, "iteration": iteration}


def _count_items(run: Run, taskrun: TaskRun, task: Task, state: str | None) -> None:
    """Count an execution that has ended in `state`; None counts all of them anew. After the last one the task ends."""
    outputs = taskrun.outputs or {}
    running = len(taskrun.children) - len(taskrun.settled)
    ended = _tally(taskrun, (outputs.get("iterations") or {}) if running else None, state)
    counts = {"CREATED": 0, "RUNNING": 0, **ended}
    if running:
        run.set_outputs(taskrun, {**outputs, "iterations": {**counts, "RUNNING": running}})
        return
    worst = next((state for state in ("FAILED", "KILLED", "WARNING") if counts.get(state)), "SUCCESS")
    _end(run, taskrun, task, _transmitted(task, worst), {**outputs, "iterations": counts})


def _tally(taskrun: TaskRun, before: Mapping[str, int] | None, state: str | None) -> dict[str, int]:
    """How many executions have ended in each state: one more than `before`, or counted anew."""
    if before is None or state is None:
        return dict(Counter(taskrun.settled.values()))
    counts = {name: count for name, count in before.items() if name not in ("CREATED", "RUNNING")}
    return {**counts, state: counts.get(state, 0) + 1}


# -- Loop (2.0) --------------------------------------------------------------------------------------------------

_FILES = ("kestra://", "nsfile://", "file://")


def _loop_values(run: Run, taskrun: TaskRun, task: Task) -> tuple[str, ...]:
    """The values of a Loop, each as JSON of `{value, key?}`; a value that is no text is compact JSON, as in ForEach.

    `stored` among them says that the outputs of the iteration are kept in a file.
    """
    values = run.render_typed(task.props.get("values"), taskrun)
    fetch = task.props.get("fetchType") or "AUTO"
    stored = fetch == "STORE" or (fetch == "AUTO" and isinstance(values, str) and values.startswith(_FILES))
    mark = {"stored": True} if stored else {}
    if isinstance(values, str):
        values = _text_values(run, taskrun, values)
    if isinstance(values, Mapping):
        return tuple(json.dumps({"value": value_text(value), "key": key, **mark}) for key, value in values.items())
    if not isinstance(values, Sequence):
        raise ValueError(f"`values` of a Loop must be a list, a map, JSON text or the URI of a file, not {values!r}")
    return tuple(json.dumps({"value": value_text(value), **mark}) for value in values)


def _text_values(run: Run, taskrun: TaskRun, text: str) -> Any:
    if text.startswith(_FILES):
        context = {**run.variables.of_taskrun(taskrun, run.task(taskrun)), "loopFile": text}
        lines = str(run.renderer.render("{{ read(loopFile) }}", context)).splitlines()
        return [_row(line) for line in lines if line.strip()]
    return json.loads(text)


def _row(line: str) -> Any:
    """A line of a file: JSON or Ion, else its text."""
    try:
        return json.loads(line)
    except ValueError:
        pass
    from podium.expressions.errors import ExpressionError
    from podium.expressions.ion_text import from_ion

    try:
        return from_ion(line, False) if line.lstrip().startswith(("{", "[")) else line
    except ExpressionError:
        return line


def _more_iterations(run: Run, taskrun: TaskRun, task: Task) -> None:
    """Start iterations up to the limit; end the Loop when all are over or one has failed."""
    values, seen = taskrun.values or (), taskrun.outputs or {}
    limit = int(run.render(task.props.get("concurrencyLimit", 1), taskrun) or 0)
    ended = seen.get("terminatedIterations") or {}
    failed = ended.get("FAILED") or ended.get("KILLED")
    stopping = (failed and not falsy(task.props.get("transmitFailed", True))) or run.killing
    stopping = stopping or "breakIteration" in seen
    running = len(taskrun.children) - len(taskrun.settled)
    while not stopping and len(taskrun.children) < len(values) and (limit == 0 or running < limit):
        _iterate(run, taskrun, task, len(taskrun.children))
        running += 1
    if running == 0:
        states = set(taskrun.settled.values())
        worst = next((state for state in ("KILLED", "FAILED", "WARNING") if state in states), "SUCCESS")
        outputs = {**_counts(taskrun, None), "outputs": _results(taskrun)}
        _end(run, taskrun, task, _transmitted(task, worst), outputs)


def _item_of(taskrun: TaskRun, index: int) -> tuple[dict[str, Any], bool]:
    """What an iteration sees as `item`, and whether its outputs are kept in a file."""
    item: dict[str, Any] = json.loads((taskrun.values or ())[index])
    stored = bool(item.pop("stored", False))
    return {**item, "index": index, "iteration": index}, stored


def _look_for_break(run: Run, taskrun: TaskRun, task: Task, child: str) -> None:
    """Remember in the outputs that `breakWhen` was true after an iteration, or could not be rendered."""
    index = taskrun.children.get(child)
    condition = task.props.get("breakWhen")
    if condition is None or index is None or "breakIteration" in (taskrun.outputs or {}):
        return
    item = _item_of(taskrun, index)[0]
    iteration = {
        "executionId": child, "state": taskrun.settled.get(child), "outputs": taskrun.child_outputs.get(child) or {},
    }  # fmt: skip
    variables = {**run.variables.of_taskrun(taskrun, task), "item": item, "iteration": iteration}
    try:
        broken = not falsy(run.renderer.render(condition, variables))
    except Exception as error:  # a user's expression, of any kind
        run.log("ERROR", f"`breakWhen` cannot be rendered, so no further iteration starts: {error}", taskrun)
        broken = True
    if broken:
        run.set_outputs(taskrun, {**(taskrun.outputs or {}), "breakIteration": index})


def _iterate(run: Run, taskrun: TaskRun, task: Task, index: int, child: str | None = None) -> None:
    ex = run.execution
    outer = (ex.context or {}).get("item")
    item, stored = _item_of(taskrun, index)
    if outer is not None:
        item["parent"] = outer
        item["parents"] = [outer, *outer.get("parents", ())]
    child = child or run.ids.new()
    run.emit(c.ChildLinked(taskrun.id, child, index))
    run.wish(CreateChild(
        taskrun.id, child, ex.namespace, ex.flow_id, revision=ex.revision, inputs=ex.inputs, labels=tuple(ex.labels),
        trigger=_trigger(run, task), iteration=index, body=task, variables=ex.variables,
        context={"item": item, "outputs": dict(run.variables.of_execution()["outputs"])}, stored=stored,
    ))  # fmt: skip


def _count_iterations(run: Run, taskrun: TaskRun, state: str | None = None) -> None:
    """Show that an iteration has ended in `state`; None counts all of them anew."""
    run.set_outputs(taskrun, _counts(taskrun, state))


def _counts(taskrun: TaskRun, state: str | None) -> dict[str, Any]:
    seen = taskrun.outputs or {}
    broken = seen.get("breakIteration")
    return {
        **({} if broken is None else {"breakIteration": broken}),
        "iterationCount": len(taskrun.values or ()),
        "runningIterations": len(taskrun.children) - len(taskrun.settled),
        "terminatedIterations": _tally(taskrun, seen.get("terminatedIterations"), state),
    }


def _results(taskrun: TaskRun) -> list[dict[str, Any]]:
    """The outputs of the iterations, in their order."""
    results = []
    for child, index in taskrun.children.items():
        outputs = taskrun.child_outputs.get(child)
        if outputs is not None:
            results.append({"item": _item_of(taskrun, index or 0)[0], "outputs": outputs})
    return results
