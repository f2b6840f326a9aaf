"""Journeys through the whole workbench."""

import re
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.workbench.desk import HELLO, grid, make_workspace, workbench
from tests.workbench.patience import until
from textual import events
from textual.pilot import Pilot

from podium.server.presence import the_only_server
from podium.workbench.app import PodiumApp
from podium.workbench.files.drafts import Draft, Drafts
from podium.workbench.files.entries import Entry
from podium.workbench.widgets.flow_editor import FlowEditor

WIDE, NARROW = (120, 36), (80, 24)


async def opened(app: PodiumApp, pilot: Pilot[None]) -> FlowEditor:
    """The editor in front, once it has the keys."""
    await until(pilot, lambda: isinstance(app.focused, FlowEditor))
    assert isinstance(app.focused, FlowEditor)
    return app.focused


async def in_tree(app: PodiumApp, pilot: Pilot[None], wanted: str = "hello") -> None:
    """Wait for the tree to be read and to have the keys."""
    await until(pilot, lambda: wanted in grid(app) and app.main.files.has_focus_within)


async def type_text(pilot: Pilot[None], text: str) -> None:
    names = {" ": "space", "\n": "enter", "/": "slash", ".": "full_stop", "_": "underscore", ":": "colon", "-": "minus",
             "{": "left_curly_bracket", "}": "right_curly_bracket"}  # fmt: skip
    await pilot.press(*(names.get(character, character) for character in text))


async def test_the_first_row_says_whether_a_server_works_here(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path))
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "serve: off" in grid(app).splitlines()[0])
        with the_only_server(app.bench.workspace):
            await until(pilot, lambda: "serve: on" in grid(app).splitlines()[0])
        await until(pilot, lambda: "serve: off" in grid(app).splitlines()[0])


# ---- files and checks --------------------------------------------------------------------------------------------


async def test_a_file_is_opened_from_the_tree_and_checked(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path))
    async with app.run_test(size=WIDE) as pilot:
        await in_tree(app, pilot, "◆ broken")
        await pilot.press("down", "enter")
        await until(pilot, lambda: "✗ 1 error" in grid(app))
        assert "2 flows/broken.yaml" in grid(app)
        assert "company.team" in grid(app).splitlines()[0]
        await pilot.press("f8")
        await until(pilot, lambda: 'field "massage"' in grid(app))
        assert (await opened(app, pilot)).cursor_location == (7, 4)


async def test_escape_goes_from_the_text_to_the_files_and_back(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path), "flows/hello.yaml")
    async with app.run_test(size=WIDE) as pilot:
        editor = await opened(app, pilot)
        await until(pilot, lambda: "◆ hello" in grid(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.main.files.has_focus_within)
        await pilot.press("slash", "escape")
        await until(pilot, lambda: app.main.files.rows.has_focus)
        await pilot.press("escape")
        await until(pilot, lambda: app.focused is editor)


async def test_a_problem_is_mended_listed_and_gone(tmp_path: Path) -> None:
    root = make_workspace(tmp_path, {"flows/a.yaml": HELLO.replace("message", "massage")})
    app = workbench(root, "flows/a.yaml")
    async with app.run_test(size=WIDE) as pilot:
        editor = await opened(app, pilot)
        await until(pilot, lambda: editor.marks)
        await pilot.press("alt+l")
        await until(pilot, lambda: "[unknown-property]" in grid(app))
        await pilot.press("down", "enter")
        assert editor.has_focus
        await pilot.press("escape", "f8")
        await until(pilot, lambda: "[unknown-property]" not in grid(app))
        while editor.mark_under_cursor is None or editor.mark_under_cursor.fix is None:
            await pilot.press("f8")
        await pilot.press("alt+enter")
        await until(pilot, lambda: "✓ valid" in grid(app))
        assert editor.text == HELLO
        await pilot.press("ctrl+z")
        assert "massage" in editor.text


async def test_typing_marks_the_tab_and_saving_writes_the_file(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path), "scripts/job.py")
    async with app.run_test(size=WIDE) as pilot:
        await opened(app, pilot)
        await pilot.press("#", " ", "x", "enter")
        await until(pilot, lambda: "job.py ●" in grid(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "job.py ●" not in grid(app))
        assert (tmp_path / "scripts/job.py").read_text() == "# x\nprint('hi')\n"
        await until(pilot, lambda: not any((tmp_path / ".podium/unsaved").iterdir()))


async def test_what_was_typed_and_taken_back_needs_no_saving(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path), "scripts/job.py")
    async with app.run_test(size=WIDE) as pilot:
        await opened(app, pilot)
        await pilot.press("x")
        assert "job.py ●" in grid(app)
        await pilot.press("backspace")
        await until(pilot, lambda: "job.py ●" not in grid(app))


