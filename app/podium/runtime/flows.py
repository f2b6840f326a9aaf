"""Flows ready to run: from the files of the workspace, from kept revisions, from executions."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from podium.model.diagnostics import Diagnostic
from podium.model.flow import Flow, Output, Retry, Task
from podium.model.loader import load_flow
from podium.model.schema import Catalog
from podium.runtime.refusals import NotCreated
from podium.store.execution_records import ExecutionRecord
from podium.store.flow_files import FlowFile
from podium.store.stores import Stores

LOOP = "loop"
"""The entry of an execution's meta with the id of the Loop task whose iteration it is."""

STORED = "stored"
"""The entry of an iteration's meta that says that its outputs are kept in a file."""

_MOST_SHOWN = 20
_MOST_KNOWN = 100
"""Texts of flows that are not read twice: a ForEachItem asks for the same one ten thousand times."""


class Flows:
    """Finds and loads the flows of a workspace. Raises NotCreated when there is none, or none that can run."""

    def __init__(self, stores: Stores, catalog: Catalog) -> None:
        self._stores = stores
        self._catalog = catalog
        self._read: dict[str, Flow] = {}

    def find(
        self, namespace: str, flow_id: str, revision: int | None = None, *, recent: bool = False
    ) -> tuple[Flow, Path | None]:
        """A flow by its name, as its file says it now, or as it was in a `revision`; with the path of its file.

        With `recent` its file is looked for at most once in a second.
        """
        if revision:
            kept = self._stores.revisions.get(namespace, flow_id, revision)
            if kept is None:
                raise _unknown(namespace, flow_id, revision)
            flow = self.parse(kept.source, f"revision {revision} of {namespace}.{flow_id}")
            return replace(flow, revision=revision), None
        workspace = self._stores.workspace
        files = workspace.recent_flow_files() if recent else workspace.flow_files()
        found = [one for one in files if one.namespace == namespace and one.id == flow_id]
        if not found:
            raise _unknown(namespace, flow_id, 0)
        if len(found) > 1:
            places = " and ".join(self._shown(one.path) for one in found)
            raise NotCreated(
                "invalid", f"The flow `{flow_id}` of namespace `{namespace}` is in two places: {places}. "
                "Give one of them another `id:`."
            )  # fmt: skip
        return self.of_file(found[0]), found[0].path

    def of_file(self, file: FlowFile) -> Flow:
        """The flow of a document of a file."""
        return self.parse(file.text, self._shown(file.path), file.line)

    def of_record(self, record: ExecutionRecord) -> Flow:
        """The flow of an execution, as it ran; of an iteration of a Loop the flow of that iteration.

        Raises StoreError when the record has no text of a flow.
        """
        flow = self.parse(record.flow_source(), str(record.flow))
        loop = record.meta().get(LOOP)
        return flow if loop is None else loop_flow(flow, flow.tasks_by_id[loop])

    def parse(self, source: str, place: str, first_line: int = 0) -> Flow:
        """The flow of a text; `place` and `first_line` (of its document in the file) are for messages."""
        known = self._read.get(source)
        if known is not None:
            return known
        loaded = load_flow(source, self._catalog, defaults=self._stores.plugin_defaults, expressions=False)
        if loaded.flow is None:
            raise NotCreated("invalid", invalid_text(loaded.errors, place, first_line), diagnostics=loaded.diagnostics)
        if len(self._read) >= _MOST_KNOWN:
            self._read.clear()
        self._read[source] = loaded.flow
        return loaded.flow

    def _shown(self, path: Path) -> str:
        root = self._stores.workspace.root
        return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def invalid_text(errors: Sequence[Diagnostic], place: str, first_line: int = 0) -> str:
    """What is wrong with a flow, one line per error."""
    lines = [f"Cannot execute an invalid flow: {len(errors)} error{'s' if len(errors) != 1 else ''}."]
    for error in errors[:_MOST_SHOWN]:
        at = replace(error.range, line=error.range.line + first_line, end_line=error.range.end_line + first_line)
        lines.append(replace(error, range=at).at(place))
    if len(errors) > _MOST_SHOWN:
        lines.append(f"{_MOST_SHOWN} of {len(errors)} errors are shown.")
    return "\n".join(lines)


def loop_flow(flow: Flow, loop: Task) -> Flow:
    """The flow of one iteration of a Loop: its tasks, with everything that they can see of the flow around."""
    around = (*flow.tasks, *flow.errors, *flow.finally_, *flow.after_execution)
    return replace(
        flow, tasks=loop.children.get("tasks", ()), errors=loop.children.get("errors", ()),
        finally_=loop.children.get("finally", ()), after_execution=(), listeners=(),
        outputs=tuple(_output(one) for one in loop.props.get("outputs") or ()), triggers=(), concurrency=None,
        retry=_retry(around, loop.id, flow.retry), sla=(), checks=(), inputs=(),
    )  # fmt: skip


def _retry(tasks: Sequence[Task], wanted: str, inherited: Retry | None) -> Retry | None:
    """The retry that holds for the tasks of the task `wanted`: its own, or that of what is around it."""
    for task in tasks:
        own = task.retry or inherited
        if task.id == wanted:
            return own
        for children in task.children.values():
            found = _retry(children, wanted, own)
            if found is not None:
                return found
    return None


def _output(declared: Any) -> Output:
    return Output(
        str(declared.get("id")), str(declared.get("type", "STRING")), declared.get("value"),
        required=declared.get("required", True) is not False,
    )  # fmt: skip


def _unknown(namespace: str, flow_id: str, revision: int) -> NotCreated:
    return NotCreated("missing", f"Unable to find flow '{namespace}'.'{flow_id}' with revision '{revision}'")
