"""Pieces of YAML made from declarations: a property with what it needs, a task with its required properties."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from podium.model.grammar import BY_TYPE, properties_of
from podium.model.schema import Family, PropertyDecl, PropType, TypeDecl

STEP = 2
"""Columns of one level of indentation."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of text and where in it the cursor goes."""

    text: str
    caret: int

    def after(self, prefix: str) -> "Snippet":
        """The same behind something else."""
        return Snippet(prefix + self.text, len(prefix) + self.caret)


def property_snippet(declared: PropertyDecl, indent: int) -> Snippet:
    """`name: ` with the beginning of its value where the value needs lines of its own."""
    below = "\n" + " " * (indent + STEP)
    start = below if declared.name == "labels" else value_start(declared.type, indent)
    text = declared.name + ":" + start
    return Snippet(text, len(text))


def value_start(of: PropType, indent: int) -> str:
    """What follows the colon of a key in column `indent`."""
    below = "\n" + " " * (indent + STEP)
    if of.kind in ("tasks", "list", "dag"):
        return below + "- "
    if of.kind in ("task", "object", "map", "cases"):
        return below
    if of.kind == "polymorphic":
        return below + "type: "
    if of.kind == "union" and of.options and all(option.kind in ("list", "map", "object") for option in of.options):
        return value_start(of.options[0], indent)
    return " "


def object_snippet(decl: TypeDecl, indent: int, *, taken: Collection[str] = ()) -> Snippet:
    """An object of a type with its required properties; keys stand in column `indent`, the first without it.

    The cursor goes to the first value that the writer must give. `taken` are ids that are in use.
    """
    lines: list[str] = []
    caret: int | None = None
    pad = "\n" + " " * indent
    for declared in _wanted(decl):
        if declared.name == "id":
            lines.append(f"id: {free_id(decl, taken)}")
        elif declared.name == "type":
            lines.append(f"type: {decl.name}")
        else:
            text = declared.name + ":" + _value(declared, indent)
            if caret is None:
                caret = len(pad.join(lines)) + len(pad) + len(text)
            lines.append(text)
    text = pad.join(lines)
    return Snippet(text, len(text) if caret is None else caret)


def free_id(decl: TypeDecl, taken: Collection[str]) -> str:
    """An id from the last word of the type, with a number when it is in use."""
    last = decl.name.rpartition(".")[2]
    words = [word.lower() for word in _WORDS.findall(last)] or [decl.family]
    if last in ("Script", "Commands") and "." in decl.name:
        words = [decl.name.split(".")[-2].lower(), *words[1:]]
    base = "my_input" if decl.family == "input" else "_".join(words)
    candidate, number = base, 1
    while candidate in taken:
        number += 1
        candidate = f"{base}_{number}"
    return candidate


def _wanted(decl: TypeDecl) -> Iterable[PropertyDecl]:
    properties = properties_of(decl)
    required = [declared for declared in properties if declared.required and not declared.removed]
    return sorted(required, key=lambda declared: {"id": 0, "type": 1}.get(declared.name, 2))


def _value(declared: PropertyDecl, indent: int) -> str:
    of = declared.type
    if declared.language is not None and of.kind in ("string", "expression"):
        return " |\n" + " " * (indent + STEP)
    if of.kind in ("tasks", "dag"):
        below = " " * (indent + STEP)
        if of.kind == "dag":
            return f"\n{below}- task:\n{below}    id: "
        return f"\n{below}- id: "
    if of.kind == "bool":
        return " true"
    if of.kind == "enum" and of.choices:
        return f" {of.choices[0]}"
    if of.kind == "duration":
        return " PT10S"
    return value_start(of, indent)


def family_types(family: Family) -> Mapping[str, TypeDecl]:
    """The types of a family that belongs to the format itself; empty for the families of plugins."""
    return BY_TYPE.get(family, {})