async def test_a_binary_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "image.png").write_bytes(b"\x89PNG\0\0")
    app = workbench(tmp_path)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await in_tree(app, pilot, "image.png")
        await pilot.press("enter")
        await until(pilot, lambda: "image.png is a binary file (6 bytes)" in grid(app))
        assert app.main.editor.current is None


async def test_invalid_utf_8_is_shown_and_not_written(tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9\n")
    app = workbench(tmp_path, "latin.txt")
    async with app.run_test(size=WIDE) as pilot:
        editor = await opened(app, pilot)
        await until(pilot, lambda: "read-only: not UTF-8: byte 0xe9 in line 1" in grid(app))
        await pilot.press("x", "ctrl+s")
        assert editor.text == "caf\ufffd\n"
        assert (tmp_path / "latin.txt").read_bytes() == b"caf\xe9\n"


# ---- other programs ----------------------------------------------------------------------------------------------


async def test_a_file_changed_outside_is_loaded_again(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path), "scripts/job.py")
    async with app.run_test(size=WIDE) as pilot:
        editor = await opened(app, pilot)
        await until(pilot, lambda: "job.py" in grid(app))
        (tmp_path / "scripts/job.py").write_text("print('theirs')\n")
        await until(pilot, lambda: editor.text == "print('theirs')\n")
        assert app.main.keeper.dirty == []


async def test_a_file_changed_on_both_sides_is_asked_about(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path), "scripts/job.py")
    async with app.run_test(size=WIDE) as pilot:
        editor = await opened(app, pilot)
        await until(pilot, lambda: "job.py" in grid(app))
        await pilot.press("#")
        (tmp_path / "scripts/job.py").write_text("print('theirs')\n")
        await until(pilot, lambda: "changed by another program, and here is unsaved text" in grid(app))
        await pilot.press("d")
        await until(pilot, lambda: "+#print('hi')" in grid(app))
        await pilot.press("escape")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "was changed by another program since you opened it" in grid(app))
        await pilot.press("r")
        await until(pilot, lambda: editor.text == "print('theirs')\n")
        await until(pilot, lambda: editor.has_focus)
        await pilot.press("ctrl+z")
        assert editor.text == "#print('hi')\n"


async def test_two_workbenches_notice_each_other_when_saving(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path), "scripts/job.py")
    async with app.run_test(size=WIDE) as pilot:
        editor = await opened(app, pilot)
        await pilot.press("#")
        app.main.files._watch.stop()
        (tmp_path / "scripts/job.py").write_text("other\n")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "o overwrites it" in grid(app))
        await pilot.press("o")
        await until(pilot, lambda: (tmp_path / "scripts/job.py").read_text() == "#print('hi')\n")
        assert editor.has_focus


async def test_a_file_made_outside_appears_in_the_tree(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path))
    async with app.run_test(size=WIDE) as pilot:
        await in_tree(app, pilot, "job.py")
        made = tmp_path / "scripts/new.sh"
        made.write_text("")
        await until(pilot, lambda: "new.sh" in grid(app))
        made.unlink()
        await until(pilot, lambda: "new.sh" not in grid(app))


# ---- drafts ------------------------------------------------------------------------------------------------------


