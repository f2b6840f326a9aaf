"""The journal: what is acknowledged is kept, whoever is killed and however full the disk is."""

import fcntl
import json
import multiprocessing
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from podium.base.clock import ManualClock
from podium.store.errors import StoreError
from podium.store.journal import (
    JournalDamage,
    JournalGone,
    JournalLocked,
    JournalReader,
    JournalWriter,
    cut_damage,
    read_journal,
)

CLOCK = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
processes = multiprocessing.get_context("spawn")


def numbers(path: Path) -> list[int]:
    return [event["x"] for event in read_journal(path).events]


def write(path: Path, *values: int) -> None:
    with JournalWriter(path, CLOCK) as journal:
        journal.append([{"e": "test", "x": value} for value in values])


def test_the_file_format(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with JournalWriter(path, CLOCK) as journal:
        journal.append([{"e": "a", "text": 'ü "q"\n\u2028\udc80'}, {"e": "b"}])
        journal.append([])
        journal.append([{"e": "c", "x": None}])
        journal.sync()
        assert journal.sequence == 3
    first, *rest = path.read_bytes().split(b"\n")
    assert first.startswith('{"v":1,"n":1,"t":1767225600000,"e":"a","text":"ü '.encode())
    assert rest == [
        b'{"v":1,"n":2,"t":1767225600000,"e":"b"}',
        b'{"v":1,"n":3,"t":1767225600000,"e":"c","x":null}',
        b"",
    ]
    assert read_journal(path).events[0]["text"] == 'ü "q"\n\u2028\udc80'
    assert path.stat().st_mode & 0o077 == 0


def test_a_second_writer_goes_on_where_the_first_stopped(tmp_path: Path) -> None:
    path = tmp_path / "j"
    write(path, 1, 2)
    write(path, 3)
    assert numbers(path) == [1, 2, 3]


def test_there_is_one_writer_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with JournalWriter(path, CLOCK) as journal:
        journal.append([{"e": "test", "x": 1}])
        with pytest.raises(JournalLocked, match="already running"):
            JournalWriter(path, CLOCK)
    write(path, 2)
    assert numbers(path) == [1, 2]


@pytest.mark.parametrize("torn", ['{"v":1,"n":3,"t":0,"e":"te', "\0" * 100, "{", "x" * 200_000])
def test_a_torn_last_line_is_passed_over_and_removed_by_the_next_writer(tmp_path: Path, torn: str) -> None:
    path = tmp_path / "j"
    write(path, 1, 2)
    with path.open("a") as file:
        file.write(torn)
    assert numbers(path) == [1, 2]
    assert read_journal(path).torn
    with JournalWriter(path, CLOCK) as journal:
        assert journal.discarded == len(torn)
        journal.append([{"e": "test", "x": 3}])
    assert numbers(path) == [1, 2, 3]
    assert not read_journal(path).torn


def line(number: int, **more: object) -> str:
    return json.dumps({"v": 1, "n": number, "t": 0, "e": "test", "x": number, **more}) + "\n"


@pytest.mark.parametrize(
    ("lines", "kept", "at", "reason"),
    [
        ([line(1), "{broken\n", line(3)], 1, 2, "not JSON"),
        ([line(1), "\n", line(2)], 1, 2, "not JSON"),
        ([line(1), line(2), line(4)], 2, 3, "event 3 was expected, but this is event 4"),
        ([line(1), line(1)], 1, 2, "event 2 was expected"),
        ([line(2)], 0, 1, "event 1 was expected"),
        ([line(1), "[1]\n"], 1, 2, "not an event"),
        ([line(1), line(2, v=9)], 1, 2, "version is 9"),
        ([line(1), "\0\0\0\n", line(2)], 1, 2, "not JSON"),
        ([line(1), "\xff\n"], 1, 2, "not JSON"),
    ],
)
def test_damage_has_a_position_and_what_comes_before_it_is_saved(
    tmp_path: Path, lines: list[str], kept: int, at: int, reason: str
) -> None:
    path = tmp_path / "j"
    path.write_bytes("".join(lines).encode("latin-1"))
    with pytest.raises(JournalDamage, match=reason) as caught:
        read_journal(path)
    saved = read_journal(path, salvage=True)
    assert [event["x"] for event in saved.events] == list(range(1, kept + 1))
    assert saved.damage is not None
    assert (caught.value.line, caught.value.offset) == (at, len("".join(lines[: at - 1])))
    assert (saved.damage.line, saved.damage.path) == (at, path)


def test_nobody_writes_behind_a_damaged_end(tmp_path: Path) -> None:
    path = tmp_path / "j"
    path.write_text(line(1) + "{broken\n")
    with pytest.raises(JournalDamage) as caught:
        JournalWriter(path, CLOCK)
    assert (caught.value.line, caught.value.offset) == (2, len(line(1)))


def test_a_missing_journal(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        read_journal(tmp_path / "none")
    with pytest.raises(StoreError, match="cannot be written"):
        JournalWriter(tmp_path / "no" / "folder", CLOCK)
    assert JournalReader(tmp_path / "none").poll().events == []


def test_following_a_journal_sees_whole_lines_only(tmp_path: Path) -> None:
    path = tmp_path / "j"
    reader = JournalReader(path)
    write(path, 1)
    assert [event["x"] for event in reader.poll().events] == [1]
    assert reader.poll().events == []
    with path.open("a") as file:
        file.write(line(2)[:20])
    assert reader.poll().events == []
    write(path, 2, 3)
    news = reader.poll()
    assert ([event["x"] for event in news.events], news.reset) == ([2, 3], False)


def test_following_a_journal_that_was_replaced_begins_again(tmp_path: Path) -> None:
    path = tmp_path / "j"
    write(path, 1, 2, 3)
    reader = JournalReader(path)
    reader.poll()
    path.unlink()
    write(path, 7)
    news = reader.poll()
    assert ([event["x"] for event in news.events], news.reset) == ([7], True)


def test_following_a_journal_into_damage_gives_what_is_whole_first(tmp_path: Path) -> None:
    path = tmp_path / "j"
    write(path, 1)
    reader = JournalReader(path)
    reader.poll()
    with path.open("a") as file:
        file.write(line(2) + "{broken\n")
    assert [event["x"] for event in reader.poll().events] == [2]
    for _ in range(2):
        with pytest.raises(JournalDamage) as caught:
            reader.poll()
        assert caught.value.line == 3


@contextmanager
def full_disk_beyond(size: int) -> Iterator[None]:
    """Files cannot grow beyond `size` bytes: a write that would do that is cut short, the next one fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    path = tmp_path / "j"
    batch = [{"e": "test", "x": value} for value in range(2, 40)]
    with JournalWriter(path, CLOCK) as journal:
        journal.append([{"e": "test", "x": 1}])
        with full_disk_beyond(500), pytest.raises(StoreError, match=rf"journal cannot be written to {path}.*Free some"):
            journal.append(batch)
        assert numbers(path) == [1]
        assert not read_journal(path).torn
        journal.append(batch)
        assert numbers(path) == list(range(1, 40))


def endless(path: str, started: "multiprocessing.synchronize.Event") -> None:
    with JournalWriter(Path(path)) as journal:
        value = 0
        while True:
            journal.append([{"e": "test", "x": value + extra} for extra in range(3)])
            value += 3
            started.set()


def test_a_killed_writer_loses_nothing_that_it_wrote(tmp_path: Path) -> None:
    path = tmp_path / "j"
    started = processes.Event()
    child = processes.Process(target=endless, args=(str(path), started))
    child.start()
    assert started.wait(20)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    values = numbers(path)
    assert values == list(range(len(values)))
    assert values
    write(path, len(values))
    assert numbers(path) == list(range(len(values) + 1))


def test_a_damaged_journal_can_be_written_again_and_nothing_is_thrown_away(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with JournalWriter(path) as writer:
        writer.append([{"e": "one"}, {"e": "two"}, {"e": "three"}])
    assert cut_damage(path) is None
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"two"', b'"tw\x00'))
    damaged = path.read_bytes()
    damage = cut_damage(path)
    assert damage is not None
    assert damage.line == 2
    assert [event["e"] for event in read_journal(path).events] == ["one"]
    assert min(tmp_path.glob("journal.jsonl.damaged-*")).read_bytes() == damaged
    with JournalWriter(path) as writer:
        assert writer.sequence == 1
        with pytest.raises(JournalLocked):
            cut_damage(path)


def test_a_journal_that_goes_before_it_is_locked_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else what is written then would be in a file that nobody sees."""
    path = tmp_path / "journal.jsonl"
    path.touch()
    lock = fcntl.flock

    def deleted_first(file: int, how: int) -> None:
        path.unlink()
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", deleted_first)
    with pytest.raises(JournalGone):
        JournalWriter(path, new=False)
