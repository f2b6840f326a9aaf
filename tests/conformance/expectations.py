"""The `expect` keys about an execution, its task runs, outputs, labels, logs and files."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from matching import differs, filled, shown
from other_expectations import OTHER_CHECKS

from podium.engine.execution import Execution, TaskRun
from podium.store.logs import LogLine, read_lines

_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR")


class Observed:
    """An execution as a case looks at it. `executions` are all of the workspace, oldest first."""

    def __init__(
        self, world: Any, execution: Execution | None, executions: Sequence[Execution] = (), was: Any = None
    ) -> None:
        self.world = world
        self.execution: Any = execution
        """None for a workspace in which nothing was executed."""
        self.runs = list(execution.taskruns.values()) if execution is not None else []
        self.executions = executions
        self.was = was
        """The execution before the operation (restart, replay, mark-as)."""

    def lookup(self, name: str) -> str:
        """What `${name}` stands for."""
        if name == "execution.id" and self.execution is not None:
            return str(self.execution.id)
        if name == "original.id" and self.was is not None:
            return str(self.was.id)
        if name.startswith("taskrun:"):
            task_id = name.removeprefix("taskrun:").removesuffix(".id")
            if task_id.isdigit():
                return self.runs[int(task_id)].id
            return next(run.id for run in self.runs if run.task_id == task_id)
        return str(self.world.lookup(name))

    def logs(self) -> list[LogLine]:
        return [line for line, _ in read_lines(self.world.record(self.execution.id).log)]

    def levels_differ(self, wanted: Mapping[str, int]) -> str:
        """Counts of the lines from a level on."""
        return _levels(self, wanted, at_least=True)

    def values(self, run: TaskRun) -> list[str]:
        """The iteration values of the ancestor chain, outermost first."""
        chain = [run, *self.execution.ancestors(run)]
        return [each.value for each in reversed(chain) if each.value is not None]

    def named(self, key: str) -> list[TaskRun]:
        """The task runs of `taskId` or `taskId[v1][v2]`."""
        task_id, *values = key.replace("]", "").split("[")
        runs = [run for run in self.runs if run.task_id == task_id]
        return [run for run in runs if self.values(run) == values] if values else runs


def problems(observed: Observed, expect: Mapping[str, Any]) -> Iterator[str]:
    """Everything that is not as expected."""
    if expect.get("taskruns_complete") and len(expect["taskruns"]) != len(observed.runs):
        yield f"taskruns_complete: {len(observed.runs)} instead of {len(expect['taskruns'])}: {_listing(observed)}"
    for key, wanted in expect.items():
        if key in _IGNORED:
            continue
        check = _CHECKS.get(key)
        if check is None:
            yield f"{key}: the runner does not know this expectation"
            continue
        try:
            found = check(observed, filled(wanted, observed.lookup))
        except Exception as error:  # an answer without the shape that is looked for
            found = f"{type(error).__name__}: {error}"
        if found:
            yield f"{key}: {found}"


_IGNORED = frozenset({"rules", "masking", "note", "ordered", "portability", "taskruns_complete"})


def _equal(get: Callable[[Observed], Any], *, subset: bool = False) -> Callable[[Observed, Any], str]:
    return lambda observed, wanted: differs(get(observed), wanted, subset=subset)


def _taskruns(observed: Observed, wanted: Sequence[Mapping[str, Any]]) -> str:
    used: set[str] = set()
    for entry in wanted:
        problem = _taskrun(observed, entry, used)
        if problem:
            return f"{shown(entry)}: {problem} in {_listing(observed)}"
    return ""


def _taskrun(observed: Observed, entry: Mapping[str, Any], used: set[str]) -> str:
    if "count" in entry:
        found = [run for run in observed.runs if run.task_id == entry["taskId"]]
        if len(found) != entry["count"]:
            return f"there are {len(found)}"
    if "index" in entry:
        if entry["index"] >= len(observed.runs):
            return "no such index"
        return _run_differs(observed, observed.runs[entry["index"]], entry)
    problem = "no such task run"
    for run in observed.runs:
        if run.id not in used and run.task_id == entry.get("taskId"):
            problem = _run_differs(observed, run, entry)
            if not problem:
                used.add(run.id)
                return ""
    return "" if entry.get("count") == 0 else problem


def _run_differs(observed: Observed, run: TaskRun, entry: Mapping[str, Any]) -> str:
    values = observed.values(run)
    states = [state for state, _ in run.histories]
    facts: dict[str, Any] = {
        "taskId": run.task_id, "state": run.state, "values": values, "value": values[-1] if values else None,
        "attempts": len(run.attempts), "history_len": len(states), "outputs": run.outputs,
        "last_attempt_state": run.attempts[-1].state if run.attempts else None,
    }  # fmt: skip
    for key, wanted in entry.items():
        if key in facts:
            problem = differs(facts[key], wanted, subset=key == "outputs")
            if problem:
                return f"{key}: {problem}"
        elif key == "attempts_min" and len(run.attempts) < wanted:
            return f"only {len(run.attempts)} attempts"
        elif key == "history_counts":
            counts = {state: states.count(state) for state in wanted}
            if counts != wanted:
                return f"history {states}"
        elif key == "same_id":
            known = observed.was is not None and run.id in observed.was.taskruns
            if known != wanted:
                return "the id is the same" if known else "the id is another"
    return ""


def _listing(observed: Observed) -> str:
    return ", ".join(f"{run.task_id}{''.join(f'[{v}]' for v in observed.values(run))} {run.state}"
                     for run in observed.runs)  # fmt: skip


def _complete(observed: Observed, expect_count: int) -> str:
    return "" if len(observed.runs) == expect_count else f"{len(observed.runs)} task runs: {_listing(observed)}"


def _outputs_of(observed: Observed, wanted: Mapping[str, Any], *, subset: bool = True) -> str:
    for key, expected in wanted.items():
        runs = observed.named(key)
        if not runs:
            return f"no task run {key} in {_listing(observed)}"
        found = [differs(run.outputs if expected is None else run.outputs or {}, expected, subset=subset)
                 for run in runs]  # fmt: skip
        if all(found):
            return f"{key}: {found[0]}"
    return ""


def _outputs_absent(observed: Observed, wanted: Mapping[str, Any]) -> str:
    for key, names in wanted.items():
        outputs = observed.named(key)[0].outputs or {}
        present = [name for name in names if outputs.get(name) is not None]
        if present:
            return f"{key} has {present}"
    return ""


def _before(observed: Observed, wanted: Sequence[Sequence[str]]) -> str:
    for first, second in wanted:
        ended = max(run.histories[-1][1] for run in observed.named(first))
        began = min(run.start for run in observed.named(second))
        if ended > began:
            return f"{first} ended after {second} began"
    return ""


def _logs_contain(observed: Observed, wanted: Sequence[Any]) -> str:
    lines = observed.logs()
    for entry in wanted:
        if not any(_log_fits(line, entry) for line in lines):
            return f"no line {shown(entry)} in {shown([line.message for line in lines][-12:])}"
    return ""


def _log_fits(line: LogLine, wanted: Any) -> bool:
    if isinstance(wanted, str):
        return wanted in line.message
    facts = {"taskId": line.task_id, "level": line.level, "message": line.message}
    return all(not differs(facts.get(key), value) for key, value in wanted.items())


def _logs_count(observed: Observed, wanted: Mapping[str, Any]) -> str:
    found = [line.message for line in observed.logs() if wanted["contains"] in line.message]
    return "" if len(found) == wanted["count"] else f"{len(found)} lines {shown(found)}"


def _levels(observed: Observed, wanted: Mapping[str, int], *, at_least: bool = False) -> str:
    for level, count in wanted.items():
        lowest = _LEVELS.index(level)
        found = [
            line for line in observed.logs()
            if (_LEVELS.index(line.level) >= lowest if at_least else line.level == level)
        ]  # fmt: skip
        if len(found) != count:
            return f"{len(found)} lines of {level}: {shown([line.message for line in found])}"
    return ""


def _split(observed: Observed, wanted: Mapping[str, Any]) -> str:
    run = observed.runs[wanted["index"]]
    count = sum(1 for line in observed.logs() if line.task_run_id == run.id and line.source == "log")
    return "" if count >= wanted["min_entries"] else f"{count} entries"


def _attempt_log(observed: Observed, wanted: Mapping[str, Any]) -> str:
    run = observed.named(wanted["taskId"])[0]
    uri = run.attempts[-1].log_file
    if uri is None:
        return "the attempt has no log file"
    lines = [line for line in observed.world.read(observed.execution, uri).splitlines() if line.strip()]
    missing = [part for part in wanted["line_contains"] if not any(part in line for line in lines)]
    return "" if len(lines) == wanted["lines"] and not missing else f"lines {lines}"


def _other_executions(observed: Observed, wanted: Sequence[Mapping[str, Any]]) -> str:
    for entry in wanted:
        found = [each for each in observed.executions if each.flow_id == entry.get("flowId", each.flow_id)]
        if "as" in entry:
            found = [observed.world.named(entry["as"])]
        if "count" in entry and len(found) != entry["count"]:
            return f"{len(found)} executions of {entry.get('flowId')}: {[each.state for each in found]}"
        if "count_min" in entry and len(found) < entry["count_min"]:
            return f"{len(found)} executions of {entry.get('flowId')}"
        if not found and entry.get("count") != 0:
            return f"no execution of {entry.get('flowId')}"
        problem = _each_differs(observed, found, entry)
        if problem:
            return f"{entry.get('flowId')}: {problem}"
    return ""


def _each_differs(observed: Observed, found: Sequence[Execution], entry: Mapping[str, Any]) -> str:
    if "states_any_order" in entry:
        return differs(sorted(each.state for each in found), sorted(entry["states_any_order"]))
    if "outputs_in_order" in entry:
        return differs([each.outputs for each in found], entry["outputs_in_order"], subset=True)
    for each in found:
        problem = _execution_differs(observed, each, entry)
        if problem:
            return problem
    return ""


def _execution_differs(observed: Observed, each: Execution, entry: Mapping[str, Any]) -> str:
    inner = Observed(observed.world, each, observed.executions)
    selection = ("as", "flowId", "count", "count_min", "states_any_order", "outputs_in_order")
    for key, wanted in ((key, value) for key, value in entry.items() if key not in selection):
        check = _CHECKS.get(key)
        problem = check(inner, wanted) if check else "the runner does not know this expectation"
        if problem:
            return f"{key}: {problem}"
    return ""


def _by_name(observed: Observed, wanted: Mapping[str, Mapping[str, Any]]) -> str:
    for name, entry in wanted.items():
        problem = _execution_differs(observed, observed.world.named(name), entry)
        if problem:
            return f"{name}: {problem}"
    return ""


def _last(observed: Observed, wanted: Any) -> str:
    run = observed.runs[-1]
    if isinstance(wanted, str):
        return differs(run.task_id, wanted)
    return _run_differs(observed, run, wanted)


def _after_end(observed: Observed, wanted: Sequence[str]) -> str:
    ended = observed.execution.end
    early = [name for name in wanted for run in observed.named(name) if ended is None or run.start < ended]
    return f"{early} began before the end" if early else ""


def _loop(observed: Observed, wanted: Mapping[str, Any]) -> str:
    def parent(each: Execution) -> Any:
        return ((each.trigger or {}).get("variables") or {}).get("executionId")

    children = [each for each in observed.executions if parent(each) == observed.execution.id]
    outputs = observed.runs[0].outputs or {}
    for key in ("iterationCount", "terminatedIterations"):
        problem = differs(outputs.get(key), wanted[key], subset=True) if key in wanted else ""
        if problem:
            return f"{key}: {problem} in {shown(outputs)}"
    if "sub_executions" in wanted and len(children) != wanted["sub_executions"]:
        return f"{len(children)} sub-executions"
    for child in children if "sub_output" in wanted else ():
        found = {run.task_id: run.outputs for run in child.taskruns.values()}
        problem = differs(found, wanted["sub_output"], subset=True)
        if problem:
            return problem
    return ""


def _metrics(observed: Observed, wanted: Mapping[str, Mapping[str, float]]) -> str:
    recorded = observed.world.metrics(observed.execution.id)
    for task_id, values in wanted.items():
        for name, value in values.items():
            total = sum(m["value"] for m in recorded if m["name"] == name and m.get("taskId", task_id) == task_id)
            if total != value:
                return f"{name} is {total}"
    return ""


def _files(observed: Observed, wanted: Mapping[str, Any]) -> str:
    for path, content in wanted.items():
        problem = differs(observed.world.read(observed.execution, _uri(observed, path)), content)
        if problem:
            return problem
    return ""


def _file_items(observed: Observed, wanted: Mapping[str, Any]) -> str:
    from podium.expressions.ion_text import from_ion

    for path, items in wanted.items():
        text = observed.world.read(observed.execution, _uri(observed, path))
        try:
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError:
            found = from_ion(text, True)
        problem = differs(found, items)
        if problem:
            return problem
    return ""


def _file_lines(observed: Observed, wanted: Mapping[str, int]) -> str:
    for path, count in wanted.items():
        found = len(observed.world.read(observed.execution, _uri(observed, path)).splitlines())
        if found != count:
            return f"{path} has {found} lines"
    return ""


def _concat(observed: Observed, wanted: Mapping[str, str]) -> str:
    for path in wanted:
        parts = [observed.world.read(observed.execution, uri) for uri in _uri(observed, path)]
        source = next(value for value in observed.execution.inputs.values() if str(value).startswith("kestra://"))
        if "".join(parts) != observed.world.read(observed.execution, source):
            return "the parts together are not the input"
    return ""


def _uri(observed: Observed, path: str) -> Any:
    """The value at a path such as `task.uri` or `task.uris["a.txt"]` of the outputs."""
    parts = path.replace('["', "\0").replace('"]', "\0").split("\0")
    names = [*parts[0].split("."), *parts[1:2]]
    value: Any = {run.task_id: run.outputs for run in observed.runs}
    for name in names:
        value = value[name]
    return value


def _minimum(get: Callable[[Observed], Any]) -> Callable[[Observed, Any], str]:
    return lambda observed, wanted: "" if get(observed) >= wanted else f"{get(observed)} is less than {wanted}"


def _seconds(observed: Observed) -> float:
    end = observed.execution.histories[-1][1]
    return (end - observed.execution.start).total_seconds()


def _contained(observed: Observed, wanted: Sequence[str]) -> str:
    states = [state for state, _ in observed.execution.histories]
    missing = [state for state in wanted if state not in states]
    return f"{missing} not in {states}" if missing else ""


def _states_min(observed: Observed, wanted: Mapping[str, int]) -> str:
    states = [run.state for run in observed.runs]
    return next((f"{states}" for state, count in wanted.items() if states.count(state) < count), "")


def _same_execution(observed: Observed, wanted: bool) -> str:
    same = observed.was is not None and observed.was.id == observed.execution.id
    return "" if same == wanted else "the execution is the same" if same else "the execution is another"


def _absent(observed: Observed, wanted: Sequence[str]) -> str:
    return next((f"{name} is there" for name in wanted if observed.named(name)), "")


def _logs_absent(observed: Observed, wanted: Sequence[str]) -> str:
    return next((f"`{text}` is there" for text in wanted if any(text in line.message for line in observed.logs())), "")


def _present(observed: Observed, wanted: Sequence[str]) -> str:
    return next((f"{name} has no outputs" for name in wanted if not observed.named(name)[0].outputs), "")


def _has_keys(observed: Observed, wanted: Sequence[str]) -> str:
    return next((f"`{key}` is missing" for key in wanted if key not in observed.execution.inputs), "")


def _labels_in_order(observed: Observed, wanted: Sequence[Sequence[str]]) -> str:
    labels = [list(label) for label in observed.execution.labels if not label[0].startswith("system.")]
    return differs(labels, [list(label) for label in wanted])


def _trigger(observed: Observed, wanted: Mapping[str, Any]) -> str:
    return differs(dict(observed.execution.trigger or {}), wanted, subset=True)


_CHECKS: dict[str, Callable[[Observed, Any], str]] = {
    "state": _equal(lambda o: o.execution.state),
    "state_on_create": lambda o, wanted: differs(o.execution.histories[0][0], wanted),
    "namespace": _equal(lambda o: o.execution.namespace),
    "flowId": _equal(lambda o: o.execution.flow_id),
    "parent_id": _equal(lambda o: o.execution.parent_id),
    "same_execution_id": _same_execution,
    "history_len": _equal(lambda o: len(o.execution.histories)),
    "state_history_contains": _contained,
    "state_history_prefix": lambda o, wanted: differs([s for s, _ in o.execution.histories][: len(wanted)], wanted),
    "duration_min_s": _minimum(_seconds),
    "taskruns_count": lambda o, wanted: _complete(o, wanted),
    "taskruns_count_min": _minimum(lambda o: len(o.runs)),
    "taskruns": _taskruns,
    "taskruns_absent": _absent,
    "taskruns_in_state_min": _states_min,
    "all_taskruns_state": lambda o, wanted: next((r.task_id for r in o.runs if r.state != wanted), ""),
    "taskruns_failed_min": _minimum(lambda o: sum(1 for run in o.runs if run.state == "FAILED")),
    "last_taskrun": _last,
    "before": _before,
    "after_end_of_execution": _after_end,
    "outputs": _equal(lambda o: o.execution.outputs, subset=True),
    "taskrun_outputs": _outputs_of,
    "taskrun_outputs_exact": lambda o, wanted: _outputs_of(o, wanted, subset=False),
    "taskrun_outputs_absent": _outputs_absent,
    "taskrun_outputs_present": _present,
    "outputs_map": lambda o, wanted: differs(o.world.outputs_map(o.execution), wanted, subset=True),
    "inputs": _equal(lambda o: o.execution.inputs, subset=True),
    "inputs_has_key": _has_keys,
    "labels": _equal(lambda o: dict(o.execution.labels), subset=True),
    "labels_exact": _equal(lambda o: dict(o.execution.labels)),
    "labels_count": _equal(lambda o: len(o.execution.labels)),
    "labels_in_order": _labels_in_order,
    "trigger": _trigger,
    "logs_contain": _logs_contain,
    "logs_absent": _logs_absent,
    "logs_count": _logs_count,
    "logs_count_level": _levels,
    "logs_split_for": _split,
    "attempt_log_file": _attempt_log,
    "executions": _other_executions,
    "executions_by_name": _by_name,
    "executions_total": _equal(lambda o: len(o.executions)),
    "loop": _loop,
    "metrics": _metrics,
    "files": _files,
    "file_items": _file_items,
    "file_line_count": _file_lines,
    "concat_of": _concat,
    "namespace_files_content": lambda o, wanted: o.world.namespace_files_differ(wanted),
    "namespace_files_count": lambda o, wanted: o.world.namespace_files_count(wanted),
    "kv_expiry_between": lambda o, wanted: o.world.expiry_differs(wanted),
    **OTHER_CHECKS,
}
