"""Names people bring along from Jinja, Twig or other tools, and what Kestra calls the thing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

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
