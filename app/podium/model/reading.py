"""Reading objects and values by their declarations: the one strict reader behind everything in a flow."""

import difflib
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any

from podium.base.durations import parse_duration
from podium.expressions.errors import ExpressionError, did_you_mean
from podium.expressions.moments import moment_of
from podium.model.defaults import Defaults
from podium.model.diagnostics import Edit, Fix
from podium.model.dialects import property_fix
from podium.model.findings import Findings, joined
from podium.model.formats import check_format
from podium.model.marked_yaml import Entry, ListNode, MapNode, Node, ScalarNode, is_null
from podium.model.scalars import boolean, number, plain_value, shape
from podium.model.schema import Catalog, Family, PropertyDecl, PropType, TypeDecl
from podium.model.shapes import Shape, shape_of, shape_of_type
from podium.model.types import TypeFinder, head

Found = dict[str, tuple[PropertyDecl, Entry]]
"""The given properties of an object, by their current names. Null stands for absent."""

PolymorphicReader = Callable[[Node, str], Any]

_WANTED = {
    "int": "a whole number", "float": "a number", "bool": "`true` or `false`",
    "duration": "a duration such as PT30S, PT1H30M or P1D", "list": "a list", "map": "a map", "object": "a map",
    "string": "a text", "expression": "a text", "datetime": "a date such as 2026-01-31T08:00:00Z",
    "polymorphic": "a map with a `type`",
}  # fmt: skip


