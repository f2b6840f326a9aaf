"""A JSON Schema of the flow format, for editors that know nothing of Podium.

Made from the declarations like validation and completion. It is as strict as a server where a plain value stands,
and takes any text with an expression where expressions are rendered. Draft 7 is what editors understand best.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from podium.model import describe
from podium.model.grammar import BY_TYPE, FLOW, properties_of
from podium.model.schema import Catalog, Family, PropertyDecl, PropType, TypeDecl

Schema = dict[str, Any]

_FAMILIES: tuple[Family, ...] = ("task", "trigger", "condition", "taskRunner", "input", "retry", "sla")
_ID = "http://json-schema.org/draft-07/schema#"
_EXPRESSION: Schema = {"type": "string", "pattern": r"\{\{|\{%"}
_TEXT: Schema = {"type": ["string", "number", "boolean"]}
_DURATION: Schema = {"anyOf": [{"type": "string", "pattern": r"^\s*([+-]?[Pp].+|[0-9.]+)\s*$"}, {"type": "number"}]}
_SMALL = 120
"""Characters below which a property is not worth a definition of its own."""
_SERVER_TYPE = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$"
_TASK_LIST: Schema = {"type": ["array", "null"], "items": {"$ref": "#/definitions/task"}}


def flow_schema(catalog: Catalog) -> Schema:
    """The schema of one flow with all types of the catalog."""
    shared = _Shared()
    definitions: Schema = {}
    for family in _FAMILIES:
        decls = list(_types(catalog, family))
        definitions[family] = _family(family, decls)
        for decl in decls:
            own = _object(properties_of(decl), open=decl.open, title=decl.title)
            definitions[f"{family}.{decl.name}"] = shared.out_of(own)
    return {
        "$schema": _ID,
        "title": "Kestra flow",
        "description": "A flow, with the types that Podium knows.",
        **shared.out_of(_object(FLOW)),
        "definitions": {**definitions, **shared.definitions},
    }


class _Shared:
    """Properties that many types have in common, written once."""

    def __init__(self) -> None:
        self.definitions: Schema = {}
        self._names: dict[str, str] = {}

    def out_of(self, schema: Schema) -> Schema:
        """The object with its larger properties replaced by references to their definitions."""
        properties = {name: self._reference(name, value) for name, value in schema["properties"].items()}
        return {**schema, "properties": properties}

    def _reference(self, name: str, schema: Schema) -> Schema:
        text = json.dumps(schema, sort_keys=True)
        if len(text) < _SMALL:
            return schema
        if text not in self._names:
            taken = sum(1 for known in self.definitions if known.split("@")[0] == f"property.{name}")
            self._names[text] = f"property.{name}" + (f"@{taken + 1}" if taken else "")
            self.definitions[self._names[text]] = schema
        return {"$ref": f"#/definitions/{self._names[text]}"}


def _types(catalog: Catalog, family: Family) -> Iterator[TypeDecl]:
    if family in BY_TYPE:
        yield from BY_TYPE[family].values()
        return
    for name in catalog.names(family):
        decl = catalog.find(name)
        if decl is not None:
            yield decl


def _family(family: Family, decls: Iterable[TypeDecl]) -> Schema:
    """An object that is chosen by its `type`; a type that is not known here may be one of a server."""
    names: list[str] = []
    branches: list[Schema] = []
    docs: list[str] = []
    for decl in decls:
        spellings = [decl.name, *decl.aliases]
        names.append(decl.name)
        docs.append(decl.title)
        branches.append(
            {
                "if": {"properties": {"type": {"enum": spellings}}, "required": ["type"]},
                "then": {"$ref": f"#/definitions/{family}.{decl.name}"},
            }
        )
    known: Schema = {"enum": names}
    of_type: Schema = known if family in BY_TYPE else {"anyOf": [known, {"type": "string", "pattern": _SERVER_TYPE}]}
    return {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {**of_type, "description": f"The type of the {describe.type_text(_of(family))}."}},
        "allOf": branches,
    }


def _of(family: Family) -> PropType:
    return PropType("polymorphic", family=family)


def _object(properties: Iterable[PropertyDecl], *, open: bool = False, title: str = "") -> Schema:
    """An object with declared properties; older spellings are there too, marked as such."""
    found: Schema = {}
    required: list[Schema] = []
    for declared in properties:
        schema = _property(declared)
        found.setdefault(declared.name, schema)
        spellings = (*declared.also, *declared.aliases)
        for name in declared.also:
            found.setdefault(name, schema)
        for name in declared.aliases:
            found.setdefault(name, {**schema, "deprecated": True, "description": f"Older spelling of {declared.name}."})
        if declared.required:
            required.append({"required": [declared.name]} if not spellings else _any_of(declared.name, spellings))
    result: Schema = {"type": "object", "properties": found, "additionalProperties": open}
    if title:
        result["title"] = title
    plain = [each["required"][0] for each in required if "required" in each]
    if plain:
        result["required"] = plain
    alternatives = [each for each in required if "anyOf" in each]
    if alternatives:
        result["allOf"] = alternatives
    return result


def _any_of(name: str, others: Iterable[str]) -> Schema:
    return {"anyOf": [{"required": [spelling]} for spelling in (name, *others)]}


def _property(declared: PropertyDecl) -> Schema:
    schema = dict(_value(declared.type, dynamic=declared.dynamic, required=declared.required))
    if declared.doc:
        schema["description"] = declared.doc
    if declared.default is not None and isinstance(declared.default, (str, int, float, bool, list, dict)):
        schema["default"] = declared.default
    if declared.deprecated:
        schema["deprecated"] = True
        schema["description"] = f"{declared.doc} Deprecated: {declared.deprecated}.".strip()
    return schema


def _value(of: PropType, *, dynamic: bool, required: bool = True) -> Schema:
    """A value; one that is not required may be null, one that is rendered may be any text with an expression."""
    plain = _plain(of, dynamic)
    if not plain:
        return {}
    options: list[Schema] = list(plain["anyOf"]) if set(plain) == {"anyOf"} else [plain]
    takes_text = any("string" in _kinds(option) and "pattern" not in option for option in options)
    if dynamic and not takes_text and of.kind not in ("task", "tasks", "cases", "dag", "polymorphic"):
        options.append(_EXPRESSION)
    if not required and not any("null" in _kinds(option) for option in options):
        options.append({"type": "null"})
    return options[0] if len(options) == 1 else {"anyOf": options}


def _kinds(schema: Mapping[str, Any]) -> list[str]:
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _plain(of: PropType, dynamic: bool) -> Schema:
    if of.kind in ("string", "expression", "datetime"):
        # A server keeps a list or map as JSON text where a rendered text is wanted.
        return {"type": ["string", "number", "boolean", "array", "object"]} if dynamic else _TEXT
    if of.kind == "int":
        return {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": r"^\s*[+-]?[0-9]+\s*$"}]}
    if of.kind == "float":
        return {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\s*[+-]?[0-9.][0-9.eE+-]*\s*$"}]}
    if of.kind == "bool":
        return {"anyOf": [{"type": "boolean"}, {"enum": ["true", "false"]}]}
    if of.kind == "duration":
        return _DURATION
    if of.kind == "enum":
        return {"enum": list(of.choices)}
    if of.kind == "list":
        return {"type": "array", "items": _value(of.item, dynamic=dynamic, required=False) if of.item else {}}
    if of.kind == "map":
        values = _value(of.item, dynamic=dynamic, required=False) if of.item else {}
        return {"type": "object", "additionalProperties": values}
    if of.kind == "object":
        return _object(of.fields)
    if of.kind == "union":
        return {"anyOf": [_plain(option, dynamic) for option in of.options]}
    if of.kind == "polymorphic" and of.family is not None:
        return {"$ref": f"#/definitions/{of.family}"}
    return _children(of)


def _children(of: PropType) -> Schema:
    if of.kind == "task":
        return {"$ref": "#/definitions/task"}
    if of.kind == "tasks":
        return _TASK_LIST
    if of.kind == "cases":
        return {"type": "object", "additionalProperties": _TASK_LIST}
    if of.kind == "dag":
        ids = {"type": ["array", "null"], "items": {"type": "string"}}
        entry = {
            "type": "object",
            "required": ["task"],
            "properties": {"task": {"$ref": "#/definitions/task"}, "dependsOn": ids},
            "additionalProperties": False,
        }
        return {"type": "array", "items": entry}
    return {}