async def test_unsaved_text_is_written_down_while_typing_and_offered_again(tmp_path: Path) -> None:
    make_workspace(tmp_path)
    app = workbench(tmp_path, "scripts/job.py")
    async with app.run_test(size=WIDE) as pilot:
        await opened(app, pilot)
        await pilot.press("#", "1")
        folder = tmp_path / ".podium/unsaved"
        await until(pilot, lambda: any("#1print" in place.read_text() for place in folder.glob("*.draft")))
        app.exit()  # as a crash would: nothing is asked
    again = workbench(tmp_path)
    async with again.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "Unsaved text of 1 file is left from before: scripts/job.py." in grid(again))
        await pilot.press("r")
        editor = await opened(again, pilot)
        assert editor.text == "#1print('hi')\n"
        assert [one.relative for one in again.main.keeper.dirty] == ["scripts/job.py"]
        assert (tmp_path / "scripts/job.py").read_text() == "print('hi')\n"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: (tmp_path / "scripts/job.py").read_text() == "#1print('hi')\n")
        await until(pilot, lambda: not any((tmp_path / ".podium/unsaved").iterdir()))


async def test_unsaved_text_from_before_is_not_discarded_by_one_key(tmp_path: Path) -> None:
    make_workspace(tmp_path)
    app = workbench(tmp_path, "scripts/job.py")
    folder = tmp_path / ".podium/unsaved"
    async with app.run_test(size=WIDE) as pilot:
        await opened(app, pilot)
        await pilot.press("#")
        await until(pilot, lambda: any(folder.glob("*.draft")))
        app.exit()
    again = workbench(tmp_path)
    async with again.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "Unsaved text of 1 file is left from before" in grid(again))
        await pilot.press(*"data")
        assert "Discard scripts/job.py?" in grid(again)
        assert any(folder.glob("*.draft"))
        await pilot.press("y")
        await until(pilot, lambda: not any(folder.glob("*.draft")))


async def test_text_that_cannot_be_written_down_is_told_with_its_file(tmp_path: Path) -> None:
    make_workspace(tmp_path)
    app = workbench(tmp_path, "scripts/job.py")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await opened(app, pilot)
        folder = tmp_path / ".podium/unsaved"
        folder.rmdir()
        folder.write_text("no folder")
        await pilot.press("#")
        await until(pilot, lambda: "Unsaved text of scripts/job.py cannot be written" in grid(app))


async def test_a_draft_of_a_file_that_is_gone_comes_back(tmp_path: Path) -> None:
    make_workspace(tmp_path)
    Drafts(tmp_path / ".podium/unsaved").keep(Draft("gone/x.txt", "kept", "00"))
    app = workbench(tmp_path)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "r brings it back" in grid(app))
        await pilot.press("r")
        assert (await opened(app, pilot)).text == "kept"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: (tmp_path / "gone/x.txt").exists())


@pytest.mark.parametrize(("key", "drafts", "saved"), [("s", 0, True), ("k", 1, False), ("d", 0, False)])
async def test_leaving_with_unsaved_text_is_asked_about(tmp_path: Path, key: str, drafts: int, saved: bool) -> None:
    app = workbench(make_workspace(tmp_path), "scripts/job.py")
    async with app.run_test(size=WIDE) as pilot:
        await opened(app, pilot)
        await pilot.press("#", "ctrl+q")
        await until(pilot, lambda: "Unsaved text: job.py." in grid(app))
        await pilot.press(key)
        await until(pilot, lambda: not app.is_running)
    assert len(list((tmp_path / ".podium/unsaved").glob("*.draft"))) == drafts
    assert ((tmp_path / "scripts/job.py").read_text() == "#print('hi')\n") is saved


async def test_text_that_was_given_up_is_not_written_down_afterwards(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path), "flows/hello.yaml")
    busy = threading.Event()
    async with app.run_test(size=WIDE) as pilot:
        await opened(app, pilot)
        app.bench.files.do(busy.wait, lambda _: None, lambda _: None)
        await pilot.press("x")
        buffer = app.main.editor.current
        assert buffer is not None
        app.main.keeper.keep_draft(buffer)
        app.main.keeper.drop_all_now()
        done: list[object] = []
        app.bench.files.do(lambda: None, done.append, done.append)
        busy.set()
        await until(pilot, lambda: done)
        assert not list((tmp_path / ".podium/unsaved").glob("*.draft"))


async def test_closing_a_file_with_unsaved_text_is_asked_about(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path), "scripts/job.py")
    async with app.run_test(size=WIDE) as pilot:
        await opened(app, pilot)
        await pilot.press("#", "alt+w")
        await until(pilot, lambda: "has unsaved text" in grid(app))
        await pilot.press("escape")
        assert app.main.editor.current is not None
        await pilot.press("alt+w", "d")
        await until(pilot, lambda: app.main.editor.current is None)
        assert "No file is open." in grid(app)


