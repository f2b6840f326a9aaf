"""Maskers of executions: for the runner while it works, and for whoever shows what it left."""

from collections.abc import Iterable, Mapping
from typing import Any

from podium.base.masking import Masker
from podium.model.flow import Flow
from podium.store.errors import StoreError
from podium.store.execution_records import ExecutionRecord
from podium.store.stores import Stores

SECRET_INPUTS = "secretInputs"
"""The entry of an execution's meta with the ids of its SECRET inputs."""


def masker_of(stores: Stores, execution_id: str) -> Masker:
    """A masker for showing what an execution left: knows the secrets it used and its SECRET inputs.

    Secrets that no longer exist, or cannot be read, cannot be hidden any more. Raises StoreError when the journal
    cannot be read.
    """
    record = stores.record(execution_id)
    hidden = SECRET_INPUTS in record.meta()
    return masker_with(stores, record, record.load().execution.inputs if hidden else {})


def masker_with(stores: Stores, record: ExecutionRecord, inputs: Mapping[str, Any]) -> Masker:
    """The same for whoever has read the execution already, also for going on with it."""
    masker = Masker()
    for name, namespace in record.used_secrets():
        try:
            value = stores.secrets.get(name, namespace)
        except StoreError:
            continue
        if value is not None:
            masker.add(value)
    hide_inputs(masker, inputs, record.meta().get(SECRET_INPUTS) or ())
    return masker


def hide_inputs(masker: Masker, inputs: Mapping[str, Any], secret_inputs: Iterable[str]) -> None:
    """Let a masker know the values of these inputs, named by id (`a.b` is nested)."""
    for name in secret_inputs:
        value: Any = inputs
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str):
                masker.add(text)


def secret_inputs_of(flow: Flow) -> list[str]:
    """The ids of the inputs whose values are secrets."""
    return [one.id for one in flow.inputs if "SECRET" in (one.type, one.item_type)]
