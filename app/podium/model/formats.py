"""Checks of texts that must be more than their type says: cron expressions, time zones, patterns, labels.

Texts with expressions are left alone: what they become is known at run time only.
"""

import json
from collections.abc import Callable
from datetime import time

from podium.base.cron import CronError, parse_cron
from podium.expressions.errors import ExpressionError
from podium.expressions.patterns import java_pattern
from podium.expressions.zones import zone_of
from podium.model.findings import Findings
from podium.model.labels import check_system_labels
from podium.model.marked_yaml import Node, ScalarNode
from podium.model.schema import Format


def check_format(node: Node, format: Format, path: str, findings: Findings) -> None:
    """Report what is wrong with a value that has the right type."""
    if format == "labels":
        check_system_labels(node, path, findings)
    elif isinstance(node, ScalarNode) and "{{" not in node.text and "{%" not in node.text:
        _TEXTS[format](node, path, findings)


def _cron(node: ScalarNode, path: str, findings: Findings) -> None:
    text = node.text.strip()
    try:
        # Six fields are seconds first; whether that is right depends on `withSeconds`, which the trigger checks.
        parse_cron(text, seconds=len(text.split()) == 6)
    except CronError as error:
        findings.add("cron", f"{path}: invalid cron expression '{node.text}': {error}", node, path)


def _timezone(node: ScalarNode, path: str, findings: Findings) -> None:
    try:
        zone_of(node.text)
    except ExpressionError as error:
        near = error.suggestion if error.suggestion and error.suggestion.startswith("Did") else None
        hint = f" {near}" if near else " Use a name such as Europe/Paris, or an offset such as +01:00."
        message = f"{path}: timezone '({node.text})' is not a valid time-zone ID.{hint}"
        findings.add("timezone", message, node, path)


def _pattern(node: ScalarNode, path: str, findings: Findings) -> None:
    try:
        java_pattern(node.text)
    except ExpressionError as error:
        findings.add("pattern", f"{path}: invalid pattern [{node.text}]: {error}", node, path)


def _json(node: ScalarNode, path: str, findings: Findings) -> None:
    try:
        json.loads(node.text)
    except ValueError as error:
        findings.add("invalid-value", f"{path}: invalid json '({node.text})': {error}", node, path)


def _time(node: ScalarNode, path: str, findings: Findings) -> None:
    try:
        time.fromisoformat(node.text.strip())
    except ValueError:
        message = f"{path}: must be a time of day such as 09:30:00, but it is `{node.text}`."
        findings.add("invalid-value", message, node, path)


_TEXTS: dict[str, Callable[[ScalarNode, str, Findings], None]] = {
    "cron": _cron, "timezone": _timezone, "pattern": _pattern, "json": _json, "time": _time,
}  # fmt: skip
