"""The pane with the open files: one editor each, tabs in the title, checks, searching."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static, TextArea

from podium.base.text import clean, shorten
from podium.model.diagnostics import Diagnostic
from podium.store.flow_files import FlowFile
from podium.workbench.bench import Bench
from podium.workbench.editing.checking import check_text
from podium.workbench.editing.newest_only import NewestOnly
from podium.workbench.files.text_files import FileError
from podium.workbench.marks import Mark
from podium.workbench.messages import EditOutsideRequested, Said
from podium.workbench.off_thread import off_thread
from podium.workbench.panes.buffer import Buffer, fix_as_edit
from podium.workbench.panes.prepared import Prepared, prepare
from podium.workbench.panes.tabs import tabs_title
from podium.workbench.panes.text_search import TextSearch
from podium.workbench.panes.writing_help import WritingHelp
from podium.workbench.runs.question import Question
from podium.workbench.widgets.editor_status import EditorStatus
from podium.workbench.widgets.find_bar import FindBar
from podium.workbench.widgets.flow_editor import FlowEditor
from podium.workbench.widgets.problem_list import ProblemList

_SLOW = 0.15
"""Seconds after which it is said that a file is being opened."""
NOTHING_OPEN = """
No file is open.

In the tree (alt+1) Enter opens one, N makes a flow, n another file.

