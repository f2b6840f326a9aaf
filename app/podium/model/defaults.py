"""Plugin defaults: values that tasks of a type get without writing them (semantics 10.1).

They are merged into the tree before it is read, so that a required property may come from a default. Entries that
come from a default are marked, since what is wrong with them is reported where the default stands.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from podium.model.flow import PluginDefault
from podium.model.marked_yaml import Entry, ListNode, MapNode, Node, ScalarNode, is_null


@dataclass(frozen=True, slots=True)
class DefaultNode:
    """One entry of `pluginDefaults` with the tree of its values; `type` is the current name of the type."""

    type: str
    values: MapNode
    forced: bool = False


class Defaults:
    """All defaults that apply to one flow, the most important first."""

    def __init__(self, entries: Sequence[DefaultNode], canonical: Callable[[str], str]) -> None:
        self._soft = [entry for entry in entries if not entry.forced]
        # The most important forced one is merged last, and so wins.
        self._forced = [entry for entry in reversed(entries) if entry.forced]
        self._canonical = canonical
        self._matching: dict[str, tuple[list[MapNode], list[MapNode]]] = {}
        self._any = bool(entries)

    def applied(self, node: MapNode) -> MapNode:
        """The object with the defaults of its type merged in; the object itself when there are none."""
        if not self._any:
            return node
        written = node.get("type")
        if not isinstance(written, ScalarNode):
            return node
        soft, forced = self._of(written.text)
        for values in soft:
            node = self._merged(values, node, forced=False)
        for values in forced:
            node = self._merged(node, values, forced=True)
        return node

    def _of(self, type_name: str) -> tuple[list[MapNode], list[MapNode]]:
        if type_name not in self._matching:
            names = {type_name, self._canonical(type_name)}
            self._matching[type_name] = (
                [entry.values for entry in self._soft if any(name.startswith(entry.type) for name in names)],
                [entry.values for entry in self._forced if any(name.startswith(entry.type) for name in names)],
            )
        return self._matching[type_name]

    def _merged(self, under: MapNode, over: MapNode, forced: bool) -> MapNode:
        """`over` wins; maps are merged, lists joined. The defaults are `over` when they are forced, else `under`."""
        own = under if forced else over
        lower = {entry.key.text: entry for entry in under.entries}
        upper = {entry.key.text: entry for entry in over.entries}
        entries: list[Entry] = []
        for entry in own.entries:
            other = (upper if forced else lower).get(entry.key.text)
            entries.append(entry if other is None else self._joined(entry, other, forced))
        known = upper if not forced else lower
        entries += [
            Entry(entry.key, entry.value, entry.given, default=True)
            for entry in (over if forced else under).entries
            if entry.key.text not in known
        ]
        return MapNode(tuple(entries), own.line, own.column, own.end_line, own.end_column)

    def _joined(self, own: Entry, default: Entry, forced: bool) -> Entry:
        value, other = own.value, default.value
        if isinstance(value, MapNode) and isinstance(other, MapNode):
            value = self.applied(value)
            merged = self._merged(value, other, forced=True) if forced else self._merged(other, value, forced=False)
            return Entry(own.key, merged, own.given, own.default)
        if isinstance(value, ListNode) and isinstance(other, ListNode):
            items = value.items + other.items if forced else other.items + value.items
            return Entry(own.key, ListNode(items, *value[1:]), own.given, own.default)
        # A null in the task is no value: the default takes its place.
        return Entry(own.key, other, own.given, default=True) if forced or is_null(value) else own


def default_node(default: PluginDefault, canonical: Callable[[str], str]) -> DefaultNode:
    """A default that does not stand in the flow, e.g. one of the workspace's settings."""
    values = tree(default.values)
    assert isinstance(values, MapNode)
    return DefaultNode(canonical(default.type), values, default.forced)


def tree(value: Any) -> Node:
    """A plain value as a tree that stands nowhere."""
    if isinstance(value, Mapping):
        entries = tuple(Entry(_text(str(key)), tree(item)) for key, item in value.items())
        return MapNode(entries, 0, 0, 0, 0)
    if isinstance(value, list | tuple):
        return ListNode(tuple(tree(item) for item in value), 0, 0, 0, 0)
    if isinstance(value, str):
        return _text(value)
    plain = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return ScalarNode(plain, "", None, 0, 0, 0, 0, 0, 0)


def _text(text: str) -> ScalarNode:
    return ScalarNode(text, '"', None, 0, 0, 0, 0, 0, 0)
