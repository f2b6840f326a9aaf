"""The whole workbench on a workspace made for a test."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from podium.base.clock import ManualClock
from podium.runtime.executions import Executions
from podium.store.stores import Stores
from podium.tasks.registry import default_registry
from podium.workbench.app import PodiumApp

HELLO = """\
id: hello
namespace: company.team

tasks:
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: Hello
"""
BROKEN = HELLO.replace("id: hello\n", "id: broken\n") + "    massage: Hello\n"
NOW = datetime(2026, 11, 22, 14, 32, tzinfo=UTC)


def make_workspace(root: Path, files: Mapping[str, str] | None = None) -> Path:
    """Write files below `root`, by default two flows and a script."""
    given = files or {"flows/hello.yaml": HELLO, "flows/broken.yaml": BROKEN, "scripts/job.py": "print('hi')\n"}
    for name, text in given.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return root


def workbench(root: Path, start: str = "", *, ascii_only: bool = False, theme: str = "podium") -> PodiumApp:
    """The app, not running yet; `start` is a file to open."""
    stores = Stores.open(root, ManualClock(NOW))
    registry = default_registry()
    executions = Executions(stores.workspace, registry, settings=stores.settings, stores=stores)
    file = root / start if start else None
    return PodiumApp(stores, registry, executions, start=file, zone=UTC, theme=theme, ascii_only=ascii_only)


def grid(app: PodiumApp) -> str:
    """What is on the screen as text."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())
