"""Validation, completion, hover, JSON Schema, the reference pages and the runtime read the same declarations."""

import dataclasses

import pytest

from podium.model.completion import complete
from podium.model.hover import hover
from podium.model.json_schema import flow_schema
from podium.model.loader import load_flow
from podium.model.schema import Family, PropertyDecl, TypeDecl
from podium.tasks.reference import pages
from podium.tasks.registry import default_registry

REGISTRY = default_registry()
SCHEMA = flow_schema(REGISTRY)["definitions"]
PAGES = "\n".join(pages().values())
BLOCKS: dict[Family, str] = {"task": "tasks", "trigger": "triggers"}
DECLARED: list[tuple[Family, TypeDecl]] = [
    (family, decl)
    for family in BLOCKS
    for name in REGISTRY.names(family)
    if (decl := REGISTRY.find(name)) is not None and not name.startswith("tests.")
]


def head(family: Family, decl: TypeDecl) -> list[str]:
    return ["id: f", "namespace: lab", f"{BLOCKS[family]}:", "  - id: a", f"    type: {decl.name}"]


def proposed(decl: TypeDecl) -> list[PropertyDecl]:
    return [each for each in decl.properties if each.group not in ("ignored", "server")]


@pytest.mark.parametrize(("family", "decl"), DECLARED, ids=[decl.name for _, decl in DECLARED])
def test_every_reader_knows_every_property(family: Family, decl: TypeDecl) -> None:
    lines = [*head(family, decl), "    "]
    offered = {item.label for item in complete(lines, 5, 4, REGISTRY)}
    fields = {
        each.metadata.get("name") or each.name
        for each in dataclasses.fields(REGISTRY.implementation(decl.name))  # type: ignore[arg-type]
    }
    schema = SCHEMA[f"{family}.{decl.name}"]
    assert f"`{decl.name}`" in PAGES
    for declared in proposed(decl):
        assert declared.name in offered
        assert declared.name in fields
        assert declared.name in schema["properties"]
        assert f"| `{declared.name}`" in PAGES
        shown = hover([*head(family, decl), f"    {declared.name}: x"], 5, 5, REGISTRY)
        assert shown is not None and shown.text.startswith(f"`{declared.name}`")
    for declared in decl.properties:
        if declared.required and not declared.also and not declared.aliases:
            assert declared.name in schema["required"]


@pytest.mark.parametrize(("family", "decl"), DECLARED, ids=[decl.name for _, decl in DECLARED])
def test_validation_knows_every_property(family: Family, decl: TypeDecl) -> None:
    for declared in decl.properties:
        text = "\n".join([*head(family, decl), f"    {declared.name}:"])
        found = load_flow(text, REGISTRY).diagnostics
        assert not [each for each in found if each.code == "unknown-property"], declared.name


@pytest.mark.parametrize(("family", "decl"), DECLARED, ids=[decl.name for _, decl in DECLARED])
def test_what_a_snippet_writes_is_a_beginning(family: Family, decl: TypeDecl) -> None:
    """A snippet has the required properties under their names, and nothing that does not exist."""
    lines = ["id: f", "namespace: lab", f"{BLOCKS[family]}:", "  - "]
    item = next(item for item in complete(lines, 3, 4, REGISTRY) if f"type: {decl.name}\n" in item.insert + "\n")
    loaded = load_flow("\n".join([*lines[:3], "  - " + item.insert]), REGISTRY)
    codes = {each.code for each in loaded.diagnostics}
    assert not codes & {"unknown-property", "unknown-type", "yaml-syntax"}, loaded.diagnostics
