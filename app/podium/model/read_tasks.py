"""Reading tasks: common properties, those of the type, and the tasks below."""

from collections.abc import Mapping
from typing import Any

from podium.base.durations import parse_duration
from podium.model import flowable_rules
from podium.model.dialects import with_older_defaults
from podium.model.flow import Task, TaskCache
from podium.model.grammar import DAG_ENTRY, TASK
from podium.model.ids import PLAIN, check_id
from podium.model.items import expanded_items
from podium.model.marked_yaml import Entry, ListNode, MapNode, Node, ScalarNode, is_null
from podium.model.properties import ChildTasks, Properties, describe, prop
from podium.model.reading import Found, Reader, extra_values, no_tasks
from podium.model.retries import read_retry
from podium.model.schema import PropertyDecl, TypeDecl
from podium.model.shapes import shape_of, shape_of_type

_CHILDREN = ("task", "tasks", "cases", "dag")
_COMMON = frozenset(decl.name for decl in TASK)


class _Anything(Properties):
    """What a task of an unknown type may hold, so that the tasks below it are read all the same."""

    tasks: ChildTasks | None = prop()
    then: ChildTasks | None = prop()
    else_: ChildTasks | None = prop(name="else")
    errors: ChildTasks | None = prop()
    finally_: ChildTasks | None = prop(name="finally")


_UNKNOWN = TypeDecl("", "task", properties=describe(_Anything), local=False, open=True)


