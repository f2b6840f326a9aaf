"""The declared properties of an object, arranged for looking names up."""

from dataclasses import dataclass, replace

from podium.model.grammar import properties_of
from podium.model.schema import PropertyDecl, TypeDecl


@dataclass(frozen=True, slots=True)
class Shape:
    """What an object may have. `known` holds every spelling, `names` the current ones that a person may write."""

    known: dict[str, PropertyDecl]
    required: tuple[PropertyDecl, ...]
    names: tuple[str, ...]
    open: bool = False


def shape_of(properties: tuple[PropertyDecl, ...], open: bool = False) -> Shape:
    """The shape of these properties, made once for each tuple of declarations."""
    key = (id(properties), open)
    if key not in _shapes:
        known = {decl.name: decl for decl in properties}
        for decl in properties:
            for name in (*decl.also, *decl.aliases):
                known.setdefault(name, decl)
        required = tuple(decl for decl in properties if decl.required)
        shape = Shape(known, required, tuple(decl.name for decl in properties if decl.group != "server"), open)
        _shapes[key] = (properties, shape)
    return _shapes[key][1]


def shape_of_type(decl: TypeDecl) -> Shape:
    """The shape of an object of this type, the common properties of its family included.

    The `type` itself is no required property here: who looks the type up has said that it is missing.
    """
    key = (id(decl), False)
    if key not in _typed:
        shape = shape_of(properties_of(decl), decl.open)
        shape = replace(shape, required=tuple(each for each in shape.required if each.name != "type"))
        _typed[key] = (decl, shape)
    return _typed[key][1]


_shapes: dict[tuple[int, bool], tuple[object, Shape]] = {}
_typed: dict[tuple[int, bool], tuple[object, Shape]] = {}
"""By identity, since comparing declarations costs more than reading a flow; the declaration is kept alive beside."""