class Reader:
    """What all parts of reading one document share, and the values of properties."""

    def __init__(self, catalog: Catalog, findings: Findings, defaults: Defaults) -> None:
        self.catalog = catalog
        self.findings = findings
        self.types = TypeFinder(catalog, findings)
        self.defaults = defaults
        self.polymorphic: dict[Family, PolymorphicReader] = {}
        """How objects of a family are read where the result is more than a map."""
        self.newer = False
        """Whether a spelling of Kestra 2 was met."""

    # -- objects -------------------------------------------------------------------------------------------------

    def found(self, node: MapNode, shape: Shape, path: str) -> Found:
        """The given properties; unknown, missing, deprecated and doubly written ones are reported."""
        found: Found = {}
        meant: set[str] = set()
        for entry in node.entries:
            name = entry.key.text
            decl = shape.known.get(name)
            if decl is None:
                if not shape.open and not entry.default:
                    meant.add(self._unknown(entry, shape, path))
                continue
            if not entry.default and (name != decl.name or decl.deprecated or decl.removed or decl.since):
                self._remark(node, entry, decl, path)
            if is_null(entry.value):
                continue
            if decl.name in found:
                first = found[decl.name][1].key
                current = decl.name
                both = sorted((first.text, name), key=lambda one: one != current)
                message = f"you can't define both `{both[0]}` and `{both[1]}`: they are the same property. Delete one."
                self.findings.add("invalid-value", f"{joined(path, name)}: {message}", entry.key, joined(path, name))
                continue
            found[decl.name] = (decl, entry)
        for decl in shape.required:
            if decl.name not in found and decl.name not in meant:
                self.missing(decl, node, path)
        return found

    def missing(self, decl: PropertyDecl, node: MapNode, path: str) -> None:
        """Report that a required property is absent or null."""
        entry = next((e for e in node.entries if e.key.text == decl.name), None)
        doc = f" ({decl.doc.rstrip('.')})" if decl.doc else ""
        message = f"{joined(path, decl.name)}: must not be null. Add `{decl.name}`{doc}."
        if decl.type.kind == "tasks":
            message = f"{no_tasks(node, joined(path, decl.name))} Add tasks to it{doc}."
        elif decl.type.kind == "dag":
            message = f"{node.text('id') or path}: No task defined. Add entries with a `task`."
        at = entry.key if entry is not None else head(node)
        self.findings.add("missing-property", message, at, joined(path, decl.name))

    def _unknown(self, entry: Entry, shape: Shape, path: str) -> str:
        """Report a property that does not exist; returns the one that was probably meant, or an empty text."""
        name = entry.key.text
        hint = self.suggestion(name, shape)
        right = hint.split("`")[1] if hint else ""
        fix = Fix(f"Replace by {right}", (Edit(entry.key.range, right),)) if right else None
        known = ", ".join(sorted(shape.names))
        message = f'Unrecognized field "{name}"{f" in {path}" if path else ""}.{hint} Known properties: {known}.'
        self.findings.add("unknown-property", message, entry.key, joined(path, name), fix)
        return right

    def suggestion(self, name: str, shape: Shape) -> str:
        """` Did you mean …?` when a property has a similar name, else nothing."""
        close = difflib.get_close_matches(name.lower(), [known.lower() for known in shape.names], n=1, cutoff=0.7)
        right = next((known for known in shape.names if close and known.lower() == close[0]), None)
        return f" Did you mean `{right}`?" if right else ""

    def _remark(self, node: MapNode, entry: Entry, decl: PropertyDecl, path: str) -> None:
        name, place = entry.key.text, joined(path, entry.key.text)
        if name in decl.also or decl.since == "2.0":
            self.newer = True
        elif name != decl.name:
            message = f"`{name}` is an older spelling of `{decl.name}`."
            fix = Fix(f"Replace by {decl.name}", (Edit(entry.key.range, decl.name),))
            self.findings.add("old-spelling", message, entry.key, place, fix)
        if decl.deprecated:
            instead = decl.deprecated.rstrip(".")
            message = f"{place} is deprecated: {instead}."
            code = "older-property" if decl.until else "deprecated-property"
            self.findings.add(code, message, entry.key, place, property_fix(node, entry))
        if decl.removed:
            version, _, instead = decl.removed.partition(": ")
            instead = f" ({instead})" if instead else ""
            message = f"`{name}` is gone from Kestra {version}{instead}; it works here."
            self.findings.add("removed-in", message, entry.key, place)

    def worker_group(self, node: Node, path: str) -> None:
        """Report a worker group: a server of the Enterprise Edition knows it, an open-source one refuses it."""
        what = "Worker Group is an Enterprise Edition functionality"
        if self.catalog.enterprise:
            self.findings.add("enterprise-only", f"{what}; it has no effect here.", node, path)
            return
        message = (
            f"{what}: an open-source server refuses it. Delete it, or set `kestra.edition` in podium.toml to `ee`."
        )
        self.findings.add("worker-group", message, node, path)

    def map_of(self, node: Node | None, path: str, what: str) -> MapNode | None:
        """The node as a map; None after reporting that it is something else."""
        if node is None or is_null(node):
            return None
        if isinstance(node, MapNode):
            return self.defaults.applied(node)
        self.findings.add("wrong-type", f"{path}: {what} must be a map of properties, not {shape(node)}.", node, path)
        return None

    def items_of(self, node: Node | None, path: str, what: str) -> tuple[Node, ...]:
        """The entries of a list; none after reporting that it is something else."""
        if node is None or is_null(node):
            return ()
        if isinstance(node, ListNode):
            return node.items
        message = f"{path}: {what} must be a list, not {shape(node)}. Begin each entry with `- `."
        self.findings.add("wrong-type", message, node, path)
        return ()

    # -- values --------------------------------------------------------------------------------------------------

    def values(self, found: Found, path: str, names: Mapping[str, PropertyDecl] | None = None) -> dict[str, Any]:
        """The values of all found properties, or of those among `names`, in the order of the text."""
        values: dict[str, Any] = {}
        for name, (decl, entry) in found.items():
            if names is None or name in names:
                value = self.value_of(decl, entry, path)
                if value is not None:
                    values[name] = value
        return values

    def value_of(self, decl: PropertyDecl, entry: Entry, path: str) -> Any:
        """The value of one property, expressions as they are written; None after reporting what is wrong."""
        place = joined(path, entry.key.text)
        if entry.default:
            # What a default sets is checked where it stands, once.
            return Muted(self).value(entry.value, decl.type, decl, place)
        value = self.value(entry.value, decl.type, decl, place)
        if decl.format is not None and value is not None:
            check_format(entry.value, decl.format, place, self.findings)
        return value

    def value(self, node: Node, wanted: PropType, decl: PropertyDecl, path: str) -> Any:
        """A node as a value of the wanted type; see `podium.model.flow.Task.props` for what becomes of it."""
        kind = wanted.kind
        if kind == "any":
            return plain_value(node)
        if isinstance(node, ScalarNode):
            return self._scalar(node, wanted, decl, path)
        if kind == "union":
            return self._union(node, wanted, decl, path)
        if kind == "list" and isinstance(node, ListNode):
            item = wanted.item or _ANY
            return [self.value(each, item, decl, f"{path}[{index}]") for index, each in enumerate(node.items)]
        if kind == "polymorphic" and wanted.family is not None:
            return self.object_of_family(node, wanted.family, path)
        if isinstance(node, MapNode):
            if kind == "map":
                item = wanted.item or _ANY
                return {
                    entry.key.text: self.value(entry.value, item, decl, joined(path, entry.key.text))
                    for entry in node.entries
                }
            if kind == "object":
                return self.values(self.found(node, shape_of(wanted.fields), path), path)
        if kind == "string" and decl.dynamic:
            # A server keeps such a value as JSON text.
            return plain_value(node)
        return self._mismatch(node, wanted, decl, path)

    def object_of_family(self, node: Node, family: Family, path: str) -> Any:
        """An object that is chosen by its `type`: what the family's own reader makes of it, else a map."""
        if family in self.polymorphic:
            return self.polymorphic[family](node, path)
        given = self.map_of(node, path, "this")
        decl = self.types.find(given, family, path) if given is not None else None
        if given is None or decl is None:
            return None
        return {**self.properties(given, decl, path), "type": decl.name}

    def properties(self, node: MapNode, decl: TypeDecl, path: str) -> dict[str, Any]:
        """The values of an object whose type is known, `type` excluded; an open type keeps everything."""
        shape = shape_of_type(decl)
        found = self.found(node, shape, path)
        found.pop("type", None)
        values = self.values(found, path)
        if decl.open:
            values.update(extra_values(node, shape))
        self.check(decl, values, node, path)
        return values

    def check(self, decl: TypeDecl, values: Mapping[str, Any], node: MapNode, path: str) -> None:
        """Let the class of a type look at the whole object."""
        if decl.check is None:
            return
        for problem in decl.check(values):
            place, target = path, _at(node, problem.path)
            for step in problem.path:
                place = f"{place}[{step}]" if isinstance(step, int) else joined(place, step)
            self.findings.add(problem.code, f"{place}: {problem.message}", target, place)

    def _scalar(self, node: ScalarNode, wanted: PropType, decl: PropertyDecl, path: str) -> Any:
        if is_null(node):
            return None
        kind, text = wanted.kind, node.text
        if kind in ("string", "expression"):
            return text
        if decl.dynamic and ("{{" in text or "{%" in text):
            return text
        if kind == "datetime":
            return self._date(node, wanted, decl, path)
        if kind == "int":
            value = number(text.strip(), None)
            return value if isinstance(value, int) else self._mismatch(node, wanted, decl, path)
        if kind == "float":
            value = number(text.strip(), None)
            return value if value is not None else self._mismatch(node, wanted, decl, path)
        if kind == "bool":
            truth = boolean(text.strip())
            return truth if truth is not None else self._mismatch(node, wanted, decl, path)
        if kind == "duration":
            return self._duration(node, wanted, decl, path)
        if kind == "enum":
            return self._choice(node, wanted, decl, path)
        if kind == "union":
            return self._union(node, wanted, decl, path)
        if kind == "polymorphic" and wanted.family in self.polymorphic:
            return self.polymorphic[wanted.family](node, path)
        if decl.dynamic and text.lstrip()[:1] in ("[", "{") and kind in ("list", "map", "object"):
            return text
        return self._mismatch(node, wanted, decl, path)

    def _duration(self, node: ScalarNode, wanted: PropType, decl: PropertyDecl, path: str) -> Any:
        try:
            parse_duration(node.text)
        except ValueError:
            return self._mismatch(node, wanted, decl, path)
        return node.text

    def _date(self, node: ScalarNode, wanted: PropType, decl: PropertyDecl, path: str) -> Any:
        try:
            moment_of(node.text.strip(), UTC)
        except ExpressionError:
            return self._mismatch(node, wanted, decl, path)
        return node.text

    def _choice(self, node: ScalarNode, wanted: PropType, decl: PropertyDecl, path: str) -> Any:
        word = node.text.strip().upper()
        for choice in wanted.choices:
            if choice.upper() == word:
                return choice
        return self._mismatch(node, wanted, decl, path)

    def _union(self, node: Node, wanted: PropType, decl: PropertyDecl, path: str) -> Any:
        options = sorted(wanted.options, key=lambda option: not _has_shape(node, option))
        for option in options:
            muted = Muted(self)
            value = muted.value(node, option, decl, path)
            if not muted.findings.diagnostics:
                return value
        return self.value(node, options[0], decl, path)

    def _mismatch(self, node: Node, wanted: PropType, decl: PropertyDecl, path: str) -> Any:
        """Report a value of another type. A property that a task renders is only found out when it runs."""
        if wanted.kind == "enum":
            hint = did_you_mean(node.text, wanted.choices) if isinstance(node, ScalarNode) else None
            words = f"one of {', '.join(wanted.choices)}"
            advice = f" {hint}" if hint and hint.startswith("Did") else ""
        else:
            words, advice = _WANTED.get(wanted.kind, "something else"), ""
        shown = "a hidden value" if decl.secret else shape(node)
        if decl.dynamic:
            fate = "the trigger will fail" if path.startswith("triggers") else "the task will fail when it runs"
            message = f"{path}: must be {words}, but it is {shown}: {fate}.{advice}"
            self.findings.add("fails-later", message, node, path, _choice_fix(node, advice))
            return plain_value(node)
        message = f"{path}: must be {words}, but it is {shown}.{advice}"
        self.findings.add("wrong-type", message, node, path, _choice_fix(node, advice))
        return None


