"""Making, moving and removing files, and taking each of it back."""

from pathlib import Path

import pytest

from podium.workbench.files.file_actions import FileActions
from podium.workbench.files.text_files import FileError


@pytest.fixture
def actions(tmp_path: Path) -> FileActions:
    (tmp_path / "ws/flows").mkdir(parents=True)
    (tmp_path / "ws/flows/a.yaml").write_text("a")
    return FileActions(tmp_path / "ws", tmp_path / "ws/.podium/trash")


def tree(root: Path) -> list[str]:
    found = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    return sorted(path for path in found if not path.startswith(".podium"))


def test_everything_can_be_taken_back(actions: FileActions, tmp_path: Path) -> None:
    root = tmp_path / "ws"
    before = tree(root)
    assert actions.create("new/deep/x.py", "x").path == "new/deep/x.py"
    actions.create("folder/")
    actions.move("flows/a.yaml", "other/b.yaml")
    actions.duplicate("other", "copy")
    actions.remove("other")
    assert tree(root) == ["copy/b.yaml", "new/deep/x.py"]
    for _ in range(5):
        actions.undo()
    assert tree(root) == before
    assert not (root / "new").exists()
    assert not actions.can_undo
    with pytest.raises(FileError, match="nothing to take back"):
        actions.undo()


def test_what_was_removed_is_not_put_over_something_new(actions: FileActions, tmp_path: Path) -> None:
    actions.remove("flows/a.yaml")
    (tmp_path / "ws/flows/a.yaml").write_text("new")
    with pytest.raises(FileError, match=r"exists again; what was removed is in \.podium/trash"):
        actions.undo()
    assert (tmp_path / "ws/flows/a.yaml").read_text() == "new"


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("", "Give a path"),
        ("/etc/passwd", "Give a path"),
        ("../out", "must stay inside"),
        ("a/../../out", "must stay inside"),
        (".podium/x", "belongs to Podium or git"),
        (".git/hooks/x", "belongs to Podium or git"),
        ("flows/a.yaml", "exists already"),
        ("x" * 256, "too long"),
        ("link/x", "leads out of the workspace"),
        ("flows/b.yaml", ""),
        (".env", ""),
    ],
)
def test_names(actions: FileActions, tmp_path: Path, path: str, problem: str) -> None:
    (tmp_path / "ws/link").symlink_to(tmp_path)
    assert problem in actions.problem_with(path)
    assert bool(actions.problem_with(path)) is bool(problem)


def test_a_folder_is_not_moved_into_itself(actions: FileActions) -> None:
    with pytest.raises(FileError, match="into itself"):
        actions.move("flows", "flows/in/flows")


def test_files_of_a_folder_are_counted(actions: FileActions) -> None:
    actions.create("flows/x/y.txt")
    assert (actions.count("flows"), actions.count("flows/a.yaml")) == (2, 1)
