"""What the reading thread finds: changed executions, new events only, executions that are gone."""

import queue
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.workbench.patience import until
from tests.workbench.recorded import SOURCE, Recorder, at
from textual.app import App

from podium.engine import changes as c
from podium.store.index import ExecutionFilter
from podium.workbench import following
from podium.workbench.following import (
    ExecutionGone,
    ExecutionGrew,
    ExecutionRead,
    Follower,
    News,
    Overview,
    ReadingFailed,
    RunsQuery,
    RunsRead,
    ServerSeen,
)
from podium.workbench.runs.feed import RunsFeed


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(tmp_path)
    yield made
    made.close()


class Desk:
    """A follower that is looked at by hand: every look returns its news."""

    def __init__(self, recorder: Recorder, **more: object) -> None:
        self.news: list[News] = []
        self.follower = Follower(recorder.workspace, self.news.append, **more)  # type: ignore[arg-type]

    def look(self) -> list[News]:
        self.news.clear()
        self.follower._index_due = 0.0
        self.follower._due = dict.fromkeys(self.follower._due, 0.0)
        self.follower.look()
        return list(self.news)


def test_an_idle_look_finds_nothing_and_a_written_row_is_found_once(recorder: Recorder) -> None:
    recorder.create("a")
    desk = Desk(recorder)
    desk.follower.ask(RunsQuery())
    runs, overview = desk.look()
    assert isinstance(runs, RunsRead) and [one.id for one in runs.pages[0]] == ["a"] and runs.total == 1
    assert isinstance(overview, Overview) and [one.id for one in overview.unfinished] == ["a"]
    assert desk.look() == []
    recorder.add("a", c.ExecutionMoved("RUNNING", at(1)), c.ExecutionMoved("SUCCESS", at(2)))
    runs, overview = desk.look()
    assert isinstance(runs, RunsRead) and runs.pages[0][0].state == "SUCCESS"
    assert isinstance(overview, Overview) and overview.unfinished == ()
    assert overview.latest["company.team", "etl"].state == "SUCCESS"


def test_the_server_is_asked_for_now_and_then_and_told_of_when_it_changes(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [False, False, True, False]
    desk = Desk(recorder, serving=lambda: answers.pop(0))
    assert ServerSeen(False) in desk.look()
    assert desk.look() == [] and len(answers) == 3, "asked at every look"
    monkeypatch.setattr(following, "_SERVER_PAUSE", 0.0)
    desk.follower._server_due = 0.0
    assert [desk.look() for _ in range(3)] == [[], [ServerSeen(True)], [ServerSeen(False)]]


def test_a_new_question_is_answered_without_a_change(recorder: Recorder) -> None:
    recorder.create("a")
    recorder.create("b", flow_id="other", seconds=1)
    desk = Desk(recorder)
    desk.look()
    desk.follower.ask(RunsQuery(ExecutionFilter(flow_id="other"), (0, 3)))
    (runs,) = desk.look()
    assert isinstance(runs, RunsRead) and runs.total == 1
    assert [one.id for one in runs.pages[0]] == ["b"] and runs.pages[3] == ()
    desk.follower.ask(RunsQuery(ExecutionFilter()))
    desk.follower.ask(RunsQuery(ExecutionFilter(flow_id="other"), (0, 3)))
    assert desk.look() == [runs]  # asked again, so there is a list that was emptied for it


def test_an_open_execution_gives_its_whole_then_only_what_is_new(recorder: Recorder) -> None:
    recorder.create("a")
    desk = Desk(recorder)
    desk.follower.open("a")
    read = desk.look()[-1]
    assert isinstance(read, ExecutionRead) and read.source == SOURCE and read.execution.state == "CREATED"
    recorder.add("a", c.ExecutionMoved("RUNNING", at(1)), c.TaskRunCreated("r1", "extract", at(1)))
    grew = desk.look()[-1]
    assert isinstance(grew, ExecutionGrew)
    assert [change.name for change in grew.changes] == ["execution.state", "taskrun.created"]
    for change in grew.changes:
        read.execution.apply(change)
    assert read.execution.state == "RUNNING" and list(read.execution.taskruns) == ["r1"]


def test_several_runs_at_a_time_and_one_no_more(recorder: Recorder) -> None:
    for name in ("a", "b"):
        recorder.create(name)
    desk = Desk(recorder)
    for name in ("a", "b"):
        desk.follower.open(name)
    assert {news.id for news in desk.look() if isinstance(news, ExecutionRead)} == {"a", "b"}
    desk.follower.close("a")
    for name in ("a", "b"):
        recorder.add(name, c.ExecutionMoved("RUNNING", at(1)))
    assert [news.id for news in desk.look() if isinstance(news, ExecutionGrew)] == ["b"]


def test_a_deleted_execution_and_one_that_never_was_are_gone(recorder: Recorder) -> None:
    record = recorder.create("a")
    desk = Desk(recorder)
    desk.follower.open("a")
    desk.follower.open("never")
    assert ExecutionGone("never") in desk.look()
    shutil.rmtree(record.directory)
    assert desk.look() == [ExecutionGone("a")]
    assert desk.look() == []


def test_a_damaged_journal_is_told_once_and_does_not_stop_the_others(recorder: Recorder) -> None:
    damaged = recorder.create("a")
    recorder.create("b")
    desk = Desk(recorder)
    desk.follower.open("a")
    desk.follower.open("b")
    desk.look()
    with damaged.journal.open("a") as file:
        file.write("this is no event\n")
    recorder.add("b", c.ExecutionMoved("RUNNING", at(1)))
    news = desk.look()
    assert any(isinstance(one, ReadingFailed) and "is damaged at line 2" in one.text for one in news)
    assert any(isinstance(one, ExecutionGrew) for one in news)
    assert desk.look() == []


def test_runs_without_a_runner_are_looked_for_only_while_something_has_not_ended(recorder: Recorder) -> None:
    calls: list[int] = []
    desk = Desk(recorder, reconcile=lambda: calls.append(1))
    desk.look()
    assert calls == []
    recorder.create("a")
    desk.look()
    desk.look()
    assert calls == [1]


def test_the_thread_sees_what_another_process_writes_within_a_moment(recorder: Recorder) -> None:
    arrived: queue.Queue[News] = queue.Queue()
    follower = Follower(recorder.workspace, arrived.put)
    follower.ask(RunsQuery())
    follower.start()
    try:
        assert isinstance(arrived.get(timeout=5), RunsRead)
        assert isinstance(arrived.get(timeout=5), Overview)
        recorder.create("a")
        runs = arrived.get(timeout=5)
        assert isinstance(runs, RunsRead) and runs.total == 1
    finally:
        follower.stop()
        follower.join(5)
    assert not follower._thread.is_alive()


async def test_who_listens_late_is_told_what_still_holds(recorder: Recorder) -> None:
    recorder.create("a")
    app: App[None] = App()
    async with app.run_test() as pilot:
        feed = RunsFeed(app, recorder.workspace)
        early: list[News] = []
        feed.subscribe(early.append)
        feed.start()
        await until(pilot, lambda: {type(one) for one in early} == {Overview, ServerSeen})
        late: list[News] = []
        feed.subscribe(late.append)
        gone: list[News] = []
        feed.subscribe(gone.append)()
        await until(pilot, lambda: len(late) == 2)
        assert {type(one) for one in late} == {Overview, ServerSeen} and not gone
        feed.stop()
