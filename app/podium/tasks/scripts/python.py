"""The Python tasks: packages from `dependencies`, the right interpreter, and the `kestra` module (tasks.md
1.11).
"""

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from podium.model.properties import Expression, prop
from podium.model.schema import Example
from podium.tasks.globs import files_below
from podium.tasks.scripts.base import CommandsTask, InlineTask, Launch, ScriptTask
from podium.tasks.scripts.commandline import quoted
from podium.tasks.scripts.dependencies import find_interpreter, installed, missing_interpreter
from podium.tasks.scripts.languages import PYTHON
from podium.tasks.scripts.runners import client_environment

CLIENT = Path(__file__).parent / "client"

_IMPORTS_CLIENT = re.compile(r"^\s*(?:from|import)\s+kestra\b", re.MULTILINE)
_FUTURE = re.compile(r"^from __future__ import", re.MULTILINE)
_CONTAINER_LIB = ".podium_python_lib"
_SEARCHED_FILES = 200
_SEARCHED_SIZE = 1 << 20


class PythonTask(ScriptTask):
    """What both Python tasks have."""

    language = PYTHON

    dependencies: list[str] | None = prop(
        doc="Packages to install before the run, as pip requirements. They are kept and reused.", group="processing"
    )
    packageManager: Literal["UV", "PIP"] = prop(
        default="UV", doc="Who installs the packages. Without `uv` on PATH it is pip.", group="advanced"
    )
    pythonVersion: str | None = prop(doc="The version of Python to look for, e.g. `3.12`.", group="advanced")
    dependencyCacheEnabled: bool = prop(default=True, doc="Reuse packages of earlier runs.", group="advanced")
    uvAutoInstallEnabled: bool = prop(
        default=True, doc="On a server: download uv when it is missing. Here pip is used instead.", group="advanced"
    )
    uvInstallerVersion: str | None = prop(doc="On a server: the version of uv to download.", group="advanced")
    uvInstallerSha256: str | None = prop(doc="On a server: the checksum of that download.", group="advanced")

    def _interpreter(self, launch: Launch) -> str:
        """The Python of this machine that fits; raises TaskError when there is none."""
        found = find_interpreter(launch.env.get("PATH") or os.environ.get("PATH"), self.pythonVersion)
        if found is None:
            raise missing_interpreter()
        if self.pythonVersion and Path(found).name in ("python3", "python"):
            launch.ctx.log.warn(f"Python {self.pythonVersion} is not installed here: {found} is used instead.")
        return found

    def _prepare_path(self, launch: Launch, source: str | None) -> bool:
        """Set PYTHONPATH for packages and for the `kestra` module; True when packages were installed."""
        if launch.container is not None:
            self._prepare_container(launch, source)
            return bool(self.dependencies)
        folders = []
        if self.dependencies:
            folders.append(
                installed(
                    launch.ctx, self.dependencies, interpreter=self._interpreter(launch),
                    manager=self.packageManager, cached=self.dependencyCacheEnabled, env=launch.env,
                )
            )  # fmt: skip
        if self._wants_client(launch, source) and not any((folder / "kestra").exists() for folder in folders):
            folders.append(CLIENT)
        if folders:
            kept = [] if self.dependencies else [launch.env.get("PYTHONPATH") or os.environ.get("PYTHONPATH", "")]
            launch.env["PYTHONPATH"] = os.pathsep.join([*map(str, folders), *filter(None, kept)])
        return bool(self.dependencies)

    def _prepare_container(self, launch: Launch, source: str | None) -> None:
        """Inside a container everything has to be in the working directory; packages come with
        `preparation`.
        """
        folder = launch.ctx.working_dir / _CONTAINER_LIB
        if self._imports_client(launch, source):
            folder.mkdir(exist_ok=True)
            shutil.copyfile(CLIENT / "kestra.py", folder / "kestra.py")
        if self.dependencies or folder.is_dir():
            launch.env["PYTHONPATH"] = str(folder)

    def preparation(self, launch: Launch) -> Sequence[str]:
        if launch.container is None or not self.dependencies:
            return ()
        requirements = " ".join(quoted(requirement) for requirement in self.dependencies)
        return [f"python -m pip install --quiet --no-input --target {_CONTAINER_LIB} -- {requirements}"]

    def _imports_client(self, launch: Launch, source: str | None) -> bool:
        """Whether the script, or any Python file of the working directory when there is none, imports
        `kestra`.
        """
        if source is not None:
            return _IMPORTS_CLIENT.search(source) is not None
        scripts = [path for name, path in files_below(launch.ctx.working_dir) if name.endswith(".py")]
        small = (path for path in scripts[:_SEARCHED_FILES] if path.stat().st_size < _SEARCHED_SIZE)
        return any(_IMPORTS_CLIENT.search(path.read_text("utf-8", "replace")) for path in small)

    def _wants_client(self, launch: Launch, source: str | None) -> bool:
        """Whether the script imports `kestra` and this machine's Python does not have it."""
        if not self._imports_client(launch, source):
            return False
        interpreter = find_interpreter(launch.env.get("PATH") or os.environ.get("PATH"), self.pythonVersion)
        if interpreter is None:
            return False
        check = "import importlib.util, sys; sys.exit(importlib.util.find_spec('kestra') is None)"
        code = launch.ctx.processes.run(
            [interpreter, "-c", check], cwd=launch.ctx.working_dir, env=client_environment(launch.env),
            on_lines=lambda stream, lines: None,
        )  # fmt: skip
        return code != 0


