"""`podium kv`, `files` and `secrets`."""

from pathlib import Path

import pytest

from .conftest import Podium


@pytest.mark.parametrize(
    ("arguments", "kind", "value"),
    [
        (["42"], "NUMBER", 42),
        (["text"], "STRING", "text"),
        (["true"], "BOOLEAN", True),
        (['{"a": [1]}'], "JSON", {"a": [1]}),
        (["42", "--type", "string"], "STRING", "42"),
        (["2026-11-25"], "DATE", "2026-11-25"),
        (["PT1H"], "DURATION", "PT1H"),
        (["2026-11-25T10:00:00Z"], "DATETIME", "2026-11-25T10:00:00.000Z"),
        (["[1]", "--type", "JSON"], "JSON", [1]),
        (["1.5", "--type", "NUMBER"], "NUMBER", 1.5),
    ],
)
def test_values_keep_their_types(arguments: list[str], kind: str, value: object, podium: Podium, hello: Path) -> None:
    assert podium("kv", "set", "key", *arguments).code == 0
    assert podium("kv", "get", "key", "-o", "json").json() == value
    (entry,) = podium("kv", "list", "-o", "json").json()
    assert (entry["key"], entry["type"], entry["value"]) == ("key", kind, value)
    assert kind in podium("kv", "list").out


@pytest.mark.parametrize(
    ("kind", "text"), [("NUMBER", "x"), ("BOOLEAN", "1"), ("DATE", "25.11."), ("JSON", "{"), ("DURATION", "x")]
)
def test_a_value_must_be_of_its_type(kind: str, text: str, podium: Podium, hello: Path) -> None:
    found = podium("kv", "set", "key", text, "--type", kind)
    assert found.code == 2 and f"`{text}` is no {kind}" in found.err


def test_keys_come_and_go(podium: Podium, hello: Path) -> None:
    podium("kv", "set", "counter", "1", "--ttl", "1h", "--description", "how often")
    listed = podium("kv", "list").out
    assert "how often" in listed
    kept = podium("kv", "set", "counter", "2", "--keep")
    assert kept.code == 1 and podium("kv", "get", "counter").out == "1\n"
    missing = podium("kv", "get", "countr")
    assert missing.code == 1 and "Did you mean counter?" in missing.err
    assert podium("kv", "delete", "counter").code == 0
    assert podium("kv", "delete", "counter").code == 1
    assert "has no keys" in podium("kv", "list").err


def test_the_namespace_is_asked_for_when_it_is_open(podium: Podium, workspace: Path) -> None:
    assert "there is no flow here" in podium("kv", "list").err
    podium("new", "a", "-n", "one")
    podium("new", "a", "-n", "two")
    assert "there are one, two" in podium("kv", "list").err
    assert podium("kv", "set", "a", "1", "-n", "two").code == 0
    assert podium("kv", "list", "-n", "one", "-o", "json").json() == []


def test_namespace_files(podium: Podium, hello: Path) -> None:
    assert podium("files", "put", "-", "data/numbers.csv", stdin="1,2\n").code == 0
    (hello / "up.txt").write_text("x")
    assert podium("files", "put", "up.txt", "docs/down.txt").code == 0
    assert podium("files", "list").out == "4  data/numbers.csv\n1  docs/down.txt\n1  up.txt\n"
    assert podium("files", "list", "data").out == "4  data/numbers.csv\n"
    assert podium("files", "list", "docs", "-o", "json").json()[0]["path"] == "docs/down.txt"
    assert podium("files", "cat", "data/numbers.csv").out == "1,2\n"
    assert podium("files", "delete", "data/numbers.csv").code == 0
    assert not (hello / "data").exists()
    assert podium("files", "delete", "data/numbers.csv").code == 1


@pytest.mark.parametrize("path", ["../secret", ".env", "/../../etc/passwd", "file:///etc/passwd", "http://host/x"])
def test_only_files_of_the_workspace(path: str, podium: Podium, hello: Path) -> None:
    (hello / ".env").write_text("A=1\n")
    found = podium("files", "cat", path)
    assert found.code == 2 and found.out == ""


def test_bytes_come_as_they_are(hello: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    from podium.cli.main import main

    (hello / "raw.bin").write_bytes(bytes(range(256)))
    assert main(["files", "cat", "raw.bin"]) == 0
    assert capfdbinary.readouterr().out == bytes(range(256))


def test_secrets_are_named_and_never_shown(podium: Podium, hello: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "There are no secrets" in podium("secrets").err
    (hello / ".env").write_text("TOKEN=hunter2\n")
    monkeypatch.setenv("SECRET_OTHER", "c2VjcmV0")
    found = podium("secrets")
    assert "TOKEN" in found.out and ".env" in found.out and "OTHER" in found.out
    assert "hunter2" not in found.out + found.err + podium("secrets", "-o", "json").out
    assert podium("expr", "secret('TOKEN')").out.strip() != "hunter2"
