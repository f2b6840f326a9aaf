"""A file made ready to be shown, which takes long for a large one: read, split, measured, coloured. No screen in here,
so that any thread can do it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from podium.store.flow_files import FlowFile, sniff_flows
from podium.workbench.files.text_files import LARGEST_EDITABLE, LONGEST_LINE, MOST_LINES, TextFile, open_text
from podium.workbench.line_lexer import LineStates, indent_of, language_of, lexer_for
from podium.workbench.widgets.editor_document import LineDocument

_PART = 1_000
_COLOURED_LATER = 5_000
"""Lines up to which colours are found when they are shown."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file and everything that its editor begins with. `flows` are those in the text."""

    file: TextFile
    language: str
    document: LineDocument
    states: LineStates
    flows: tuple[FlowFile, ...]

    @property
    def is_large(self) -> bool:
        """Whether it can only be shown, however much one may write."""
        size, lines = len(self.file.text), self.document.line_count
        return self.file.in_parts or size > LARGEST_EDITABLE or lines > MOST_LINES


def prepare(path: Path, root: Path) -> Prepared:
    """Read a file of the workspace at `root`; raises FileError when there is no text to show."""
    return prepared(open_text(path, root))


def prepared(file: TextFile) -> Prepared:
    """Make a file that was read ready to be shown."""
    language = language_of(file.path.name)
    text = "\n".join(_in_parts(file.text)) if file.in_parts else file.text
    document = LineDocument(text, indent_of(language))
    states = LineStates(document.lines, lexer_for(language))
    if document.line_count > _COLOURED_LATER:
        states.before(document.line_count - 1)
    return Prepared(file, language, document, states, sniff_flows(file.path, file.text) if language == "yaml" else ())


def _in_parts(text: str) -> Iterator[str]:
    """Lines, those that are too long in rows that a screen can hold: each key would cost as much as its line has
    characters."""
    for line in text.split("\n"):
        if len(line) <= LONGEST_LINE:
            yield line
        else:
            yield from (line[at : at + _PART] for at in range(0, len(line), _PART))
