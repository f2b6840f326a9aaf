"""The flow of a run as a tree: clusters, branches, rounds of loops, what was not reached; and the tab that shows it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.workbench.patience import until
from tests.workbench.recorded import Recorder, at
from tests.workbench.test_run_screen import RUN, Desk, opened, screen

from podium.engine import changes as c
from podium.engine.execution import fold
from podium.model.loader import load_flow
from podium.store.execution_records import ExecutionRecord
from podium.tasks.registry import default_registry
from podium.workbench.runs.topology import FOLD_ABOVE, Row, Topology
from podium.workbench.runs.topology_view import TopologyView

LOG = "type: io.kestra.plugin.core.log.Log, message: hi"
FLOW = "type: io.kestra.plugin.core.flow"
REGISTRY = default_registry()


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(tmp_path)
    yield made
    made.close()


def rows_of(
    source: str, recorder: Recorder, folded: dict[tuple[str, ...], bool] | None = None, *, readable: bool = True
) -> list[Row]:
    """The tree of the execution that was recorded."""
    text = f"id: etl\nnamespace: company.team\n{source}"
    loaded = load_flow(text, REGISTRY)
    assert loaded.flow is not None, loaded.diagnostics
    return Topology(loaded.flow if readable else None, fold(recorder.changes[RUN])).rows(folded or {})


def drawn(rows: list[Row]) -> list[str]:
    """Lines, fold, name, and the state or why there is none."""
    marks = {True: "▸", False: "", None: ""}
    return [
        f"{row.lead}{marks[row.fold]}{row.node.name} {row.node.state or row.node.idle or '-'}".removesuffix(" -")
        for row in rows
    ]


def begin(recorder: Recorder, **more: Any) -> None:
    recorder.create(RUN, **more)
    recorder.add(RUN, c.ExecutionMoved("RUNNING", at(0.1)))


def end(recorder: Recorder, state: str = "SUCCESS") -> None:
    recorder.add(RUN, c.ExecutionMoved(state, at(50)))


def test_a_sequence_with_a_parallel_part_on_its_way(recorder: Recorder) -> None:
    begin(recorder)
    recorder.task(RUN, "1", "a", 1, 2)
    recorder.task(RUN, "2", "p", 2)
    recorder.task(RUN, "3", "x", 2, 3, parent="2")
    recorder.task(RUN, "4", "y", 2, parent="2")
    source = f"""
tasks:
  - {{id: a, {LOG}}}
  - id: p
    {FLOW}.Parallel
    tasks:
      - {{id: x, {LOG}}}
      - {{id: y, {LOG}}}
  - {{id: z, {LOG}}}
"""
    assert drawn(rows_of(source, recorder)) == [
        "tasks", "├ a SUCCESS", "├ p RUNNING", "│ ╠ x SUCCESS", "│ ╚ y RUNNING", "╰ z",
    ]  # fmt: skip
    assert drawn(rows_of(source, recorder, {("tasks", "p"): True}))[2] == "├ ▸p RUNNING"
    assert len(rows_of(source, recorder, {("tasks", "p"): True})) == 4
    notes = [row.note for row in rows_of(source, recorder, {("tasks", "p"): True})]
    assert notes == ["", "Log", "Parallel · ✓ 1 ● 1", "Log"]


@pytest.mark.parametrize(("taken", "left"), [("then", "else"), ("else", "then")])
def test_the_branch_that_was_not_chosen(recorder: Recorder, taken: str, left: str) -> None:
    begin(recorder)
    recorder.task(RUN, "1", "if", 1)
    recorder.task(RUN, "2", f"in-{taken}", 1, 2, parent="1")
    rows = rows_of(
        f"""
tasks:
  - id: if
    {FLOW}.If
    condition: "{{{{ 1 < 2 }}}}"
    then: [{{id: in-then, {LOG}}}]
    else: [{{id: in-else, {LOG}}}]
