"""Starting runners, each a detached process of its own."""

from pathlib import Path
from typing import Protocol


class Launcher(Protocol):
    """Starts a runner for an execution that exists."""

    def launch(self, root: Path, execution_id: str) -> None:
        """Return as soon as the process is on its way; `root` is the workspace. Raises StoreError when it cannot."""
        ...
