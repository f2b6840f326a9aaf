"""What runs cost on the screen: starting one, following one, a long list, a long log.

Run: `python bench/runs.py [executions] [log lines]`. The workbench is the real one without a terminal, the runner is
the real one, started by the fork server as in the program. Where a budget exists it stands next to the figure.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from podium.runtime.launcher import ForkServer

SERVER = ForkServer.start()  # before anything large is imported and any thread runs

from textual.pilot import Pilot  # noqa: E402 - after the fork

from podium.engine import changes as c  # noqa: E402
from podium.engine.execution import fold  # noqa: E402
from podium.runtime.executions import Executions  # noqa: E402
from podium.store.execution_records import ExecutionRecord  # noqa: E402
from podium.store.journal import JournalWriter  # noqa: E402
from podium.store.logs import LogWriter  # noqa: E402
from podium.store.stores import Stores  # noqa: E402
from podium.store.summaries import ExecutionSummary, summary_of  # noqa: E402
from podium.tasks.registry import default_registry  # noqa: E402
from podium.workbench.app import PodiumApp  # noqa: E402
from podium.workbench.following import ExecutionGrew, OpenJournal  # noqa: E402
from podium.workbench.runs.task_rows import TaskRows  # noqa: E402

FLOW = """\
id: quick
namespace: bench

