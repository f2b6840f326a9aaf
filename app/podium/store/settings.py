"""The settings of a workspace: `podium.toml` at its root, declared here once with their documentation.

Everything has a default; a workspace without the file works. What is declared here is also the reference page
(`podium.store.settings_page`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from podium.store.toml_files import Lines, Problem, SettingsError, entry, entry_name, read_toml
from podium.store.workspace import SETTINGS_FILE, Workspace

if TYPE_CHECKING:
    from podium.model.flow import PluginDefault

_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_NAMESPACE = re.compile(r"[a-z0-9][a-zA-Z0-9._-]*")


@dataclass(frozen=True, slots=True)
class SecretSettings:
    """Where the values of `{{ secret('NAME') }}` come from; see the page about secrets."""

    files: tuple[str, ...] = entry(
        (".env",), doc="Files of `NAME=value` lines, relative to the workspace; of a name in several, the last counts.",
        example=[".env", ".env.local"],
    )  # fmt: skip
    encoding: Literal["auto", "base64", "plain"] = entry(
        "auto",
        doc='How `SECRET_` values are written. `"auto"`: base64 as on a Kestra server where it decodes to text, '
        "else plain. Names without `SECRET_` are always plain.",
        example="plain",
    )


@dataclass(frozen=True, slots=True)
class EnvironmentSettings:
    """What expressions see of the environment as `{{ envs.name }}`."""

    prefixes: tuple[str, ...] = entry(
        ("ENV_", "KESTRA_"),
        doc="Variables that begin with one of these are shown, without the prefix and in lower case: `ENV_DB_HOST` is "
        "`{{ envs.db_host }}`. Variables of the environment go before those of the files of `[secrets]`.",
        example=["ENV_"],
    )


@dataclass(frozen=True, slots=True)
class KestraEnvironment:
    """The name that a Kestra server would show for this installation."""

    name: str = entry("", doc="`{{ kestra.environment.name }}`.", example="laptop")
    color: str = entry("", doc="`{{ kestra.environment.color }}`.", example="#3a7")


@dataclass(frozen=True, slots=True)
class KestraSettings:
    """The server that the flows are for, and what expressions see as `{{ kestra.* }}`."""

    url: str = entry("", doc="`{{ kestra.url }}`, for flows that make links.", example="http://localhost:8080")
    edition: Literal["oss", "ee"] = entry(
        "oss",
        doc='What the flows are for. `"oss"`: what an open-source server refuses is an error; `"ee"`: worker groups '
        "are for the Enterprise Edition and have no effect here.",
        example="ee",
    )
    environment: KestraEnvironment = entry(
        factory=KestraEnvironment, doc="The name that a Kestra server would show for this installation."
    )


@dataclass(frozen=True, slots=True)
class ScriptSettings:
    """How script tasks run."""

    containers: Literal["process", "docker-cli", "fail"] = entry(
        "process",
        doc='What a task with a Docker task runner does. `"process"`: runs on this machine, with a warning; '
        '`"docker-cli"`: in a container, by the `docker` or `podman` program; `"fail"`: fails.',
        example="docker-cli",
    )
    cache: str | None = entry(
        None, doc="The folder of installed Python packages. Without it `podium/python` in the user's cache folder.",
        example="~/.cache/podium-packages",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """How tasks run."""

    scripts: ScriptSettings = entry(factory=ScriptSettings, doc="How script tasks run.")


@dataclass(frozen=True, slots=True)
class Limits:
    """How many executions of a flow are kept."""

    max_age: timedelta | None = entry(
        None, doc="Executions that ended longer ago may go (ISO-8601 duration).", example="P30D"
    )
    max_count: int | None = entry(None, doc="Of each flow, this many of the newest ended executions stay.", example=100)


@dataclass(frozen=True, slots=True)
class Retention(Limits):
    """What `podium gc` removes. Executions that run, wait or pause always stay; without a limit everything does."""

    flows: Mapping[str, Limits] = entry(
        factory=dict,
        doc='Limits of their own, by `"<namespace>.<flow id>"` or `"<namespace>"`; the longest name that fits counts.',
        example={"company.team.hourly": {"max-count": 24}},
    )


@dataclass(frozen=True, slots=True)
class PluginDefaultEntry:
    """Property values for all tasks of a type, below those of the flow itself (Kestra's `pluginDefaults`)."""

    type: str = entry(doc="A type, or the beginning of several.", example="io.kestra.plugin.scripts")
    values: Mapping[str, Any] = entry(
        factory=dict, doc="The values.", example={"taskRunner": {"type": "io.kestra.plugin.core.runner.Process"}}
    )
    forced: bool = entry(False, doc="Whether they go before what the task says itself.", example=True)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a workspace."""

    plugins: tuple[str, ...] = entry(
        (), doc="Python modules with task types of your own; they are looked for in the workspace too.",
        example=["my_tasks"],
    )  # fmt: skip
    timezone: str | None = entry(
        None, doc="The zone in which expressions read and show dates. Without it that of the machine.",
        example="Europe/Paris",
    )  # fmt: skip
    globals: Mapping[str, Any] = entry(
        factory=dict, doc="`{{ globals.name }}` in every flow.", example={"team": "data"}
    )
    namespaces: Mapping[str, str] = entry(
        factory=dict, doc="The folder with the files of a namespace, where it is not the one that Podium would find.",
        example={"company.team": "team/files"},
    )  # fmt: skip
    variables: Mapping[str, Mapping[str, Any]] = entry(
        factory=dict,
        doc="`{{ namespace.name }}` by namespace. A namespace sees those of the namespaces above it as well, its own "
        "go first.",
        example={"company": {"region": "eu-west-1"}},
    )
    environment: EnvironmentSettings = entry(
        factory=EnvironmentSettings, doc="What expressions see of the environment as `{{ envs.name }}`."
    )
    kestra: KestraSettings = entry(
        factory=KestraSettings, doc="The server that the flows are for, and what expressions see of it."
    )
    secrets: SecretSettings = entry(factory=SecretSettings, doc="Where the values of `{{ secret('NAME') }}` come from.")
    tasks: TaskSettings = entry(factory=TaskSettings, doc="How tasks run.")
    plugin_settings: Mapping[str, Any] = entry(
        factory=dict, doc='Settings of your own task types: `ctx.setting("my_tasks.token")`.',
        example={"my_tasks": {"host": "localhost"}},
    )  # fmt: skip
    plugin_defaults: tuple[PluginDefaultEntry, ...] = entry(
        (), doc="Property values for all tasks of a type, below those of the flow itself (Kestra's `pluginDefaults`)."
    )
    retention: Retention = entry(factory=Retention, doc="What `podium gc` removes.")

    def lookup(self, name: str, default: Any = None) -> Any:
        """A setting by its dotted name, e.g. `tasks.scripts.containers`; also one of `[plugin-settings]`.

        `default` when there is no such setting, or when it has no value.
        """
        found = _descend(self, name.split("."))
        if found is None:
            found = _descend(self.plugin_settings, name.split("."))
        return default if found is None else found

    @property
    def defaults_of_tasks(self) -> "tuple[PluginDefault, ...]":
        """`plugin_defaults` as the loader of flows takes them."""
        from podium.model.flow import PluginDefault

        return tuple(PluginDefault(one.type, one.values, one.forced) for one in self.plugin_defaults)

    def namespace_variables(self, namespace: str) -> dict[str, Any]:
        """`{{ namespace.* }}`: the variables of the namespaces above, overlaid by closer ones."""
        variables: dict[str, Any] = {}
        for name in reversed(lineage(namespace)):
            variables |= self.variables.get(name, {})
        return variables

    def limits_of(self, namespace: str, flow_id: str) -> Limits:
        """What is kept of a flow: of `[retention.flows]` the longest name that fits, else `[retention]` itself."""
        for name in (f"{namespace}.{flow_id}", *lineage(namespace)):
            if name in self.retention.flows:
                return self.retention.flows[name]
        return self.retention


def lineage(namespace: str) -> tuple[str, ...]:
    """A namespace and those above it, closest first: `a.b`, `a`."""
    parts = namespace.split(".")
    return tuple(".".join(parts[:count]) for count in range(len(parts), 0, -1))


def load_settings(root: Path) -> Settings:
    """The settings of the workspace at `root`. Raises SettingsError with every problem and its line."""
    path = root / SETTINGS_FILE
    settings, lines = read_toml(path, Settings)
    problems = _problems(settings, lines)
    if problems:
        raise SettingsError(path, problems)
    return settings


def open_workspace(path: Path) -> tuple[Workspace, Settings]:
    """The workspace that `path` belongs to, ready for use, with its settings; raises StoreError."""
    workspace = Workspace.locate(path)
    settings = load_settings(workspace.root)
    workspace.use_namespace_folders(settings.namespaces)
    workspace.prepare()
    return workspace, settings


def _problems(settings: Settings, lines: Lines) -> tuple[Problem, ...]:
    found: list[Problem] = []
    for module in settings.plugins:
        if not _MODULE.fullmatch(module):
            found.append(
                Problem(lines.of(("plugins",)), f"`{module}` in `plugins` is not the name of a Python module.")
            )
    if settings.timezone is not None:
        from podium.expressions.errors import ExpressionError
        from podium.expressions.zones import zone_of

        try:
            zone_of(settings.timezone)
        except ExpressionError as error:
            found.append(Problem(lines.of(("timezone",)), f"`timezone`: {error}."))
    for table in ("namespaces", "variables"):
        for namespace in getattr(settings, table):
            if not _NAMESPACE.fullmatch(namespace):
                text = f"`{namespace}` in `{table}` is not a namespace: use lower-case letters, digits, `.`, `_`, `-`."
                found.append(Problem(lines.of((table, namespace)), text))
    for namespace, folder in settings.namespaces.items():
        if PurePosixPath(folder).is_absolute() or ".." in PurePosixPath(folder).parts:
            text = f"The folder `{folder}` of namespace `{namespace}` is outside the workspace. Name one inside it."
            found.append(Problem(lines.of(("namespaces", namespace)), text))
    limits = {("retention",): settings.retention} | {
        ("retention", "flows", name): each for name, each in settings.retention.flows.items()
    }
    for place, limit in limits.items():
        if limit.max_count is not None and limit.max_count < 0:
            found.append(Problem(lines.of((*place, "max-count")), "`max-count` must not be negative."))
    return tuple(found)


def _descend(value: Any, parts: list[str]) -> Any:
    for part in parts:
        if is_dataclass(value):
            names = {entry_name(field): field.name for field in fields(value)}
            value = getattr(value, names[part]) if part in names else None
        elif isinstance(value, Mapping):
            value = value.get(part)
        else:
            return None
    return value
