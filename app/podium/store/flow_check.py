"""What there is to say about the flows of one file in its workspace.

`podium validate` and the editor both ask here, so they say the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from podium.model.diagnostics import Diagnostic, Range
from podium.store.workspace import Workspace

if TYPE_CHECKING:
    from podium.model.expression_check import Kept
    from podium.model.loader import Loaded
    from podium.model.schema import Catalog
    from podium.store.settings import Settings

_RANKS = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class CheckedFlows:
    """All findings about a text, in the order of the text, and the (namespace, id) of its flows without errors."""

    diagnostics: list[Diagnostic]
    flows: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class FlowCheck:
    """Checks texts as flows of a workspace: with its types, its settings, and what is kept beside the flows.

    `shown` is how the path of another file is written in a message; below the root of the workspace by default.
    """

    workspace: Workspace
    settings: Settings
    catalog: Catalog
    kept: Kept
    shown: Callable[[Path], str] | None = None

    def check(self, path: Path | None, text: str) -> CheckedFlows:
        """Check the text of the file at `path`, which need not be what is on disk; None is a text without a file."""
        from podium.model.loader import load_flows

        defaults = self.settings.defaults_of_tasks
        found: list[Diagnostic] = []
        flows: list[tuple[str, str]] = []
        for loaded in load_flows(text, self.catalog, defaults=defaults, kept=self.kept):
            found += loaded.diagnostics
            if loaded.flow is not None:
                flows.append((loaded.flow.namespace, loaded.flow.id))
                found += self._twins(path, loaded)
        found.sort(key=lambda one: (one.range.line, one.range.column, _RANKS.index(one.severity)))
        return CheckedFlows(found, flows)

    def _twins(self, path: Path | None, loaded: Loaded) -> list[Diagnostic]:
        """Whether another file of the workspace claims to be the same flow."""
        flow = loaded.flow
        if flow is None or path is None or not path.resolve().is_relative_to(self.workspace.root):
            return []
        others = {
            one.path
            for one in self.workspace.recent_flow_files()
            if (one.namespace, one.id) == (flow.namespace, flow.id) and one.path.resolve() != path.resolve()
        }
        if not others:
            return []
        names = " and ".join(sorted(map(self.shown or self._below_root, others)))
        message = f"The flow `{flow.id}` of `{flow.namespace}` is in {names} too. Give one of them another `id:`."
        return [Diagnostic("flow-twice", "error", message, _place_of_id(loaded), "id")]

    def _below_root(self, path: Path) -> str:
        return path.relative_to(self.workspace.root).as_posix()


def _place_of_id(loaded: Loaded) -> Range:
    root = loaded.document.root
    node = getattr(root, "get", lambda _: None)("id")
    return node.range if node is not None else Range(0, 0, 0, 0)
