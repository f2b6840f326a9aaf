"""The ids of a flow that is being typed: tasks with their types and parents, inputs, variables, triggers.

Read line by line, so that it is there while the YAML is broken, and fast enough for every key press.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

_RELEVANT = re.compile(
    r"^(?P<lead> *(?:- +)*)(?:(?P<key>id|name|type):(?P<value>[^\n]*)|(?P<inline>\{[^\n]*))"
    r"|^(?P<outer> +(?:- +)*|(?:- +)+)(?P<open>[\w\"'][^\n:#]*): *$"
    r"|^(?P<item> *(?:- +)+)[^\n]*"
    r"|^(?P<deep> +)[^\s#][^\n]*: *[|>][-+0-9]* *$"
    r"|^(?P<root>[A-Za-z\"'][^\n]*)",
    re.MULTILINE,
)
_ROOT = re.compile(r"[\"']?([^\"':]+)[\"']?:(?:\s+(.*))?$")
_BLOCK = re.compile(r":\s*[|>][-+0-9]*\s*(?:#.*)?$")
_INLINE_ENTRY = re.compile(r"(?:^|[,{]\s*)\"?(?P<key>[\w.$-]+)\"?:\s*(?P<value>\"[^\"]*\"|'[^']*'|[^,{}\[\]]*)")
_HOLDERS = ("tasks", "then", "else", "defaults", "task", "errors", "finally", "onPause")
_LATE = ("errors", "finally", "afterExecution", "listeners")
TASK_SECTIONS = ("tasks", *_LATE)


@dataclass(slots=True, eq=False)
class Element:
    """Something with an id: a task, an input, a trigger, a flow output. `row` is where its `id` stands.

    `listed` says that it is an item of a list, `holder` is the key that holds the list or the element itself.
    """

    id: str
    section: str
    row: int
    column: int
    type: str = ""
    parent: "Element | None" = None
    listed: bool = False
    holder: str = ""

    def ancestors(self) -> Iterator["Element"]:
        """The tasks around this one, innermost first."""
        around = self.parent
        while around is not None:
            yield around
            around = around.parent


class Root(NamedTuple):
    """One key of the document itself."""

    key: str
    row: int
    value: str


@dataclass(slots=True)
class Outline:
    """What a flow names, in document order."""

    roots: tuple[Root, ...] = ()
    tasks: list[Element] = field(default_factory=list)
    inputs: list[Element] = field(default_factory=list)
    triggers: list[Element] = field(default_factory=list)
    outputs: list[Element] = field(default_factory=list)
    asked: list[Element] = field(default_factory=list)
    """The `onResume` inputs of tasks."""

    def section(self, row: int) -> str:
        """The key of the document under which a line stands."""
        return next((root.key for root in reversed(self.roots) if root.row <= row), "")

    def value(self, key: str) -> str:
        """The one-line value of a key of the document."""
        return next((root.value for root in self.roots if root.key == key), "")

    def task_at(self, row: int, column: int | None = None) -> Element | None:
        """The innermost task in which a line stands. `column` is where the line's text begins."""
        found: Element | None = None
        for task in self.tasks:
            if task.row > row:
                break
            found = task
        if found is None or found.section != self.section(row):
            return None
        while found is not None and column is not None and found.row != row and column < found.column:
            found = found.parent
        return found

    def named(self, task_id: str) -> Element | None:
        """The task with an id."""
        return next((task for task in self.tasks if task.id == task_id), None)


def outline_of(lines: Sequence[str], row: int = 0) -> Outline:
    """The outline of the document in which line `row` stands."""
    return _Reader(lines, row).read()


def children_of(lines: Sequence[str], root: str, outline: Outline) -> list[tuple[str, int, str]]:
    """The keys of a map at the top of the document (`variables`, `labels`): name, line and what stands behind."""
    index = next((number for number, each in enumerate(outline.roots) if each.key == root), None)
    if index is None:
        return []
    start = outline.roots[index].row
    end = outline.roots[index + 1].row if index + 1 < len(outline.roots) else len(lines)
    inline = outline.roots[index].value
    if inline.startswith("{"):
        return [(entry["key"], start, entry["value"].strip()) for entry in _INLINE_ENTRY.finditer(inline[1:])]
    found: list[tuple[str, int, str]] = []
    width: int | None = None
    for row in range(start + 1, end):
        text = lines[row]
        match = re.match(r"( +)\"?([\w.$-]+)\"?:(?:\s+(.*))?$", text)
        if match is None or (width is not None and len(match[1]) != width):
            continue
        width = len(match[1])
        found.append((match[2], row, (match[3] or "").strip()))
    return found


