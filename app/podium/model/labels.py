"""Labels: a map, or a list of `key` and `value` (semantics 1.1, 6.3)."""

from podium.model.findings import Findings, joined
from podium.model.marked_yaml import ListNode, MapNode, Node, ScalarNode, is_null

_ALLOWED = ("system.readOnly",)


def read_labels(node: Node | None, path: str, findings: Findings) -> tuple[tuple[str, str], ...]:
    """The labels in their order, values as text; what is no label is reported and left out."""
    if node is None or is_null(node):
        return ()
    labels: list[tuple[str, str]] = []
    for key, value, place in _pairs(node, path, findings):
        if isinstance(value, ScalarNode) and not is_null(value):
            labels.append((key.text, value.text))
        else:
            shown = "a list" if isinstance(value, ListNode) else "a map" if isinstance(value, MapNode) else "null"
            message = f"Unsupported type for key: {key.text}, value: {shown}. A label is a text, number or boolean."
            findings.add("wrong-type", message, value if value is not None else key, place)
    check_system_labels(node, path, findings)
    return tuple(labels)


def check_system_labels(node: Node, path: str, findings: Findings) -> None:
    """Report labels that only Kestra itself may set."""
    for key, value, place in _pairs(node, path, None):
        if key.text.startswith("system.") and key.text not in _ALLOWED:
            shown = value.text if isinstance(value, ScalarNode) else ""
            message = f"System labels can only be set by Kestra itself, offending label: {key.text}={shown}."
            findings.add("system-label", message, key, place)


def _pairs(node: Node, path: str, findings: Findings | None) -> list[tuple[ScalarNode, Node | None, str]]:
    if isinstance(node, MapNode):
        return [(entry.key, entry.value, joined(path, entry.key.text)) for entry in node.entries]
    pairs: list[tuple[ScalarNode, Node | None, str]] = []
    items = node.items if isinstance(node, ListNode) else ()
    for index, item in enumerate(items):
        key = item.get("key") if isinstance(item, MapNode) else None
        if isinstance(item, MapNode) and isinstance(key, ScalarNode) and not is_null(key):
            pairs.append((key, item.get("value"), f"{path}[{index}]"))
        elif findings is not None:
            findings.add("wrong-type", "A label in a list is a map of `key` and `value`.", item, f"{path}[{index}]")
    if isinstance(node, ScalarNode) and findings is not None:
        findings.add("wrong-type", "Labels are a map, or a list of `key` and `value`.", node, path)
    return pairs
