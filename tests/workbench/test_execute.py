"""Starting flows: at once, or with a form for their inputs."""

import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.workbench.desk import grid, make_workspace, workbench
from tests.workbench.patience import until
from textual.pilot import Pilot
from textual.widgets import Input as TextInput
from textual.widgets import Select, SelectionList, TextArea

from podium.model.flow import Flow, Input
from podium.model.loader import load_flow
from podium.tasks.registry import default_registry
from podium.workbench.app import PodiumApp
from podium.workbench.runs.command_text import run_command
from podium.workbench.runs.execute_screen import ExecuteScreen
from podium.workbench.runs.last_inputs import keep_last, read_last

FORM = """\
id: form
namespace: company.team

inputs:
  - {id: name, type: STRING, displayName: Your name, description: Who is greeted.}
  - {id: count, type: INT, min: 1, max: 5, defaults: 2}
  - {id: loud, type: BOOL, required: false}
  - {id: size, type: SELECT, values: [small, large]}
  - {id: tags, type: MULTISELECT, values: [red, green, blue], required: false}
  - {id: day, type: DATE, required: false}
  - {id: token, type: SECRET, required: false}
  - {id: data, type: JSON, required: false}
  - id: why
    type: STRING
    dependsOn:
      inputs: [size]
      condition: "{{ inputs.size == 'large' }}"

checks:
  - condition: "{{ inputs.name != 'Nobody' }}"
    message: Nobody cannot be greeted.
    behavior: BLOCK_EXECUTION

tasks:
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: "Hello {{ inputs.name }} {{ inputs.count }}"
"""
PLAIN = """\
id: plain
namespace: company.team

tasks:
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: Hello
"""


def desk(root: Path) -> PodiumApp:
    app = workbench(make_workspace(root, {"flows/form.yaml": FORM, "flows/plain.yaml": PLAIN}), "flows/form.yaml")
    app.started: list[tuple[Mapping[str, Any], Any]] = []  # type: ignore[attr-defined, misc]

    def start(new: Any) -> Any:
        created = app.bench.executions.creation.create(new)
        app.started.append((dict(new.inputs), tuple(new.labels)))  # type: ignore[attr-defined]
        return created

    app.bench.executions.start = start  # type: ignore[method-assign]  # no runner: only what is asked of it
    return app


async def opened(pilot: Pilot[None], app: PodiumApp) -> ExecuteScreen:
    await until(pilot, lambda: app.main.editor.current is not None)
    await pilot.press("f5")
    await until(pilot, lambda: isinstance(app.screen, ExecuteScreen) and _complete(app.screen))
    assert isinstance(app.screen, ExecuteScreen)
    return app.screen


_FIELDS_AT_FIRST = 8
"""All of the form but `why`, which waits for another."""


def _complete(screen: ExecuteScreen) -> bool:
    """All fields are there and ready: one that is mounted later would take back a value that is set before."""
    parts = [list(each.query("*")) for each in screen._fields.values()]
    return len(parts) >= _FIELDS_AT_FIRST and all(some and all(one.is_mounted for one in some) for some in parts)


def field(screen: ExecuteScreen, name: str, kind: type[Any]) -> Any:
    return screen._fields[name].query_one(kind)


async def test_a_flow_without_inputs_starts_at_once_and_is_on_the_screen(tmp_path: Path) -> None:
    app = desk(tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.main.editor.current is not None)
        app.main.execute("company.team", "plain")
        await until(pilot, lambda: ("3 Runs of plain" in grid(app) and "○ starting" in grid(app)) or app.started)  # type: ignore[attr-defined]
        await until(pilot, lambda: app.started == [({}, ())])  # type: ignore[attr-defined]
        await until(pilot, lambda: app.main.runs.selected is not None and app.main.runs.selected.id)
        assert app.main.runs.table.row_count == 1


