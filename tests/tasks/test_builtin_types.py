"""Every built-in type is complete: found under its names, described, and with examples that are right."""

from typing import Any

import pytest
import yaml
from context import task_class

from podium.model.properties import describe, describe_outputs
from podium.tasks.builtin_types import ALIASES, TRIGGERS, TYPES

OWN = sorted(name for name, place in TYPES.items() if place.startswith("podium.tasks."))


@pytest.mark.parametrize("name", OWN)
def test_a_type_is_described(name: str) -> None:
    cls: Any = task_class(name)
    assert cls.type == name
    assert cls.title.endswith(".")
    assert cls.__doc__
    for decl in describe(cls):
        assert decl.doc, f"{name}.{decl.name} has no doc"
    for output in describe_outputs(cls.outputs) if getattr(cls, "outputs", None) else ():
        assert output.doc, f"{name} output {output.name} has no doc"


@pytest.mark.parametrize("name", [name for name in OWN if "runner" not in name and "$" not in name])
def test_the_examples_of_a_type_use_its_properties(name: str) -> None:
    cls: Any = task_class(name)
    known = {decl.name: decl for decl in describe(cls)}
    assert cls.examples
    for example in cls.examples:
        properties = yaml.safe_load(example.code)
        assert properties.pop("type") == name
        if name in TRIGGERS:
            properties = {key: value for key, value in properties.items() if key not in ("id", "conditions")}
        assert set(properties) <= set(known)
        assert {decl.name for decl in known.values() if decl.required} <= set(properties)


def test_the_aliases_of_the_classes_are_in_the_table() -> None:
    said = {alias: name for name in OWN for alias in getattr(task_class(name), "aliases", ())}
    assert said == {alias: name for alias, name in ALIASES.items() if name in OWN}
