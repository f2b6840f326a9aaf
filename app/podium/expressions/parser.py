"""Expressions to syntax trees: operator precedence climbing over the table of `operators`."""

from __future__ import annotations

from typing import NoReturn

from podium.expressions import nodes
from podium.expressions.errors import ExpressionSyntaxError
from podium.expressions.foreign import foreign_syntax
from podium.expressions.lexer import (
    EOF,
    INTERPOLATION_END,
    INTERPOLATION_START,
    NAME,
    NUMBER,
    OPERATOR,
    PUNCTUATION,
    STRING,
    Token,
)
from podium.expressions.operators import BINARY, FILTER, TESTS, UNARY, UNARY_OPERATORS

CONSTANTS: dict[str, bool | None] = {
    "true": True,
    "TRUE": True,
    "false": False,
    "FALSE": False,
    "null": None,
    "NULL": None,
    "none": None,
    "NONE": None,
}
_LARGEST_INTEGER = 2**63 - 1


class ExpressionParser:
    """Reads expressions from a token list; `index` is the next token."""

    def __init__(self, template: str, tokens: list[Token], dialect: str) -> None:
        self.template = template
        self.tokens = tokens
        self.index = 0
        self._precedence = BINARY[dialect]

    @property
    def current(self) -> Token:
        return self.tokens[self.index]

    def advance(self) -> Token:
        token = self.tokens[self.index]
        if token.kind != EOF:
            self.index += 1
        return token

    def at(self, kind: str, value: str) -> bool:
        token = self.tokens[self.index]
        return token.kind == kind and token.value == value

    def expect(self, kind: str, value: str | None = None) -> Token:
        token = self.tokens[self.index]
        if token.kind != kind or (value is not None and token.value != value):
            self.fail(
                f'Unexpected token of value "{token.value}" and type {token.kind}, '
                f"expected token of type {kind}" + (f" with value {value}" if value else ""),
                token,
            )
        return self.advance()

    def fail(self, message: str, token: Token) -> NoReturn:
        index = self.index if self.tokens[self.index] is token else max(0, self.index - 1)
        before = [one.value for one in self.tokens[max(0, index - 4) : index]]
        following = self.tokens[min(index + 1, len(self.tokens) - 1)].value
        if token.kind == STRING and index and self.tokens[index - 1].kind == STRING:
            suggestion: str | None = "A doubled quote ends the text: put the other kind of quotes around it"
        elif token.kind == NUMBER and before[-1:] == ["."]:
            suggestion = f"Write `[{token.value}]`"
        else:
            suggestion = foreign_syntax(before, token.value, following)
        raise ExpressionSyntaxError(message, template=self.template, offset=token.start, suggestion=suggestion)

    def expression(self) -> nodes.Expression:
        condition = self._binary(0)
        if not self.at(PUNCTUATION, "?"):
            return condition
        self.advance()
        then = self.expression()
        self.expect(PUNCTUATION, ":")
        otherwise = self.expression()
        return nodes.Ternary(condition, then, otherwise, condition.start, otherwise.end)

    def _binary(self, minimum: int) -> nodes.Expression:
        token = self.current
        left: nodes.Expression
        if token.kind == OPERATOR and token.value in UNARY_OPERATORS:
            self.advance()
            operand = self._binary(UNARY)
            left = nodes.Unary(token.value, operand, token.start, operand.end)
        else:
            left = self._primary()
        while True:
            token = self.tokens[self.index]
            if token.kind != OPERATOR:
                return left
            precedence = self._precedence.get(token.value, -1)
            if precedence < minimum:
                return left
            self.advance()
            if token.value == FILTER:
                left = self._filter(left)
            elif token.value in TESTS:
                left = self._test(left, token.value == "is not")
            else:
                right = self._binary(precedence + 1)
                left = nodes.Binary(token.value, left, right, token.start, left.start, right.end)

    def _filter(self, value: nodes.Expression) -> nodes.Expression:
        name, arguments = self.filter_invocation()
        return nodes.Filter(value, name.value, arguments, name.start, value.start, self._previous_end())

    def filter_invocation(self) -> tuple[Token, nodes.Arguments]:
        name = self.expect(NAME)
        return name, self.arguments() if self.at(PUNCTUATION, "(") else nodes.NO_ARGUMENTS

    def _test(self, value: nodes.Expression, negated: bool) -> nodes.Expression:
        name = self.expect(NAME)
        arguments = self.arguments() if self.at(PUNCTUATION, "(") else nodes.NO_ARGUMENTS
        end = self._previous_end()
        return nodes.Test(value, name.value, arguments, negated, name.start, value.start, end)

    def _primary(self) -> nodes.Expression:
        token = self.advance()
        node: nodes.Expression
        if token.kind == NAME:
            if token.value in CONSTANTS:
                node = nodes.Literal(CONSTANTS[token.value], token.start, token.end)
            elif self.at(PUNCTUATION, "("):
                arguments = self.arguments()
                node = nodes.Call(token.value, arguments, token.start, self._previous_end())
            else:
                node = nodes.Name(token.value, token.start, token.end)
        elif token.kind == STRING:
            node = nodes.Literal(token.value, token.start, token.end)
        elif token.kind == NUMBER:
            node = self._number(token)
        elif token.kind == INTERPOLATION_START:
            node = self._interpolation(token)
        elif token.kind == PUNCTUATION and token.value == "(":
            inner = self.expression()
            self.expect(PUNCTUATION, ")")
            node = nodes.Group(inner, token.start, self._previous_end())
        elif token.kind == PUNCTUATION and token.value == "[":
            return self._list(token)
        elif token.kind == PUNCTUATION and token.value == "{":
            return self._map(token)
        else:
            return self.no_value(token)
        return self._postfix(node)

    def no_value(self, token: Token) -> nodes.Expression:
        """What stands for a value that is not there: an error here, a hole in the tolerant reading."""
        if token.kind == EOF:
            self.fail('Unexpected token of value "null" and type EOF, expected token of type PRINT_END', token)
        self.fail(f'Unexpected token "{token.kind}" of value "{token.value}"', token)

    def _postfix(self, node: nodes.Expression) -> nodes.Expression:
        while True:
            token = self.tokens[self.index]
            if token.kind != PUNCTUATION:
                return node
            if token.value == ".":
                self.advance()
                name = self.expect(NAME)
                key = nodes.Literal(name.value, name.start, name.end)
                arguments = self.arguments() if self.at(PUNCTUATION, "(") else None
                node = nodes.Member(node, key, arguments, True, node.start, self._previous_end())
            elif token.value == "[":
                self.advance()
                index = self.expression()
                self.expect(PUNCTUATION, "]")
                node = nodes.Member(node, index, None, False, node.start, self._previous_end())
            else:
                return node

    def _number(self, token: Token) -> nodes.Literal:
        if "." in token.value:
            return nodes.Literal(float(token.value), token.start, token.end)
        digits = token.value.removesuffix("L")
        if len(digits.lstrip("0")) > 19 or int(digits) > _LARGEST_INTEGER:
            self.fail(f'For input string: "{digits}": the number does not fit into 64 bits', token)
        return nodes.Literal(int(digits), token.start, token.end)

    def _interpolation(self, opening: Token) -> nodes.Interpolation:
        parts: list[nodes.Expression] = []
        while (token := self.advance()).kind not in (INTERPOLATION_END, EOF):
            if token.kind == STRING:
                parts.append(nodes.Literal(token.value, token.start, token.end))
            else:
                parts.append(self.expression())
                self.expect(PUNCTUATION, "#}")
        return nodes.Interpolation(tuple(parts), opening.start, token.end)

    def _list(self, opening: Token) -> nodes.ListLiteral:
        items: list[nodes.Expression] = []
        while not self.at(PUNCTUATION, "]") or items:
            items.append(self.expression())
            if not self.at(PUNCTUATION, ","):
                break
            self.advance()
        self.expect(PUNCTUATION, "]")
        return nodes.ListLiteral(tuple(items), opening.start, self._previous_end())

    def _map(self, opening: Token) -> nodes.MapLiteral:
        pairs: list[tuple[nodes.Expression, nodes.Expression]] = []
        while not self.at(PUNCTUATION, "}") or pairs:
            key = self.expression()
            self.expect(PUNCTUATION, ":")
            pairs.append((key, self.expression()))
            if not self.at(PUNCTUATION, ","):
                break
            self.advance()
        self.expect(PUNCTUATION, "}")
        return nodes.MapLiteral(tuple(pairs), opening.start, self._previous_end())

    def arguments(self) -> nodes.Arguments:
        """A parenthesised argument list, its opening parenthesis being the next token."""
        self.expect(PUNCTUATION, "(")
        positional: list[nodes.Expression] = []
        named: list[tuple[str, nodes.Expression, int]] = []
        while not self.at(PUNCTUATION, ")") or positional or named:
            token, following = self.current, self.tokens[min(self.index + 1, len(self.tokens) - 1)]
            if token.kind == NAME and following.kind == PUNCTUATION and following.value == "=":
                self.index += 2
                named.append((token.value, self.expression(), token.start))
            elif named:
                self.fail("Positional arguments must be declared before any named arguments.", token)
            else:
                positional.append(self.expression())
            if not self.at(PUNCTUATION, ","):
                break
            self.advance()
        self.expect(PUNCTUATION, ")")
        return nodes.Arguments(tuple(positional), tuple(named))

    def _previous_end(self) -> int:
        return self.tokens[self.index - 1].end
