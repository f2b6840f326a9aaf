"""`taskCache`: an earlier SUCCESS of the same task with the same inputs stands in for running it again.

What counts as the same: the flow, the task with all its properties as they are written, and the inputs of the
execution. Outputs of tasks before it do not count, as on a Kestra server: a task that depends on more than that
should not be cached. Files among the outputs are kept with the entry and copied for every use.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from podium.base.clock import Clock, iso_instant, parse_instant
from podium.model.flow import Flow, Task
from podium.store.errors import StorageError, StoreError
from podium.store.internal_storage import SCHEME, InternalStorage, TaskStorage


class TaskCacheEntry:
    """The entry of one task with certain inputs, as one attempt sees it. Reading or writing it never fails a task."""

    def __init__(
        self, storage: InternalStorage, flow: Flow, task: Task, inputs: Mapping[str, Any], files: TaskStorage,
        clock: Clock,
    ) -> None:  # fmt: skip
        """`files` is the storage of the attempt's own task run."""
        around = storage.cache_file(flow.namespace, flow.id, task.id).parent
        self._folder = around / f"task-{_digest(task, inputs)}"
        self._ttl = task.task_cache.ttl if task.task_cache is not None else None
        self._files = files
        self._clock = clock

    def outputs(self) -> tuple[datetime, Mapping[str, Any]] | None:
        """When the outputs came to be, and the outputs with files of this task run; None when there are none."""
        try:
            entry = json.loads((self._folder / "entry.json").read_text(encoding="utf-8"))
            created = parse_instant(entry["created"])
            if self._ttl is not None and self._clock.now() - created > self._ttl:
                return None
            names: dict[str, str] = entry["files"]
            copies = {
                uri: self._files.put(self._folder / str(at), name) for at, (uri, name) in enumerate(names.items())
            }
            return created, _replaced(entry["outputs"], lambda text: copies.get(text, text))
        except (OSError, ValueError, KeyError, TypeError, StoreError):
            # No entry, or one that is damaged or half removed: the task runs.
            return None

    def keep(self, outputs: Mapping[str, Any] | None) -> None:
        """Keep the outputs of a SUCCESS; raises StoreError or OSError when that is impossible."""
        uris: dict[str, str] = {}

        def note(text: str) -> str:
            # A URI that this task run may not read, or of a file that is gone, is kept as the text it is.
            if text.startswith(SCHEME) and "/_files/" not in text:
                with suppress(StorageError):
                    if self._files.exists(text):
                        uris.setdefault(text, text.rsplit("/", 1)[-1])
            return text

        _replaced(outputs or {}, note)
        draft = self._folder.with_name(f".{self._folder.name}.{os.getpid()}")
        try:
            draft.mkdir(parents=True)
            for at, uri in enumerate(uris):
                _link_or_copy(self._files.path(uri), draft / str(at))
            entry = {"created": iso_instant(self._clock.now()), "files": uris, "outputs": outputs or {}}
            (draft / "entry.json").write_text(json.dumps(entry, ensure_ascii=False), encoding="utf-8")
            shutil.rmtree(self._folder, ignore_errors=True)
            # Somebody else may have kept the same meanwhile: then there is an entry, and that is all that matters.
            with suppress(OSError):
                draft.rename(self._folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def age_text(age: timedelta) -> str:
    """How long ago, for the log."""
    seconds = int(age.total_seconds())
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            count = seconds // length
            return f"{count} {unit}{'s' if count != 1 else ''} ago"
    return f"{seconds} second{'s' if seconds != 1 else ''} ago"


def _digest(task: Task, inputs: Mapping[str, Any]) -> str:
    definition = {"type": task.type, "props": task.props, "inputs": inputs}
    text = json.dumps(definition, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _replaced(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _replaced(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_replaced(item, change) for item in value]
    return value


def _link_or_copy(source: Path, target: Path) -> None:
    """Files of storage are never written to again, so one on the same disk costs nothing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
