"""Internal storage and namespace files: what a task can reach, and what it cannot."""

import os
from pathlib import Path

import pytest

from podium.store.errors import NamespaceFileError, NoSuchFile, StorageError, StoreError
from podium.store.internal_storage import ExecutionPlace, InternalStorage, TaskStorage, slug
from podium.store.namespace_files import NamespaceFolders
from podium.store.workspace import Workspace

PLACE = ExecutionPlace("company.team", "My_Flow.1", "e1")
FLOW = "id: x\nnamespace: company.team\ntasks: []\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in {
        "ns/flows/x.yaml": FLOW, "ns/scripts/a.py": "A", "ns/.hidden/b.py": "", "ns/node_modules/c.js": "",
        "ns/.env": "SECRET=1", "ns/.sqlfluff": "rules", "ns/data/deep/d e.csv": "D", "outside.txt": "OUT",
    }.items():  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    Workspace.open(tmp_path)
    return tmp_path


@pytest.fixture
def files(root: Path) -> NamespaceFolders:
    return NamespaceFolders(Workspace(root))


@pytest.fixture
def storage(root: Path, files: NamespaceFolders) -> InternalStorage:
    return InternalStorage(Workspace(root).storage, files)


@pytest.fixture
def task(storage: InternalStorage) -> TaskStorage:
    return storage.for_task(PLACE, "My_Task", "run1", lambda execution_id: execution_id == "parent")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("My_Task.1", "my-task1"), ("a b\tc", "a-b-c"), ("Crème brûlée", "creme-brulee"), ("__a--_b__", "a-b"),
        ("ßx", "x"), ("hello", "hello"),
    ],
)  # fmt: skip
def test_the_slug_of_an_id(text: str, part: str) -> None:
    assert slug(text) == part


# ---- internal storage ----------------------------------------------------------------------------------------------


def test_a_stored_file_has_kestras_uri(task: TaskStorage, root: Path) -> None:
    (root / "report.csv").write_text("1,2")
    uri = task.put(root / "report.csv")
    assert uri == "kestra:///company/team/my-flow1/executions/e1/tasks/my-task/run1/report.csv"
    assert task.path(uri) == root / ".podium" / "storage" / uri.removeprefix("kestra:///")
    (root / "report.csv").write_text("changed later")
    with task.open(uri) as file:
        assert file.read() == b"1,2"
    assert (task.size(uri), task.exists(uri)) == (3, True)
    assert task.path(uri.removeprefix("kestra://")) == task.path(uri)


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("a.txt", "a.txt"), ("my file (1).txt", "my_file__1_.txt"), ("ünï.txt", "ünï.txt"),
        ("a?b#c.txt", "a_b_c.txt"), ("a%20b%5B1%5D.txt", "a%20b%5B1%5D.txt"),
        ("../../x", "x"), ("a/b\\c.txt", "c.txt"), ("..", "file"), ("", "file"), (".bashrc", "bashrc"),
        ("x" * 300 + ".csv", "x" * 196 + ".csv"), ("a\0b\n.txt", "a_b_.txt"),
    ],
)  # fmt: skip
def test_names_of_stored_files_need_no_escapes(task: TaskStorage, name: str, stored: str) -> None:
    uri = task.put_bytes(b"x", name)
    assert uri.rsplit("/", 1)[1] == stored
    assert task.size(uri) == 1


def test_a_second_file_with_the_same_name_does_not_replace_the_first(task: TaskStorage) -> None:
    uris = [task.put_bytes(content, "a.tar.gz") for content in (b"1", b"2", b"3")]
    assert [uri.rsplit("/", 1)[1] for uri in uris] == ["a.tar.gz", "a-1.tar.gz", "a-2.tar.gz"]
    assert [task.path(uri).read_bytes() for uri in uris] == [b"1", b"2", b"3"]


def test_inputs_and_files_of_triggers_belong_to_the_execution(
    storage: InternalStorage, task: TaskStorage, root: Path
) -> None:
    uris = [
        storage.put_input(PLACE, "My_Input", root / "outside.txt"),
        storage.put_trigger_file(PLACE, "My_Trigger", root / "outside.txt", "t.txt"),
    ]
    assert [uri.partition("/executions/")[2] for uri in uris] == [
        "e1/inputs/My_Input/outside.txt",
        "e1/trigger/my-trigger/t.txt",
    ]
    assert [task.path(uri).read_text() for uri in uris] == ["OUT", "OUT"]