@pytest.mark.parametrize("size", [WIDE, (80, 24)])
async def test_an_empty_directory_says_what_to_do(tmp_path: Path, size: tuple[int, int]) -> None:
    app = workbench(tmp_path)
    async with app.run_test(size=size) as pilot:
        wanted = ("Nothing here yet.", "N makes a flow, n a file.", "No file is open.", "ctrl+o opens a file by its")
        await until(pilot, lambda: all(text in grid(app) for text in wanted) and app.focused is not None)
        await pilot.press("N")
        await until(pilot, lambda: "The file is named after the flow." in grid(app))


# ---- the tree ----------------------------------------------------------------------------------------------------


async def test_files_are_made_renamed_and_removed_with_a_way_back(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path))
    async with app.run_test(size=WIDE) as pilot:
        await in_tree(app, pilot)
        await pilot.press("n")
        await type_text(pilot, "x.py")
        await pilot.press("enter")
        await until(pilot, lambda: (tmp_path / "flows/x.py").exists())
        editor = await opened(app, pilot)
        await pilot.press("escape")
        await until(pilot, lambda: app.main.files.rows.selected == Entry("flows/x.py"))
        await pilot.press("r", *["backspace"] * 4)
        await type_text(pilot, "y.py")
        await pilot.press("enter")
        await until(pilot, lambda: (tmp_path / "flows/y.py").exists())
        await until(pilot, lambda: "2 flows/y.py" in grid(app))
        assert app.main.editor.current is not None and app.main.editor.current.editor is editor
        await until(pilot, lambda: app.main.files.rows.selected == Entry("flows/y.py"))
        await pilot.press("d")
        await until(pilot, lambda: "Remove flows/y.py?" in grid(app))
        await pilot.press("d")
        await until(pilot, lambda: not (tmp_path / "flows/y.py").exists())
        await until(pilot, lambda: app.main.editor.current is None)
        await in_tree(app, pilot)
        await pilot.press("u")
        await until(pilot, lambda: (tmp_path / "flows/y.py").exists())
        await until(pilot, lambda: "y.py" in grid(app))


async def test_a_new_flow_runs_as_it_is(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path))
    async with app.run_test(size=WIDE) as pilot:
        await in_tree(app, pilot)
        await pilot.press("N")
        await type_text(pilot, "nightly")
        await pilot.press("enter")
        await opened(app, pilot)
        assert (tmp_path / "flows/nightly.yaml").read_text().startswith("id: nightly\nnamespace: company.team\n")
        await until(pilot, lambda: "✓ valid" in grid(app))


async def test_names_that_cannot_be_are_explained(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path))
    async with app.run_test(size=WIDE) as pilot:
        await in_tree(app, pilot)
        await pilot.press("n")
        await type_text(pilot, "hello.yaml")
        await pilot.press("enter")
        await until(pilot, lambda: "flows/hello.yaml exists already." in grid(app))
        await pilot.press("escape")
        assert app.main.files.has_focus_within


async def test_the_filter_finds_files_in_closed_folders(tmp_path: Path) -> None:
    make_workspace(tmp_path)
    make_workspace(tmp_path, {"data/deep/numbers.csv": "1\n"})
    app = workbench(tmp_path)
    async with app.run_test(size=WIDE) as pilot:
        await in_tree(app, pilot)
        assert "numbers.csv" not in grid(app)
        await pilot.press("slash", "n", "u", "m")
        await until(pilot, lambda: "numbers.csv" in grid(app))
        await pilot.press("enter")
        await opened(app, pilot)
        await until(pilot, lambda: "2 data/deep/numbers.csv" in grid(app))
        await pilot.press("escape")
        await in_tree(app, pilot, "▾ deep")


async def test_hostile_names_stay_text(tmp_path: Path) -> None:
    make_workspace(tmp_path, {"[b]\x1b]0;T\x07.txt": "[/nope] \x1b[31m", "ok.txt": ""})
    app = workbench(tmp_path)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await in_tree(app, pilot, "[b].txt")
        await pilot.press("enter")
        await opened(app, pilot)
        await pilot.press("x", "ctrl+s", "ctrl+p")
        await pilot.pause(0.1)
        assert "\x1b" not in grid(app)
        assert "\x07" not in grid(app)


