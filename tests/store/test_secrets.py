"""Secrets: where values come from, how they are written, and the syntax of `.env` files."""

import base64
from pathlib import Path

import pytest

from podium.store.dotenv import parse_dotenv
from podium.store.errors import StoreError
from podium.store.secrets import Secrets
from podium.store.settings import load_settings
from podium.store.toml_files import SettingsError
from podium.store.workspace import Workspace


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def secrets(root: Path, files: dict[str, str], environment: dict[str, str] | None = None) -> Secrets:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    settings = load_settings(root)
    return Secrets(Workspace(root, settings.namespaces), settings, environment or {})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (encoded("hunter2"), "hunter2"), (encoded("ünïcode"), "ünïcode"), (encoded("a\nb\n"), "a\nb\n"), ("", ""),
        (encoded("x" * 80)[:76] + "\n" + encoded("x" * 80)[76:], "x" * 80),
        ("plain text", "plain text"), ("hunter2", "hunter2"), ("p4ssword", "p4ssword"), ("1234", "1234"),
        ("A" * 8, "A" * 8), ("sk-proj_1/2", "sk-proj_1/2"),
    ],
)  # fmt: skip
def test_a_value_of_the_environment_is_base64_or_plain(tmp_path: Path, value: str, expected: str) -> None:
    found = secrets(tmp_path, {}, {"SECRET_DB_PW": value})
    assert found.get("db_pw") == found.get("DB_PW", "lab") == expected


@pytest.mark.parametrize(
    ("encoding", "expected"), [("plain", "aHVudGVyMg=="), ("auto", "hunter2"), ("base64", "hunter2")]
)
def test_the_settings_say_how_values_are_written(tmp_path: Path, encoding: str, expected: str) -> None:
    toml = f'[secrets]\nencoding = "{encoding}"'
    assert secrets(tmp_path, {"podium.toml": toml}, {"SECRET_A": "aHVudGVyMg=="}).get("a") == expected


def test_a_value_that_is_not_what_the_settings_promise_is_an_error_that_does_not_show_it(tmp_path: Path) -> None:
    found = secrets(tmp_path, {"podium.toml": '[secrets]\nencoding = "base64"'}, {"SECRET_A": "hunter2!"})
    with pytest.raises(StoreError, match="`SECRET_A` in the environment is not base64") as caught:
        found.get("A")
    assert "hunter2" not in str(caught.value)


def test_files_hold_plain_and_encoded_values(tmp_path: Path) -> None:
    found = secrets(tmp_path, {".env": f"DB_PW=hunter2\nSECRET_KEY={encoded('k1')}\nENV_REGION=eu\n"})
    assert found.get("db_pw") == "hunter2"
    assert found.get("KEY") == "k1"
    assert found.get("ENV_REGION") is found.get("REGION") is None
    assert [(name.name, name.source) for name in found.names()] == [("DB_PW", ".env"), ("KEY", ".env")]
    assert found.environment()["ENV_REGION"] == "eu"


def test_an_ordinary_variable_of_the_environment_is_no_secret(tmp_path: Path) -> None:
    found = secrets(tmp_path, {}, {"PATH": "/bin", "SECRET_A": "x y"})
    assert found.get("PATH") is None
    assert [name.name for name in found.names()] == ["A"]


def test_the_closest_source_is_taken(tmp_path: Path) -> None:
    files = {
        "company/.env": "A=company\nB=company\nC=company\nD=company\n",
        "company.team/.env": "A=team\nB=team\nC=team\n",
        ".env": "A=root\nB=root\nC=root\nD=root\nE=root\nF=root\n",
        ".env.local": "A=local\nF=local",
        "podium.toml": '[secrets]\nfiles = [".env", ".env.local"]',
    }
    found = secrets(tmp_path, files, {"SECRET_A": encoded("environment")})
    seen = {name: found.get(name, "company.team.x") for name in "ABCDEF"}
    assert seen == {"A": "environment", "B": "team", "C": "team", "D": "company", "E": "root", "F": "local"}
    assert found.get("B", "company") == "company"
    assert found.get("B", "other") == found.get("B") == "root"
    assert found.source("B", "company.team") == "company.team/.env"
    assert found.source("A", "company.team") == "the environment"
    assert found.source("Z") is None


def test_the_only_namespace_lives_at_the_root_and_reads_one_file(tmp_path: Path) -> None:
    flow = "id: a\nnamespace: lab\ntasks:\n  - id: t\n    type: x\n"
    found = secrets(tmp_path, {"a.yaml": flow, ".env": "A=1x1"})
    assert found.get("a", "lab") == "1x1"
    assert found.source("a", "lab") == ".env"


def test_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    found = secrets(tmp_path, {".env": "A=old"})
    assert found.get("a") == "old"
    (tmp_path / ".env").write_text("A=newer")
    assert found.get("a") == "newer"
    (tmp_path / ".env").unlink()
    assert found.get("a") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1", {"A": "1"}), ("export A=1\nB = 2 ", {"A": "1", "B": "2"}), ("# c\n\n  A=x # c", {"A": "x"}),
        ("A=x#y", {"A": "x#y"}), ("A=#y", {"A": ""}), ("A=", {"A": ""}), ("A=$x ${y}", {"A": "$x ${y}"}),
        ("A='$x \\n # \"'", {"A": '$x \\n # "'}), ('A="a\\nb\\"\\\\\\$\\q"  # c', {"A": 'a\nb"\\$\\q'}),
        ('A="one\ntwo"\nB=3', {"A": "one\ntwo", "B": "3"}), ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("A=x'y'z", {"A": "x'y'z"}), ("A=1\nA=2", {"A": "2"}), ("", {}), ("a.b-c=1", {"a.b-c": "1"}),
    ],
)  # fmt: skip
def test_dotenv_syntax(text: str, expected: dict[str, str]) -> None:
    assert parse_dotenv(text, Path(".env")) == expected


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("A=1\nhunter2\nB=2", 2, "not `NAME=value`"), ("A=1\n2B=hunter2", 2, "not `NAME=value`"),
        ("\nA='hunter2\nB=1", 2, "never closed"), ('A="x" hunter2', 1, "Something follows"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_named_but_not_shown(text: str, line: int, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_dotenv(text, Path("x/.env"))
    assert f"x/.env:{line}: " in str(caught.value)
    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value)
