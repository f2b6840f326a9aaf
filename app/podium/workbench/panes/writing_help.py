"""Help while writing a flow: suggestions as one types, documentation for what stands at the cursor."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.document._document import Selection
from textual.document._edit import Edit
from textual.geometry import Offset
from textual.timer import Timer

from podium.workbench.editing.around import Around
from podium.workbench.messages import Said
from podium.workbench.widgets.suggestion_list import DocumentationCard, SuggestionList

if TYPE_CHECKING:
    from podium.model.edits import Insertion, Placed
    from podium.model.schema import TypeDecl
    from podium.model.suggestions import Suggestion
    from podium.workbench.bench import Bench
    from podium.workbench.panes.buffer import Buffer

_WORD = re.compile(r"[\w.$-]")
_OPENS = re.compile(r"(?:\{\{ |\{% |\| |\btype: |[\w\]]\.|\[['\"]|\(['\"])$")
_MOVES = {"up": -1, "down": 1, "pageup": -8, "pagedown": 8, "ctrl+p": -1, "ctrl+n": 1}
_READS_AFTER = 0.4
"""Seconds without typing after which the chosen suggestion is explained."""
_RUNS_FRESH = 30.0
"""Seconds after which the newest run is looked for again."""
_KEEPS_OPEN = re.compile(r"[\w.$*@/-]")


class WritingHelp(Container):
    """Holds the editors. Each editor hands over its keys (`takes`), the pane says when a text changed.

    `shown` tells which file is in front.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+space,ctrl+@", "suggest", "Suggest", show=False, id="editor.suggest"),
        Binding("alt+i", "explain", "What is this", show=False, id="editor.explain"),
        Binding("alt+t", "insert('task')", "New task", show=False, id="editor.new_task"),
        Binding("alt+g", "insert('trigger')", "New trigger", show=False, id="editor.new_trigger"),
        Binding("alt+u", "insert('input')", "New input", show=False, id="editor.new_input"),
    ]

    def __init__(self, bench: Bench, shown: Callable[[], Buffer | None], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._bench = bench
        self._shown = shown
        self._around = Around(bench.stores)
        self._typed = False
        self._explain_timer: Timer | None = None
        self._explained = ""
        self._warm = False
        self._due: tuple[Buffer, int] | None = None
        self._asked: dict[tuple[str, str], float] = {}
        self.list = SuggestionList()
        self.card = DocumentationCard(markup=False)

    def compose(self) -> ComposeResult:
        yield self.list
        yield self.card

    def on_descendant_blur(self) -> None:
        """Help for the text goes when the text does."""
        self.close()

    # ---- what the editor says ----------------------------------------------------------------------------------

    def takes(self, key: str, character: str | None) -> bool:
        """Whether a key belongs to what is open; it does nothing else then."""
        self._typed = (character is not None and character.isprintable()) or key == "backspace"
        if self.list.is_open and (key in _MOVES or key in ("tab", "enter")):
            self._catch_up()
        if self.list.is_open:
            if key in _MOVES:
                self.list.move(_MOVES[key])
                self._explain_chosen()
                return True
            if key in ("tab", "enter") and self.take(always=key == "tab"):
                return True
            if key == "escape":
                self.close()
                return True
            if not self._typed:
                self.close()
        elif self.card.display:
            self.card.display = False
            return key == "escape"
        return False

    def changed(self) -> None:
        """The text changed; by typing, the list opens, follows, or closes."""
        typed, self._typed = self._typed, False
        buffer = self._shown()
        if not typed or buffer is None or not buffer.is_flow:
            self.close()
            return
        row, column = buffer.editor.cursor_location
        before = buffer.editor.document[row][:column]
        if self.list.is_open:
            if before and _KEEPS_OPEN.match(before[-1]):
                self._open_after_paint(buffer)
            else:
                self.close()
        elif before and (_WORD.match(before[-1]) or _OPENS.search(before)):
            self._open_after_paint(buffer)

    def _open_after_paint(self, buffer: Buffer) -> None:
        """The key is drawn first; if another one comes meanwhile, that one counts."""
        self._due = (buffer, buffer.editor.version)
        self.call_after_refresh(self._catch_up)

    def _catch_up(self) -> None:
        """Let the list say what the text says now: a key that chooses may come before the list was drawn anew."""
        due, self._due = self._due, None
        if due is None:
            return
        buffer, version = due
        if buffer is self._shown() and buffer.editor.version == version and buffer.editor.has_focus:
            self._open(buffer, by_itself=True)

    def close(self) -> None:
        """Hide everything."""
        self._due = None
        self.list.close()
        self.card.display = False

    # ---- suggestions -------------------------------------------------------------------------------------------

    def action_suggest(self) -> None:
        """Offer what may be written at the cursor."""
        buffer = self._shown()
        if buffer is not None and not self._open(buffer, by_itself=False):
            self.post_message(Said("Nothing is known that belongs here."))

    @on(SuggestionList.OptionSelected)
    def _clicked(self, event: SuggestionList.OptionSelected) -> None:
        event.stop()
        self.take()

    def _open(self, buffer: Buffer, *, by_itself: bool) -> bool:
        items = [item for item in self._items(buffer) if not (by_itself and _is_there(item, buffer))]
        if not items or (by_itself and _nothing_typed(items[0], buffer)):
            self.close()
            return False
        x, y = buffer.editor.cursor_screen_offset
        width = buffer.editor.cursor_location[1] - items[0].range.column
        self.list.open(items, Offset(max(0, x - width), y))
        if by_itself:
            self._explain_soon()
        else:
            self.list.call_after_refresh(self._explain_chosen)
        return True

    def _items(self, buffer: Buffer) -> Sequence[Suggestion]:
        from podium.model.completion import complete

        flow = buffer.flow_at_cursor()
        namespace, flow_id = (flow.namespace, flow.id) if flow else ("", "")
        self._prepare(namespace, flow_id)
        row, column = buffer.editor.cursor_location
        around = self._around.surroundings(namespace, flow_id)
        return complete(buffer.editor.document.lines, row, column, self._bench.registry, around)

    def _prepare(self, namespace: str, flow_id: str) -> None:
        """Read, away from the screen, what the next suggestion will want: the last run, the classes of all types."""
        if not self._warm:
            self._warm = True
            registry = self._bench.registry
            names = [name for family in ("task", "trigger") for name in registry.names(family)]
            self._bench.files.do(lambda: [registry.find(name) for name in names], _ignored, _ignored)
        if flow_id and time.monotonic() - self._asked.get((namespace, flow_id), -_RUNS_FRESH) >= _RUNS_FRESH:
            self._asked[namespace, flow_id] = time.monotonic()
            self._bench.files.do(
                lambda: self._around.read_last_outputs(namespace, flow_id),
                lambda outputs: self._around.keep_last_outputs(namespace, flow_id, outputs),
                _ignored,
            )

    def _explain_soon(self) -> None:
        """Who types on does not read, and a card that comes and goes with every letter is most of what a key costs."""
        if self._explain_timer is not None:
            self._explain_timer.stop()
        item = self.list.chosen
        if self.card.display and item is not None and item.documentation == self._explained:
            return
        self.card.display = False
        self._explain_timer = self.set_timer(_READS_AFTER, self._explain_chosen)

    def _explain_chosen(self) -> None:
        item = self.list.chosen
        if item is not None:
            self._explained = item.documentation
            self.card.beside(item.documentation, self.list)

    def take(self, *, always: bool = True) -> bool:
        """Write the highlighted suggestion; without `always` only when it would change something, so that Enter
        after a whole word is a line break."""
        buffer, item = self._shown(), self.list.chosen
        self.close()
        if buffer is None or item is None or buffer.editor.read_only:
            return False
        if not always and _is_there(item, buffer):
            return False
        editor, place = buffer.editor, item.range
        editor.history.checkpoint()
        end = max(place.end_column, editor.cursor_location[1])
        editor.edit(Edit(item.insert, (place.line, place.column), (place.line, end), maintain_selection_offset=False))
        caret = item.insert if item.caret is None else item.insert[: item.caret]
        breaks = caret.count("\n")
        row = place.line + breaks
        column = len(caret) - (caret.rfind("\n") + 1) + (0 if breaks else place.column)
        editor.selection = Selection.cursor(editor.clamp_visitable((row, column)))
        editor.record_cursor_width()
        editor.history.checkpoint()
        if item.kind in ("property", "snippet") and caret.endswith(("type: ", "{{ ")):
            editor.call_after_refresh(self._open, buffer, by_itself=False)
        return True

    def action_insert(self, what: Placed) -> None:
        """Choose a type, then write an object of it where it belongs."""
        from podium.model.edits import insertion
        from podium.workbench.dialogs.type_picker import TypePicker

        buffer = self._shown()
        if buffer is None or buffer.editor.read_only:
            return
        self.close()

        def write(decl: TypeDecl | None) -> None:
            if decl is not None and buffer is self._shown():
                self._write(
                    buffer, insertion(buffer.editor.document.lines, buffer.editor.cursor_location[0], what, decl)
                )

        self.app.push_screen(TypePicker(what, self._bench.registry), write)

    def _write(self, buffer: Buffer, new: Insertion) -> None:
        editor, place = buffer.editor, new.edit.range
        editor.history.checkpoint()
        start, end = (place.line, place.column), (place.end_line, place.end_column)
        editor.edit(Edit(new.edit.text, start, end, maintain_selection_offset=False))
        editor.history.checkpoint()
        editor.go_to(new.row, new.column)
        editor.focus()

    # ---- documentation -----------------------------------------------------------------------------------------

    def action_explain(self) -> None:
        """Say what stands at the cursor."""
        from podium.model.hover import hover

        buffer = self._shown()
        if buffer is None:
            return
        editor = buffer.editor
        found = hover(editor.document.lines, *editor.cursor_location, self._bench.registry) if buffer.is_flow else None
        mark = editor.mark_under_cursor
        texts = ([mark.message] if mark is not None else []) + ([found.text] if found is not None else [])
        self.close()
        if not texts:
            self.post_message(Said("Nothing is known about this place."))
            return
        x, y = editor.cursor_screen_offset
        self.card.styles.width, self.card.styles.max_width = "auto", 72
        self.card.show("\n\n".join(texts), Offset(x, y + 1))


def _is_there(item: Suggestion, buffer: Buffer) -> bool:
    """Whether the text already reads like this, so that taking it would change nothing."""
    line = buffer.editor.document[item.range.line]
    return line[item.range.column : item.range.end_column] == item.insert.rstrip()


def _nothing_typed(item: Suggestion, buffer: Buffer) -> bool:
    """Whether the list would open without a word, and where nobody waits for it."""
    row, column = buffer.editor.cursor_location
    before = buffer.editor.document[row][:column]
    return item.range.column == column and not _OPENS.search(before)


def _ignored(_: object) -> None:
    """What is only prepared may fail: it is read again when it is needed."""
