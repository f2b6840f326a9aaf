"""The doctor finds what is wrong and says what to do; reindexing makes the index agree with the journals."""

import os
import shutil
from pathlib import Path

import pytest
from tests.runtime.workspaces import opened, put_execution, write

from podium.runtime.doctor import Finding, examine, size_text
from podium.runtime.reindexing import journals, reindex
from podium.store.execution_records import RunnerMark
from podium.store.stores import Stores

FLOW = "id: hello\nnamespace: lab\ntasks:\n  - id: t\n    type: io.kestra.plugin.core.log.Log\n    message: hi\n"


def bad(root: Path) -> list[Finding]:
    return [finding for finding in examine(root) if finding.level != "ok"]


def texts(root: Path) -> str:
    return "\n".join(f"{one.subject}: {one.text} -> {one.remedy}" for one in bad(root))


def test_a_workspace_in_order(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": FLOW, ".env": "A=1", "podium.toml": ""})
    (tmp_path / ".env").chmod(0o600)
    assert bad(tmp_path) == []
    assert not (tmp_path / ".podium").exists(), "looking creates nothing"
    stores = opened(tmp_path)
    put_execution(stores)
    put_execution(stores, state="PAUSED")
    assert bad(tmp_path) == []
    assert "2, the index agrees" in "\n".join(one.text for one in examine(tmp_path))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"podium.toml": "plugns = []"}, "Settings: {root}/podium.toml:1: `plugns` is not a setting."),
        ({".env": "???"}, "Secrets: {root}/.env:1: This line is not `NAME=value`. -> Until then no flow runs."),
        ({".env": "A=1"}, "Secrets: .env can be read by others -> chmod 600 {root}/.env"),
        ({"podium.toml": "plugins = ['no_such_module_x']"}, "Plugins: The plugin module `no_such_module_x` cannot be"),
        ({"a.yaml": FLOW, "b.yaml": FLOW}, "Flows: lab.hello is in several places: a.yaml:1, b.yaml:1"),
        ({"a.yaml": FLOW.replace("log.Log", "Nope")}, "Flows: 1 of 1 flows cannot run: a.yaml:1 -> podium validate"),
    ],
)
def test_what_is_wrong_with_the_files(tmp_path: Path, files: dict[str, str], expected: str) -> None:
    write(tmp_path, files)
    for path in tmp_path.iterdir():
        path.chmod(0o644)
    assert expected.format(root=tmp_path) in texts(tmp_path)


def test_a_state_folder_that_others_can_read(tmp_path: Path) -> None:
    opened(tmp_path).workspace.state.chmod(0o755)
    assert "can be read by others (mode 755)" in texts(tmp_path)


def damaged(stores: Stores, line: int = 2) -> tuple[Path, int]:
    record = put_execution(stores)
    lines = record.journal.read_bytes().splitlines(keepends=True)
    record.journal.write_bytes(b"".join(lines[: line - 1]) + b"garbage\n" + b"".join(lines[line:]))
    return record.journal, len(b"".join(lines[: line - 1]))


def test_damaged_journals_have_a_position(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    journal, offset = damaged(stores)
    first, _ = damaged(stores, line=1)
    found = texts(tmp_path)
    assert f"The journal {journal} is damaged at line 2 (byte {offset})" in found
    assert f"Move {first.parent} away" in found


def test_torn_journals_are_told_and_not_complained_about(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    record = put_execution(stores)
    with record.journal.open("ab") as file:
        file.write(b'{"v":1,"n":4')
    assert bad(tmp_path) == []
    assert f"the last line of 1 is unfinished, its writer was killed: {record.id}" in "".join(
        one.text for one in examine(tmp_path)
    )
    assert [state.torn for state in journals(stores.workspace.executions)] == [True]


def test_dead_and_stale_executions(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    dead = put_execution(stores, state="RUNNING")
    dead.mark_runner(RunnerMark(2**22 + 1, "never", dead.id))
    missing = put_execution(stores)
    stores.index.delete([missing.id])
    found = texts(tmp_path)
    assert f"1 lost their runner: {dead.id} -> podium restart" in found
    assert f"1 of 2 executions are not in the index as they are: {missing.id} -> podium doctor --reindex" in found


def test_a_damaged_database_is_found(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    put_execution(stores)
    stores.database.close()
    stores.workspace.index.write_bytes(b"not a database" * 1000)
    assert "Database: " in texts(tmp_path)
    again = Stores.open(tmp_path)
    assert again.database.needs_reindex
    assert reindex(again).executions == 1
    assert not again.database.needs_reindex
    assert "a damaged database is still there" in texts(tmp_path)


def test_reindexing(tmp_path: Path) -> None:
    from podium.runtime.process_census import process_identity

    stores = opened(tmp_path)
    running = put_execution(stores, "r", state="RUNNING")
    identity = process_identity(os.getpid()) or ""
    running.mark_runner(RunnerMark(os.getpid(), identity, "r"))
    done = put_execution(stores, "d", labels=[("k", "v")])
    ghost = put_execution(stores, "g")
    shutil.rmtree(ghost.directory)
    half, _ = damaged(stores, line=3)
    none, _ = damaged(stores, line=1)
    stores.index.delete(["r", "d"])
    (stores.workspace.executions / ".half.new").mkdir()
    found = reindex(stores)
    assert found.executions == 3
    assert {state.record.journal for state in found.problems} == {half, none}
    indexed = {one.id: one for one in stores.index.search().items}
    assert set(indexed) == {"r", "d", half.parent.name}
    assert (indexed["r"].pid, indexed["r"].pid_start) == (os.getpid(), identity)
    assert indexed["d"].labels == (("k", "v"),)
    assert indexed[half.parent.name].state == "RUNNING"
    assert done.exists()


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 << 20, "5.0 MiB"), (3 << 40, "3072.0 GiB")]
)
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize("mode", [0o000, 0o400, 0o500])
@pytest.mark.parametrize("name", ["", ".podium", ".podium/executions", ".podium/index.db"])
def test_what_podium_cannot_work_with(tmp_path: Path, name: str, mode: int) -> None:
    write(tmp_path, {"a.yaml": FLOW})
    put_execution(opened(tmp_path))
    assert bad(tmp_path) == []
    place = tmp_path / name
    before = place.stat().st_mode
    place.chmod(mode)
    try:
        found = [one for one in examine(tmp_path) if one.subject == "Workspace"]
    finally:
        place.chmod(before)
    assert [one.level for one in found] == ["warning" if os.geteuid() == 0 else "error"]
    assert str(place) in found[0].text and f"mode {mode:03o}" in found[0].text
    assert found[0].remedy == f"chmod u+{'rw' if name.endswith('db') else 'rwx'} {place}"


def test_a_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": FLOW, ".podium": "not a folder"})
    assert "is no directory" in texts(tmp_path)
