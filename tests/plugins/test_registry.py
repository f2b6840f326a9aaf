"""The registry: names, aliases, classes on demand, types of servers, and plugins that cannot be used."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from podium.engine.flowables.if_ import If
from podium.model.loader import load_flow
from podium.model.properties import prop
from podium.plugin.context import RunContext
from podium.plugin.declaration import declaration
from podium.plugin.registry import PluginError, Registry, UnknownType
from podium.plugin.task import RunnableTask, TaskRunner
from podium.tasks.builtin_types import PLACES, TYPES
from podium.tasks.registry import default_registry
from podium.tasks.server_types import SERVER_TYPES

CORE = "io.kestra.plugin.core"


@pytest.fixture(scope="module")
def registry() -> Registry:
    return default_registry()


@pytest.mark.parametrize("name", sorted(TYPES))
def test_every_row_leads_to_its_class(name: str, registry: Registry) -> None:
    found = registry.find(name)
    assert found is not None and found.name == name and found.local
    assert name in PLACES[found.family]
    assert registry.implementation(name).__doc__


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("io.kestra.plugin.aws.s3.Upload", "task"),
        ("io.kestra.plugin.aws.s3.Trigger", "trigger"),
        ("io.kestra.plugin.gcp.pubsub.RealtimeTrigger", "trigger"),
        ("io.kestra.plugin.ee.gcp.runner.Batch", "taskRunner"),
        ("io.kestra.plugin.scripts.python.ScriptTrigger", "trigger"),
        ("com.acme.kestra.Frobnicate", "task"),
        (f"{CORE}.trigger.McpToolTrigger", "trigger"),
    ],
)
def test_a_type_of_a_server_is_known_by_its_name(name: str, family: str, registry: Registry) -> None:
    found = registry.find(name)
    assert found is not None and (found.local, found.open, found.family) == (False, True, family)
    with pytest.raises(UnknownType, match="not implemented on this machine"):
        registry.implementation(name)


@pytest.mark.parametrize(
    "name",
    ["Log", "", "a.b", f"{CORE}.log.Logg", f"{CORE}.flows.Parallel", "io.kestra.plugin.scripts.python.Scripts",
     "io.kestra.plugin.aws.s3.upload", "io.kestra.plugin.aws..Upload", "{{ x }}", "io.kestra.core.tasks.scripts.Perl"],
)  # fmt: skip
def test_what_nobody_knows(name: str, registry: Registry) -> None:
    assert registry.find(name) is None


def test_no_name_is_of_two_kinds() -> None:
    known = [name for names in PLACES.values() for name in names]
    known += [name for names in SERVER_TYPES.values() for name in names]
    assert len(known) == len(set(known))


def test_flowables(registry: Registry) -> None:
    assert registry.flowable(f"{CORE}.flow.If") is If
    assert registry.flowable("io.kestra.core.tasks.flows.If") is If
    with pytest.raises(UnknownType):
        registry.flowable(f"{CORE}.log.Log")


def test_names_are_current_and_sorted(registry: Registry) -> None:
    tasks = registry.names("task")
    assert list(tasks) == sorted(tasks)
    assert f"{CORE}.log.Log" in tasks and f"{CORE}.trigger.Schedule" not in tasks
    assert not any("$" in name for name in tasks)
    assert registry.names("taskRunner") == (f"{CORE}.runner.Process", "io.kestra.plugin.scripts.runner.docker.Docker")
    assert f"{CORE}.flow.Approval" in registry.server_names("task")


class Shout(RunnableTask):
    """Says it louder."""

    type = f"{CORE}.log.Log"
    aliases = ("acme.Shout",)

    message: str = prop(required=True, doc="What.")
    volume: int = prop(default=11, doc="How loud.")

    def run(self, ctx: RunContext) -> None:
        ctx.log.info(self.message.upper())


class Nothing(RunnableTask):
    """Has no name."""


def test_a_plugin_class_wins_and_brings_its_aliases() -> None:
    registry = Registry(default_table(), [Shout])
    assert registry.implementation(f"{CORE}.log.Log") is Shout
    assert registry.implementation("acme.Shout") is Shout
    flow = load_flow("id: f\nnamespace: a\ntasks: [{id: t, type: acme.Shout, message: x, volume: 3}]", registry).flow
    assert flow is not None and flow.tasks[0].props == {"message": "x", "volume": 3}


def default_table() -> Any:
    from podium.plugin.registry import Table

    return Table(PLACES)


@pytest.mark.parametrize(("cls", "said"), [(Nothing, "has no `type`"), (dict, "has no `type`"), (str, "has no `type`")])
def test_a_class_that_is_no_type(cls: type[Any], said: str) -> None:
    with pytest.raises(PluginError, match=said):
        Registry(default_table(), [cls])


def test_a_class_of_no_kind() -> None:
    class Odd:
        type = "acme.Odd"

    with pytest.raises(PluginError, match="must be a subclass of one of Flowable, RunnableTask"):
        Registry(default_table(), [Odd])


def test_plugin_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "podium_broken.py").write_text("1 / 0\n")
    (tmp_path / "podium_empty.py").write_text("")
    for name, said in (("podium_broken", "division by zero"), ("podium_empty", "has no `CLASSES`"),
                       ("podium_absent", "No module named")):  # fmt: skip
        with pytest.raises(PluginError, match=said):
            default_registry([name])


def test_entry_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "acme_types.py").write_text(
        "from podium.plugin.task import RunnableTask\n\n\nclass Wave(RunnableTask):\n"
        '    """Waves."""\n\n    type = "acme.tasks.Wave"\n\n\nCLASSES = (Wave,)\n'
    )
    dist = tmp_path / "acme_types-1.0.dist-info"
    dist.mkdir()
    (dist / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-types\nVersion: 1.0\n")
    (dist / "entry_points.txt").write_text("[podium.types]\nacme = acme_types\n")
    found = default_registry().find("acme.tasks.Wave")
    assert found is not None and found.local and found.doc == "Waves."
    (dist / "entry_points.txt").write_text("[podium.types]\nacme = acme_gone\n")
    with pytest.raises(PluginError, match="`acme` of an installed package cannot be loaded"):
        default_registry()


def test_a_flow_imports_what_it_uses_only() -> None:
    program = (
        "import sys\nfrom podium.tasks.registry import default_registry\nfrom podium.model.loader import load_flow\n"
        f"text = 'id: f\\nnamespace: a\\ntasks:\\n  - {{id: t, type: {CORE}.log.Log, message: hi}}\\n'\n"
        "assert load_flow(text, default_registry()).flow\n"
        "print(*sorted(m for m in sys.modules if m.startswith(('podium.tasks.', 'textual', 'requests', 'rich'))))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    loaded = done.stdout.split()
    assert "podium.tasks.log" in loaded
    assert not [name for name in loaded if "script" in name or "http" in name or not name.startswith("podium.")]


def test_a_declaration_says_what_its_class_says() -> None:
    found = declaration(Shout)
    assert (found.name, found.family, found.kind, found.doc) == (
        f"{CORE}.log.Log",
        "task",
        "runnable",
        "Says it louder.",
    )
    assert [each.name for each in found.properties] == ["message", "volume"]

    class Somewhere(TaskRunner):
        """Somewhere."""

        type = "acme.Somewhere"

    assert declaration(Somewhere).family == "taskRunner"
