"""Journeys through the whole workbench."""

from pathlib import Path

from tests.workbench.desk import grid, make_workspace, until, workbench


async def test_a_file_is_opened_from_the_tree_and_checked(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "◆ broken" in grid(app) and app.main.files.has_focus_within)
        await pilot.press("down", "enter")
        await until(pilot, lambda: "✗ 1 error" in grid(app))
        assert "2 flows/broken.yaml" in grid(app)
        assert "company.team" in grid(app).splitlines()[0]
        await pilot.press("f8")
        await until(pilot, lambda: 'field "massage"' in grid(app))
        assert app.main.editor.current is not None
        assert app.main.editor.current.editor.cursor_location == (7, 4)


async def test_typing_marks_the_tab_and_saving_writes_the_file(tmp_path: Path) -> None:
    app = workbench(make_workspace(tmp_path), "scripts/job.py")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.main.editor.current is not None)
        await pilot.press("#", " ", "x", "enter")
        await until(pilot, lambda: "job.py ●" in grid(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "job.py ●" not in grid(app))
        assert (tmp_path / "scripts/job.py").read_text() == "# x\nprint('hi')\n"
