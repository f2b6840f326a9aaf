"""What may be written at the cursor, in a flow that is being typed.

Everything offered is read from the declarations, so a new type or property needs nothing here. The text may be
broken YAML; only the lines around the cursor are looked at, and one pass goes over the text for ids.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, partial

from podium.model import describe
from podium.model.completion_expressions import suggest_in_expression
from podium.model.completion_values import suggest_ids, suggest_values
from podium.model.diagnostics import Range
from podium.model.expected import Expected, MapShape, expected_at, expected_in, is_list, is_map, item_of, shape_of
from podium.model.expression_place import expression_at
from podium.model.outline import Outline, outline_of, plain
from podium.model.place import Level, Place, place_at
from podium.model.schema import Catalog, Family, PropertyDecl, PropType, TypeDecl
from podium.model.snippets import Snippet, family_types, object_snippet, property_snippet
from podium.model.suggestions import NO_SURROUNDINGS, Suggestion, Surroundings, fit, fit_type, ranked

LIMIT = 200
"""No more than these are offered: nobody reads further, typing on narrows the list."""


def complete(
    lines: Sequence[str], row: int, column: int, catalog: Catalog, surroundings: Surroundings = NO_SURROUNDINGS
) -> list[Suggestion]:
    """What may be written at a place, best first. `row` and `column` count from 0. Never raises for any text."""
    if not 0 <= row < len(lines):
        return []
    column = min(column, len(lines[row]))
    expression = expression_at(lines, row, column)
    if expression is not None:
        return suggest_in_expression(expression, lines, catalog, surroundings)[:LIMIT]
    place = place_at(lines, row, column)
    if place is None:
        return []
    return list(_Completion(lines, place, catalog, surroundings).suggestions())[:LIMIT]


class _Completion:
    def __init__(self, lines: Sequence[str], place: Place, catalog: Catalog, surroundings: Surroundings) -> None:
        self._lines = lines
        self._place = place
        self._catalog = catalog
        self._surroundings = surroundings
        self._range = Range(place.row, place.start, place.row, place.end)
        self._text = lines[place.row]

    def suggestions(self) -> Iterator[Suggestion]:
        place = self._place
        if place.role == "key":
            expected = expected_at(place, self._catalog)
            yield from self._keys(expected.shape, place.levels[-1].entries if place.levels else {}, place.indent)
        elif place.role == "value":
            yield from self._value(expected_at(place, self._catalog))
        else:
            yield from self._below(expected_in(place.levels, self._catalog))

    def _below(self, expected: Expected) -> Iterator[Suggestion]:
        """Items of a list, or what stands on the lines below a key that holds nothing yet."""
        place, of = self._place, expected.type
        listed = place.dashed or is_list(of)
        item = item_of(of) if listed else of
        dash = "" if place.dashed else "- "
        ids = list(suggest_ids(place, expected, self._outline, self._range, dash))
        yield from ids
        if listed:
            if item is None or ids:
                return
            if is_map(item):
                yield from self._objects(item, place.indent + len(dash), dash)
            else:
                yield from suggest_values(item, place, expected, self._range, self._surroundings, dash)
        elif (shape := self._new_map()) is not None:
            yield from self._keys(shape, {}, place.indent)
        else:
            yield from suggest_values(of, place, expected, self._range, self._surroundings, "")

    def _new_map(self) -> MapShape | None:
        """What a map may hold that begins on the line below its key."""
        inner = Level("", False, {}, self._place.row, self._place.indent)
        return expected_in((*self._place.levels, inner), self._catalog).shape

    @cached_property
    def _outline(self) -> Outline:
        return outline_of(self._lines, self._place.row)

    # -- keys ------------------------------------------------------------------------------------------------

    def _keys(
        self, shape: MapShape | None, present: Iterable[str], indent: int, dash: str = ""
    ) -> Iterator[Suggestion]:
        if shape is None:
            return
        if shape.values is not None:
            yield from self._flow_inputs(set(present))
            return
        taken = {declared.name for name in present if (declared := shape.property(name)) is not None}
        wanted = [declared for declared in shape.properties if declared.name not in taken]
        own = {declared.name for declared in shape.decl.properties} if shape.decl is not None else set()
        scored = []
        for index, declared in enumerate(wanted):
            score = fit(self._place.word, declared.name)
            if score is not None and _is_offered(declared):
                outdated = bool(declared.deprecated or declared.removed)
                rank = (score if self._place.word else 0, outdated, not declared.required, declared.name not in own)
                scored.append((rank, index, declared))
        for _, _, declared in sorted(scored, key=lambda each: each[:2]):
            yield self._key(declared, indent, dash)

    def _key(self, declared: PropertyDecl, indent: int, dash: str) -> Suggestion:
        if self._text[self._place.end :].lstrip().startswith(":"):
            snippet = Snippet(declared.name, len(declared.name))
        elif self._place.inline:
            snippet = Snippet(f"{declared.name}: ", len(declared.name) + 2)
        else:
            snippet = property_snippet(declared, indent)
        snippet = snippet.after(dash)
        detail = describe.summary(declared)
        return Suggestion(
            "property", declared.name, snippet.text, self._range, detail, snippet.caret,
            partial(describe.of_property, declared),
        )  # fmt: skip

    def _flow_inputs(self, present: set[str]) -> Iterator[Suggestion]:
        """Under `inputs` of a task that calls a flow: the inputs of that flow."""
        caller = next((level.entries for level in self._place.levels[-2:] if level.key == "inputs"), None)
        if caller is None:
            return
        namespace = plain(caller.get("namespace", "")) or plain(self._outline.value("namespace"))
        known = dict(self._surroundings.inputs(namespace, plain(caller.get("flowId", ""))))
        for name in ranked(self._place.word, known):
            if name not in present:
                yield Suggestion("property", name, f"{name}: ", self._range, known[name])

    # -- values ----------------------------------------------------------------------------------------------

    def _value(self, expected: Expected) -> Iterator[Suggestion]:
        place = self._place
        space = " " if place.start and self._text[place.start - 1] == ":" else ""
        shape = expected.shape
        if place.key == "type" and shape is not None and shape.family is not None:
            yield from self._types(shape.family, space)
            return
        yield from suggest_ids(place, expected, self._outline, self._range, space)
        yield from suggest_values(expected.type, place, expected, self._range, self._surroundings, space)

    def _types(self, family: Family, space: str) -> Iterator[Suggestion]:
        own = family_types(family)
        if own:
            for name in ranked(self._place.word, sorted(own, key=lambda name: bool(own[name].deprecated))):
                yield Suggestion(
                    "type", name, space + name, self._range, own[name].title, None,
                    partial(describe.of_type, own[name]),
                )  # fmt: skip
            return
        for name in self._ranked_types(family):
            package, _, last = name.rpartition(".")
            yield Suggestion(
                "type", last or name, space + name, self._range, package, None, partial(self._type_doc, name)
            )

    def _ranked_types(self, family: Family) -> list[str]:
        used = {each.type for each in self._outline.tasks + self._outline.triggers}
        here = ranked(self._place.word, sorted(self._catalog.names(family), key=partial(_rank, used)), fit_type)
        return here + ranked(self._place.word, self._catalog.server_names(family), fit_type)

    def _type_doc(self, name: str) -> str:
        decl = self._catalog.find(name)
        return describe.of_type(decl) if decl is not None else ""

    # -- new objects -----------------------------------------------------------------------------------------

    def _objects(self, item: PropType, indent: int, dash: str) -> Iterator[Suggestion]:
        """A new item that is a map: whole objects with what they need, then its keys one by one."""
        shape = shape_of(item, {}, self._catalog)
        if shape is None:
            return
        if shape.family is None:
            yield from self._keys(shape, (), indent, dash)
            return
        if not self._place.word:
            yield from self._keys(shape, (), indent, dash)
        taken = {each.id for each in self._outline.tasks + self._outline.inputs + self._outline.triggers}
        own = family_types(shape.family)
        names = ranked(self._place.word, own) if own else self._ranked_types(shape.family)
        for name in names:
            yield self._object(name, own.get(name), indent, dash, taken)
        if self._place.word:
            yield from self._keys(shape, (), indent, dash)

    def _object(self, name: str, decl: TypeDecl | None, indent: int, dash: str, taken: set[str]) -> Suggestion:
        package, _, last = name.rpartition(".")
        known = decl or self._catalog.find(name) or TypeDecl(name, "task", local=False, open=True)
        snippet = object_snippet(known, indent, taken=taken).after(dash)
        return Suggestion(
            "snippet",
            last or name,
            snippet.text,
            self._range,
            package,
            snippet.caret,
            partial(self._object_doc, name, known),
        )

    def _object_doc(self, name: str, decl: TypeDecl) -> str:
        return describe.of_type(decl)


def _rank(used: set[str], name: str) -> int:
    """Types of this flow first, then Kestra's own, then plugins; what is only kept for old flows last."""
    if name in used:
        return 0
    return 3 if name.startswith("io.kestra.core.") else 1 if name.startswith("io.kestra.plugin.core.") else 2


def _is_offered(declared: PropertyDecl) -> bool:
    """What a server writes, or only the Enterprise Edition has, is understood but not proposed."""
    return declared.group not in ("ignored", "server")
