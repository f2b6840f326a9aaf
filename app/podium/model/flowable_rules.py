"""What must be true of the tasks inside a flowable (semantics 1.4, 4.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from podium.expressions.errors import did_you_mean
from podium.model.flow import Task
from podium.model.marked_yaml import MapNode, Node, ScalarNode, is_null
from podium.model.reading import Reader
from podium.model.rings import rings
from podium.model.schema import TypeDecl
from podium.model.types import head

_FLOW = "io.kestra.plugin.core.flow."


@dataclass(frozen=True, slots=True)
class Waits:
    """One entry of a Dag: its task and the ids it waits for."""

    task_id: str | None
    after: tuple[ScalarNode, ...]
    path: str


def check(
    reader: Reader, decl: TypeDecl, node: MapNode, children: Mapping[str, Sequence[Task]], path: str
) -> None:  # fmt: skip
    """The rules of single types."""
    if decl.name == _FLOW + "Switch":
        _switch(reader, node, path)
    elif decl.name == _FLOW + "WorkingDirectory":
        _working_directory(reader, node, children.get("tasks", ()), path)


def _switch(reader: Reader, node: MapNode, path: str) -> None:
    cases, defaults = node.get("cases"), node.get("defaults")
    filled = bool(cases.entries) if isinstance(cases, MapNode) else cases is not None and not is_null(cases)
    if not filled and (defaults is None or not getattr(defaults, "items", ())):
        task_id = node.text("id") or path
        message = (
            f"{task_id}: No task defined, neither cases or default have any tasks. "
            "Add `cases` with lists of tasks by value, or `defaults`."
        )
        reader.findings.add("empty-list", message, head(node), path)


def _working_directory(reader: Reader, node: MapNode, children: Sequence[Task], path: str) -> None:
    task_id = node.text("id") or path
    listed = node.get("tasks")
    items: tuple[Node, ...] = getattr(listed, "items", ())
    for index, item in enumerate(items):
        if isinstance(item, MapNode) and (group := item.get("workerGroup")) is not None:
            message = (
                f"{task_id}: Cannot set a Worker Group in any WorkingDirectory sub-tasks, "
                "it is only supported at the WorkingDirectory level."
            )
            reader.findings.add("not-runnable", message, group, f"{path}.tasks[{index}].workerGroup")
    for child in children:
        if child.decl.kind != "runnable":
            kind = f"{'an' if child.decl.kind[0] in 'aeiou' else 'a'} {child.decl.kind}"
            message = (
                f"{task_id}: Only runnable tasks are allowed as children of a WorkingDirectory task: "
                f"{child.id} is {kind} task. Move it out, before or after the WorkingDirectory."
            )
            reader.findings.add("not-runnable", message, child.range, path)


def check_dag(reader: Reader, node: Node, entries: Sequence[Waits], path: str, task_id: str) -> None:
    """Every dependency must exist, and none may lead back to itself."""
    if not entries and not getattr(node, "items", ()):
        reader.findings.add("empty-list", f"{task_id}: No task defined. Add entries with a `task`.", node, path)
    known = [entry.task_id for entry in entries if entry.task_id is not None]
    for entry in entries:
        for index, name in enumerate(entry.after):
            if name.text not in known:
                hint = did_you_mean(name.text, (other for other in known if other != entry.task_id))
                message = f"{task_id}: Not existing task id in dependency: {name.text}." + (f" {hint}" if hint else "")
                reader.findings.add("dag-dependency", message, name, f"{entry.path}.dependsOn[{index}]")
    graph = {e.task_id: [n.text for n in e.after if n.text in known] for e in entries if e.task_id is not None}
    for ring in rings(graph):
        entry = next(entry for entry in entries if entry.task_id == ring[0])
        name = next(name for name in entry.after if name.text in ring)
        message = (
            f"{task_id}: Cyclic dependency detected: {', '.join(ring)}. Take one of the `dependsOn` out of the ring."
        )
        reader.findings.add("dag-dependency", message, name, f"{entry.path}.dependsOn")
