"""Bars of time in cells: when a task run waited and when it worked, on one scale for all rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from podium.base.looks import look, short_duration
from podium.workbench.runs.task_rows import Bar

_EIGHTHS = " ▏▎▍▌▋▊▉"
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some cells of one look: `tone` of a state, `waiting`, or `none` for empty ones."""

    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class Scale:
    """A span of time over `width` cells."""

    start: datetime
    end: datetime
    width: int

    def cell(self, moment: datetime) -> float:
        """Where a moment lies, in cells."""
        whole = max((self.end - self.start).total_seconds(), 0.001)
        return min(max((moment - self.start).total_seconds() / whole * self.width, 0.0), float(self.width))

    def bar(self, bars: Sequence[Bar]) -> list[Stretch]:
        """The cells of one row. A bar is at least an eighth of a cell, so that nothing that happened is invisible."""
        cells = [(" ", "none")] * self.width
        for bar in bars:
            first = self.cell(bar.start)
            last = self.cell(bar.end or self.end)
            tone = "waiting" if bar.waiting else look(bar.state).tone
            self._draw(cells, first, last, tone)
        return _joined(cells)

    def _draw(self, cells: list[tuple[str, str]], first: float, last: float, tone: str) -> None:
        at = min(int(first), self.width - 1)
        if tone == "waiting":
            for cell in range(at, max(int(last), at)):
                cells[cell] = ("·", tone)
            return
        if last - first < 1:
            cells[at] = (_EIGHTHS[min(max(int((last - first) * 8), 1), 7)], tone)
            return
        for cell in range(at, int(last)):
            cells[cell] = ("█", tone)
        rest = int((last - int(last)) * 8)
        if rest and int(last) < self.width:
            cells[int(last)] = (_EIGHTHS[rest], tone)

    def axis(self) -> str:
        """`0s    5s    10s`: marks of the scale, as many as fit."""
        whole = (self.end - self.start).total_seconds()
        if self.width < 12 or whole <= 0:
            return ""
        step = next((one for one in _STEPS if whole / one * 9 <= self.width), _STEPS[-1])
        text = ""
        mark = 0.0
        while mark <= whole:
            at = int(mark / whole * self.width)
            label = "0s" if not mark else _label(mark)
            if at + len(label) > self.width:
                break
            text = text.ljust(at) + label
            mark += step
        return text.ljust(self.width)


def _label(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:g}s"
    return short_duration(timedelta(seconds=seconds)).replace(" 00s", "").replace(" 00m", "").removesuffix(".0s")


def _joined(cells: Sequence[tuple[str, str]]) -> list[Stretch]:
    stretches: list[Stretch] = []
    for text, tone in cells:
        if stretches and stretches[-1].tone == tone:
            stretches[-1] = Stretch(stretches[-1].text + text, tone)
        else:
            stretches.append(Stretch(text, tone))
    return stretches
