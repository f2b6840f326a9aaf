"""Is this text in order? Flows are loaded as for a run; YAML, JSON and Python are at least read."""

from __future__ import annotations

import ast
import json
import tomllib
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from podium.model.diagnostics import Diagnostic, Range
from podium.store.flow_files import sniff_flows

if TYPE_CHECKING:
    from pathlib import Path

    from podium.store.flow_check import CheckedFlows


def check_text(
    path: Path, language: str, text: str, check_flows: Callable[[Path, str], CheckedFlows]
) -> tuple[list[Diagnostic], bool]:
    """What is wrong with a text, and whether it is a flow. Never raises for a bad text."""
    if language == "yaml":
        if looks_like_flow(path, text):
            return check_flows(path, text).diagnostics, True
        from podium.model.marked_yaml import documents

        return [one for document in documents(text) for one in document.diagnostics], False
    if language == "json" and path.suffix == ".json":
        return list(_json_problems(text)), False
    if language == "python":
        return list(_python_problems(text, path.name)), False
    if path.suffix == ".toml":
        return list(_toml_problems(text)), False
    return [], False


def looks_like_flow(path: Path, text: str) -> bool:
    """Whether a YAML text is, or is becoming, a flow: it says so, or it lies where only flows are."""
    if sniff_flows(path, text):
        return True
    starts = {line.split(":", 1)[0] for line in text.splitlines() if line[:1].isalpha() and ":" in line}
    return "tasks" in starts or {"id", "namespace"} <= starts or path.parent.name in ("flows", "_flows")


def _json_problems(text: str) -> Sequence[Diagnostic]:
    if not text.strip():
        return ()
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return [_at("json", f"Not JSON: {error.msg}.", error.lineno - 1, error.colno - 1)]
    except RecursionError:
        return [_at("json", "Not JSON: nested too deeply.", 0, 0)]
    return ()


def _python_problems(text: str, name: str) -> Sequence[Diagnostic]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text, name)
    except SyntaxError as error:
        line, column = (error.lineno or 1) - 1, (error.offset or 1) - 1
        return [_at("python", f"Python: {error.msg}.", line, max(column, 0))]
    except (ValueError, RecursionError, MemoryError) as error:
        return [_at("python", f"Python: {error}.", 0, 0)]
    return ()


def _toml_problems(text: str) -> Sequence[Diagnostic]:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        line = message.rpartition("at line ")[2].partition(",")[0]
        return [_at("toml", f"Not TOML: {message}.", int(line) - 1 if line.isdigit() else 0, 0)]
    return ()


def _at(code: str, message: str, line: int, column: int) -> Diagnostic:
    return Diagnostic(code, "error", message, Range(line, column, line, column + 1))
