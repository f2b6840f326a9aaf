"""What every screen of runs works with: the stores, who acts, who reads, and how values are shown."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

from podium.store.errors import StoreError
from podium.store.stores import Stores
from podium.workbench.clipboard import Clipboard
from podium.workbench.runs.feed import Errands, RunsFeed

if TYPE_CHECKING:
    from podium.model.flow import Flow
    from podium.plugin.registry import Registry
    from podium.runtime.executions import Executions


@dataclass(frozen=True, slots=True)
class RunDesk:
    """The workspace as the screens of runs see it. `zone` None means the machine's own.

    `errands` change executions, `looks` read and compute: a plan must not wait until a run is killed.
    """

    stores: Stores
    registry: "Registry"
    executions: "Executions"
    feed: RunsFeed
    errands: Errands
    looks: Errands
    clipboard: Clipboard
    zone: tzinfo | None = None

    def now(self) -> datetime:
        """The present moment."""
        return self.stores.clock.now()

    def read_flow(self, source: str) -> "Flow | None":
        """The flow of a text; None when it has errors."""
        from podium.model.loader import load_flow

        return load_flow(source, self.registry, defaults=self.stores.plugin_defaults).flow

    def latest_revision(self, namespace: str, flow_id: str) -> int | None:
        """The number of the newest text of a flow that was kept."""
        kept = self.stores.revisions.get(namespace, flow_id)
        return None if kept is None else kept.revision

    def masking(self, execution_id: str) -> Callable[[Any], Any]:
        """What hides the secrets that an execution used, in values of any shape; hides nothing that it cannot know."""
        from podium.runtime.masks import masker_of

        try:
            return masker_of(self.stores, execution_id).value
        except StoreError:
            return lambda value: value
