"""The collector of what is wrong with a document."""

from dataclasses import replace

from podium.model.codes import severity_of
from podium.model.diagnostics import Diagnostic, Fix, Range, Severity
from podium.model.marked_yaml import Node


class Findings:
    """Diagnostics in the order in which they were found, each with the severity that its code has."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []

    def add(self, code: str, message: str, at: Node | Range, path: str, fix: Fix | None = None) -> None:
        """One finding at a node or range; `path` is the dotted place, e.g. `tasks[0].id`."""
        place = at if isinstance(at, Range) else at.range
        self.diagnostics.append(Diagnostic(code, severity_of(code), message, place, path, fix))

    def recode(self, code: str, other: str) -> None:
        """Everything found under a code is another finding after all, with the severity of that one."""
        self.diagnostics = [
            replace(one, code=other, severity=severity_of(other)) if one.code == code else one
            for one in self.diagnostics
        ]

    def count(self, severity: Severity) -> int:
        """How many findings of a severity there are."""
        return sum(1 for diagnostic in self.diagnostics if diagnostic.severity == severity)


def joined(path: str, name: str) -> str:
    """The path of a property `name` of the object at `path`."""
    return f"{path}.{name}" if path else name
