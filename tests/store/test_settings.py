"""podium.toml: typed values, defaults, and errors with their line; the reference page says what is declared."""

from datetime import timedelta
from pathlib import Path

import pytest

from podium.store.settings import Settings, load_settings, open_workspace
from podium.store.settings_page import page
from podium.store.toml_files import SettingsError
from podium.store.workspace import Workspace

WHOLE = """
plugins = ["my_tasks"]
timezone = "Europe/Paris"

[globals]
team = "data"
nested = {a = [1, 2]}

[namespaces]
"company.team" = "team/files"

[variables.company]
region = "eu"
tier = 1
[variables."company.team"]
region = "us"

[environment]
prefixes = ["MY_"]

[kestra]
url = "http://localhost:8080"
environment = {name = "laptop"}

[secrets]
files = [".env", "more.env"]
encoding = "plain"

[tasks.scripts]
containers = "docker-cli"

[plugin-settings.my_tasks]
token = "t"

[[plugin-defaults]]
type = "io.kestra.plugin.core.log"
values = {level = "WARN"}

[retention]
max-age = "P30D"
max-count = 100
[retention.flows."company.team.hourly"]
max-count = 5
"""


def settings(root: Path, text: str) -> Settings:
    (root / "podium.toml").write_text(text, encoding="utf-8")
    return load_settings(root)


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    found = load_settings(tmp_path)
    assert found == Settings()
    assert found.lookup("tasks.scripts.containers") == "process"
    assert found.lookup("tasks.scripts.cache", "here") == "here"
    assert found.secrets.files == (".env",)
    assert found.limits_of("lab", "hello").max_age is None


def test_all_entries_are_read(tmp_path: Path) -> None:
    found = settings(tmp_path, WHOLE)
    assert found.plugins == ("my_tasks",)
    assert found.globals == {"team": "data", "nested": {"a": [1, 2]}}
    assert found.namespaces == {"company.team": "team/files"}
    assert found.namespace_variables("company.team.a") == {"region": "us", "tier": 1}
    assert found.namespace_variables("companyx") == {}
    assert found.environment.prefixes == ("MY_",)
    assert (found.kestra.url, found.kestra.environment.name) == ("http://localhost:8080", "laptop")
    assert found.lookup("tasks.scripts.containers") == "docker-cli"
    assert found.lookup("my_tasks.token") == "t"
    assert found.lookup("my_tasks.other", 3) == 3
    assert found.plugin_defaults[0].values == {"level": "WARN"}
    assert not found.plugin_defaults[0].forced


@pytest.mark.parametrize(
    ("namespace", "flow", "age", "count"),
    [
        ("company.team", "hourly", None, 5), ("company.team", "daily", timedelta(days=30), 100),
        ("company", "hourly", timedelta(days=30), 100),
    ],
)  # fmt: skip
def test_the_longest_name_decides_what_is_kept(
    tmp_path: Path, namespace: str, flow: str, age: timedelta | None, count: int
) -> None:
    limits = settings(tmp_path, WHOLE).limits_of(namespace, flow)
    assert (limits.max_age, limits.max_count) == (age, count)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1\nb =", ":2: This is not TOML: Invalid value"),
        ('\nplugns = ["x"]', ":2: `plugns` is not a setting. Did you mean `plugins`?"),
        ("[retention]\n\nmax_age = 'P1D'", ":3: `retention.max_age` is not a setting. Did you mean `max-age`?"),
        ("[xyz]\na = 1", ":1: `xyz` is not a setting. There are: `environment`, `globals`,"),
        ("[tasks.scripts]\ncontainers = 'proces'", ':2: `tasks.scripts.containers` must be one of "process", '),
        ("[tasks.scripts]\ncontainers = 'proces'", 'but it is `"proces"`. Did you mean `process`?'),
        ("tasks.scripts.cache = true", ':1: `tasks.scripts.cache` must be a text in `" "`, but it is `true`.'),
        ("plugins = 'my_tasks'", ':1: `plugins` must be a list in `[ ]`, but it is `"my_tasks"`.'),
        ("plugins = [\n 1]", ":1: `plugins.0` must be a text"),
        ("plugins = ['not a module']", ":1: `not a module` in `plugins` is not the name of a Python module."),
        ("[retention]\nmax-age = 30", ":2: `retention.max-age` must be a duration such as"),
        ("[retention]\nmax-age = 'PT0S'", "must be a duration longer than nothing"),
        ("[retention.flows.'a.b']\nmax-count = 1.5", ':2: `retention.flows."a.b".max-count` must be a whole number'),
        ("[retention]\nmax-count = -1", ":2: `max-count` must not be negative."),
        ("\ntimezone = 'Europe/Pari'", ":2: `timezone`: Unknown time-zone ID: Europe/Pari. Did you mean"),
        ("[namespaces]\nlab = '../x'", ":2: The folder `../x` of namespace `lab` is outside the workspace."),
        ("[namespaces]\nlab = '/x'", "is outside the workspace"),
        ("[namespaces]\n'a b' = 'x'", ":2: `a b` in `namespaces` is not a namespace"),
        ("[[plugin-defaults]]\nvalues = {a = 1}", ":1: `plugin-defaults.0` needs an entry `type`."),
        ("secrets = 3", ":1: `secrets` must be a table, but it is `3`."),
        ("[globals]\nt = '''\n[retention]\nmax-age = 3\n'''\n[retentio]\na=1", ":6: `retentio` is not a setting."),
    ],
)
def test_what_is_wrong_has_a_line_and_a_way_out(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(tmp_path, text)
    assert expected in str(caught.value)
    assert str(tmp_path / "podium.toml") in str(caught.value)


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(tmp_path, "a = 1\n[retention]\nmax-count = 'x'\n[tasks]\nb = 2")
    assert [problem.line for problem in caught.value.problems] == [1, 3, 5]


def test_bytes_that_are_no_text_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "podium.toml").write_bytes(b"a = '\xff'")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load_settings(tmp_path)


def test_a_workspace_is_found_by_its_settings_and_uses_their_folders(tmp_path: Path) -> None:
    (tmp_path / "podium.toml").write_text("[namespaces]\nlab = 'there'\n")
    below = tmp_path / "deep" / "er"
    below.mkdir(parents=True)
    workspace, found = open_workspace(below)
    assert workspace.root == tmp_path
    assert workspace.namespace_folder("lab") == tmp_path / "there"
    assert found.namespaces == {"lab": "there"}
    assert workspace.state.is_dir()


def test_the_reference_page_is_current() -> None:
    document = Path(__file__).parents[2] / "docs" / "settings.md"
    assert document.read_text(encoding="utf-8") == page(), (
        "make it again: python -m podium.store.settings_page > docs/settings.md"
    )


def test_the_examples_of_the_reference_page_are_valid(tmp_path: Path) -> None:
    examples = [part.split("```")[0] for part in page().split("```toml\n")[1:]]
    assert len(examples) > 5
    for example in examples:
        settings(tmp_path, example)


def test_opening_by_settings_does_not_need_the_state_folder(tmp_path: Path) -> None:
    (tmp_path / "podium.toml").write_text("")
    (tmp_path / "a").mkdir()
    assert Workspace.locate(tmp_path / "a").root == tmp_path
    assert not (tmp_path / ".podium").exists()
