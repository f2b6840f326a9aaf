"""The part of a log that is on the screen, kept up while the log grows. What a reader can do is in `log_view`."""

from dataclasses import replace
from datetime import tzinfo

from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive, var
from textual.scroll_view import ScrollView
from textual.strip import Strip

from podium.store.log_filter import LogFilter, TextPattern
from podium.store.log_index import LogIndex, LogSelection
from podium.store.logs import LEVELS
from podium.workbench.widgets.log_paint import Columns, LogStyles, gutter, paint
from podium.workbench.widgets.log_rows import LogRows, Span, message_rows


class LogWindow(ScrollView, can_focus=True):
    """The lines of an index that a filter means, drawn only where they are looked at.

    A million lines cost no more than a thousand. The owner refreshes the index and calls `pull` a few times a second
    while the log grows.
    """

    ALLOW_SELECT = False  # lines are selected here, by keys and mouse alike
    DEFAULT_CSS = """
    LogWindow {
        overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; background: $background;
        & > .log--time { color: $text-muted; }
        & > .log--task { color: $text-secondary; }
        & > .log--trace { color: $text-disabled; }
        & > .log--debug { color: $text-muted; }
        & > .log--info { color: $foreground; }
        & > .log--warn { color: $text-warning; }
        & > .log--error { color: $text-error; }
        & > .log--match { background: $warning; color: $background; text-style: bold; }
        & > .log--hit { background: $surface; }
        & > .log--selected { background: $primary; color: $text; }
        & > .log--edge { color: $accent; text-style: bold; }
        & > .log--empty { color: $text-muted; }
    }
    """
    COMPONENT_CLASSES = {
        "log--time", "log--task", "log--trace", "log--debug", "log--info", "log--warn", "log--error", "log--match",
        "log--hit", "log--selected", "log--edge", "log--empty",
    }  # fmt: skip
    # ScrollView lays out the whole screen when this changes; the log grows ten times a second.
    virtual_size = reactive(Size(0, 0), layout=False, repaint=False)
    follow = var(True, init=False)
    wrap = var(False, init=False)
    timestamps = var(True, init=False)

    class Changed(Message):
        """What `status` says is new, `view` follows or follows no more, or shows other lines."""

        def __init__(self, view: "LogWindow") -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> "LogWindow":
            return self.view

    class StatusChanged(Changed):
        """`status` says something else."""

    class FollowChanged(Changed):
        """The reader began or ended following."""

    class FilterChanged(Changed):
        """The reader chose another level or text."""

    def __init__(
        self,
        index: LogIndex,
        chosen: LogFilter,
        *,
        columns: Columns | None = None,
        title: str = "",
        empty: str = "",
        zone: tzinfo | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._columns = columns or Columns()
        self._title, self.empty_text, self._zone = title, empty, zone
        self.set_reactive(LogWindow.timestamps, self._columns.time)
        self._cache: LRUCache[tuple[int, int], Strip] = LRUCache(256)  # a Strip is 11 objects: keep few
        self._lines: LRUCache[int, list[list[Span]]] = LRUCache(128)
        self._styles: LogStyles | None = None
        self._adjusting = False  # scroll changes made by this widget, not by the reader
        self._busy = False
        self.status = ""
        self.alone = False
        """Whether the other lanes are not beside this one, so that the reader cannot see what is there."""
        self._open(index, chosen)

    def _open(self, index: LogIndex, chosen: LogFilter) -> None:
        self.index = index
        self.selection = LogSelection(index, chosen)
        self._rows = LogRows(self.selection)
        self._needle: TextPattern | None = None
        self._origins_seen = 0
        self._left = 0
        self._forget_rows()

    def _forget_rows(self) -> None:
        """Rows mean other lines now, or may."""
        self._mark: tuple[int, int] | None = None  # selected rows: where it began, where it goes to
        self._hit: int | None = None  # line
        self._anchor: int | None = None  # line that shall stay on top

    # ---- what is shown -----------------------------------------------------------------------------------------

    def show(self, index: LogIndex, chosen: LogFilter, *, title: str, empty: str) -> None:
        """Another log, from its end."""
        self._title, self.empty_text = title, empty
        self._open(index, chosen)
        self.set_reactive(LogWindow.follow, True)
        self._rebuild()

    def set_title(self, title: str) -> None:
        """What is above the lines."""
        self._title = title
        self.border_title = Content(title)

    @property
    def chosen(self) -> LogFilter:
        """The filter."""
        return self.selection.chosen

    def choose(self, chosen: LogFilter) -> None:
        """Show other lines; the line on top stays on the screen if it is still meant."""
        if chosen == self.selection.chosen:
            return
        top = self._top_line()
        self.selection.chosen = chosen
        self._forget_rows()
        self._anchor = top
        self._rebuild()

    @property
    def searched(self) -> TextPattern | None:
        """What n and N go through: the last search, else the text filter."""
        return self._needle or self.chosen.pattern

    # ---- growing -----------------------------------------------------------------------------------------------

    def pull(self, max_seconds: float = 0.02) -> bool:
        """Take in what the index has gained; False if there is more to do than fitted into the time.

        The cost depends on what is new, not on the size of the log.
        """
        if self.selection.outdated:
            self._forget_rows()
            self._rows.reset(self._rows.wrap_width)
            self._repaint()
        self._choose_columns()
        height, shown = self._rows.height, len(self.selection)
        done = self.selection.refresh(max_seconds)
        done = self._rows.extend(max_seconds) and done
        self._busy = not done
        if (height, shown) != (self._rows.height, len(self.selection)):
            self._settle()
            # A view that follows has scrolled; one that does not shows something new only near the end.
            if not self.follow and height < self.scroll_offset.y + self.size.height:
                self.refresh()
        self._restore_anchor(done)
        self._tell_status()
        return done

    def _choose_columns(self) -> None:
        """Columns depend on whose lines there are; looked at only when there are new origins."""
        if len(self.index.origins) == self._origins_seen:
            return
        self._origins_seen = len(self.index.origins)
        names = {origin.task_id for origin in self.index.origins if self.chosen.in_lane(origin)}
        columns = replace(self._columns, time=self.timestamps).for_tasks(names, self.size.width)
        if columns != self._columns:
            self._columns = columns
            self._rebuild()

    def _settle(self) -> None:
        self._adjusting = True
        try:
            self.virtual_size = Size(self.scrollable_content_region.width, self._rows.height)
            self._scroll_update(self.virtual_size)
            if self.follow:
                self.scroll_end(animate=False, immediate=True, x_axis=False)
        finally:
            self._adjusting = False

    def _rebuild(self) -> None:
        """Everything may have another height: count the rows again, from what is known of the selection."""
        self._rows.reset(max(self._message_width, 2) if self.wrap else None)
        if self.is_attached and self.size.width:
            self._repaint()
            self.pull()
            self._settle()

    def _repaint(self) -> None:
        self._cache.clear()
        self._lines.clear()
        self.refresh()

    def _restore_anchor(self, done: bool) -> None:
        if self._anchor is None or self.follow:
            self._anchor = None
        elif done or self.selection.seen > self._anchor:
            self._scroll_to_row(self.selection.row_of(self._anchor))
            self._anchor = None

    def _top_line(self) -> int | None:
        if self.follow or self.selection.outdated or not self._rows.height:
            return None
        row, _ = self._rows.locate(min(self.scroll_offset.y, self._rows.height - 1))
        return self.selection.lines[row]

    def _scroll_to_row(self, row: int) -> None:
        self._adjusting = True
        try:
            self.scroll_to(y=self._rows.top(row), animate=False, immediate=True)
        finally:
            self._adjusting = False

    @property
    def _message_width(self) -> int:
        return self.scrollable_content_region.width - self._columns.width

    def _tell_status(self) -> None:
        shown, total = len(self.selection), self.selection.total
        low, unlike = total - self.selection.of_level, self.selection.of_level - shown
        pattern = self.chosen.pattern
        parts = ["follow ●"] if self.follow else []
        if self.chosen.hides_by_level and not low:
            parts.append(f"level ≥ {self.chosen.level}")
        if pattern is not None and not unlike:
            parts.append(f"filter {pattern}")
        if self._needle is not None:
            parts.append(f"find {self._needle}")
        parts += ["wrap"] if self.wrap else [f"column {self._left + 1}"] if self._left else []
        parts.append(f"{shown:,} of {total:,} line{'s' if total != 1 else ''}{' …' if self._busy else ''}")
        # Why the others are not there: whoever misses a line must see what hides it.
        parts += [f"{low:,} below {self.chosen.level}"] if low else []
        if pattern is not None and unlike:
            parts.append(f"{unlike:,} {'with' if pattern.inverse else 'without'} {pattern.wanted}")
        status = " · ".join(parts)
        if status != self.status:
            self.status = status
            self.border_title, self.border_subtitle = Content(self._title), Content(status)
            self.post_message(self.StatusChanged(self))

    # ---- reactions ---------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self._origins_seen = 0
        self._cache.clear()
        if self.wrap and self._rows.wrap_width != max(self._message_width, 2):
            self._anchor = self._top_line()
            self._rebuild()
        else:
            self.pull()
            self._settle()

    def watch_wrap(self) -> None:
        self._anchor, self._left = self._top_line(), 0
        self._rebuild()

    def watch_timestamps(self, shown: bool) -> None:
        self._columns = replace(self._columns, time=shown)
        self._anchor = self._top_line()
        self._rebuild()

    def watch_follow(self, follow: bool) -> None:
        if follow and self.is_attached:
            self._settle()
        self._tell_status()
        self.post_message(self.FollowChanged(self))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if not self._adjusting:
            self.follow = new_value >= self.max_scroll_y

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles = None
        self._cache.clear()

    # ---- painting ----------------------------------------------------------------------------------------------

    def _line_rows(self, line: int) -> list[list[Span]]:
        rows = self._lines.get(line)
        if rows is None:
            rows = self._lines[line] = message_rows(self.index.shown(line), self._rows.wrap_width)
        return rows

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        base = self.rich_style
        y += self.scroll_offset.y
        if self.selection.outdated or y >= self._rows.height:
            return self._empty_row(y, width, base)
        row, part = self._rows.locate(y)
        line = self.selection.lines[row]
        strip = self._cache.get((line, part))
        if strip is None:
            strip = self._cache[line, part] = self._paint(line, part, width)
        if self._mark is not None and min(self._mark) <= row <= max(self._mark):
            return strip.apply_style(self.get_component_rich_style("log--selected", partial=True))
        if line == self._hit:
            return strip.apply_style(self.get_component_rich_style("log--hit", partial=True))
        return strip

    def _paint(self, line: int, part: int, width: int) -> Strip:
        styles = self._styles or self._read_styles()
        entry = self.index.shown(line).line
        front = list(gutter(entry, self._columns, styles, self._zone))
        if part:
            front = [Segment(" " * self._columns.width, styles.base)] if self._columns.width else []
        rows = self._line_rows(line)
        message = paint(
            rows[min(part, len(rows) - 1)],
            self._left,
            width - self._columns.width,
            styles.levels[entry.level],
            styles,
            self.searched,
        )
        return Strip([*front, *message]).crop_extend(0, width, styles.base)

    def _empty_row(self, y: int, width: int, base: Style) -> Strip:
        if y or self._rows.height or self._busy:
            return Strip.blank(width, base)
        text, others = self.empty_text, len(self.index) - self.selection.total
        total = self.selection.total
        if total and not self.selection.of_level:
            are, them = ("s are", "them") if total != 1 else (" is", "it")
            text = f"{total:,} line{are} below {self.chosen.level}: - shows {them}."
        elif total:
            text = f"None of {total:,} lines is shown. Esc shows all."
        if text and others and self.alone:
            text += f" {others:,} line{'s are' if others != 1 else ' is'} elsewhere: ] goes there."
        return Strip([Segment(text, self.get_component_rich_style("log--empty"))]).crop_extend(0, width, base)

    def _read_styles(self) -> LogStyles:
        style = self.get_component_rich_style
        self._styles = LogStyles(
            base=self.rich_style,
            time=style("log--time"),
            task=style("log--task"),
            match=style("log--match", partial=True),
            edge=style("log--edge"),
            levels={level: style(f"log--{level.lower()}") for level in LEVELS},
        )
        return self._styles
