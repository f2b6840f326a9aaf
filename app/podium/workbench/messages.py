"""What panes tell the workbench. Everything that concerns more than one pane is said with one of these."""

from __future__ import annotations

from pathlib import Path

from textual.message import Message


class Said(Message):
    """Something to tell the reader: done, or `failed`."""

    def __init__(self, text: str, failed: bool = False) -> None:
        super().__init__()
        self.text, self.failed = text, failed


class FileOpenRequested(Message):
    """A file is to be shown in the editor, at a place (from 0) if one is given; `take_focus` goes there as well."""

    def __init__(self, path: Path, line: int | None = None, column: int = 0, take_focus: bool = True) -> None:
        super().__init__()
        self.path, self.line, self.column, self.take_focus = path, line, column, take_focus


class ExecuteRequested(Message):
    """The flow is to run; asked for in the tree, in the editor or in the runs list."""

    def __init__(self, namespace: str, flow_id: str) -> None:
        super().__init__()
        self.namespace, self.flow_id = namespace, flow_id


class RunHighlighted(Message):
    """The cursor of a runs list is on this execution (None: on none): its log is to be shown. `live` while it runs."""

    def __init__(self, execution_id: str | None, title: str = "", live: bool = False) -> None:
        super().__init__()
        self.execution_id, self.title, self.live = execution_id, title, live

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, RunHighlighted)


class RunOpened(Message):
    """The screen of this execution is wanted."""

    def __init__(self, execution_id: str) -> None:
        super().__init__()
        self.execution_id = execution_id


class RunsCounted(Message):
    """So many executions of the workspace run now."""

    def __init__(self, running: int) -> None:
        super().__init__()
        self.running = running
