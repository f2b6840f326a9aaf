"""Reading a template that is being typed: a tree of what is there, with holes, and every error at its place.

Errors never stop the reading: what cannot be understood is stepped over up to the end of its `{{ }}` or `{% %}`.
"""

from __future__ import annotations

from dataclasses import dataclass

from podium.expressions import nodes
from podium.expressions.errors import ExpressionError, ExpressionSyntaxError, LimitExceeded
from podium.expressions.lexer import (
    CLOSING,
    EOF,
    NAME,
    OPERATOR,
    PIECE,
    PRINT_END,
    PRINT_START,
    PUNCTUATION,
    SPACE,
    STRING,
    TAG_END,
    TAG_START,
    TEXT,
    Lexer,
    Token,
)
from podium.expressions.operators import dialect_name
from podium.expressions.tags import TemplateParser

_ENDS = (PRINT_END, TAG_END)
_RESUMED_AT = (TEXT, PRINT_START, TAG_START, EOF)


@dataclass(frozen=True, slots=True)
class Partial:
    """The tree of a template, complete or not, and what is wrong with the text."""

    body: nodes.Body
    errors: tuple[ExpressionError, ...]


def parse_tolerantly(template: str, dialect: str = "1.x") -> Partial:
    """The tree with `Hole` nodes where values are missing. Never raises for bad text."""
    tokens, errors = tolerant_tokens(template)
    parser = _TolerantParser(template, tokens, dialect_name(dialect), errors)
    try:
        body = parser.template_body()
    except RecursionError:
        return Partial((), (LimitExceeded("The expression is nested too deeply", template=template),))
    return Partial(body, tuple(errors))


def tolerant_tokens(template: str) -> tuple[list[Token], list[ExpressionError]]:
    """All tokens, with a text that has no end reaching to the end of its expression."""
    lexer = _TolerantLexer(template)
    return lexer.run(), lexer.errors


class _TolerantLexer(Lexer):
    def __init__(self, template: str) -> None:
        super().__init__(template)
        self.errors: list[ExpressionError] = []

    def verbatim(self, content: int, start: int) -> tuple[int, bool]:
        try:
            return super().verbatim(content, start)
        except ExpressionSyntaxError as error:
            self.errors.append(error)
            self.text(content, len(self.masked), False, False)
            return len(self.masked), False

    def comment(self, position: int, start: int) -> tuple[int, bool]:
        try:
            return super().comment(position, start)
        except ExpressionSyntaxError as error:
            self.errors.append(error)
            return len(self.masked), False

    def expression(self, position: int, end_kind: str) -> tuple[int, bool]:
        text, closing, braces = self.masked, CLOSING[end_kind], 0
        while True:
            position = SPACE.match(text, position).end()  # type: ignore[union-attr]  # it matches anywhere
            if position >= len(text):
                return position, False
            if not braces and (end := closing.match(text, position)):
                self.tokens.append(Token(end_kind, end.group().removeprefix("-"), position, end.end()))
                return end.end(), end.group().startswith("-")
            piece = PIECE.match(text, position)
            if piece is None:
                position = self._unreadable(position)
                continue
            start, kind, value, position = position, piece.lastgroup or "", piece.group(), piece.end()
            if kind == PUNCTUATION:
                braces = max(0, braces + (value == "{") - (value == "}"))
            elif kind == STRING:
                value = self.template[start + 1 : position - 1].replace("\\" + value[0], value[0])
            elif kind == OPERATOR and value.startswith("is") and value.endswith("not"):
                value = "is not"
            self.tokens.append(Token(kind, value, start, position))

    def _unreadable(self, position: int) -> int:
        """A text with interpolations, one without an end, or a character that is none of ours."""
        known = len(self.tokens)
        try:
            return self.interpolated(position)
        except ExpressionSyntaxError as error:
            del self.tokens[known:]
            self.errors.append(error)
        if self.masked[position] not in "'\"":
            return position + 1
        ends = [at for at in (self.masked.find(end, position) for end in ("}}", "%}", "\n")) if at >= 0]
        end = min(ends, default=len(self.masked))
        self.tokens.append(Token(STRING, self.template[position + 1 : end], position, end))
        return end


class _TolerantParser(TemplateParser):
    def __init__(self, template: str, tokens: list[Token], dialect: str, errors: list[ExpressionError]) -> None:
        super().__init__(template, tokens, dialect)
        self.errors = errors

    def template_body(self) -> nodes.Body:
        body: list[nodes.Statement] = []
        while True:
            before = self.index
            body += super().template_body()
            if self.current.kind == EOF:
                return tuple(body)
            if self.index == before:
                self.index += 1

    def statement(self, stops: tuple[str, ...]) -> nodes.Statement | None:
        try:
            return super().statement(stops)
        except ExpressionSyntaxError as error:
            self.errors.append(error)
            if self.current.kind in (PRINT_START, TAG_START):
                self.index += 1
            while self.current.kind not in _RESUMED_AT:
                self.index += 1
            return nodes.Text("", self.current.start, self.current.start)

    def no_value(self, token: Token) -> nodes.Expression:
        if token.kind != EOF:
            self.index -= 1
        self._note(f'Unexpected token "{token.kind}" of value "{token.value}"', token)
        return nodes.Hole(token.start, token.start)

    def expect(self, kind: str, value: str | None = None) -> Token:
        token = self.current
        if token.kind == kind and (value is None or token.value == value):
            return self.advance()
        self._note(f"expected {value or kind}, found {token.value}", token)
        if kind in _ENDS:
            while self.current.kind not in (*_ENDS, *_RESUMED_AT):
                self.index += 1
            if self.current.kind == kind:
                return self.advance()
        start = self._previous_end() if kind == NAME and self.index else token.start
        return Token(kind, value or "", start, start)

    def no_end(self, stops: tuple[str, ...], token: Token) -> None:
        self._note(f'Unexpected end of template. Pebble was looking for the "{stops[-1]}" tag', token)

    def _note(self, message: str, token: Token) -> None:
        self.errors.append(ExpressionSyntaxError(message, template=self.template, offset=token.start))
