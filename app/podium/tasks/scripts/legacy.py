"""The script tasks of old: Bash, Python and Node with properties of their own (tasks.md 1.16)."""

import dataclasses
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from podium.model.properties import Expression, prop
from podium.model.schema import Example
from podium.plugin.context import RunContext
from podium.plugin.task import RunnableTask, TaskError
from podium.tasks.scripts.base import DockerOptions, Launch, ScriptOutputs, run_command
from podium.tasks.scripts.commandline import quoted
from podium.tasks.scripts.dependencies import find_interpreter, missing_interpreter
from podium.tasks.scripts.files import TaskFiles
from podium.tasks.scripts.hints import explanation
from podium.tasks.scripts.python import CLIENT
from podium.tasks.scripts.runners import container_for

_PREFIX = "io.kestra.core.tasks.scripts."
_REPLACED = "Use `io.kestra.plugin.scripts.{}.Commands` or `Script`."


@dataclass
class LegacyOutputs(ScriptOutputs):
    """What the script tasks of old give to the tasks after them."""

    files: dict[str, str] = dataclasses.field(metadata={"doc": "The same as `outputFiles`."})
    stdOutLineCount: int = dataclasses.field(metadata={"doc": "Lines on stdout."})
    stdErrLineCount: int = dataclasses.field(metadata={"doc": "Lines on stderr."})


class _LegacyTask(RunnableTask):
    """What the three have in common."""

    outputs = LegacyOutputs
    image: ClassVar[str]

    runner: Literal["PROCESS", "DOCKER"] = prop(default="PROCESS", doc="Where the script runs.")
    dockerOptions: DockerOptions | None = prop(doc="Options of the container.")
    interpreter: str = prop(default="/bin/sh", doc="The program that gets the commands.")
    interpreterArgs: list[str] = prop(default=["-c"], doc="Its arguments.")
    exitOnFailed: bool = prop(default=True, doc="Stop at the first command that fails.")
    inputFiles: dict[str, Expression] | Expression | None = prop(doc="Files to create: name to content or URI.")
    outputFiles: list[str] | None = prop(
        doc="Keys of files: `{{ outputFiles.key }}` is where to write.", aliases=("outputsFiles", "files")
    )
    outputDirs: list[str] | None = prop(doc="Keys of folders: `{{ outputDirs.key }}` is where to write.")
    env: dict[str, str] | None = prop(doc="More environment variables.")
    warningOnStdErr: bool | None = prop(doc="Without effect.", deprecated="stderr no longer changes the state.")

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        root = ctx.working_dir
        files = {key: _new_file(root) for key in self.outputFiles or ()}
        folders = {key: Path(tempfile.mkdtemp(dir=root)) for key in self.outputDirs or ()}
        paths = {key: str(path) for key, path in files.items()}
        extra: dict[str, Any] = {
            "workingDir": str(root), "outputFiles": paths, "temp": paths,
            "outputDirs": {key: str(path) for key, path in folders.items()},
        }  # fmt: skip
        image = (self.dockerOptions.image if self.dockerOptions else None) or self.image
        container = container_for(ctx, None, self.runner, image)
        task_files = TaskFiles(ctx, extra)
        env = {name: value for name, value in (self.env or {}).items() if value is not None}
        launch = Launch(ctx, task_files, extra, container, env)
        if self.inputFiles is not None:
            task_files.add_input_files(self.inputFiles)
        commands = self.legacy_commands(launch)
        lines = [*(["set -o errexit"] if self.exitOnFailed else []), *commands]
        code, output = run_command(launch, [self.interpreter, *self.interpreterArgs, "\n".join(lines)])
        stored = {key: ctx.storage.put(path) for key, path in files.items() if path.exists()}
        for key, folder in folders.items():
            stored |= task_files.collect_below(folder, f"{key}/")
        outputs = {
            "exitCode": code, "vars": output.vars, "outputFiles": stored, "files": stored,
            "stdOutLineCount": output.line_counts["stdout"], "stdErrLineCount": output.line_counts["stderr"],
        }  # fmt: skip
        if code != 0:
            hint = explanation(ctx, output.last_errors, namespace_files=False, image=None, preparing=False)
            raise TaskError(f"Command failed with exit code {code}{f'. {hint}' if hint else ''}", outputs)
        return outputs

    def legacy_commands(self, launch: Launch) -> Sequence[str]:
        """The lines of the script."""
        raise TypeError(f"{type(self).__name__} does not implement legacy_commands()")

    def need_file(self, launch: Launch, name: str) -> None:
        """Fail when the flow does not bring the program."""
        if not (launch.ctx.working_dir / name).is_file():
            raise TaskError(f"`inputFiles` must hold a file `{name}`, unless `commands` says what else to run.")