tasks:
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: Hello
"""
NOW = datetime(2026, 11, 22, 14, 32, tzinfo=UTC)


def report(name: str, seconds: float, budget: float | None = None, note: str = "") -> None:
    of = "" if budget is None else f"  {seconds / budget:5.2f} of the budget of {budget * 1000:.0f} ms"
    print(f"{name:<58}{seconds * 1000:>9.2f} ms{of}{note}")


def workbench(root: Path) -> PodiumApp:
    stores = Stores.open(root)
    registry = default_registry()
    executions = Executions(stores.workspace, registry, settings=stores.settings, launcher=SERVER, stores=stores)
    return PodiumApp(stores, registry, executions, start=root / "flows" / "quick.yaml", ascii_only=False)


def grid(app: PodiumApp) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def until(condition: Callable[[], object], limit: float = 60) -> float:
    """Wait until something is so; returns how long that took. The loop runs on in between, as it does for keys."""
    start = time.perf_counter()
    while not condition():
        await asyncio.sleep(0.001)
        if time.perf_counter() - start > limit:
            raise SystemExit("it takes too long")
    return time.perf_counter() - start


def prepare(root: Path) -> Path:
    (root / "flows").mkdir()
    (root / "flows" / "quick.yaml").write_text(FLOW)
    (root / ".podium").mkdir(mode=0o700)
    return root


def shows_more(app: PodiumApp, count: int) -> bool:
    """Whether there is one run more than `count`, and it is on the screen."""
    return app.main.runs.table.row_count > count and "○ " in grid(app)


# ---- starting ----------------------------------------------------------------------------------------------------


async def measure_start(root: Path) -> None:
    app = workbench(root)
    async with app.run_test(size=(140, 40)) as pilot:
        await until(lambda: app.main.editor.current is not None and "Runs of quick" in grid(app))
        await pilot.pause(0.5)
        table = app.main.runs.table
        firsts, runnings, ends = [], [], []
        for _ in range(10):
            count = table.row_count
            start = time.perf_counter()
            app.main.action_execute()
            await until(partial(shows_more, app, count))
            firsts.append(time.perf_counter() - start)
            await until(lambda: table.selected is not None and table.selected.id)
            runnings.append(time.perf_counter() - start)
            await until(lambda: table.selected is not None and table.selected.state == "SUCCESS")
            ends.append(time.perf_counter() - start)
        for name, took, budget in (
            ("F5 until the row is on the screen", firsts, 0.1),
            ("F5 until the execution exists and has its id", runnings, None),
            ("F5 until SUCCESS is on the screen", ends, None),
        ):
            took.sort()
            report(name, took[len(took) // 2], budget, f"  (slowest {took[-1] * 1000:.0f} ms)")


# ---- following ---------------------------------------------------------------------------------------------------


def measure_following(root: Path) -> None:
    stores = Stores.open(root)
    costs = {}
    for size in (1_000, 10_000):
        name = f"follow{size}"
        created = c.ExecutionCreated(name, "bench", "quick", NOW)
        record = ExecutionRecord.create(stores.workspace.executions, [created], FLOW)
        with JournalWriter(record.journal) as writer:
            events: list[c.Change] = [c.ExecutionMoved("RUNNING", NOW), c.TaskRunCreated("loop", "loop", NOW)]
            for number in range(size):
                events.append(c.TaskRunCreated(f"r{number}", "step", NOW, "loop", str(number), number))
                events.append(c.TaskRunMoved(f"r{number}", "SUCCESS", NOW + timedelta(seconds=1)))
            writer.append([c.encode(event) for event in events])
            journal = OpenJournal(ExecutionRecord(record.directory))
            start = time.perf_counter()
            (read,) = journal.poll()
            rows = TaskRows(read.execution)  # type: ignore[union-attr]
            report(f"open a journal of {size:,} task runs", time.perf_counter() - start)
            took = 0.0
            for number in range(200):
                event = c.TaskRunCreated(f"n{number}", "step", NOW, "loop", str(size + number), size + number)
                writer.append([c.encode(event)])
                start = time.perf_counter()
                (grew,) = journal.poll()
                assert isinstance(grew, ExecutionGrew)
                for change in grew.changes:
                    rows.apply(change)
                took += time.perf_counter() - start
            costs[size] = took / 200
            report(f"one more event in a run of {size:,} task runs", costs[size])
    print(f"{'an event with 10 times the task runs costs':<58}{costs[10_000] / costs[1_000]:>9.2f} times")


# ---- a long list -------------------------------------------------------------------------------------------------


def fill_index(stores: Stores, count: int) -> None:
    states = ("SUCCESS", "SUCCESS", "SUCCESS", "FAILED", "WARNING")
    with stores.database.transaction() as query:
        for number in range(count):
            start = NOW - timedelta(seconds=30 * (count - number))
            one = ExecutionSummary(
                f"0V{number:08}", "bench", f"flow{number % 40}", states[number % 5], start,
                start + timedelta(seconds=4), labels=(("team", f"t{number % 7}"),),
            )  # fmt: skip
            stores.index._put(query, one)


async def timed_key(pilot: Pilot[None], condition: Callable[[], object], *keys: str) -> float:
    start = time.perf_counter()
    await pilot.press(*keys)
    await until(condition)
    return time.perf_counter() - start


async def measure_list(root: Path, count: int) -> None:
    fill_index(Stores.open(root), count)
    app = workbench(root)
    async with app.run_test(size=(140, 40)) as pilot:
        await until(lambda: app.main.editor.current is not None)
        await pilot.pause(0.3)
        app.main.action_pane("runs")
        pane = app.main.runs
        await until(lambda: pane.table.has_focus)
        start = time.perf_counter()
        pane.show_all()
        await until(lambda: pane.table.total == count and f"flow{(count - 1) % 40}" in grid(app))
        report(f"all {count:,} runs, until they are on the screen", time.perf_counter() - start)
        await pilot.pause(0.3)
        keys: list[float] = []
        for _ in range(30):
            begin = time.perf_counter()
            pane.table.action_move(1)
            for y in range(pane.table.size.height):
                pane.table.render_line(y)
            keys.append(time.perf_counter() - begin)
        keys.sort()
        report("cursor down, with all rows drawn", keys[15], 0.016)
        last = f"0V{0:08}"
        took = await timed_key(pilot, lambda: pane.selected is not None and pane.selected.id == last, "end")
        report("to the oldest run", took)
        await pilot.press("home")
        start = time.perf_counter()
        pane._typed = "failed team:t3"
        pane._ask()
        await until(lambda: pane._answered)
        report("filter by state and label", time.perf_counter() - start)
        start = time.perf_counter()
        pane._typed = "00077"
        pane._ask()
        await until(lambda: pane._answered)
        report("filter by text", time.perf_counter() - start)
        looks = []
        follower = app.bench.feed._follower
        for _ in range(200):
            begin = time.perf_counter()
            follower._database.read("PRAGMA data_version")  # type: ignore[union-attr]
            looks.append(time.perf_counter() - begin)
        looks.sort()
        report("a look at an index that did not change", looks[100])


# ---- commands ----------------------------------------------------------------------------------------------------

LIST_BUDGET = 0.2
"""Seconds of a whole process, the start of the interpreter included."""

COMMANDS = (
    ("runs",), ("runs", "--state", "FAILED"), ("runs", "--flow", "bench.flow7"), ("runs", "-o", "json"),
    ("runs", "--label", "team=t3"), ("ps",), ("show", "ZshowMe0001"), ("show", "ZshowMe"), ("show", "last"),
)  # fmt: skip


def measure_commands(root: Path, count: int) -> None:
    stores = Stores.open(root)
    fill_index(stores, count)
    changes: list[c.Change] = [
        c.ExecutionCreated("ZshowMe0001", "bench", "quick", NOW), c.ExecutionMoved("RUNNING", NOW),
        c.TaskRunCreated("r1", "say", NOW), c.TaskRunMoved("r1", "SUCCESS", NOW), c.ExecutionMoved("SUCCESS", NOW),
    ]  # fmt: skip
    ExecutionRecord.create(stores.workspace.executions, changes, FLOW)
    stores.index.upsert(summary_of(fold(changes)))
    stores.database.close()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "app")}
    for words in COMMANDS:
        took = []
        for _ in range(7):
            start = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "podium", *words], cwd=root, env=environment, check=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            took.append(time.perf_counter() - start)
        report(f"podium {' '.join(words)}, of {count:,} runs (best of 7)", min(took), LIST_BUDGET)


# ---- a long log --------------------------------------------------------------------------------------------------


async def measure_log(root: Path, lines: int) -> None:
    stores = Stores.open(root)
    record = ExecutionRecord.create(
        stores.workspace.executions, [c.ExecutionCreated("longlog", "bench", "quick", NOW)], FLOW
    )  # fmt: skip
    with LogWriter(record.log) as log:
        for start in range(0, lines, 1000):
            part = [f"processing record {number} of a batch, nothing to see" for number in range(start, start + 1000)]
            log.write_lines("stdout", "INFO", "load", "r1", 0, 1767225600000, part)
    app = workbench(root)
    async with app.run_test(size=(140, 40)) as pilot:
        await until(lambda: app.main.editor.current is not None)
        pane = app.main.log_pane
        pane.lane = "script"
        lags: list[float] = []

        async def feel() -> None:
            """How long a key would have had to wait meanwhile."""
            while True:
                begin = time.perf_counter()
                await asyncio.sleep(0.002)
                lags.append(time.perf_counter() - begin - 0.002)

        feeling = asyncio.create_task(feel())
        start = time.perf_counter()
        pane.show(record.log, "long", live=True)
        view = pane._views["script"]
        await until(lambda: len(view.selection) == lines and f"record {lines - 1} " in grid(app))
        report(f"a log of {lines:,} lines, until its end is on the screen", time.perf_counter() - start)
        feeling.cancel()
        lags.sort()
        report("the longest that a key waited meanwhile", lags[-1])
        await _measure_view(pilot, view, lines)


async def _measure_view(pilot: Pilot[None], view: "object", lines: int) -> None:
    from podium.workbench.widgets.log_view import LogView

    assert isinstance(view, LogView)
    view.focus()
    drawn = []
    for step in range(40):
        view.scroll_to(y=step * lines // 40, animate=False, immediate=True)
        begin = time.perf_counter()
        for y in range(view.size.height):
            view.render_line(y)
        drawn.append(time.perf_counter() - begin)
    drawn.sort()
    report("draw a screen anywhere in it (median)", drawn[20], 0.016)


async def main() -> None:
    executions = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    lines = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    steps: list[Callable[[Path], Awaitable[None] | None]] = [
        measure_start, measure_following, lambda root: measure_commands(root, executions),
        lambda root: measure_list(root, executions),
        lambda root: measure_log(root, lines),
    ]  # fmt: skip
    for step in steps:
        with tempfile.TemporaryDirectory() as folder:
            doing = step(prepare(Path(folder)))
            if doing is not None:
                await doing
            # A runner that has just ended may still take its things away.
            await asyncio.sleep(0.5)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    finally:
        SERVER.close()