ctrl+o opens a file by its name.
ctrl+p lists everything that can be done.
F1 explains where you are.
"""


class EditorPane(Vertical):
    """Open files and the one that is shown. Saving and what other programs do to the files is `FileKeeper`'s."""

    DEFAULT_CSS = """
    EditorPane {
        & > #editors { height: 1fr; }
        & #no-file { color: $text-muted; height: 1fr; }
        & FlowEditor { height: 1fr; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+f", "find", "Find", show=False, id="editor.find"),
        Binding("alt+r", "replace", "Replace", show=False, id="editor.replace"),
        Binding("f3", "find_step(1)", "Next hit", show=False, id="editor.find_next"),
        Binding("shift+f3", "find_step(-1)", "Previous hit", show=False, id="editor.find_previous"),
        Binding("ctrl+g", "go_to_line", "Go to line", show=False, id="editor.go_to_line"),
        Binding("alt+enter", "fix", "Mend", id="editor.fix"),
        Binding("f4", "external", "Your own editor", show=False, id="editor.external"),
        Binding("alt+l", "problems", "Problems", show=False, id="editor.problems"),
        Binding("alt+full_stop,ctrl+pagedown", "tab(1)", "Next file", show=False, priority=True, id="editor.next_tab"),
        Binding("alt+comma,ctrl+pageup", "tab(-1)", "Previous file", show=False, priority=True,
                id="editor.previous_tab"),
        Binding("alt+w", "close", "Close file", show=False, id="editor.close"),
    ]  # fmt: skip
    HELP = """The open files; a dot after the name means unsaved text. Flows, YAML, JSON, TOML and Python are checked
    while you type: F8 goes to the next problem, alt+Enter mends it where that is possible. In flows, suggestions open
    as you type or with ctrl+Space (Tab takes one), alt+i says what stands at the cursor, alt+t writes a new task. Esc
    goes to the files."""

    class Shown(Message):
        """Another file, or another flow of it, is in front; both None when no file is open."""

        def __init__(self, buffer: Buffer | None, flow: FlowFile | None) -> None:
            super().__init__()
            self.buffer, self.flow = buffer, flow

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, EditorPane.Shown)

    class Settled(Message):
        """Typing in a file paused."""

        def __init__(self, buffer: Buffer) -> None:
            super().__init__()
            self.buffer = buffer

    class CloseWanted(Message):
        """The file is to be closed; it may have unsaved text."""

        def __init__(self, buffer: Buffer) -> None:
            super().__init__()
            self.buffer = buffer

    def __init__(self, bench: Bench, question: Question, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._bench, self._question = bench, question
        self._buffers: list[Buffer] = []
        self._current: Buffer | None = None
        self._wanted: Path | None = None
        self._opening: set[Path] = set()
        self._flow_shown: tuple[str, str] | None = None
        self._faults: set[str] = set()
        self._empty = Static(Content(NOTHING_OPEN), id="no-file")
        self._status, self._find, self._problems = EditorStatus(), FindBar(), ProblemList()
        self._help = WritingHelp(bench, lambda: self._current, id="editors")
        self._search = TextSearch(self._find, lambda: self._current)
        self._worker = NewestOnly("podium-editor", self._failed)
        self.border_title = Content("2 Editor")
        self.can_focus = True

    def compose(self) -> ComposeResult:
        with self._help:
            yield self._empty
        yield self._problems
        yield self._find
        yield self._status

    def on_mount(self) -> None:
        self._status.display = False
        self._call_later = self.app.call_later  # for the worker's thread: a pane that is gone knows no app
        self._worker.start()

    def on_unmount(self) -> None:
        self._worker.stop()

    def on_resize(self) -> None:
        self._show_title()

    def on_focus(self) -> None:
        """A click beside the text means the text."""
        if self._current is not None:
            self._current.editor.focus()

    def focus(self, scroll_visible: bool = True) -> EditorPane:
        """Give the keys to the text; without a file the pane itself takes them."""
        if self._current is not None and self._current.editor.display:
            self.screen.set_focus(self._current.editor, scroll_visible)  # at once: Textual's own way is a message
        else:
            super().focus(scroll_visible)
        return self

    # ---- files -------------------------------------------------------------------------------------------------

    @property
    def buffers(self) -> Sequence[Buffer]:
        """All open files, in the order of their tabs."""
        return self._buffers

    @property
    def current(self) -> Buffer | None:
        """The file in front."""
        return self._current

    def buffer_of(self, path: Path) -> Buffer | None:
        """The open file at a path."""
        return next((one for one in self._buffers if one.path == path), None)

    async def open(self, path: Path, line: int | None = None, column: int = 0) -> Buffer | None:
        """Bring a file to the front, opening it if it is not; None when it cannot be shown (said to the reader)."""
        self._wanted = path
        buffer = self.buffer_of(path) or await self._read(path)
        if buffer is None:
            return None
        if self._wanted == path:  # what was asked for last stays in front, whichever is read first
            self.bring_to_front(buffer)
        if line is not None:
            buffer.editor.go_to(line, column)
        return buffer

    async def _read(self, path: Path) -> Buffer | None:
        """A tab for a file, read away from the screen; says so if that takes long."""
        root = self._bench.workspace.root
        slow = self.set_timer(_SLOW, lambda: self._show_opening(path, True))
        try:
            ready = await off_thread(lambda: prepare(path, root), "podium-open")
        except FileError as error:
            self.post_message(Said(str(error), failed=True))
            return None
        finally:
            slow.stop()
            self._show_opening(path, False)
        return self.buffer_of(path) or await self.add(ready)  # it may have been asked for twice

    def _show_opening(self, path: Path, opening: bool) -> None:
        if opening != (path in self._opening):
            (self._opening.add if opening else self._opening.discard)(path)
            self._show_title()

    async def add(self, ready: Prepared) -> Buffer:
        """A tab for a file that was read."""
        buffer = Buffer(ready, self._bench.workspace.root)
        buffer.editor.take_key = self._press
        at = self._buffers.index(self._current) + 1 if self._current in self._buffers else len(self._buffers)
        self._buffers.insert(at, buffer)
        await self.query_one("#editors").mount(buffer.editor)
        self.check(buffer)
        return buffer

    def bring_to_front(self, buffer: Buffer) -> None:
        """Show the tab of a file."""
        if buffer is not self._current:
            had_focus = self._current is not None and self._current.editor.has_focus
            self._help.close()
            with self.app.batch_update():
                for one in self._buffers:
                    one.editor.display = one is buffer
                self._empty.display = False
                self._status.display = True
            self._current = buffer
            self._problems.show(buffer.editor.marks)
            self._search.highlight()
            if had_focus:
                buffer.editor.focus()
        self.show_state()

    async def close(self, buffer: Buffer) -> None:
        """Remove a tab, unsaved text and all."""
        at = self._buffers.index(buffer)
        had_focus = buffer.editor.has_focus
        self._buffers.remove(buffer)
        if buffer is self._current:
            self._current = None
            if self._buffers:
                self.bring_to_front(self._buffers[min(at, len(self._buffers) - 1)])
            else:
                self._empty.display, self._status.display = True, False
                self._find.display = self._problems.display = False
                self.show_state()
            if had_focus:
                self.focus()
        await buffer.editor.remove()
        self._show_title()

    def show_state(self) -> None:
        """Title, status and what others show of the file in front."""
        self._show_title()
        self._show_status()
        flow = self._current.flow_at_cursor() if self._current else None
        self._flow_shown = (flow.namespace, flow.id) if flow else None
        self.post_message(self.Shown(self._current, flow))

    def _show_title(self) -> None:
        tabs = [(one.relative if one is self._current else one.name, one.dirty) for one in self._buffers]
        at = self._buffers.index(self._current) if self._current in self._buffers else 0
        opening = "".join(f"  opening {shorten(clean(path.name), 24)} …" for path in sorted(self._opening))
        title = tabs_title(tabs, at, max(self.size.width - 4 - len(opening), 10)) + Content(opening)
        if self.border_title != title:
            self.border_title = title

    def _show_status(self) -> None:
        buffer = self._current
        if buffer is None:
            return
        row, column = buffer.editor.cursor_location
        badge, worst = buffer.badge()
        language = buffer.editor.syntax or "text"
        ending = "" if buffer.file.newline == "\n" else " crlf"
        ending += "" if buffer.file.encoding == "utf-8" else f" {buffer.file.encoding}"
        self._status.show(badge, worst, buffer.editor.mark_under_cursor)
        self._status.show_place(f"{language}{ending}", row + 1, column + 1)

    # ---- what editors say --------------------------------------------------------------------------------------

    def _buffer_in(self, editor: object) -> Buffer | None:
        return next((one for one in self._buffers if one.editor is editor), None)

    @on(TextArea.Changed)
    def _text_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._show_title()
        if self._current is not None and event.text_area is self._current.editor:
            self._help.changed()

    @on(FlowEditor.CursorMoved)
    def _cursor_moved(self, event: FlowEditor.CursorMoved) -> None:
        event.stop()
        if self._current is not None and event.editor is self._current.editor:
            self._show_status()
            if len(self._current.flows) > 1:
                self._tell_flow()

    def _tell_flow(self) -> None:
        flow = self._current.flow_at_cursor() if self._current else None
        if (flow and (flow.namespace, flow.id)) != self._flow_shown:
            self.show_state()

    @on(FlowEditor.MarkUnderCursor)
    def _mark_under_cursor(self, event: FlowEditor.MarkUnderCursor) -> None:
        event.stop()
        self._show_status()
        self.refresh_bindings()

    @on(FlowEditor.Settled)
    def _settled(self, event: FlowEditor.Settled) -> None:
        event.stop()
        buffer = self._buffer_in(event.editor)
        if buffer is None or event.version != buffer.editor.version:
            return
        buffer.settle()
        self._show_title()
        self.check(buffer)
        if self._find.is_open and buffer is self._current:
            self._search.highlight()
        if buffer is self._current:
            self._tell_flow()
        self.post_message(self.Settled(buffer))

    # ---- checks ------------------------------------------------------------------------------------------------

    def check(self, buffer: Buffer) -> None:
        """Ask whether the text is in order; the answer comes when it comes."""
        if buffer.file.read_only:
            return
        editor, check = buffer.editor, self._bench.flow_check.check
        version, path, language, text = editor.version, buffer.path, editor.syntax, editor.text

        def job() -> None:
            found, is_flow = check_text(path, language, text, check)
            self._call_later(self._take_check, buffer, version, found, is_flow)

        self._worker.ask(buffer, job)

    def _failed(self, error: Exception) -> None:
        """From the worker's thread: a fault of ours, said once so that nobody wonders why nothing is marked."""
        if str(error) not in self._faults:
            self._faults.add(str(error))
            self._call_later(self.post_message, Said(f"The editor cannot check this: {error}.", failed=True))

    def _take_check(self, buffer: Buffer, version: int, found: Sequence[Diagnostic], is_flow: bool) -> None:
        if buffer not in self._buffers or not buffer.editor.set_marks([Mark.of(one) for one in found], version):
            return
        buffer.checked, buffer.is_flow = True, is_flow
        if buffer is self._current:
            self._problems.show(buffer.editor.marks)
            self._show_status()

    def action_problems(self) -> None:
        """List everything that is wrong with the text."""
        if self._current is not None:
            self._problems.show(self._current.editor.marks)
            self._problems.open()

    @on(EditorStatus.ProblemsWanted)
    def _problems_wanted(self) -> None:
        self.action_problems()

    @on(ProblemList.Chosen)
    def _go_to_problem(self, event: ProblemList.Chosen) -> None:
        event.stop()
        if self._current is not None:
            self._current.editor.go_to(event.mark.line, event.mark.column)
            self._current.editor.focus()

    @on(ProblemList.Closed)
    @on(FindBar.Closed)
    def _back_to_text(self, event: Message) -> None:
        event.stop()
        # First the focus, then the end of what had it: a key in between would go nowhere.
        self.focus()
        if isinstance(event, FindBar.Closed):
            self._find.display = False
            self._search.close()
        else:
            self._problems.display = False

    def action_fix(self) -> None:
        """Apply the mend of the problem under the cursor."""
        if self._current is None:
            return
        editor = self._current.editor
        row = editor.cursor_location[0]
        here = [editor.mark_under_cursor, *(mark for mark in editor.marks if mark.line == row)]
        fix = next((mark.fix for mark in here if mark is not None and mark.fix is not None), None)
        if fix is None:
            self.post_message(Said("Nothing in this line can be mended by itself."))
            return
        editor.apply_line_edit(fix_as_edit(list(editor.document.lines), fix))
        self.post_message(Said(clean(fix.title)))

    # ---- finding -----------------------------------------------------------------------------------------------

    def action_find(self) -> None:
        """Find a text."""
        self._search.open(replace=False)

    def action_replace(self) -> None:
        """Find a text and replace it."""
        self._search.open(replace=True)

    def action_find_step(self, step: int) -> None:
        """The next or previous place of what was looked for last."""
        self._search.step(step)

    @on(FindBar.Wanted)
    def _find_wanted(self, event: FindBar.Wanted) -> None:
        event.stop()
        self._search.want(event.search, event.step)

    @on(FindBar.ReplaceWanted)
    def _replace_wanted(self, event: FindBar.ReplaceWanted) -> None:
        event.stop()
        self._search.replace(event.search, event.template, everywhere=event.everywhere)

    def _press(self, key: str, character: str | None) -> bool:
        """Esc closes what is open around the text, one after the other, before it leaves the pane."""
        if self._help.takes(key, character):
            return True
        if key != "escape":
            return False
        if self._find.is_open:
            self._find.action_close()
        elif self._problems.display:
            self._problems.action_close()
        else:
            return False
        return True

    # ---- moving about ------------------------------------------------------------------------------------------

    def action_go_to_line(self) -> None:
        """Ask for a line (and column) and go there."""
        buffer = self._current
        if buffer is None:
            return

        def answer(typed: str) -> str | None:
            line, _, column = typed.strip().partition(":")
            if not line.isdigit() or (column and not column.isdigit()):
                return "Type a line, or line:column."
            buffer.editor.go_to(int(line) - 1, max(int(column or 1) - 1, 0))
            return None

        self._question.ask_text("Go to line", "", f"1 to {buffer.editor.document.line_count:,}", answer)

    def action_tab(self, step: int) -> None:
        """The next or previous open file."""
        if self._current is not None and len(self._buffers) > 1:
            at = self._buffers.index(self._current)
            self.bring_to_front(self._buffers[(at + step) % len(self._buffers)])

    def action_close(self) -> None:
        if self._current is not None:
            self.post_message(self.CloseWanted(self._current))

    def action_external(self) -> None:
        """Edit the file with the program that `$VISUAL` or `$EDITOR` names."""
        if self._current is not None:
            line, _ = self._current.editor.cursor_location
            self.post_message(EditOutsideRequested(self._current.path, line))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing are not offered."""
        if action == "fix":
            mark = self._current.editor.mark_under_cursor if self._current else None
            return mark is not None and mark.fix is not None
        return True