""",
        recorder,
    )
    by_name = {row.node.name: row.node for row in rows}
    assert by_name["if"].note == "If · {{ 1 < 2 }}"
    assert by_name[f"in-{taken}"].state == "SUCCESS" and by_name[taken].note == ""
    assert by_name[f"in-{left}"].idle == "not chosen" and by_name[left].note == "not chosen"


def test_cases_defaults_errors_and_finally_are_branches_with_names(recorder: Recorder) -> None:
    begin(recorder)
    rows = rows_of(
        f"""
tasks:
  - id: choose
    {FLOW}.Switch
    value: "{{{{ flow.id }}}}"
    cases:
      one: [{{id: c1, {LOG}}}]
      two: [{{id: c2, {LOG}}}]
    defaults: [{{id: d, {LOG}}}]
    errors: [{{id: e, {LOG}}}]
    finally: [{{id: f, {LOG}}}]
errors: [{{id: all-e, {LOG}}}]
finally: [{{id: all-f, {LOG}}}]
afterExecution: [{{id: after, {LOG}}}]
""",
        recorder,
    )
    assert drawn(rows) == [
        "tasks", "╰ choose", "  ├ case one", "  │ ╰ c1", "  ├ case two", "  │ ╰ c2", "  ├ defaults", "  │ ╰ d",
        "  ├ errors", "  │ ╰ e", "  ╰ finally", "    ╰ f", "errors", "╰ all-e", "finally", "╰ all-f",
        "afterExecution", "╰ after",
    ]  # fmt: skip


def test_what_an_ended_run_did_not_reach(recorder: Recorder) -> None:
    begin(recorder)
    recorder.task(RUN, "1", "a", 1, 2, "FAILED")
    recorder.task(RUN, "2", "e", 3, 4)
    end(recorder, "FAILED")
    source = f"""
tasks:
  - {{id: a, {LOG}}}
  - id: b
    {FLOW}.Sequential
    tasks: [{{id: c, {LOG}}}]
  - {{id: off, {LOG}, disabled: true}}
errors: [{{id: e, {LOG}}}]
finally: [{{id: f, {LOG}}}]
"""
    assert drawn(rows_of(source, recorder)) == [
        "tasks", "├ a FAILED", "├ b not reached", "│ ╰ c not reached", "╰ off disabled", "errors", "╰ e SUCCESS",
        "finally", "╰ f not reached",
    ]  # fmt: skip


def test_errors_of_a_run_that_went_well_were_not_needed(recorder: Recorder) -> None:
    begin(recorder)
    recorder.task(RUN, "1", "a", 1, 2)
    end(recorder)
    rows = rows_of(f"tasks: [{{id: a, {LOG}}}]\nerrors: [{{id: e, {LOG}}}]\n", recorder)
    assert rows[2].note == "if a task fails · not needed" and rows[3].node.idle == "not needed"


@pytest.mark.parametrize(("limit", "line", "end_line"), [(1, "├", "╰"), (2, "╠", "╚"), (0, "╠", "╚")])
def test_a_loop_has_a_row_for_each_value(recorder: Recorder, limit: int, line: str, end_line: str) -> None:
    begin(recorder)
    recorder.task(RUN, "1", "each", 1)
    recorder.add(RUN, c.Expanded("1", ("north", "south")))
    recorder.task(RUN, "2", "one", 1, 2, parent="1", value="north", iteration=0)
    recorder.task(RUN, "3", "two", 2, parent="1", value="north", iteration=0)
    source = f"""
tasks:
  - id: each
    {FLOW}.ForEach
    values: [north, south]
    concurrencyLimit: {limit}
    tasks:
      - {{id: one, {LOG}}}
      - {{id: two, {LOG}}}
