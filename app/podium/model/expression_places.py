"""Every text of a flow document that may hold expressions, with what is known about the place it stands in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from podium.model.findings import joined
from podium.model.grammar import CHECK, LISTENER, OUTPUT, SLA_TYPES, TRIGGER
from podium.model.marked_yaml import ListNode, MapNode, Node, ScalarNode, is_null
from podium.model.schema import Catalog, PropertyDecl, PropType, TypeDecl
from podium.model.shapes import Shape, shape_of, shape_of_type
from podium.model.task_order import TaskSite

BLOCKS = ("tasks", "errors", "finally", "afterExecution")
_CHILDREN = ("task", "tasks", "cases", "dag")
_NO_TASK = TypeDecl("", "task", local=False, open=True)


@dataclass(frozen=True, slots=True)
class ExpressionText:
    """One text. `block` is the property of the flow it stands in, `task` the task whose property it is.

    `own_variables` says that it is rendered with more variables than every place has.
    """

    scalar: ScalarNode
    path: str
    block: str
    task: TaskSite | None = None
    own_variables: bool = False


@dataclass(slots=True)
class FlowTexts:
    """The texts of one document, its tasks, and the declared names that expressions may use."""

    texts: list[ExpressionText] = field(default_factory=list)
    tasks: dict[str, TaskSite] = field(default_factory=dict)
    decls: dict[str, TypeDecl] = field(default_factory=dict)
    """The declaration of the type of each task, by task id."""
    inputs: list[str] = field(default_factory=list)
    needed_inputs: dict[str, frozenset[str]] = field(default_factory=dict)
    """What an input may look at, `dependsOn.inputs`, by its place in the flow, `inputs[0]`."""
    variables: MapNode | None = None
    computed_variables: bool = False


def has_expression(text: str) -> bool:
    return "{{" in text or "{%" in text or "{#" in text


def texts_of(root: MapNode, catalog: Catalog) -> FlowTexts:
    """Everything in a flow that is rendered. The document need not be valid."""
    return _Collector(catalog).collected(root)


class _Collector:
    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._found = FlowTexts()

    def collected(self, root: MapNode) -> FlowTexts:
        found = self._found
        for index, item in enumerate(_items(root.get("inputs"))):
            self._input(item, f"inputs[{index}]")
        variables = root.get("variables")
        found.variables = variables if isinstance(variables, MapNode) else None
        found.computed_variables = variables is not None and found.variables is None and not is_null(variables)
        if variables is not None:
            self._texts(variables, "variables", "variables")
        for block in BLOCKS:
            self._tasks(root.get(block), block, None, block)
        for index, item in enumerate(_items(root.get("listeners"))):
            self._declared(item, f"listeners[{index}]", "listeners", shape_of(LISTENER))
            self._tasks(item.get("tasks"), f"listeners[{index}].tasks", None, "listeners")
        for index, item in enumerate(_items(root.get("triggers"))):
            self._typed(item, f"triggers[{index}]", "triggers", TRIGGER)
        for name, properties in (("outputs", OUTPUT), ("checks", CHECK)):
            for index, item in enumerate(_items(root.get(name))):
                self._declared(item, f"{name}[{index}]", name, shape_of(properties))
        for index, item in enumerate(_items(root.get("sla"))):
            decl = SLA_TYPES.get(item.text("type") or "")
            if decl is not None:
                self._declared(item, f"sla[{index}]", "sla", shape_of_type(decl))
        if (labels := root.get("labels")) is not None:
            self._texts(labels, "labels", "labels")
        for index, item in enumerate(_items(root.get("pluginDefaults") or root.get("taskDefaults"))):
            if (values := item.get("values")) is not None:
                place = f"pluginDefaults[{index}].values"
                self._texts(values, place, "pluginDefaults", own_variables=True)
        return found

    def _input(self, item: MapNode, path: str) -> None:
        name = item.text("id") or item.text("name")
        if name:
            self._found.inputs.append(name)
        for key in ("defaults", "prefill", "expression"):
            if (value := item.get(key)) is not None:
                self._texts(value, f"{path}.{key}", "inputs")
        depends = item.get("dependsOn")
        needed = depends.get("inputs") if isinstance(depends, MapNode) else None
        self._found.needed_inputs[path] = frozenset(_names(needed))
        if isinstance(depends, MapNode):
            for key in ("condition", "when"):
                if (value := depends.get(key)) is not None:
                    self._texts(value, f"{path}.dependsOn.{key}", "inputs")

    # -- tasks ---------------------------------------------------------------------------------------------------

    def _tasks(self, node: Node | None, path: str, parent: TaskSite | None, branch: str) -> None:
        for index, item in enumerate(_items(node)):
            self._task(item, f"{path}[{index}]", parent, branch, index)

    def _task(
        self,
        node: MapNode,
        path: str,
        parent: TaskSite | None,
        branch: str,
        index: int,
        waits_for: tuple[str, ...] | None = None,
    ) -> None:
        type_name, task_id = node.text("type") or "", node.text("id") or ""
        decl = self._catalog.find(type_name)
        decl = decl if decl is not None and decl.family == "task" else _NO_TASK
        site = TaskSite(task_id, decl.name or type_name, parent, branch, index, waits_for)
        if parent is not None:
            parent.children.append(site)
        if task_id:
            self._found.tasks.setdefault(task_id, site)
            self._found.decls.setdefault(task_id, decl)
        shape = shape_of_type(decl)
        for entry in node.entries:
            known, place = shape.known.get(entry.key.text), f"{path}.{entry.key.text}"
            if known is not None and known.type.kind in _CHILDREN:
                self._branch(entry.value, place, site, known)
            elif known is not None:
                if known.dynamic and not _meant_for_child(site, known):
                    self._texts(entry.value, place, branch, site, _has_own_variables(known, decl))
            elif _looks_like_tasks(entry.value):
                self._tasks(entry.value, place, site, entry.key.text)
            elif entry.key.text not in ("id", "type", "description"):
                self._texts(entry.value, place, branch, site, own_variables=True)

    def _branch(self, node: Node, path: str, site: TaskSite, decl: PropertyDecl) -> None:
        kind = decl.type.kind
        if kind == "task" and isinstance(node, MapNode):
            self._task(node, path, site, decl.name, 0)
        elif kind == "tasks":
            self._tasks(node, path, site, decl.name)
        elif kind == "cases" and isinstance(node, MapNode):
            for entry in node.entries:
                self._tasks(entry.value, f"{path}.{entry.key.text}", site, f"cases.{entry.key.text}")
        elif kind == "dag":
            for index, item in enumerate(_items(node)):
                task, waits = item.get("task"), item.get("dependsOn")
                if isinstance(task, MapNode):
                    self._task(task, f"{path}[{index}].task", site, decl.name, index, _names(waits))

    # -- other objects -------------------------------------------------------------------------------------------

    def _typed(self, node: MapNode, path: str, block: str, common: tuple[PropertyDecl, ...]) -> None:
        """A trigger: by its type's declaration, or the common one when nobody knows the type."""
        decl = self._catalog.find(node.text("type") or "")
        shape = shape_of_type(decl) if decl is not None else shape_of(common, True)
        self._declared(node, path, block, shape)

    def _declared(self, node: MapNode, path: str, block: str, shape: Shape) -> None:
        for entry in node.entries:
            known = shape.known.get(entry.key.text)
            if (known is None and entry.key.text not in ("id", "type", "description")) or (
                known is not None and known.dynamic and known.type.kind not in _CHILDREN
            ):
                own = known is None or _nested(known.type, "expression")
                self._texts(entry.value, f"{path}.{entry.key.text}", block, own_variables=own)

    def _texts(
        self, node: Node, path: str, block: str, task: TaskSite | None = None, own_variables: bool = False
    ) -> None:
        if isinstance(node, ScalarNode):
            if has_expression(node.text):
                self._found.texts.append(ExpressionText(node, path, block, task, own_variables))
        elif isinstance(node, ListNode):
            for index, item in enumerate(node.items):
                self._texts(item, f"{path}[{index}]", block, task, own_variables)
        else:
            for entry in node.entries:
                self._texts(entry.key, path, block, task, own_variables)
                self._texts(entry.value, joined(path, entry.key.text), block, task, own_variables)


