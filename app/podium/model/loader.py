"""From text to flows: the canonical model and everything there is to say about the text.

Nothing here raises for a bad text, touches a file or keeps state, so it can be called from any thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from podium.model.defaults import default_node
from podium.model.diagnostics import Diagnostic
from podium.model.findings import Findings
from podium.model.flow import Flow, PluginDefault
from podium.model.flow_rules import START
from podium.model.marked_yaml import Document, documents
from podium.model.read_flow import read_flow
from podium.model.schema import Catalog

if TYPE_CHECKING:
    from podium.model.expression_check import Kept


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of one document: `flow` is None when one of the diagnostics is an error."""

    flow: Flow | None
    diagnostics: tuple[Diagnostic, ...]
    document: Document

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that keep the flow from running."""
        return tuple(each for each in self.diagnostics if each.severity == "error")


def load_flow(
    text: str,
    catalog: Catalog,
    *,
    defaults: Sequence[PluginDefault] = (),
    kept: "Kept | None" = None,
    expressions: bool = True,
) -> Loaded:
    """Read the one flow of a text. `defaults` come after those of the flow itself, e.g. from the settings.

    With `kept`, secrets, keys and files that are not there are mentioned. Without `expressions` they are not looked
    at, which saves time where the flow is only run: nothing about them is an error.
    A text with several documents is an error here; see `load_flows`.
    """
    found = documents(text)
    first = found[0] if found else Document(None, text)
    loaded = _loaded(first, catalog, defaults, kept, expressions)
    if len(found) < 2:
        return loaded
    findings = Findings()
    message = f"The text holds {len(found)} documents, but one flow was expected. Put each flow in a file of its own."
    second = found[1].root
    at = second.range if second is not None else found[1].diagnostics[0].range if found[1].diagnostics else None
    findings.add("several-flows", message, at or START, "")
    return Loaded(None, (*loaded.diagnostics, *findings.diagnostics), first)


def load_flows(
    text: str, catalog: Catalog, *, defaults: Sequence[PluginDefault] = (), kept: "Kept | None" = None
) -> list[Loaded]:
    """Read every flow of a text, one per document; an empty document between others is passed over."""
    found = documents(text)
    given = [document for document in found if document.root is not None or document.diagnostics]
    return [_loaded(document, catalog, defaults, kept) for document in given or found[:1] or [Document(None, text)]]


def _loaded(
    document: Document,
    catalog: Catalog,
    defaults: Sequence[PluginDefault],
    kept: "Kept | None",
    expressions: bool = True,
) -> Loaded:
    findings = Findings()
    findings.diagnostics.extend(document.diagnostics)
    flow: Flow | None = None
    if document.root is not None or not document.diagnostics:
        outer = tuple(default_node(default, lambda name: _canonical(catalog, name)) for default in defaults)
        flow = read_flow(document, catalog, findings, outer)
        if expressions:
            # Not on the way of a run, which has no use for it.
            from podium.model.expression_check import check

            check(document, catalog, findings, flow.dialect if flow is not None else "1.x", kept)
    if findings.count("error"):
        flow = None
    # What stands once but is read in several places, behind an anchor or in a default, is said once.
    distinct: dict[object, Diagnostic] = {}
    for each in findings.diagnostics:
        distinct.setdefault((each.code, each.range, each.message), each)
    ordered = sorted(distinct.values(), key=lambda each: (each.range.line, each.range.column))
    return Loaded(flow, tuple(ordered), document)


def _canonical(catalog: Catalog, name: str) -> str:
    decl = catalog.find(name)
    return decl.name if decl is not None else name
