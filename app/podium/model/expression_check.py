"""What is wrong with the expressions of a flow: unknown names, outputs read too early, slips of the language.

Everything is found by looking, nothing is evaluated. What may be missing on purpose (`??`, `default`,
`is defined`) is left alone, and so is what only a run can know.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from podium.expressions.analysis import Analysis, Reference, Segment, analyze, argument
from podium.expressions.errors import did_you_mean
from podium.expressions.foreign import FOREIGN_NAMES
from podium.expressions.lint import remarks
from podium.model.diagnostics import Edit, Fix
from podium.model.expression_places import ExpressionText, FlowTexts, has_expression, texts_of
from podium.model.findings import Findings
from podium.model.marked_yaml import Document, MapNode, ScalarNode
from podium.model.scalar_places import ScalarPlaces
from podium.model.schema import Catalog
from podium.model.task_order import TaskSite, order
from podium.model.variables import VARIABLES

_KEPT = {
    "secret": ("unknown-secret", "key"),
    "kv": ("unknown-key", "key"),
    "read": ("unknown-file", "path"),
    "fileSize": ("unknown-file", "path"),
    "isFileEmpty": ("unknown-file", "path"),
}
"""Functions that fail when something is not kept: the code for it, and the parameter that names it."""
_WITHOUT_TASKS = frozenset({"inputs", "triggers", "pluginDefaults", "variables", "checks"})
"""Places where no task has run, or where it is not known whose outputs are meant."""


class Kept(Protocol):
    """What is kept beside the flows, as a namespace sees it."""

    def has_secret(self, key: str, namespace: str) -> bool:
        """Whether there is such a secret."""

    def has_key(self, key: str, namespace: str) -> bool:
        """Whether this namespace has the key."""

    def has_file(self, path: str, namespace: str) -> bool:
        """Whether this namespace has the file."""


def check(
    document: Document, catalog: Catalog, findings: Findings, dialect: str = "1.x", kept: Kept | None = None
) -> None:
    """Add what is wrong with the expressions of a flow document, each at its exact place in the file.

    With `kept`, secrets, keys and namespace files that are not there are mentioned too.
    """
    if not isinstance(document.root, MapNode):
        return
    texts = texts_of(document.root, catalog)
    namespace = document.root.text("namespace") or ""
    for text in texts.texts:
        checked = _Check(text, texts, document, findings, dialect)
        checked.run()
        if kept is not None and namespace:
            checked.kept(kept, namespace)


@dataclass(frozen=True, slots=True)
class _Check:
    """One text."""

    text: ExpressionText
    texts: FlowTexts
    document: Document
    findings: Findings
    dialect: str

    def run(self) -> None:
        analysis = analyze(self.text.scalar.text, self.dialect)
        places = ScalarPlaces(self.text.scalar, self.document)
        if analysis.error is not None:
            if self.text.block == "variables":
                return  # never rendered by itself: it may be meant for something else
            error = analysis.error
            self._add("expression-syntax", _sentence(error.message, error.suggestion), places, error.offset)
            return
        for problem in analysis.problems:
            message = _sentence(problem.message, problem.suggestion)
            self._add("unknown-function", message, places, problem.start, problem.end)
        mended = self._remarks(analysis, places)
        for reference in analysis.references:
            if not any(start <= reference.segments[0].start < end for start, end in mended):
                self._reference(reference, places)

    def kept(self, kept: Kept, namespace: str) -> None:
        """Mention what is not there now. Keys and files that the flow may make itself are left alone."""
        analysis = analyze(self.text.scalar.text, self.dialect)
        places = ScalarPlaces(self.text.scalar, self.document)
        kinds = {site.type for site in self.texts.tasks.values()}
        for usage in analysis.usages:
            code, parameter = _KEPT.get(usage.name, ("", ""))
            name, given = usage.constants.get(parameter), argument(usage, parameter)
            if usage.kind != "function" or not isinstance(name, str) or given is None:
                continue
            if argument(usage, "namespace") is not None and not isinstance(usage.constants.get("namespace"), str):
                continue
            own = usage.constants.get("namespace") is None
            space = namespace if own else str(usage.constants["namespace"])
            if code == "unknown-secret":
                missing, what = not kept.has_secret(name, space), "secret"
            elif code == "unknown-key":
                accepted = usage.constants.get("errorOnMissing") is False or any(".kv." in kind for kind in kinds)
                spaces = _lineage(space) if own else [space]
                missing, what = not accepted and not any(kept.has_key(name, each) for each in spaces), "key"
            else:
                made = ":" in name or any(".namespace." in kind for kind in kinds)
                missing, what = not made and not kept.has_file(name, space), "file"
            if missing:
                message = f"The namespace `{space}` has no {what} `{name}` here at the moment."
                self._add(code, message, places, given.start, given.end)

    def _remarks(self, analysis: Analysis, places: ScalarPlaces) -> list[tuple[int, int]]:
        """Report the slips; returns where the references inside are not what was meant."""
        mended = []
        for remark in remarks(analysis.template, self.dialect):
            code = "removed-in" if remark.removed else "expression-finding"
            at = places.range(remark.start, remark.end)
            fix = None
            if remark.replacement is not None:
                fix = Fix(f"Replace by {remark.replacement}", (Edit(at, remark.replacement),))
                if not remark.removed:
                    mended.append((remark.start, remark.end))
            self.findings.add(code, remark.message, at, self.text.path, fix)
        return mended

    def _add(self, code: str, message: str, places: ScalarPlaces, start: int, end: int | None = None) -> None:
        at = places.range(start, start + 1 if end is None else end)
        self.findings.add(code, message, at, self.text.path)

    def _reference(self, reference: Reference, places: ScalarPlaces) -> None:
        if reference.guarded:
            return
        root = reference.root
        if root == "inputs":
            self._input(reference, places)
        elif root == "vars":
            self._variable(reference, places)
        elif root == "outputs":
            self._output(reference, places)
        elif self._iteration(reference, places):
            pass
        elif root in VARIABLES and VARIABLES[root].closed:
            self._member(reference, places)
        elif root not in VARIABLES and not self.text.own_variables and self.text.block not in ("variables", "triggers"):
            near = did_you_mean(root, VARIABLES)
            hint = FOREIGN_NAMES.get(root) or (near if near and near.startswith("Did") else None)
            message = _sentence(f"`{root}` is no variable that expressions have", hint)
            self._add("unknown-variable", message, places, *_span(reference.segments[0]))

    def _iteration(self, reference: Reference, places: ScalarPlaces) -> bool:
        """Whether it asks for an iteration that this task does not have, which is reported then."""
        task, root, key = self.text.task, reference.root, _key(reference, 1)
        if task is None or self.text.own_variables or root not in ("taskrun", "item"):
            return False
        if root == "taskrun" and (key is None or key.key not in ("value", "iteration")):
            return False
        shown = root if root == "item" or key is None else f"{root}.{key.key}"
        start, end = reference.segments[0].start, (reference.segments[0] if root == "item" or key is None else key).end
        if task.outside_loops:
            self._add("expression-finding", f"`{shown}` exists only inside a loop.", places, start, end)
            return True
        holder = task.iterated
        if root == "item" or holder is None or holder is task.standing:
            return False
        message = f"`{shown}` belongs to `{holder.id}`, which stands right in the loop"
        if holder is task.standing.parent and shown == "taskrun.value":
            at = places.range(start, end)
            fix = Fix("Replace by parent.taskrun.value", (Edit(at, "parent.taskrun.value"),))
            message = f"{message}: here it is `parent.taskrun.value`."
            self.findings.add("expression-finding", message, at, self.text.path, fix)
        else:
            self._add("expression-finding", f"{message}: look for it in `parents`.", places, start, end)
        return True

    def _input(self, reference: Reference, places: ScalarPlaces) -> None:
        first = _key(reference, 1)
        if first is None or self.text.block == "triggers":
            return
        known = dict.fromkeys(name.split(".", 1)[0] for name in self.texts.inputs)
        if first.key not in known:
            self._unknown("unknown-input", reference, first, known, "the flow declares no such input", places)
        elif self.text.block == "inputs":
            needed = self.texts.needed_inputs.get(self.text.path.partition(".")[0], frozenset())
            if first.key not in {name.partition(".")[0] for name in needed}:
                message = f"`inputs.{first.key}` is not seen here: add `{first.key}` to `dependsOn.inputs`."
                self._add("expression-finding", message, places, reference.segments[0].start, first.end)

    def _variable(self, reference: Reference, places: ScalarPlaces) -> None:
        first = _key(reference, 1)
        if first is None or self.texts.computed_variables:
            return
        variables = self.texts.variables
        entries = {entry.key.text: entry.value for entry in variables.entries} if variables is not None else {}
        if first.key not in entries:
            self._unknown("unknown-variable", reference, first, entries, "the flow has no such variable", places)
            return
        value = entries[str(first.key)]
        templated = isinstance(value, ScalarNode) and has_expression(value.text)
        if templated and len(reference.segments) == 2 and not reference.rendered and self.text.block != "variables":
            message = (
                f"`vars.{first.key}` holds an expression, which is not evaluated here: use `render(vars.{first.key})`."
            )
            self._add("expression-finding", message, places, reference.segments[0].start, first.end)

    def _output(self, reference: Reference, places: ScalarPlaces) -> None:
        first = _key(reference, 1)
        if first is None or self.text.block in _WITHOUT_TASKS:
            return
        target = self.texts.tasks.get(str(first.key)) or self._part(str(first.key))
        if target is None:
            known = self.texts.tasks
            self._unknown("unknown-output", reference, first, known, "the flow has no such task", places)
            return
        when = order(target, self.text.task) if self.text.task is not None else "earlier"
        if when in ("later", "own"):
            reason = "which is this task itself" if when == "own" else "which runs later"
            message = f"`{reference.text}` reads outputs of `{target.id}`, {reason}: there are none yet."
            self._add("output-too-early", message, places, *_span(first))
        elif when == "excluded":
            message = (
                f"`{reference.text}` reads outputs of `{target.id}`, which runs only when this task does not: "
                "give another value with `??`."
            )
            self._add("output-too-early", message, places, *_span(first))
        elif when == "unordered":
            holder = target.parent.kind if target.parent is not None else "flow"
            remedy = f"add `{target.id}` to `dependsOn`" if holder == "Dag" else "run them one after the other"
            message = f"`{reference.text}` reads outputs of `{target.id}`, which may run at the same time: {remedy}."
            self._add("output-too-early", message, places, *_span(first))
        else:
            self._attribute(reference, places)

    def _part(self, name: str) -> TaskSite | None:
        """A ForEachItem also has outputs under the ids of the steps that it consists of."""
        owner, _, step = name.rpartition("_")
        site = self.texts.tasks.get(owner)
        return site if step in ("split", "items", "merge") and site is not None and site.kind == "ForEachItem" else None

    def _attribute(self, reference: Reference, places: ScalarPlaces) -> None:
        task, attribute = str(reference.segments[1].key), _key(reference, 2)
        decl = self.texts.decls.get(task)
        if attribute is None or decl is None or not decl.local or decl.open or not decl.outputs:
            return
        if self.texts.tasks[task].in_loop:
            return
        known = [output.name for output in decl.outputs]
        if attribute.key not in known:
            self._unknown("unknown-attribute", reference, attribute, known, "the task has no such output", places)

    def _member(self, reference: Reference, places: ScalarPlaces) -> None:
        first, known = _key(reference, 1), tuple(VARIABLES[reference.root].members)
        if first is not None and first.key not in known and self.text.block != "triggers":
            self._unknown("unknown-variable", reference, first, known, "there is no such value", places)

    def _unknown(
        self,
        code: str,
        reference: Reference,
        segment: Segment,
        known: Iterable[str],
        reason: str,
        places: ScalarPlaces,
    ) -> None:
        """`outputs.pyton_script`: the flow has no such task. Did you mean …? Available: …"""
        position = reference.segments.index(segment)
        shown = Reference(reference.segments[: position + 1]).text
        names = list(dict.fromkeys(known))
        hint = did_you_mean(str(segment.key), names, listing=True)
        fix = None
        if hint and hint.startswith("Did"):
            right = hint.split("`")[1]
            at = places.range(segment.start, segment.end)
            written = self.text.scalar.text[segment.start : segment.end]
            quote = written[0] if written[:1] in ("'", '"') else ""
            fix = Fix(f"Replace by {right}", (Edit(at, f"{quote}{right}{quote}"),))
        message = _sentence(f"`{shown}`: {reason}", hint)
        self.findings.add(code, message, places.range(*_span(segment)), self.text.path, fix)


def _lineage(namespace: str) -> list[str]:
    """The namespace and those above it."""
    parts = namespace.split(".")
    return [".".join(parts[:count]) for count in range(len(parts), 0, -1)]


def _key(reference: Reference, position: int) -> Segment | None:
    """The segment when it is a written-out name, else None."""
    if position >= len(reference.segments):
        return None
    segment = reference.segments[position]
    return segment if isinstance(segment.key, str) and segment.key else None


def _span(segment: Segment) -> tuple[int, int]:
    return segment.start, segment.end


def _sentence(message: str, suggestion: str | None) -> str:
    text = message if message.endswith(("?", ".")) else message + "."
    if suggestion is None:
        return text
    return f"{text} {suggestion}" + ("" if suggestion.endswith(("?", ".", "…")) else ".")
