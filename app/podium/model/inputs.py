"""The inputs of an execution: typed, validated and complete before the execution exists (semantics 2).

The same rules serve manual runs, subflows, triggers, the `onResume` inputs of a Pause and the form that asks for
them. Everything impure comes in as a callable.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from podium.expressions.errors import ExpressionError
from podium.expressions.values import java_class, to_output
from podium.model.flow import Input
from podium.model.input_checks import check
from podium.model.input_types import Protect, StoreFile, typed

Render = Callable[[Any, Mapping[str, Any]], Any]
"""`(value, inputs) -> value`: renders every expression inside, a lone one keeps its type. `inputs` is what the
expression sees as `inputs`; flow, labels, globals, ... are the caller's to add. Raises ExpressionError."""

_HIDDEN = "******"


@dataclass(frozen=True, slots=True)
class InputError:
    """Why an input cannot be taken."""

    input: str
    message: str
    received: str = "null"

    def __str__(self) -> str:
        return f"Invalid input for `{self.input}`, {self.message}, but received `{self.received}`"


@dataclass(frozen=True, slots=True)
class ResolvedInput:
    """One input after resolution.

    `enabled` is False when `dependsOn` leaves it out; `value` is then what was given, unread, and
    None for a secret. `choices` is what a SELECT or MULTISELECT offers now.
    `prefill` is what a form shows first when nobody has given a value.
    """

    input: Input
    value: Any = None
    enabled: bool = True
    is_default: bool = False
    choices: tuple[str, ...] | None = None
    prefill: Any = None
    errors: tuple[InputError, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolved:
    """All declared inputs, in the order of their declaration.

    `undeclared` are the names that were given but that the flow does not know: they are ignored.
    """

    inputs: tuple[ResolvedInput, ...]
    undeclared: tuple[str, ...] = ()
    conflicts: tuple[InputError, ...] = ()

    @property
    def values(self) -> dict[str, Any]:
        """What expressions see as `inputs`: ids with dots nested, disabled inputs absent, optional ones null."""
        return nested({item.input.id: item.value for item in self.inputs if item.enabled and not item.errors})[0]

    @property
    def errors(self) -> tuple[InputError, ...]:
        """Everything that is wrong, not only the first."""
        return tuple(error for item in self.inputs for error in item.errors) + self.conflicts

    @property
    def visible(self) -> tuple[ResolvedInput, ...]:
        """What a form asks for."""
        return tuple(item for item in self.inputs if item.enabled)

    def ignored(self, flow: str) -> tuple[str, ...]:
        """The warnings for undeclared names; `flow` is its namespace and id, joined by a dot."""
        return tuple(
            f"Input {name} was provided for workflow {flow} but isn't declared in the workflow inputs"
            for name in self.undeclared
        )


def resolve_inputs(
    declared: Sequence[Input],
    given: Mapping[str, Any],
    *,
    render: Render,
    store_file: StoreFile | None = None,
    protect: Protect | None = None,
) -> Resolved:
    """Type and validate what was given and fill in defaults. Never raises for a bad value: see `Resolved.errors`.

    `given` maps ids to texts or typed values; an id with dots may also be given as nested maps. `store_file`
    takes a local file into internal storage and returns its URI; without it, paths stay. `protect` encrypts
    the value of a SECRET; without it, secrets are refused.
    """
    resolver = _Resolver(declared, given, render, store_file, protect)
    items = tuple(resolver.resolve(one) for one in declared)
    conflict = nested({item.input.id: item.value for item in items if item.enabled})[1]
    return Resolved(items, _undeclared(declared, given), conflict)


def output_typer(store_file: StoreFile | None = None, protect: Protect | None = None) -> Callable[[str, Any], Any]:
    """The typing of flow outputs, which follows the types of inputs (semantics 6.1)."""

    def type_output(type_name: str, value: Any) -> Any:
        """Raises ValueError with the reference's text."""
        if value is None:
            raise ValueError("missing required output")
        return typed(type_name, value, id="outputs", store_file=store_file, protect=protect)

    return type_output


class _Unrendered(Exception):
    def __init__(self, message: str, *, enabled: bool = True) -> None:
        super().__init__(message)
        self.enabled = enabled


@dataclass(slots=True)
class _Resolver:
    declared: Sequence[Input]
    given: Mapping[str, Any]
    render: Render
    store_file: StoreFile | None
    protect: Protect | None
    done: dict[str, ResolvedInput] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)

    def resolve(self, input: Input) -> ResolvedInput:
        """Memoised, so that an input may depend on a later one."""
        if input.id not in self.done:
            self.busy.add(input.id)
            self.done[input.id] = self._resolve(input)
            self.busy.discard(input.id)
        return self.done[input.id]

    def _resolve(self, input: Input) -> ResolvedInput:
        needed = self._dependencies(input)
        # Others with a default are there as null, whatever their value is, and the rest is not there at all.
        known = {item.input.id for item in needed}
        others = {other.id: None for other in self.declared if other.defaults is not None and other.id not in known}
        values = {item.input.id: item.value for item in needed if item.enabled and not item.errors}
        seen = nested({**others, **values})[0]
        secret = "SECRET" in (input.type, input.item_type)
        item = ResolvedInput(input, choices=input.values)
        left_out = replace(item, enabled=False, value=None if secret else look_up(self.given, input.id))
        if not all(dependency.enabled for dependency in needed):
            return left_out
        try:
            return self._valued(self._offered(item, seen), seen) if self._wanted(input, seen) else left_out
        except _Unrendered as failure:
            if any(dependency.errors for dependency in needed):
                # The error of the dependency is enough: what follows from it is not the reader's mistake.
                return left_out
            return _refused(replace(item, enabled=failure.enabled), str(failure))

    def _wanted(self, input: Input, seen: Mapping[str, Any]) -> bool:
        condition = input.depends_on.condition if input.depends_on is not None else None
        try:
            return not condition or self.render(condition, seen) is True
        except ExpressionError as error:
            raise _Unrendered(f"Invalid condition: {error}", enabled=False) from error

    def _offered(self, item: ResolvedInput, seen: Mapping[str, Any]) -> ResolvedInput:
        if not item.input.expression or item.input.type not in ("SELECT", "MULTISELECT"):
            return item
        try:
            rendered = self.render(item.input.expression, seen)
        except ExpressionError as error:
            raise _Unrendered(f"Cannot render 'expression'. Cause: {error}") from error
        if not isinstance(rendered, (list, tuple)):
            received = "<null>" if rendered is None else java_class(rendered).rpartition(".")[2]
            message = f"Invalid expression result. Expected a list of strings, but received {received}"
            raise _Unrendered(message)
        return replace(item, choices=tuple(to_output(value) for value in rendered if value is not None))

    def _dependencies(self, input: Input) -> list[ResolvedInput]:
        if input.depends_on is None:
            return []
        known = {other.id: other for other in self.declared}
        wanted = [known[name] for name in input.depends_on.inputs if name in known and name not in self.busy]
        return [self.resolve(other) for other in wanted]

    def _valued(self, item: ResolvedInput, seen: Mapping[str, Any]) -> ResolvedInput:
        value = look_up(self.given, item.input.id)
        if value is None:
            value = self._default(item, seen)
            item = replace(item, is_default=value is not None, prefill=self._prefill(item.input, seen))
        if value is None:
            return _refused(item, "missing required input") if item.input.required else item
        try:
            return replace(item, value=self._accepted(item.input, value, item.choices))
        except ValueError as error:
            return _refused(item, str(error), value)

    def _accepted(self, declared: Input, value: Any, choices: Sequence[str] | None) -> Any:
        """The typed value. Raises ValueError with the message for one that is not allowed."""
        clear = to_output(value)
        if declared.type in ("FILE", "SECRET") and (message := check(declared, value, choices, clear)):
            raise ValueError(message)  # before the file is copied and the secret encrypted
        accepted = typed(
            declared.type, value, item_type=declared.item_type, id=declared.id,
            store_file=self.store_file, protect=self.protect,
        )  # fmt: skip
        if message := check(declared, accepted, choices, clear):
            raise ValueError(message)
        return accepted

    def _default(self, item: ResolvedInput, seen: Mapping[str, Any]) -> Any:
        if item.input.defaults is not None:
            try:
                return self.render(item.input.defaults, seen)
            except ExpressionError as error:
                raise _Unrendered(f"Cannot render 'defaults'. Cause: {error}") from error
        return item.choices[0] if item.input.auto_select_first and item.choices else None

    def _prefill(self, input: Input, seen: Mapping[str, Any]) -> Any:
        """Only a suggestion: one that cannot be rendered is none."""
        try:
            return self.render(input.prefill, seen) if input.prefill is not None else None
        except ExpressionError:
            return None


