"""What is wrong with a flow, as data: editor marks, `validate` lines and API answers are made from it."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Range:
    """A stretch of the source text; lines and columns count from 0, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of `range` by `text`."""

    range: Range
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A mend that can be applied without asking: a title for the menu and the edits."""

    title: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    `code` is stable and documented; `message` says what is wrong and what to do; `path` is the dotted place in
    the document (`tasks[0].id`), empty for the whole document.
    """

    code: str
    severity: Severity
    message: str
    range: Range
    path: str = ""
    fix: Fix | None = None

    def at(self, file: str) -> str:
        """`file:line:column: severity: message [code]`, counting from 1 as editors and compilers do."""
        place = f"{file}:{self.range.line + 1}:{self.range.column + 1}"
        return f"{place}: {self.severity}: {self.message} [{self.code}]"
