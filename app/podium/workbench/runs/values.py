"""What an execution knows - outputs, inputs, variables - with the expression that leads to each value."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from podium.base.text import clean, clean_output, shorten
from podium.engine.execution import Execution
from podium.engine.plan import Plan
from podium.engine.variables import Variables
from podium.expressions.values import to_output
from podium.model.flow import Flow
from podium.store.internal_storage import InternalStorage

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEYWORDS = frozenset({"and", "or", "not", "in", "is", "true", "false", "null", "none", "if", "else", "contains"})
_MOST_READ = 1 << 20
ROOTS = ("outputs", "inputs", "vars", "trigger", "labels", "flow", "execution")
"""The names of an execution that are worth showing, in this order."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value and its way there: keys of maps and indexes of lists."""

    path: tuple[str | int, ...]
    value: Any

    @property
    def is_branch(self) -> bool:
        """Whether there are values inside."""
        return isinstance(self.value, (Mapping, list, tuple)) and len(self.value) > 0

    @property
    def name(self) -> str:
        """The last step of the path."""
        last = self.path[-1] if self.path else ""
        return f"[{last}]" if isinstance(last, int) else last

    @property
    def expression(self) -> str:
        """`{{ outputs.task['a-b'][0] }}`."""
        return f"{{{{ {path_of(self.path)} }}}}"

    @property
    def text(self) -> str:
        """The value as an expression would print it."""
        return to_output(self.value)

    @property
    def as_json(self) -> str:
        """The value as JSON, for people."""
        return json.dumps(self.value, ensure_ascii=False, indent=2, default=str)

    def shown(self, width: int = 400) -> str:
        """What stands behind the name in one row: the value, or how many are inside."""
        value = self.value
        if isinstance(value, Mapping):
            return "{}" if not value else f"{len(value):,} key{'s' if len(value) != 1 else ''}"
        if isinstance(value, (list, tuple)):
            return "[]" if not value else f"{len(value):,} item{'s' if len(value) != 1 else ''}"
        if value is None:
            return "null"
        if value == "":
            return '""'
        if isinstance(value, bool):
            return "true" if value else "false"
        return shorten(clean(str(value)[: width * 4]), width)

    def children(self, first: int = 0, count: int | None = None) -> Iterator["Value"]:
        """The values inside, from the `first` on, at most `count`; not those of tasks without any output."""
        last = None if count is None else first + count
        if isinstance(self.value, Mapping):
            keys = [key for key in self.value if self.path != ("outputs",) or self.value[key] != {}]
            for key in keys[first:last]:
                yield Value((*self.path, str(key)), self.value[key])
        elif isinstance(self.value, (list, tuple)):
            for at, item in enumerate(self.value[first:last], first):
                yield Value((*self.path, at), item)


def path_of(path: Sequence[str | int]) -> str:
    """The expression of a path without its braces; keys that are no names go into brackets."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _NAME.fullmatch(step) and step not in _KEYWORDS:
            text += f".{step}" if text else step
        else:
            quoted = step.replace("\\", "\\\\").replace("'", "\\'")
            text += f"['{quoted}']"
    return text


def context_of(execution: Execution, flow: Flow | None) -> dict[str, Any]:
    """The names that expressions of this execution see; `flow` as it ran, None when it cannot be read any more."""
    plan = Plan(flow or Flow(execution.flow_id, execution.namespace))
    return Variables(plan, execution, {}).of_execution()


def text_behind(value: Value, storage: InternalStorage, namespace: str) -> str:
    """The whole of a value as text; of a file in internal storage its content, as far as it is text.

    Raises StoreError when the file cannot be read.
    """
    if not isinstance(value.value, str) or not value.value.startswith("kestra://"):
        return value.text
    path = storage.path(value.value, namespace, lambda _: True)
    with path.open("rb") as file:
        data = file.read(_MOST_READ)
    rest = path.stat().st_size - len(data)
    if b"\0" in data:
        return f"{value.value}\n\n{len(data) + rest:,} bytes that are no text."
    more = f"\n… {rest:,} bytes more: {path}" if rest > 0 else ""
    return clean_output(data.decode("utf-8", "replace")) + more


def values_of(execution: Execution, flow: Flow | None, roots: Sequence[str] = ROOTS) -> list[Value]:
    """The roots that have something to show. The outputs of the flow itself come as `execution.outputs`."""
    context = context_of(execution, flow)
    found = [Value((name,), context[name]) for name in roots if context.get(name)]
    found = [value for value in found if next(value.children(), None) is not None]
    if "outputs" in roots and execution.outputs:
        found.insert(0, Value(("execution", "outputs"), execution.outputs))
    return found
