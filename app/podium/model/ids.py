"""The patterns of ids (semantics 1.1, 1.2)."""

import re

from podium.model.diagnostics import Edit, Fix
from podium.model.findings import Findings
from podium.model.marked_yaml import Node, ScalarNode

PLAIN = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]*")
DOTTED = re.compile(r"[a-zA-Z0-9][.a-zA-Z0-9_-]*")
NAMESPACE = re.compile(r"[a-z0-9][a-z0-9._-]*")

_ADVICE = {
    PLAIN: "Use letters, digits, `_` and `-`, and begin with a letter or digit.",
    DOTTED: "Use letters, digits, `.`, `_` and `-`, and begin with a letter or digit.",
    NAMESPACE: "Use lower-case letters, digits, `.`, `_` and `-`, and begin with a letter or digit.",
}
RESERVED = (
    "pause", "resume", "force-run", "change-status", "kill", "executions", "search", "source", "disable", "enable",
)  # fmt: skip


def check_id(
    node: Node, pattern: "re.Pattern[str]", path: str, findings: Findings, longest: int | None = None
) -> str | None:
    """The id, None after reporting that it cannot be one."""
    if not isinstance(node, ScalarNode):
        findings.add("invalid-id", f"{path}: must be a text.", node, path)
        return None
    text = node.text
    if not pattern.fullmatch(text):
        message = f'{path}: must match "^{pattern.pattern}". {_ADVICE[pattern]}'
        findings.add("invalid-id", message, node, path, _fix(node, pattern))
        return None
    if longest is not None and len(text) > longest:
        findings.add("invalid-id", f"{path}: size must be between 1 and {longest}, but is {len(text)}.", node, path)
        return None
    return text


def _fix(node: ScalarNode, pattern: "re.Pattern[str]") -> Fix | None:
    text = node.text.lower() if pattern is NAMESPACE else node.text
    allowed = "A-Za-z0-9_-" if pattern is PLAIN else "A-Za-z0-9._-"
    mended = re.sub(f"[^{allowed}]+", "-", text).strip("-_.")
    if not mended or not pattern.fullmatch(mended):
        return None
    return Fix(f"Replace by {mended}", (Edit(node.range, mended),))