def _refused(item: ResolvedInput, message: str, value: Any = None) -> ResolvedInput:
    received = "null" if value is None else to_output(value)
    if value is not None and "SECRET" in (item.input.type, item.input.item_type):
        received = _HIDDEN
    return replace(item, value=value, errors=(InputError(item.input.id, message, received),))


def look_up(given: Mapping[str, Any], id: str) -> Any:
    """The value given for an id: under the id itself, or inside nested maps along its dots; None when absent."""
    if id in given:
        return given[id]
    current: Any = given
    for part in id.split("."):
        if not isinstance(current, Mapping) or part not in current:
            return None
        current = current[part]
    return current


def nested(values: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[InputError, ...]]:
    """Ids with dots as nested maps, and the ids that stand in each other's way (`a` and `a.b`)."""
    result: dict[str, Any] = {}
    conflicts: list[InputError] = []
    branches: set[str] = set()
    for name, value in values.items():
        *parents, last = name.split(".")
        current = result
        path = ""
        for part in parents:
            path = f"{path}.{part}" if path else part
            if part in current and path not in branches:
                break
            branches.add(path)
            current = current.setdefault(part, {})
        else:
            if name not in branches:
                current[last] = value
                continue
            path = name
        keys = ", ".join(values)
        conflicts.append(InputError(name, f"Conflict at key: '{path}'. Map keys are: [{keys}]", to_output(value)))
    return result, tuple(conflicts)


def _undeclared(declared: Sequence[Input], given: Mapping[str, Any]) -> tuple[str, ...]:
    known = {one.id for one in declared}
    roots = {name.split(".")[0] for name in known if "." in name}
    return tuple(
        name for name, value in given.items()
        if name not in known and not (name in roots and isinstance(value, Mapping))
    )  # fmt: skip
