"""The tree of task runs with states, durations and bars of time; only what is on the screen is drawn."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer

from podium.base.looks import look, short_duration
from podium.base.text import cell_width, clean, shorten
from podium.engine import changes as c
from podium.engine.execution import Execution
from podium.engine.restart import Fate
from podium.workbench.runs.gantt import Scale
from podium.workbench.runs.task_rows import TaskRow, TaskRows
from podium.workbench.widgets.cursor_rows import CursorRows, moving

_DURATION = 8
_WITH_BARS = 40
_WITH_WORD = 60
_FATES = {"rerun": "↻ runs again", "kept": "✓ is kept", "removed": "− is removed"}


class TaskTree(CursorRows):
    """Task runs, nested, in the order in which they were reached, with a cursor."""

    DEFAULT_CSS = """
    TaskTree {
        border: round $surface-lighten-2; border-title-color: $text-muted; border-subtitle-color: $text-muted;
        &:focus { border: round $accent; border-title-color: $text; }
        & > .tasks--edge { color: $surface-lighten-3; }
    }
    """
    COMPONENT_CLASSES = {"tasks--edge"}
    BINDINGS: ClassVar[list[BindingType]] = [
        *moving("tasks"),
        Binding("space,right,left", "fold", "Fold", id="tasks.fold"),
        Binding("enter", "choose", "Its log", id="tasks.choose"),
    ]

    class Highlighted(Message):
        """The cursor is on this row; None when there is none."""

        def __init__(self, row: TaskRow | None) -> None:
            super().__init__()
            self.row = row

    class Chosen(Message):
        """The reader wants this row's log alone (or all again, when it was that already)."""

        def __init__(self, row: TaskRow) -> None:
            super().__init__()
            self.row = row

    def __init__(
        self, now: Callable[[], datetime] = lambda: datetime.now(UTC), *, title: str = "Tasks", id: str | None = None
    ) -> None:  # fmt: skip
        super().__init__(id=id)
        self._now, self._title = now, title
        self._rows: TaskRows | None = None
        self._key: tuple[str, int | None] | None = None
        self._fates: Mapping[str, Fate] = {}
        self._ticker: Timer | None = None
        self.empty_text = "Task runs appear here as the flow reaches its tasks."

    def on_mount(self) -> None:
        self._ticker = self.set_interval(1.0, self._tick, pause=True)
        self._show_axis()

    # ---- what is shown -----------------------------------------------------------------------------------------

    def show(self, execution: Execution) -> None:
        """Another execution, or this one read anew."""
        self._rows = TaskRows(execution)
        self._settle()

    def apply(self, changes: Sequence[c.Change]) -> None:
        """What happened since. Raises KeyError when it does not fit to what was shown."""
        if self._rows is None:
            return
        for change in changes:
            self._rows.apply(change)
        self._settle()

    def set_fates(self, fates: Sequence[Fate] | None) -> None:
        """Show what a restart or replay would do with each task run; None: their times again."""
        self._fates = {fate.taskrun_id: fate for fate in fates or ()}
        self.refresh()

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return 0 if self._rows is None else len(self._rows.rows)

    @property
    def selected(self) -> TaskRow | None:
        """The row under the cursor."""
        return self._row(self._cursor)

    def select(self, taskrun_id: str) -> None:
        """Put the cursor on a task run and unfold what it is in."""
        place = None if self._rows is None else self._rows.reveal(taskrun_id)
        if place is not None:
            self._settle()
            self._move_to(place)

    def _row(self, at: int) -> TaskRow | None:
        rows = [] if self._rows is None else self._rows.rows
        return rows[at] if 0 <= at < len(rows) else None

    def _settle(self) -> None:
        rows = [] if self._rows is None else self._rows.rows
        if self._key is not None and (self.selected is None or self.selected.key != self._key):
            self._cursor = next((at for at, row in enumerate(rows) if row.key == self._key), self._cursor)
        self._lay_out(len(rows))
        if self._ticker is not None and self._rows is not None:
            if self._rows.execution.terminal:
                self._ticker.pause()
            else:
                self._ticker.resume()
        self._show_axis()
        self._moved()
        self.refresh()

    def _tick(self) -> None:
        self._show_axis()
        self.refresh()

    def _show_axis(self) -> None:
        """The title, and above the bars the marks of their scale."""
        width = self.scrollable_content_region.width
        title = Content(self._title)
        if self._rows is not None and self.row_count and width >= _WITH_BARS:
            marks = Scale(*self._rows.span(self._now()), self._bar_width(width)).axis()
            line = Content.styled("─" * (width - self._bar_width(width) - len(self._title) - 5), "$surface-lighten-2")
            title = Content(" ").join([title, line, Content.styled(marks.rstrip(), "$text-muted")])
        if title != self.border_title:
            self.border_title = title

    def _moved(self) -> None:
        row = self.selected
        if (row.key if row else None) != self._key:
            self._key = row.key if row else None
            self.refresh_bindings()
            self.post_message(self.Highlighted(row))

    # ---- keys --------------------------------------------------------------------------------------------------

    def makes_sense(self, action: str) -> bool:
        """For the row of keys: whether there is anything to fold."""
        row = self.selected
        return row is not None and (action != "fold" or row.fold is not None)

    def action_fold(self) -> None:
        """Hide what is below the row, or show it."""
        row = self.selected
        if row is not None and self._rows is not None:
            self._rows.toggle(row)
            self._settle()

    def action_choose(self) -> None:
        if self.selected is not None:
            self.post_message(self.Chosen(self.selected))

    def _clicked(self, again: bool) -> None:
        if again:
            self.action_choose()

    # ---- painting ----------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        row = self._row(y + self.scroll_offset.y)
        if row is None or self._rows is None:
            text = self.empty_text if y == 0 and not self.row_count else ""
            return Strip([Segment(text, self.get_component_rich_style("rows--muted"))]).crop_extend(
                0, width, self.rich_style
            )  # fmt: skip
        strip = Strip(self._segments(row, width)).crop_extend(0, width, self.rich_style)
        return self._highlighted(strip) if y + self.scroll_offset.y == self._cursor else strip

    def _segments(self, row: TaskRow, width: int) -> list[Segment]:
        assert self._rows is not None
        muted = self.get_component_rich_style("rows--muted")
        tone = self._tone(look(row.state).tone)
        fold = {None: "  ", True: "▸ ", False: "▾ "}[row.fold]
        names = self._name_width(width)
        lead = "  " * min(row.depth, 8) + fold
        state = f"{look(row.state).symbol} "
        room = max(names - len(lead) - 2, 4)
        name = shorten(clean(row.name), room)
        segments = [
            Segment(lead, muted), Segment(state, tone),
            Segment(name + " " * (room - cell_width(name)), self.rich_style if row.attempt is None else muted),
        ]  # fmt: skip
        fate = self._fates.get(row.run.id)
        if fate is not None and row.attempt is None:
            text = f" {_FATES[fate.fate]}: {clean(fate.reason)}"
            return [*segments, Segment(text, self._tone("warning" if fate.fate != "kept" else "ended"))]
        if width >= _WITH_WORD:
            segments.append(Segment(f"{row.state:<10}", tone))
        lasted = short_duration((row.end or self._now()) - row.start)
        segments.append(Segment(f"{lasted:>{_DURATION - 1}} ", self.rich_style))
        if width >= _WITH_BARS:
            segments += self._bar(row, self._bar_width(width))
        return segments

    def _bar(self, row: TaskRow, width: int) -> list[Segment]:
        assert self._rows is not None
        edge = self.get_component_rich_style("tasks--edge")
        scale = Scale(*self._rows.span(self._now()), width)
        parts = [
            Segment(part.text, self.rich_style if part.tone == "none" else self._tone(part.tone))
            for part in scale.bar(row.bars())
        ]
        return [Segment("▕", edge), *parts, Segment("▏", edge)]

    def _bar_width(self, width: int) -> int:
        return width - self._name_width(width) - _DURATION - (10 if width >= _WITH_WORD else 0) - 2

    def _name_width(self, width: int) -> int:
        if width < _WITH_BARS:
            return width - _DURATION
        return min(max(width * 2 // 5, 20), 44)

    def _tone(self, tone: str) -> Style:
        return self.get_component_rich_style(f"state--{tone}")
