"""What the panes of one workbench share: the stores, and the threads that read and write away from the screen."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from podium.store.flow_check import FlowCheck
from podium.store.kept import WorkspaceKept
from podium.store.stores import Stores
from podium.workbench.clipboard import Clipboard
from podium.workbench.files.drafts import Drafts
from podium.workbench.files.file_actions import FileActions
from podium.workbench.runs.feed import Errands, RunsFeed
from podium.workbench.runs.run_desk import RunDesk

if TYPE_CHECKING:
    from podium.plugin.registry import Registry
    from podium.runtime.executions import Executions
    from podium.workbench.frame_diff import DiffOutput


class Bench:
    """Made by the app, given to every pane. `zone` is where times are shown in; None is the machine's own.

    Work that must not wait for other work has errands of its own: `files` reads folders and writes drafts, `git` asks
    git, `runs` starts and changes executions, `looks` reads and computes for what shows them.
    """

    def __init__(
        self, app: DiffOutput, stores: Stores, registry: Registry, executions: Executions, zone: tzinfo | None = None
    ) -> None:  # fmt: skip
        self.stores = stores
        self.registry = registry
        kept = WorkspaceKept(stores.secrets, stores.namespace_files, stores.key_values)
        self.flow_check = FlowCheck(stores.workspace, stores.settings, registry, kept)
        self.executions = executions
        self.workspace = stores.workspace
        self.clock = stores.clock
        self.zone = zone
        self.clipboard = Clipboard(app.send_control, self.workspace.tmp)
        self.files = Errands(app)
        self.git = Errands(app)
        self.runs = Errands(app)
        self.looks = Errands(app)
        self.feed = RunsFeed(app, self.workspace, lambda: executions.reconcile())
        self.desk = RunDesk(stores, registry, executions, self.feed, self.runs, self.looks, self.clipboard, zone)
        self.actions = FileActions(self.workspace.root, self.workspace.trash)
        self.drafts = Drafts(self.workspace.unsaved)

    def now(self) -> datetime:
        """The present moment on the reader's clock."""
        return self.clock.now().astimezone(self.zone)
