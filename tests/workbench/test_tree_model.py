"""The tree as data: what is read, what is open, what changes."""

from pathlib import Path

from podium.workbench.files.entries import Entry, entry_at, list_folder, walk
from podium.workbench.files.finding import best_matches
from podium.workbench.files.tree_model import TreeModel

FLOW = "id: a\nnamespace: n\ntasks: []\n---\nid: b\nnamespace: n\ntasks: []\n"


def shown(model: TreeModel) -> list[str]:
    return [f"{'  ' * row.depth}{row.note or row.entry.name}" for row in model.rows]


def workspace(root: Path) -> Path:
    for name in ("Zoo/z.txt", "flows/a.yaml", "flows/sub/x.py", "b.txt", "A.txt", ".podium/index.db", ".git/HEAD"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(FLOW if name.endswith("yaml") else "")
    (root / "empty").mkdir()
    return root


def test_folders_come_first_and_what_is_podiums_own_is_hidden(tmp_path: Path) -> None:
    listing = list_folder(workspace(tmp_path), "")
    assert [entry.name for entry in listing.entries] == ["empty", "flows", "Zoo", "A.txt", "b.txt"]
    flows = list_folder(tmp_path, "flows")
    assert flows.entries[1].flows == (("n", "a"), ("n", "b"))
    assert list_folder(tmp_path, "gone").problem == "No such file or directory"


def test_rows_follow_what_is_open_and_read(tmp_path: Path) -> None:
    workspace(tmp_path)
    model = TreeModel()
    assert shown(model) == ["…"]
    model.take(list_folder(tmp_path, ""))
    model.open("flows")
    model.open("empty")
    assert shown(model) == ["empty", "  …", "flows", "  …", "Zoo", "A.txt", "b.txt"]
    model.take(list_folder(tmp_path, "flows"))
    model.take(list_folder(tmp_path, "empty"))
    assert shown(model) == ["empty", "  empty", "flows", "  sub", "  a.yaml", "Zoo", "A.txt", "b.txt"]
    model.close("flows")
    assert model.place_of("b.txt") == 5
    assert model.place_of("flows/a.yaml") is None


def test_changes_are_applied_one_by_one(tmp_path: Path) -> None:
    workspace(tmp_path)
    model = TreeModel()
    for folder in ("", "flows", "flows/sub"):
        model.take(list_folder(tmp_path, folder))
        model.open(folder)
    unread = model.apply([
        ("flows/B.txt", Entry("flows/B.txt")),
        ("flows/sub", None),
        ("b.txt", None),
        ("elsewhere/x", Entry("elsewhere/x")),
        ("flows/a.yaml", entry_at(tmp_path, "flows/a.yaml")),
    ])  # fmt: skip
    assert unread == set()
    assert shown(model) == ["empty", "flows", "  a.yaml", "  B.txt", "Zoo", "A.txt"]
    assert model.loaded == {"", "flows"}
    model.open("fresh")
    assert model.apply([("fresh", Entry("fresh", is_folder=True))]) == {"fresh"}


def test_an_unreadable_folder_says_why(tmp_path: Path) -> None:
    model = TreeModel()
    model.take(list_folder(workspace(tmp_path), ""))
    model.open("Zoo")
    (tmp_path / "Zoo/z.txt").unlink()
    (tmp_path / "Zoo").rmdir()
    model.take(list_folder(tmp_path, "Zoo"))
    assert "  No such file or directory" in shown(model)


def test_all_files_are_found_by_parts_of_their_paths(tmp_path: Path) -> None:
    paths, complete = walk(workspace(tmp_path), 100)
    assert complete
    assert sorted(paths) == ["A.txt", "Zoo/z.txt", "b.txt", "flows/a.yaml", "flows/sub/x.py"]
    assert best_matches(paths, "A") == ["A.txt", "flows/a.yaml"]
    assert best_matches(paths, "flow x") == ["flows/sub/x.py"]
    assert best_matches(paths, "nothing") == []
    assert walk(tmp_path, 2) == (["A.txt", "b.txt"], False)