def test_files_of_other_executions(storage: InternalStorage, task: TaskStorage) -> None:
    uris = {
        name: storage.for_task(ExecutionPlace("company.team", "f", name), "t", "r").put_bytes(b"x", "f.txt")
        for name in ("parent", "stranger")
    }
    assert task.size(uris["parent"]) == 1
    for read in (task.path, task.open, task.size, task.exists, task.delete):
        with pytest.raises(StorageError, match="as it didn't belong to the current execution"):
            read(uris["stranger"])


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("kestra:///company/team/my-flow1/executions/e1/tasks/t/r/../../../../x", "`..` is not allowed"),
        ("kestra:///company/team/my-flow1/executions/e1/tasks/%2e%2e/%2e%2e/x", "`..` is not allowed"),
        ("kestra:///company/team/my-flow1/executions/e1", "didn't belong"),
        ("kestra:///../../outside.txt", "`..` is not allowed"),
        ("kestra:///index.db", "didn't belong"),
        ("kestra://host/company/team/my-flow1/executions/e1/tasks/t/r/x", "scheme not supported"),
        ("s3://bucket/x", "scheme not supported"),
        ("report.csv", "is not the URI of a file"),
        ("nsfile:///../x", "`..` is not allowed"),
        ("nsfile://../x", "is not a namespace"),
        ("nsfile:///.env", "is not a namespace file"),
        ("kestra:///company/team/_files/.env", "is not a namespace file"),
    ],
)
def test_uris_that_are_refused(task: TaskStorage, uri: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        task.path(uri)


def test_a_symbolic_link_does_not_lead_out_of_storage(task: TaskStorage, root: Path) -> None:
    uri = task.put_bytes(b"x", "a.txt")
    task.path(uri).with_name("link.txt").symlink_to(root / "outside.txt")
    with pytest.raises(StorageError, match="leads out of internal storage"):
        task.path(uri.replace("a.txt", "link.txt"))


@pytest.mark.parametrize(
    "uri",
    ["nsfile:///scripts/a.py", "nsfile://company.team/scripts/a.py", "kestra:///company/team/_files/scripts/a.py"],
)
def test_namespace_files_have_uris(task: TaskStorage, uri: str) -> None:
    assert task.path(uri).read_text() == "A"
    assert task.exists(uri)
    assert not task.exists(uri.replace("a.py", "b.py"))
    with pytest.raises(StorageError, match="only files of internal storage"):
        task.delete(uri)


def test_escapes_in_uris(task: TaskStorage, root: Path) -> None:
    assert task.path("nsfile:///data/deep/d%20e.csv").read_text() == "D"
    assert task.path(f"file://{root}/outside.txt").read_text() == "OUT"


def test_files_that_are_not_there(task: TaskStorage, root: Path) -> None:
    uri = task.put_bytes(b"x", "a.txt")
    for missing in (uri + "x", f"file://{root}/none", "nsfile:///none"):
        assert not task.exists(missing)
        with pytest.raises(NoSuchFile, match="There is no file"):
            task.open(missing)
    with pytest.raises(StoreError, match="cannot be read"):
        task.put(root / "none")


def test_deleting(storage: InternalStorage, task: TaskStorage, root: Path) -> None:
    first, second = task.put_bytes(b"x", "a.txt"), task.put_bytes(b"x", "b.txt")
    assert task.delete(first)
    assert not task.delete(first)
    given = storage.put_input(PLACE, "i", root / "outside.txt")
    assert task.delete_all() == [given, second]
    assert not storage.execution_folder(PLACE).exists()
    assert task.delete_all() == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_storage_that_cannot_be_written(storage: InternalStorage, task: TaskStorage, root: Path) -> None:
    (root / ".podium" / "storage").chmod(0o500)
    with pytest.raises(StoreError, match=r"cannot be written to .* Check the permissions"):
        task.put_bytes(b"x", "a.txt")


# ---- namespace files -----------------------------------------------------------------------------------------------


def test_the_files_of_a_namespace(files: NamespaceFolders, root: Path) -> None:
    assert files.list("company.team") == [".sqlfluff", "data/deep/d e.csv", "scripts/a.py"]
    assert files.path("company.team", "/scripts/a.py") == root / "ns" / "scripts" / "a.py"
    assert files.list("company.other") == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../outside.txt", "is not the path of a file"), ("scripts/../../outside.txt", "is not the path of a file"),
        ("", "is not the path of a file"), ("/", "is not the path of a file"), ("a\0b", "is not the path of a file"),
        (".hidden/b.py", "hidden folders"), (".env", "hold"[:0] + "`.env` files are not"),
        ("link.txt", "leads out of the folder"), ("folder/passwd", "leads out of the folder"),
    ],
)  # fmt: skip
def test_paths_that_are_no_namespace_files(files: NamespaceFolders, root: Path, name: str, message: str) -> None:
    (root / "ns" / "link.txt").symlink_to(root / "outside.txt")
    (root / "ns" / "folder").symlink_to("/etc")
    for use in (files.path, files.delete, lambda namespace, path: files.write(namespace, path, b"x")):
        with pytest.raises(NamespaceFileError, match=message):
            use("company.team", name)


def test_a_namespace_file_that_does_not_exist(files: NamespaceFolders) -> None:
    with pytest.raises(NoSuchFile, match="has no file `scripts/none.py`"):
        files.path("company.team", "scripts/none.py")
    assert not files.exists("company.team", "scripts/none.py")


def test_writing_and_deleting_namespace_files(files: NamespaceFolders, root: Path) -> None:
    before = files.digest("company.team")
    files.write("company.team", "new/deep/f.txt", b"1")
    files.write("company.team", "new/deep/f.txt", b"2")
    assert files.path("company.team", "new/deep/f.txt").read_bytes() == b"2"
    assert files.list("company.team") == [".sqlfluff", "data/deep/d e.csv", "new/deep/f.txt", "scripts/a.py"]
    changed = files.digest("company.team")
    assert files.delete("company.team", "new/deep/f.txt")
    assert not (root / "ns" / "new").exists()
    assert not files.delete("company.team", "new/deep/f.txt")
    assert files.digest("company.team") == before != changed


def test_writing_keeps_the_mode_of_a_script(files: NamespaceFolders, root: Path) -> None:
    script = root / "ns" / "scripts" / "a.py"
    script.chmod(0o755)
    files.write("company.team", "scripts/a.py", b"new")
    assert (script.read_bytes(), script.stat().st_mode & 0o777) == (b"new", 0o755)


def test_a_namespace_without_flows_gets_a_folder(files: NamespaceFolders, root: Path) -> None:
    files.write("company.other", "a.txt", b"x")
    assert (root / "company.other" / "a.txt").read_bytes() == b"x"
    assert files.list("company.other") == ["a.txt"]


def test_a_namespace_file_in_the_way_of_a_folder(files: NamespaceFolders) -> None:
    with pytest.raises(StoreError, match=r"namespace file `scripts/a.py/x` cannot be written"):
        files.write("company.team", "scripts/a.py/x", b"x")
