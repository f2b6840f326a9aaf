"""Everything that a workspace keeps, opened once per process."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from podium.base.clock import Clock, SystemClock
from podium.store.database import Database
from podium.store.execution_records import ExecutionRecord
from podium.store.index import ExecutionIndex
from podium.store.internal_storage import InternalStorage
from podium.store.key_values import KeyValueStore
from podium.store.namespace_files import NamespaceFolders
from podium.store.revisions import FlowRevisions
from podium.store.secrets import Secrets
from podium.store.settings import Settings, open_workspace
from podium.store.trigger_states import TriggerStates
from podium.store.workspace import Workspace

if TYPE_CHECKING:
    from podium.model.flow import PluginDefault


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores of one workspace. They may be used from any thread, and on both sides of a fork."""

    workspace: Workspace
    settings: Settings
    clock: Clock
    database: Database
    index: ExecutionIndex
    key_values: KeyValueStore
    revisions: FlowRevisions
    triggers: TriggerStates
    namespace_files: NamespaceFolders
    storage: InternalStorage
    secrets: Secrets

    @classmethod
    def of(cls, workspace: Workspace, settings: Settings, clock: Clock | None = None) -> "Stores":
        """The stores of a workspace that was opened with these settings; raises StoreError."""
        clock = clock or SystemClock()
        database = Database(workspace.index)
        namespace_files = NamespaceFolders(workspace)
        return cls(
            workspace, settings, clock, database, ExecutionIndex(database), KeyValueStore(database, clock),
            FlowRevisions(database, clock), TriggerStates(database, clock), namespace_files,
            InternalStorage(workspace.storage, namespace_files), Secrets(workspace, settings),
        )  # fmt: skip

    @classmethod
    def open(cls, path: Path, clock: Clock | None = None) -> "Stores":
        """Open the workspace that `path` belongs to; raises StoreError."""
        return cls.of(*open_workspace(path), clock)

    @property
    def plugin_defaults(self) -> "tuple[PluginDefault, ...]":
        """The defaults of the settings, as the loader of flows takes them."""
        return self.settings.defaults_of_tasks

    def record(self, execution_id: str) -> ExecutionRecord:
        """The directory of an execution, which need not exist; raises StoreError for what is no id."""
        return ExecutionRecord(self.workspace.execution(execution_id))
