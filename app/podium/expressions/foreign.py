"""What people bring along from Jinja, Twig or other languages, and how Kestra writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from podium.expressions import nodes

FOREIGN_FILTERS: Mapping[str, str] = MappingProxyType(
    {
        "dateFormat": "Use `date(…)`",
        "strftime": "Use `date(…)` with a Java date pattern",
        "truncate": "Use `abbreviate(…)`",
        "fromJson": "fromJson is a function: write `fromJson(value)`",
        "tojson": "Use `toJson`",
        "to_json": "Use `toJson`",
        "ternary": "Write `condition ? a : b`",
        "int": "Use `number('INT')`",
        "float": "Use `number('DOUBLE')`",
        "str": "Use `string`",
        "d": "Use `default(…)`",
        "e": "Expressions are never escaped; leave it out",
        "escape": "Expressions are never escaped; leave it out",
        "safe": "Expressions are never escaped; leave it out",
        "raw": "Expressions are never escaped; leave it out",
        "unique": "Use `distinct`",
        "items": "Loop with `{% for entry in map %}` over `entry.key` and `entry.value`",
        "count": "Use `length`",
        "size": "Use `length`",
        "b64encode": "Use `base64encode`",
        "b64decode": "Use `base64decode`",
        "numberformat": "Use `numberFormat`",
        "round": "Use `numberFormat('0')`",
        "map": "Use `jq('map(…)')`",
        "select": "Use `jq('map(select(…))')`",
        "selectattr": "Use `jq('map(select(…))')`",
        "groupby": "Use `jq('group_by(…)')`",
        "list": "Leave it out, or use `keys`",
        "batch": "Use `chunk(…)`",
    }
)

FOREIGN_FUNCTIONS: Mapping[str, str] = MappingProxyType(
    {
        "secrets": "Use `secret('…')`",
        "ternary": "Write `condition ? a : b`",
        "toJson": "toJson is a filter: write `value | toJson`",
        "date": "date is a filter: write `now() | date('…')`",
        "env_var": "Use `envs.name`",
        "getenv": "Use `envs.name`",
        "credential": "Credentials are not available in open-source Kestra; use `secret('…')`",
        "appLink": "Apps are not available in open-source Kestra",
        "i18n": "Translation bundles need Java; they are not supported",
        "dict": 'Write a map literal: `{"key": value}`',
    }
)

FOREIGN_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "True": "Write `true`",
        "False": "Write `false`",
        "None": "Write `null`",
        "Null": "Write `null`",
        "nil": "Write `null`",
        "undefined": "Ask with `is defined`, or give another value with `??`",
    }
)

_TREES_OF_TASKS = frozenset({"outputs", "inputs", "vars", "tasks", "trigger", "labels"})
_UNEXPECTED: Mapping[str, str] = MappingProxyType(
    {
        "in": "Write `list contains value` or `value isIn list`",
        "is not": "Write `is not` with one space",
        "not in": "Write `not (value isIn list)`",
        "if": "Write `condition ? value : other`",
        "| |": "Write `or`",
        "? :": "Write `value ?? other`",
        "=": "Write `==` to compare",
        "= =": "Write `==` to compare",
        "< >": "Write `!=`",
        "matches": "Write `value | regexMatch('…')`",
        "[ :": "There are no slices: write `value | slice(0, 2)`",
    }
)


def foreign_syntax(before: Sequence[str], found: str, following: str) -> str | None:
    """What to write instead of a word or sign that cannot stand here. `before` are the pieces in front of it."""
    last = before[-1] if before else ""
    if found == ":" and "[" in before[-4:]:
        last = "["
    return _UNEXPECTED.get(f"{last} {found}") or _UNEXPECTED.get(f"{found} {following}") or _UNEXPECTED.get(found)


def hyphenated(node: nodes.Binary, template: str) -> str | None:
    """`outputs['my-task'].value` for a subtraction that was meant as that path, None for any other."""
    left, right = node.left, node.right
    if node.operator != "-" or not isinstance(left, nodes.Member) or not left.dotted or left.arguments is not None:
        return None
    if left.end != node.operator_start or right.start != node.operator_start + 1:
        return None
    root: nodes.Expression = left
    while isinstance(root, nodes.Member):
        root = root.target
    while isinstance(right, nodes.Member):
        right = right.target
    if not (isinstance(root, nodes.Name) and root.name in _TREES_OF_TASKS and isinstance(right, nodes.Name)):
        return None
    head, _, last = template[left.start : left.end].rpartition(".")
    name, dot, tail = template[node.operator_start : node.right.end].partition(".")
    return f"{head}['{last}{name}']{dot}{tail}"
