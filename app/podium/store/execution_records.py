"""The directory of one execution: its journal, its log, the flow as it ran, and who runs it."""

import json
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podium.base.masking import Masker
from podium.engine import changes as c
from podium.engine.execution import Execution, fold
from podium.store.appending import append_line
from podium.store.errors import StoreError, write_failure
from podium.store.journal import JournalDamage, JournalWriter, read_journal
from podium.store.vault import Vault, hide

_BLOCK = 4096
"""Bytes that a small file has on any disk."""


@dataclass(frozen=True, slots=True)
class RunnerMark:
    """Which process runs an execution.

    `identity` tells when the process was started, as an opaque text, so that its pid cannot be mistaken. `root` is the
    execution that the process was started for: its own, or that of a caller further up; its directory has the bell.
    """

    pid: int
    identity: str
    root: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """An execution as its journal has it; `damage` when the journal could only be read up to some point."""

    execution: Execution
    damage: JournalDamage | None


class ExecutionRecord:
    """Paths and small files of one execution. The runner that holds its journal writer is its only writer."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.id = directory.name
        self._meta: dict[str, Any] | None = None

    @property
    def journal(self) -> Path:
        return self.directory / "journal.jsonl"

    @property
    def log(self) -> Path:
        return self.directory / "log.jsonl"

    @property
    def metrics(self) -> Path:
        return self.directory / "metrics.jsonl"

    @property
    def flow(self) -> Path:
        return self.directory / "flow.yaml"

    @property
    def _runner(self) -> Path:
        return self.directory / "runner.json"

    def exists(self) -> bool:
        return self.journal.is_file()

    @classmethod
    def create(
        cls, executions: Path, changes: Sequence[c.Change], flow_source: str, meta: dict[str, Any] | None = None,
        masker: Masker | None = None, *, durable: bool = True,
    ) -> "ExecutionRecord":  # fmt: skip
        """Make the directory of a new execution as a whole: it appears complete or not at all.

        What `masker` knows goes into the vault instead of the journal. An execution that its caller can make again
        need not be `durable`: it may be lost with the power.
        """
        first = changes[0]
        assert isinstance(first, c.ExecutionCreated)
        directory = executions / first.id
        draft = executions / f".{first.id}.new"
        try:
            # Somebody who was killed while making the same execution has left it.
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(parents=True)
            (draft / "flow.yaml").write_text(flow_source, encoding="utf-8")
            if meta:
                (draft / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
            writer = JournalWriter(draft / "journal.jsonl")
            writer.seal = Vault(draft, masker).seal
            try:
                writer.append([c.encode(change) for change in changes])
                if durable:
                    writer.sync()
            finally:
                writer.close()
            draft.rename(directory)
        except OSError as error:
            shutil.rmtree(draft, ignore_errors=True)
            raise write_failure("The execution", executions, error) from error
        except StoreError:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return cls(directory)

    def discard(self) -> None:
        """Take back an execution that has just been created and that nobody else knows of yet."""
        with suppress(OSError):
            self.journal.unlink()
        shutil.rmtree(self.directory, ignore_errors=True)

    def vault(self, masker: Masker | None = None) -> Vault:
        """Where the secrets of the journal are; `masker` knows those that are not in there yet."""
        return Vault(self.directory, masker)

    def load(self, *, clear: bool = False) -> Loaded:
        """Fold the journal; raises StoreError when not even its beginning can be read.

        Secrets are `******`, unless whoever goes on with the execution asks for them with `clear`.
        """
        try:
            read = read_journal(self.journal, salvage=True, reveal=self.vault().reveal if clear else hide)
            execution = fold([c.decode(event) for event in read.events])
        except (OSError, ValueError, KeyError) as error:
            raise StoreError(f"The journal {self.journal} cannot be read: {error}") from error
        return Loaded(execution, read.damage)

    def flow_source(self) -> str:
        """The flow as it ran; raises StoreError when it is not there (any more)."""
        try:
            return self.flow.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            said = f"The flow of the execution '{self.id}' is not there: the execution was deleted."
            raise StoreError(said) from error
        except OSError as error:
            raise StoreError(f"The flow as it ran cannot be read: {self.flow}: {error.strerror}.") from error

    def meta(self) -> dict[str, Any]:
        """What else was noted when the execution was created (the path of the flow's file, the caller)."""
        if self._meta is None:
            try:
                self._meta = dict(json.loads((self.directory / "meta.json").read_text(encoding="utf-8")))
            except (OSError, ValueError):
                self._meta = {}
        return self._meta

    def note_secret(self, name: str, namespace: str | None) -> None:
        """Note that this execution used a secret: its name, never its value. Raises StoreError."""
        path = self.directory / "secrets.jsonl"
        try:
            append_line(path, json.dumps([name, namespace]).encode() + b"\n")
        except OSError as error:
            raise write_failure("The list of used secrets", path, error) from error

    def used_secrets(self) -> list[tuple[str, str | None]]:
        """The secrets that this execution has used, as (name, namespace)."""
        try:
            lines = (self.directory / "secrets.jsonl").read_text(encoding="utf-8").splitlines()
        except OSError:
            return []
        found: dict[tuple[str, str | None], None] = {}
        for line in lines:
            with suppress(ValueError):
                name, namespace = json.loads(line)
                found[name, namespace] = None
        return list(found)

    def note_environment(self, entry: dict[str, Any]) -> None:
        """Note what a runner runs this execution with; raises StoreError."""
        path = self.directory / "environments.jsonl"
        try:
            append_line(path, json.dumps(entry).encode() + b"\n")
        except OSError as error:
            raise write_failure("What the execution runs with", path, error) from error

    def environments(self) -> list[dict[str, Any]]:
        """What was noted of the runners, in their order; lines that cannot be read are passed over."""
        try:
            lines = (self.directory / "environments.jsonl").read_text(encoding="utf-8").splitlines()
        except OSError:
            return []
        found = []
        for line in lines:
            with suppress(ValueError):
                entry = json.loads(line)
                found += [entry] if isinstance(entry, dict) else []
        return found

    def mark_runner(self, mark: RunnerMark) -> None:
        """Note who runs this execution; raises StoreError."""
        draft = self.directory / f".runner.{os.getpid()}"
        noted = {"pid": mark.pid, "identity": mark.identity, "root": mark.root}
        try:
            draft.write_text(json.dumps(noted), encoding="utf-8")
            draft.replace(self._runner)
        except OSError as error:
            with suppress(OSError):
                draft.unlink()
            raise write_failure("The mark of the runner", self._runner, error) from error

    def runner(self) -> RunnerMark | None:
        """Who runs (or last ran) this execution; the caller decides whether that process still lives."""
        try:
            noted = json.loads(self._runner.read_text(encoding="utf-8"))
            return RunnerMark(int(noted["pid"]), str(noted["identity"]), str(noted["root"]))
        except (OSError, ValueError, KeyError):
            return None

    def note_last_words(self, text: str) -> None:
        """Why the runner had to stop although it could not write its journal; silently nothing when that fails too.

        They go into the mark of the runner, as it lies there: that block of the disk is taken already, which is what
        counts when there is no other.
        """
        mark = self.runner()
        if mark is None:
            return
        noted = {"pid": mark.pid, "identity": mark.identity, "root": mark.root}
        room = _BLOCK
        with suppress(OSError):
            file = os.open(self._runner, os.O_WRONLY | os.O_CLOEXEC)
            try:
                while (written := os.pwrite(file, line := _with_words(noted, text, room), 0)) < len(line):
                    if written >= room:
                        break
                    room = written  # no file may be larger: a part of the words, so that it is still a mark
                os.ftruncate(file, len(line))  # of earlier words, which may have been more
            finally:
                os.close(file)

    def last_words(self) -> str | None:
        """What the runner before said when it had to stop; known until another one marks the execution."""
        try:
            words = json.loads(self._runner.read_text(encoding="utf-8")).get("words")
        except (OSError, ValueError, AttributeError):
            return None
        return words if isinstance(words, str) else None

    def unmark_runner(self, mark: RunnerMark | None) -> None:
        """This runner is gone. The mark of another one, which has come meanwhile, stays."""
        if mark is not None and self.runner() == mark:
            self._runner.unlink(missing_ok=True)


def _with_words(mark: dict[str, Any], text: str, room: int) -> bytes:
    """The mark of a runner with its last words, of which as many as there is room for."""
    while len(line := json.dumps({**mark, "words": text}).encode()) > room and text:
        text = text[: max(0, len(text) * room // len(line) - 1)]
    return line
