"""What git says, read from real repositories."""

import subprocess
from pathlib import Path

import pytest

from podium.workbench.files.git_status import NO_GIT, git_status, parse_status


def git(root: Path, *words: str) -> None:
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    for name in ("ws/flows/a.yaml", "ws/b.txt", "ws/gone.txt", "ws/old.txt", "outside.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{name}\n" * 5)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "x")
    return tmp_path


def test_marks_of_a_workspace_inside_a_repository(repository: Path) -> None:
    root = repository / "ws"
    (root / "flows/a.yaml").write_text("changed")
    (repository / "outside.txt").write_text("changed")
    (root / "gone.txt").unlink()
    (root / "new ä.txt").write_text("")
    (root / "added.txt").write_text("")
    git(root, "add", "added.txt")
    git(root, "mv", "old.txt", "renamed.txt")
    status = git_status(root)
    assert status.branch == "main"
    assert status.marks == {
        "flows/a.yaml": "M", "gone.txt": "D", "new ä.txt": "?", "added.txt": "A", "renamed.txt": "R",
    }  # fmt: skip
    assert status.folders == {"flows"}
    assert status.changed == 5


def test_no_repository_and_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert git_status(tmp_path) == NO_GIT
    monkeypatch.setenv("PATH", "/nowhere")
    assert git_status(tmp_path) == NO_GIT


def test_a_detached_head_is_called_by_its_commit() -> None:
    status = parse_status("# branch.oid 0123456789abcdef\0# branch.head (detached)\0u UU N... 1 1 1 1 a b c x.txt\0")
    assert (status.branch, status.marks) == ("0123456", {"x.txt": "U"})
