"""Declared inputs from plain data: the `onResume` inputs of a Pause, which stand inside a task's properties."""

from collections.abc import Mapping, Sequence
from typing import Any

from podium.expressions.values import to_output
from podium.model.flow import DependsOn, Input
from podium.model.grammar import INPUT_COMMON, INPUT_TYPES

_FIELDS = {
    "displayName": "display_name", "allowCustomValue": "allow_custom_value", "autoSelectFirst": "auto_select_first",
    "itemType": "item_type", "description": "description", "required": "required", "defaults": "defaults",
    "prefill": "prefill", "validator": "validator", "expression": "expression", "min": "min", "max": "max",
    "after": "after", "before": "before", "extension": "extension",
}  # fmt: skip


def declared_inputs(raw: Any) -> tuple[Input, ...]:
    """The inputs that a list of maps declares; old spellings are understood, what is no input is left out.

    The list has been validated with the flow, so nothing is reported here.
    """
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        return ()
    return tuple(declared_input(item) for item in raw if isinstance(item, Mapping))


def declared_input(raw: Mapping[str, Any]) -> Input:
    """One input from a map with the property names of the flow format."""
    type_name = str(raw.get("type") or "STRING").upper()
    given = _current_names(raw, type_name)
    fields = {field: given[name] for name, field in _FIELDS.items() if given.get(name) is not None}
    depends = given.get("dependsOn")
    if isinstance(depends, Mapping):
        condition = depends.get("condition", depends.get("when"))
        fields["depends_on"] = DependsOn(tuple(map(str, depends.get("inputs") or ())), condition)
    if given.get("values") is not None:
        fields["values"] = tuple(to_output(value) for value in given["values"])
    if given.get("allowedFileExtensions") is not None:
        fields["allowed_file_extensions"] = tuple(map(str, given["allowedFileExtensions"]))
    return Input(id=str(given.get("id") or ""), type=type_name, **fields)


def _current_names(raw: Mapping[str, Any], type_name: str) -> dict[str, Any]:
    decl = INPUT_TYPES.get(type_name)
    properties = (*INPUT_COMMON, *(decl.properties if decl else ()))
    current = {alias: declared.name for declared in properties for alias in (*declared.aliases, *declared.also)}
    return {current.get(name, name): value for name, value in raw.items()}