# ---- the editor --------------------------------------------------------------------------------------------------


async def test_finding_and_replacing(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path, {"x.txt": "one two\ntwo One\n"}), "x.txt")
    async with app.run_test(size=WIDE) as pilot:
        editor = await opened(app, pilot)
        await pilot.press("alt+r")
        await type_text(pilot, "one")
        await until(pilot, lambda: "of 2" in grid(app))
        await pilot.press("tab")
        await type_text(pilot, "1")
        await pilot.press("enter")
        await until(pilot, lambda: editor.text == "1 two\ntwo One\n")
        await pilot.press("alt+a")
        await until(pilot, lambda: editor.text == "1 two\ntwo 1\n")
        await pilot.press("escape")
        assert editor.has_focus
        await pilot.press("ctrl+z")
        assert editor.text == "1 two\ntwo One\n"


async def test_going_to_a_line(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path), "flows/hello.yaml")
    async with app.run_test(size=WIDE) as pilot:
        editor = await opened(app, pilot)
        await pilot.press("ctrl+g", "x", "enter")
        await until(pilot, lambda: "Type a line, or line:column." in grid(app))
        await pilot.press("backspace")
        await type_text(pilot, "5:3")
        await pilot.press("enter")
        assert editor.cursor_location == (4, 2)
        assert editor.has_focus


# ---- running -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_f5_saves_and_runs_the_flow(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path), "flows/hello.yaml")
    async with app.run_test(size=WIDE) as pilot:
        await opened(app, pilot)
        await pilot.press("#", "enter", "f5")
        for _ in range(40):
            await pilot.pause(0.25)
            if re.search(r"◆ hello +✓", grid(app)):
                break
        assert "Hello" in grid(app)
        assert re.search(r"◆ hello +✓", grid(app))
        assert (tmp_path / "flows/hello.yaml").read_text().startswith("#\n")


async def test_f5_on_a_broken_flow_goes_to_the_error(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path), "flows/broken.yaml")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        editor = await opened(app, pilot)
        await until(pilot, lambda: editor.marks)
        await pilot.press("f5")
        await until(pilot, lambda: "Line 8 keeps broken from running" in grid(app))
        assert editor.cursor_location == (7, 4)
        assert app.bench.stores.index.search().total == 0


# ---- the whole ---------------------------------------------------------------------------------------------------


async def test_a_small_terminal_shows_one_pane_at_a_time(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path), "flows/hello.yaml")
    async with app.run_test(size=NARROW) as pilot:
        await opened(app, pilot)
        await until(pilot, lambda: "No run is selected." in grid(app))
        assert "2 flows/hello.yaml" in grid(app)
        assert "1 Namespace" not in grid(app)
        await pilot.press("escape")
        await until(pilot, lambda: "1 Namespace" in grid(app))
        await pilot.press("3")
        await until(pilot, lambda: "3 Runs" in grid(app))
        assert "1 Namespace" not in grid(app)
        await pilot.press("4")
        await until(pilot, lambda: "Script" in grid(app))
        assert "No run is selected." not in grid(app)
        await pilot.press("2")
        await until(pilot, lambda: "2 flows/hello.yaml" in grid(app))
        await pilot.resize_terminal(*WIDE)
        await until(pilot, lambda: "1 Namespace" in grid(app) and "3 Runs" in grid(app))


async def test_the_palette_does_everything(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path), "scripts/job.py")
    async with app.run_test(size=WIDE) as pilot:
        await opened(app, pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: "Type a part of what you want to do" in grid(app))
        await type_text(pilot, "files new flow")
        await until(pilot, lambda: "Files: New flow" in grid(app) and "Files: Rename" not in grid(app))
        await pilot.press("enter")
        await until(pilot, lambda: "The file is named after the flow." in grid(app))


async def test_help_is_about_the_pane_with_the_keys(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path))
    async with app.run_test(size=WIDE) as pilot:
        await in_tree(app, pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: "A diamond marks a flow" in grid(app))
        assert "Take back" in grid(app)
        await pilot.press("escape")
        await until(pilot, lambda: "1 Namespace" in grid(app))