def _new_file(root: Path) -> Path:
    with tempfile.NamedTemporaryFile(dir=root, delete=False) as file:
        return Path(file.name)


class Bash(_LegacyTask):
    """Runs commands in a shell."""

    type = _PREFIX + "Bash"
    title = "Run shell commands."
    deprecated = _REPLACED.format("shell")
    image = "ubuntu"
    examples = (Example("Say hello", f"type: {_PREFIX}Bash\ncommands:\n  - echo hello"),)

    commands: list[Expression] = prop(required=True, doc="The commands.", language="shell")

    def legacy_commands(self, launch: Launch) -> Sequence[str]:
        return launch.texts(self.commands, "commands")


class Python(_LegacyTask):
    """Runs `main.py` of the input files in a virtual environment of its own."""

    type = _PREFIX + "Python"
    title = "Run a Python program."
    deprecated = _REPLACED.format("python")
    image = "python"
    examples = (Example("Say hello", f"type: {_PREFIX}Python\ninputFiles:\n  main.py: |\n    print('hello')"),)

    commands: list[Expression] = prop(default=["./bin/python main.py"], doc="The commands.", language="shell")
    args: list[Expression] | None = prop(doc="Arguments, added to every command.")
    requirements: list[str] | None = prop(doc="Packages to install.")
    pythonPath: str = prop(default="python", doc="The Python to use.")
    virtualEnv: bool = prop(default=True, doc="Make a virtual environment.")
    packageManager: str | None = prop(doc="Without effect: it is always pip.")

    def legacy_commands(self, launch: Launch) -> Sequence[str]:
        commands = launch.texts(self.commands, "commands")
        if commands == ["./bin/python main.py"]:
            self.need_file(launch, "main.py")
        shutil.copyfile(CLIENT / "kestra.py", launch.ctx.working_dir / "kestra.py")
        arguments = "".join(f" {argument}" for argument in launch.texts(self.args, "args"))
        lines = [f"{command}{arguments}" for command in commands]
        if not self.virtualEnv:
            return lines
        python = self.pythonPath
        if python == "python" and launch.container is None and not launch.which(python):
            found = find_interpreter(launch.env.get("PATH"))
            if found is None:
                raise missing_interpreter()
            python = found
        prepare = [f"{quoted(python)} -m venv --system-site-packages {quoted(launch.ctx.working_dir)} > /dev/null"]
        if self.requirements:
            prepare.append(f"./bin/pip install --quiet {' '.join(map(quoted, self.requirements))} > /dev/null")
        return [*prepare, *lines]


class Node(_LegacyTask):
    """Runs `main.js` of the input files."""

    type = _PREFIX + "Node"
    title = "Run a Node.js program."
    deprecated = _REPLACED.format("node")
    image = "node"
    examples = (Example("Say hello", f"type: {_PREFIX}Node\ninputFiles:\n  main.js: |\n    console.log('hello')"),)

    args: list[Expression] | None = prop(doc="Arguments of the program.")
    nodePath: str = prop(default="node", doc="The Node.js to use.")
    npmPath: str = prop(default="npm", doc="The npm to use.")

    def legacy_commands(self, launch: Launch) -> Sequence[str]:
        self.need_file(launch, "main.js")
        install = (launch.ctx.working_dir / "package.json").is_file()
        arguments = "".join(f" {argument}" for argument in launch.texts(self.args, "args"))
        return [*([f"{self.npmPath} i"] if install else []), f"{self.nodePath} main.js{arguments}"]
