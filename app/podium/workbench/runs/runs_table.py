"""The rows of the list of runs: any number of them, of which only the pages on the screen are known."""

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from textwrap import wrap
from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer

from podium.base.looks import look
from podium.store.summaries import ExecutionSummary
from podium.workbench.following import PAGE, RunsRead
from podium.workbench.runs.run_rows import RunColumns, lasts
from podium.workbench.widgets.cursor_rows import CursorRows, moving


class RunsTable(CursorRows):
    """Executions, newest first, with a cursor. Rows that are not known are asked for with `PagesWanted`.

    The cursor stays on its execution when new ones come above it; on the first row it stays on the newest.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="runs.open"),
        *moving("runs", page_down="pagedown,space", first="Newest", last="Oldest"),
    ]

    class PagesWanted(Message):
        """Rows of these pages are on the screen."""

        def __init__(self, pages: tuple[int, ...]) -> None:
            super().__init__()
            self.pages = pages

    class Highlighted(Message):
        """The cursor is on another execution, or on one that changed; None when there is none."""

        def __init__(self, run: ExecutionSummary | None) -> None:
            super().__init__()
            self.run = run

    class Opened(Message):
        """The reader wants to see an execution."""

        def __init__(self, run: ExecutionSummary) -> None:
            super().__init__()
            self.run = run

    def __init__(self, now: Callable[[], datetime], *, zone: tzinfo | None = None, id: str | None = None) -> None:
        super().__init__(id=id)
        self._now, self._zone = now, zone
        self.flows = False
        self.empty_text = ""
        self.total = 0
        self._pages: Mapping[int, tuple[ExecutionSummary, ...]] = {}
        self._wanted: tuple[int, ...] = (0,)
        self._starting: list[ExecutionSummary] = []
        self._told: ExecutionSummary | None = None
        self._ticker: Timer | None = None

    def on_mount(self) -> None:
        self._ticker = self.set_interval(1.0, self._tick, pause=True)

    # ---- what is shown -----------------------------------------------------------------------------------------

    def clear(self) -> None:
        """Another question was asked: nothing is known until it is answered."""
        self._pages, self.total, self._cursor, self._wanted = {}, 0, 0, (0,)
        self._starting = []
        self._settle()

    def take(self, read: RunsRead) -> None:
        """The answer to what was asked last."""
        kept = self.selected
        grown = read.total - self.total
        self._pages, self.total = read.pages, read.total
        known = {run.id for page in read.pages.values() for run in page}
        gone = len(self._starting)
        self._starting = [run for run in self._starting if run.id not in known]
        gone -= len(self._starting)
        if kept is not None and self._cursor > 0:
            place = self._place(kept.id)
            # On a page that is not known its place can only have moved by what is new.
            self._cursor = place if place is not None else self._cursor + max(grown, 0) - gone
        self._settle()

    def start(self, run: ExecutionSummary) -> None:
        """Show an execution before the index knows it, and put the cursor there. `id` may still be empty."""
        self._starting.insert(0, run)
        self._cursor = 0
        self.scroll_to(y=0, animate=False, immediate=True)
        self._settle()

    def started(self, before: ExecutionSummary, run: ExecutionSummary | None) -> None:
        """The execution that was shown as `before` has its id now; None when it could not be started."""
        known = {one.id for page in self._pages.values() for one in page}
        after = [] if run is None or run.id in known else [run]
        self._starting = [new for one in self._starting for new in (after if one is before else [one])]
        self._settle()

    @property
    def row_count(self) -> int:
        """All rows, known or not."""
        return len(self._starting) + self.total

    @property
    def selected(self) -> ExecutionSummary | None:
        """The execution under the cursor, None when there is none or it is not known yet."""
        return self._run(self._cursor)

    def select(self, execution_id: str) -> bool:
        """Put the cursor on an execution; False if it is not on a known page."""
        place = self._place(execution_id)
        if place is None:
            return False
        self._move_to(place)
        return True

    def _run(self, row: int) -> ExecutionSummary | None:
        if row < len(self._starting):
            return self._starting[row] if row >= 0 else None
        number, at = divmod(row - len(self._starting), PAGE)
        page = self._pages.get(number, ())
        return page[at] if at < len(page) else None

    def _place(self, execution_id: str) -> int | None:
        for row, run in enumerate(self._starting):
            if run.id == execution_id:
                return row
        for number, page in self._pages.items():
            for at, run in enumerate(page):
                if run.id == execution_id:
                    return len(self._starting) + number * PAGE + at
        return None

    def _settle(self) -> None:
        self._lay_out(self.row_count)
        self._moved()
        self.refresh()

    def _moved(self) -> None:
        self._want()
        self._tell()

    def _want(self) -> None:
        top = max(self.scroll_offset.y - len(self._starting), 0)
        rows = (top, top + max(self.size.height - 1, 0), max(self._cursor - len(self._starting), 0))
        wanted = tuple(sorted({row // PAGE for row in rows if row < max(self.total, 1)}))
        if wanted and wanted != self._wanted:
            self._wanted = wanted
            self.post_message(self.PagesWanted(wanted))

    def _tell(self) -> None:
        if self.selected != self._told:
            self._told = self.selected
            self.post_message(self.Highlighted(self._told))
            self.refresh_bindings()
        if self._ticker is not None:
            if any(lasts(run) for run in self._on_screen()):
                self._ticker.resume()
            else:
                self._ticker.pause()

    def _on_screen(self) -> list[ExecutionSummary]:
        top = self.scroll_offset.y
        found = (self._run(row) for row in range(top, min(top + self.size.height, self.row_count)))
        return [run for run in found if run is not None]

    def _tick(self) -> None:
        """Durations grow: only the rows whose do are drawn again."""
        top = self.scroll_offset.y
        for y in range(min(self.size.height, self.row_count - top)):
            run = self._run(top + y)
            if run is not None and lasts(run):
                self.refresh_line(top + y)

    # ---- keys --------------------------------------------------------------------------------------------------

    def action_open(self) -> None:
        run = self.selected
        if run is not None and run.id:
            self.post_message(self.Opened(run))

    def _clicked(self, again: bool) -> None:
        if again:
            self.action_open()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if self.is_mounted:
            self._moved()

    # ---- painting ----------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        row = y + self.scroll_offset.y
        if not self.row_count:
            return self._empty_line(y, width)
        if row >= self.row_count:
            return Strip.blank(width, self.rich_style)
        run = self._run(row)
        muted = self.get_component_rich_style("rows--muted")
        if run is None:
            strip = Strip([Segment("…", muted)])
        else:
            styles = {
                "state": self.get_component_rich_style(f"state--{look(run.state).tone}"),
                "muted": muted,
                "plain": self.rich_style,
            }
            cells = RunColumns(width, self.flows, self._zone).cells(run, self._now())
            strip = Strip([Segment(cell.text, styles[cell.kind]) for cell in cells])
        strip = strip.crop_extend(0, width, self.rich_style)
        if row == self._cursor:
            strip = self._highlighted(strip)
        return strip

    def _empty_line(self, y: int, width: int) -> Strip:
        lines = _wrapped(self.empty_text, width)
        text = lines[y] if y < len(lines) else ""
        style = self.get_component_rich_style("rows--muted")
        return Strip([Segment(text, style)]).crop_extend(0, width, self.rich_style)


def _wrapped(text: str, width: int) -> list[str]:
    return [line for part in text.split("\n") for line in (wrap(part, max(width, 8)) or [""])]
