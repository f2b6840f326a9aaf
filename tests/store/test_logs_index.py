"""The index over a growing log: it must say the same as reading the file from its beginning."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.store import log_index
from podium.store.log_filter import AT_FIRST, LogFilter, LogOrigin, PatternError, TextPattern
from podium.store.log_index import LogIndex, LogSelection
from podium.store.logs import LEVELS, SOURCES, Level, LogLine, LogWriter, Source, read_lines

NOW = 1767225600000
MESSAGES = (
    "plain", "Record 7 done", "tab\there", "two\nrows", "\x1b[31mred\x1b[0m alert", "Größe 世界", 'say "hi"', "", "\\n",
    '","v":"', "log stdout INFO", "x" * 300,
)  # fmt: skip


def entry(message: str, source: Source = "stdout", level: Level = "INFO", run: str | None = "r1") -> LogLine:
    return LogLine(source, level, run and f"task-{run}", run, 0, NOW, message)


def random_lines(seed: int, count: int) -> list[LogLine]:
    chance = random.Random(seed)
    return [
        LogLine(
            chance.choice(SOURCES), chance.choice(LEVELS), *chance.choice([(None, None), ("a", "r1"), ("b,c", 'r"2')]),
            chance.randrange(2), chance.choice([NOW, NOW + 5, 7]), chance.choice(MESSAGES), chance.choice([None, "v"]),
        )
        for _ in range(count)
    ]  # fmt: skip


FILTERS = [
    LogFilter(),
    LogFilter(level="WARN"),
    LogFilter(sources=frozenset({"log"})),
    LogFilter(task_runs=frozenset({"r1"}), attempt=1),
    LogFilter(task_id="b,c"),
    *(
        LogFilter(pattern=TextPattern.parse(typed))
        for typed in ("record", "Record", "RECORD", "log", "red alert", "größe", "\\", '"', "!plain", "/^t/", "/o$/",
                      "!/x/", "/[äö]/", "/^rows$/", "n")
    ),
]  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


@pytest.mark.parametrize("chunk", [64, 700, 1 << 20])
@pytest.mark.parametrize("chosen", FILTERS, ids=range(len(FILTERS)))
def test_index_and_selection_agree_with_the_file(
    path: Path, chosen: LogFilter, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_index, "_CHUNK", chunk)
    monkeypatch.setattr(log_index, "_SLICE", 7)
    monkeypatch.setattr(log_index, "_GROUP", 500)
    lines = random_lines(1, 120)
    index = LogIndex(path)
    selection = LogSelection(index, chosen)
    with LogWriter(path) as log:
        for at, line in enumerate(lines):
            log.write(line)
            if at % 10 == 0:  # grows while it is read
                index.refresh()
                selection.refresh()
    while not (index.refresh(0) and selection.refresh(0)):
        pass
    assert [index.line(number) for number in range(len(index))] == lines
    assert list(selection.lines) == [number for number, line in enumerate(lines) if chosen.accepts(line)]
    assert selection.total == sum(map(chosen.in_lane, lines))
    for number, line in enumerate(lines):
        assert index.tall.get(number, 1) == line.message.count("\n") + 1
        width = index.plain_width(number)
        assert width is None or width == len(line.message)


@given(st.lists(st.text(max_size=20), max_size=20), st.text(min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_any_text_is_found(tmp_path_factory: pytest.TempPathFactory, messages: list[str], needle: str) -> None:
    path = tmp_path_factory.mktemp("any") / "log.jsonl"
    with LogWriter(path) as log:
        log.write_lines("stdout", "INFO", "t", "r", 0, NOW, messages)
    pattern = TextPattern(needle)
    index = LogIndex(path)
    index.refresh()
    kept = [line.message for line, _ in read_lines(path)]
    hits = [number for number, message in enumerate(kept) if pattern.matches(message)]
    assert list(index.matching(pattern, range(len(index)))) == hits


def test_an_unfinished_line_waits_for_its_end(path: Path) -> None:
    with LogWriter(path) as log:
        log.write(entry("one"))
    index = LogIndex(path)
    with path.open("ab") as file:
        file.write(b'{"s":"stdout","l":"INFO","k":"t","r":"r","a":0,"t":1767225600000,"m":"l')
        file.flush()
        assert index.refresh() and len(index) == 1
        file.write(b'ate"}\n')
    assert index.refresh()
    assert [index.line(number).message for number in range(len(index))] == ["one", "late"]


def test_a_healed_torn_line_shows_as_damage(path: Path) -> None:
    with LogWriter(path) as log:
        log.write(entry("one"))
    path.write_bytes(path.read_bytes() + path.read_bytes()[:40])
    with LogWriter(path) as log:
        log.write(entry("two"))
    index = LogIndex(path)
    index.refresh()
    assert [index.shown(number).line.message[:18] for number in range(3)] == ["one", "[damaged log line]", "two"]
    engine = LogSelection(index, LogFilter(sources=frozenset({"log"})))
    engine.refresh()
    assert list(engine.lines) == [1]


@pytest.mark.parametrize("replaced", [True, False])
def test_a_replaced_or_shortened_file_is_read_again(path: Path, replaced: bool) -> None:
    with LogWriter(path) as log:
        log.write_lines("stdout", "INFO", "t", "r", 0, NOW, ["a", "b", "c"])
    index = LogIndex(path)
    selection = LogSelection(index, LogFilter())
    assert index.refresh() and selection.refresh() and len(selection) == 3
    if replaced:
        path.unlink()
        index.refresh()
        assert selection.outdated and not index.exists
        with LogWriter(path) as log:
            log.write(entry("new"))
    else:
        path.write_bytes(path.read_bytes()[: index.starts[1]])
    assert index.refresh() and selection.refresh()
    assert [line.message for line in selection.messages(range(len(selection)))] == ["new" if replaced else "a"]


def test_a_file_that_is_not_there_is_empty(path: Path) -> None:
    index = LogIndex(path)
    assert index.refresh() and len(index) == 0 and not index.exists
    with pytest.raises(IndexError):
        index.line(0)


def test_a_refresh_reads_only_what_is_new(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = LogWriter(path)
    log.write_lines("stdout", "INFO", "t", "r", 0, NOW, [f"line {number}" for number in range(5000)])
    index = LogIndex(path)
    index.refresh()
    read: list[int] = []
    pread = log_index.os.pread
    monkeypatch.setattr(log_index.os, "pread", lambda *args: read.append(len(data := pread(*args))) or data)
    index.refresh()
    assert read == []
    before = path.stat().st_size
    log.write(entry("new"))
    index.refresh()
    assert sum(read) == path.stat().st_size - before


@pytest.mark.parametrize(
    "message", ["x" * 3_000_000, "é\n" * 1_000_000, '\\"' * 700_000, "\x1b[31m" * 500_000], ids=list("abcd")
)
def test_a_huge_line_is_cut_for_drawing_only(path: Path, message: str) -> None:
    with LogWriter(path) as log:
        for text in ("before", message, "after"):
            log.write(entry(text))
    index = LogIndex(path)
    index.refresh()
    shown = index.shown(1)
    assert message.startswith(shown.line.message) and 5_000 < len(shown.line.message) < 70_000
    assert shown.line.task_id == "task-r1"
    assert shown.whole == len(json.dumps(message, ensure_ascii=False).encode()) + index.starts[1] - len("before") - 2
    assert index.line(1).message == message
    assert [index.shown(number).whole for number in (0, 2)] == [0, 0]


def test_what_others_wrote_into_the_file_is_cleaned(path: Path) -> None:
    path.write_bytes(b'{"s":"stdout","l":"INFO","k":null,"r":null,"a":0,"t":1,"m":"\\u001b]0;T\\u0007\\ud800x"}\n')
    index = LogIndex(path)
    index.refresh()
    assert index.shown(0).line.message == "\ufffdx"


@pytest.mark.parametrize(
    ("row", "step", "found"), [(0, 1, 3), (3, 1, 3), (4, 1, 9), (10, 1, None), (11, -1, 9), (8, -1, 3), (2, -1, None)]
)
def test_search_finds_the_next_hit_in_either_direction(path: Path, row: int, step: int, found: int | None) -> None:
    with LogWriter(path) as log:
        texts = [f"hit {number}" if number in (3, 9) else f"line {number}" for number in range(12)]
        log.write_lines("stdout", "INFO", "t", "r", 0, NOW, texts)
    index = LogIndex(path)
    selection = LogSelection(index, LogFilter())
    assert index.refresh() and selection.refresh()
    assert selection.find(TextPattern("hit"), row, step).found == found


def test_a_search_can_be_continued(path: Path) -> None:
    with LogWriter(path) as log:
        log.write_lines("stdout", "INFO", "t", "r", 0, NOW, ["line"] * 5000 + ["hit"])
    index = LogIndex(path)
    selection = LogSelection(index, LogFilter())
    assert index.refresh() and selection.refresh()
    steps, row = 0, 0
    while (search := selection.find(TextPattern("hit"), row, 1, max_seconds=0)).found is None:
        assert search.next is not None and search.next > row
        steps, row = steps + 1, search.next
    assert search.found == 5000 and steps >= 1


@pytest.mark.parametrize(
    ("typed", "pattern"),
    [
        ("", None),
        ("abc", TextPattern("abc")),
        ("/a.c/", TextPattern("a.c", regex=True)),
        ("!abc", TextPattern("abc", inverse=True)),
        ("!/a/", TextPattern("a", regex=True, inverse=True)),
        ("!", TextPattern("!")),
        ("/", TextPattern("/")),
        ("//", TextPattern("//")),
        ("/usr/bin", TextPattern("/usr/bin")),
    ],
)
def test_what_is_typed_becomes_a_pattern(typed: str, pattern: TextPattern | None) -> None:
    assert TextPattern.parse(typed) == pattern
    assert pattern is None or str(pattern) == typed


@pytest.mark.parametrize("expression", ["(", "[", "*", "a{2", "(?P<1>)", "(" * 500, "(?i"])
def test_a_wrong_expression_is_explained(expression: str) -> None:
    try:
        TextPattern(expression, regex=True)
    except PatternError as error:
        assert str(error).endswith(".") and "is not a regular expression" in str(error)
    else:
        assert expression == "a{2"  # Python reads it as plain text


def test_case_matters_only_when_asked_for() -> None:
    assert TextPattern("err").matches("ERR") and not TextPattern("ERR").matches("err")
    assert TextPattern(r"\Werr", regex=True).matches(" ERR")


def test_scripts_are_whole_until_a_level_is_chosen() -> None:
    noise = LogOrigin("stdout", "DEBUG", "task", "run", 0)
    assert AT_FIRST.admits(noise) and not AT_FIRST.admits(replace(noise, source="log"))
    assert not AT_FIRST.with_level(0).admits(noise)
    only_scripts = replace(AT_FIRST, sources=frozenset({"stdout"}))
    assert not only_scripts.hides_by_level and only_scripts.with_level(0).hides_by_level and AT_FIRST.hides_by_level
    assert not only_scripts.admits(replace(noise, source="log"))


def test_levels_stop_at_both_ends() -> None:
    assert LogFilter(level="WARN").with_level(5).level == "ERROR"
    assert LogFilter(level="DEBUG").with_level(-5).level == "TRACE"


def test_thousands_of_task_runs_are_told_apart(path: Path) -> None:
    with LogWriter(path) as log:
        for number in range(2000):
            log.write(entry("x", run=f"run{number}"))
    index = LogIndex(path)
    index.refresh()
    selection = LogSelection(index, LogFilter(task_runs=frozenset({"run7", "run1999"})))
    selection.refresh()
    assert list(selection.lines) == [7, 1999]