def _items(node: Node | None) -> Iterator[MapNode]:
    """The maps among the items of a list."""
    if isinstance(node, ListNode):
        yield from (item for item in node.items if isinstance(item, MapNode))


def _names(node: Node | None) -> tuple[str, ...]:
    """The texts among the items of a list."""
    items = node.items if isinstance(node, ListNode) else ()
    return tuple(item.text for item in items if isinstance(item, ScalarNode))


def _looks_like_tasks(node: Node) -> bool:
    items = list(_items(node))
    return bool(items) and all(item.text("id") and item.text("type") for item in items)


def _meant_for_child(site: TaskSite, decl: PropertyDecl) -> bool:
    """Whether it is rendered with the variables of another execution: the older way to take outputs of a subflow."""
    return site.kind in ("Subflow", "Flow") and decl.name == "outputs"


def _has_own_variables(decl: PropertyDecl, task: TypeDecl) -> bool:
    """Whether the task renders the property itself: then it may have variables that nobody else knows."""
    late = task.kind == "runnable" or decl.name == "breakWhen"
    return not task.local or (late and decl.name != "runIf" and _nested(decl.type, "expression"))


def _nested(kind: PropType, wanted: str) -> bool:
    inner = (*kind.options, *(each.type for each in kind.fields), *((kind.item,) if kind.item else ()))
    return kind.kind == wanted or any(_nested(each, wanted) for each in inner)
