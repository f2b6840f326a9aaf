"""Switching triggers of the workspace on and off: the `Triggers` port of tasks."""

from podium.model.schema import Catalog
from podium.plugin.task import TaskError
from podium.runtime.flows import Flows
from podium.runtime.refusals import NotCreated
from podium.store.errors import StoreError
from podium.store.stores import Stores


class TriggerSwitches:
    """See `podium.plugin.context.Triggers`. The file of the flow stays as it is (semantics 9.7)."""

    def __init__(self, stores: Stores, catalog: Catalog) -> None:
        self._stores = stores
        self._catalog = catalog

    def switch(self, namespace: str, flow_id: str, trigger_id: str, *, enabled: bool) -> None:
        """See `Triggers.switch`."""
        try:
            flow, _ = Flows(self._stores, self._catalog).find(namespace, flow_id)
        except NotCreated as error:
            raise TaskError(
                f"Unable to find flow {namespace}.{flow_id}. Make sure the flow exists and the current execution is "
                f"authorized to access it. ({error})"
            ) from error
        if all(trigger.id != trigger_id for trigger in flow.triggers):
            raise TaskError(f"Unable to find trigger {trigger_id} for the flow {namespace}.{flow_id}")
        try:
            self._stores.triggers.switch(namespace, flow_id, trigger_id, disabled=not enabled)
        except StoreError as error:
            raise TaskError(str(error)) from error
