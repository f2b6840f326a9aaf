"""Why a run failed: the message, the task, what was printed before, and the line of code it points to."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from podium.base.text import clean, without_colours
from podium.engine.execution import Execution
from podium.store.log_filter import AT_FIRST, LogFilter
from podium.store.log_index import LogIndex, LogSelection
from podium.store.logs import LogLine
from podium.workbench.runs.task_rows import first_failure, title_of

_KEPT = 40
"""Lines of the failed task run that are looked at."""
_SHOWN = 6

_PLACES = (
    re.compile(r'File "(?P<path>[^"\n]+)", line (?P<line>\d+)'),  # Python
    re.compile(r"\(?(?P<path>[^\s():]+\.(?:js|mjs|cjs|ts)):(?P<line>\d+):\d+\)?"),  # Node
    re.compile(r"(?P<path>[^\s:]+\.(?:sh|bash)): line (?P<line>\d+)"),  # shells
    re.compile(r"(?P<path>[^\s:()\"']+\.(?:py|rb|R|r|pl|lua|php|sql|go)):(?P<line>\d+)"),
)


@dataclass(frozen=True, slots=True)
class CodePlace:
    """A line of a file of the workspace, counted from 1."""

    path: Path
    line: int


@dataclass(frozen=True, slots=True)
class Failure:
    """What to show of a failed run. `lines` are the last ones before the end, without the message itself."""

    message: str
    task: str | None
    taskrun_id: str | None
    lines: tuple[str, ...] = ()
    place: CodePlace | None = None


def failure_of(execution: Execution, log: Path, folder: Path | None) -> Failure | None:
    """Why `execution` failed, None when it did not. `folder` holds the files of its namespace.

    Reads the log, so it is called off the screen's thread.
    """
    if execution.state != "FAILED":
        return None
    run = first_failure(execution)
    lines = _last_lines(log, None if run is None else run.id)
    said = next((line for line in reversed(lines) if line.source == "log" and line.level == "ERROR"), None)
    message = execution.error or (without_colours(said.message) if said is not None else "")
    if not message:
        message = lines[-1].message if lines else "The log says nothing about the reason."
    printed = [line for line in lines if line is not said and without_colours(line.message) != message]
    rows = [row for line in printed for row in without_colours(line.message).split("\n")]
    place = None if folder is None else code_place([*rows, *message.split("\n")], folder)
    return Failure(
        message=message,
        task=None if run is None else title_of(run),
        taskrun_id=None if run is None else run.id,
        lines=tuple(clean(row) for row in rows[-_SHOWN:] if row.strip()),
        place=place,
    )


def _last_lines(log: Path, taskrun_id: str | None) -> list[LogLine]:
    index = LogIndex(log)
    try:
        index.refresh()
        chosen = AT_FIRST
        if taskrun_id is not None:
            chosen = replace(chosen, task_runs=frozenset({taskrun_id}))
        selection = LogSelection(index, chosen)
        selection.refresh()
        if not len(selection):
            selection = LogSelection(index, LogFilter(level="WARN"))
            selection.refresh()
        count = len(selection)
        return [index.shown(selection.lines[row]).line for row in range(max(count - _KEPT, 0), count)]
    except OSError:
        return []
    finally:
        index.close()


def code_place(rows: Sequence[str], folder: Path) -> CodePlace | None:
    """The last line of code that `rows` name and that is a file in `folder`.

    Scripts run in a working directory of their own with copies of the namespace's files: of a path the longest end
    that exists in the folder is meant.
    """
    for row in reversed(rows):
        for pattern in _PLACES:
            for match in reversed(list(pattern.finditer(row))):
                path = _in_folder(match["path"], folder)
                if path is not None:
                    return CodePlace(path, int(match["line"]))
    return None


def _in_folder(named: str, folder: Path) -> Path | None:
    parts = [part for part in Path(named).parts if part not in ("/", ".", "..")]
    for first in range(len(parts)):
        candidate = folder.joinpath(*parts[first:])
        if candidate.is_file() and candidate.resolve().is_relative_to(folder.resolve()):
            return candidate
    return None
