"""What a new flow begins with."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

_NOT_IN_AN_ID = re.compile(r"[^a-zA-Z0-9_-]+")


def flow_template(path: str, namespace: str) -> str:
    """A flow that runs as it is, with an id made from the name of its file."""
    flow_id = _NOT_IN_AN_ID.sub("_", PurePosixPath(path).stem).strip("_-") or "hello"
    return (
        f"id: {flow_id}\n"
        f"namespace: {namespace}\n"
        "\n"
        "tasks:\n"
        "  - id: hello\n"
        "    type: io.kestra.plugin.core.log.Log\n"
        "    message: Hello from {{ flow.id }}\n"
    )