class TaskReader:
    """Reads every task of a flow; `seen` collects the ids in the order of the text."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.seen: list[tuple[str, Node, str]] = []
        """Id, node of the id and path of every task."""

    def tasks(
        self, node: Node | None, path: str, required: bool = False, owner: MapNode | None = None
    ) -> tuple[Task, ...]:  # fmt: skip
        """A list of tasks. A required list must not be empty; `owner` is the task that it belongs to."""
        items = self._reader.items_of(node, path, "the tasks")
        if required and isinstance(node, ListNode) and not items:
            what = no_tasks(owner, path) if owner is not None else f"{path}: must not be empty."
            self._reader.findings.add("empty-list", f"{what} Add a task to it.", node, path)
        read = (self.task(item, f"{path}[{index}]") for index, item in enumerate(items))
        return tuple(task for task in read if task is not None)

    def task(self, node: Node, path: str) -> Task | None:
        """One task; None after reporting that it has no id or no known type."""
        reader = self._reader
        if is_null(node):
            reader.findings.add("wrong-type", f"{path}: a task is missing here.", node, path)
            return None
        given = reader.map_of(node, path, "a task")
        if given is None:
            return None
        decl = reader.types.find(given, "task", path)
        known = decl if decl is not None and decl.family == "task" else None
        shape = shape_of_type(known or _UNKNOWN)
        found = reader.found(given, shape, path)
        task_id = self._id(found, path)
        common = reader.values({name: pair for name, pair in found.items() if name in _SIMPLE}, path)
        retry = read_retry(reader, found["retry"][1].value, f"{path}.retry") if "retry" in found else None
        children, depends = self._children(found, path, given)
        props = reader.values({name: pair for name, pair in found.items() if _own(name, pair[0])}, path)
        if known is not None and known.open:
            props.update(extra_values(given, shape))
        if depends is not None:
            props["dependsOn"] = depends
        self._worker_group(found, path)
        if known is not None:
            self._unused(known, found, given.text("id") or path, path)
        if known is None or task_id is None:
            return None
        if known.local:
            reader.check(known, props, given, path)
        flowable_rules.check(reader, known, given, children, path)
        timeout = common.get("timeout")
        task = Task(
            id=task_id,
            type=known.name,
            decl=known,
            props=with_older_defaults(given.text("type") or known.name, props),
            children=children,
            written_type=given.text("type") or known.name,
            description=common.get("description") or "",
            disabled=common.get("disabled", False),
            run_if=common.get("runIf"),
            timeout=None if timeout is None else str(timeout),
            retry=retry,
            allow_failure=common.get("allowFailure", False),
            allow_warning=common.get("allowWarning", False),
            log_level=common.get("logLevel"),
            log_to_file=common.get("logToFile", False),
            task_cache=_cache(common.get("taskCache")),
            range=given.range,
        )
        whole = expanded_items(task, reader.catalog)
        if whole is not task:
            self.seen += [(part.id, found["id"][1].value, path) for part in whole.children["tasks"]]
        return whole

    def _id(self, found: Found, path: str) -> str | None:
        if "id" not in found:
            return None
        node = found["id"][1].value
        task_id = check_id(node, PLAIN, f"{path}.id", self._reader.findings)
        if task_id is not None:
            self.seen.append((task_id, node, path))
        return task_id

    def _children(
        self, found: Found, path: str, owner: MapNode
    ) -> tuple[dict[str, tuple[Task, ...]], Mapping[str, tuple[str, ...]] | None]:
        children: dict[str, tuple[Task, ...]] = {}
        depends: Mapping[str, tuple[str, ...]] | None = None
        for name, (decl, entry) in found.items():
            kind, place = decl.type.kind, f"{path}.{entry.key.text}"
            if kind == "tasks":
                children[name] = self.tasks(entry.value, place, decl.required, owner)
            elif kind == "task":
                child = self.task(entry.value, place)
                children[name] = () if child is None else (child,)
            elif kind == "cases":
                children.update(self._cases(entry, place))
            elif kind == "dag":
                children[name], depends = self._dag(entry.value, place, owner.text("id") or path)
        return children, depends

    def _cases(self, entry: Entry, path: str) -> dict[str, tuple[Task, ...]]:
        given = self._reader.map_of(entry.value, path, "the cases")
        if given is None:
            return {}
        return {
            f"cases.{case.key.text}": self.tasks(case.value, f"{path}.{case.key.text}") for case in given.entries
        }  # fmt: skip

    def _dag(
        self, node: Node, path: str, owner: str
    ) -> tuple[tuple[Task, ...], Mapping[str, tuple[str, ...]]]:  # fmt: skip
        reader = self._reader
        tasks: list[Task] = []
        waits: list[flowable_rules.Waits] = []
        for index, item in enumerate(reader.items_of(node, path, "the tasks of a Dag")):
            place = f"{path}[{index}]"
            given = reader.map_of(item, place, "an entry of a Dag")
            if given is None:
                continue
            if given.get("task") is None and given.get("type") is not None:
                message = f"{place}: an entry of a Dag holds its task below `task:`. Add the key and indent the task."
                reader.findings.add("missing-property", message, given.entries[0].key, f"{place}.task")
                self.task(given, place)
                continue
            found = reader.found(given, _DAG_SHAPE, place)
            task = self.task(found["task"][1].value, f"{place}.task") if "task" in found else None
            names = found["dependsOn"][1].value if "dependsOn" in found else None
            listed = reader.items_of(names, f"{place}.dependsOn", "`dependsOn`")
            after = tuple(name for name in listed if isinstance(name, ScalarNode) and not is_null(name))
            written = found["task"][1].value if "task" in found else None
            waits.append(
                flowable_rules.Waits(written.text("id") if isinstance(written, MapNode) else None, after, place)
            )
            if task is not None:
                tasks.append(task)
        flowable_rules.check_dag(reader, node, waits, path, owner)
        return tuple(tasks), {w.task_id: tuple(n.text for n in w.after) for w in waits if w.task_id is not None}

    def _unused(self, decl: TypeDecl, found: Found, task_id: str, path: str) -> None:
        """Report what only tasks that a worker runs can use (semantics 3.2); a Pause has a timeout of its own kind."""
        for name in ("timeout", "taskCache"):
            own = name == "timeout" and decl.name.endswith(".Pause")
            if decl.kind == "runnable" or own or name not in found or found[name][1].default:
                continue
            message = f"The task '{task_id}' cannot use the '{name}' property as it's only relevant for runnable tasks."
            self._reader.findings.add("no-effect", message, found[name][1].key, f"{path}.{name}")

    def _worker_group(self, found: Found, path: str) -> None:
        group = found.get("workerGroup")
        if group is not None and isinstance(group[1].value, MapNode) and group[1].value.get("key") is not None:
            self._reader.worker_group(group[1].key, f"{path}.workerGroup")


_SIMPLE = frozenset(
    ("description", "disabled", "runIf", "timeout", "allowFailure", "allowWarning", "logLevel", "logToFile",
     "taskCache", "workerGroup", "version")
)  # fmt: skip


class _DagEntry(Properties):
    task: Any = prop(required=True, dynamic=False, doc="The task itself.")
    dependsOn: Any = prop(dynamic=False, doc="The ids of the tasks that must be over first.")


_DAG_SHAPE = shape_of(describe(_DagEntry))
assert tuple(_DAG_SHAPE.known) == DAG_ENTRY


def _own(name: str, decl: PropertyDecl) -> bool:
    return name not in _COMMON and decl.type.kind not in _CHILDREN


def _cache(values: Any) -> TaskCache | None:
    if not isinstance(values, Mapping):
        return None
    ttl = values.get("ttl")
    return TaskCache(values.get("enabled", True), None if ttl is None else parse_duration(str(ttl)))
