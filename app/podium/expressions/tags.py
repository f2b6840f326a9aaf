"""Whole templates to syntax trees: text, prints and the tags Kestra leaves in Pebble."""

from __future__ import annotations

from collections.abc import Callable

from podium.expressions import nodes
from podium.expressions.errors import ExpressionSyntaxError, LimitExceeded, did_you_mean
from podium.expressions.lexer import (
    EOF,
    NAME,
    OPERATOR,
    PRINT_END,
    PRINT_START,
    PUNCTUATION,
    STRING,
    TAG_END,
    TAG_START,
    TEXT,
    Token,
    tokenize,
)
from podium.expressions.operators import dialect_name
from podium.expressions.parser import CONSTANTS, ExpressionParser


def parse(template: str, dialect: str = "1.x") -> nodes.Body:
    """The syntax tree of a template. Raises `ExpressionSyntaxError`, or `LimitExceeded` when nested too deeply."""
    try:
        return TemplateParser(template, tokenize(template), dialect_name(dialect)).template_body()
    except RecursionError:
        raise LimitExceeded("The expression is nested too deeply", template=template) from None


class TemplateParser(ExpressionParser):
    def __init__(self, template: str, tokens: list[Token], dialect: str) -> None:
        super().__init__(template, tokens, dialect)
        self._macros: set[str] = set()
        self._tags: dict[str, Callable[[Token], nodes.Statement]] = {
            "if": self._if,
            "for": self._for,
            "set": self._set,
            "macro": self._macro,
            "filter": self._filter_tag,
            "block": self._block,
        }

    def template_body(self) -> nodes.Body:
        return self._body(())

    def _body(self, stops: tuple[str, ...]) -> nodes.Body:
        """Statements up to one of the `stops` tags, whose `{%` and name are left to be read, or to the end."""
        body: list[nodes.Statement] = []
        while self.current.kind != EOF:
            statement = self.statement(stops)
            if statement is None:
                return tuple(body)
            body.append(statement)
        if stops:
            self.no_end(stops, self.current)
        return tuple(body)

    def no_end(self, stops: tuple[str, ...], token: Token) -> None:
        """The template ends inside a tag: an error here, taken note of by the tolerant reading."""
        self.fail(f'Unexpected end of template. Pebble was looking for the "{stops[-1]}" tag', token)

    def statement(self, stops: tuple[str, ...]) -> nodes.Statement | None:
        """The next statement, None in front of one of the `stops` tags."""
        token = self.current
        if token.kind == TEXT:
            self.advance()
            return nodes.Text(token.value, token.start, token.end)
        if token.kind == PRINT_START:
            self.advance()
            expression = self.expression()
            end = self.expect(PRINT_END)
            return nodes.Print(expression, token.start, end.end)
        name = self.tokens[min(self.index + 1, len(self.tokens) - 1)]
        if token.kind != TAG_START or name.kind != NAME:
            self.fail("A block must start with a tag name.", name)
        if name.value in stops:
            return None
        read = self._tags.get(name.value)
        if read is None:
            raise ExpressionSyntaxError(
                f'Unexpected tag name "{name.value}"',
                template=self.template,
                offset=name.start,
                suggestion=_TAG_HINTS.get(name.value) or did_you_mean(name.value, _TAG_NAMES),
            )
        self.index += 2
        return read(token)

    def _closing(self) -> str:
        """Step over `{%` and the tag name at which `_body` stopped."""
        self.expect(TAG_START)
        return self.expect(NAME).value

    def _end(self) -> int:
        return self.expect(TAG_END).end

    def _if(self, opening: Token) -> nodes.If:
        branches: list[tuple[nodes.Expression, nodes.Body]] = []
        otherwise: nodes.Body = ()
        condition = self.expression()
        self._end()
        while True:
            branches.append((condition, self._body(("else", "elseif", "endif"))))
            closing = self._closing()
            if closing != "elseif":
                break
            condition = self.expression()
            self._end()
        if closing == "else":
            self._end()
            otherwise = self._body(("endif",))
            self._closing()
        return nodes.If(tuple(branches), otherwise, opening.start, self._end())

    def _for(self, opening: Token) -> nodes.For:
        variable = self._variable()
        self.expect(NAME, "in")
        iterable = self.expression()
        self._end()
        body = self._body(("else", "endfor"))
        otherwise: nodes.Body = ()
        if self._closing() == "else":
            self._end()
            otherwise = self._body(("endfor",))
            self._closing()
        return nodes.For(variable, iterable, body, otherwise, opening.start, self._end())

    def _set(self, opening: Token) -> nodes.Set:
        variable = self._variable()
        self.expect(PUNCTUATION, "=")
        return nodes.Set(variable, self.expression(), opening.start, self._end())

    def _macro(self, opening: Token) -> nodes.Macro:
        name = self.expect(NAME)
        if name.value in self._macros:
            self.fail(f"More than one macro can not share the same name: {name.value}", name)
        self._macros.add(name.value)
        parameters: list[tuple[str, nodes.Expression | None]] = []
        self.expect(PUNCTUATION, "(")
        while not self.at(PUNCTUATION, ")") or parameters:
            parameter = self._variable()
            default = None
            if self.at(PUNCTUATION, "="):
                self.advance()
                default = self.expression()
            parameters.append((parameter, default))
            if not self.at(PUNCTUATION, ","):
                break
            self.advance()
        self.expect(PUNCTUATION, ")")
        self._end()
        body = self._body(("endmacro",))
        self._closing()
        return nodes.Macro(name.value, tuple(parameters), body, opening.start, self._end())

    def _filter_tag(self, opening: Token) -> nodes.FilterBlock:
        filters: list[tuple[str, nodes.Arguments, int]] = []
        while True:
            name, arguments = self.filter_invocation()
            filters.append((name.value, arguments, name.start))
            if not self.at(OPERATOR, "|"):
                break
            self.advance()
        self._end()
        body = self._body(("endfilter",))
        self._closing()
        return nodes.FilterBlock(tuple(filters), body, opening.start, self._end())

    def _block(self, opening: Token) -> nodes.Block:
        name = self.expect(STRING if self.current.kind == STRING else NAME)
        self._end()
        try:
            body = self._body(("endblock",))
        except ExpressionSyntaxError as error:
            if not error.message.endswith('"endblock" tag'):
                raise
            line = self.template.count("\n", 0, opening.start) + 1
            self.fail(f"endblock tag should be present with block tag starting line number {line}", opening)
        self._closing()
        if self.current.kind in (NAME, STRING) and self.current.value == name.value:
            self.advance()
        return nodes.Block(name.value, body, opening.start, self._end())

    def _variable(self) -> str:
        token = self.expect(NAME)
        if token.value in CONSTANTS:
            self.fail(f"Can not assign a value to {token.value}", token)
        return token.value


_TAG_NAMES = [
    "if",
    "elseif",
    "else",
    "endif",
    "for",
    "endfor",
    "set",
    "macro",
    "endmacro",
    "filter",
    "endfilter",
    "block",
    "endblock",
    "verbatim",
    "endverbatim",
    "raw",
]
_TAG_HINTS = {
    "elif": "Write `{% elseif … %}`",
    "raw": "A raw block must open and close on one line; use `{% verbatim %}` for more lines",
    "endraw": "A raw block must open and close on one line; use `{% verbatim %}` for more lines",
}
