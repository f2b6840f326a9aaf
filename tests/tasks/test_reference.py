"""The reference pages say what the classes say."""

from pathlib import Path

import pytest
import yaml

from podium.model.loader import load_flow
from podium.model.schema import Example
from podium.tasks.builtin_types import PLACES
from podium.tasks.reference import pages
from podium.tasks.registry import default_registry

DOCS = Path(__file__).parents[2] / "docs"
PAGES = pages()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_current(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name], "run `make docs`"


def test_no_page_is_left_over() -> None:
    assert {f"reference/{path.name}" for path in (DOCS / "reference").iterdir()} <= set(PAGES)


def test_a_type_is_described_in_full() -> None:
    page = PAGES["reference/core.md"]
    part = page[page.index("## log.Log") :].split("\n## ")[0]
    assert "`io.kestra.plugin.core.log.Log`" in part
    assert "| `message` *required* | string or list of strings |" in part
    assert "`TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR` | `INFO` |" in part
    assert "Older names: `io.kestra.core.tasks.log.Log`." in part
    assert "```yaml" in part


def test_tables_are_whole() -> None:
    for name, text in PAGES.items():
        rows = [line.replace("\\|", "") for line in text.splitlines() if line.startswith("| `")]
        assert all(row.count("|") in (3, 4, 5) for row in rows), name


REGISTRY = default_registry()
LOG = {"id": "log", "type": "io.kestra.plugin.core.log.Log", "message": "hi"}
EXAMPLES = [
    (family, name, example)
    for family, names in PLACES.items()
    if family != "taskRunner"
    for name in sorted(names)
    for example in REGISTRY.implementation(name).examples  # type: ignore[attr-defined]
]


@pytest.mark.parametrize(("family", "name", "example"), EXAMPLES, ids=[f"{n}-{e.title}" for _, n, e in EXAMPLES])
def test_an_example_loads(family: str, name: str, example: Example) -> None:
    shown = yaml.safe_load(example.code)
    flow = {"id": "example", "namespace": "company.test", "tasks": [LOG]}
    if family == "task":
        flow["tasks"] = [{"id": "shown", **shown}]
    elif family == "trigger":
        flow["triggers"] = [{"id": "shown", **shown}]
    else:
        trigger = {"id": "t", "type": "io.kestra.plugin.core.trigger.Flow", "conditions": [shown]}
        flow["triggers"] = [trigger]
    loaded = load_flow(yaml.safe_dump(flow, sort_keys=False), REGISTRY)
    beside_the_point = ("unknown-output", "unknown-input", "deprecated-type", "unknown-variable")
    said = [each for each in loaded.diagnostics if each.severity != "info" and each.code not in beside_the_point]
    assert said == []


def test_every_other_spelling_is_on_the_page_of_dialects() -> None:
    page = PAGES["reference/dialects.md"]
    for row in (
        "| every task | `when` (newer) | `runIf` |",
        "| the script tasks | `dockerOptions` (older) | `docker` |",
        "| `core.trigger.Flow` | `preconditions` | gone from 2.0, use `dependsOn` |",
        "| `io.kestra.core.tasks.log.Log` | `io.kestra.plugin.core.log.Log` |",
    ):
        assert row in page.splitlines()
