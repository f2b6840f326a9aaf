"""ForEachItem stands for three tasks, which appear in the execution under names of their own (semantics 4.5)."""

from dataclasses import replace

from podium.model.flow import Task
from podium.model.schema import Catalog

FOR_EACH_ITEM = "io.kestra.plugin.core.flow.ForEachItem"
SPLIT = f"{FOR_EACH_ITEM}$ForEachItemSplit"
ITEMS = f"{FOR_EACH_ITEM}$ForEachItemExecutable"
MERGE = f"{FOR_EACH_ITEM}$ForEachItemMergeOutputs"


def expanded_items(task: Task, catalog: Catalog) -> Task:
    """A ForEachItem with its three parts as `tasks`: split the file, run the flows, merge their outputs."""
    if task.type != FOR_EACH_ITEM:
        return task
    parts = []
    for suffix, name, wanted in (
        ("split", SPLIT, ("items", "batch")),
        ("items", ITEMS, tuple(key for key in task.props if key not in ("items", "batch"))),
        ("merge", MERGE, ()),
    ):
        decl = catalog.find(name)
        if decl is None:
            return task
        props = {key: task.props[key] for key in wanted if key in task.props}
        part = Task(f"{task.id}_{suffix}", name, decl, props, written_type=name, range=task.range)
        parts.append(part)
    return replace(task, children={**task.children, "tasks": tuple(parts)})
