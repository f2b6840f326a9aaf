"""The values that a flow was last started with, to begin with the next time. Secrets are never among them."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from podium.model.flow import Flow, Input
from podium.store.workspace import Workspace

_FOLDER = "inputs"


def is_secret(declared: Input) -> bool:
    """Whether a value of this input must not be kept or shown."""
    return "SECRET" in (declared.type, declared.item_type)


def read_last(workspace: Workspace, flow: Flow, declared: Sequence[Input]) -> dict[str, Any]:
    """The values by input id, of inputs that the flow still has; empty when there are none."""
    try:
        kept = json.loads(_path(workspace, flow).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(kept, dict):
        return {}
    known = {one.id for one in declared if not is_secret(one)}
    return {name: value for name, value in kept.items() if name in known}


def keep_last(workspace: Workspace, flow: Flow, declared: Sequence[Input], values: Mapping[str, Any]) -> None:
    """Keep the values for the next time, readable by the user only. Raises OSError."""
    known = {one.id for one in declared if not is_secret(one)}
    kept = {name: value for name, value in values.items() if name in known}
    path = _path(workspace, flow)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(file, "w", encoding="utf-8") as text:
        json.dump(kept, text, ensure_ascii=False)
    draft.replace(path)


def _path(workspace: Workspace, flow: Flow) -> Path:
    # Neither a namespace nor the id of a flow can hold a slash.
    return workspace.state / _FOLDER / f"{flow.namespace}.{flow.id}.json"
