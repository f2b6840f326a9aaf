"""YAML as a tree that remembers where everything stood.

The tree is built from libyaml's events rather than its nodes, so that nesting, aliases and duplicate keys stay
under control, and a scalar keeps the text it was written with: what `010`, `yes` or `2026-01-05` mean is decided
later, by the declared type of the property they stand in.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

import yaml

from podium.model.diagnostics import Diagnostic, Fix, Range
from podium.model.yaml_errors import explained, quoting

MAX_CHARACTERS = 3 * 1024 * 1024
"""The limit of the parser inside a Kestra server: a larger file would not load there either."""
MAX_DEPTH = 100
MAX_ALIASED_NODES = 50_000

_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


class ScalarNode(NamedTuple):
    """A text as it stands in the source: `text` without quotes and escapes, `style` one of `` ' " | >``."""

    text: str
    style: str
    tag: str | None
    line: int
    column: int
    end_line: int
    end_column: int
    start: int
    end: int

    @property
    def range(self) -> Range:
        return Range(self.line, self.column, self.end_line, self.end_column)


class Entry(NamedTuple):
    """One `key: value`. `given` is False when it came from a merge key, `default` True for a plugin default."""

    key: ScalarNode
    value: "Node"
    given: bool = True
    default: bool = False


class ListNode(NamedTuple):
    """A sequence."""

    items: "tuple[Node, ...]"
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def range(self) -> Range:
        return Range(self.line, self.column, self.end_line, self.end_column)


class MapNode(NamedTuple):
    """A mapping; keys are unique."""

    entries: tuple[Entry, ...]
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def range(self) -> Range:
        return Range(self.line, self.column, self.end_line, self.end_column)

    def get(self, key: str) -> "Node | None":
        """The value of a key, None when it is absent."""
        for entry in self.entries:
            if entry.key.text == key:
                return entry.value
        return None

    def text(self, key: str) -> str | None:
        """The text of a scalar value, None when it is absent, null or no scalar."""
        node = self.get(key)
        return node.text if isinstance(node, ScalarNode) and not is_null(node) else None


Node: TypeAlias = ScalarNode | ListNode | MapNode


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a stream: its root (None when it is empty or broken) and the text it was read from.

    `offset` is where that text begins in the stream, which is what lines and offsets of nodes count in.
    """

    root: Node | None
    text: str
    diagnostics: tuple[Diagnostic, ...] = ()
    offset: int = 0


def is_null(node: Node) -> bool:
    """Whether the node is YAML's null: nothing, `~` or `null`, unquoted."""
    return isinstance(node, ScalarNode) and not node.style and node.text in ("", "~", "null", "Null", "NULL")


def documents(text: str) -> list[Document]:
    """Every document of a stream. Never raises: what is wrong is in the diagnostics of the document it ends."""
    if text.startswith("\ufeff"):
        text = text[1:]
    if len(text) > MAX_CHARACTERS:
        size = f"{len(text) / (1024 * 1024):.1f}"
        message = f"The text has {size} million characters; a flow may have 3. Move long texts to namespace files."
        return [Document(None, text, (Diagnostic("yaml-size", "error", message, Range(0, 0, 0, 0)),))]
    if (found := _FORBIDDEN.search(text)) is not None:
        place = _range_at(text, found.start())
        message = f"The character U+{ord(found[0]):04X} is not allowed in YAML; delete it or write it as an escape."
        return [Document(None, text, (Diagnostic("yaml-syntax", "error", message, place),))]
    read = list(_Composer(text).documents())
    return [replace(read[0], text=text)] if len(read) == 1 else read


class _Frame:
    """A collection under construction; `key` is the key that waits for its value."""

    __slots__ = ("anchor", "entries", "is_map", "items", "key", "mark", "seen", "size")

    def __init__(self, is_map: bool, mark: Any, anchor: str | None) -> None:
        self.is_map, self.mark, self.anchor = is_map, mark, anchor
        self.items: list[Node] = []
        self.entries: list[Entry] = []
        self.key: ScalarNode | None = None
        self.seen: dict[str, ScalarNode] = {}
        self.size = 1


class _Broken(Exception):
    def __init__(self, code: str, message: str, range_: Range, fix: Fix | None = None) -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic(code, "error", message, range_, fix=fix)


