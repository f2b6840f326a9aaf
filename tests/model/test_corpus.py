"""Real flows load: published blueprints, the fixtures of Kestra and the flows of the conformance cases."""

import os
from pathlib import Path

import pytest

from podium.model.loader import load_flows
from podium.plugin.registry import Registry
from podium.tasks.registry import default_registry

ROOT = Path(os.environ.get("PODIUM_SHARED") or Path(__file__).parents[3] / "shared") / "conformance"
TRULY_WRONG = {"opa-policy-gate-ci.yaml": "not-runnable"}
"""Published all the same: a flowable inside a WorkingDirectory, which a server refuses."""


def flows(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).glob("**/*") if path.suffix in (".yaml", ".yml"))


pytestmark = pytest.mark.skipif(not ROOT.exists(), reason="the conformance flows are not here")


@pytest.fixture(scope="module")
def registry() -> Registry:
    return default_registry(["tests.plugins.conformance_types"])


def errors(path: Path, registry: Registry) -> list[str]:
    loaded = load_flows(path.read_text(encoding="utf-8"), registry)
    return [diagnostic.code for each in loaded for diagnostic in each.diagnostics if diagnostic.severity == "error"]


@pytest.mark.parametrize("path", flows("blueprints"), ids=lambda path: path.name)
def test_a_published_blueprint_loads(path: Path, registry: Registry) -> None:
    assert errors(path, registry) == ([TRULY_WRONG[path.name]] if path.name in TRULY_WRONG else [])


@pytest.mark.parametrize("path", flows("flows/valids"), ids=lambda path: path.name)
def test_a_fixture_loads(path: Path, registry: Registry) -> None:
    assert errors(path, registry) == []


@pytest.mark.parametrize("path", flows("flows/invalids"), ids=lambda path: path.name)
def test_an_invalid_fixture_is_refused(path: Path, registry: Registry) -> None:
    assert errors(path, registry)


@pytest.mark.parametrize("path", [p for p in flows("inline") if not p.name.startswith("val-")], ids=lambda p: p.name)
def test_a_flow_of_a_case_loads(path: Path, registry: Registry) -> None:
    assert errors(path, registry) == []
