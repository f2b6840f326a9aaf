"""Finding and replacing in the text in front."""

from __future__ import annotations

from collections.abc import Callable

from podium.workbench.editing.searching import Search, SearchError, next_place
from podium.workbench.panes.buffer import Buffer
from podium.workbench.widgets.find_bar import FindBar
from podium.workbench.widgets.flow_editor import FlowEditor


class TextSearch:
    """Does what the bar asks for. `current` tells which file is in front."""

    def __init__(self, bar: FindBar, current: Callable[[], Buffer | None]) -> None:
        self._bar, self._current = bar, current
        self._search: Search | None = None

    def open(self, *, replace: bool) -> None:
        """Show the bar with what is selected."""
        buffer = self._current()
        if buffer is not None:
            selected = buffer.editor.selected_text
            self._bar.open(selected if "\n" not in selected else "", replace and not buffer.file.read_only)

    def close(self) -> None:
        """Nothing is highlighted any more."""
        buffer = self._current()
        if buffer is not None:
            buffer.editor.set_found(())

    def highlight(self) -> None:
        """Mark every place in the text in front."""
        buffer = self._current()
        if buffer is not None:
            shown = self._search is not None and self._bar.is_open
            found = self._search.find_all(buffer.editor.document.lines) if self._search and shown else ()
            buffer.editor.set_found(found)

    def want(self, search: Search | None, step: int) -> None:
        """Look for something (None: for nothing) and go to the next or previous place; 0 stays where it matches."""
        buffer = self._current()
        self._search = search
        if buffer is None or search is None:
            self.close()
            return
        editor = buffer.editor
        found = search.find_all(editor.document.lines)
        editor.set_found(found)
        start = min(editor.selection)
        starts = [(row, column) for row, column, _ in found]
        at = starts.index(start) if step == 0 and start in starts else next_place(found, start, step or 1)
        if at is None:
            self._bar.tell("not found", wrong=True)
            return
        row, column, end = found[at]
        editor.select_range((row, column), (row, end))
        self._bar.tell(f"{at + 1} of {len(found):,}")

    def step(self, step: int) -> None:
        """To the next or previous place of what the bar says, whether it is open or not."""
        self.want(self._bar.search, step)

    def replace(self, search: Search, template: str, *, everywhere: bool) -> None:
        """Replace the selected place, or every one."""
        buffer = self._current()
        if buffer is None or buffer.file.read_only:
            return
        self._search = search
        try:
            if everywhere:
                lines, count = search.replace_all(buffer.editor.document.lines, template)
                if count:
                    buffer.editor.replace_all("\n".join(lines))
                self._bar.tell(f"{count:,} replaced")
            else:
                self._replace_here(buffer.editor, search, template)
        except SearchError as error:
            self._bar.tell(str(error), wrong=True)

    def _replace_here(self, editor: FlowEditor, search: Search, template: str) -> None:
        start, end = min(editor.selection), max(editor.selection)
        place = (start[0], start[1], end[1])
        if place in search.find_all(editor.document.lines):
            editor.replace(search.replacement(editor.document[start[0]], place, template), start, end)
        self.want(search, 1)
