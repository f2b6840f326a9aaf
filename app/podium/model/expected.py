"""What the declarations allow at a place in a flow: the one way from a place to types, properties and docs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from podium.model import shapes
from podium.model.grammar import BY_TYPE, FLOW, INPUT_COMMON, TASK, TRIGGER, TYPED, properties_of
from podium.model.outline import plain
from podium.model.place import Level, Place
from podium.model.schema import Catalog, Family, PropertyDecl, PropType, TypeDecl

_TASK_TYPE = PropType("polymorphic", family="task")
_DAG_ITEM = PropType(
    "object",
    fields=(
        PropertyDecl("task", _TASK_TYPE, "The task of this entry.", required=True),
        PropertyDecl(
            "dependsOn",
            PropType("list", item=PropType("string")),
            "Ids of tasks of this Dag that come first.",
            dynamic=False,
        ),
    ),
)
_COMMON: dict[Family, tuple[PropertyDecl, ...]] = {
    "task": TASK, "trigger": TRIGGER, "input": INPUT_COMMON, "condition": TYPED, "taskRunner": TYPED,
}  # fmt: skip
_TYPE = PropertyDecl("type", PropType("string"), "The type.", required=True, dynamic=False)


@dataclass(frozen=True, slots=True)
class MapShape:
    """What a map may hold: declared properties, or with `values` any key with a value of that type.

    `family` is set where the key `type` chooses the declaration, `decl` when it names a known type.
    """

    properties: tuple[PropertyDecl, ...] = ()
    values: PropType | None = None
    family: Family | None = None
    decl: TypeDecl | None = None

    def property(self, name: str) -> PropertyDecl | None:
        """The property under its name or an older spelling."""
        return shapes.shape_of(self.properties).known.get(name)


@dataclass(frozen=True, slots=True)
class Expected:
    """`maps` belong to the levels of the place, `properties` to the keys that lead from each to the next.

    `type` is what the value or item at the cursor must be; None when anything goes or the cursor is at a key.
    """

    maps: tuple[MapShape | None, ...]
    properties: tuple[PropertyDecl | None, ...]
    type: PropType | None

    @property
    def shape(self) -> MapShape | None:
        """What the innermost map may hold."""
        return self.maps[-1] if self.maps else None

    @property
    def property(self) -> PropertyDecl | None:
        """The property whose value or item is being written."""
        return self.properties[-1] if self.properties else None


ROOT = MapShape(FLOW)


def expected_at(place: Place, catalog: Catalog) -> Expected:
    """What may be written at a place."""
    found = expected_in(place.levels, catalog)
    if place.role == "item":
        return Expected(found.maps, found.properties, item_of(found.type))
    return found


def expected_in(levels: Sequence[Level], catalog: Catalog) -> Expected:
    """What may stand at the key of the last level."""
    maps: list[MapShape | None] = []
    properties: list[PropertyDecl | None] = []
    shape: MapShape | None = ROOT
    wanted: PropType | None = None
    for index, level in enumerate(levels):
        if index:
            shape = shape_of(item_of(wanted) if level.listed else wanted, level.entries, catalog)
            if shape is None and levels[index - 1].key == "values":
                shape = _defaulted(maps[-1], levels[index - 1].entries, catalog)
        maps.append(shape)
        declared = shape.property(level.key) if shape is not None and level.key else None
        properties.append(declared)
        wanted = declared.type if declared is not None else shape.values if shape is not None and level.key else None
    return Expected(tuple(maps), tuple(properties), wanted)


def shape_of(of: PropType | None, entries: Mapping[str, str], catalog: Catalog) -> MapShape | None:
    """What a map of this type may hold; None when it is unknown or the type is no map."""
    if of is None:
        return None
    if of.kind == "object":
        return MapShape(of.fields)
    if of.kind == "map":
        return MapShape(values=of.item)
    if of.kind == "cases":
        return MapShape(values=PropType("tasks"))
    if of.kind == "task":
        return typed_shape("task", entries, catalog)
    if of.kind == "polymorphic" and of.family is not None:
        return typed_shape(of.family, entries, catalog)
    if of.kind == "union":
        found = (shape_of(option, entries, catalog) for option in of.options)
        return next((shape for shape in found if shape is not None), None)
    return None


def typed_shape(family: Family, entries: Mapping[str, str], catalog: Catalog) -> MapShape:
    """What an object of a family may hold, given its keys so far."""
    written = plain(entries.get("type", ""))
    decl = BY_TYPE[family].get(written) if family in BY_TYPE else catalog.find(written) if written else None
    if decl is not None and decl.family == family:
        properties = properties_of(decl)
        if not any(declared.name == "type" for declared in properties):
            properties = (_TYPE, *properties)
        return MapShape(properties, family=family, decl=decl)
    if family in _COMMON:
        return MapShape(_COMMON[family], family=family)
    several = (declared for each in BY_TYPE.get(family, {}).values() for declared in each.properties)
    return MapShape(tuple({"type": _TYPE, **{declared.name: declared for declared in several}}.values()), family=family)


def item_of(of: PropType | None) -> PropType | None:
    """The type of the items of a list of this type; None when it is unknown or the type is no list."""
    if of is None:
        return None
    if of.kind == "list":
        return of.item
    if of.kind == "tasks":
        return _TASK_TYPE
    if of.kind == "dag":
        return _DAG_ITEM
    if of.kind == "union":
        return next((item for item in map(item_of, of.options) if item is not None), None)
    return None


def is_list(of: PropType | None) -> bool:
    """Whether a list is the usual way to write a value of this type."""
    return of is not None and of.kind in ("list", "tasks", "dag")


def is_map(of: PropType | None) -> bool:
    """Whether a value of this type is a map."""
    return of is not None and of.kind in ("object", "map", "cases", "task", "polymorphic")


def _defaulted(shape: MapShape | None, entries: Mapping[str, str], catalog: Catalog) -> MapShape | None:
    """The `values` of a plugin default for one exact type are properties of that type."""
    if shape is None or shape.property("forced") is None:
        return None
    decl = catalog.find(plain(entries.get("type", "")))
    if decl is None:
        return None
    properties = tuple(declared for declared in properties_of(decl) if declared.name not in ("id", "type"))
    return MapShape(properties, decl=decl)
