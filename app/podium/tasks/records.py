"""Files of records in internal storage: one value per line."""

import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from podium.expressions.errors import ExpressionError
from podium.plugin.context import RunContext
from podium.plugin.task import TaskError


def store_records(ctx: RunContext, records: Iterable[Any], name: str) -> str:
    """Store values as JSON lines, which every reader of ION text understands; returns the URI."""
    with tempfile.NamedTemporaryFile("w", dir=ctx.working_dir, suffix=".ion", encoding="utf-8", delete=False) as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False, default=str) + "\n")
    return ctx.storage.put(Path(file.name), name)


def read_lines(ctx: RunContext, uri: str) -> Iterator[bytes]:
    """The lines of a stored file without their line ends, one at a time; blank ones are left out."""
    with ctx.storage.open(uri) as file:
        for line in file:
            content = line.rstrip(b"\r\n")
            if content.strip():
                yield content


def parse_record(ctx: RunContext, line: bytes, number: int) -> Any:
    """One line as a value: JSON, or else ION text. Raises TaskError with the line number."""
    text = line.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return ctx.render_typed("{{ fromIon(podiumRecord) }}", {"podiumRecord": text})
    except ExpressionError as error:
        raise TaskError(f"Line {number} is neither JSON nor ION: {text[:200]} ({error})") from error
