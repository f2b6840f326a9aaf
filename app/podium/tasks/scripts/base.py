"""What all script tasks have in common: their properties and the course of a run (tasks.md 1.2 to 1.9)."""

import contextlib
import dataclasses
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from podium.model.properties import Expression, Properties, prop
from podium.plugin.binding import render_late
from podium.plugin.context import RunContext
from podium.plugin.task import RunnableTask, TaskError, TaskRunner
from podium.tasks.scripts.commandline import assemble, quoted, shown
from podium.tasks.scripts.files import NamespaceFilesOption, TaskFiles, write_execution_context
from podium.tasks.scripts.hints import explanation
from podium.tasks.scripts.languages import Language
from podium.tasks.scripts.protocol import ScriptOutput
from podium.tasks.scripts.runners import Container, client_environment, container_for


class DockerOptions(Properties):
    """Deprecated: how the container is run when `runner` is DOCKER."""

    image: str | None = prop(doc="The image.")
    host: str | None = prop(doc="The address of the daemon.", aliases=("dockerHost",))
    config: Any = prop(doc="The content of a `config.json`.", aliases=("dockerConfig",))
    credentials: Any = prop(doc="How to log in to the registry.")
    user: str | None = prop(doc="The user inside the container.")
    entryPoint: list[str] | None = prop(doc="The entry point.")
    extraHosts: list[str] | None = prop(doc="More hosts.")
    networkMode: str | None = prop(doc="The network.")
    volumes: list[str] | None = prop(doc="Volumes to mount.")
    pullPolicy: str | None = prop(doc="When the image is fetched.")
    deviceRequests: Any = prop(doc="Devices such as GPUs.")
    cpu: Any = prop(doc="Limits of processor time.")
    memory: Any = prop(doc="Limits of memory.")
    shmSize: str | None = prop(doc="The size of `/dev/shm`.")
    privileged: bool | None = prop(doc="Give the container all rights.")


@dataclass
class ScriptOutputs:
    """What a script task gives to the tasks after it."""

    exitCode: int = dataclasses.field(metadata={"doc": "The exit code of the last command."})
    vars: dict[str, Any] = dataclasses.field(metadata={"doc": 'Values printed as `::{"outputs": {...}}::` lines.'})
    outputFiles: dict[str, str] = dataclasses.field(metadata={"doc": "The captured files: relative path to URI."})


@dataclass(slots=True)
class Launch:
    """One run in the making: where it runs, what its texts may use, and its environment so far."""

    ctx: RunContext
    files: TaskFiles
    extra: Mapping[str, Any]
    container: Container | None
    env: dict[str, str]

    def render(self, value: Any, hint: Any, name: str) -> Any:
        """A property that may use `workingDir`, `outputDir` and `outputFiles`."""
        return render_late(self.ctx, value, hint, name, self.extra)

    def texts(self, value: Any, name: str) -> list[str]:
        """A list of commands, rendered, with storage URIs replaced by local files."""
        return [self.files.localized(text or "") for text in self.render(value, list[str], name) or ()]

    def which(self, program: str) -> str | None:
        """The full path of a program as the script's environment would find it."""
        return shutil.which(program, path=self.env.get("PATH") or os.environ.get("PATH"))


def run_command(launch: Launch, argv: list[str]) -> tuple[int, ScriptOutput]:
    """Run the argv where it belongs and consume its output; returns the exit code and what was said."""
    ctx = launch.ctx
    output = ScriptOutput(ctx)
    started = shown(argv)
    if launch.container is not None:
        argv = launch.container.argv(argv, ctx, launch.env)
    try:
        code = ctx.processes.run(
            argv,
            cwd=ctx.working_dir,
            env=client_environment(launch.env),
            on_lines=output.take,
            on_start=lambda pid: ctx.log.debug(f"Starting command with pid {pid} [{started}]"),
        )
    finally:
        output.publish_metrics()
    return code, output


