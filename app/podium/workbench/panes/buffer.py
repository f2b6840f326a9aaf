"""One open file: what is on disk, what is typed, and whether they differ."""

from __future__ import annotations

from pathlib import Path

from podium.base.text import clean
from podium.model.diagnostics import Fix
from podium.store.flow_files import FlowFile, sniff_flows
from podium.workbench.files.drafts import Draft
from podium.workbench.files.text_files import TextFile
from podium.workbench.line_edits import LineEdit
from podium.workbench.marks import Mark, validity, worst
from podium.workbench.panes.prepared import Prepared
from podium.workbench.widgets.flow_editor import FlowEditor


class Buffer:
    """The text of a file in an editor of its own, so that undo, cursor and marks stay while others are shown."""

    def __init__(self, ready: Prepared, root: Path) -> None:
        file = ready.file
        self.file = file
        self.root = root
        self.editor = FlowEditor(
            language=ready.language, read_only=bool(file.read_only), ready=(ready.document, ready.states)
        )  # fmt: skip
        self.editor.display = False
        self._clean_version = self.editor.version
        self.checked = False
        """Whether marks are those of a check, so that no mark means no problem."""
        self.is_flow = False
        self.flows = ready.flows
        self.has_draft = False

    @property
    def path(self) -> Path:
        return self.file.path

    @property
    def relative(self) -> str:
        """The path as it is shown: from the workspace on."""
        try:
            return self.path.relative_to(self.root).as_posix()
        except ValueError:
            return str(self.path)

    @property
    def name(self) -> str:
        return clean(self.path.name)

    @property
    def dirty(self) -> bool:
        """Whether there is something to save; costs nothing."""
        return self.editor.version != self._clean_version

    def settle(self) -> None:
        """After a pause in typing: a text that became again what is on disk needs no saving; flows are found again."""
        if self.dirty and self.editor.text == self.file.text:
            self._clean_version = self.editor.version
        self.sniff()

    def sniff(self) -> None:
        """Which flows the text holds now."""
        self.flows = sniff_flows(self.path, self.editor.text) if self.editor.syntax == "yaml" else ()

    def saved(self, file: TextFile, version: int) -> None:
        """`file` is what is on disk, made from this version of the text."""
        self.file = file
        self._clean_version = version
        self.sniff()

    def reload(self, ready: Prepared) -> None:
        """Take over what is on disk, as one step that can be undone; cursor and marks stay where they can.

        Of a file that is only shown because it is so large there is nothing to undo.
        """
        file = ready.file
        if ready.is_large:
            self.editor.show_ready(ready.document, ready.states)
        elif self.editor.text != file.text:
            self.editor.replace_all(file.text)
        self.file, self.flows = file, ready.flows
        self._clean_version = self.editor.version
        self.editor.read_only = bool(file.read_only)

    def draft(self) -> Draft:
        """What would be lost now."""
        return Draft(self.relative, self.editor.text, self.file.digest.hex())

    def flow_at_cursor(self) -> FlowFile | None:
        """The flow that the cursor stands in."""
        row = self.editor.cursor_location[0]
        before = [flow for flow in self.flows if flow.line <= row]
        return before[-1] if before else self.flows[0] if self.flows else None

    def error_in(self, flow: tuple[str, str]) -> Mark | None:
        """The first thing that keeps a flow of this file from running, as far as the last check knows."""
        lines = [one.line for one in self.flows]
        start = next((one.line for one in self.flows if (one.namespace, one.id) == flow), 0)
        end = min((line for line in lines if line > start), default=self.editor.document.line_count)
        errors = (mark for mark in self.editor.marks if mark.severity == "error" and start <= mark.line < end)
        return next(errors, None)

    def badge(self) -> tuple[str, str | None]:
        """The verdict on the whole text and the gravest severity in it."""
        if self.file.read_only:
            return f"read-only: {self.file.read_only}", "warning"
        marks = self.editor.marks
        if not self.checked or (not marks and not self.is_flow):
            return "", None
        return validity(marks), worst(marks)


def fix_as_edit(lines: list[str], fix: Fix) -> LineEdit:
    """The edits of a fix as one step."""
    edits = sorted(fix.edits, key=lambda edit: (edit.range.line, edit.range.column))
    first = min(edit.range.line for edit in edits)
    last = min(max(edit.range.end_line for edit in edits), len(lines) - 1)
    text = "\n".join(lines[first : last + 1])
    starts = [0]
    for line in lines[first : last + 1]:
        starts.append(starts[-1] + len(line) + 1)

    def offset(line: int, column: int) -> int:
        if line > last:
            return len(text)
        return starts[line - first] + min(column, len(lines[line]))

    for edit in reversed(edits):
        at = edit.range
        text = text[: offset(at.line, at.column)] + edit.text + text[offset(at.end_line, at.end_column) :]
    cursor = (edits[0].range.line, edits[0].range.column)
    return LineEdit(first, last, tuple(text.split("\n")), cursor, cursor)
