"""The command that does the same as the form: to copy, to put into a script, to learn it."""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from podium.model.flow import Flow, Input
from podium.workbench.runs.last_inputs import is_secret


def run_command(
    flow: Flow, declared: Sequence[Input], values: Mapping[str, Any], labels: Sequence[tuple[str, str]],
    *, resume: str | None = None,
) -> str:  # fmt: skip
    """`podium run company.team.etl -i limit=100 --label team=data`, quoted for a shell.

    Secrets are not written out. `resume` is the id of the execution that goes on instead.
    """
    words = ["podium", "resume", resume] if resume is not None else ["podium", "run", f"{flow.namespace}.{flow.id}"]
    for one in declared:
        if one.id not in values:
            continue
        words += ["-i", f"{one.id}={'******' if is_secret(one) else _text(one, values[one.id])}"]
    for key, value in labels:
        words += ["--label", f"{key}={value}"]
    return " ".join(map(shlex.quote, words))


def _text(declared: Input, value: Any) -> str:
    if declared.type == "FILE":
        return f"@{value}"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # A value that begins with @ names a file, one with a backslash is taken as it is after that.
    return f"\\{text}" if text.startswith(("@", "\\")) else text