class PythonCommands(PythonTask, CommandsTask):
    """Runs commands in one shell, with packages from `dependencies` importable.

    A line of the form `::{"outputs": {"name": "value"}}::` on either stream sets outputs. The task fails
    when the exit code is not 0.
    """

    type = "io.kestra.plugin.scripts.python.Commands"
    title = "Run Python commands."
    examples = (
        Example(
            "Run a script from the namespace files",
            "type: io.kestra.plugin.scripts.python.Commands\n"
            "namespaceFiles:\n  enabled: true\n"
            "dependencies:\n  - requests\n"
            "commands:\n  - python scripts/report.py --day {{ inputs.day }}",
        ),
    )

    def commands_for(self, launch: Launch) -> list[str]:
        commands = launch.texts(self.commands, "commands")
        self._prepare_path(launch, None)
        if launch.container is None:
            self._provide_python(launch, commands)
        return commands

    def _provide_python(self, launch: Launch, commands: list[str]) -> None:
        """Many machines have only `python3`, while flows written for containers say `python`."""
        wants = any(re.search(r"(?:^|[\s;&|(])python\s", f"{command} ") for command in commands)
        if not wants or launch.which("python") or self.interpreter is not None:
            return
        folder = launch.ctx.working_dir / ".podium-bin"
        folder.mkdir(exist_ok=True)
        link = folder / "python"
        if not link.is_symlink():
            link.symlink_to(self._interpreter(launch))
        path = launch.env.get("PATH") or os.environ.get("PATH", "")
        launch.env["PATH"] = f"{folder}{os.pathsep}{path}"


class PythonScript(PythonTask, InlineTask):
    """Runs Python source that stands in the flow.

    `true`, `false` and `null` are defined, so that rendered values are valid Python. A virtual environment
    that `beforeCommands` activate is respected.
    """

    type = "io.kestra.plugin.scripts.python.Script"
    title = "Run an inline Python script."
    examples = (
        Example(
            "Return a value",
            "type: io.kestra.plugin.scripts.python.Script\n"
            "script: |\n"
            "  from kestra import Kestra\n"
            "  Kestra.outputs({'rows': 42})",
        ),
        Example(
            "Use a package and a file of an earlier task",
            "type: io.kestra.plugin.scripts.python.Script\n"
            "dependencies:\n  - pandas\n"
            "outputFiles:\n  - clean.csv\n"
            "script: |\n"
            "  import pandas as pd\n"
            "  data = pd.read_csv('{{ outputs.download.uri }}')\n"
            "  data.dropna().to_csv('clean.csv')",
        ),
    )

    script: Expression = prop(required=True, doc="The Python source.", language="python")

    def commands_for(self, launch: Launch) -> list[str]:
        source = launch.files.localized(launch.render(self.script, str, "script") or "")
        packages = self._prepare_path(launch, source)
        interpreter = "python" if launch.container else quoted(self._interpreter(launch))
        # Nothing may stand before an import from `__future__`.
        prelude = "" if _FUTURE.search(source) else "true = True\nfalse = False\nnull = None\n"
        path = launch.files.add_script(prelude + source, PYTHON.extension)
        direct = f"{interpreter} {quoted(path)}"
        if packages:
            return [direct]
        return [f'if [ -n "$VIRTUAL_ENV" ]; then "$VIRTUAL_ENV/bin/python" {quoted(path)}; else {direct}; fi']