async def test_the_form_knows_all_types_and_shows_what_is_needed(tmp_path: Path) -> None:
    app = desk(tmp_path)
    async with app.run_test(size=(120, 50)) as pilot:
        screen = await opened(pilot, app)
        await until(pilot, lambda: "2 inputs to look at" in grid(app) and "missing required" not in grid(app))
        shown = grid(app)
        assert "Execute company.team.form" in shown and "Your name name  needed  string" in shown
        assert "count  int ≥ 1 ≤ 5" in shown and "2  (default)" in shown
        assert "why" not in screen._fields and "2 inputs to look at" in shown
        assert isinstance(field(screen, "loud", Select), Select)
        assert isinstance(field(screen, "tags", SelectionList), SelectionList)
        assert isinstance(field(screen, "data", TextArea), TextArea)
        assert field(screen, "token", TextInput).password
        assert "missing required input" not in shown  # not before the reader had a chance


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
def test_the_picture_of_the_form(tmp_path: Path, size: tuple[int, int], snap_compare: Callable[..., bool]) -> None:
    app = desk(tmp_path)
    app.main_place = "x"  # type: ignore[attr-defined]
    app.get_default_screen = lambda: _placed(type(app).get_default_screen(app))  # type: ignore[method-assign]

    async def prepare(pilot: Pilot[None]) -> None:
        screen = await opened(pilot, app)
        field(screen, "size", Select).value = "large"
        await until(pilot, lambda: "why" in screen._fields)
        await pilot.press("f5")
        await until(pilot, lambda: "missing required input" in grid(app) and "serve: off" in grid(app))
        await pilot.pause(0.1)

    assert snap_compare(app, run_before=prepare, terminal_size=size)


def _placed(main: Any) -> Any:
    main.top._place = "~/flows"  # the folder of a test has another name each time
    return main


async def test_errors_appear_while_typing_and_the_command_follows(tmp_path: Path) -> None:
    app = desk(tmp_path)
    async with app.run_test(size=(120, 50)) as pilot:
        screen = await opened(pilot, app)
        field(screen, "count", TextInput).value = "9"
        await until(pilot, lambda: "it must be less than `5`" in grid(app))
        field(screen, "count", TextInput).value = "3"
        field(screen, "name", TextInput).value = "Ada L"
        field(screen, "token", TextInput).value = "hunter2"
        command = "$ podium run company.team.form -i 'name=Ada L' -i count=3 -i 'token=******'"
        await until(pilot, lambda: command in grid(app) and "less than" not in grid(app))
        assert "hunter2" not in grid(app)
        copied: list[str] = []
        app.bench.clipboard.copy = lambda text, what: copied.append(text) or what  # type: ignore[method-assign, func-returns-value]
        await pilot.press("f3")
        assert copied == [command.removeprefix("$ ")]


async def test_inputs_come_and_go_with_what_they_depend_on(tmp_path: Path) -> None:
    app = desk(tmp_path)
    async with app.run_test(size=(120, 50)) as pilot:
        screen = await opened(pilot, app)
        field(screen, "size", Select).value = "large"
        await until(pilot, lambda: "why" in screen._fields)
        field(screen, "why", TextInput).value = "because"
        field(screen, "size", Select).value = "small"
        await until(pilot, lambda: "why" not in screen._fields)
        field(screen, "size", Select).value = "large"
        await until(pilot, lambda: "why" in screen._fields)
        assert field(screen, "why", TextInput).value == "because"


async def test_f5_goes_to_what_is_wrong_and_then_starts(tmp_path: Path) -> None:
    app = desk(tmp_path)
    async with app.run_test(size=(120, 50)) as pilot:
        screen = await opened(pilot, app)
        await pilot.press("f5")
        await until(pilot, lambda: "missing required input" in grid(app))
        assert app.started == []  # type: ignore[attr-defined]
        assert app.focused is field(screen, "name", TextInput)
        await pilot.press(*"Nobody")
        field(screen, "size", Select).value = "small"
        await until(pilot, lambda: "Nobody cannot be greeted." in grid(app))
        await pilot.press("f5")
        await pilot.pause(0.3)
        assert isinstance(app.screen, ExecuteScreen) and app.started == []  # type: ignore[attr-defined]
        field(screen, "name", TextInput).value = "Ada"
        field(screen, "tags", SelectionList).select("green")
        screen.query_one("#execute-labels Input", TextInput).value = "team=data"
        await pilot.press("f5")
        await until(pilot, lambda: app.started)  # type: ignore[attr-defined]
        given = {"name": "Ada", "size": "small", "tags": ["green"]}
        assert app.started == [(given, (("team", "data"),))]  # type: ignore[attr-defined]
        await until(pilot, lambda: app.screen is app.main and app.main.runs.table.total == 1)


