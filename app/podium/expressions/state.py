"""What one rendering carries along: variables in scope, services, written values and its budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from podium.expressions.errors import ExpressionError, LimitExceeded
from podium.expressions.limits import Limits
from podium.expressions.services import Services

if TYPE_CHECKING:
    from podium.expressions.trace import Step

Evaluate = Callable[["State"], Any]
MacroCall = Callable[["State", list[Any], dict[str, Any]], Any]


class State:
    """`frames` are the local scopes, innermost last; `out` collects written values, not yet turned to text."""

    __slots__ = (
        "blocks",
        "context",
        "deadline",
        "depth",
        "dialect",
        "frames",
        "limits",
        "macros",
        "out",
        "recursive",
        "services",
        "steps",
    )

    def __init__(
        self,
        context: Mapping[str, Any],
        services: Services,
        limits: Limits,
        macros: Mapping[str, MacroCall],
        blocks: Mapping[str, Evaluate],
        dialect: str,
        recursive: bool = False,
    ) -> None:
        self.context = context
        self.services = services
        self.limits = limits
        self.macros = macros
        self.blocks = blocks
        self.dialect = dialect
        self.recursive = recursive
        self.frames: list[dict[str, Any]] = []
        self.out: list[Any] = []
        self.depth = 0
        self.deadline = time.monotonic() + limits.seconds
        self.steps: list[Step] | None = None

    def check_time(self) -> None:
        if time.monotonic() > self.deadline:
            raise LimitExceeded(f"The rendering took longer than {self.limits.seconds:g} seconds")
        if len(self.out) > self.limits.elements * 4:
            raise LimitExceeded("The rendering writes too many pieces")

    def variable(self, name: str, default: Any = None) -> Any:
        """A variable in scope, `default` if there is none. For functions that look at the context themselves."""
        for frame in reversed(self.frames):
            if name in frame:
                return frame[name]
        try:
            return self.context[name]
        except KeyError:
            return default

    def names(self) -> list[str]:
        """Every variable in scope, for suggestions."""
        return [*self.context, *(name for frame in self.frames for name in frame)]

    def namespace(self) -> str | None:
        """The namespace of the running flow, None outside one."""
        flow = self.variable("flow")
        namespace = flow.get("namespace") if isinstance(flow, Mapping) else None
        return namespace if isinstance(namespace, str) else None

    def required_namespace(self, function: str) -> str:
        namespace = self.namespace()
        if namespace is None:
            raise ExpressionError(
                f"The '{function}' function needs to know the flow's namespace: the variable "
                "`flow.namespace` is missing"
            )
        return namespace
