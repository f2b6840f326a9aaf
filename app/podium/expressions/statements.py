"""Template trees to closures: text, prints and tags write their values into the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import Any

from podium.expressions import nodes
from podium.expressions.arithmetic import entry_list
from podium.expressions.compiler import ExpressionCompiler
from podium.expressions.errors import ExpressionError, LimitExceeded
from podium.expressions.state import Evaluate, MacroCall, State
from podium.expressions.values import to_output, to_text, truth

Write = Callable[[State], None]


class TemplateCompiler(ExpressionCompiler):
    """Collects macros and blocks on the way: both may be used before they are defined."""

    def __init__(self, source: str, dialect: str, traced: bool = False) -> None:
        super().__init__(source, dialect, traced)
        self.macros: dict[str, MacroCall] = {}
        self.blocks: dict[str, Evaluate] = {}

    def body(self, body: nodes.Body) -> Write:
        writes = [self._STATEMENTS[type(statement)](self, statement) for statement in body]
        if len(writes) == 1:
            return writes[0]

        def write(state: State) -> None:
            for one in writes:
                one(state)

        return write

    def _text(self, node: nodes.Text) -> Write:
        text = node.text
        return lambda state: state.out.append(text)

    def _print(self, node: nodes.Print) -> Write:
        return printing(self.expression(node.expression))

    def _if(self, node: nodes.If) -> Write:
        branches = [(self.expression(condition), self.body(body), condition.start) for condition, body in node.branches]
        otherwise = self.body(node.otherwise)

        def write(state: State) -> None:
            for condition, body, offset in branches:
                if self._holds(state, condition, offset):
                    return body(state)
            return otherwise(state)

        return write

    def _holds(self, state: State, condition: Evaluate, offset: int) -> bool:
        """Any failure of a condition is reported as one of its type, which `??` outside cannot catch."""
        try:
            result = truth(condition(state))
        except LimitExceeded:
            raise
        except ExpressionError as error:
            raise ExpressionError(
                f"Wrong operand(s) type in conditional expression: {error.message}",
                template=self.source,
                offset=offset,
                suggestion=error.suggestion,
            ) from error
        if result is None:
            raise ExpressionError(
                "Wrong operand(s) type in conditional expression",
                template=self.source,
                offset=offset,
                suggestion="Ask with `is not null`, `is not empty` or `| length > 0`",
            )
        return result

    def _for(self, node: nodes.For) -> Write:
        iterable, variable = self.expression(node.iterable), node.variable
        body, otherwise, offset = self.body(node.body), self.body(node.otherwise), node.iterable.start

        def write(state: State) -> None:
            value = iterable(state)
            if value is None:
                return
            if isinstance(value, Mapping):
                items: list[Any] = list(entry_list(value))
            elif isinstance(value, (list, tuple, Set)):
                items = list(value)
            else:
                self.fail(f"Not an iterable object. Value = [{to_text(value)}]", offset)
            if not items:
                otherwise(state)
                return
            if not state.frames:
                state.frames.append({})
            frame: dict[str, Any] = {}
            state.frames.append(frame)
            last = len(items) - 1
            try:
                for index, item in enumerate(items):
                    state.check_time()
                    frame["loop"] = {
                        "index": index,
                        "first": index == 0,
                        "last": index == last,
                        "length": last + 1,
                        "revindex": last - index,
                    }
                    frame[variable] = item
                    body(state)
            finally:
                state.frames.pop()

        return write

    def _set(self, node: nodes.Set) -> Write:
        value, variable = self.expression(node.value), node.variable

        def write(state: State) -> None:
            assigned = value(state)
            for frame in reversed(state.frames):
                if variable in frame:
                    frame[variable] = assigned
                    return
            if not state.frames:
                state.frames.append({})
            home = 0 if variable in state.context else -1
            state.frames[home][variable] = assigned

        return write

    def _macro(self, node: nodes.Macro) -> Write:
        parameters = [
            (name, None if default is None else self.expression(default)) for name, default in node.parameters
        ]
        names = {name for name, _ in parameters}
        body, allowed = self.body(node.body), len(parameters)

        def call(state: State, positional: list[Any], named: dict[str, Any]) -> str:
            state.check_time()
            if len(positional) > allowed:
                raise ExpressionError(
                    f"The argument at position {allowed + 1} is not allowed. Only {allowed} argument(s) are allowed."
                )
            for name in named:
                if name not in names:
                    raise ExpressionError(f"The following named argument does not exist: {name}")
            inner = State({}, state.services, state.limits, state.macros, state.blocks, state.dialect, state.recursive)
            inner.deadline, inner.depth, inner.steps = state.deadline, state.depth, state.steps
            frame = dict(zip((name for name, _ in parameters), positional, strict=False)) | named
            for name, default in parameters:
                if name not in frame:
                    frame[name] = None if default is None else default(state)
            inner.frames.append(frame)
            body(inner)
            return joined(inner)

        self.macros[node.name] = call
        return lambda state: None

    def _filter_block(self, node: nodes.FilterBlock) -> Write:
        body = self.body(node.body)
        result = _capture(body)
        for name, arguments, offset in node.filters:
            result = self.filtered(result, name, arguments, offset)
        chain = result

        def write(state: State) -> None:
            value = chain(state)
            if value is not None:
                state.out.append(value)

        return write

    def _block(self, node: nodes.Block) -> Write:
        body = self.body(node.body)
        self.blocks[node.name] = lambda state: captured(state, body)
        return body

    _STATEMENTS: dict[type, Callable[..., Write]] = {
        nodes.Text: _text,
        nodes.Print: _print,
        nodes.If: _if,
        nodes.For: _for,
        nodes.Set: _set,
        nodes.Macro: _macro,
        nodes.FilterBlock: _filter_block,
        nodes.Block: _block,
    }


def printing(expression: Evaluate) -> Write:
    """Write the value of an expression; null writes nothing."""

    def write(state: State) -> None:
        value = expression(state)
        if value is not None:
            state.out.append(value)

    return write


def captured(state: State, body: Write) -> str:
    """The text a body writes, instead of writing it."""
    outer, state.out = state.out, []
    try:
        body(state)
        return joined(state)
    finally:
        state.out = outer


def joined(state: State) -> str:
    """Everything written, as text."""
    texts = [value if type(value) is str else to_output(value) for value in state.out]
    if sum(map(len, texts)) > state.limits.text:
        raise LimitExceeded(f"The rendered text is longer than {state.limits.text} characters")
    return "".join(texts)


def _capture(body: Write) -> Evaluate:
    return lambda state: captured(state, body)
