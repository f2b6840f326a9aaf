"""Reading declared inputs and flow outputs (semantics 2.1, 6.1)."""

from typing import Any

from podium.model.flow import DependsOn, Input, Output
from podium.model.grammar import OUTPUT
from podium.model.ids import DOTTED, check_id
from podium.model.input_rules import input_problems
from podium.model.marked_yaml import Node, ScalarNode, is_null
from podium.model.reading import Found, Reader
from podium.model.scalars import plain_value
from podium.model.shapes import shape_of, shape_of_type

_OUTPUT = shape_of(OUTPUT)
_TEXTS = frozenset(
    ("STRING", "SECRET", "SELECT", "EMAIL", "URI", "FILE", "DATE", "TIME", "DATETIME", "DURATION")
)  # fmt: skip
_CURRENT = {"BOOLEAN": "BOOL", "ENUM": "SELECT"}


class InputReader:
    """Reads lists of inputs and outputs. What their values may be is the business of `podium.model.inputs`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        reader.polymorphic["input"] = self._as_data

    def inputs(self, node: Node | None, path: str, seen: list[tuple[str, Node, str]]) -> tuple[Input, ...]:
        """A list of inputs; `seen` collects their ids."""
        items = self._reader.items_of(node, path, "the inputs")
        read = (self.input(item, f"{path}[{index}]", seen) for index, item in enumerate(items))
        return tuple(each for each in read if each is not None)

    def input(self, node: Node, path: str, seen: list[tuple[str, Node, str]]) -> Input | None:
        """One input; None after reporting that it has no id or no known type."""
        reader = self._reader
        given = reader.map_of(node, path, "an input")
        if given is None:
            return None
        decl = reader.types.find(given, "input", path)
        if decl is None:
            if (identity := given.get("id") or given.get("name")) is not None:
                check_id(identity, DOTTED, f"{path}.id", reader.findings)
            return None
        type_name = _CURRENT.get(decl.name, decl.name)
        found = reader.found(given, shape_of_type(decl), path)
        input_id = check_id(found["id"][1].value, DOTTED, f"{path}.id", reader.findings) if "id" in found else None
        if input_id is not None:
            seen.append((input_id, found["id"][1].value, path))
        values = reader.values({n: p for n, p in found.items() if n not in _APART}, path)
        depends = values.get("dependsOn")
        self._check(type_name, input_id, found, values, path)
        if input_id is None:
            return None
        listed = values.get("values")
        declared = Input(
            id=input_id,
            type=type_name,
            description=values.get("description") or "",
            display_name=values.get("displayName"),
            required=values.get("required", True),
            defaults=_default(found, "defaults", type_name),
            prefill=_default(found, "prefill", type_name),
            depends_on=_depends(depends) if isinstance(depends, dict) else None,
            validator=values.get("validator"),
            values=None if listed is None else tuple(str(each) for each in listed if each is not None),
            expression=values.get("expression"),
            allow_custom_value=values.get("allowCustomValue", False),
            auto_select_first=values.get("autoSelectFirst", False),
            item_type=_CURRENT.get(values.get("itemType") or "", values.get("itemType")),
            min=values.get("min"),
            max=values.get("max"),
            after=values.get("after"),
            before=values.get("before"),
            allowed_file_extensions=tuple(values.get("allowedFileExtensions") or ()),
            extension=values.get("extension"),
            range=given.range,
        )
        for name, said in input_problems(declared):
            place = found[name][1].value if name in found else given
            text = " ".join(line for line in said.splitlines() if line.strip("`")).rstrip(".")
            if name == "defaults":
                message = f"{path}.{name}: {text}. Without a value of its own, an execution is refused."
                reader.findings.add("fails-later", message, place, f"{path}.{name}")
            else:
                reader.findings.add("invalid-value", f"{path}.{name}: {text}.", place, f"{path}.{name}")
        return declared

    def _as_data(self, node: Node, path: str) -> Any:
        """An input inside the properties of a task (Pause.onResume): checked, but kept as it is written."""
        self.input(node, path, [])
        return plain_value(node)

    def _check(self, type_name: str, input_id: str | None, found: Found, values: dict[str, Any], path: str) -> None:
        findings = self._reader.findings
        if values.get("itemType") == "ARRAY" and type_name == "ARRAY":
            message = f"{input_id or path}: `itemType` cannot be `ARRAY`. Use JSON for nested lists."
            findings.add("invalid-value", message, found["itemType"][1].value, f"{path}.itemType")
        if type_name == "FILE" and "defaults" in found and not _names_a_file(found["defaults"][1].value):
            message = (
                f"{input_id or path}: no `defaults` can be set for inputs of type 'FILE', except the URI of a file: "
                "nsfile:///path for a namespace file, file:///path for one of this machine."
            )
            findings.add("invalid-value", message, found["defaults"][1].value, f"{path}.defaults")
        name = values.get("displayName")
        if name is not None and len(name) > 64:
            message = f"{path}.displayName: size must be between 0 and 64, but is {len(name)}."
            findings.add("invalid-value", message, found["displayName"][1].value, f"{path}.displayName")

    def outputs(self, node: Node | None, path: str, seen: list[tuple[str, Node, str]]) -> tuple[Output, ...]:
        """The outputs of a flow."""
        reader = self._reader
        outputs: list[Output] = []
        for index, item in enumerate(reader.items_of(node, path, "the outputs")):
            place = f"{path}[{index}]"
            given = reader.map_of(item, place, "an output")
            if given is None:
                continue
            found = reader.found(given, _OUTPUT, place)
            output_id = None
            if "id" in found:
                output_id = check_id(found["id"][1].value, DOTTED, f"{place}.id", reader.findings)
            values = reader.values({n: p for n, p in found.items() if n != "id"}, place)
            if output_id is None or "type" not in values:
                continue
            seen.append((output_id, found["id"][1].value, place))
            outputs.append(
                Output(
                    id=output_id,
                    type=_CURRENT.get(values["type"], values["type"]),
                    value=values.get("value"),
                    description=values.get("description") or "",
                    display_name=values.get("displayName"),
                    required=values.get("required", True),
                )
            )
        return tuple(outputs)


_APART = frozenset(("id", "type", "defaults", "prefill"))


def _names_a_file(node: Node) -> bool:
    """Whether the default of a FILE names a file that can be read later (Kestra 0.24), or is none."""
    text = node.text if isinstance(node, ScalarNode) else ""
    return is_null(node) or "{{" in text or text.lower().startswith(("nsfile://", "file://"))


def _default(found: Found, name: str, type_name: str) -> Any:
    """A default as written; a text for types whose values are texts, so that `010` and `yes` stay what they are."""
    if name not in found:
        return None
    node = found[name][1].value
    if isinstance(node, ScalarNode) and type_name in _TEXTS:
        return None if is_null(node) else node.text
    return plain_value(node)


def _depends(values: dict[str, Any]) -> DependsOn:
    condition = values.get("condition")
    names = values.get("inputs") or ()
    return DependsOn(tuple(str(name) for name in names), None if condition is None else str(condition))