async def test_everything_has_an_ascii_twin(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path), "flows/broken.yaml", ascii_only=True)
    async with app.run_test(size=WIDE) as pilot:
        editor = await opened(app, pilot)
        await until(pilot, lambda: editor.marks)
        await pilot.press("f8")
        await pilot.pause(0.05)
        assert grid(app).isascii(), [line for line in grid(app).splitlines() if not line.isascii()]


@pytest.mark.parametrize("size", [WIDE, NARROW, (40, 10), (20, 5)])
async def test_any_size_can_be_drawn(tmp_path: Path, size: Sequence[int]) -> None:
    app = workbench(make_workspace(tmp_path), "flows/broken.yaml")
    async with app.run_test(size=(size[0], size[1])) as pilot:
        await opened(app, pilot)
        for key in ("ctrl+p", "escape", "f1", "escape", "ctrl+f", "escape", "alt+l", "escape", "alt+1", "alt+4"):
            await pilot.press(key)
        await pilot.pause(0.05)
        assert all(len(line) <= size[0] for line in grid(app).splitlines())


async def test_a_picture_is_kept_in_the_workspace(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path))
    async with app.run_test(size=WIDE) as pilot:
        await in_tree(app, pilot)
        await pilot.press("f10")
        pictures = list((tmp_path / ".podium/pictures").iterdir())
        assert pictures[0].read_text().startswith("<svg")


async def test_a_fault_in_a_check_is_said_and_checks_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = workbench(make_workspace(tmp_path), "flows/hello.yaml")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await until(pilot, lambda: "✓ valid" in grid(app))
        monkeypatch.setattr("podium.workbench.panes.editor_pane.check_text", lambda *_: 1 / 0)
        await pilot.press("#")
        await until(pilot, lambda: "The editor cannot check this" in grid(app))
        monkeypatch.undo()
        await pilot.press("#")
        await until(pilot, lambda: "✗ 1 error" in grid(app))


async def test_keys_that_arrive_together_are_done_in_their_order(tmp_path: Path) -> None:
    """A slow link delivers many keys in one packet; letters must not overtake the keys in front of them."""
    app = workbench(make_workspace(tmp_path, {"x.txt": "one\ntwo\n"}), "x.txt")
    async with app.run_test(size=WIDE) as pilot:
        editor = await opened(app, pilot)
        typed = ("end", "a", "down", "b", "ctrl+home", "c", "ctrl+end", "d", "up", "home", "e", "enter", "f")
        for name in typed:
            app.post_message(events.Key(name, name if len(name) == 1 else None))
        await until(pilot, lambda: editor.text == "conea\ne\nftwob\nd")
        for name in ("ctrl+home", "alt+1", "/", "x", ".", "t"):
            app.post_message(
                events.Key({"/": "slash", ".": "full_stop"}.get(name, name), name if len(name) == 1 else None)
            )
        await until(pilot, lambda: app.main.files.rows.is_filtered)
        await until(pilot, lambda: app.focused is not None and getattr(app.focused, "value", "") == "x.t")
        assert editor.text == "conea\ne\nftwob\nd"


async def test_the_tree_opens_the_readers_own_editor(tmp_path: Path) -> None:
    """A file that is not shown, being too large or no text, says F4; there is no editor pane then to press it in."""
    make_workspace(tmp_path)
    app = workbench(tmp_path)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        rows = app.main.files.rows
        await until(pilot, lambda: rows.selected is not None)
        while (entry := rows.selected) is None or entry.is_folder:
            await pilot.press("down")
        await pilot.press("f4")
        await until(pilot, lambda: "no terminal here that another editor" in grid(app))


async def test_the_tree_has_the_keys_when_the_first_file_cannot_be_shown(tmp_path: Path) -> None:
    make_workspace(tmp_path)
    (tmp_path / "binary").write_bytes(b"\0")
    app = workbench(tmp_path, "binary")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await until(pilot, lambda: "binary is a binary file" in grid(app))
        await until(pilot, lambda: app.main.files.has_focus_within)


async def test_a_theme_that_does_not_exist_is_told(tmp_path: Path) -> None:
    make_workspace(tmp_path)
    app = workbench(tmp_path, theme="nonsense")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await until(pilot, lambda: "There is no theme `nonsense`." in grid(app))
        assert app.theme == "podium"