def plain(text: str) -> str:
    """A value as it stands on its line, without quotes and comment."""
    if "#" in text:
        text = text.split(" #", 1)[0]
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] in "\"'" and text[-1] == text[0] else text


class _Reader:
    """One pass over the lines that can matter, which one pattern finds."""

    def __init__(self, lines: Sequence[str], row: int) -> None:
        self._first, last = _document(lines, row)
        self._text = "\n".join(lines[self._first : last])
        self._objects: list[Element] = []
        self._open: list[Element] = []
        self._keys: list[tuple[int, str]] = []
        self._roots: list[Root] = []
        self._section = ""

    def read(self) -> Outline:
        position, row, block = 0, self._first, -1
        for match in _RELEVANT.finditer(self._text):
            row += self._text.count("\n", position, match.start())
            position = match.start()
            line = match[0]
            indent = len(line) - len(line.lstrip(" "))
            if indent > block >= 0:
                continue  # the text of a block scalar may look like anything
            block = indent if ("|" in line or ">" in line) and _BLOCK.search(line) else -1
            if match["root"] is not None:
                self._root(line, row)
            elif match["key"] is not None:
                self._entry(match["key"], plain(match["value"]), row, len(match["lead"]), "-" in match["lead"])
            elif match["inline"] is not None and "-" in match["lead"]:
                self._inline(match["inline"], row, len(match["lead"]))
            elif match["open"] is not None:
                self._hold(match["open"].strip("\"' "), row, len(match["outer"]), "-" in match["outer"])
            elif match["item"] is not None:
                self._begin(row, len(match["item"]), True)
        return self._outline()

    def _root(self, line: str, row: int) -> None:
        match = _ROOT.match(line)
        if match is not None:
            self._section = match[1]
            self._roots.append(Root(match[1], row, (match[2] or "").strip()))
        self._open.clear()
        self._keys.clear()

    def _hold(self, key: str, row: int, column: int, listed: bool) -> None:
        if listed:
            self._begin(row, column, True)
        while self._keys and self._keys[-1][0] >= column:
            self._keys.pop()
        if self._keys and self._keys[-1][1] == "cases":
            key = "tasks"  # the keys of `cases` are the values to compare with
        self._keys.append((column, key))

    def _begin(self, row: int, column: int, listed: bool) -> Element:
        while self._open and self._open[-1].column >= column:
            self._open.pop()
        parent = next((around for around in reversed(self._open) if around.id), None)
        while self._keys and self._keys[-1][0] >= column:
            self._keys.pop()
        holder = self._keys[-1][1] if self._keys else self._section
        element = Element("", self._section, row, column, parent=parent, listed=listed, holder=holder)
        self._objects.append(element)
        self._open.append(element)
        return element

    def _entry(self, key: str, value: str, row: int, column: int, listed: bool) -> None:
        if column == 0:
            self._root(f"{key}: {value}", row)
            return
        if key == "name" and self._section != "inputs":
            key = ""  # an old spelling of the id of inputs only
        while self._open and self._open[-1].column > column:
            self._open.pop()
        current = self._open[-1] if self._open and self._open[-1].column == column else None
        known = current is not None and key and (current.type if key == "type" else current.id)
        if current is None or listed or known:
            current = self._begin(row, column, listed)
        if key == "type":
            current.type = value
        elif key:
            current.id, current.row = value, row

    def _inline(self, text: str, row: int, column: int) -> None:
        element = self._begin(row, column, True)
        for entry in reversed(list(_INLINE_ENTRY.finditer(text[1:]))):
            if entry["key"] == "id" or (entry["key"] == "name" and self._section == "inputs"):
                element.id = plain(entry["value"])
            elif entry["key"] == "type":
                element.type = plain(entry["value"])

    def _outline(self) -> Outline:
        outline = Outline(tuple(self._roots))
        lists = {"inputs": outline.inputs, "triggers": outline.triggers, "outputs": outline.outputs}
        for element in self._objects:
            if not element.id:
                continue
            if element.section in TASK_SECTIONS:
                if element.holder == "onResume":
                    outline.asked.append(element)
                if element.holder not in (*_HOLDERS, *TASK_SECTIONS):
                    continue
                if "." in element.type or (not element.type and element.listed):
                    outline.tasks.append(element)
            elif element.section in lists and element.parent is None:
                lists[element.section].append(element)
        return outline


def _document(lines: Sequence[str], row: int) -> tuple[int, int]:
    """The lines of the document around a line, from the first to the one after the last."""
    marks = [number for number, text in enumerate(lines) if text.startswith("---")]
    first = max((number + 1 for number in marks if number <= row), default=0)
    return first, min((number for number in marks if number > row), default=len(lines))
