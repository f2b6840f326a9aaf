"""Files that are slow to read or large: the workbench goes on meanwhile, and shows them without walking over them."""

import threading
from pathlib import Path

import pytest
from tests.workbench.desk import HELLO, grid, make_workspace, workbench
from tests.workbench.patience import until
from textual import events

from podium.workbench.files import text_files
from podium.workbench.line_lexer import YamlLexer, YamlState
from podium.workbench.panes import prepared
from podium.workbench.widgets.flow_editor import FlowEditor

MEGABYTE = 1 << 20
TASK = "  - id: task_{0}\n    type: io.kestra.plugin.core.log.Log\n    message: The number {0}\n"


@pytest.fixture
def drawn_lines(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of the lines that were coloured on the screen's thread."""
    seen: list[int] = []
    lex = YamlLexer.lex

    def watched(self: YamlLexer, line: str, state: YamlState) -> object:
        if threading.current_thread() is threading.main_thread():
            seen.append(len(line))
        return lex(self, line, state)

    monkeypatch.setattr(YamlLexer, "lex", watched)
    return seen


@pytest.mark.parametrize(
    ("name", "text", "last"),
    [
        ("five_megabytes.yaml", "id: big\nnamespace: a.b\ntasks:\n" + "".join(map(TASK.format, range(55_000))),
         "The number 54999"),
        ("one_line.yaml", "[" + '{"a": "bcdefg"}, ' * (10 * MEGABYTE // 17) + '"the end"]', '"the end"]'),
    ],
    ids=["5 MB of YAML", "10 MB in one line"],
)  # fmt: skip
async def test_a_large_file_is_shown_by_rows(
    name: str, text: str, last: str, tmp_path: Path, drawn_lines: list[int]
) -> None:
    app = workbench(make_workspace(tmp_path, {name: text}), name)
    async with app.run_test(size=(120, 30)) as pilot:
        await until(pilot, lambda: isinstance(app.focused, FlowEditor))
        await until(pilot, lambda: "read-only" in grid(app))
        for key in ("ctrl+end", "up", "down", "home", "end", "pageup", "ctrl+end"):
            await pilot.press(key)
        await until(pilot, lambda: last in grid(app))
        assert len(drawn_lines) < 1_000, "colours are found line by line on the screen's thread"
        assert max(drawn_lines) <= text_files.LONGEST_LINE
        await pilot.press("x")
        assert app.main.editor.current is not None and not app.main.editor.current.dirty
        assert app.main.editor.current.file.text == text


async def test_a_file_that_is_slow_to_read_keeps_nothing_else_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, threads = threading.Event(), []
    read = text_files._read

    def slowly(path: Path) -> bytes:
        threads.append(threading.current_thread())
        if path.name == "slow.txt":
            answers.wait()
        return read(path)

    monkeypatch.setattr(text_files, "_read", slowly)
    app = workbench(make_workspace(tmp_path, {"slow.txt": "at last\n", "quick.txt": "at once\n"}), "slow.txt")
    try:
        async with app.run_test(size=(120, 30)) as pilot:
            await until(pilot, lambda: "opening slow.txt …" in grid(app))
            app.main.open_soon(tmp_path / "quick.txt")
            await until(pilot, lambda: isinstance(app.focused, FlowEditor))
            assert "at once" in grid(app) and "opening slow.txt …" in grid(app)
            await pilot.press("x")
            await until(pilot, lambda: "xat once" in grid(app))
            answers.set()
            await until(pilot, lambda: "opening" not in grid(app))
            assert "xat once" in grid(app), "what was asked for last stays in front"
            await until(pilot, lambda: len(app.main.editor.buffers) == 2)
            assert threading.main_thread() not in threads
    finally:
        answers.set()


async def test_keys_typed_ahead_go_into_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, answers = threading.Event(), threading.Event()
    monkeypatch.setattr("podium.workbench.screens.main_screen._TYPE_AHEAD", 20.0)
    ready = prepared.prepare

    def slowly(path: Path, root: Path) -> prepared.Prepared:
        reading.set()
        answers.wait()
        return ready(path, root)

    monkeypatch.setattr("podium.workbench.panes.editor_pane.prepare", slowly)
    app = workbench(make_workspace(tmp_path, {"flows/hello.yaml": HELLO}))
    try:
        async with app.run_test(size=(120, 30)) as pilot:
            await until(pilot, lambda: "◆ hello" in grid(app) and app.main.files.has_focus_within)
            await pilot.press("down", "enter")
            await until(pilot, reading.is_set)
            for key in "abc":
                app.post_message(events.Key(key, key))
            answers.set()
            await until(pilot, lambda: "abcid: hello" in grid(app))
    finally:
        answers.set()