"""
    inner = "│" if line == "├" else "║"
    assert drawn(rows_of(source, recorder)) == [
        "tasks", "╰ each RUNNING", f"  {line} [north] RUNNING", f"  {inner} ├ one SUCCESS", f"  {inner} ╰ two RUNNING",
        f"  {end_line} [south]", "    ├ one", "    ╰ two",
    ]  # fmt: skip


def test_a_loop_over_one_task_has_one_row_per_value_and_is_folded_when_long(recorder: Recorder) -> None:
    begin(recorder)
    recorder.task(RUN, "1", "each", 1)
    count = FOLD_ABOVE + 1
    recorder.add(RUN, c.Expanded("1", tuple(str(number) for number in range(count))))
    recorder.task(RUN, "2", "say", 1, 2, parent="1", value="0", iteration=0)
    recorder.task(RUN, "3", "say", 2, 3, "FAILED", parent="1", value="1", iteration=1)
    source = f"tasks:\n  - id: each\n    {FLOW}.ForEach\n    values: x\n    tasks: [{{id: say, {LOG}}}]\n"
    rows = rows_of(source, recorder)
    assert drawn(rows) == ["tasks", "╰ ▸each RUNNING"] and rows[1].note == "ForEach · 31 values · ✓ 1 ✗ 1"
    rows = rows_of(source, recorder, {("tasks", "each"): False})
    assert drawn(rows)[2:5] == ["  ├ say [0] SUCCESS", "  ├ say [1] FAILED", "  ├ say [2]"]
    assert len(rows) == 2 + count


def test_a_dag_stands_in_the_order_of_its_dependencies(recorder: Recorder) -> None:
    begin(recorder)
    rows = rows_of(
        f"""
tasks:
  - id: dag
    {FLOW}.Dag
    tasks:
      - task: {{id: report, {LOG}}}
        dependsOn: [load, clean]
      - task: {{id: clean, {LOG}}}
        dependsOn: [load]
      - task: {{id: load, {LOG}}}
""",
        recorder,
    )
    assert [(row.lead, row.node.name, row.note) for row in rows[2:]] == [
        ("  ╠ ", "load", "Log"), ("  ╠ ", "clean", "after load · Log"), ("  ╚ ", "report", "after load, clean · Log"),
    ]  # fmt: skip


def test_triggers_and_the_one_that_started_the_run(recorder: Recorder) -> None:
    begin(recorder, trigger={"id": "nightly", "type": "io.kestra.plugin.core.trigger.Schedule"})
    rows = rows_of(
        f"""
triggers:
  - {{id: nightly, type: io.kestra.plugin.core.trigger.Schedule, cron: "@daily"}}
  - {{id: hook, type: io.kestra.plugin.core.trigger.Webhook, key: abcdefgh, disabled: true}}
tasks: [{{id: a, {LOG}}}]
""",
        recorder,
    )
    assert [(row.lead, row.node.name, row.note, row.node.idle) for row in rows[:3]] == [
        ("", "triggers", "", ""), ("├ ", "nightly", "Schedule · @daily · started this run", ""),
        ("╰ ", "hook", "Webhook", "disabled"),
    ]  # fmt: skip


def test_a_text_that_cannot_be_read_leaves_the_task_runs(recorder: Recorder) -> None:
    begin(recorder)
    recorder.task(RUN, "1", "a", 1, 2)
    recorder.task(RUN, "2", "b", 2)
    recorder.task(RUN, "3", "c", 2, parent="2")
    source = f"tasks: [{{id: a, {LOG}}}]\n"
    lines = ["├ a SUCCESS", "╰ b RUNNING", "  ╰ c RUNNING"]
    assert drawn(rows_of(source, recorder, readable=False)) == ["tasks", *lines]
    # And one that is another one by now shows what it does not have.
    assert drawn(rows_of(source, recorder)) == [
        "tasks", "╰ a SUCCESS", "other task runs", "╰ b RUNNING", "  ╰ c RUNNING",
    ]  # fmt: skip


def test_clusters_in_clusters_without_an_end(recorder: Recorder) -> None:
    """Deeper than Python may call itself: what was recorded sets the depth, not the flow."""
    begin(recorder)
    recorder.task(RUN, "0", "t0", 1)
    changes = [c.TaskRunCreated(str(n), f"t{n}", at(1), parent=str(n - 1)) for n in range(1, 3000)]
    recorder.changes[RUN] += changes
    rows = rows_of(f"tasks: [{{id: t0, {LOG}}}]\n", recorder, readable=False)
    assert len(rows) == 3001


SHOWN = f"""id: etl
namespace: company.team

tasks:
  - {{id: first, {LOG}}}
  - {{id: sub, {FLOW}.Subflow, namespace: company.team, flowId: child}}
  - {{id: last, {LOG}}}
