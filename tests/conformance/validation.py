"""Cases of kind `validate` and model checks: what loading a flow says, without running it."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from manifest import Case
from matching import differs, shown

from podium.model.flow import Flow
from podium.model.loader import Loaded, load_flows
from podium.plugin.registry import Registry


def validation_problems(case: Case, paths: Sequence[Path], root: Path, registry: Registry) -> Iterator[str]:
    """What differs from `expect` for the main flow, or for all flows when there is none."""
    expect = {**case.raw.get("expect", {}), **(case.raw.get("expect_derived") or {})}
    loose = case.raw.get("portability") in ("message-java", "count-java")
    if case.raw.get("flow") is None:
        refused = [path.name for path in paths if load_flows(path.read_text("utf-8"), registry)[0].errors]
        if refused or expect.get("count", len(paths)) != len(paths):
            yield f"{len(paths)} flows, refused: {refused}"
        return
    loaded = load_flows(paths[-1].read_text("utf-8"), registry)
    for key, wanted in expect.items():
        problem = _differs(key, wanted, loaded, loose, paths[-1], root)
        if problem:
            yield f"{key}: {problem}"


def _differs(key: str, wanted: Any, loaded: Sequence[Loaded], loose: bool, path: Path, root: Path) -> str:
    messages = {
        severity: [d.message for each in loaded for d in each.diagnostics if d.severity == severity]
        for severity in ("error", "warning", "info")
    }
    every = [text for texts in messages.values() for text in texts]
    errors = violations(loaded)
    paths = [diagnostic.path for each in loaded for diagnostic in each.diagnostics]
    if key == "valid":
        return "" if (not messages["error"]) == wanted else f"errors: {messages['error']}"
    if key == "errors_count":
        return "" if len(errors) == wanted or (loose and errors) else f"{len(errors)} errors: {errors}"
    if key == "errors_contain":
        return _contain([*messages["error"], *errors], wanted, loose)
    if key == "warnings_contain":
        return _contain(messages["warning"], wanted, loose)
    if key == "warnings_count":
        return "" if len(messages["warning"]) == wanted else f"warnings: {messages['warning']}"
    if key == "infos_contain":
        return _contain(messages["info"], wanted, loose)
    if key == "deprecations":
        return "" if set(wanted) <= set(paths) else f"paths: {paths}"
    if key == "relocations":
        pairs = wanted.items() if isinstance(wanted, Mapping) else [(each["from"], each["to"]) for each in wanted]
        return next((f"{old}" for old, new in pairs if not any(old in m and new in m for m in every)), "")
    if key == "documents":
        return differs(len(loaded), wanted)
    if key == "cli":
        return _cli(wanted, path, root)
    flow = loaded[0].flow
    return f"no flow: {messages['error']}" if flow is None else model_differs(key, wanted, flow)


_WHOLE_FLOW = frozenset({"duplicate-id", "input-dependency", "recursive-flow", "system-label", "reserved-id"})


def violations(loaded: Sequence[Loaded]) -> list[str]:
    """What a server would count: all that concerns the flow as a whole is one violation, so is a task with children."""
    found: list[str] = []
    whole = [d.message.removeprefix("Invalid Flow: ") for each in loaded for d in each.errors if d.code in _WHOLE_FLOW]
    if whole:
        found.append("Invalid Flow: " + ", ".join(dict.fromkeys(whole)))
    seen: set[tuple[str, str]] = set()
    for diagnostic in (d for each in loaded for d in each.errors if d.code not in _WHOLE_FLOW):
        key = (diagnostic.code, diagnostic.path)
        if diagnostic.code != "not-runnable" or key not in seen:
            found.append(diagnostic.message)
        seen.add(key)
    return found


def _contain(texts: Sequence[str], wanted: Sequence[Any], loose: bool) -> str:
    for text in wanted:
        if isinstance(text, Mapping):
            if all(differs(each, text) for each in texts):
                return f"{shown(text)} fits none of {shown(texts)}"
        elif not any(text in each for each in texts) and not (loose and texts):
            return f"`{text}` is in none of {list(texts)}"
    return ""


def _cli(wanted: Mapping[str, Any], path: Path, root: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "podium", "validate", str(path)], cwd=root, capture_output=True, text=True, check=False
    )
    missing = [text for text in wanted["stdout_contains"] if text not in done.stdout]
    if done.returncode != wanted["exit_code"] or missing:
        return f"exit code {done.returncode}, not in the output: {missing}\n{done.stdout}{done.stderr}"
    return ""


def model_differs(key: str, wanted: Any, flow: Flow) -> str:
    """The `model*` expectations: facts about the loaded flow."""
    if key == "model":
        return differs(_facts(flow), wanted, subset=True)
    if key == "model_task":
        written = dict(_written(yaml.safe_load(flow.source)))
        found = {task.id: {**written.get(task.id, {}), "type": task.type, **task.props} for task in flow.walk()}
        return differs(found, wanted, subset=True)
    if key in ("ids_count", "triggers_count"):
        tasks = len(list(flow.walk())) if key == "ids_count" else 0
        return differs(tasks + len(flow.triggers), wanted)
    text = json.dumps(_document(flow), ensure_ascii=False, separators=(",", ":"), default=str)
    if key == "model_json":
        return differs(json.loads(text), json.loads(wanted) if isinstance(wanted, str) else wanted, subset=True)
    if key in ("model_json_contains", "model_json_absent"):
        parts = [wanted] if isinstance(wanted, str) else wanted
        wrong = [part for part in parts if (str(part) in text) != (key == "model_json_contains")]
        return f"{wrong} in {text}" if wrong else ""
    return "the runner does not know this expectation"


def _document(flow: Flow) -> dict[str, Any]:
    """The flow as a server would send it: what is written, with the few properties that are always there."""
    written = dict(yaml.safe_load(flow.source))
    first = {name: written.pop(name) for name in ("id", "namespace", "revision") if name in written}
    always = {"disabled": flow.disabled, "deleted": False}
    labels = {"labels": [{"key": key, "value": value} for key, value in flow.labels]} if flow.labels else {}
    return {**first, **always, **labels, **{name: value for name, value in written.items() if name not in labels}}


def _written(value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object with an id, as it is written."""
    if isinstance(value, Mapping):
        if "id" in value:
            yield str(value["id"]), value
        for item in value.values():
            yield from _written(item)
    elif isinstance(value, list):
        for item in value:
            yield from _written(item)


def _facts(flow: Flow) -> dict[str, Any]:
    inputs = flow.inputs
    return {
        "id": flow.id,
        "namespace": flow.namespace,
        "tasks_count": len(flow.tasks),
        "inputs_count": len(inputs),
        "inputs_required": sum(1 for each in inputs if each.required),
        "inputs_optional": sum(1 for each in inputs if not each.required),
        "inputs_with_defaults": sum(1 for each in inputs if each.defaults is not None),
        "inputs_with_string_validator": sum(1 for each in inputs if each.type == "STRING" and each.validator),
        "inputs": [{"id": each.id, "type": each.type} for each in inputs],
    }
