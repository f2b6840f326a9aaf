"""The parts of a run's screen without a screen: rows of tasks, bars of time, values, the reason of a failure."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.workbench.recorded import FAILING, Recorder, at, failed_run

from podium.engine import changes as c
from podium.engine.execution import Execution
from podium.store.logs import LogLine, LogWriter
from podium.tasks.registry import default_registry
from podium.workbench.runs.failure import code_place, failure_of
from podium.workbench.runs.gantt import Scale
from podium.workbench.runs.run_desk import RunDesk
from podium.workbench.runs.task_rows import FOLD_ABOVE, Bar, TaskRows, first_failure
from podium.workbench.runs.trial import Trials
from podium.workbench.runs.values import Value, path_of, values_of


def execution() -> Execution:
    return Execution(c.ExecutionCreated("a", "company.team", "etl", at(0)))


def names(rows: TaskRows) -> list[str]:
    return [("  " * row.depth) + row.name for row in rows.rows]


def test_rows_are_nested_and_kept_up_change_by_change() -> None:
    rows = TaskRows(execution())
    assert rows.rows == []
    rows.apply(c.TaskRunCreated("p", "each", at(1)))
    rows.apply(c.TaskRunCreated("x", "step", at(2), "p", "north", 0))
    rows.apply(c.TaskRunCreated("y", "step", at(3), "p", None, 1))
    rows.apply(c.TaskRunCreated("z", "last", at(4)))
    assert names(rows) == ["each", "  step [north]", "  step #2", "last"]
    rows.toggle(rows.rows[0])
    assert names(rows) == ["each", "last"] and rows.rows[0].fold is True
    assert rows.reveal("y") == 2 and names(rows)[2] == "  step #2"
    rows.apply(c.TaskRunsRemoved(("x", "nothing")))
    assert names(rows) == ["each", "  step #2", "last"]


def test_attempts_have_rows_when_there_is_more_than_one() -> None:
    rows = TaskRows(execution())
    rows.apply(c.TaskRunCreated("r", "load", at(1)))
    rows.apply(c.AttemptStarted("r", at(2)))
    assert rows.rows[0].fold is None
    rows.apply(c.AttemptEnded("r", "FAILED", at(3)))
    rows.apply(c.TaskRunMoved("r", "RETRYING", at(3)))
    rows.apply(c.AttemptStarted("r", at(5)))
    rows.apply(c.AttemptEnded("r", "SUCCESS", at(6)))
    rows.toggle(rows.rows[0])
    assert [(row.name, row.state) for row in rows.rows[1:]] == [("attempt 1", "FAILED"), ("attempt 2", "SUCCESS")]
    bars = [(bar.waiting, bar.start, bar.end) for bar in rows.rows[0].bars()]
    assert bars[:3] == [(True, at(1), at(2)), (False, at(2), at(3)), (True, at(3), at(5))]


def test_large_groups_are_folded_at_first() -> None:
    rows = TaskRows(execution())
    rows.apply(c.TaskRunCreated("p", "each", at(1)))
    for number in range(FOLD_ABOVE + 1):
        rows.apply(c.TaskRunCreated(f"r{number}", "step", at(2), "p", str(number), number))
    assert names(rows) == ["each"]


def test_the_deepest_first_failure_is_the_one_to_look_at() -> None:
    ex = execution()
    for change in (
        c.TaskRunCreated("p", "each", at(1)),
        c.TaskRunCreated("x", "a", at(2), "p"),
        c.TaskRunCreated("y", "b", at(2), "p"),
        c.TaskRunMoved("y", "FAILED", at(3)),
        c.TaskRunMoved("x", "FAILED", at(4)),
        c.TaskRunMoved("p", "FAILED", at(5)),
    ):
        ex.apply(change)
    found = first_failure(ex)
    assert found is not None and found.id == "y"


@pytest.mark.parametrize(
    ("bars", "drawn"),
    [
        ([Bar(at(0), at(5), "SUCCESS")], "█████     "),
        ([Bar(at(5), None, "RUNNING")], "     █████"),
        ([Bar(at(0), at(4), "CREATED", waiting=True), Bar(at(4), at(6.5), "SUCCESS")], "····██▌   "),
        ([Bar(at(3), at(3), "SUCCESS")], "   ▏      "),
        ([Bar(at(10), at(10), "FAILED")], "         ▏"),
        ([], "          "),
    ],
)
def test_bars(bars: list[Bar], drawn: str) -> None:
    stretches = Scale(at(0), at(10), 10).bar(bars)
    assert "".join(part.text for part in stretches) == drawn


@pytest.mark.parametrize(
    ("seconds", "width", "axis"),
    [(10, 40, "0s                  5s"), (0, 40, ""), (10, 8, ""), (7200, 30, "0s             1h 00m")],
)
def test_the_axis_has_as_many_marks_as_fit(seconds: float, width: int, axis: str) -> None:
    text = Scale(at(0), at(0) + timedelta(seconds=seconds), width).axis()
    assert text.rstrip() == axis.replace(" 00m", "") and len(text) in (0, width)


@pytest.mark.parametrize(
    ("path", "expression"),
    [
        (("outputs", "a", "b"), "outputs.a.b"),
        (("outputs", "my-task", "x y", 0), "outputs['my-task']['x y'][0]"),
        (("outputs", "in", "it's"), "outputs['in']['it\\'s']"),
        (("outputs", "each", "1"), "outputs.each['1']"),
    ],
)
def test_paths_are_expressions(path: tuple[Any, ...], expression: str) -> None:
    assert path_of(path) == expression


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"), ("", '""'), (True, "true"), (1.5, "1.5"), ({}, "{}"), ([], "[]"), ({"a": 1}, "1 key"),
        ([1, 2], "2 items"), ("two\nrows", "two rows"),
    ],
)  # fmt: skip
def test_values_in_one_row(value: Any, shown: str) -> None:
    assert Value(("x",), value).shown() == shown


def test_every_expression_of_the_tree_gives_its_value(tmp_path: Path) -> None:
    """The path that is copied, evaluated with the run, is the value that was shown: for all of them."""
    recorder = Recorder(tmp_path)
    failed_run(recorder)
    stores = recorder.stores
    desk = RunDesk(stores, default_registry(), None, None, None, None, None)  # type: ignore[arg-type]  # only reads flows
    record = stores.record("0VQZabcd1111")
    flow, ex = desk.read_flow(FAILING), record.load().execution
    assert flow is not None
    trials = Trials(stores, ex, flow)
    pending = values_of(ex, flow)
    seen = 0
    while pending:
        value = pending.pop()
        pending += value.children()
        trial = trials.evaluate(value.expression)
        assert trial.error is None and trial.result == value.text, value.expression
        seen += 1
    assert seen > 20
    recorder.close()


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        (['File "/tmp/w/scripts/load.py", line 12, in f'], ("scripts/load.py", 12)),
        (['File "/usr/lib/python3/json.py", line 3', 'File "/tmp/w/scripts/load.py", line 7'], ("scripts/load.py", 7)),
        (["    at main (/tmp/w/app.js:4:11)"], ("app.js", 4)),
        (["run.sh: line 9: nope: command not found"], ("run.sh", 9)),
        (["scripts/load.py:5: SyntaxError"], ("scripts/load.py", 5)),
        (['File "/etc/passwd", line 1', 'File "../../outside.py", line 1'], None),
        (["nothing here"], None),
    ],
)
def test_a_traceback_leads_to_a_file_of_the_namespace(
    tmp_path: Path, rows: list[str], place: tuple[str, int] | None
) -> None:  # fmt: skip
    folder = tmp_path / "ns"
    (folder / "scripts").mkdir(parents=True)
    for name in ("scripts/load.py", "app.js", "run.sh", "../outside.py"):
        (folder / name).write_text("")
    found = code_place(rows, folder)
    assert (None if found is None else (str(found.path.relative_to(folder)), found.line)) == place


def test_a_failure_without_a_log_has_the_message_of_the_execution(tmp_path: Path) -> None:
    ex = execution()
    assert failure_of(ex, tmp_path / "log.jsonl", None) is None
    ex.apply(c.ExecutionFailed("The runner ended."))
    ex.apply(c.ExecutionMoved("FAILED", at(1)))
    found = failure_of(ex, tmp_path / "log.jsonl", None)
    assert found is not None and (found.message, found.task, found.lines) == ("The runner ended.", None, ())
    with LogWriter(tmp_path / "log.jsonl") as log:
        log.write(LogLine("log", "WARN", None, None, 0, 1767225600000, "a warning before"))
    found = failure_of(ex, tmp_path / "log.jsonl", None)
    assert found is not None and found.lines == ("a warning before",)