async def test_the_last_values_come_back_and_can_be_forgotten(tmp_path: Path) -> None:
    app = desk(tmp_path)
    async with app.run_test(size=(120, 50)) as pilot:
        screen = await opened(pilot, app)
        field(screen, "name", TextInput).value = "Ada"
        field(screen, "size", Select).value = "small"
        field(screen, "token", TextInput).value = "hunter2"
        await pilot.press("f5")
        await until(pilot, lambda: app.started)  # type: ignore[attr-defined]
        await until(pilot, lambda: app.screen is app.main)
        screen = await opened(pilot, app)
        await until(pilot, lambda: field(screen, "size", Select).value == "small")
        assert field(screen, "name", TextInput).value == "Ada"
        assert field(screen, "token", TextInput).value == ""
        await pilot.press("f4")
        await until(pilot, lambda: screen._fields and field(screen, "name", TextInput).value == "")
        assert not any("hunter2" in one.read_text() for one in (tmp_path / ".podium" / "inputs").iterdir())


async def test_a_check_before_all_fields_are_there_forgets_no_value(tmp_path: Path) -> None:
    app = desk(tmp_path)
    async with app.run_test(size=(120, 50)) as pilot:
        await until(pilot, lambda: app.main.editor.current is not None)
        flow = app.bench.desk.read_flow(FORM)
        assert flow is not None
        screen = ExecuteScreen(app.bench.desk, flow, None, begun={"name": "Ada", "size": "small"})
        await app.push_screen(screen)
        screen._check(screen.given)  # as the first field asks for while the second is being put in
        await until(pilot, lambda: _complete(screen))
        await until(pilot, lambda: field(screen, "size", Select).value == "small")
        assert field(screen, "name", TextInput).value == "Ada"


async def test_the_plan_is_one_key_away(tmp_path: Path) -> None:
    app = desk(tmp_path)
    async with app.run_test(size=(120, 50)) as pilot:
        screen = await opened(pilot, app)
        field(screen, "name", TextInput).value = "Ada"
        await pilot.press("f2")
        await until(pilot, lambda: "message: Hello Ada 2" in grid(app) and "▸ say  Log" in grid(app))
        await pilot.press("escape")
        await until(pilot, lambda: "Who is greeted." in grid(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)


async def test_what_goes_wrong_at_the_start_is_told_and_leaves_no_row(tmp_path: Path) -> None:
    app = desk(tmp_path)
    (tmp_path / "flows/plain.yaml").write_text(PLAIN.replace("message", "massage"))
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until(pilot, lambda: app.main.editor.current is not None)
        app.main.execute("company.team", "plain")
        await until(pilot, lambda: "Cannot execute an invalid flow" in grid(app))
        assert "That did not work" not in grid(app)
        assert app.main.runs.table.row_count == 0


def flow_of(text: str) -> Flow:
    flow = load_flow(text, default_registry()).flow
    assert flow is not None
    return flow


@pytest.mark.parametrize(
    ("type_name", "value", "words"),
    [
        ("STRING", "a b", "-i 'x=a b'"),
        ("STRING", "@home", "-i 'x=\\@home'"),
        ("FILE", "data/a.csv", "-i x=@data/a.csv"),
        ("SECRET", "hunter2", "-i 'x=******'"),
        ("BOOL", "true", "-i x=true"),
        ("MULTISELECT", ["a", "b c"], '-i \'x=["a", "b c"]\''),
    ],
)
def test_the_command_is_quoted_for_a_shell(type_name: str, value: Any, words: str) -> None:
    command = run_command(flow_of(PLAIN), [Input("x", type_name)], {"x": value}, [("team", "a b")])
    assert command == f"podium run company.team.plain {words} --label 'team=a b'"


def test_last_values_are_private_and_survive_damage(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path))
    workspace, flow = app.bench.workspace, flow_of(FORM)
    assert read_last(workspace, flow, flow.inputs) == {}
    keep_last(workspace, flow, flow.inputs, {"name": "Ada", "token": "hunter2", "gone": 1})
    assert read_last(workspace, flow, flow.inputs) == {"name": "Ada"}
    (path,) = (workspace.state / "inputs").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.write_text("[broken")
    assert read_last(workspace, flow, flow.inputs) == {}
