"""Maskers of executions: for the runner while it works, and for whoever shows what it left."""

from collections.abc import Iterable, Mapping
from typing import Any

from podium.base.masking import Masker
from podium.engine.execution import Execution
from podium.model.flow import Flow
from podium.model.input_declarations import declared_inputs
from podium.store.errors import StoreError
from podium.store.execution_records import ExecutionRecord
from podium.store.stores import Stores

SECRETS = "secrets"
"""The entry of an execution's meta that says where SECRET values are: ids under `inputs`, `outputs` and `onResume`."""


def secret_places(flow: Flow) -> dict[str, list[str]]:
    """The ids of what a flow declares as SECRET, by what it is; what there is none of is left out."""
    found = {
        "inputs": secret_inputs_of(flow),
        "outputs": [one.id for one in flow.outputs if one.type == "SECRET"],
        "onResume": sorted(
            one.id
            for task in flow.walk()
            if task.type.endswith(".Pause")
            for one in declared_inputs(task.props.get("onResume"))
            if "SECRET" in (one.type, one.item_type)
        ),
    }
    return {kind: ids for kind, ids in found.items() if ids}


def secret_inputs_of(flow: Flow) -> list[str]:
    """The ids of the inputs whose values are secrets."""
    return [one.id for one in flow.inputs if "SECRET" in (one.type, one.item_type)]


def masker_of(stores: Stores, execution_id: str) -> Masker:
    """A masker for showing what an execution left: knows the secrets it used and the values it declares SECRET.

    Secrets that no longer exist, or cannot be read, cannot be hidden any more. Raises StoreError when the journal
    cannot be read.
    """
    record = stores.record(execution_id)
    return masker_with(stores, record, record.load().execution if record.meta().get(SECRETS) else None)


def masker_with(stores: Stores, record: ExecutionRecord, execution: Execution | None) -> Masker:
    """The same for whoever has read the execution already, also for going on with it."""
    masker = Masker()
    for name, namespace in record.used_secrets():
        try:
            value = stores.secrets.get(name, namespace)
        except StoreError:
            continue
        if value is not None:
            masker.add(value)
    places = record.meta().get(SECRETS) or {}
    if execution is not None and places:
        hide_inputs(masker, execution.inputs, places.get("inputs") or ())
        hide_inputs(masker, execution.outputs or {}, places.get("outputs") or ())
        for run in execution.taskruns.values():
            hide_inputs(masker, (run.outputs or {}).get("onResume") or {}, places.get("onResume") or ())
    return masker


def hide_inputs(masker: Masker, values: Mapping[str, Any], secret_ids: Iterable[str]) -> None:
    """Let a masker know those of these values that are named by `secret_ids` (`a.b` is nested)."""
    for name in secret_ids:
        value: Any = values
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str):
                masker.add(text)
