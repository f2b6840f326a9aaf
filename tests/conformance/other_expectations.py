"""The rarer `expect` keys: relations between outputs, encrypted values, children, storage, what triggers made."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matching import differs, shown

if TYPE_CHECKING:
    from expectations import Observed


def _logs_none_for(observed: "Observed", wanted: Sequence[str]) -> str:
    found = [line.message for line in observed.logs() if line.task_id in wanted]
    return f"lines {shown(found)}" if found else ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from _texts(item)


def _output(observed: "Observed", path: str) -> Any:
    """The outputs of `task`, or one of them for `task.name`."""
    task_id = max((run.task_id for run in observed.runs if path.startswith(run.task_id)), key=len, default=None)
    if task_id is None:
        raise LookupError(f"no task run for {path}")
    value: Any = observed.named(task_id)[0].outputs
    for name in path.removeprefix(task_id).strip(".").split("."):
        if name:
            value = value[name]
    return value


def _relations(observed: "Observed", wanted: Sequence[Any]) -> str:
    """Each entry names the task run whose text contains, then the one whose output is contained."""
    for entry in wanted:
        names = [text for text in _texts(entry) if any(text.startswith(run.task_id) for run in observed.runs)]
        if len(names) != 2:
            return f"the runner does not know what {shown(entry)} relates"
        whole = " ".join(_texts(_output(observed, names[0])))
        parts = list(_texts(_output(observed, names[1])))
        if not parts or not any(part in whole for part in parts):
            return f"{names[0]} {shown(whole)} has nothing of {shown(parts)}"
    return ""


def _decrypts(observed: "Observed", wanted: Mapping[str, Any]) -> str:
    """What expressions see of outputs that are kept encrypted."""
    for path, clear in wanted.items():
        problem = differs(observed.world.clear(_output(observed, path)), clear, subset=True)
        if problem:
            return f"{path}: {problem}"
    return ""


def _child_labels(observed: "Observed", wanted: Any) -> str:
    pairs = wanted if isinstance(wanted, Mapping) else {label["key"]: label["value"] for label in wanted}
    return differs(dict(observed.world.child(observed.execution.id).labels), pairs, subset=True)


def _storage_unchanged(observed: "Observed", wanted: Any) -> str:
    """True: what the case has put there; a map: these contents, of namespaces or of URIs in outputs."""
    if wanted is True:
        return observed.world.setup_files_differ()
    nested = {key: value for key, value in wanted.items() if isinstance(value, Mapping)}
    problem = str(observed.world.namespace_files_differ(nested))
    for path, content in wanted.items():
        if not problem and path not in nested:
            problem = differs(observed.world.read(observed.execution, _output(observed, path)), content)
    return problem


def _executions_each(observed: "Observed", wanted: Mapping[str, Any]) -> str:
    """Every execution that a trigger has started."""
    for each in observed.executions:
        if each.trigger is not None:
            facts = {"state": each.state, "inputs": dict(each.inputs), "labels": dict(each.labels),
                     "flowId": each.flow_id, "namespace": each.namespace, "outputs": each.outputs,
                     "trigger": dict(each.trigger)}  # fmt: skip
            problem = differs(facts, wanted, subset=True)
            if problem:
                return problem
    return ""


def _distinct_dates(observed: "Observed", wanted: int) -> str:
    dates = {((each.trigger or {}).get("variables") or {}).get("date") for each in observed.executions} - {None}
    return "" if len(dates) >= wanted else f"{len(dates)} dates"


def _nth_date(observed: "Observed", wanted: Mapping[str, Any]) -> str:
    """Dates of the executions that a trigger has started, counted from 1 in their order."""
    variables = [(each.trigger or {}).get("variables") or {} for each in observed.executions if each.trigger]
    dates = {str(at): one.get("date") for at, one in enumerate(variables, 1)}
    return differs(dates, {str(at): date for at, date in wanted.items()}, subset=True)


def _trigger_variables(observed: "Observed") -> Mapping[str, Any]:
    return dict((observed.execution.trigger or {}).get("variables") or {})


def _variables_absent(observed: "Observed", wanted: Sequence[str]) -> str:
    found = [name for name in wanted if _trigger_variables(observed).get(name) is not None]
    return f"there is {found}" if found else ""


OTHER_CHECKS: dict[str, Callable[["Observed", Any], str]] = {
    "logs_none_for": _logs_none_for,
    "relations": _relations,
    "decrypts": _decrypts,
    "child_labels": _child_labels,
    "storage_unchanged": _storage_unchanged,
    "namespace_files": lambda o, wanted: o.world.namespace_listing_differs(wanted),
    "executions_each": _executions_each,
    "executions_distinct_dates_min": _distinct_dates,
    "executions_nth_date": _nth_date,
    "trigger_state": lambda o, wanted: o.world.triggers.states_differ(wanted),
    "executions_count": lambda o, wanted: differs(len(o.executions), wanted),
    "trigger_variables": lambda o, wanted: differs(_trigger_variables(o), wanted, subset=True),
    "trigger_variables_absent": _variables_absent,
    "inputs_count": lambda o, wanted: differs(len(o.execution.inputs), wanted),
    "last_state": lambda o, wanted: differs(o.execution.state, wanted),
    "revision": lambda o, wanted: differs(o.execution.revision, wanted),
    "exists": lambda o, wanted: differs(o.world.exists(o.execution.id), wanted),
    "logs_count_min_level": lambda o, wanted: o.levels_differ(wanted),
}
