"""The editor as keys and the screen see it."""

import random

import pytest
from textual.app import App, ComposeResult
from textual.widgets import TextArea

from podium.workbench.marks import Mark
from podium.workbench.widgets.flow_editor import FlowEditor

FLOW = "id: hello\nnamespace: company.team\n\ntasks:\n  - id: say\n    type: io.kestra.plugin.core.log.Log\n"


class EditorApp(App[None]):
    def __init__(self, text: str = FLOW, language: str = "yaml") -> None:
        super().__init__()
        self.editor = FlowEditor(text, language)
        self.posted: list[object] = []

    def compose(self) -> ComposeResult:
        yield self.editor

    def on_mount(self) -> None:
        self.editor.focus()

    def on_flow_editor_mark_under_cursor(self, message: FlowEditor.MarkUnderCursor) -> None:
        self.posted.append(message.mark)

    def on_flow_editor_settled(self, message: FlowEditor.Settled) -> None:
        self.posted.append((message.version, message.text))


def grid(app: App[None]) -> list[str]:
    return [strip.text.rstrip(" ▁▂▃▄▅▆▇█") for strip in app.screen._compositor.render_strips()]


@pytest.mark.parametrize(
    ("text", "keys", "expected"),
    [
        ("tasks:", ["end", "enter", "x"], "tasks:\n  x"),
        ("- id: a", ["end", "enter", "x"], "- id: a\n  x"),
        ("a", ["ctrl+underscore"], "# a"),
        ("# a", ["ctrl+underscore"], "a"),
        ("a\nb", ["alt+down"], "b\na"),
        ("a\nb", ["down", "alt+up"], "b\na"),
        ("a", ["alt+d"], "a\na"),
        ("a", ["tab"], "  a"),
        ("  a", ["shift+tab"], "a"),
        ("a\nb", ["shift+down", "shift+right", "tab"], "  a\n  b"),
        ("    a", ["right", "right", "right", "right", "backspace"], "  a"),
        ("a\nb", ["alt+down", "ctrl+z"], "a\nb"),
        ("a\nb", ["alt+down", "ctrl+z", "ctrl+y"], "b\na"),
    ],
)
async def test_keys_edit(text: str, keys: list[str], expected: str) -> None:
    app = EditorApp(text)
    async with app.run_test() as pilot:
        await pilot.press(*keys)
        assert app.editor.text == expected


async def test_a_read_only_editor_takes_no_edit() -> None:
    app = EditorApp("a\nb")
    app.editor.read_only = True
    async with app.run_test() as pilot:
        await pilot.press("x", "enter", "tab", "shift+tab", "alt+d", "alt+down", "ctrl+underscore", "backspace")
        assert app.editor.text == "a\nb"


async def test_marks_show_in_the_gutter_and_are_reported_under_the_cursor() -> None:
    app = EditorApp()
    error = Mark(1, 0, 1, 9, "error", "no such namespace")
    hint = Mark(4, 4, 4, 6, "info", "a hint")
    async with app.run_test(size=(60, 10)) as pilot:
        assert app.editor.set_marks([hint, error], app.editor.version)
        await pilot.pause()
        assert grid(app)[1] == "2✗ namespace: company.team   ◂ no such namespace"
        assert grid(app)[4] == "5i   - id: say"
        await pilot.press("f8")
        assert app.editor.cursor_location == (1, 0)
        await pilot.press("f8")
        assert grid(app)[4] == "5i   - id: say   ◂ a hint", "a hint waits for the cursor"
        await pilot.press("f8")
        assert app.editor.cursor_location == (1, 0)
        await pilot.press("shift+f8", "up")
        assert app.posted == [error, hint, error, hint, None]


async def test_marks_move_with_the_text_and_stale_answers_are_refused() -> None:
    app = EditorApp()
    async with app.run_test() as pilot:
        old = app.editor.version
        app.editor.set_marks([Mark(4, 4, 4, 6, "error", "x")])
        await pilot.press("enter")
        assert [mark.line for mark in app.editor.marks] == [5]
        assert not app.editor.set_marks([], old)
        assert app.editor.marks


async def test_typing_settles_once_with_the_newest_text() -> None:
    app = EditorApp("")
    async with app.run_test() as pilot:
        await pilot.press("a", "b")
        await pilot.pause(0.2)
        assert app.posted == [(app.editor.version, "ab")]


async def test_foreign_text_cannot_speak_to_the_terminal() -> None:
    hostile = "x\x1b]0;T\x07 [/nope] [red]\u202etxt\x9b31m"
    app = EditorApp(hostile, "")
    async with app.run_test(size=(60, 4)):
        assert grid(app)[0] == "1  x␛]0;T␇ [/nope] [red]\ufffdtxt\ufffd31m"
        assert app.editor.text == hostile


async def test_wrapping_keeps_numbers_and_cursor() -> None:
    app = EditorApp("aaa bbb ccc\nd")
    async with app.run_test(size=(13, 5)) as pilot:
        await pilot.press("alt+z")
        await pilot.pause()
        assert grid(app)[:3] == ["1  aaa bbb", "   ccc", "2  d"]
        await pilot.press("down", "down", "end", "!")
        assert app.editor.text == "aaa bbb ccc\nd!"


@pytest.mark.parametrize("wrap", [False, True])
async def test_the_picture_after_random_edits_equals_a_fresh_one(wrap: bool) -> None:
    chance = random.Random(3)
    app = EditorApp(FLOW * 4)
    async with app.run_test(size=(40, 20)) as pilot:
        app.editor.soft_wrap = wrap
        keys = [
            "x",
            "enter",
            "backspace",
            "delete",
            "tab",
            "down",
            "up",
            "end",
            "alt+down",
            "alt+d",
            "ctrl+z",
            "ctrl+y",
        ]
        for _ in range(12):
            await pilot.press(*chance.choices(keys, k=8))
            await pilot.pause()
            seen = grid(app)
            app.editor._line_cache.clear()
            app.editor._states.forget(0)
            app.editor._rewrap_and_refresh_virtual_size()
            app.editor.refresh()
            await pilot.pause()
            assert grid(app) == seen


async def test_a_key_press_does_not_walk_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    """A guard on Textual's own per-row walks: they must stay replaced when Textual changes."""
    app = EditorApp(FLOW * 400)
    joined = 0
    whole = type(app.editor.document).text.fget
    assert whole is not None

    def counted(document: object) -> str:
        nonlocal joined
        joined += 1
        return str(whole(document))

    async with app.run_test() as pilot:
        monkeypatch.setattr(type(app.editor.document), "text", property(counted))
        monkeypatch.setattr(TextArea, "render_line", None)
        await pilot.press("a", "b", "enter", "down")
        assert joined == 0
