"""Executions as Kestra's JSON, for everybody who looks: commands, screens, the HTTP API. Secrets are hidden."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from podium.base.clock import iso_instant
from podium.base.masking import Masker
from podium.engine.execution import Execution, execution_json
from podium.engine.variables import TENANT
from podium.runtime.masks import masker_of
from podium.store.execution_records import ExecutionRecord
from podium.store.stores import Stores

"""The one tenant of an open-source Kestra server."""


def execution_document(execution: Execution, masker: Masker, now: datetime | None = None) -> dict[str, Any]:
    """An execution with all that strict clients of Kestra's API require; absent values are left out."""
    document = {"tenantId": TENANT, **execution_json(execution, now), "deleted": False}
    document["taskRunList"] = [{"tenantId": TENANT, **run} for run in document["taskRunList"]]
    shown: dict[str, Any] = masker.value(document)
    return shown


def shown_execution(stores: Stores, execution: Execution, now: datetime | None = None) -> dict[str, Any]:
    """The same for an execution of the workspace, with the secrets that it used hidden; raises StoreError."""
    return execution_document(execution, masker_of(stores, execution.id), now)


def metric_documents(record: ExecutionRecord, namespace: str, flow_id: str) -> Iterator[dict[str, Any]]:
    """The metrics of an execution as Kestra's MetricEntry, oldest first; lines that are not whole are left out."""
    try:
        lines = record.metrics.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        try:
            metric = json.loads(line)
            moment = datetime.fromtimestamp(metric["timestamp"] / 1000, UTC)
            yield {
                "namespace": namespace, "flowId": flow_id, "taskId": metric["taskId"], "executionId": record.id,
                "taskRunId": metric["taskRunId"], "type": metric["type"], "name": metric["name"],
                "value": metric["value"], "timestamp": iso_instant(moment), "tags": metric.get("tags") or {},
            }  # fmt: skip
        except (ValueError, KeyError, TypeError):
            continue
