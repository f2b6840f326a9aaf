"""The types that the flows of a workspace can use."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podium.plugin.registry import Registry
    from podium.store.settings import Settings
    from podium.store.workspace import Workspace


def workspace_registry(workspace: "Workspace", settings: "Settings") -> "Registry":
    """The built-in types, those of installed packages, and those of the plugin modules that the settings name.

    These modules may be in the workspace itself. Raises PluginError when one cannot be used.
    """
    from podium.tasks.registry import default_registry

    root = str(workspace.root)
    if settings.plugins and root not in sys.path:
        # Behind everything else: a file of the workspace never takes the place of an installed package.
        sys.path.append(root)
    return default_registry(settings.plugins, enterprise=settings.kestra.edition == "ee")