class Muted(Reader):
    """A reader that keeps what it finds to itself."""

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader.catalog, Findings(), reader.defaults)
        self.polymorphic = reader.polymorphic


_ANY = PropType("any")


def no_tasks(node: MapNode, place: str) -> str:
    """What a server says about a list of tasks that is empty or not there; `place` is where it should be."""
    if (node.text("type") or "").endswith((".WorkingDirectory", ".Worker")):
        return f"{node.text('id') or place}: The 'tasks' property cannot be empty."
    return f"{place}: must not be empty."


def extra_values(node: MapNode, shape: Shape) -> dict[str, Any]:
    """The values of properties that are not declared."""
    return {e.key.text: plain_value(e.value) for e in node.entries if e.key.text not in shape.known}


def _has_shape(node: Node, option: PropType) -> bool:
    if isinstance(node, ListNode):
        return option.kind == "list"
    if isinstance(node, MapNode):
        return option.kind in ("map", "object", "polymorphic")
    return option.kind not in ("list", "map", "object", "polymorphic")


def _at(node: Node, path: tuple[str | int, ...]) -> Node:
    """The node that a path leads to; the last one on the way when it ends early."""
    at: Node = node
    marked: Node = head(node) if isinstance(node, MapNode) else node
    for step in path:
        following: Node | None = None
        if isinstance(at, MapNode) and isinstance(step, str):
            following = at.get(step)
        elif isinstance(at, ListNode) and isinstance(step, int) and step < len(at.items):
            following = at.items[step]
        if following is None:
            break
        at = marked = following
    return marked


def _choice_fix(node: Node, advice: str) -> Fix | None:
    if not advice:
        return None
    right = advice.split("`")[1]
    return Fix(f"Replace by {right}", (Edit(node.range, right),))
