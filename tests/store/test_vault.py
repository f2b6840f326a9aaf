"""Journals without secrets: what is sealed, what readers see, and what whoever goes on gets back."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.base.masking import MASKED, Masker
from podium.store.errors import StoreError
from podium.store.journal import JournalReader, JournalWriter, read_journal
from podium.store.vault import Vault

SECRET = 'hunter2 "x"\nö'


def written(directory: Path, events: list[dict[str, Any]], *secrets: str) -> Path:
    path = directory / "journal.jsonl"
    with JournalWriter(path) as writer:
        writer.seal = Vault(directory, Masker(secrets)).seal
        writer.append(events)
    return path


def read(path: Path, clear: bool = False) -> list[dict[str, Any]]:
    vault = Vault(path.parent)
    events = read_journal(path, reveal=vault.reveal).events if clear else read_journal(path).events
    return [{key: value for key, value in event.items() if key not in ("v", "n", "t")} for event in events]


def test_a_secret_is_not_in_the_journal_and_comes_back(tmp_path: Path) -> None:
    event = {"e": "attempt.ended", "id": "r", "outputs": {"a": [f"<{SECRET}>", 1], SECRET: None}, "state": "SUCCESS"}
    path = written(tmp_path, [event], SECRET)
    assert "hunter2" not in path.read_text()
    assert "⟦secret 1⟧" in path.read_text()
    assert read(path, clear=True) == [event]
    assert read(path) == [{**event, "outputs": {"a": [f"<{MASKED}>", 1], MASKED: None}}]
    assert [news["outputs"] for news in JournalReader(path).poll().events] == [read(path)[0]["outputs"]]
    vault = tmp_path / "vault"
    assert vault.stat().st_mode & 0o777 == 0o600
    assert b"hunter2" not in vault.read_bytes()
    assert Vault(tmp_path).values() == [SECRET]


def test_only_data_is_sealed(tmp_path: Path) -> None:
    event = {"e": "taskrun.state", "id": "state", "state": "taskrun", "outputs": "the state of taskrun"}
    path = written(tmp_path, [event], "taskrun", "state")
    assert read(path) == [{**event, "outputs": f"the {MASKED} of {MASKED}"}]
    assert read(path, clear=True) == [event]


def test_the_record_of_a_copied_task_run_has_data_inside(tmp_path: Path) -> None:
    event = {"e": "taskrun.copied", "taskrun": {"id": "hunter2", "task_id": "t", "outputs": {"v": "hunter2"}}}
    path = written(tmp_path, [event], "hunter2")
    assert read(path)[0]["taskrun"] == {"id": "hunter2", "task_id": "t", "outputs": {"v": MASKED}}
    assert read(path, clear=True) == [event]


def test_the_next_writer_knows_what_the_vault_has(tmp_path: Path) -> None:
    written(tmp_path, [{"e": "a", "outputs": "hunter2"}], "hunter2")
    path = written(tmp_path, [{"e": "b", "outputs": "again hunter2"}])
    path = written(tmp_path, [{"e": "c", "outputs": "hunter2 and swordfish"}], "swordfish")
    assert [event["outputs"] for event in read(path)] == [MASKED, f"again {MASKED}", f"{MASKED} and {MASKED}"]
    assert [event["outputs"] for event in read(path, clear=True)] == [
        "hunter2",
        "again hunter2",
        "hunter2 and swordfish",
    ]
    assert Vault(tmp_path).values() == ["hunter2", "swordfish"]


def test_a_journal_without_its_vault_shows_stars(tmp_path: Path) -> None:
    path = written(tmp_path, [{"e": "a", "outputs": "hunter2"}], "hunter2")
    (tmp_path / "vault").unlink()
    assert read(path, clear=True) == [{"e": "a", "outputs": MASKED}]


def test_a_vault_line_that_is_torn_or_damaged_harms_no_other(tmp_path: Path) -> None:
    written(tmp_path, [{"e": "a", "outputs": "hunter2"}], "hunter2")
    with (tmp_path / "vault").open("ab") as file:
        file.write(b"dG9y")
    path = written(tmp_path, [{"e": "b", "outputs": "swordfish hunter2"}], "swordfish")
    assert read(path, clear=True)[1] == {"e": "b", "outputs": "swordfish hunter2"}
    assert len(Vault(tmp_path).values()) == 3


def test_nothing_is_written_when_the_vault_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    with pytest.raises(StoreError, match="The vault cannot be written"):
        written(tmp_path, [{"e": "a", "outputs": "hunter2"}], "hunter2")
    assert (tmp_path / "journal.jsonl").read_text() == ""


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SECRET_TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="*⟦⟧"), min_size=3, max_size=8
).filter(lambda text: len(text.strip()) >= 3 and not text.strip().isdigit() and "secret" not in text)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(secrets=st.lists(SECRET_TEXTS, max_size=3), pieces=st.lists(TEXTS, min_size=1, max_size=4), value=VALUES)
def test_whatever_it_is_comes_back(
    tmp_path_factory: pytest.TempPathFactory, secrets: list[str], pieces: list[str], value: Any
) -> None:
    directory = tmp_path_factory.mktemp("vault")
    text = "".join(piece + secret for piece, secret in zip(pieces, [*secrets, *[""] * 4], strict=False))
    event = {"e": "a", "outputs": {"text": text, "value": value}}
    path = written(directory, [event], *secrets)
    assert read(path, clear=True) == [json.loads(json.dumps(event))]
    shown = read(path)[0]["outputs"].get("text", "")
    assert not any(secret in shown for secret in secrets)
