"""What may be written inside `{{ }}` and `{% %}`: variables that exist here, filters, functions, tests, tags.

Outputs are offered only of tasks that can have run when the cursor's task does.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from podium.expressions import registry
from podium.expressions.entries import Entry
from podium.model import describe
from podium.model.diagnostics import Range
from podium.model.expression_place import ExpressionPlace
from podium.model.known_names import Known, Name
from podium.model.outline import outline_of, plain
from podium.model.schema import Catalog
from podium.model.suggestions import Suggestion, Surroundings, ranked

_TAGS = {
    "if": "if  %}{% endif %}", "elseif": "elseif  %}", "else": "else %}", "endif": "endif %}",
    "for": "for item in  %}{{ item }}{% endfor %}", "endfor": "endfor %}", "set": "set name =  %}",
    "filter": "filter  %}{% endfilter %}", "macro": "macro name() %}{% endmacro %}",
    "block": "block name %}{% endblock %}",
    "verbatim": "verbatim %}{% endverbatim %}", "raw": "raw %}{% endraw %}",
}  # fmt: skip
_TAG_DOCS = {
    "if": "A part that is there only when the condition holds.",
    "elseif": "Another condition, tried when the ones before do not hold.",
    "else": "The part for when no condition holds.",
    "for": "A part for every element of a list, or every entry of a map.",
    "set": "Gives a name to a value.",
    "filter": "Applies a filter to a whole part.",
    "macro": "Gives a name to a part, to be called like a function.",
    "block": "Gives a name to a part.",
    "verbatim": "A part in which expressions are not evaluated.",
    "raw": "As `verbatim`, on one line.",
}
_OPERATORS = {
    "??": "the right side when the left side is missing or null",
    "is": "a test, such as `is defined`",
    "is not": "the opposite of a test",
    "==": "equality",
    "!=": "inequality",
    "and": "both hold",
    "or": "one of them holds",
    "contains": "a list, map or text holds a value",
    "~": "texts put together",
    "?": "`condition ? then : else`",
}
_STATES = ("SUCCESS", "WARNING", "FAILED", "RUNNING", "KILLED", "SKIPPED", "CANCELLED", "PAUSED", "CREATED")
_DATE_FORMATS = ("yyyy-MM-dd", "yyyy-MM-dd HH:mm:ss", "HH:mm", "iso", "sql", "iso_date_time")
_FILE_FUNCTIONS = ("read", "fileSize", "fileExists", "isFileEmpty", "fileURI", "fileEmpty")


def suggest_in_expression(
    place: ExpressionPlace, lines: Sequence[str], catalog: Catalog, surroundings: Surroundings
) -> list[Suggestion]:
    """What may be written at a place in an expression, best first."""
    return list(_Expression(place, lines, catalog, surroundings).suggestions())


class _Expression:
    def __init__(
        self, place: ExpressionPlace, lines: Sequence[str], catalog: Catalog, surroundings: Surroundings
    ) -> None:
        self._place = place
        self._surroundings = surroundings
        self._range = Range(place.row, place.start, place.row, place.end)
        self._outline = outline_of(lines, place.row)
        self._known = Known(lines, self._outline, place.row, catalog, surroundings.last_outputs)

    def suggestions(self) -> Iterator[Suggestion]:
        role = self._place.role
        if role == "member" or role == "index":
            yield from self._members()
        elif role == "filter":
            yield from self._entries(registry.FILTERS)
        elif role == "test":
            yield from self._entries(registry.TESTS)
        elif role == "tag":
            yield from self._tags()
        elif role == "argument":
            yield from self._arguments()
        elif role == "operator":
            yield from self._operators()
        else:
            yield from self._start()

    # -- names -----------------------------------------------------------------------------------------------

    def _start(self) -> Iterator[Suggestion]:
        place = self._place
        names = {name: Name(name, "set in this text") for name in place.names}
        names |= {name.name: name for name in self._known.roots()}
        for name in ranked(place.word, names):
            yield self._named(names[name])
        yield from self._entries(registry.FUNCTIONS)
        if place.word:
            constants = {"true": "", "false": "", "null": "", "not": "the opposite"}
            for constant in ranked(place.word, constants):
                yield Suggestion("value", constant, constant, self._range, constants[constant])

    def _members(self) -> Iterator[Suggestion]:
        names = {name.name: name for name in self._known.members(self._place.path)}
        for name in ranked(self._place.word, names):
            yield self._named(names[name])

    def _named(self, name: Name) -> Suggestion:
        """A name as it must be written here: one that is no identifier goes in quotes and brackets."""
        place = self._place
        if place.role == "index":
            return Suggestion("variable", name.name, name.name, self._range, name.detail, None, name.describe)
        text, replaced = name.name, self._range
        if not text.isidentifier() or not text.isascii():
            text = f"[{place.quote}{text}{place.quote}]"
            if place.role == "member":
                replaced = Range(place.row, place.start - 1, place.row, place.end)
        return Suggestion("variable", name.name, text + name.index, replaced, name.detail, None, name.describe)

    # -- words of the language -------------------------------------------------------------------------------

    def _entries(self, catalog: Mapping[str, Entry]) -> Iterator[Suggestion]:
        for name in ranked(self._place.word, sorted(catalog)):
            entry = catalog[name]
            text, caret = self._call(name, entry)
            detail = entry.doc.split("\n", 1)[0]
            yield Suggestion(
                entry.kind, name + entry.signature[len(entry.name) :], text, self._range, detail, caret,
                partial(describe.of_entry, entry),
            )  # fmt: skip

    def _call(self, name: str, entry: Entry) -> tuple[str, int | None]:
        """`name()` with the cursor between the parentheses where there is something to write."""
        if entry.kind == "test":
            return name, None
        required = [param for param in entry.params if param.required] or entry.variadic
        if entry.kind == "filter" and not required:
            return name, None
        if not entry.params and not entry.variadic:
            return f"{name}()", None
        if entry.name in (*_FILE_FUNCTIONS, "secret", "kv", "tasksWithState"):
            quote = self._place.quote
            return f"{name}({quote}{quote})", len(name) + 2
        return f"{name}()", len(name) + 1

    def _tags(self) -> Iterator[Suggestion]:
        for name in ranked(self._place.word, _TAGS):
            text = _TAGS[name]
            if self._place.closed:
                text = text.split("%}", 1)[0].rstrip() + " "
            gap = text.find("  ")
            caret = gap + 1 if gap >= 0 else None
            yield Suggestion("tag", name, text, self._range, _TAG_DOCS.get(name, ""), caret)

    def _operators(self) -> Iterator[Suggestion]:
        for name in ranked(self._place.word, _OPERATORS):
            yield Suggestion("operator", name, name + " ", self._range, _OPERATORS[name])

    def _arguments(self) -> Iterator[Suggestion]:
        namespace = plain(self._outline.value("namespace"))
        function = self._place.path
        values: Iterable[str] = ()
        if function == "secret":
            values = self._surroundings.secrets()
        elif function == "kv":
            values = self._surroundings.keys(namespace)
        elif function in _FILE_FUNCTIONS:
            values = self._surroundings.files(namespace)
        elif function == "tasksWithState":
            values = _STATES
        elif function in ("date", "now", "dateAdd"):
            values = _DATE_FORMATS
        for value in ranked(self._place.word, values):
            yield Suggestion("value", value, value, self._range)
