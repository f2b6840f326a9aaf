"""A log and everything that a reader can do with it.

What concerns more than this view (a filter, following, copying, a question) leaves it as a message.
"""

from dataclasses import replace
from typing import ClassVar, Literal

from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType

from podium.base.text import without_colours
from podium.store.log_filter import LogFilter, TextPattern
from podium.store.logs import LEVELS, Level
from podium.workbench.widgets.log_rows import Span, row_width
from podium.workbench.widgets.log_window import LogWindow

Prompt = Literal["filter", "find", "save"]

_COPY_LIMIT = 64 << 20
_SEARCH_SECONDS = 0.05
_STEP = 8  # cells of one step sideways


class LogView(LogWindow):
    """The lines of a log with keys for following, filtering, searching, selecting and copying."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "prompt('filter')", "Filter", id="log.filter"),
        Binding("f", "follow", "Follow", id="log.follow"),
        Binding("l", "level(1, True)", "Level", id="log.level"),
        Binding("plus,equals_sign", "level(1)", "Higher level", id="log.level_up", show=False),
        Binding("minus", "level(-1)", "Lower level", id="log.level_down", show=False),
        Binding("w", "toggle('wrap')", "Wrap", id="log.wrap"),
        Binding("t", "toggle('timestamps')", "Time", id="log.timestamps"),
        Binding("ctrl+f", "prompt('find')", "Find", id="log.find"),
        Binding("n", "find(1)", "Next hit", id="log.next", show=False),
        Binding("N", "find(-1)", "Previous hit", id="log.previous", show=False),
        Binding("e", "problem(1)", "Next problem", id="log.next_problem", show=False),
        Binding("E", "problem(-1)", "Previous problem", id="log.previous_problem", show=False),
        Binding("g,home", "top", "Top", id="log.top", show=False),
        Binding("G,end", "bottom", "End", id="log.bottom", show=False),
        Binding("pageup,b", "page(-1)", "Page up", id="log.page_up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", id="log.page_down", show=False),
        Binding("left", "sideways(-1)", "Left", id="log.left", show=False),
        Binding("right", "sideways(1)", "Right", id="log.right", show=False),
        Binding("shift+up", "select(-1)", "Select up", id="log.select_up", show=False),
        Binding("shift+down", "select(1)", "Select down", id="log.select_down", show=False),
        Binding("shift+pageup", "select_page(-1)", "Select page up", id="log.select_page_up", show=False),
        Binding("shift+pagedown", "select_page(1)", "Select page down", id="log.select_page_down", show=False),
        Binding("y", "copy", "Copy", id="log.copy"),
        Binding("Y", "copy_all", "Copy all", id="log.copy_all", show=False),
        Binding("s", "prompt('save')", "Save", id="log.save"),
        Binding("escape", "clear", "Clear", id="log.clear", show=False),
    ]

    class PromptRequested(LogWindow.Changed):
        """A line of text is wanted: what to filter, find, or where to save."""

        def __init__(self, view: "LogView", prompt: Prompt) -> None:
            super().__init__(view)
            self.prompt: Prompt = prompt

    class CopyRequested(LogWindow.Changed):
        """`text`, described as `what`, is to be copied."""

        def __init__(self, view: "LogView", text: str, what: str) -> None:
            super().__init__(view)
            self.text, self.what = text, what

    class Said(LogWindow.Changed):
        """Something to tell the reader."""

        def __init__(self, view: "LogView", text: str) -> None:
            super().__init__(view)
            self.text = text

    # ---- keys --------------------------------------------------------------------------------------------------

    def action_prompt(self, prompt: Prompt) -> None:
        self.post_message(self.PromptRequested(self, prompt))

    def action_follow(self) -> None:
        self.follow = not self.follow

    def action_level(self, step: int, around: bool = False) -> None:
        """Raise or lower the lowest level shown; `around` goes from the highest back to all."""
        if around and self.chosen.level == LEVELS[-1]:
            step = -len(LEVELS)
        self._choose_and_tell(self.chosen.with_level(step))

    def set_level(self, level: Level) -> None:
        """Show nothing below `level`."""
        self._choose_and_tell(replace(self.chosen, level=level, scripts_whole=False))

    def set_pattern(self, pattern: TextPattern | None) -> None:
        """Show only what matches; None shows all."""
        self._choose_and_tell(replace(self.chosen, pattern=pattern))

    def _choose_and_tell(self, chosen: LogFilter) -> None:
        if chosen != self.chosen:
            self.choose(chosen)
            self.post_message(self.FilterChanged(self))

    def action_top(self) -> None:
        self.follow = False
        self._scroll_to_row(0)

    def action_bottom(self) -> None:
        self.follow = True
        self._settle()

    def action_page(self, direction: int) -> None:
        y = self.scroll_offset.y + direction * max(self.size.height - 1, 1)
        self.scroll_to(y=y, animate=False, immediate=True)

    def action_scroll_up(self) -> None:
        self.scroll_to(y=self.scroll_offset.y - 1, animate=False, immediate=True)

    def action_scroll_down(self) -> None:
        self.scroll_to(y=self.scroll_offset.y + 1, animate=False, immediate=True)

    def action_sideways(self, direction: int) -> None:
        """Move over the rows that are longer than the screen, no farther than the visible ones go."""
        if self.wrap:
            return
        longest = max((row_width(row) for row in self._visible_rows()), default=0)
        most = max(longest - self._message_width + _STEP - 1, 0) // _STEP * _STEP
        self._left = min(max(self._left + direction * _STEP, 0), max(most, self._left if direction < 0 else 0))
        self._repaint()
        self._tell_status()

    def _visible_rows(self) -> list[list[Span]]:
        rows = []
        for y in range(self.scroll_offset.y, min(self.scroll_offset.y + self.size.height, self._rows.height)):
            row, part = self._rows.locate(y)
            rows.append(self._line_rows(self.selection.lines[row])[part])
        return rows

    def action_clear(self) -> None:
        """Leave, one after the other: the selection, the search, the filter."""
        if self._mark is not None:
            self._mark = None
            self.refresh()
        elif self._needle is not None:
            self.find(None)
            self._tell_status()
        elif self.chosen.pattern is not None:
            self.set_pattern(None)
        elif self.selection.total and not len(self.selection):
            self.set_level(LEVELS[0])
        else:
            raise SkipAction  # nothing to clear here: whoever is outside may use the key

    # ---- search ------------------------------------------------------------------------------------------------

    def find(self, pattern: TextPattern | None) -> None:
        """Highlight and go to the next place where `pattern` occurs; None ends that."""
        self._needle, self._hit = pattern, None
        self._repaint()
        if pattern is not None:
            self.action_find(1)

    def action_find(self, step: int) -> None:
        """The next or previous hit."""
        if self.searched is None:
            self.action_prompt("find")
            return
        if self._hit is not None:
            start = self.selection.row_of(self._hit) + step
        elif step < 0 or not self._rows.height:
            start = len(self.selection) - 1
        else:
            start, _ = self._rows.locate(min(self.scroll_offset.y, self._rows.height - 1))
        self._search(self.searched, start, step)

    def action_problem(self, step: int) -> None:
        """The next or previous line that is a warning or an error."""
        lines, origin_of = self.selection.lines, self.index.origin_of
        grave = {at for at, origin in enumerate(self.index.origins) if origin.level in ("WARN", "ERROR")}
        if self._hit is not None:
            start = self.selection.row_of(self._hit) + step
        elif step > 0 and not self.follow and self._rows.height:
            start, _ = self._rows.locate(min(self.scroll_offset.y, self._rows.height - 1))
        else:
            start = 0 if step > 0 else len(lines) - 1
        rows = range(start, len(lines)) if step > 0 else range(start, -1, -1)
        row = next((row for row in rows if origin_of[lines[row]] in grave), None)
        if row is not None:
            self._go_to_hit(row)
            return
        where = "below" if step > 0 else "above"
        self.post_message(self.Said(self, f"There is no {'other ' * (self._hit is not None)}warning or error {where}."))

    def _search(self, pattern: TextPattern, row: int, step: int) -> None:
        """Search for a moment, then let keys and frames pass and go on."""
        if pattern is not self.searched or self.selection.outdated:
            return
        result = self.selection.find(pattern, row, step, _SEARCH_SECONDS)
        if result.found is not None:
            self._go_to_hit(result.found)
        elif result.next is not None:
            self.set_timer(0.001, lambda: self._search(pattern, result.next or 0, step))
        else:
            where = "below" if step > 0 else "above"
            self.post_message(
                self.Said(self, f"No {'more hits' if self._hit is not None else 'hit'} {where}: {pattern}")
            )
        self._tell_status()

    def _go_to_hit(self, row: int) -> None:
        self._hit = self.selection.lines[row]
        self.follow = False
        top = self._rows.top(row)
        if not self.scroll_offset.y <= top < self.scroll_offset.y + self.size.height:
            self._scroll_to_row(row)
        self._repaint()

    # ---- selecting and copying ---------------------------------------------------------------------------------

    def action_select(self, step: int) -> None:
        """Extend the selection by rows; it begins with the last row on the screen."""
        if not len(self.selection):
            return
        if self._mark is None:
            last = self._row_at(self.size.height - 1)
            self._mark = (last, last)
        else:
            begin, end = self._mark
            self._mark = (begin, min(max(end + step, 0), len(self.selection) - 1))
        self._show_selected()

    def action_select_page(self, direction: int) -> None:
        self.action_select(direction * max(self.size.height - 1, 1))

    def _show_selected(self) -> None:
        assert self._mark is not None
        top = self._rows.top(self._mark[1])
        if top < self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, immediate=True)
        elif top >= self.scroll_offset.y + self.size.height:
            self.scroll_to(y=top - self.size.height + 1, animate=False, immediate=True)
        self.refresh()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.button != 1 or not len(self.selection) or event.y + self.scroll_offset.y >= self._rows.height:
            return
        row = self._row_at(event.y)
        self._mark = (self._mark[0] if event.shift and self._mark else row, row)
        self.capture_mouse()
        self.refresh()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._mark is not None and event.button == 1 and self._rows.height:
            self._mark = (self._mark[0], self._row_at(event.y))
            self._show_selected()

    def on_mouse_up(self) -> None:
        self.release_mouse()

    def _row_at(self, y: int) -> int:
        row, _ = self._rows.locate(min(max(y + self.scroll_offset.y, 0), self._rows.height - 1))
        return row

    def action_copy(self) -> None:
        """Copy the selected lines; without a selection, those on the screen."""
        if not len(self.selection):
            self.post_message(self.Said(self, "There is no line to copy."))
        elif self._mark is None:
            self._copy(self._row_at(0), self._row_at(self.size.height - 1), " on the screen")
        else:
            self._copy(min(self._mark), max(self._mark), "")

    def action_copy_all(self) -> None:
        """Copy everything that the filter shows."""
        self._copy(0, len(self.selection) - 1, "")

    def _copy(self, first: int, last: int, where: str) -> None:
        lines, starts = self.selection.lines, self.index.starts
        if sum(starts[n + 1] - starts[n] for n in lines[first : last + 1]) > _COPY_LIMIT:
            self.post_message(self.Said(self, "That is too much to copy. Press s to save it to a file."))
            return
        messages = [without_colours(line.message) for line in self.selection.messages(range(first, last + 1))]
        what = f"{len(messages):,} line{'s' if len(messages) != 1 else ''}{where}"
        self.post_message(self.CopyRequested(self, "\n".join(messages), what))
