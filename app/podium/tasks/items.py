"""Files of records, one per line: choosing among them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from podium.expressions.errors import ExpressionError
from podium.expressions.render import truthy
from podium.model.properties import Expression, prop
from podium.model.schema import Example
from podium.plugin.context import RunContext
from podium.plugin.task import Cancelled, RunnableTask, TaskError
from podium.tasks.records import parse_record, read_lines
from podium.tasks.storage import scratch_file

_PREFIX = "io.kestra.plugin.core.storage."


@dataclass
class FilterOutputs:
    """The chosen records."""

    uri: str = field(metadata={"doc": "The file with the chosen records."})
    processedItemsTotal: int = field(metadata={"doc": "The number of records read."})
    droppedItemsTotal: int = field(metadata={"doc": "The number of records left out."})


class FilterItems(RunnableTask):
    """Keeps, or drops, the records for which a condition is true. The fields of a record are its variables."""

    type = _PREFIX + "FilterItems"
    title = "Filter the records of a file."
    aliases = ("io.kestra.core.tasks.storages.FilterItems",)
    outputs = FilterOutputs
    examples = (
        Example(
            "Keep expensive products",
            f'type: {_PREFIX}FilterItems\nfrom: "{{{{ outputs.query.uri }}}}"\n'
            'filterCondition: "{{ price > 100 }}"',
        ),
    )

    from_: str = prop(required=True, name="from", doc="The URI of the file.")
    filterCondition: Expression = prop(required=True, doc="The condition, over the fields of a record.")
    filterType: Literal["INCLUDE", "EXCLUDE"] = prop(default="INCLUDE", doc="Keep or drop what it is true for.")
    errorOrNullBehavior: Literal["FAIL", "INCLUDE", "EXCLUDE"] = prop(
        default="FAIL", doc="What to do with a record for which the condition cannot be rendered or is nothing."
    )

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        processed = dropped = 0
        path = scratch_file(ctx, ".ion")
        with path.open("wb") as chosen:
            for line in read_lines(ctx, self.from_):
                processed += 1
                if self._keeps(ctx, line, processed):
                    chosen.write(line + b"\n")
                else:
                    dropped += 1
        uri = ctx.storage.put(path)
        return {"uri": uri, "processedItemsTotal": processed, "droppedItemsTotal": dropped}

    def _keeps(self, ctx: RunContext, line: bytes, number: int) -> bool:
        if ctx.cancelled.is_set():
            raise Cancelled
        problem = "the condition is nothing"
        try:
            result = str(ctx.render(self.filterCondition, _fields(ctx, line, number))).strip()
        except ExpressionError as error:
            result, problem = "", str(error)
        if result:
            return truthy(result) == (self.filterType == "INCLUDE")
        if self.errorOrNullBehavior == "FAIL":
            raise TaskError(f"The condition cannot be decided for record {number}: {problem}")
        return self.errorOrNullBehavior == "INCLUDE"


@dataclass
class DeduplicateOutputs:
    """The records without repetitions."""

    uri: str = field(metadata={"doc": "The file with the last record of every key."})
    numKeys: int = field(metadata={"doc": "The number of different keys."})
    processedItemsTotal: int = field(metadata={"doc": "The number of records read."})
    droppedItemsTotal: int = field(metadata={"doc": "The number of records left out."})


class DeduplicateItems(RunnableTask):
    """Keeps only the last record of those with the same key."""

    type = _PREFIX + "DeduplicateItems"
    title = "Remove repeated records of a file."
    aliases = ("io.kestra.core.tasks.storages.DeduplicateItems",)
    outputs = DeduplicateOutputs
    examples = (
        Example(
            "One record per customer",
            f'type: {_PREFIX}DeduplicateItems\nfrom: "{{{{ outputs.query.uri }}}}"\nexpr: "{{{{ customer }}}}"',
        ),
    )

    from_: str = prop(required=True, name="from", doc="The URI of the file.")
    expr: Expression = prop(required=True, doc="The key of a record, over its fields.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        last: dict[str, int] = {}
        processed = 0
        for line in read_lines(ctx, self.from_):
            if ctx.cancelled.is_set():
                raise Cancelled
            processed += 1
            last[str(ctx.render(self.expr, _fields(ctx, line, processed)))] = processed
        kept = set(last.values())
        path = scratch_file(ctx, ".ion")
        with path.open("wb") as target:
            for number, line in enumerate(read_lines(ctx, self.from_), 1):
                if number in kept:
                    target.write(line + b"\n")
        uri = ctx.storage.put(path)
        return {
            "uri": uri, "numKeys": len(kept), "processedItemsTotal": processed,
            "droppedItemsTotal": processed - len(kept),
        }  # fmt: skip


def _fields(ctx: RunContext, line: bytes, number: int) -> Mapping[str, Any]:
    record = parse_record(ctx, line, number)
    return record if isinstance(record, Mapping) else {"item": record}
