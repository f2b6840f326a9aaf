"""Which flows a file holds, told from its text alone: cheap enough to do for a thousand files at every start."""

import re
from dataclasses import dataclass
from pathlib import Path

_DOCUMENT = re.compile(r"^---(?:[ \t].*)?\r?$", re.MULTILINE)
_TASKS = re.compile(r"""^(?:tasks|"tasks"|'tasks')[ \t]*:""", re.MULTILINE)
_SCALAR = r"""[ \t]*:[ \t]+(?:"(?P<double>[^"\r\n]*)"|'(?P<single>[^'\r\n]*)'|(?P<plain>[^\s#"'][^\r\n]*?))"""
_END = r"[ \t]*(?:[ \t]#.*)?\r?$"
_ID = re.compile(rf"""^(?:id|"id"|'id'){_SCALAR}{_END}""", re.MULTILINE)
_NAMESPACE = re.compile(rf"""^(?:namespace|"namespace"|'namespace'){_SCALAR}{_END}""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FlowFile:
    """One flow of the workspace as text. `line` is where its document begins in the file, counted from 0."""

    path: Path
    id: str
    namespace: str
    text: str
    line: int = 0


def sniff_flows(path: Path, text: str) -> tuple[FlowFile, ...]:
    """The flows in a file's text, one per YAML document; documents that are no flow are left out."""
    if "tasks" not in text or "namespace" not in text:
        return ()
    flows = []
    start = 0
    for separator in [*_DOCUMENT.finditer(text), None]:
        end = separator.start() if separator else len(text)
        flow = _flow(path, text[start:end], text.count("\n", 0, start))
        if flow is not None:
            flows.append(flow)
        start = separator.end() + 1 if separator else end
    return tuple(flows)


def _flow(path: Path, document: str, line: int) -> FlowFile | None:
    if document.lstrip().startswith("{"):
        return _flow_in_braces(path, document, line)
    flow_id, namespace = _ID.search(document), _NAMESPACE.search(document)
    if flow_id is None or namespace is None or _TASKS.search(document) is None:
        return None
    return FlowFile(path, _text(flow_id), _text(namespace), document, line)


def _flow_in_braces(path: Path, document: str, line: int) -> FlowFile | None:
    """A flow that is written as one map in braces, JSON for example; its keys begin no lines."""
    import yaml

    try:
        found = yaml.load(document, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError):
        return None
    if not isinstance(found, dict) or not {"id", "namespace", "tasks"} <= found.keys():
        return None
    return FlowFile(path, str(found["id"]), str(found["namespace"]), document, line)


def _text(match: re.Match[str]) -> str:
    found = match["double"] or match["single"] or match["plain"] or ""
    return found.strip()
