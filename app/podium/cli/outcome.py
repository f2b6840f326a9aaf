"""What came of an execution: its outputs as a tree that can be asked, and what went wrong."""

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from podium.base.text import clean, shorten
from podium.cli.lanes import LogTail
from podium.cli.output import Console, plain_value
from podium.engine.execution import Execution, TaskRun
from podium.engine.plan import Plan
from podium.engine.variables import Variables
from podium.model.flow import Flow
from podium.store.log_filter import AT_FIRST
from podium.store.logs import LogLine

_PART = re.compile(
    r"""\.?(?P<name>[^.\[\]'"\s]+)|\[\s*(?P<index>-?\d+)\s*\]|\[\s*'(?P<single>[^']*)'\s*\]|\[\s*"(?P<double>[^"]*)"\s*\]"""
)
_MOST_LINES = 8
_MOST_FAILURES = 3
_WIDEST_VALUE = 200


def task_outputs(execution: Execution) -> dict[str, Any]:
    """`outputs` as expressions see them: by task, below a loop by value."""
    empty = Plan(Flow(execution.flow_id, execution.namespace))
    return Variables(empty, execution, {}).outputs


def value_at(outputs: Mapping[str, Any], path: str) -> Any:
    """The value at `task.vars.rows` or `task['a value'].uri`; `outputs.` in front may be there.

    Raises KeyError with a sentence that says what there is instead.
    """
    value: Any = outputs
    seen = ""
    parts = list(_parts(path))
    if parts and parts[0] == "outputs" and "outputs" not in outputs:
        parts = parts[1:]
    for part in parts:
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif (
            isinstance(value, (list, tuple)) and re.fullmatch(r"-?\d+", part) and -len(value) <= int(part) < len(value)
        ):
            value = value[int(part)]
        else:
            where = f"`{seen}`" if seen else "the outputs"
            raise KeyError(f"there is no `{part}` in {where}; {_inside(value)}.")
        seen = f"{seen}.{part}" if seen else part
    return value


def _parts(path: str) -> Iterator[str]:
    at = 0
    while at < len(path):
        match = _PART.match(path, at)
        if match is None:
            raise KeyError(f"`{path}` is no path: write it as `task.vars.rows` or `task['a value'].uri`.")
        yield next(group for group in match.groups() if group is not None)
        at = match.end()


def _inside(value: Any) -> str:
    if isinstance(value, Mapping) and value:
        return f"there is {', '.join(map(str, list(value)[:12]))}{' …' if len(value) > 12 else ''}"
    if isinstance(value, (list, tuple)):
        return f"it is a list of {len(value)}"
    return "it is empty" if isinstance(value, Mapping) else f"it is {shorten(shown_value(value), 40)}"


def shown_value(value: Any) -> str:
    """A value in a line: text as it is, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=plain_value)


def print_outputs(outputs: Mapping[str, Any], console: Console) -> None:
    """Outputs as indented lines; long ones are cut on a terminal, and say how long they are."""
    for depth, name, value in _leaves(outputs, 1):
        if value is None:
            console.line("  " * depth + clean(name))
            continue
        text = shown_value(value)
        if console.terminal and len(text) > _WIDEST_VALUE:
            text = f"{clean(text[:_WIDEST_VALUE])}… ({len(text)} characters)"
        console.line("  " * depth + f"{console.style(clean(name), 'dim')}  {clean(text)}")


def _leaves(outputs: Mapping[str, Any], depth: int) -> Iterator[tuple[int, str, Any]]:
    for name, value in outputs.items():
        if isinstance(value, Mapping):
            if value:
                yield depth, str(name), None
                yield from _leaves(value, depth + 1)
        elif value is not None:
            yield depth, str(name), value


# ---- what went wrong -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that failed, and the lines of the log that say why."""

    title: str
    lines: Sequence[str]


def failures(execution: Execution, log: Path) -> Sequence[Failure]:
    """The task runs that failed by themselves, first failure first, and the error of the execution itself."""
    found = [] if execution.error is None else [Failure("The execution failed", execution.error.splitlines())]
    if execution.state not in ("FAILED", "KILLED", "RETRIED", "WARNING"):
        return found
    failed = [run for run in execution.taskruns.values() if run.state == "FAILED"]
    inner = {run.parent for run in failed}
    causes = [run for run in failed if run.id not in inner]
    last_lines = _last_lines(log, {run.id for run in causes[:_MOST_FAILURES]})
    for run in causes[:_MOST_FAILURES]:
        found.append(Failure(_title(run), last_lines[run.id]))
    if len(causes) > _MOST_FAILURES:
        found.append(Failure(f"{len(causes) - _MOST_FAILURES} more task runs failed", ()))
    return found


def _title(run: TaskRun) -> str:
    value = f"[{clean(run.value)}]" if run.value is not None else ""
    tries = f" after {len(run.attempts)} attempts" if len(run.attempts) > 1 else ""
    return f"{clean(run.task_id)}{value} failed{tries}"


def _last_lines(log: Path, taskruns: set[str]) -> dict[str, list[str]]:
    """What each task run said last: its errors, or when it has none its last words."""
    said: dict[str, deque[LogLine]] = {one: deque(maxlen=_MOST_LINES) for one in taskruns}
    errors: dict[str, deque[LogLine]] = {one: deque(maxlen=_MOST_LINES) for one in taskruns}
    if taskruns:
        tail = LogTail(log, replace(AT_FIRST, task_runs=frozenset(taskruns)))
        tail.refresh()
        tail.skip_to_last(2000)
        for line in tail.new():
            if line.task_run_id in said:
                said[line.task_run_id].append(line)
                if line.level == "ERROR":
                    errors[line.task_run_id].append(line)
        tail.close()
    return {
        one: [row for line in (errors[one] or said[one]) for row in line.message.split("\n")][-_MOST_LINES * 2 :]
        for one in taskruns
    }
