"""Findings about a text as the editor shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from podium.model.diagnostics import Diagnostic, Fix, Severity

Location = tuple[int, int]
_RANK = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Mark:
    """One finding with its range: lines and columns from 0, the end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int
    severity: Severity
    message: str
    code: str = ""
    fix: Fix | None = None

    @classmethod
    def of(cls, diagnostic: Diagnostic) -> Mark:
        """The mark of a diagnostic of the model."""
        at = diagnostic.range
        return cls(
            at.line,
            at.column,
            at.end_line,
            at.end_column,
            diagnostic.severity,
            diagnostic.message,
            diagnostic.code,
            diagnostic.fix,
        )

    def covers(self, at: Location) -> bool:
        """Whether a cursor at `at` touches the range; its end counts, for that is where typing happens."""
        return (self.line, self.column) <= at <= (self.end_line, max(self.end_column, self.column + 1))


def worst(marks: Iterable[Mark]) -> Severity | None:
    """The gravest severity among `marks`; None without any."""
    return min((mark.severity for mark in marks), key=_RANK.__getitem__, default=None)


def in_order(marks: Iterable[Mark]) -> list[Mark]:
    """By place; at the same place the gravest first."""
    return sorted(marks, key=lambda mark: (mark.line, mark.column, _RANK[mark.severity]))


def mark_at(marks: Sequence[Mark], at: Location) -> Mark | None:
    """The mark that the cursor touches, else the gravest one of its line; None on a clean line."""
    here = [mark for mark in marks if mark.covers(at)]
    here = here or [mark for mark in marks if mark.line == at[0]]
    return min(here, key=lambda mark: _RANK[mark.severity], default=None)


def after_edit(marks: Sequence[Mark], top: int, old_bottom: int, new_bottom: int) -> list[Mark]:
    """The marks after lines `top..old_bottom` became `top..new_bottom`: the ones below move along."""
    by = new_bottom - old_bottom
    return [
        replace(mark, line=mark.line + by, end_line=mark.end_line + by) if mark.line > old_bottom else mark
        for mark in marks
        if not top < mark.line <= old_bottom or mark.line <= new_bottom
    ]


def validity(marks: Sequence[Mark]) -> str:
    """The badge under the editor: `✓ valid` unless there is an error or a warning, and what was found."""
    errors = sum(mark.severity == "error" for mark in marks)
    warnings = sum(mark.severity == "warning" for mark in marks)
    infos = len(marks) - errors - warnings
    counts = ((errors, "✗", "error"), (warnings, "!", "warning"), (infos, "i", "hint"))
    found = [f"{symbol} {count} {word}{'s' * (count > 1)}" for count, symbol, word in counts if count]
    return "  ".join(found if errors or warnings else ["✓ valid", *found])
