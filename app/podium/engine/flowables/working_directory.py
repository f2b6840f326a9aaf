"""WorkingDirectory: tasks that share one directory."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from podium.engine.flowable import Flowable
from podium.model.properties import ChildTasks, Properties, prop
from podium.model.schema import Example


class Cache(Properties):
    """Files kept from one run to the next."""

    patterns: list[str] = prop(required=True, doc="Globs of the files to keep.")
    ttl: timedelta | None = prop(doc="How long they stay valid; for ever when absent.")


@dataclass
class WorkingDirectoryOutputs:
    """What is kept of the directory."""

    outputFiles: dict[str, str] = field(metadata={"doc": "The kept files: relative path to URI."})


class WorkingDirectory(Flowable):
    """Runs its tasks one after the other in one shared directory, which is removed at the end."""

    type = "io.kestra.plugin.core.flow.WorkingDirectory"
    title = "Share a directory between tasks"
    results = WorkingDirectoryOutputs
    examples = (
        Example(
            "Write, then read",
            """id: dir
type: io.kestra.plugin.core.flow.WorkingDirectory
tasks:
  - id: write
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner:
      type: io.kestra.plugin.core.runner.Process
    commands:
      - echo hello > out.txt
  - id: read
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner:
      type: io.kestra.plugin.core.runner.Process
    commands:
      - cat out.txt""",
        ),
    )

    tasks: ChildTasks | None = prop(required=True, doc="Runnable tasks only.")
    inputFiles: Any = prop(doc="Files to write into the directory first: a map of path to content or URI.")
    outputFiles: list[str] | None = prop(doc="Globs of the files to keep in internal storage at the end.")
    namespaceFiles: Any = prop(doc="Copies the namespace files into the directory (`enabled: true`).")
    cache: Cache | None = prop(doc="Files to keep from one run to the next.")
    errors: ChildTasks | None = prop(doc="Tasks that run when one of the block failed.")
    finally_: ChildTasks | None = prop(name="finally", doc="Tasks that run at the end, whatever happened.")
