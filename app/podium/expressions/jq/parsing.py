"""jq program text to a tree."""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from podium.expressions.jq.trees import (
    Alternative,
    Assign,
    Binary,
    Bind,
    Break,
    Call,
    Comma,
    Define,
    Foreach,
    Identity,
    If,
    Index,
    Iterate,
    Label,
    ListOf,
    ListPattern,
    Literal,
    Logic,
    Negate,
    ObjectOf,
    ObjectPattern,
    Pattern,
    Pipe,
    Reduce,
    Slice,
    Text,
    Tree,
    Try,
    Variable,
)

_SPACE = re.compile(r"(?:\s|#[^\n]*)*")
_TOKEN = re.compile(
    r"(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)"
    r"|(?P<field>\.[A-Za-z_]\w*)"
    r"|(?P<variable>\$(?:__loc__|[A-Za-z_]\w*))"
    r"|(?P<format>@[A-Za-z0-9]+)"
    r"|(?P<word>[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*)"
    r"|(?P<text>\")"
    r"|(?P<operator>\?//=?|//=|\|=|[-+*/%]=|==|!=|<=|>=|//|\.\.|[-+*/%=<>|,.:;?()\[\]{}])",
    re.ASCII,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "/": "/", "\\": "\\", '"': '"'}
_PIECE = re.compile(r'[^"\\]+')
_RESERVED = frozenset(
    {"def", "if", "then", "elif", "else", "end", "as", "reduce", "foreach", "try", "catch", "label"}
    | {"and", "or", "import", "include", "__loc__"}
)
_CONSTANTS = {"true": True, "false": False, "null": None}
_ASSIGNMENTS = frozenset({"=", "|=", "+=", "-=", "*=", "/=", "%=", "//="})
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_MOST_LEVELS = 150


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


def parse(program: str) -> Tree:
    """The tree of a program. Raises `ValueError` with a reason and the place."""
    parser = _Parser(program)
    tree = parser.pipe()
    if parser.token.kind != "end":
        parser.unexpected()
    return tree


