"""Writing and reading `log.jsonl`: masks, full disks, torn lines, followers."""

import json
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from podium.store.logs import LogLine, LogWriteError, LogWriter, follow, parse_line, read_lines

LINE = LogLine("log", "INFO", "hello", "run1", 0, 1767225600123, "Hello")


def messages(path: Path) -> list[str]:
    return [line.message for line, _ in read_lines(path)]


def test_the_file_format_is_fixed(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with LogWriter(path) as log:
        log.write(LINE)
        log.write(LogLine("log", "ERROR", None, None, 0, 5, 'a "b"\nc', value="v1"))
        log.write_lines("stderr", "WARN", "say", "run2", 1, 7, ["x", "ü"])
    assert path.read_text().splitlines() == [
        '{"s":"log","l":"INFO","k":"hello","r":"run1","a":0,"t":1767225600123,"m":"Hello"}',
        '{"s":"log","l":"ERROR","k":null,"r":null,"a":0,"t":5,"m":"a \\"b\\"\\nc","v":"v1"}',
        '{"s":"stderr","l":"WARN","k":"say","r":"run2","a":1,"t":7,"m":"x"}',
        '{"s":"stderr","l":"WARN","k":"say","r":"run2","a":1,"t":7,"m":"ü"}',
    ]
    assert [line for line, _ in read_lines(path)][:2] == [
        LINE,
        LogLine("log", "ERROR", None, None, 0, 5, 'a "b"\nc', value="v1"),
    ]


def test_what_scripts_print_is_made_harmless(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with LogWriter(path) as log:
        log.write_lines("stdout", "INFO", "t", "r", 0, 1, ["\x1b]0;T\x07a\x00", "\x1b[31mred", "1%\r2%", "\udcff", ""])
        log.write_lines("stdout", "INFO", "t", "r", 0, 1, [])
    assert messages(path) == ["a", "\x1b[31mred", "2%", "\ufffd", ""]


def mask(text: str) -> str:
    return text.replace("hunter2", "******").replace("line1\nline2", "******")


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (["a hunter2 b", "c"], ["a ****** b", "c"]),
        (["h\x00unter2", "tab\there"], ["******", "tab\there"]),
        (["line1\nline2 in one", "c"], ["****** in one", "c"]),
        (["line1", "line2"], ["line1", "line2"]),
    ],
)
def test_secrets_are_masked_line_by_line(tmp_path: Path, lines: list[str], kept: list[str]) -> None:
    path = tmp_path / "log.jsonl"
    with LogWriter(path, mask) as log:
        log.write_lines("stdout", "INFO", "t", "r", 0, 1, lines)
        log.write(LogLine("log", "INFO", "t", "r", 0, 1, "\n".join(lines), value="hunter2"))
    written = [line for line, _ in read_lines(path)]
    assert [line.message for line in written[:-1]] == kept
    assert "hunter2" not in path.read_text()
    assert written[-1].value == "******"


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """Files may not grow beyond `size` bytes: the kernel writes a part and then refuses, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [0, 1, 60, 75, 76, 77, 100, 152, 153, 200])
def test_a_full_disk_is_told_and_tears_no_line(tmp_path: Path, room: int) -> None:
    path = tmp_path / "log.jsonl"
    log = LogWriter(path)
    log.write(LINE)
    with disk_of(path.stat().st_size + room), pytest.raises(LogWriteError) as failure:
        log.write_lines("stdout", "INFO", "t", "r", 0, 1, [f"line {number:04}" for number in range(9)])
    kept = messages(path)
    assert path.read_bytes().endswith(b"\n")
    assert failure.value.lost == 10 - len(kept)
    assert str(path) in str(failure.value) and "Free some space" in str(failure.value)

    log.write(LINE)
    note = f"{failure.value.lost} log lines are missing here: they could not be written."
    assert messages(path) == [*kept, note, "Hello"]
    log.write(LINE)
    assert messages(path)[-2:] == ["Hello", "Hello"]


def test_lines_lost_in_several_calls_are_counted_together(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = LogWriter(path)
    with disk_of(0):
        for _ in range(3):
            with pytest.raises(LogWriteError):
                log.write_lines("stdout", "INFO", "t", "r", 0, 1, ["a", "b"])
    log.write(LINE)
    assert messages(path) == ["6 log lines are missing here: they could not be written.", "Hello"]


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(LogWriteError, match="nowhere"):
        LogWriter(tmp_path / "nowhere" / "log.jsonl")


def test_writing_after_close_is_refused(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "log.jsonl")
    log.close()
    log.close()
    with pytest.raises(LogWriteError, match="closed"):
        log.write(LINE)


@pytest.mark.parametrize("kept", [1, 30, 60, 75, 79])
def test_a_line_torn_by_a_crash_is_passed_over_and_healed(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "log.jsonl"
    with LogWriter(path) as log:
        log.write(LINE)
        log.write(LINE)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2 + kept])
    assert messages(path) == ["Hello"]

    with LogWriter(path) as log:
        log.write(LINE)
    first, damaged, last = (line for line, _ in read_lines(path))
    assert first == last == LINE
    assert damaged.level == "WARN" and damaged.message.startswith("[damaged log line] ")


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"null", b"[1]", b'{"s":"log"}', b"\xff\x00", b'{"s":"log","l":"INFO","k":null,"r"']
)
def test_no_damage_raises(data: bytes) -> None:
    assert parse_line(data).message.startswith("[damaged log line]")


def test_damage_shows_what_is_left() -> None:
    assert parse_line(b'{"s":"log","l":"INFO","k":null,"r":null,"a":0,"t":9,"m":"Hel').message == (
        "[damaged log line] Hel"
    )


def test_threads_share_a_writer(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = LogWriter(path)

    def write(name: str) -> None:
        for start in range(0, 500, 5):
            log.write_lines("stdout", "INFO", name, name, 0, 1, [f"{n}" for n in range(start, start + 5)])

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    per_task: dict[str | None, list[str]] = {}
    for line, _ in read_lines(path):
        per_task.setdefault(line.task_id, []).append(line.message)
    assert per_task == {name: [str(number) for number in range(500)] for name in "abcd"}


class StopAfter:
    """Stands for the end of a run: the file changes while the follower waits, then it is told to stop."""

    def __init__(self, *changes: object) -> None:
        self._changes = list(changes)

    def is_set(self) -> bool:
        return not self._changes

    def wait(self, timeout: float) -> bool:
        change = self._changes.pop(0)
        assert callable(change)
        change()
        return False


def test_follow_waits_for_the_file_and_ends_with_the_run(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"

    def write(text: str) -> None:
        with LogWriter(path) as log:
            log.write_lines("stdout", "INFO", "t", "r", 0, 1, [text])

    def half_a_line() -> None:
        with path.open("a") as file:
            file.write('{"s":"stdout","l":"INFO","k":"t","r":"r","a":0,')

    def other_half() -> None:
        with path.open("a") as file:
            file.write('"t":1,"m":"late"}\n')

    def restart() -> None:
        path.unlink()
        write("anew")

    stop = StopAfter(lambda: None, lambda: write("one"), half_a_line, other_half, restart, lambda: write("end"))
    assert [line.message for line in follow(path, stop)] == ["one", "late", "anew", "end"]


def test_a_line_as_kestra_shows_it() -> None:
    line = LogLine("stdout", "WARN", "say", "run1", 2, 1767225600123, "\x1b[31mred\x1b[0m", value="v")
    assert json.loads(json.dumps(line.kestra(namespace="a.b", flow_id="f", execution_id="e"))) == {
        "namespace": "a.b",
        "flowId": "f",
        "taskId": "say",
        "executionId": "e",
        "taskRunId": "run1",
        "attemptNumber": 2,
        "timestamp": "2026-01-01T00:00:00.123Z",
        "level": "WARN",
        "message": "red",
        "value": "v",
        "source": "stdout",
    }
    assert line.plain() == "2026-01-01T00:00:00.123Z WARN red"
    engine = LogLine("log", "INFO", None, None, 0, 0, "x").kestra(namespace="n", flow_id="f", execution_id="e")
    assert "taskId" not in engine and "attemptNumber" not in engine


def test_only_the_owner_may_write(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    LogWriter(path).close()
    assert path.stat().st_mode & 0o022 == 0
