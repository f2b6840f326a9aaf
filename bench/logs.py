"""What the log pipeline costs: writing, indexing, filtering, drawing. Run: `python bench/logs.py [lines]`.

Each figure stands next to the plain way of doing the same (one `json.dumps` and one write per line, `json.loads` of
the whole file), measured in the same run on the same machine, so the ratios can be compared between machines.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from podium.base.masking import Masker
from podium.store.log_filter import LogFilter, TextPattern
from podium.store.log_index import LogIndex, LogSelection
from podium.store.logs import LogWriter

NOW = 1767225600000
BATCH = 500  # what a reader of a pipe gets at once from a busy script


def seconds(action: Callable[[], object]) -> float:
    """Best of three: the machine is not ours alone."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        action()
        best = min(best, time.perf_counter() - start)
    return best


def report(name: str, count: int, took: float, plain: float | None = None) -> None:
    rate = f"{count / took:>13,.0f} lines/s"
    ratio = "" if plain is None else f"  {plain / took:6.1f} x the plain way"
    print(f"{name:<42}{took * 1000:>9.1f} ms {rate}{ratio}")


def write_plainly(path: Path, lines: list[str]) -> None:
    with path.open("w") as file:
        for line in lines:
            entry = {"s": "stdout", "l": "INFO", "k": "load", "r": "run1", "a": 0, "t": NOW, "m": line}
            file.write(json.dumps(entry) + "\n")
            file.flush()  # as the pipeline: a line that was taken is in the file


def write_in_batches(path: Path, lines: list[str], mask: Callable[[str], str] | None = None) -> None:
    path.unlink(missing_ok=True)
    with LogWriter(path, mask) as log:
        for start in range(0, len(lines), BATCH):
            log.write_lines("stdout", "INFO", "load", "run1", 0, NOW, lines[start : start + BATCH])


def filter_plainly(path: Path, needle: str) -> int:
    with path.open() as file:
        return sum(needle in json.loads(line)["m"] for line in file)


def measure_store(path: Path, lines: list[str]) -> None:
    count = len(lines)
    coloured = [f"\x1b[32m{line}\x1b[0m" for line in lines]
    plain = seconds(lambda: write_plainly(path, lines))
    report("write, json.dumps per line", count, plain)
    report("write, coloured", count, seconds(lambda: write_in_batches(path, coloured)), plain)
    for number in (1, 20, 200):
        masker = Masker(f"Secret-{one * 7919 % 10_007}-of-{one}" for one in range(number))
        masked = seconds(partial(write_in_batches, path, lines, masker))
        report(f"write, with {number} secrets in use", count, masked, plain)
    report("write", count, seconds(lambda: write_in_batches(path, lines)), plain)

    parsed = seconds(lambda: filter_plainly(path, ""))
    report("read, json.loads per line", count, parsed)
    report("index", count, seconds(lambda: LogIndex(path).refresh()), parsed)
    index = LogIndex(path)
    index.refresh()
    size = sum(column.itemsize * len(column) for column in (index.starts, index.origin_of)) + len(index.special)
    print(f"{'index, memory per line':<42}{size / count:>9.1f} bytes")

    def select(chosen: LogFilter) -> Callable[[], object]:
        return lambda: LogSelection(index, chosen).refresh()

    report("filter by level", count, seconds(select(LogFilter(level="WARN"))), parsed)
    found = seconds(lambda: filter_plainly(path, "7777"))
    for name, text, regex in (("a rare text", "record 7777 ", False), ("a regular expression", r"rec\w+ \d*77", True)):
        chosen = LogFilter(pattern=TextPattern(text, regex))
        report(f"filter by {name}", count, seconds(select(chosen)), found)
    with LogWriter(path) as log:
        log.write_lines("stdout", "INFO", "load", "run1", 0, NOW, ["one more"])
    start = time.perf_counter()
    index.refresh()
    print(f"{'take in one more line':<42}{(time.perf_counter() - start) * 1e6:>9.0f} us")


async def measure_view(path: Path) -> None:
    """What a frame costs while the log is long, and whether it depends on the length."""
    from textual.app import App, ComposeResult

    from podium.workbench.widgets.log_view import LogView

    class Viewer(App[None]):
        def compose(self) -> ComposeResult:
            yield LogView(index, LogFilter())

    for part in (1000, None):
        shown = path
        if part is not None:
            shown = path.with_suffix(".short")
            with path.open() as file:
                shown.write_text("".join(line for line, _ in zip(file, range(part), strict=False)))
        index = LogIndex(shown)
        index.refresh()
        app = Viewer()
        async with app.run_test(size=(120, 40)) as pilot:
            view = app.query_one(LogView)
            while not view.pull():
                pass
            await pilot.pause()
            took = []
            for step in range(40):
                view.scroll_to(y=step * len(index) // 40, animate=False, immediate=True)
                start = time.perf_counter()
                for y in range(view.size.height):
                    view.render_line(y)
                took.append(time.perf_counter() - start)
            took.sort()
            name = f"draw a screen of {len(index):,} lines"
            print(f"{name:<42}{took[20] * 1000:>9.2f} ms (median), {took[-2] * 1000:.2f} ms (95 %)")
            for name, key in (("wrap on", "w"), ("level filter", "l")):
                start = time.perf_counter()
                view.focus()
                await pilot.press(key)
                while not view.pull():
                    pass
                print(f"{f'{name}, {len(index):,} lines':<42}{(time.perf_counter() - start) * 1000:>9.0f} ms")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    lines = [
        f"2026-01-01 processing record {number} of a batch, nothing special to see here at all"
        for number in range(count)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        measure_store(path, lines)
        asyncio.run(measure_view(path))


if __name__ == "__main__":
    main()
