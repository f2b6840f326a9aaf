"""What panes tell the workbench, when it concerns more than the pane itself."""

from __future__ import annotations

from pathlib import Path

from textual.message import Message


class Said(Message):
    """Something to tell the reader: done, or `failed`."""

    def __init__(self, text: str, failed: bool = False) -> None:
        super().__init__()
        self.text, self.failed = text, failed


class FileOpenRequested(Message):
    """A file is to be shown in the editor, at a place (from 0) if one is given; the keys go there as well unless
    `take_focus` is off."""

    def __init__(self, path: Path, line: int | None = None, column: int = 0, take_focus: bool = True) -> None:
        super().__init__()
        self.path, self.line, self.column, self.take_focus = path, line, column, take_focus


class EditOutsideRequested(Message):
    """A file is to be edited with the reader's own program, from a line on (from 0)."""

    def __init__(self, path: Path, line: int = 0) -> None:
        super().__init__()
        self.path, self.line = path, line


class FilesMoved(Message):
    """A file or folder has another path now; None when it went."""

    def __init__(self, source: Path, target: Path | None) -> None:
        super().__init__()
        self.source, self.target = source, target


class ExecuteRequested(Message):
    """The flow is to run."""

    def __init__(self, namespace: str, flow_id: str) -> None:
        super().__init__()
        self.flow = (namespace, flow_id)
