"""Maskers of executions: for the runner while it works, and for whoever shows what it left."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from podium.base.masking import Masker
from podium.store.errors import StoreError
from podium.store.execution_records import ExecutionRecord
from podium.store.stores import Stores

if TYPE_CHECKING:
    from podium.model.flow import Flow


def masker_of(stores: Stores, execution_id: str) -> Masker:
    """A masker for showing what an execution left: knows what is in its vault and the secrets that it used."""
    return masker_with(stores, stores.record(execution_id))


def masker_with(stores: Stores, record: ExecutionRecord, masker: Masker | None = None) -> Masker:
    """The same, added to what `masker` knows; also for going on with the execution.

    Used secrets that no longer exist, or cannot be read, are known only if the vault has them.
    """
    masker = Masker() if masker is None else masker
    for value in record.vault().values():
        masker.add(value)
    for name, namespace in record.used_secrets():
        try:
            found = stores.secrets.get(name, namespace)
        except StoreError:
            continue
        if found is not None:
            masker.add(found)
    return masker


def secret_inputs_of(flow: "Flow") -> list[str]:
    """The ids of the inputs whose values are secrets."""
    return [one.id for one in flow.inputs if "SECRET" in (one.type, one.item_type)]


def secret_answers_of(flow: "Flow") -> list[str]:
    """The ids of the `onResume` inputs, of any Pause, whose values are secrets."""
    from podium.model.input_declarations import declared_inputs

    return [
        one.id
        for task in flow.walk()
        if task.type.endswith(".Pause")
        for one in declared_inputs(task.props.get("onResume"))
        if "SECRET" in (one.type, one.item_type)
    ]


def hide_inputs(masker: Masker, values: Mapping[str, Any], secret_ids: Iterable[str]) -> None:
    """Let a masker know those of these values that are named by `secret_ids` (`a.b` is nested)."""
    for name in secret_ids:
        value: Any = values
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str):
                masker.add(text)
