"""What the panes work with: the workspace and what is kept in it, opened when first asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from functools import cached_property
from pathlib import Path

from podium.base.clock import Clock, SystemClock
from podium.store.database import Database
from podium.store.index import ExecutionIndex
from podium.store.workspace import Workspace
from podium.workbench.clipboard import Clipboard


class Bench:
    """The workspace as every pane sees it. `send` writes a sequence to the terminal outside of any frame.

    `zone` is the time zone that times are shown in; None is the machine's own.
    """

    def __init__(
        self, workspace: Workspace, send: Callable[[str], None], *, clock: Clock | None = None, zone: tzinfo | None = None
    ) -> None:  # fmt: skip
        self.workspace = workspace
        self.clock: Clock = clock or SystemClock()
        self.zone = zone
        self.clipboard = Clipboard(send, workspace.tmp)

    @cached_property
    def database(self) -> Database:
        """The workspace's database; raises StoreError."""
        return Database(self.workspace.index)

    @cached_property
    def index(self) -> ExecutionIndex:
        """All executions of the workspace."""
        return ExecutionIndex(self.database)

    def local(self, moment: datetime) -> datetime:
        """`moment` on the reader's clock."""
        return moment.astimezone(self.zone)

    def log_of(self, execution_id: str) -> Path:
        """Where the log of an execution is."""
        return self.workspace.execution(execution_id) / "log.jsonl"
