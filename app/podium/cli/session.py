"""What a command needs of the workspace, opened when it is first asked for."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from podium.cli.output import Console
from podium.store.workspace import Workspace

if TYPE_CHECKING:
    from podium.model.flow import PluginDefault
    from podium.plugin.registry import Registry
    from podium.runtime.executions import Executions
    from podium.store.kept import WorkspaceKept
    from podium.store.settings import Settings
    from podium.store.stores import Stores


class Session:
    """One workspace, as the commands use it. Looking at flows creates nothing in it; `executions` and `stores` do."""

    def __init__(self, path: Path, console: Console) -> None:
        self._path = path
        self._console = console

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace that the path belongs to, with the folders that its settings name."""
        from podium.store.settings import load_settings

        workspace = Workspace.locate(self._path)
        self.settings = load_settings(workspace.root)
        workspace.use_namespace_folders(self.settings.namespaces)
        return workspace

    @cached_property
    def settings(self) -> "Settings":
        """The settings of the workspace."""
        from podium.store.settings import load_settings

        return load_settings(self.workspace.root)

    @cached_property
    def registry(self) -> "Registry":
        """All task types: the built-in ones, those of installed packages, and those of the workspace."""
        from podium.runtime.workspace_types import workspace_registry

        return workspace_registry(self.workspace, self.settings)

    @property
    def plugin_defaults(self) -> "tuple[PluginDefault, ...]":
        """The defaults of the settings, as the loader takes them."""
        return self.settings.defaults_of_tasks

    @cached_property
    def kept(self) -> "WorkspaceKept":
        """Which secrets, keys and files there are; makes nothing."""
        from podium.store.kept import WorkspaceKept
        from podium.store.namespace_files import NamespaceFolders
        from podium.store.secrets import Secrets

        keys = self.stores.key_values if self.used else None
        return WorkspaceKept(Secrets(self.workspace, self.settings), NamespaceFolders(self.workspace), keys)

    @cached_property
    def stores(self) -> "Stores":
        """Everything that is kept; makes the workspace's own folder."""
        from podium.store.stores import Stores

        self.workspace.prepare()
        stores = Stores.of(self.workspace, self.settings)
        if stores.database.notice:
            self._console.warn(stores.database.notice)
        return stores

    @cached_property
    def executions(self) -> "Executions":
        """What can be done with executions; makes the workspace's own folder."""
        from podium.runtime.executions import Executions
        from podium.runtime.launcher import ForkedRunner

        stores = self.stores
        return Executions(
            self.workspace, lambda: self.registry, settings=self.settings, launcher=ForkedRunner(), stores=stores
        )

    @property
    def used(self) -> bool:
        """Whether anything was ever kept here."""
        return self.workspace.state.is_dir()

    def shown(self, path: Path) -> str:
        """A path as the user would write it: relative to the current directory where it is below it."""
        try:
            return str(path.resolve().relative_to(Path.cwd()))
        except (ValueError, OSError):
            return str(path)