class ScriptTask(RunnableTask):
    """Base of all script tasks; a subclass says what its commands are."""

    language: ClassVar[Language]
    outputs = ScriptOutputs
    stops_at_error: ClassVar[bool] = True

    taskRunner: TaskRunner | None = prop(
        doc="Where the script runs. Without it a server uses Docker; here it is a local process.", group="execution"
    )
    containerImage: str | None = prop(doc="The image for task runners that use containers.", group="execution")
    beforeCommands: list[Expression] | None = prop(
        doc="Commands that run first, in the same shell; what they print is logged at DEBUG.", language="shell"
    )
    interpreter: list[Expression] | None = prop(
        doc="The program, with arguments, that gets the joined commands as its last argument.", group="advanced"
    )
    failFast: bool = prop(default=True, doc="Stop at the first command that fails.", group="execution")
    env: dict[str, str] | None = prop(doc="More environment variables.", group="processing")
    inputFiles: dict[str, Expression] | Expression | None = prop(
        doc="Files to create in the working directory: name to content, or to the URI of a file.",
        group="processing",
    )
    outputFiles: list[str] | None = prop(
        doc="Patterns of files to keep: `*.csv` in the working directory, `**/*.csv` below it.",
        group="processing",
    )
    namespaceFiles: NamespaceFilesOption | None = prop(
        doc="Namespace files to copy into the working directory.", group="processing"
    )
    executionContext: bool = prop(
        default=False, doc="Write the execution as JSON for the script to read.", group="advanced"
    )
    targetOS: Literal["LINUX", "WINDOWS", "AUTO"] = prop(
        default="AUTO", doc="The system the commands are written for.", group="advanced"
    )
    warningOnStdErr: bool | None = prop(
        doc="Without effect.", deprecated="Output on stderr no longer changes the state.", group="deprecated"
    )
    outputDirectory: bool = prop(
        default=False, doc="Make a directory `outputDir` and keep all files in it.",
        deprecated="Use `outputFiles`.", group="deprecated",
    )  # fmt: skip
    runner: Literal["PROCESS", "DOCKER"] | None = prop(
        doc="Where the script runs.", deprecated="Use `taskRunner`.", group="deprecated", until="2.0"
    )
    docker: DockerOptions | None = prop(
        doc="Options of the container.", deprecated="Use `taskRunner`.", group="deprecated", until="2.0",
        aliases=("dockerOptions",),
    )  # fmt: skip

    def run(self, ctx: RunContext) -> Mapping[str, Any]:
        """Prepare the working directory, run the commands, and gather what they leave."""
        output_dir = self._output_dir(ctx)
        extra = self._variables(ctx, output_dir)
        files = TaskFiles(ctx, extra)
        container = container_for(ctx, self.taskRunner, self.runner, self._chosen_image() or self.language.image)
        launch = Launch(ctx, files, extra, container, self._environment())
        if self.namespaceFiles is not None:
            files.add_namespace_files(self.namespaceFiles)
        if self.inputFiles is not None:
            files.add_input_files(self.inputFiles)
        commands = self.commands_for(launch)
        launch.env["WORKING_DIR"] = str(ctx.working_dir)
        if output_dir is not None:
            launch.env["OUTPUT_DIR"] = str(output_dir)
        with self._context_file(launch):
            code, output = run_command(launch, self._argv(launch, commands))
        captured = files.collect(self.outputFiles or ())
        if output_dir is not None:
            captured |= files.collect_below(output_dir)
        outputs = {"exitCode": code, "vars": output.vars, "outputFiles": captured}
        if code != 0:
            raise TaskError(self._failure(ctx, code, output), outputs)
        ctx.log.debug(f"Command succeed with exit code {code}")
        return outputs

    def commands_for(self, launch: Launch) -> list[str]:
        """The commands of the body, after everything they need has been put in place."""
        raise TypeError(f"{type(self).__name__} does not implement commands_for()")

    def preparation(self, launch: Launch) -> Sequence[str]:
        """Commands of the language itself that run before `beforeCommands`."""
        return ()

    def _argv(self, launch: Launch, commands: Sequence[str]) -> list[str]:
        interpreter = (
            list(self.language.interpreter)
            if self.interpreter is None
            else launch.texts(self.interpreter, "interpreter")
        )
        before = [*self.preparation(launch), *launch.texts(self.beforeCommands, "beforeCommands")]
        stop = self.language.fail_fast if self.failFast and self.stops_at_error else None
        return assemble(interpreter, before, commands, stop, self.targetOS)

    def _failure(self, ctx: RunContext, code: int, output: ScriptOutput) -> str:
        hint = explanation(
            ctx,
            output.last_errors,
            namespace_files=self.namespaceFiles is not None and self.namespaceFiles.enabled,
            image=self._chosen_image(),
            preparing=output.in_preparation,
        )
        return f"Command failed with exit code {code}{f'. {hint}' if hint else ''}"

    def _chosen_image(self) -> str | None:
        return self.containerImage or (self.docker.image if self.docker else None)

    def _environment(self) -> dict[str, str]:
        given = {name: value for name, value in (self.env or {}).items() if value is not None}
        return {**given, **self.language.env}

    def _output_dir(self, ctx: RunContext) -> Path | None:
        if not self.outputDirectory and self.runner is None:
            return None
        return Path(tempfile.mkdtemp(dir=ctx.working_dir, prefix="output-"))

    def _variables(self, ctx: RunContext, output_dir: Path | None) -> dict[str, Any]:
        variables: dict[str, Any] = {"workingDir": str(ctx.working_dir)}
        if output_dir is not None:
            variables["outputDir"] = str(output_dir)
        plain = [name for name in self.outputFiles or () if not set("*?[") & set(name)]
        variables["outputFiles"] = {name: str(ctx.working_dir / name) for name in plain}
        return variables

    @contextlib.contextmanager
    def _context_file(self, launch: Launch) -> Iterator[None]:
        if not self.executionContext:
            yield
            return
        path = write_execution_context(launch.ctx)
        launch.env["KESTRA_EXECUTION_CONTEXT_FILE"] = str(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


class CommandsTask(ScriptTask):
    """Base of the `Commands` tasks: the flow gives the commands."""

    commands: list[Expression] = prop(
        required=True, doc="The commands, run one after the other in one shell.", language="shell"
    )

    def commands_for(self, launch: Launch) -> list[str]:
        return launch.texts(self.commands, "commands")


class InlineTask(ScriptTask):
    """Base of the `Script` tasks: the flow gives the source, the language says how it is run."""

    script: Expression = prop(required=True, doc="The source of the script.")

    def commands_for(self, launch: Launch) -> list[str]:
        source = launch.files.localized(launch.render(self.script, str, "script") or "")
        if not self.language.command:
            return [source]
        self._need_program(launch)
        path = launch.files.add_script(source, self.language.extension)
        return [self.language.command.format(file=quoted(path))]

    def preparation(self, launch: Launch) -> Sequence[str]:
        return self.language.before

    def _need_program(self, launch: Launch) -> None:
        """Say at once what is not installed, unless the script may bring or find it in its own way."""
        program = self.language.program
        if launch.container or self.beforeCommands or self.interpreter is not None or launch.which(program):
            return
        raise TaskError(f"{self.language.title} cannot run here: `{program}` is not on PATH. {self.language.install}")
