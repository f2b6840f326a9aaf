"""Every filter, function and test of the language: what evaluation, completion, hover and lint read.

The declarations stand beside the implementations; this module only brings them together.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from podium.expressions import checks
from podium.expressions.entries import Entry, merged
from podium.expressions.errors import did_you_mean
from podium.expressions.filters import collections, dates, encodings, numbers, text
from podium.expressions.foreign import FOREIGN_FUNCTIONS
from podium.expressions.functions import calendar, data, execution, files, identifiers, network, secrets

FILTER_GROUPS: Mapping[str, Mapping[str, Entry]] = MappingProxyType(
    {
        "Text": text.CATALOG,
        "Numbers": numbers.CATALOG,
        "Lists and maps": collections.CATALOG,
        "Notations": encodings.CATALOG,
        "Dates": dates.CATALOG,
    }
)
FUNCTION_GROUPS: Mapping[str, Mapping[str, Entry]] = MappingProxyType(
    {
        "Values and templates": data.CATALOG,
        "Dates": calendar.CATALOG,
        "Ids and random numbers": identifiers.CATALOG,
        "Secrets, key-values, environment": secrets.CATALOG,
        "Files": files.CATALOG,
        "The execution": execution.CATALOG,
        "Network": network.CATALOG,
    }
)
"""By subject, as the reference page shows them."""

FILTERS: Mapping[str, Entry] = MappingProxyType(merged(*FILTER_GROUPS.values()))
FUNCTIONS: Mapping[str, Entry] = MappingProxyType(merged(*FUNCTION_GROUPS.values()))
TESTS: Mapping[str, Entry] = MappingProxyType(dict(checks.CATALOG))


def function_hint(name: str) -> str | None:
    """What to write instead of a function that does not exist."""
    if name in FOREIGN_FUNCTIONS:
        return FOREIGN_FUNCTIONS[name]
    if name in FILTERS:
        return f"`{name}` is a filter: write `value | {name}`"
    return did_you_mean(name, FUNCTIONS)
