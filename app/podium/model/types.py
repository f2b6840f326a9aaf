"""Finding the declaration that a `type:` names, with everything there is to say about the name."""

import difflib
from collections.abc import Iterable
from functools import lru_cache

from podium.expressions.errors import did_you_mean
from podium.model.diagnostics import Edit, Fix
from podium.model.dialects import renames_safely, type_fix
from podium.model.findings import Findings, joined
from podium.model.grammar import BY_TYPE
from podium.model.marked_yaml import MapNode, ScalarNode, is_null
from podium.model.schema import Catalog, Family, TypeDecl

_KIND = {
    "task": "a task", "trigger": "a trigger", "condition": "a condition", "taskRunner": "a task runner",
    "input": "an input", "retry": "a retry", "sla": "an SLA", "check": "a check",
}  # fmt: skip


class TypeFinder:
    """Looks types up for one document and reports what is deprecated, misspelled or not of this machine."""

    def __init__(self, catalog: Catalog, findings: Findings) -> None:
        self._catalog = catalog
        self._findings = findings

    def canonical(self, name: str) -> str:
        """The current name of a type; the name itself when it is none or unknown."""
        decl = self._catalog.find(name)
        return decl.name if decl is not None else name

    def find(self, node: MapNode, family: Family, path: str) -> TypeDecl | None:
        """The declaration of the object's `type`; None after reporting that there is none."""
        written = node.get("type")
        if written is None or is_null(written):
            message = f"missing type id property 'type': {_KIND[family]} needs a `type`."
            self._findings.add("missing-type", message, head(node), path)
            return None
        if not isinstance(written, ScalarNode):
            self._findings.add("wrong-type", "`type` must be the name of a type.", written, joined(path, "type"))
            return None
        if family in BY_TYPE:
            return self._of_format(written, family, path)
        decl = self._catalog.find(written.text)
        if decl is None:
            self._unknown(written, self._catalog.names(family), path)
        elif decl.local and decl.family != family:
            message = f"Invalid type: {written.text} is {_KIND[decl.family]}, but {_KIND[family]} is needed here."
            self._findings.add("wrong-family", message, written, joined(path, "type"))
            return None
        else:
            self._remark(node, written, decl, family, path)
        return decl

    def _of_format(self, written: ScalarNode, family: Family, path: str) -> TypeDecl | None:
        types = BY_TYPE[family]
        decl = types.get(written.text) or types.get(written.text.upper()) or types.get(written.text.lower())
        if decl is None:
            self._unknown(written, types, path)
        elif decl.deprecated:
            message = f"{path} is deprecated: {decl.deprecated.rstrip('.')}."
            self._findings.add("deprecated-type", message, written, path, _fix(written, decl))
        return decl

    def _unknown(self, written: ScalarNode, names: Iterable[str], path: str) -> None:
        hint = did_you_mean_type(written.text, names)
        message = f"Invalid type: {written.text}." + (f" {hint}" if hint else " Check the spelling of the type.")
        fix = _rename(written, hint.split("`")[1]) if hint and hint.startswith("Did") else None
        self._findings.add("unknown-type", message, written, joined(path, "type"), fix)

    def _remark(self, node: MapNode, written: ScalarNode, decl: TypeDecl, family: Family, path: str) -> None:
        place = joined(path, "type")
        if not decl.local:
            hint = did_you_mean_type(written.text, self._catalog.names(family), cutoff=0.93)
            if hint:
                message = f"{written.text} would run on a Kestra server only. {hint}"
                self._findings.add("perhaps-misspelled", message, written, place, _rename(written, hint.split("`")[1]))
                return
            message = decl.deprecated or f"{written.text} runs on a Kestra server, not here."
            self._findings.add("runs-elsewhere", message, written, place)
            return
        if written.text != decl.name:
            message = f"{written.text} is replaced by {decl.name}"
            fix = _rename(written, decl.name) if renames_safely(node, written.text) else None
            self._findings.add("renamed-type", message, written, path, fix)
        if decl.deprecated:
            message = f"{path} is deprecated: {decl.deprecated.rstrip('.')}."
            self._findings.add("deprecated-type", message, written, path, type_fix(node, written, decl.name))
        if decl.removed:
            message = f"{decl.name} is gone from Kestra {decl.removed}; it runs here."
            self._findings.add("removed-in", message, written, place)


def did_you_mean_type(wanted: str, names: Iterable[str], cutoff: float = 0.6) -> str | None:
    """As `did_you_mean`, but a type with the same last word in another package is the best guess."""
    return _closest(wanted, tuple(names), cutoff)


@lru_cache(maxsize=500)
def _closest(wanted: str, known: tuple[str, ...], cutoff: float) -> str | None:
    """Kept, since the same few types are used again and again."""
    if cutoff > 0.9:
        close = difflib.get_close_matches(wanted, known, n=1, cutoff=cutoff)
        return f"Did you mean `{close[0]}`?" if close else None
    ending = [name for name in known if name.endswith(f".{wanted}")]
    if ending:
        return f"Did you mean `{ending[0]}`?"
    last = wanted.rpartition(".")[2].lower()
    same = [name for name in known if name.rpartition(".")[2].lower() == last]
    if "." not in wanted:
        return f"Did you mean `{same[0]}`?" if same else did_you_mean(wanted, known)
    hint = did_you_mean(wanted, same or known)
    return hint if hint and (len(known) <= 30 or hint.startswith("Did")) else None


def head(node: MapNode) -> ScalarNode | MapNode:
    """The first key of a map: the place to mark when something is absent from it."""
    return node.entries[0].key if node.entries else node


def _rename(written: ScalarNode, name: str) -> Fix:
    return Fix(f"Replace by {name}", (Edit(written.range, name),))


def _fix(written: ScalarNode, decl: TypeDecl) -> Fix | None:
    successor = (decl.deprecated or "").removeprefix("use ")
    return _rename(written, successor) if successor in BY_TYPE.get(decl.family, {}) else None
