"""Expression trees to Python closures: everything that can be decided before rendering is decided here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import Any, NoReturn

from podium.expressions import arithmetic, nodes
from podium.expressions.bindings import Failure, bound, constants
from podium.expressions.entries import Entry
from podium.expressions.errors import ExpressionError, LimitExceeded, MissingValue, did_you_mean
from podium.expressions.foreign import FOREIGN_FILTERS, hyphenated
from podium.expressions.members import NOTHING, member, member_names, method
from podium.expressions.registry import FILTERS, FUNCTIONS, TESTS, function_hint
from podium.expressions.state import Evaluate, State
from podium.expressions.trace import recorded
from podium.expressions.values import as_long, equal, kind_of, to_text, truth

Operation = Callable[[Any, Any], Any]

_ARITHMETIC: dict[str, tuple[str, Operation]] = {
    "+": ("addition", arithmetic.add),
    "-": ("subtraction", arithmetic.subtract),
    "*": ("multiplication", arithmetic.multiply),
    "/": ("division", arithmetic.divide),
    "%": ("greater modulus", arithmetic.modulo),
    "==": ("equals comparison", equal),
    "equals": ("equals comparison", equal),
    "!=": ("not equals comparison", lambda left, right: not equal(left, right)),
}
_ORDER: dict[str, tuple[str, Callable[[int], bool]]] = {
    "<": ("less than comparison", lambda sign: sign < 0),
    ">": ("greater than comparison", lambda sign: sign > 0),
    "<=": ("less than or equals comparison", lambda sign: sign <= 0),
    ">=": ("greater than or equals comparison", lambda sign: sign >= 0),
}
_DIRECT: dict[str, Operation] = {
    "contains": arithmetic.contains,
    "isIn": arithmetic.is_in,
    "..": arithmetic.sequence,
}


class ExpressionCompiler:
    """Compiles the expressions of one template. With `traced`, every step also notes its value in the state."""

    def __init__(self, source: str, dialect: str, traced: bool = False) -> None:
        self.source = source
        self.dialect = dialect
        self.traced = traced

    def expression(self, node: nodes.Expression) -> Evaluate:
        evaluate = self._COMPILE[type(node)](self, node)
        if self.traced and not isinstance(node, (nodes.Literal, nodes.Group)):
            return recorded(evaluate, node)
        return evaluate

    def _literal(self, node: nodes.Literal) -> Evaluate:
        value = node.value
        return lambda state: value

    def _group(self, node: nodes.Group) -> Evaluate:
        return self.expression(node.inner)

    def _name(self, node: nodes.Name) -> Evaluate:
        return self._path(node.name, node.start, ())

    def _member(self, node: nodes.Member) -> Evaluate:
        steps: list[tuple[Any, int]] = []
        target: nodes.Expression = node
        while (
            isinstance(target, nodes.Member)
            and target.arguments is None
            and isinstance(target.key, nodes.Literal)
            and isinstance(target.key.value, str)
        ):
            steps.append((target.key.value, target.key.start))
            target = target.target
        if isinstance(target, nodes.Name) and not self.traced:
            return self._path(target.name, target.start, tuple(reversed(steps)))
        if node.arguments is not None:
            return self._method(node, node.arguments)
        return self._subscript(node)

    def _path(self, root: str, root_start: int, steps: tuple[tuple[str, int], ...]) -> Evaluate:
        """A variable and constant keys: what nearly every expression is, so it gets one tight closure."""
        keys = tuple(key for key, _ in steps)

        def path(state: State) -> Any:
            value = NOTHING
            for frame in reversed(state.frames):
                if root in frame:
                    value = frame[root]
                    break
            else:
                try:
                    value = state.context[root]
                except KeyError:
                    raise MissingValue(root, template=self.source, offset=root_start, available=state.names) from None
            for key in keys:
                if type(value) is dict and key in value:
                    value = value[key]
                else:
                    return follow(value, state)
            return value

        def follow(value: Any, state: State) -> Any:
            """The slow way, from the start: something is not a plain dict, or missing."""
            value, walked = state.variable(root), root
            for index, (key, start) in enumerate(steps):
                if value is None:
                    name, offset = (root, root_start) if index == 0 else (key, start)
                    raise MissingValue(name, template=self.source, offset=offset, path=f"{walked}.{key}")
                value = self._looked_up(value, key, start, f"{walked}.{key}")
                walked = f"{walked}.{key}"
            return value

        return path

    def _looked_up(self, value: Any, key: Any, offset: int, path: str) -> Any:
        try:
            found = member(value, key)
        except ExpressionError as error:
            raise error.locate(self.source, offset) from None
        if found is NOTHING:
            raise MissingValue(
                to_text(key),
                template=self.source,
                offset=offset,
                path=path,
                available=lambda: member_names(value),
            )
        return found

    def _subscript(self, node: nodes.Member) -> Evaluate:
        target, key, offset = self.expression(node.target), self.expression(node.key), node.key.start
        root = node.target.name if isinstance(node.target, nodes.Name) else None
        path = self.source[node.start : node.end]

        def subscript(state: State) -> Any:
            value = target(state)
            wanted = key(state)
            if value is None:
                raise MissingValue(root or to_text(wanted), template=self.source, offset=offset, path=path)
            return self._looked_up(value, wanted, offset, path)

        return subscript

    def _method(self, node: nodes.Member, arguments: nodes.Arguments) -> Evaluate:
        target, offset = self.expression(node.target), node.key.start
        name = node.key.value if isinstance(node.key, nodes.Literal) else ""
        values = [self.expression(argument) for argument in arguments.positional]
        path = self.source[node.start : node.end]

        def call(state: State) -> Any:
            value = target(state)
            given = tuple(evaluate(state) for evaluate in values)
            try:
                found = method(value, str(name), given)
            except ExpressionError as error:
                raise error.locate(self.source, offset) from None
            if found is NOTHING:
                raise MissingValue(str(name), template=self.source, offset=offset, path=path)
            return found

        return call

    def _unary(self, node: nodes.Unary) -> Evaluate:
        operand, offset = self.expression(node.operand), node.start
        if node.operator == "not":

            def negated(state: State) -> bool:
                value = operand(state)
                if value is None:
                    self.fail("null value given to not() and strict variables is set to true", offset)
                return not self._truth(value, "not", offset)

            return negated
        sign = arithmetic.negate if node.operator == "-" else arithmetic.affirm

        def signed(state: State) -> Any:
            value = operand(state)
            try:
                return sign(value)
            except ExpressionError as error:
                raise error.locate(self.source, offset) from None

        return signed

    def _binary(self, node: nodes.Binary) -> Evaluate:
        operator = node.operator
        if operator == "~":
            return self._concatenation(node)
        left, right = self.expression(node.left), self.expression(node.right)
        offset = node.operator_start
        if operator in ("and", "or"):
            return self._logic(operator, left, right, offset)
        if operator in ("??", "???"):
            return _coalesce(left, right, undefined_only=operator == "???")
        if operator in _ORDER:
            what, holds = _ORDER[operator]
            strings = self.dialect != "1.x"

            def ordered(one: Any, other: Any) -> bool:
                sign = arithmetic.compare(one, other, strings)
                return sign is not None and holds(sign)

            return self._wrapping(what, ordered, left, right, offset)
        if operator in _ARITHMETIC:
            what, operation = _ARITHMETIC[operator]
            mended = hyphenated(node, self.source)
            hint = None if mended is None else f"A name with a hyphen goes in brackets: `{mended}`"
            return self._wrapping(what, operation, left, right, offset, hint)
        direct = _DIRECT[operator]
        lazy = operator == "contains"

        def plain(state: State) -> Any:
            one = left(state)
            if one is None and lazy:
                return False
            other = right(state)
            try:
                return direct(one, other)
            except ExpressionError as error:
                raise error.locate(self.source, offset) from None

        return plain

    def _wrapping(
        self, what: str, operation: Operation, left: Evaluate, right: Evaluate, offset: int, hint: str | None = None
    ) -> Evaluate:
        """Operators that replace any failure of an operand by their own, so that `??` cannot catch it."""

        def operate(state: State) -> Any:
            try:
                return operation(left(state), right(state))
            except LimitExceeded as error:
                raise error.locate(self.source, offset) from None
            except ExpressionError as error:
                raise ExpressionError(
                    f"Could not perform {what}: {error.message}",
                    template=self.source,
                    offset=offset,
                    suggestion=hint or error.suggestion,
                ) from error

        return operate

    def _concatenation(self, node: nodes.Binary) -> Evaluate:
        """`a ~ b ~ c` in one go: long texts are written as long chains."""
        operands: list[nodes.Expression] = []
        rest: nodes.Expression = node
        while isinstance(rest, nodes.Binary) and rest.operator == "~":
            operands.append(rest.right)
            rest = rest.left
        operands.append(rest)
        return self._joined([self.expression(operand) for operand in reversed(operands)], node.start)

    def _interpolation(self, node: nodes.Interpolation) -> Evaluate:
        return self._joined([self.expression(part) for part in node.parts], node.start)

    def _joined(self, parts: list[Evaluate], offset: int) -> Evaluate:
        def joined(state: State) -> str:
            texts = [to_text(part(state), null="") for part in parts]
            if sum(map(len, texts)) > state.limits.text:
                raise LimitExceeded(
                    f"The text grows beyond {state.limits.text} characters",
                    template=self.source,
                    offset=offset,
                )
            return "".join(texts)

        return joined

    def _logic(self, operator: str, left: Evaluate, right: Evaluate, offset: int) -> Evaluate:
        decisive = operator == "or"

        def logic(state: State) -> bool:
            for side in (left, right):
                value = side(state)
                if value is None:
                    self.fail("null value used in and operator and strict variables is set to true", offset)
                if self._truth(value, operator, offset) is decisive:
                    return decisive
            return not decisive

        return logic

    def _truth(self, value: Any, operator: str, offset: int) -> bool:
        result = truth(value)
        if result is None:
            self.fail(
                f"'{operator}' expects a boolean, number or string, got {kind_of(value)}: "
                "ask with `is not empty` or `| length > 0`",
                offset,
            )
        return result

    def _ternary(self, node: nodes.Ternary) -> Evaluate:
        condition, then = self.expression(node.condition), self.expression(node.then)
        otherwise, offset = self.expression(node.otherwise), node.condition.start

        def choose(state: State) -> Any:
            value = condition(state)
            if value is True:
                return then(state)
            if value is None or value is False:
                return otherwise(state)
            return then(state) if self._truth(value, "? :", offset) else otherwise(state)

        return choose

    def _list(self, node: nodes.ListLiteral) -> Evaluate:
        items = [self.expression(item) for item in node.items]
        return lambda state: [item(state) for item in items]

    def _map(self, node: nodes.MapLiteral) -> Evaluate:
        pairs = [(self.expression(key), self.expression(value)) for key, value in node.pairs]

        def build(state: State) -> dict[Any, Any]:
            result: dict[Any, Any] = {}
            for key, value in pairs:
                name = key(state)
                if isinstance(name, (list, tuple, Mapping, Set)):
                    name = to_text(name)
                result[name] = value(state)
            return result

        return build

    def _test(self, node: nodes.Test) -> Evaluate:
        value, negated = self.expression(node.value), node.negated
        if node.name == "defined":

            def defined(state: State) -> bool:
                try:
                    return (value(state) is not None) is not negated
                except MissingValue:
                    return negated

            return defined
        entry = TESTS.get(node.name)
        if entry is None:
            return self.unknown(f"Test [{node.name}] does not exist.", node.name, TESTS, node.name_start)
        check = self.guarded(entry, node.name, node.name_start)
        return lambda state: check(state, value(state)) is not negated

    def _filter(self, node: nodes.Filter) -> Evaluate:
        value = self.expression(node.value)
        if node.name == "className" and nodes.is_calculated(node.value):
            return self.filtered(lambda state: as_long(value(state)), node.name, node.arguments, node.name_start)
        return self.filtered(value, node.name, node.arguments, node.name_start)

    def filtered(self, value: Evaluate, name: str, arguments: nodes.Arguments, offset: int) -> Evaluate:
        """`value | name(arguments)`; the arguments are evaluated before the value, as on a server."""
        entry = FILTERS.get(name)
        if entry is None:
            message = f"Filter [{name}] does not exist."
            return self.unknown(message, name, FILTERS, offset, FOREIGN_FILTERS.get(name))
        binding = bound(entry, arguments, self.expression)
        if isinstance(binding, Failure):
            return self.failing(binding.message, offset if binding.offset is None else binding.offset)
        run = self.guarded(entry, name, offset)
        passes_null = entry.passes_null
        if name == "default":

            def default(state: State) -> Any:
                given = [argument(state) for argument in binding]
                try:
                    found = value(state)
                except MissingValue:
                    found = None
                return run(state, found, *given)

            return default
        fixed = constants(entry, arguments)
        if fixed is not None:

            def fixed_apply(state: State) -> Any:
                found = value(state)
                return None if found is None and passes_null else run(state, found, *fixed)

            return fixed_apply

        def apply(state: State) -> Any:
            given = [argument(state) for argument in binding]
            found = value(state)
            return None if found is None and passes_null else run(state, found, *given)

        return apply

    def _call(self, node: nodes.Call) -> Evaluate:
        entry, offset, name = FUNCTIONS.get(node.name), node.start, node.name
        if entry is None:
            return self._macro_call(node)
        binding = bound(entry, node.arguments, self.expression)
        if isinstance(binding, Failure):
            return self.failing(binding.message, offset if binding.offset is None else binding.offset)
        run = self.guarded(entry, name, offset)

        def call(state: State) -> Any:
            if state.recursive and name in ("render", "renderOnce"):
                self.fail(f"Function or Macro [{name}] does not exist.", offset)
            return run(state, *[argument(state) for argument in binding])

        return call

    def _macro_call(self, node: nodes.Call) -> Evaluate:
        name, offset = node.name, node.start
        positional = [self.expression(argument) for argument in node.arguments.positional]
        named = [(key, self.expression(argument)) for key, argument, _ in node.arguments.named]

        def call(state: State) -> Any:
            macro = state.macros.get(name)
            if macro is None:
                raise ExpressionError(
                    f"Function or Macro [{name}] does not exist.",
                    template=self.source,
                    offset=offset,
                    suggestion=function_hint(name),
                )
            try:
                return macro(
                    state,
                    [argument(state) for argument in positional],
                    {key: argument(state) for key, argument in named},
                )
            except ExpressionError as error:
                raise error.locate(self.source, offset) from None

        return call

    def guarded(self, entry: Entry, name: str, offset: int) -> Callable[..., Any]:
        """The implementation, with every failure turned into an error that knows its place."""
        run, kind = entry.run, entry.kind

        def guarded(state: State, *arguments: Any) -> Any:
            try:
                return run(state, *arguments)
            except ExpressionError as error:
                raise error.locate(self.source, offset) from error.__cause__
            except RecursionError:
                raise
            except Exception as error:
                reason = str(error) or type(error).__name__
                raise ExpressionError(
                    f"The '{name}' {kind} failed: {reason}", template=self.source, offset=offset
                ) from error

        return guarded

    def unknown(self, message: str, name: str, known: Any, offset: int, hint: str | None = None) -> Evaluate:
        def fail(state: State) -> NoReturn:
            suggestion = hint or did_you_mean(name, known)
            raise ExpressionError(message, template=self.source, offset=offset, suggestion=suggestion)

        return fail

    def failing(self, message: str, offset: int) -> Evaluate:
        return lambda state: self.fail(message, offset)

    def fail(self, message: str, offset: int) -> NoReturn:
        raise ExpressionError(message, template=self.source, offset=offset)

    _COMPILE: dict[type, Callable[..., Evaluate]] = {
        nodes.Literal: _literal,
        nodes.Group: _group,
        nodes.Name: _name,
        nodes.Member: _member,
        nodes.Unary: _unary,
        nodes.Binary: _binary,
        nodes.Interpolation: _interpolation,
        nodes.Ternary: _ternary,
        nodes.ListLiteral: _list,
        nodes.MapLiteral: _map,
        nodes.Test: _test,
        nodes.Filter: _filter,
        nodes.Call: _call,
    }


def _coalesce(left: Evaluate, right: Evaluate, *, undefined_only: bool) -> Evaluate:
    def coalesce(state: State) -> Any:
        try:
            value = left(state)
        except MissingValue:
            return right(state)
        return right(state) if value is None and not undefined_only else value

    return coalesce
