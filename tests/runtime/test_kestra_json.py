"""Executions as Kestra's JSON, without secrets."""

import json
from datetime import timedelta
from pathlib import Path

from tests.runtime.workspaces import NOW, opened, put_execution

from podium.engine import changes as c
from podium.engine.execution import fold
from podium.runtime.kestra_json import metric_documents, shown_execution
from podium.store.summaries import summary_of

LATER = NOW + timedelta(seconds=1, milliseconds=500)


def test_an_execution_with_all_that_strict_clients_need(tmp_path: Path) -> None:
    stores = opened(tmp_path, {".env": "PW=hunter2"})
    record = put_execution(
        stores, "e1", inputs={"a": 1}, labels=[("k", "v")], trigger={"id": "t", "type": "T", "variables": {"x": 1}}
    )
    record.note_secret("PW", "lab")
    changes: list[c.Change] = [
        c.ExecutionCreated("e1", "lab", "hello", NOW, 3, inputs={"a": 1}, labels=[("k", "v")], trigger={"id": "t"}),
        c.ExecutionMoved("RUNNING", NOW),
        c.TaskRunCreated("r1", "each", NOW),
        c.TaskRunCreated("r2", "say", NOW, parent="r1", value="x", iteration=0),
        c.AttemptStarted("r2", NOW),
        c.AttemptEnded("r2", "SUCCESS", LATER, {"value": "is hunter2", "n": 1}, "kestra:///log"),
        c.TaskRunMoved("r2", "SUCCESS", LATER),
        c.ExecutionOutputs({"o": "hunter2"}),
        c.ExecutionMoved("SUCCESS", LATER),
    ]
    document = shown_execution(stores, fold(changes))
    assert json.loads(json.dumps(document)) == document
    assert {"tenantId", "id", "namespace", "flowId", "flowRevision", "state", "originalId"} <= document.keys()
    assert document["deleted"] is False
    assert document["metadata"] == {"attemptNumber": 1, "originalCreatedDate": "2026-03-14T15:09:26.535Z"}
    assert document["state"]["current"] == "SUCCESS"
    assert document["state"]["duration"] == "PT1.5S"
    assert document["state"]["endDate"] == "2026-03-14T15:09:28.035Z"
    assert [one["state"] for one in document["state"]["histories"]] == ["CREATED", "RUNNING", "SUCCESS"]
    assert document["outputs"] == {"o": "*******"}
    each, say = document["taskRunList"]
    assert each["state"]["current"] == "CREATED"
    assert "attempts" not in each
    assert (say["parentTaskRunId"], say["value"], say["iteration"]) == ("r1", "x", 0)
    assert say["outputs"] == {"value": "is *******", "n": 1}
    assert say["attempts"][0]["state"]["current"] == "SUCCESS"
    assert say["attempts"][0]["logFile"] == "kestra:///log"
    assert "parentId" not in document


def test_metrics(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    record = put_execution(stores, "e1")
    assert list(metric_documents(record, "lab", "hello")) == []
    whole = {
        "taskId": "t", "taskRunId": "r", "attempt": 0, "timestamp": 1000, "name": "rows", "type": "counter", "value": 3,
        "tags": {"a": "b"},
    }  # fmt: skip
    record.metrics.write_text(json.dumps(whole) + "\n" + '{"taskId": "t"}\n' + json.dumps(whole)[:30])
    assert list(metric_documents(record, "lab", "hello")) == [
        {
            "namespace": "lab", "flowId": "hello", "taskId": "t", "executionId": "e1", "taskRunId": "r",
            "type": "counter", "name": "rows", "value": 3, "timestamp": "1970-01-01T00:00:01.000Z", "tags": {"a": "b"},
        }
    ]  # fmt: skip
    assert summary_of(record.load().execution).id == "e1"
