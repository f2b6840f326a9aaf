"""Starting the workbench, in the only order that works: runners first, screens last."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from podium.workbench.later import Later

if TYPE_CHECKING:
    from podium.plugin.registry import Registry
    from podium.runtime.executions import Executions
    from podium.runtime.launcher import Launcher
    from podium.store.stores import Stores


def run_workbench(path: Path, file: Path | None = None) -> int:
    """Open the workspace that `path` belongs to, with `file` in the editor if one is given; returns the exit code.

    Raises the errors of opening a workspace: StoreError, SettingsError, PluginError.
    """
    from podium.runtime.launcher import ForkServer
    from podium.workbench.terminal_guard import TerminalGuard

    # Forked before any thread and before anything large is loaded.
    server = ForkServer.start()
    guard = TerminalGuard.start()
    # Hardly anything that is made until the first frame is garbage; the application collects after it.
    gc.disable()
    try:
        _set_frugal_defaults()
        from podium.store.stores import Stores

        stores = Stores.open(path)
        registry = Later(lambda: _registry(stores))
        executions = Later(lambda: _executions(stores, registry.now(), server))
        from podium.workbench.app import PodiumApp

        app = PodiumApp(stores, registry.stand_in, executions.stand_in, start=file, prepare=executions.now, guard=guard)
        app.run(mouse=os.environ.get("PODIUM_MOUSE", "1") not in ("0", "no"))
    finally:
        if guard is not None:
            guard.close()
        server.close()
    running = len(stores.index.unfinished())
    if running:
        print(
            f"{running} execution{'s' * (running > 1)} still at work: `podium runs` lists, `podium` shows.",
            file=sys.stderr,
        )
    return app.return_code or 0


def _registry(stores: Stores) -> Registry:
    from podium.runtime.workspace_types import workspace_registry

    return workspace_registry(stores.workspace, stores.settings)


def _executions(stores: Stores, registry: Registry, launcher: Launcher) -> Executions:
    from podium.runtime.executions import Executions

    return Executions(stores.workspace, registry, settings=stores.settings, launcher=launcher, stores=stores)


def _set_frugal_defaults() -> None:
    """Textual reads these when it is imported."""
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    os.environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
    if os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY"):
        os.environ.setdefault("TEXTUAL_FPS", "30")
    else:
        # Milliseconds until Escape alone is Escape. What follows it arrives together with it, but for slow links.
        os.environ.setdefault("ESCDELAY", "25")
