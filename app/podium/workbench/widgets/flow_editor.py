"""The editor: a text area whose cost per key does not depend on the length of the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.cache import LRUCache
from textual.document._document import EditResult, Location, Selection
from textual.document._document_navigator import DocumentNavigator
from textual.document._edit import Edit
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.widgets import TextArea

from podium.workbench import line_edits
from podium.workbench.code_lexers import SPAN_KINDS
from podium.workbench.line_edits import LineEdit
from podium.workbench.line_lexer import LineStates, indent_of, lexer_for
from podium.workbench.marks import Mark, after_edit, in_order, mark_at, worst
from podium.workbench.widgets.editor_document import LineDocument, WrappedLines, matching_bracket
from podium.workbench.widgets.editor_rows import Row, note_of, paint, underline

SETTLE = 0.15
"""Seconds without typing before `Settled` asks for a check."""
_UNDO_STEPS = 1000


class FlowEditor(TextArea):
    """Edits one text with colours, marks and line commands.

    Out come `TextArea.Changed` (each edit), `Settled` (a pause after edits), `CursorMoved` and `MarkUnderCursor`.
    """

    BINDINGS = [
        Binding("tab", "indent", "Indent", show=False, id="editor.indent"),
        Binding("shift+tab", "dedent", "Dedent", show=False, id="editor.dedent"),
        Binding("ctrl+underscore,ctrl+slash", "toggle_comment", "Comment", show=False, id="editor.comment"),
        Binding("alt+up", "move_lines(-1)", "Move line up", show=False, id="editor.line_up"),
        Binding("alt+down", "move_lines(1)", "Move line down", show=False, id="editor.line_down"),
        Binding("alt+d,alt+shift+down", "duplicate_lines", "Duplicate line", show=False, id="editor.duplicate"),
        Binding("alt+z", "toggle_wrap", "Wrap", show=False, id="editor.wrap"),
        Binding("ctrl+home", "go_to_end(0)", "Start of the text", show=False, id="editor.start"),
        Binding("ctrl+end", "go_to_end(-1)", "End of the text", show=False, id="editor.end"),
        Binding("f8,alt+n", "next_mark", "Next problem", show=False, id="editor.next_mark"),
        Binding("shift+f8,alt+p", "prev_mark", "Previous problem", show=False, id="editor.prev_mark"),
    ]
    COMPONENT_CLASSES = {f"flow--{kind}" for kind in (*SPAN_KINDS, "error", "warning", "info", "found", "found-here")}
    DEFAULT_CSS = """
    FlowEditor {
        border: none; padding: 0; background: $background;
        & .text-area--cursor-line { background: $surface; }
        & .text-area--cursor-gutter { background: $surface; color: $text; text-style: bold; }
        & .text-area--gutter { color: $foreground 35%; }
        &:focus { border: none; }
        & .flow--key { color: $text-primary; }
        & .flow--string { color: $text-success; }
        & .flow--number { color: $text-warning; }
        & .flow--constant { color: $text-warning; }
        & .flow--comment { color: $text-muted; text-style: italic; }
        & .flow--block { color: $foreground; }
        & .flow--expression { color: $text-accent; }
        & .flow--tag { color: $text-secondary; }
        & .flow--punctuation { color: $foreground 60%; }
        & .flow--keyword { color: $text-primary; text-style: bold; }
        & .flow--name { color: $text-secondary; }
        & .flow--error { color: $text-error; text-style: underline; }
        & .flow--warning { color: $text-warning; text-style: underline; }
        & .flow--info { color: $text-secondary; text-style: underline; }
        & .flow--found { background: $warning 40%; }
        & .flow--found-here { background: $warning; color: $background; text-style: bold; }
    }
    """

    class Settled(Message):
        """Typing paused: the text is worth checking. `version` goes back into `set_marks`."""

        def __init__(self, editor: FlowEditor, version: int, text: str) -> None:
            super().__init__()
            self.editor, self.version, self.text = editor, version, text

        @property
        def control(self) -> FlowEditor:
            return self.editor

    class CursorMoved(Message):
        """The cursor stands at `line`, `column` (from 0)."""

        def __init__(self, editor: FlowEditor, line: int, column: int) -> None:
            super().__init__()
            self.editor, self.line, self.column = editor, line, column

        @property
        def control(self) -> FlowEditor:
            return self.editor

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, FlowEditor.CursorMoved)

    class MarkUnderCursor(Message):
        """The mark that concerns the cursor's place is now `mark`; None on clean ground."""

        def __init__(self, editor: FlowEditor, mark: Mark | None) -> None:
            super().__init__()
            self.editor, self.mark = editor, mark

        @property
        def control(self) -> FlowEditor:
            return self.editor

    document: LineDocument
    wrapped_document: WrappedLines

    def __init__(
        self,
        text: str = "",
        language: str = "",
        *,
        read_only: bool = False,
        ready: tuple[LineDocument, LineStates] | None = None,
        **names: Any,
    ) -> None:
        """`ready` is the text as it was made ready elsewhere, `names` are Textual's `id`, `name` and `classes`."""
        self.syntax = language
        self.version = 0
        """Counts the edits; an answer about an older version is out of date."""
        self.marks: Sequence[Mark] = ()
        self.found: Sequence[tuple[int, int, int]] = ()
        """What a search found: (line, start, end), in order."""
        self._marks_of: dict[int, list[Mark]] = {}
        self._found_of: dict[int, list[tuple[int, int]]] = {}
        self._mark_here: Mark | None = None
        self._whole: str | None = None
        self._styles_of: dict[str, Style] = {}
        self._settle_timer: Timer | None = None
        self.take_key: Callable[[str, str | None], bool] | None = None
        """Asked first about every key and its character; True when it was used for something that is open."""
        super().__init__(
            "",
            language=None,
            theme="css",
            soft_wrap=False,
            tab_behavior="indent",
            read_only=read_only,
            show_line_numbers=True,
            max_checkpoints=_UNDO_STEPS,
            **names,
        )
        self.cursor_blink = False
        self.indent_width = indent_of(language)
        self._line_cache = LRUCache(256)
        if ready is None:
            self._set_document(text, None)
        else:
            self._show_document(*ready)

    # ---- text --------------------------------------------------------------------------------------------

    def load(self, text: str, language: str) -> None:
        """Show another text: history, marks and search results of the old one go."""
        self.syntax = language
        self.set_reactive(FlowEditor.indent_width, indent_of(language))
        self.set_marks(())
        self.set_found(())
        self.load_text(text)

    @property
    def text(self) -> str:
        """The whole text, lines joined by newlines."""
        if self._whole is None:
            self._whole = self.document.text
        return self._whole

    @text.setter
    def text(self, value: str) -> None:
        self.load_text(value)

    def replace_all(self, text: str) -> None:
        """Replace the whole text as one step that can be undone, keeping the cursor's line."""
        row, column = self.cursor_location
        self.apply_line_edit(
            LineEdit(0, self.document.line_count - 1, tuple(text.split("\n")), (row, column), (row, column))
        )

    def show_ready(self, document: LineDocument, states: LineStates) -> None:
        """Show a text that was made ready elsewhere in the place of this one; what was done to that is forgotten."""
        place = self.cursor_location
        self.history.clear()
        self.set_marks(())
        self.set_found(())
        self._show_document(document, states)
        self.move_cursor(self.clamp_visitable(place))
        self.post_message(self.Changed(self))

    def _set_document(self, text: str, language: str | None) -> None:
        document = LineDocument(text, self.indent_width)
        self._show_document(document, LineStates(document.lines, lexer_for(self.syntax)))

    def _show_document(self, document: LineDocument, states: LineStates) -> None:
        self._whole = None
        self.version += 1
        self.document = document
        self.wrapped_document = WrappedLines(self.document, tab_width=self.indent_width)
        self.navigator = DocumentNavigator(self.wrapped_document)
        self._states = states
        self.move_cursor((0, 0))
        self._rewrap_and_refresh_virtual_size()

    def edit(self, edit: Edit) -> EditResult:
        """One step of change; every key that writes ends up here."""
        top, bottom = edit.top[0], edit.bottom[0]
        self._whole = None
        result = super().edit(edit)
        self._after_edit(top, bottom, result.end_location[0])
        return result

    def _after_edit(self, top: int, old_bottom: int, new_bottom: int) -> None:
        self._states.edited(top, old_bottom, new_bottom)
        if self.marks and old_bottom != new_bottom:
            self._place_marks(after_edit(self.marks, top, old_bottom, new_bottom))
        self._changed()

    def _undo_batch(self, edits: Sequence[Edit]) -> None:
        self._rewind(edits)
        super()._undo_batch(edits)
        self._changed()

    def _redo_batch(self, edits: Sequence[Edit]) -> None:
        self._rewind(edits)
        super()._redo_batch(edits)
        self._changed()

    def _rewind(self, edits: Sequence[Edit]) -> None:
        self._whole = None
        self.wrapped_document.start_over()
        self._states.forget(min(edit.top[0] for edit in edits))

    def _changed(self) -> None:
        self.version += 1
        if self._settle_timer is not None:
            self._settle_timer.stop()
        if self.is_attached:
            self._settle_timer = self.set_timer(SETTLE, self._settle)

    def _settle(self) -> None:
        self.post_message(self.Settled(self, self.version, self.text))

    # ---- Textual's walks over the whole document, replaced --------------------------------------------------

    def _build_highlight_map(self) -> None:
        """Colours come from the line states; painted rows are found again by their content."""

    def _refresh_size(self) -> None:
        if self.soft_wrap:
            self.virtual_size = Size(0, self.wrapped_document.height)
        else:
            width, height = self.document.get_size(self.indent_width)
            self.virtual_size = Size(width + self.gutter_width + 1, height)
        self._refresh_scrollbars()

    def find_matching_bracket(self, bracket: str, search_from: Location) -> Location | None:
        return matching_bracket(self.document.lines, search_from) if bracket else None

    # ---- painting ------------------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_of.clear()

    def _style_of(self, kind: str) -> Style:
        if kind not in self._styles_of:
            self._styles_of[kind] = self.get_component_rich_style(f"flow--{kind}", partial=True)
        return self._styles_of[kind]

    def render_line(self, y: int) -> Strip:
        scroll_x, scroll_y = self.scroll_offset
        place = self.wrapped_document.row_at(scroll_y + y)
        base = self._theme.base_style or Style()
        if place is None:
            return Strip.blank(self.size.width, base)
        row = self._row(*place, scroll_x)
        key = (row, base)
        strip = self._line_cache.get(key)
        if strip is None:
            spans = self._states.spans(place[0])
            strip = paint(row, spans, self._theme, self._style_of, self.app.console, self.indent_width)
            self._line_cache[key] = strip
        return strip

    def _row(self, line: int, section: int, scroll_x: int) -> Row:
        text = self.document.lines[line]
        gutter = self.gutter_width
        start, (cursor_line, cursor) = self.selection
        current = cursor_line == line and self._has_cursor
        selection = None
        if not self.selection.is_empty:
            selection = _columns(line, text, *sorted(self.selection))
        brackets: tuple[int, ...] = ()
        partner = self._matching_bracket_location
        if partner is not None and self.selection.is_empty:
            brackets = tuple(column for row, column in (partner, (cursor_line, cursor)) if row == line)
        marks = self._marks_of.get(line, ())
        part = None
        if self.soft_wrap:
            cuts = [0, *self.wrapped_document.get_offsets(line), len(text)]
            part = (cuts[section], cuts[section + 1])
            width = self.scrollable_content_region.width
        else:
            width = self.scrollable_content_region.width or self.size.width
        return Row(
            text=text,
            state=self._states.before(line),
            number=str(line + self.line_number_start) if section == 0 and gutter else "",
            sign=worst(marks) if section == 0 else None,
            marks=tuple(underline(mark, line, text) for mark in reversed(marks)),
            found=tuple(
                (begin, end, "found-here" if (line, begin) == min(start, self.selection.end) else "found")
                for begin, end in self._found_of.get(line, ())
            ),
            brackets=brackets,
            selection=selection,
            cursor=cursor if current and self._draw_cursor else None,
            current=current and self.highlight_cursor_line,
            note=note_of(marks, current) if section == 0 and not self.soft_wrap else "",
            section=part,
            left=scroll_x,
            width=max(0, width - gutter),
            gutter=gutter,
        )

    # ---- marks and search results ---------------------------------------------------------------------------

    def set_marks(self, marks: Iterable[Mark], version: int | None = None) -> bool:
        """Show these findings instead of the last ones; refused (False) when `version` is not the current one."""
        if version is not None and version != self.version:
            return False
        self._place_marks(in_order(marks))
        return True

    def _place_marks(self, marks: Sequence[Mark]) -> None:
        self.marks = marks
        self._marks_of = {}
        for mark in marks:
            self._marks_of.setdefault(min(mark.line, self.document.line_count - 1), []).append(mark)
        self._report_mark()
        self.refresh()

    def set_found(self, found: Sequence[tuple[int, int, int]]) -> None:
        """Highlight these places (line, start, end); an empty sequence ends it."""
        self.found = found
        self._found_of = {}
        for line, start, end in found:
            self._found_of.setdefault(line, []).append((start, end))
        self.refresh()

    @property
    def mark_under_cursor(self) -> Mark | None:
        """What `MarkUnderCursor` last reported."""
        return self._mark_here

    def _report_mark(self) -> None:
        here = mark_at(self._marks_of.get(self.cursor_location[0], ()), self.cursor_location)
        if here != self._mark_here:
            self._mark_here = here
            if self.is_attached:
                self.post_message(self.MarkUnderCursor(self, here))

    def _watch_selection(self, previous_selection: Selection, selection: Selection) -> None:
        super()._watch_selection(previous_selection, selection)
        if previous_selection.end != selection.end and self.is_attached:
            self.post_message(self.CursorMoved(self, *selection.end))
            self._report_mark()

    def select_range(self, start: Location, end: Location) -> None:
        """Select a stretch and show it."""
        self.selection = Selection(self.clamp_visitable(start), self.clamp_visitable(end))
        self.scroll_cursor_visible(center=True)

    def next_mark(self) -> Mark | None:
        """Move the cursor to the next mark, from the last one to the first."""
        after = [mark for mark in self.marks if (mark.line, mark.column) > self.cursor_location]
        return self._go_to_mark(after[0] if after else self.marks[0]) if self.marks else None

    def prev_mark(self) -> Mark | None:
        """Move the cursor to the mark before it, from the first one to the last."""
        before = [mark for mark in self.marks if (mark.line, mark.column) < self.cursor_location]
        return self._go_to_mark(before[-1] if before else self.marks[-1]) if self.marks else None

    def _go_to_mark(self, mark: Mark) -> Mark:
        self.go_to(mark.line, mark.column)
        return mark

    def go_to(self, line: int, column: int = 0) -> None:
        """Move the cursor to `line`, `column` (from 0, beyond the end is the end) and show it in the middle."""
        self.move_cursor(self.clamp_visitable((line, column)), center=True)

    def action_go_to_end(self, line: int) -> None:
        """The start of the text, or its end for -1."""
        last = self.document.line_count - 1
        self.move_cursor((0, 0) if line == 0 else (last, len(self.document[last])))

    def action_next_mark(self) -> None:
        self.next_mark()

    def action_prev_mark(self) -> None:
        self.prev_mark()

    # ---- keys that edit ---------------------------------------------------------------------------------------

    async def _on_key(self, event: events.Key) -> None:
        if self.take_key is not None and self.take_key(event.key, event.character):
            event.stop()
            event.prevent_default()
            return
        if event.key in ("escape", "tab") or event.key.startswith("alt+"):
            # Escape belongs to whoever opened something; tab is a binding, and so is alt+x, of which terminals tell
            # nothing more than that x was typed after Escape.
            event.prevent_default()
            return
        if event.key == "enter" and not self.read_only:
            event.stop()
            event.prevent_default()
            row, column = min(self.selection)
            blank = line_edits.new_line_indent(self.document[row], column, self.syntax, self.indent_width)
            self._replace_via_keyboard("\n" + blank, *self.selection)
            return
        await super()._on_key(event)

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        return key != "tab" and super().check_consume_key(key, character)

    async def _on_paste(self, event: events.Paste) -> None:
        event.text = event.text.replace("\r\n", "\n").replace("\r", "\n")
        await super()._on_paste(event)

    def action_delete_left(self) -> None:
        row, column = self.cursor_location
        count = line_edits.backspace_columns(self.document[row], column, self.indent_width)
        if self.read_only or not self.selection.is_empty or count == 1:
            super().action_delete_left()
        else:
            self._replace_via_keyboard("", (row, column - count), (row, column))

    def apply_line_edit(self, change: LineEdit | None) -> None:
        """Make a change of whole lines, as one step that can be undone."""
        if change is None:
            return
        self.history.checkpoint()
        end = (change.last, len(self.document[change.last]))
        self.edit(Edit("\n".join(change.lines), (change.first, 0), end, maintain_selection_offset=False))
        self.selection = Selection(self.clamp_visitable(change.anchor), self.clamp_visitable(change.cursor))
        self.record_cursor_width()
        self.history.checkpoint()

    def action_indent(self) -> None:
        if self.read_only:
            return
        if self.selection.start[0] != self.selection.end[0]:
            self.apply_line_edit(line_edits.indent(self.document.lines, *self.selection, self.indent_width))
        else:
            self._replace_via_keyboard(" " * self._find_columns_to_next_tab_stop(), *self.selection)

    def action_dedent(self) -> None:
        if not self.read_only:
            self.apply_line_edit(line_edits.dedent(self.document.lines, *self.selection, self.indent_width))

    def action_toggle_comment(self) -> None:
        prefix = line_edits.comment_prefix(self.syntax)
        if prefix and not self.read_only:
            self.apply_line_edit(line_edits.toggle_comment(self.document.lines, *self.selection, prefix))

    def action_move_lines(self, by: int) -> None:
        if not self.read_only:
            self.apply_line_edit(line_edits.move(self.document.lines, *self.selection, by))

    def action_duplicate_lines(self) -> None:
        if not self.read_only:
            self.apply_line_edit(line_edits.duplicate(self.document.lines, *self.selection))

    def action_toggle_wrap(self) -> None:
        self.soft_wrap = not self.soft_wrap


def _columns(line: int, text: str, top: Location, bottom: Location) -> tuple[int, int] | None:
    """The columns of `line` inside the selection; one past the text where the line end is selected."""
    if not top[0] <= line <= bottom[0]:
        return None
    start = top[1] if line == top[0] else 0
    end = bottom[1] if line == bottom[0] else len(text) + 1
    return (start, end) if start < end else None
