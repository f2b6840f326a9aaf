"""Suggestions and documentation while a flow is written, in the whole workbench."""

from pathlib import Path

import pytest
from tests.workbench.desk import HELLO, grid, make_workspace, workbench
from tests.workbench.patience import until
from textual.pilot import Pilot

from podium.workbench.app import PodiumApp
from podium.workbench.panes.editor_pane import EditorPane
from podium.workbench.widgets.flow_editor import FlowEditor
from podium.workbench.widgets.suggestion_list import DocumentationCard, SuggestionList

FLOW = "flows/hello.yaml"


async def opened(app: PodiumApp, pilot: Pilot[None], text: str = HELLO) -> FlowEditor:
    """The editor with a text that has been recognised as a flow, the cursor at its end."""
    pane = app.main.query_one(EditorPane)
    await until(pilot, lambda: pane.current is not None and pane.current.is_flow)
    assert pane.current is not None
    editor = pane.current.editor
    editor.focus()
    if text != HELLO:
        editor.load(text, "yaml")
    last = editor.document.line_count - 1
    editor.move_cursor((last, len(editor.document[last])))
    await pilot.pause()
    return editor


def shown(app: PodiumApp) -> SuggestionList:
    return app.main.query_one(SuggestionList)


def card(app: PodiumApp) -> DocumentationCard:
    return app.main.query_one(DocumentationCard)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_typing_opens_a_list_and_tab_takes_from_it(tmp_path: Path, size: tuple[int, int]) -> None:
    app = workbench(make_workspace(tmp_path), FLOW)
    async with app.run_test(size=size) as pilot:
        editor = await opened(app, pilot)
        await pilot.press(*"    lev")
        await until(pilot, lambda: [item.label for item in shown(app).items][:2] == ["level", "logLevel"])
        await until(pilot, lambda: "level" in grid(app) and shown(app).is_open)
        await pilot.press("tab")
        assert editor.text == HELLO + "    level: "
        assert not shown(app).is_open
        await pilot.press("ctrl+@")
        await until(pilot, lambda: [item.label for item in shown(app).items][:2] == ["TRACE", "DEBUG"])
        await pilot.press("down", "enter")
        await until(pilot, lambda: editor.text == HELLO + "    level: DEBUG")
        await pilot.press("ctrl+z")
        assert editor.text == HELLO + "    level: "


async def test_enter_after_a_whole_word_is_a_line_break(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path), FLOW)
    async with app.run_test(size=(120, 40)) as pilot:
        editor = await opened(app, pilot, HELLO + "    allowFailure: tru")
        await pilot.press("e", "enter")
        assert editor.text == HELLO + "    allowFailure: true\n    "


async def test_escape_closes_and_text_goes_on(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path), FLOW)
    async with app.run_test(size=(120, 40)) as pilot:
        editor = await opened(app, pilot, HELLO + "    ")
        await pilot.press("l", "o")
        await until(pilot, lambda: shown(app).is_open)
        await pilot.press("escape")
        assert not shown(app).is_open and editor.has_focus
        await pilot.press("left")
        await pilot.press("ctrl+@")
        assert shown(app).is_open
        await pilot.press("home")
        assert not shown(app).is_open


async def test_plain_text_is_left_alone(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path), FLOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app, pilot, HELLO + "    description: ")
        await pilot.press(*"Some tex")
        await pilot.pause()
        assert not shown(app).is_open


async def test_expressions_know_the_flow(tmp_path: Path) -> None:
    text = HELLO.replace("tasks:", "inputs:\n  - id: day\n    type: DATE\ntasks:").rstrip() + " {{ inputs"
    app = workbench(make_workspace(tmp_path), FLOW)
    async with app.run_test(size=(120, 40)) as pilot:
        editor = await opened(app, pilot, text)
        await pilot.press("full_stop")
        await until(pilot, lambda: shown(app).is_open)
        await pilot.press("enter")
        assert editor.text.endswith("{{ inputs.day")


async def test_a_snippet_puts_the_cursor_where_it_is_needed(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path), FLOW)
    async with app.run_test(size=(120, 40)) as pilot:
        editor = await opened(app, pilot, HELLO)
        await pilot.press(*"  - ", *"python")
        # The list follows the typing a frame behind: it must be the one of the whole word.
        await until(pilot, lambda: shown(app).is_open and shown(app).items[0].range.end_column == len("  - python"))
        await pilot.press("down", "tab")
        assert "    type: io.kestra.plugin.scripts.python." in editor.text
        assert editor.cursor_location[0] > editor.text.count("\n") - 1


async def test_a_key_that_chooses_before_the_list_is_drawn_anew_chooses_from_what_the_text_says(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path), FLOW)
    async with app.run_test(size=(120, 40)) as pilot:
        editor = await opened(app, pilot, HELLO)
        await pilot.press(*"  - ", "p")
        await until(pilot, lambda: shown(app).is_open)
        help_ = app.main.editor._help
        before = list(shown(app).items)
        # No frame comes in between, as on a slow line.
        help_.takes("y", "y")
        editor.insert("y")
        help_.takes("y", "y")
        help_.changed()
        assert shown(app).items == before
        assert help_.takes("down", None)
        assert shown(app).items != before
        assert all("py" in item.label.lower() or "py" in item.insert.lower() for item in shown(app).items)


async def test_what_is_this(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path), FLOW)
    async with app.run_test(size=(120, 40)) as pilot:
        editor = await opened(app, pilot)
        editor.move_cursor((6, 6))
        await pilot.press("alt+i")
        await until(pilot, lambda: "string or list of strings, required" in grid(app))
        assert "`message`" not in grid(app)
        await pilot.press("escape")
        assert not card(app).display and editor.has_focus


async def test_other_flows_of_the_workspace_are_known(tmp_path: Path) -> None:
    other = HELLO.replace("id: hello", "id: other").replace("tasks:", "inputs:\n  - id: size\n    type: INT\ntasks:")
    app = workbench(make_workspace(tmp_path, {FLOW: HELLO, "flows/other.yaml": other}), FLOW)
    call = (
        HELLO
        + "  - id: call\n    type: io.kestra.plugin.core.flow.Subflow\n    namespace: company.team\n    flowId: other\n"
        + "    inputs:\n      "
    )
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app, pilot, call)
        await pilot.press("ctrl+@")
        assert [(item.label, item.detail) for item in shown(app).items] == [("size", "INT")]


async def test_a_new_task_goes_behind_the_one_at_the_cursor(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path), FLOW)
    async with app.run_test(size=(120, 40)) as pilot:
        editor = await opened(app, pilot)
        editor.move_cursor((4, 8))
        await pilot.press("alt+t")
        await pilot.press(*"http.Req")
        await until(pilot, lambda: "Sends a request" in grid(app))
        await pilot.press("enter")
        await until(pilot, lambda: "http.Request" in editor.text)
        assert editor.text == (HELLO + "  - id: request\n    type: io.kestra.plugin.core.http.Request\n    uri: \n")
        assert editor.cursor_location == (9, 9) and editor.has_focus
        await pilot.press("ctrl+z")
        assert editor.text == HELLO


async def test_a_new_trigger_makes_the_list_of_triggers(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path), FLOW)
    async with app.run_test(size=(80, 24)) as pilot:
        editor = await opened(app, pilot)
        await pilot.press("alt+g", *"sched", "enter")
        await until(pilot, lambda: "triggers:" in editor.text)
        assert "  - id: schedule\n    type: io.kestra.plugin.core.trigger.Schedule\n    cron: " in editor.text