class _Composer:
    def __init__(self, text: str) -> None:
        self._text = text
        self._reset()

    def _reset(self) -> None:
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._root: Node | None = None
        self._diagnostics: list[Diagnostic] = []
        self._aliased = 0

    def documents(self) -> Iterator[Document]:
        start = 0
        try:
            for event in yaml.parse(self._text, Loader=_PARSER):
                if isinstance(event, yaml.DocumentStartEvent):
                    self._reset()
                    # What stands before the first document, comments for instance, belongs to it.
                    start = _index(event.end_mark) if event.explicit and start else start
                elif isinstance(event, yaml.DocumentEndEvent):
                    end = _index(event.end_mark)
                    yield self._document(start, end)
                    start = end
                else:
                    self._event(event)
        except yaml.YAMLError as error:
            self._root = None
            self._diagnostics.append(explained(error, self._text))
            yield self._document(start, len(self._text))
        except _Broken as broken:
            self._root = None
            self._diagnostics.append(broken.diagnostic)
            yield self._document(start, len(self._text))

    def _document(self, start: int, end: int) -> Document:
        return Document(self._root, self._text[start:end], tuple(self._diagnostics), start)

    def _event(self, event: Any) -> None:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._add(_scalar(event), 1, event.anchor)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            if len(self._stack) >= MAX_DEPTH:
                message = f"This is nested more than {MAX_DEPTH} levels deep; a flow may not be."
                raise _Broken("yaml-depth", message, _mark_range(event))
            self._stack.append(_Frame(kind is yaml.MappingStartEvent, event.start_mark, event.anchor))
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            frame = self._stack.pop()
            self._add(_collection(frame, event), frame.size, frame.anchor)
        elif kind is yaml.AliasEvent:
            self._alias(event)

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            message = f"`*{event.anchor}` refers to an anchor `&{event.anchor}` that does not exist before it."
            raise _Broken("yaml-alias", message, _mark_range(event))
        node, size = self._anchors[event.anchor]
        self._aliased += size
        if self._aliased > MAX_ALIASED_NODES:
            message = f"The aliases of this document stand for more than {MAX_ALIASED_NODES} values; write them out."
            raise _Broken("yaml-alias", message, _mark_range(event))
        self._add(node, size, None, _mark_range(event))

    def _add(self, node: Node, size: int, anchor: str | None, place: Range | None = None) -> None:
        if anchor:
            self._anchors[anchor] = (node, size)
        if not self._stack:
            self._root = node
            return
        frame = self._stack[-1]
        frame.size += size
        if not frame.is_map:
            frame.items.append(node)
        elif frame.key is None:
            frame.key = self._key(node, place)
        else:
            self._entry(frame, frame.key, node)
            frame.key = None

    def _key(self, node: Node, place: Range | None) -> ScalarNode:
        if not isinstance(node, ScalarNode):
            at = place or node.range
            line = self._lines()[at.line]
            if line[at.column - 1 : at.column + 1] == "{{":
                message = 'An expression at the beginning of a value must be quoted: "{{ … }}".'
                raise _Broken("yaml-key", message, at, quoting(line, at.line, at.column - 1))
            raise _Broken("yaml-key", "A key must be a text, not a list or a map.", at)
        return node

    def _lines(self) -> list[str]:
        return [*re.split("\r\n|[\n\r\x85\u2028\u2029]", self._text), ""]

    def _entry(self, frame: _Frame, key: ScalarNode, value: Node) -> None:
        if key.text == "<<" and not key.style:
            frame.entries.extend(self._merged(value, key))
            return
        if key.text in frame.seen:
            first = frame.seen[key.text].line + 1
            message = f"Duplicate field '{key.text}': line {first} sets it already."
            self._diagnostics.append(Diagnostic("yaml-duplicate-key", "error", message, key.range))
            return
        frame.seen[key.text] = key
        frame.entries.append(Entry(key, value))

    def _merged(self, value: Node, key: ScalarNode) -> Iterator[Entry]:
        sources: Iterable[Node] = value.items if isinstance(value, ListNode) else (value,)
        for source in sources:
            if not isinstance(source, MapNode):
                raise _Broken("yaml-alias", "The merge key `<<` takes a map or a list of maps.", key.range)
            for entry in source.entries:
                yield Entry(entry.key, entry.value, given=False)


def _scalar(event: Any) -> ScalarNode:
    start, end = event.start_mark, event.end_mark
    style = event.style if event.style and event.style != " " else ""
    return ScalarNode(
        event.value, style, event.tag, start.line, start.column, end.line, end.column, start.index, end.index
    )


def _collection(frame: _Frame, event: Any) -> Node:
    mark, end = frame.mark, event.end_mark
    end_line, end_column = end.line, end.column
    if frame.is_map:
        entries = _own_first(frame)
        if event.start_mark.index == end.index and entries:
            # A block ends where the next token starts, often lines below: its last value is what one means.
            end_line, end_column = max((entry.value.end_line, entry.value.end_column) for entry in entries)
        return MapNode(entries, mark.line, mark.column, end_line, end_column)
    if event.start_mark.index == end.index and frame.items:
        end_line, end_column = max((item.end_line, item.end_column) for item in frame.items)
    return ListNode(tuple(frame.items), mark.line, mark.column, end_line, end_column)


def _own_first(frame: _Frame) -> tuple[Entry, ...]:
    """The entries with those of merge keys only where the map has no own value; the first merge wins."""
    if all(entry.given for entry in frame.entries):
        return tuple(frame.entries)
    chosen: dict[str, Entry] = {}
    for entry in frame.entries:
        known = chosen.get(entry.key.text)
        if known is None or (entry.given and not known.given):
            chosen[entry.key.text] = entry
    return tuple(chosen.values())


def _index(mark: Any) -> int:
    index: int = mark.index
    return index


def _mark_range(event: Any) -> Range:
    start, end = event.start_mark, event.end_mark
    return Range(start.line, start.column, end.line, end.column)


def _range_at(text: str, offset: int) -> Range:
    before = text[:offset]
    line, column = before.count("\n"), offset - (before.rfind("\n") + 1)
    return Range(line, column, line, column + 1)
