"""One row of the list of runs: what of an execution fits into a width."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from podium.base.looks import look, short_duration, short_id, short_moment
from podium.base.text import cell_width, clean, shorten
from podium.engine.states import TERMINAL
from podium.store.summaries import ExecutionSummary

_WORD = 10  # RESTARTED, CANCELLED and a space
_ID = 9
_WITH_ID = 24
_WITH_WORD = 44
_WITH_FLOW = 64
_WITH_LABELS = 90


@dataclass(frozen=True, slots=True)
class Cell:
    """Text of one column, padded to its width; `kind` says how it is coloured: `state`, `plain` or `muted`."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class RunColumns:
    """Which columns there is room for in `width` cells; `flows` when executions of several flows are mixed."""

    width: int
    flows: bool
    zone: tzinfo | None = None

    def cells(self, run: ExecutionSummary, now: datetime) -> list[Cell]:
        """The row of an execution."""
        when, lasted = short_moment(run.start, now, self.zone), short_duration((run.end or now) - run.start)
        if run.state == "CREATED" or (run.end is None and run.state == "QUEUED"):
            lasted = ""
        cells = [Cell(f"{look(run.state).symbol} ", "state")]
        if self.width >= _WITH_WORD:
            cells.append(Cell(f"{run.state:<{_WORD}}", "state"))
        times = self._times(when, lasted)
        name = short_id(clean(run.id)) if run.id else "starting"
        if self.flows and self.width < _WITH_FLOW:
            # The flow says more than the id where only one of them fits.
            room = self.width - _used(cells) - _used(times)
            return [*cells, Cell(_fitted(run.flow_id, room), "plain"), *times]
        if self.width >= _WITH_ID:
            cells.append(Cell(f"{name:<{_ID}}", "muted" if self.flows else "plain"))
        if self.flows:
            room = min(self.width - _used(cells) - _used(times), 30)
            cells.append(Cell(_fitted(run.flow_id, room), "plain"))
        cells += times
        if self.width >= _WITH_LABELS:
            cells.append(Cell(_fitted(_remarks(run), self.width - _used(cells)), "muted"))
        return cells

    def _times(self, when: str, lasted: str) -> list[Cell]:
        if self.width < 28:
            # The pane beside the editor: seconds, or the time of another day, matter less than how long it took.
            short = when[:5] if when.count(":") == 2 else " ".join(when.split()[:2])[-6:]
            return [Cell(f"{short:<6}", "muted"), Cell(f"{lasted:>7}", "plain")]
        wide = 13 if self.width >= _WITH_WORD else 9
        return [Cell(f"{when:<{wide}}", "muted"), Cell(f"{lasted:>7} ", "plain")]


def lasts(run: ExecutionSummary) -> bool:
    """Whether its duration still grows."""
    return run.end is None and run.state not in TERMINAL and run.state not in ("CREATED", "QUEUED")


def _used(cells: list[Cell]) -> int:
    return sum(cell_width(cell.text) for cell in cells)


def _fitted(text: str, width: int) -> str:
    if width < 2:
        return ""
    short = shorten(clean(text), width - 1)
    return short + " " * (width - cell_width(short))


def _remarks(run: ExecutionSummary) -> str:
    labels = [f"{key}={value}" for key, value in run.labels if not key.startswith("system.")]
    trigger = [] if run.trigger_id is None else [f"by {run.trigger_id}"]
    return "  " + " ".join([*trigger, *labels])