"""


async def test_the_tab_follows_the_run_and_leads_on(recorder: Recorder) -> None:
    begin(recorder, source=SHOWN)
    recorder.task(RUN, "1", "first", 1, 2)
    recorder.log(RUN, "1", "first", "log", 1, "of the first task")
    async with Desk(recorder).run_test(size=(100, 36)) as pilot:
        app = await opened(pilot)
        await pilot.press("T")
        await until(pilot, lambda: "├ ✓ first" in app.grid() and "╰ · last" in app.grid())
        assert app.focused is screen(app).query_one(TopologyView)
        recorder.task(RUN, "2", "sub", 2)
        recorder.add(RUN, c.ChildLinked("2", "0Child00000", None))
        await until(pilot, lambda: "├ ● sub" in app.grid())
        await pilot.press("down")
        await until(pilot, lambda: "o Its execution" in app.grid().splitlines()[-1])
        await pilot.press("o")
        await until(pilot, lambda: app.heard[-1:] == ["0Child00000"])
        await pilot.press("down")
        await until(pilot, lambda: "o Its execution" not in app.grid().splitlines()[-1])
        await pilot.press("d")
        await until(pilot, lambda: screen(app).tab == "flow")
        await pilot.press("T", "home", "down", "enter")
        await until(pilot, lambda: screen(app).tab == "log" and "Log tasks ─ first" in app.grid())
        recorder.task(RUN, "3", "last", 5, 6)
        end(recorder)
        await pilot.press("T")
        await until(pilot, lambda: "╰ ✓ last" in app.grid())


async def test_a_change_of_the_size_and_the_lower_part_alone(recorder: Recorder) -> None:
    begin(recorder, source=SHOWN)
    async with Desk(recorder).run_test(size=(160, 45)) as pilot:
        app = await opened(pilot)
        await pilot.press("T")
        await until(pilot, lambda: "╰ · last" in app.grid())
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "╰ · last" in app.grid() and "│ Topology │ Metrics │ Env │ Flow" in app.grid())
        await pilot.press("z")
        await until(pilot, lambda: "1 Tasks" not in app.grid())
        await pilot.press("1")
        await until(pilot, lambda: "1 Tasks" in app.grid())


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
def test_the_picture_of_the_topology(recorder: Recorder, size: tuple[int, int], snap_compare: object) -> None:
    source = f"""id: etl
namespace: company.team
tasks:
  - {{id: first, {LOG}}}
  - id: each
    {FLOW}.ForEach
    values: [north, south]
    concurrencyLimit: 0
    tasks:
      - {{id: load, {LOG}}}
      - {{id: check, {LOG}}}
  - id: which
    {FLOW}.If
    condition: "{{{{ outputs.first.ok }}}}"
    then: [{{id: yes_, {LOG}}}]
    else: [{{id: no_, {LOG}}}]
errors: [{{id: alarm, {LOG}}}]
"""
    begin(recorder, source=source)
    recorder.task(RUN, "1", "first", 1, 2)
    recorder.task(RUN, "2", "each", 2)
    recorder.add(RUN, c.Expanded("2", ("north", "south")))
    recorder.task(RUN, "3", "load", 2, 3, parent="2", value="north", iteration=0)
    recorder.task(RUN, "4", "load", 2, 4, "FAILED", parent="2", value="south", iteration=1)
    recorder.task(RUN, "5", "check", 3, 9, parent="2", value="north", iteration=0)
    recorder.add(RUN, c.TaskRunMoved("2", "FAILED", at(9)))
    recorder.task(RUN, "6", "alarm", 9, 10)
    end(recorder, "FAILED")
    assert ExecutionRecord(recorder.workspace.execution(RUN)).exists()

    async def prepare(pilot: Any) -> None:
        app = await opened(pilot)
        await pilot.press("T")
        await until(pilot, lambda: "├ ✓ first" in app.grid() and "FAILED" in app.grid().splitlines()[0])
        await until(pilot, lambda: "✗ load [south]" in app.grid().splitlines()[1])

    assert callable(snap_compare)
    assert snap_compare(Desk(recorder), run_before=prepare, terminal_size=size)
