"""Cases from a manifest, and what keeps one from being run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

UNAVAILABLE = frozenset({"network"})
"""Capabilities that no run of the cases has."""

ABSENT_STEPS = {
    "graph": "the drawing model of a server's screen",
    "update_flow": "flows are files: one with another id is another flow",
}
"""Steps for which Podium has nothing that could be asked, with the reason."""

TERMINAL = frozenset({"SUCCESS", "WARNING", "FAILED", "KILLED", "CANCELLED", "RETRIED", "SKIPPED"})


@dataclass(frozen=True)
class Case:
    """One case with its manifest's folder and input sets."""

    raw: Mapping[str, Any]
    folder: Path
    input_sets: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return str(self.raw["id"])

    @property
    def setup(self) -> Mapping[str, Any]:
        return self.raw.get("setup") or {}

    def skipped(self) -> str:
        """Why the case cannot be run here, nothing when it can."""
        if not self.raw.get("executable", True):
            return "not executable"
        lacking = UNAVAILABLE.intersection(self.raw.get("requires") or ())
        if lacking:
            return f"needs {', '.join(sorted(lacking))}"
        for step in self.raw.get("steps") or ():
            if step["do"] in ABSENT_STEPS:
                return f"{step['do']}: {ABSENT_STEPS[step['do']]}"
        absent = [name for name in self.flows() if not (self.folder / name).is_file()]
        return f"no file {absent[0]}" if absent else ""

    def flows(self) -> list[str]:
        """The flow files of the case, the main one last."""
        named = [*(self.raw.get("needs") or ())]
        named += [step["flow"] for step in self.raw.get("steps") or () if str(step.get("flow", "")).endswith("ml")]
        main = self.raw.get("flow")
        return [*dict.fromkeys(named), *([main] if main else [])]

    def inputs(self, given: Any) -> dict[str, Any]:
        """Inputs of a run or a step: a map, or the name of an input set with changes in words."""
        if isinstance(given, str):
            name, _, change = given.removeprefix("@").partition(" with ")
            values = dict(self.input_sets[name]["values"])
            if change:  # e.g. `file hello.txt = "hello"`
                key, file, _, content = change.split(" ", 3)
                values[key] = {"$file": {"name": file, "content": json.loads(content)}}
            return values
        return dict(given or {})


def load(manifest: Path) -> list[Case]:
    """All cases of a manifest."""
    document = json.loads(manifest.read_text(encoding="utf-8"))
    return [Case(raw, manifest.parent, document.get("input_sets") or {}) for raw in document["cases"]]
