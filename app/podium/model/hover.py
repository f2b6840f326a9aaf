"""Documentation for what stands at a place in a flow: a property, a type, an id, a piece of an expression.

Like completion it reads the declarations and the lines around the place, so it works on broken YAML too.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from podium.expressions import registry
from podium.expressions.entries import Entry
from podium.model import describe
from podium.model.diagnostics import Range
from podium.model.expected import expected_in
from podium.model.expression_place import enclosing_expression
from podium.model.known_names import Known
from podium.model.outline import outline_of, plain
from podium.model.place import Line, Place, levels_of, place_at, read_line, text_head
from podium.model.schema import Catalog
from podium.model.snippets import family_types

_CHAIN = re.compile(r"[A-Za-z_]\w*(?:\s*\.\s*\w+|\[\s*(?:'[^']*'|\"[^\"]*\"|[^\[\]'\"]*)\s*\])*")
_EACH = re.compile(r"currentEachOutput\(\s*(\w+(?:\.\w+)*)\s*\)\s*\.\s*$")
_SEGMENT = re.compile(r"\w+|\[\s*(?:'[^']*'|\"[^\"]*\"|[^\[\]'\"]*)\s*\]")


@dataclass(frozen=True, slots=True)
class Hover:
    """What is known about the text in `range`: plain text with Markdown's back-quotes, the first line a heading."""

    range: Range
    text: str


def hover(lines: Sequence[str], row: int, column: int, catalog: Catalog) -> Hover | None:
    """Documentation for what stands at a place, counted from 0; None where there is nothing to say."""
    if not 0 <= row < len(lines) or column > len(lines[row]):
        return None
    expression = enclosing_expression(lines, row, column)
    if expression is not None:
        return _in_expression(lines, row, column, expression, catalog)
    if text_head(lines, row, column) is not None:
        return None
    line = read_line(lines, row)
    if line is None or line.key is None:
        return _item(lines, row, column, catalog) if line is not None else None
    if line.column <= column <= line.column + len(line.key):
        return _key(lines, line, catalog)
    if line.value[:1] in ("{", "["):
        return _inline(lines, row, column, catalog)
    return _value(lines, line, column, catalog)


def _key(lines: Sequence[str], line: Line, catalog: Catalog) -> Hover | None:
    levels = levels_of(lines, line.number)
    declared = expected_in(levels, catalog).property if levels else None
    if declared is None or line.key is None:
        return None
    end = line.column + len(line.key)
    return Hover(Range(line.number, line.column, line.number, end), describe.of_property(declared))


def _value(lines: Sequence[str], line: Line, column: int, catalog: Catalog) -> Hover | None:
    text = plain(line.value)
    start = lines[line.number].find(text, line.value_column) if text else -1
    levels = levels_of(lines, line.number)
    if start < 0 or not start <= column <= start + len(text) or not levels:
        return None
    expected = expected_in(levels, catalog)
    found = Range(line.number, start, line.number, start + len(text))
    if line.key == "type" and expected.shape is not None and expected.shape.family is not None:
        return _type(text, expected.shape.family, found, catalog)
    if expected.property is not None and expected.property.type.kind in ("bool", "enum", "duration"):
        return Hover(found, describe.of_property(expected.property))
    return None


def _type(name: str, family: str, found: Range, catalog: Catalog) -> Hover | None:
    own = family_types(family)  # type: ignore[arg-type]  # any text: an unknown family has no types
    decl = own.get(name) if own else catalog.find(name)
    return Hover(found, describe.of_type(decl)) if decl is not None else None


def _inline(lines: Sequence[str], row: int, column: int, catalog: Catalog) -> Hover | None:
    """Inside braces: the place after the word under the cursor says what the word is."""
    text = lines[row]
    start, end = _word(text, column)
    place = place_at(lines, row, end)
    if place is None or start == end:
        return None
    found = Range(row, start, row, end)
    expected = expected_in(place.levels, catalog)
    word = text[start:end]
    if place.role == "key":
        declared = expected.shape.property(word) if expected.shape is not None else None
        return Hover(found, describe.of_property(declared)) if declared is not None else None
    if place.key == "type" and expected.shape is not None and expected.shape.family is not None:
        return _type(word, expected.shape.family, found, catalog)
    return _named(lines, place, word, found, catalog)


def _item(lines: Sequence[str], row: int, column: int, catalog: Catalog) -> Hover | None:
    """An item of a list: an id that stands for a task or an input."""
    start, end = _word(lines[row], column)
    place = place_at(lines, row, end)
    if place is None or place.role != "item" or start == end:
        return None
    return _named(lines, place, lines[row][start:end], Range(row, start, row, end), catalog)


def _named(lines: Sequence[str], place: Place, word: str, found: Range, catalog: Catalog) -> Hover | None:
    outline = outline_of(lines, place.row)
    known = Known(lines, outline, place.row, catalog)
    if place.key == "dependsOn" and (task := outline.named(word)) is not None:
        return Hover(found, known.task_text(task))
    if place.key == "inputs" and any(level.key == "dependsOn" for level in place.levels):
        declared = next((each for each in outline.inputs if each.id == word), None)
        return Hover(found, known.input_text(declared)) if declared is not None else None
    return None


def _word(text: str, column: int) -> tuple[int, int]:
    start = end = column
    while start > 0 and (text[start - 1].isalnum() or text[start - 1] in "._-$"):
        start -= 1
    while end < len(text) and (text[end].isalnum() or text[end] in "._-$"):
        end += 1
    return start, end


# -- expressions ---------------------------------------------------------------------------------------------------


def _in_expression(lines: Sequence[str], row: int, column: int, start: int, catalog: Catalog) -> Hover | None:
    """`start` is the column in the cursor's line from which the line belongs to the expression."""
    text = lines[row]
    for match in _CHAIN.finditer(text, start):
        if match.start() <= column <= match.end():
            return _chain(lines, row, column, match, catalog)
        if match.start() > column:
            break
    return None


def _chain(lines: Sequence[str], row: int, column: int, match: "re.Match[str]", catalog: Catalog) -> Hover | None:
    text = lines[row]
    parts = list(_SEGMENT.finditer(text, match.start(), match.end()))
    index = next((number for number, part in enumerate(parts) if part.start() <= column <= part.end()), None)
    if index is None:
        return None
    under = parts[index]
    found = Range(row, under.start(), row, under.end())
    if index == 0:
        entry = _entry(text, under)
        if entry is not None:
            return Hover(found, describe.of_entry(entry))
    known = Known(lines, outline_of(lines, row), row, catalog)
    path = ".".join(_name(part[0]) for part in parts[: index + 1])
    if (each := _EACH.search(text[: match.start()])) is not None:
        path = f"each:{each[1]}.{path}"
    described = known.text(path)
    return Hover(found, described) if described else None


def _entry(text: str, word: "re.Match[str]") -> Entry | None:
    before, after = text[: word.start()].rstrip(), text[word.end() :].lstrip()
    catalogs: tuple[Mapping[str, Entry], ...] = ()
    if before.endswith("|") and not before.endswith("||"):
        catalogs = (registry.FILTERS,)
    elif re.search(r"\bis(?:\s+not)?$", before):
        catalogs = (registry.TESTS,)
    elif after.startswith("("):
        catalogs = (registry.FUNCTIONS,)
    return next((catalog[word[0]] for catalog in catalogs if word[0] in catalog), None)


def _name(segment: str) -> str:
    if not segment.startswith("["):
        return segment
    inner = segment[1:-1].strip()
    return inner[1:-1] if inner[:1] in ("'", '"') else "[]"
