"""What must be true of a flow as a whole (semantics 1.4)."""

from collections.abc import Mapping, Sequence

from podium.expressions.errors import did_you_mean
from podium.model.diagnostics import Range
from podium.model.findings import Findings
from podium.model.flow import Flow, Input, Task
from podium.model.ids import RESERVED
from podium.model.marked_yaml import ListNode, MapNode, Node
from podium.model.rings import rings

START = Range(0, 0, 0, 1)
Named = tuple[str, Node, str]
"""An id, the node where it stands and the path of what has it."""


def check_reserved(flow_id: str, node: Node, findings: Findings) -> None:
    """The id must not be a word of the server's addresses."""
    if flow_id in RESERVED:
        words = ", ".join(RESERVED)
        message = f"Flow id is a reserved keyword: {flow_id}. List of reserved keywords: {words}."
        findings.add("reserved-id", message, node, "id")


def check_unique(named: Sequence[Named], what: str, findings: Findings, word: str = "name") -> None:
    """No id twice; every later place of the text is marked."""
    first: dict[str, Node] = {}
    again: list[Named] = []
    for each in sorted(named, key=lambda each: each[1].range.line):
        if each[0] in first:
            again.append(each)
        first.setdefault(each[0], each[1])
    # As a server says it: one sentence with all of them, in its order of the blocks.
    twice = {name for name, _, _ in again}
    names = ", ".join(dict.fromkeys(name for name, _, _ in named if name in twice))
    for name, node, path in again:
        line = first[name].line + 1
        message = f"Duplicate {what} with {word} [{names}]: `{name}` is in line {line} already. Choose another id."
        findings.add("duplicate-id", message, node, f"{path}.id")


def check_dependencies(inputs: Sequence[Input], node: Node | None, findings: Findings) -> None:
    """Inputs depend on inputs that exist, and not on themselves in a ring."""
    nodes = _depends_nodes(node)
    known = {each.id for each in inputs}
    graph: dict[str, list[str]] = {}
    for each in inputs:
        graph[each.id] = []
        for name in each.depends_on.inputs if each.depends_on else ():
            if name in known:
                graph[each.id].append(name)
                continue
            hint = did_you_mean(name, sorted(known - {each.id}))
            message = f"Input with id '{each.id}' depends on a non-existent input '{name}'." + (
                f" {hint}" if hint else ""
            )
            findings.add("input-dependency", message, nodes.get(each.id, each.range), f"inputs.{each.id}.dependsOn")
    for ring in rings(graph):
        for name in ring:
            message = f"Cycle dependency detected for input with id '{name}': [{', '.join(ring)}]. Take one out."
            place = nodes.get(name)
            findings.add("input-dependency", message, place or START, f"inputs.{name}.dependsOn")


def _depends_nodes(node: Node | None) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for item in node.items if isinstance(node, ListNode) else ():
        if isinstance(item, MapNode):
            depends = item.get("dependsOn")
            names = depends.get("inputs") if isinstance(depends, MapNode) else None
            found[item.text("id") or item.text("name") or ""] = names or depends or item
    return found


def check_recursion(flow: Flow, findings: Findings) -> None:
    """A flow must not call itself by name; what an expression gives is not looked at."""
    for task in flow.walk():
        calls = task.decl.kind == "executable" or task.type.endswith(".ForEachItem")
        if not calls or task.props.get("flowId") != flow.id:
            continue
        if task.props.get("namespace") == flow.namespace and not task.type.endswith("Executable"):
            findings.add("recursive-flow", _recursion(flow), task.range, task.id)


def _recursion(flow: Flow) -> str:
    return (
        f"Invalid Flow: Recursive call to flow [{flow.namespace}.{flow.id}]. "
        "Call another flow, or use LoopUntil to repeat tasks."
    )


def uses_newer(blocks: Mapping[str, Sequence[Task]]) -> bool:
    """Whether a type of Kestra 2 is used."""
    return any(each.decl.since == "2.0" for tasks in blocks.values() for task in tasks for each in task.walk())