def parse_definitions(text: str) -> list[Define]:
    """The definitions of a library, each with the identity as its rest."""
    parser = _Parser(text)
    found = []
    while parser.token.kind != "end":
        found.append(parser.definition(Identity()))
    return found


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.level = 0
        self._go(0)

    def _go(self, position: int) -> None:
        """Make the token at `position` the current one."""
        match = _SPACE.match(self.text, position)
        start = match.end() if match else position
        if start >= len(self.text):
            self.token = _Token("end", "the end", start, start)
            return
        found = _TOKEN.match(self.text, start)
        if found is None:
            self.token = _Token("none", self.text[start], start, start + 1)
            self.unexpected()
        self.token = _Token(found.lastgroup or "", found.group(), start, found.end())

    def _advance(self) -> _Token:
        token = self.token
        self._go(token.end)
        return token

    def _at(self, *texts: str) -> bool:
        return self.token.kind in ("operator", "word") and self.token.text in texts

    def _take(self, text: str) -> bool:
        found = self._at(text)
        if found:
            self._advance()
        return found

    def _expect(self, text: str) -> None:
        if not self._take(text):
            self._fail(f"`{text}` is expected, not {self._shown()}")

    def _shown(self) -> str:
        return self.token.text if self.token.kind == "end" else f"`{self.token.text}`"

    def unexpected(self) -> NoReturn:
        self._fail(f"unexpected {self._shown()}")

    def _fail(self, reason: str) -> NoReturn:
        raise ValueError(f"{reason} at character {self.token.start + 1} of the jq program")

    def pipe(self) -> Tree:
        self.level += 1
        if self.level > _MOST_LEVELS:
            self._fail("it is nested too deeply")
        try:
            return self._pipe()
        finally:
            self.level -= 1

    def _pipe(self) -> Tree:
        if self._at("def"):
            definition = self.definition(Identity())
            return Define(definition.name, definition.parameters, definition.body, self.pipe())
        if self._take("label"):
            name = self._variable()
            self._expect("|")
            return Label(name, self.pipe())
        left = self._comma()
        return Pipe(left, self.pipe()) if self._take("|") else left

    def _comma(self) -> Tree:
        left = self._alternative()
        while self._take(","):
            left = Comma(left, self._alternative())
        return left

    def _alternative(self) -> Tree:
        left = self._assignment()
        return Alternative(left, self._alternative()) if self._take("//") else left

    def _assignment(self) -> Tree:
        left = self._or()
        if self.token.kind == "operator" and self.token.text in _ASSIGNMENTS:
            operator = self._advance().text
            return Assign(operator, left, self._alternative())
        return left

    def _or(self) -> Tree:
        left = self._and()
        while self._take("or"):
            left = Logic("or", left, self._and())
        return left

    def _and(self) -> Tree:
        left = self._comparison()
        while self._take("and"):
            left = Logic("and", left, self._comparison())
        return left

    def _comparison(self) -> Tree:
        left = self._sum()
        if self.token.kind == "operator" and self.token.text in _COMPARISONS:
            operator = self._advance().text
            return Binary(operator, left, self._sum())
        return left

    def _sum(self) -> Tree:
        left = self._product()
        while self._at("+", "-"):
            operator = self._advance().text
            left = Binary(operator, left, self._product())
        return left

    def _product(self) -> Tree:
        left = self._postfix()
        while self._at("*", "/", "%"):
            operator = self._advance().text
            left = Binary(operator, left, self._postfix())
        return left

    def _postfix(self) -> Tree:
        if self._take("-"):
            return Negate(self._postfix())
        term = self._term()
        while True:
            if self.token.kind == "field":
                term = Index(term, Literal(self._advance().text[1:]))
            elif self._at("."):
                self._advance()
                if self.token.kind == "text":
                    term = Index(term, self._string("text"))
                elif not self._at("["):
                    self.unexpected()
            elif self._at("["):
                term = self._bracket(term)
            elif self._take("?"):
                term = Try(term, None)
            elif self._take("as"):
                return self._bind(term)
            else:
                return term

    def _bracket(self, target: Tree) -> Tree:
        self._expect("[")
        if self._take("]"):
            return Iterate(target)
        start = None if self._at(":") else self.pipe()
        if self._take(":"):
            end = None if self._at("]") else self.pipe()
            self._expect("]")
            return Slice(target, start, end)
        self._expect("]")
        return Index(target, start or Identity())

    def _bind(self, source: Tree) -> Tree:
        patterns = [self._pattern()]
        while self._take("?//"):
            patterns.append(self._pattern())
        self._expect("|")
        return Bind(source, tuple(patterns), self.pipe())

    def _term(self) -> Tree:
        token = self.token
        if token.kind == "number":
            self._advance()
            plain = token.text.isdecimal() and len(token.text) < 4000
            return Literal(int(token.text) if plain else float(token.text))
        if token.kind == "text":
            return self._string("text")
        if token.kind == "format":
            self._advance()
            name = token.text[1:]
            return self._string(name) if self.token.kind == "text" else Call("@" + name, ())
        if token.kind == "field":
            self._advance()
            return Index(Identity(), Literal(token.text[1:]))
        if token.kind == "variable":
            self._advance()
            if token.text == "$__loc__":
                line = self.text.count("\n", 0, token.start) + 1
                return Literal({"file": "<top-level>", "line": line})
            return Variable(token.text[1:])
        if token.kind == "word":
            return self._word()
        return self._enclosed()

    def _enclosed(self) -> Tree:
        if self._take("."):
            if self.token.kind == "text":
                return Index(Identity(), self._string("text"))
            return self._bracket(Identity()) if self._at("[") else Identity()
        if self._take(".."):
            return Call("recurse", ())
        if self._take("("):
            inner = self.pipe()
            self._expect(")")
            return inner
        if self._take("["):
            if self._take("]"):
                return ListOf(None)
            content = self.pipe()
            self._expect("]")
            return ListOf(content)
        if self._at("{"):
            return self._object()
        return self.unexpected()

    def _word(self) -> Tree:
        if self._take("if"):
            return self._condition()
        if self._take("try"):
            body = self._postfix()
            return Try(body, self._postfix() if self._take("catch") else Call("empty", ()))
        if self._at("reduce", "foreach"):
            return self._loop()
        if self._at("def"):
            definition = self.definition(Identity())
            return Define(definition.name, definition.parameters, definition.body, self.pipe())
        if self.token.text in _RESERVED:
            self.unexpected()
        name = self._advance().text
        if name in _CONSTANTS:
            return Literal(_CONSTANTS[name])
        if name == "break" and self.token.kind == "variable":
            return Break(self._variable())
        arguments: list[Tree] = []
        if self._take("("):
            arguments.append(self.pipe())
            while self._take(";"):
                arguments.append(self.pipe())
            self._expect(")")
        return Call(name, tuple(arguments))

    def _condition(self) -> Tree:
        condition = self.pipe()
        self._expect("then")
        then = self.pipe()
        if self._take("elif"):
            return If(condition, then, self._condition())
        otherwise: Tree = Identity()
        if self._take("else"):
            otherwise = self.pipe()
        self._expect("end")
        return If(condition, then, otherwise)

    def _loop(self) -> Tree:
        word = self._advance().text
        source = self._term_for_loop()
        self._expect("as")
        pattern = self._pattern()
        self._expect("(")
        start = self.pipe()
        self._expect(";")
        update = self.pipe()
        extract: Tree = Identity()
        if word == "foreach" and self._take(";"):
            extract = self.pipe()
        self._expect(")")
        if word == "reduce":
            return Reduce(source, pattern, start, update)
        return Foreach(source, pattern, start, update, extract)

    def _term_for_loop(self) -> Tree:
        """A term with its postfixes, but without the `as` behind it."""
        term = self._term()
        while True:
            if self.token.kind == "field":
                term = Index(term, Literal(self._advance().text[1:]))
            elif self._at("["):
                term = self._bracket(term)
            elif self._take("?"):
                term = Try(term, None)
            elif not self._take("."):
                return term

    def definition(self, rest: Tree) -> Define:
        self._expect("def")
        name = self._advance()
        if name.kind != "word":
            self._fail("a function name is expected")
        parameters: list[str] = []
        if self._take("("):
            while True:
                parameter = self._advance()
                if parameter.kind not in ("word", "variable"):
                    self._fail("a parameter is expected")
                parameters.append(parameter.text)
                if not self._take(";"):
                    break
            self._expect(")")
        self._expect(":")
        body = self.pipe()
        self._expect(";")
        return Define(name.text, tuple(parameters), body, rest)

    def _variable(self) -> str:
        if self.token.kind != "variable":
            self._fail(f"a variable is expected, not {self._shown()}")
        return self._advance().text[1:]

    def _pattern(self) -> Pattern:
        if self.token.kind == "variable":
            return self._variable()
        if self._take("["):
            items = [self._pattern()]
            while self._take(","):
                items.append(self._pattern())
            self._expect("]")
            return ListPattern(tuple(items))
        self._expect("{")
        entries: list[tuple[Tree, str | None, Pattern | None]] = []
        while True:
            variable = self._variable() if self.token.kind == "variable" else None
            key = Literal(variable) if variable is not None else self._key()
            inner = self._pattern() if self._take(":") else None
            if variable is None and inner is None:
                self._fail("`:` is expected")
            entries.append((key, variable, inner))
            if not self._take(","):
                break
        self._expect("}")
        return ObjectPattern(tuple(entries))

    def _key(self) -> Tree:
        if self._take("("):
            key = self.pipe()
            self._expect(")")
            return key
        if self.token.kind == "text":
            return self._string("text")
        if self.token.kind == "format":
            name = self._advance().text[1:]
            return self._string(name) if self.token.kind == "text" else Call("@" + name, ())
        if self.token.kind in ("word", "number"):
            return Literal(self._advance().text)
        return self._fail(f"a key is expected, not {self._shown()}")

    def _object(self) -> Tree:
        self._expect("{")
        entries: list[tuple[Tree, Tree]] = []
        while not self._at("}"):
            if self.token.kind == "variable":
                token = self.token
                entries.append((Literal(token.text[1:]), self._term()))
            else:
                plain = self.token.kind in ("word", "text", "format", "number")
                key = self._key()
                if self._take(":"):
                    entries.append((key, self._object_value()))
                elif plain:
                    entries.append((key, Index(Identity(), key)))
                else:
                    self._fail("`:` is expected behind a computed key")
            if not self._take(","):
                break
        self._expect("}")
        return ObjectOf(tuple(entries))

    def _object_value(self) -> Tree:
        left = self._alternative()
        return Pipe(left, self._object_value()) if self._take("|") else left

    def _string(self, format_name: str) -> Tree:
        """The string whose opening quote is the current token."""
        position, plain = self.token.end, ""
        parts: list[Tree] = []
        while True:
            if piece := _PIECE.match(self.text, position):
                plain += piece.group()
                position = piece.end()
            character = self.text[position : position + 1]
            if character == '"':
                break
            escape = self.text[position + 1 : position + 2]
            if not character or not escape:
                self._fail("a string has no end")
            if escape == "(":
                parts += [Literal(plain)] if plain else []
                plain = ""
                self._go(position + 2)
                parts.append(self.pipe())
                if not self._at(")"):
                    self.unexpected()
                position = self.token.end
            elif escape == "u":
                character, position = self._unicode(position)
                plain += character
            elif escape in _ESCAPES:
                plain += _ESCAPES[escape]
                position += 2
            else:
                self._fail(f"unknown escape \\{escape}")
        self._go(position + 1)
        if not parts:
            return Literal(plain)
        parts += [Literal(plain)] if plain else []
        return Text(tuple(parts), format_name)

    def _unicode(self, position: int) -> tuple[str, int]:
        match = re.compile(r"(?:\\u([0-9a-fA-F]{4}))+").match(self.text, position)
        if match is None:
            self._fail("\\u needs four hexadecimal digits")
        units = bytes.fromhex(match.group().replace("\\u", ""))
        return units.decode("utf-16-be", "replace"), match.end()
