"""Tasks on files of internal storage and of namespaces."""

import json
from typing import Any

import pytest
from context import FakeContext

from podium.plugin.task import TaskError

STORAGE = "io.kestra.plugin.core.storage."
NAMESPACE = "io.kestra.plugin.core.namespace."


def failure(ctx: FakeContext, name: str, /, **props: Any) -> str:
    with pytest.raises(TaskError) as caught:
        ctx.run(name, **props)
    return str(caught.value)


def test_write_size_concat_delete(ctx: FakeContext) -> None:
    uri = ctx.run(STORAGE + "Write", content="text {{ task.id }}", extension=".md")["uri"]
    assert uri.endswith(".md")
    assert ctx.run(STORAGE + "Size", uri=uri) == {"size": 6}
    other = ctx.stored("b", "b.txt")
    joined = ctx.run(STORAGE + "Concat", files=[uri, other], separator="\n", extension=".txt")["uri"]
    assert ctx.storage.text(joined) == "text t\nb\n"
    assert ctx.run(STORAGE + "Concat", files=json.dumps([uri, other]))["uri"].endswith(".tmp")
    assert ctx.run(STORAGE + "Delete", uri=uri) == {"uri": uri, "deleted": True}
    assert ctx.run(STORAGE + "Delete", uri=uri) == {"uri": uri, "deleted": False}
    assert "Unable to find file" in failure(ctx, STORAGE + "Delete", uri=uri, errorOnMissing=True)


@pytest.mark.parametrize(
    ("props", "parts"),
    [
        ({"rows": 2}, ["1\n2\n", "3\n4\n", "5\n"]),
        ({"partitions": 2}, ["1\n3\n5\n", "2\n4\n"]),
        ({"partitions": 9}, ["1\n", "2\n", "3\n", "4\n", "5\n"]),
        ({"bytes": "3"}, ["1\n2\n", "3\n4\n", "5\n"]),
        ({"bytes": "1KB"}, ["1\n2\n3\n4\n5\n"]),
        ({"rows": 1, "separator": "3"}, ["1\n2\n3", "\n4\n53"]),
    ],
)
def test_split(ctx: FakeContext, props: dict[str, Any], parts: list[str]) -> None:
    uris = ctx.run(STORAGE + "Split", **{"from": ctx.stored("1\n2\n3\n4\n5", "n.csv"), **props})["uris"]
    assert [ctx.storage.text(uri) for uri in uris] == parts
    assert all(uri.endswith(".csv") for uri in uris)


@pytest.mark.parametrize(
    ("props", "message"),
    [
        ({}, "Say how to split"), ({"rows": 0}, "`rows` must be at least 1"), ({"bytes": "big"}, "'big' is not a size"),
        ({"rows": 1, "separator": ""}, "The `separator` must not be empty"),
    ],
)  # fmt: skip
def test_split_needs_to_know_how(ctx: FakeContext, props: dict[str, Any], message: str) -> None:
    assert failure(ctx, STORAGE + "Split", **{"from": ctx.stored("1"), **props}).startswith(message)


def test_split_of_an_empty_file(ctx: FakeContext) -> None:
    assert ctx.run(STORAGE + "Split", **{"from": ctx.stored(""), "rows": 1}) == {"uris": []}


@pytest.mark.parametrize(("content", "reversed_"), [("a\nb\nc\n", "c\nb\na\n"), ("a\nb", "b\na\n"), ("", "")])
def test_reverse(ctx: FakeContext, content: str, reversed_: str) -> None:
    assert ctx.storage.text(ctx.run(STORAGE + "Reverse", **{"from": ctx.stored(content)})["uri"]) == reversed_


RECORDS = '{"id":1,"price":5}\n\n{"id":2,"price":50}\n{"id":1,"price":500}\n'


@pytest.mark.parametrize(
    ("props", "ids"),
    [
        ({"filterCondition": "{{ price > 10 }}"}, [2, 1]),
        ({"filterCondition": " {{ price > 10 }} ", "filterType": "EXCLUDE"}, [1]),
        ({"filterCondition": "{{ none.such }}", "errorOrNullBehavior": "INCLUDE"}, [1, 2, 1]),
        ({"filterCondition": "{{ none.such }}", "errorOrNullBehavior": "EXCLUDE"}, []),
    ],
)
def test_filter(ctx: FakeContext, props: dict[str, Any], ids: list[int]) -> None:
    outputs = ctx.run(STORAGE + "FilterItems", **{"from": ctx.stored(RECORDS), **props})
    assert [record["id"] for record in ctx.records(outputs["uri"])] == ids
    assert (outputs["processedItemsTotal"], outputs["droppedItemsTotal"]) == (3, 3 - len(ids))


def test_filter_fails_on_a_condition_that_cannot_be_decided(ctx: FakeContext) -> None:
    message = failure(ctx, STORAGE + "FilterItems", **{"from": ctx.stored(RECORDS), "filterCondition": "{{ no.such }}"})
    assert message.startswith("The condition cannot be decided for record 1:")


def test_deduplicate_keeps_the_last(ctx: FakeContext) -> None:
    outputs = ctx.run(STORAGE + "DeduplicateItems", **{"from": ctx.stored(RECORDS), "expr": "{{ id }}"})
    assert ctx.records(outputs.pop("uri")) == [{"id": 2, "price": 50}, {"id": 1, "price": 500}]
    assert outputs == {"numKeys": 2, "processedItemsTotal": 3, "droppedItemsTotal": 1}


def test_local_files(ctx: FakeContext) -> None:
    uris = ctx.run(STORAGE + "LocalFiles", inputs={"a/b.txt": "B"}, outputs=["a/*"])["uris"]
    assert {name: ctx.storage.text(uri) for name, uri in uris.items()} == {"a/b.txt": "B"}


def test_purge_of_this_execution(ctx: FakeContext) -> None:
    uri = ctx.stored("x")
    assert ctx.run(STORAGE + "PurgeCurrentExecutionFiles") == {"uris": [uri]}
    assert not ctx.storage.exists(uri)


def test_namespace_files_come_and_go(ctx: FakeContext) -> None:
    ctx.write("out/a.txt", "A")
    uploaded = ctx.run(
        NAMESPACE + "UploadFiles", files=["out/*"], filesMap={"/m.csv": ctx.stored("M")}, destination="/d/"
    )
    assert uploaded["files"] == {
        "d/out/a.txt": "kestra:///company/team/_files/d/out/a.txt", "d/m.csv": "kestra:///company/team/_files/d/m.csv",
    }  # fmt: skip
    ctx.write("out/a.txt", "changed")
    assert ctx.run(NAMESPACE + "UploadFiles", files=["out/*"], destination="d", conflict="SKIP") == {"files": {}}
    assert "already exists" in failure(
        ctx, NAMESPACE + "UploadFiles", files=["out/*"], destination="d", conflict="ERROR"
    )
    assert "nothing to upload" in failure(ctx, NAMESPACE + "UploadFiles")
    found = ctx.run(
        NAMESPACE + "DownloadFiles", namespace="company.team", files=["**.txt", "/d/m.csv"], destination="x/"
    )
    assert {name: ctx.storage.text(uri) for name, uri in found["files"].items()} == {
        "/x/d/m.csv": "M", "/x/d/out/a.txt": "A",
    }  # fmt: skip
    ctx.run(NAMESPACE + "DeleteFiles", namespace="company.team", files="d/out/a.txt")
    assert ctx.namespace_files.list("company.team") == ["d/m.csv"]
    assert ctx.metrics[-1] == ("deleted", 1, "counter", {})
