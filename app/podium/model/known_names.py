"""The names that an expression at a place of a flow can read: which exist there, and what is known about them.

Completion offers them, hover explains them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from podium.model import describe
from podium.model.outline import TASK_SECTIONS, Element, Outline, children_of, plain
from podium.model.place import levels_of
from podium.model.schema import Catalog, OutputDecl, PropType
from podium.model.variables import ERROR_BLOCKS, FORKS, LOOPS, VALUED_LOOPS, VARIABLES, simple_name


@dataclass(frozen=True, slots=True)
class Name:
    """One name; `index` is what must follow it here to reach a value, `[taskrun.value]` inside a loop."""

    name: str
    detail: str = ""
    describe: Callable[[], str] = field(default=str, compare=False)
    index: str = ""


class Known:
    """The names at line `row`. `last_outputs` are outputs of the newest run, for what no type declares."""

    def __init__(
        self, lines: Sequence[str], outline: Outline, row: int, catalog: Catalog,
        last_outputs: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self._lines = lines
        self._outline = outline
        self._catalog = catalog
        self._last = last_outputs or {}
        self._section = outline.section(row)
        text = lines[row]
        self._task = outline.task_at(row, len(text) - len(text.lstrip(" ")) if text.strip() else None)
        self._row = row

    # -- at the top ------------------------------------------------------------------------------------------

    def roots(self) -> list[Name]:
        """The variables that exist here, the likely ones first."""
        return [
            Name(name, VARIABLES[name].doc, partial(self.root_text, name)) for name in VARIABLES if self._exists(name)
        ]

    def _exists(self, name: str) -> bool:
        in_task = self._task is not None or self._section in TASK_SECTIONS
        keys = {root.key for root in self._outline.roots}
        around = [simple_name(task.type) for task in self._around()]
        if name == "inputs":
            return bool(self._outline.inputs)
        if name in ("vars", "labels"):
            return ("variables" if name == "vars" else "labels") in keys
        if name in ("outputs", "tasks"):
            return self._section not in ("inputs", "triggers", "variables")
        if name in ("task", "taskrun"):
            return in_task
        if name in ("parent", "parents"):
            return bool(around)
        if name == "error":
            return self._section in ERROR_BLOCKS or any(
                level.key in ERROR_BLOCKS for level in levels_of(self._lines, self._task.row if self._task else 0) or ()
            )
        if name == "item":
            return "Loop" in around
        if name == "workerTaskrun":
            return "WorkingDirectory" in around
        if name in ("workingDir", "outputDir", "outputFiles", "inputFiles"):
            return self._task is not None and ".scripts." in self._task.type
        if name == "trigger":
            return self._section != "inputs"
        return name not in ("schedule", "namespace", "files")

    def _around(self) -> list[Element]:
        return list(self._task.ancestors()) if self._task is not None else []

    # -- below a path ----------------------------------------------------------------------------------------

    def members(self, path: str) -> list[Name]:
        """What may follow a dotted path such as `outputs.load`; `each:` before it stands for `currentEachOutput`."""
        parts = path.removeprefix("each:").split(".")
        root, rest = parts[0], parts[1:]
        if root == "inputs":
            return self._inputs(rest)
        if root == "outputs":
            return self._outputs(rest, each=path.startswith("each:"))
        if root in ("vars", "labels"):
            return self._keys("variables" if root == "vars" else "labels", rest)
        if root == "trigger":
            return self._trigger(rest)
        if root == "tasks":
            return self._states(rest)
        if root in ("parent", "parents"):
            return self._parent(rest)
        if root in VARIABLES and not rest:
            known = VARIABLES[root].members
            return [Name(name, doc, partial(_text, f"`{root}.{name}`\n{doc}")) for name, doc in known.items()]
        return []

    def _inputs(self, rest: list[str]) -> list[Name]:
        prefix = "".join(part + "." for part in rest)
        found: dict[str, Name] = {}
        for each in self._outline.inputs:
            if not each.id.startswith(prefix) or self._is_at(each):
                continue
            head, dot, _ = each.id[len(prefix) :].partition(".")
            detail = "" if dot else each.type
            found.setdefault(head, Name(head, detail, _nothing if dot else partial(self.input_text, each)))
        return list(found.values())

    def _is_at(self, element: Element) -> bool:
        """Whether the cursor stands inside the declaration of an input: it cannot read itself."""
        if self._section != "inputs":
            return False
        before = [each.row for each in self._outline.inputs if each.row <= self._row]
        return bool(before) and element.row == max(before)

    def _outputs(self, rest: list[str], *, each: bool) -> list[Name]:
        if not rest:
            return [
                Name(task.id, simple_name(task.type), partial(self.task_text, task), "" if each else self._index(task))
                for task in self.readable_tasks()
            ]
        task = self._outline.named(rest[0])
        path = [part for part in rest[1:] if part != "[]"]
        found: dict[str, Name] = {}
        valued = task is not None and self._valued(task)
        reached = each or not valued or len(path) < len(rest[1:])
        if task is not None and reached and not path:
            for output in self._declared(task):
                doc = partial(describe.of_output, output, task.id)
                found[output.name] = Name(output.name, describe.type_text(output.type), doc)
        elif task is not None and path == ["onResume"]:
            found = {each.id: Name(each.id, each.type) for each in self._outline.asked if each.parent is task}
        elif task is not None and reached:
            found = {each.name: each for each in _fields(self._declared(task), path)}
        for name, value in _inner(self._last, [rest[0], *path]).items():
            found.setdefault(name, Name(name, "last run: " + describe.shortened(value, 40)))
        return list(found.values())

    def _declared(self, task: Element) -> tuple[OutputDecl, ...]:
        decl = self._catalog.find(task.type) if task.type else None
        return decl.outputs if decl is not None else ()

    def readable_tasks(self) -> Iterator[Element]:
        """The tasks whose outputs can exist when the task at the cursor runs, nearest first."""
        own = self._task
        tasks = [task for task in self._outline.tasks if self._can_have_run(task)]
        if own is None or self._section not in TASK_SECTIONS:
            yield from tasks
        else:
            yield from sorted(tasks, key=lambda task: abs(own.row - task.row))

    def _can_have_run(self, task: Element) -> bool:
        own = self._task
        if own is None:
            return self._section not in ("inputs", "triggers")
        if task is own or task in own.ancestors() or own in task.ancestors():
            return False
        if task.section != own.section:
            return TASK_SECTIONS.index(task.section) < TASK_SECTIONS.index(own.section)
        if task.parent is None or own.parent is None:
            return task.row < own.row  # nothing is around both
        around, other = [own, *own.ancestors()], [task, *task.ancestors()]
        common = next((each for each in around if each in other), None)
        if common is not None:
            name = simple_name(common.type)
            if name == "Dag":
                return True
            if name in FORKS and not _late_branch(own, common, self._lines):
                return False
        return task.row < own.row

    def _valued(self, task: Element) -> bool:
        return any(simple_name(around.type) in VALUED_LOOPS for around in task.ancestors())

    def _index(self, task: Element) -> str:
        """The index that reaches the outputs of the same iteration (semantics 5.3)."""
        if task.parent is None:
            return ""
        loops = [each for each in task.ancestors() if simple_name(each.type) in VALUED_LOOPS]
        around = self._around()
        if not loops or self._task is None or loops[0] not in around:
            return ""
        depth = around.index(loops[0])
        inner = [each for each in around[:depth] if simple_name(each.type) in VALUED_LOOPS]
        if inner or len(loops) > 2:
            return ""
        nearest = "taskrun.value" if depth == 0 else "parent.taskrun.value"
        if len(loops) == 1:
            return f"[{nearest}]"
        return f"[parent.taskrun.value][{nearest}]" if depth == 0 else ""

    def _keys(self, root: str, rest: list[str]) -> list[Name]:
        if rest:
            return []
        found = children_of(self._lines, root, self._outline)
        return [Name(name, describe.shortened(plain(value), 40)) for name, _, value in found]

    def _trigger(self, rest: list[str]) -> list[Name]:
        if rest:
            return []
        found: dict[str, Name] = {}
        for trigger in self._outline.triggers:
            decl = self._catalog.find(trigger.type) if trigger.type else None
            for output in decl.outputs if decl is not None else ():
                text = f"`trigger.{output.name}` · {describe.type_text(output.type)}\n{output.doc}"
                found.setdefault(output.name, Name(output.name, simple_name(trigger.type), partial(_text, text)))
        return list(found.values())

    def _states(self, rest: list[str]) -> list[Name]:
        if rest:
            return [Name("state", "its state")] if len(rest) == 1 else []
        return [Name(task.id, simple_name(task.type), partial(self.task_text, task)) for task in self._outline.tasks]

    def _parent(self, rest: list[str]) -> list[Name]:
        parts = [part for part in rest if part != "[]"]
        if not parts:
            return [Name("taskrun", "its value"), Name("task", "its id (2.0)"), Name("outputs", "its outputs (1.x)")]
        return (
            [Name("value", "the value of its iteration"), Name("iteration", "from 0")] if parts == ["taskrun"] else []
        )

    # -- explanations ----------------------------------------------------------------------------------------

    def root_text(self, name: str) -> str:
        """What a variable at the top is."""
        variable = VARIABLES[name]
        lines = [f"`{name}`", variable.doc]
        lines += [f"- `{name}.{member}`: {doc}" for member, doc in variable.members.items()]
        if name == "taskrun" and not any(simple_name(each.type) in LOOPS for each in self._around()):
            lines.append("The task is in no loop: there is no `value` and no `iteration`.")
        return "\n".join(lines)

    def input_text(self, element: Element) -> str:
        """The declaration of an input."""
        levels = levels_of(self._lines, element.row)
        entries = dict(levels[-1].entries) if levels else {}
        lines = [f"`inputs.{element.id}` · {element.type}"]
        lines += [f"- {key}: {plain(value)}" for key, value in entries.items() if key not in ("id", "type") and value]
        return "\n".join(lines)

    def task_text(self, task: Element) -> str:
        """A task and what it puts out."""
        lines = [f"`outputs.{task.id}` · {task.type or 'a task without a type'}"]
        for output in self._declared(task):
            lines.append(f"- `{output.name}` ({describe.type_text(output.type)}): {output.doc}")
        if self._valued(task):
            lines.append(
                f"It runs in a loop: read `outputs.{task.id}[value]`, or `currentEachOutput(outputs.{task.id})`."
            )
        return "\n".join(lines)

    def text(self, path: str) -> str | None:
        """What is known about a dotted path; None when nothing is."""
        *parents, last = path.split(".")
        names = self.members(".".join(parents)) if parents else self.roots()
        for name in names:
            if name.name == last:
                return name.describe() or f"`{path}`" + (f" · {name.detail}" if name.detail else "")
        if not parents and last in VARIABLES:
            return self.root_text(last)
        return None


def _text(text: str) -> str:
    return text


def _nothing() -> str:
    return ""


def _late_branch(own: Element, around: Element, lines: Sequence[str]) -> bool:
    """Whether a task stands under `errors` or `finally` of the flowable around it."""
    levels = levels_of(lines, own.row) or ()
    return any(level.key in ("errors", "finally") for level in levels if level.column >= around.column)


def _fields(outputs: Sequence[OutputDecl], path: Sequence[str]) -> list[Name]:
    of: PropType | None = next((output.type for output in outputs if output.name == path[0]), None)
    for part in path[1:]:
        fields = {each.name: each.type for each in of.fields} if of is not None else {}
        of = fields.get(part)
    return [Name(each.name, describe.type_text(each.type)) for each in of.fields] if of is not None else []


def _inner(value: Any, path: Sequence[str]) -> Mapping[str, Any]:
    for part in path:
        if not isinstance(value, Mapping):
            return {}
        value = value.get(part)
    return value if isinstance(value, Mapping) else {}
