"""Where a workspace is, which flows live in it, and which folder holds the files of a namespace."""

import os
from pathlib import Path

import pytest

from podium.store.errors import StoreError
from podium.store.flow_files import sniff_flows
from podium.store.workspace import Workspace

FLOW = "id: {id}\nnamespace: {namespace}\n\ntasks:\n  - id: a\n    type: t\n"


def put(root: Path, files: dict[str, str]) -> Workspace:
    """`files`: path to `namespace/id` of a flow, or to text."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        namespace, slash, flow_id = content.partition("/")
        path.write_text(FLOW.format(id=flow_id, namespace=namespace) if slash else content)
    return Workspace(root)


# ---- the folder ----------------------------------------------------------------------------------------------------


def test_opening_creates_a_private_folder_that_git_ignores(tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path)
    assert workspace.root == tmp_path
    assert (tmp_path / ".podium").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / ".podium" / ".gitignore").read_text() == "*\n"
    for folder in (workspace.executions, workspace.storage, workspace.trash, workspace.unsaved, workspace.tmp):
        assert folder.is_dir()
    assert [path.name for path in tmp_path.iterdir()] == [".podium"]


def test_a_workspace_is_found_from_below(tmp_path: Path) -> None:
    Workspace.open(tmp_path)
    below = tmp_path / "flows" / "deep"
    below.mkdir(parents=True)
    assert Workspace.open(below).root == tmp_path
    assert not (below / ".podium").exists()


def test_locating_creates_nothing(tmp_path: Path) -> None:
    assert Workspace.locate(tmp_path).root == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_a_workspace(tmp_path: Path) -> None:
    file = tmp_path / "flow.yaml"
    file.write_text("")
    with pytest.raises(StoreError, match="There is no directory"):
        Workspace.open(tmp_path / "nowhere")
    with pytest.raises(StoreError, match="is not a directory"):
        Workspace.open(file)
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / ".podium").write_text("a file in the way")
    with pytest.raises(StoreError, match=r"What Podium keeps cannot be written to .*\.podium"):
        Workspace.open(blocked)


@pytest.mark.parametrize("name", ["", ".hidden", "../up", "a/b", "a\0b"])
def test_an_execution_id_is_a_plain_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(StoreError, match="not the id of an execution"):
        Workspace(tmp_path).execution(name)


# ---- telling flows from other YAML ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (FLOW.format(id="a", namespace="b.c"), [("b.c", "a")]),
        ("id: a # first\nnamespace: 'b'\ntasks: []", [("b", "a")]),
        ('"id": "a"\n"namespace": b\n"tasks": []', [("b", "a")]),
        ("tasks:\r\n- id: x\r\nnamespace: b\r\nid: a\r\n", [("b", "a")]),
        ("---\nid: a\nnamespace: b\ntasks: []\n---\nid: c\nnamespace: b\ntasks: []\n", [("b", "a"), ("b", "c")]),
        ("id: a\nnamespace: b\n", []),
        ("id: a\ntasks: []\n", []),
        ("x:\n  id: a\n  namespace: b\n  tasks: []\n", []),
        ("id: a\n---\nnamespace: b\ntasks: []\n", []),
        ("description: |\n  id: no\nid: a\nnamespace: b\ntasks:\n  - id: t\n    namespace: other\n", [("b", "a")]),
        ("services:\n  tasks:\n    image: x\n", []),
        ("", []),
        ('{"id": "f", "namespace": "a.b", "tasks": []}', [("a.b", "f")]),
        ("{id: f, namespace: a.b, tasks: []}", [("a.b", "f")]),
        ('{"id": "f", "tasks": []}', []),
        ("{id: f, namespace: ", []),
    ],
)
def test_what_is_a_flow(text: str, found: list[tuple[str, str]]) -> None:
    assert [(flow.namespace, flow.id) for flow in sniff_flows(Path("f.yaml"), text)] == found


def test_the_text_of_one_of_several_documents() -> None:
    second = "id: c\nnamespace: b\ntasks: []\n"
    flows = sniff_flows(Path("f.yaml"), f"id: a\nnamespace: b\ntasks: []\n--- # next\n{second}")
    assert (flows[1].text, flows[1].line) == (second, 4)


def test_flows_are_found_below_the_root_but_not_in_folders_of_others(tmp_path: Path) -> None:
    workspace = put(
        tmp_path,
        {
            "a.yaml": "lab/a", "deep/er/b.yml": "lab/b", "c.txt": "lab/c", ".github/d.yaml": "lab/d",
            "node_modules/x/e.yaml": "lab/e", ".venv/f.yaml": "lab/f", "__pycache__/g.yaml": "lab/g",
            ".podium/unsaved/h.yaml": "lab/h", "compose.yaml": "services: {}\n",
        },
    )  # fmt: skip
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "broken.yaml").symlink_to(tmp_path / "gone")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert [(flow.id, str(flow.path.relative_to(tmp_path))) for flow in workspace.flow_files()] == [
        ("a", "a.yaml"),
        ("b", "deep/er/b.yml"),
    ]
    assert workspace.namespaces() == ["lab"]


def test_a_file_is_read_again_only_when_it_changed(tmp_path: Path) -> None:
    workspace = put(tmp_path, {"a.yaml": "lab/a", "b.yaml": "lab/b"})
    first = {flow.id: flow for flow in workspace.flow_files()}
    put(tmp_path, {"b.yaml": "lab/other"})
    (tmp_path / "c.yaml").write_text(FLOW.format(id="c", namespace="lab"))
    second = {flow.id: flow for flow in workspace.flow_files()}
    assert second["a"] is first["a"]
    assert sorted(second) == ["a", "c", "other"]
    (tmp_path / "a.yaml").unlink()
    assert [flow.id for flow in workspace.flow_files()] == ["c", "other"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_passed_over(tmp_path: Path) -> None:
    workspace = put(tmp_path, {"a.yaml": "lab/a", "secret/b.yaml": "lab/b"})
    (tmp_path / "secret").chmod(0)
    try:
        assert [flow.id for flow in workspace.flow_files()] == ["a"]
    finally:
        (tmp_path / "secret").chmod(0o700)


# ---- finding one ---------------------------------------------------------------------------------------------------


def test_finding_a_flow(tmp_path: Path) -> None:
    workspace = put(tmp_path, {"a.yaml": "lab/hello", "b.yaml": "lab/other", "c.yaml": "prod/other"})
    assert workspace.find_flow("hello").path == tmp_path / "a.yaml"
    assert workspace.find_flow("other", "prod").path == tmp_path / "c.yaml"


@pytest.mark.parametrize(
    ("flow_id", "namespace", "message"),
    [
        ("helo", None, "There is no flow `helo` in .*Did you mean `hello`?"),
        ("hello", "prod", "no flow `hello` in namespace `prod`. Namespace `lab` has one."),
        ("zzz", None, "The flows there: hello, other, twice."),
        ("f", None, "There is no flow `f` in .* e/f.yaml holds the flow `twice`."),
        ("values", None, "There is no flow `values` in .* values.yaml is no flow. A flow is a YAML file with"),
        ("other", None, "Several namespaces have a flow `other`: lab, prod. Say which one is meant."),
        ("twice", None, "`twice` of namespace `lab` is in two places: d.yaml and e/f.yaml."),
    ],
)
def test_a_flow_that_cannot_be_found(tmp_path: Path, flow_id: str, namespace: str | None, message: str) -> None:
    workspace = put(
        tmp_path,
        {"a.yaml": "lab/hello", "b.yaml": "lab/other", "c.yaml": "prod/other", "d.yaml": "lab/twice",
         "e/f.yaml": "lab/twice"},
    )  # fmt: skip
    (tmp_path / "values.yaml").write_bytes(b"\0\xff")
    with pytest.raises(StoreError, match=message):
        workspace.find_flow(flow_id, namespace)


def test_a_flow_of_many_characters_is_found(tmp_path: Path) -> None:
    """The loader says which ones are too many; passed over, it would be a flow that is not there."""
    (tmp_path / "wide.yaml").write_text(f"id: wide\nnamespace: lab\ndescription: {'語' * 2_000_000}\ntasks: []\n")
    assert Workspace(tmp_path).find_flow("wide").path == tmp_path / "wide.yaml"


def test_an_empty_workspace_says_what_a_flow_is(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="A flow is a YAML file with"):
        Workspace(tmp_path).find_flow("a")


# ---- the folder of a namespace -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "namespace", "folder"),
    [
        ({"sample_namespace/flows/x.yaml": "company.team/x", "sample_namespace/scripts/a.py": ""}, "company.team",
         "sample_namespace"),
        ({"sample_namespace/flows/x.yaml": "company.team/x", "docs/y.yaml": "company.team/y", "z.yaml": "lab/z"},
         "company.team", "sample_namespace"),
        ({"flows/x.yaml": "lab/x", "scripts/a.py": ""}, "lab", "."),
        ({"_flows/deep/x.yaml": "lab/x"}, "lab", "."),
        ({"x.yaml": "lab/x"}, "lab", "."),
        ({"etl/x.yaml": "lab/x", "scripts/a.py": ""}, "lab", "."),
        ({"etl/x.yaml": "lab/x", "other/y.yaml": "prod/y"}, "lab", "etl"),
        ({"etl/a/x.yaml": "lab/x", "etl/b/y.yaml": "lab/y", "other/y.yaml": "prod/y"}, "lab", "etl"),
        ({"a/flows/x.yaml": "lab/x", "b/flows/y.yaml": "prod/y"}, "prod", "b"),
        ({"p/a/flows/x.yaml": "lab/x", "p/b/flows/y.yaml": "lab/y"}, "lab", "p"),
        ({"lab/a.py": "", "flows/x.yaml": "lab/x"}, "lab", "lab"),
        ({"x.yaml": "lab/x"}, "unknown.one", "unknown.one"),
    ],
)  # fmt: skip
def test_the_folder_of_a_namespace(tmp_path: Path, files: dict[str, str], namespace: str, folder: str) -> None:
    assert put(tmp_path, files).namespace_folder(namespace) == tmp_path / folder


def test_the_folder_of_a_namespace_can_be_set_by_hand(tmp_path: Path) -> None:
    workspace = put(tmp_path, {"flows/x.yaml": "lab/x"})
    workspace.use_namespace_folders({"lab": "some/where"})
    assert workspace.namespace_folder("lab") == tmp_path / "some" / "where"


@pytest.mark.parametrize(
    ("there", "file", "current", "expected"),
    [
        (["p/.podium/"], "p/flows/a.yaml", ".", "p"),
        (["p/podium.toml"], "p/x/y/a.yaml", "p/x", "p"),
        (["p/.podium/", "p/q/.podium/"], "p/q/a.yaml", "p", "p/q"),
        ([], "p/flows/a.yaml", ".", "p"),
        ([], "p/flows/deep/a.yaml", "p/flows/deep", "p"),
        ([], "p/company.team/_flows/a.yaml", "p", "p/company.team"),
        ([], "p/scripts/a.py", "p", "p"),
        ([], "p/scripts/a.py", "q", "p/scripts"),
    ],
)
def test_the_workspace_of_a_file(tmp_path: Path, there: list[str], file: str, current: str, expected: str) -> None:
    for name in (*there, file, f"{current}/"):
        place = tmp_path / name
        (place if name.endswith("/") else place.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            place.write_text("")
    assert Workspace.root_of_file(tmp_path / file, tmp_path / current) == tmp_path / expected
