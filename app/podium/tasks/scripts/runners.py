"""Where a script runs: as a local process, or in a container through the `docker` or `podman` program."""

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from podium.model.properties import Properties, describe, prop
from podium.plugin.binding import bind
from podium.plugin.context import RunContext
from podium.plugin.task import TaskError, TaskRunner
from podium.tasks.scripts.commandline import quoted

SETTING = "tasks.scripts.containers"
"""`process`: containers are replaced by local processes; `docker-cli`: they are real; `fail`: they are
refused.
"""


class Process(TaskRunner):
    """Runs the script as a process of this machine, with the environment of the runner."""

    type = "io.kestra.plugin.core.runner.Process"
    title = "Run a script as a local process."
    aliases = ("io.kestra.core.models.tasks.runners.types.ProcessTaskRunner",)


class Credentials(Properties):
    """How to log in to a registry of images."""

    registry: str | None = prop(doc="The registry; taken from the name of the image without it.")
    username: str | None = prop(doc="The user.")
    password: str | None = prop(doc="The password.", secret=True)
    registryToken: str | None = prop(doc="A registry token.", secret=True)
    identityToken: str | None = prop(doc="An identity token.", secret=True)
    auth: str | None = prop(doc="User and password, in base64.", secret=True)


class Cpu(Properties):
    """Limits of processor time."""

    cpus: str | None = prop(doc="The number of processors, e.g. `0.5`.")


class Memory(Properties):
    """Limits of memory."""

    memory: str | None = prop(doc="The most the container may use, e.g. `512MB`.")
    memorySwap: str | None = prop(doc="Memory and swap together.")
    memorySwappiness: str | None = prop(doc="How eagerly to swap, 0 to 100.")
    memoryReservation: str | None = prop(doc="The soft limit.")
    kernelMemory: str | None = prop(doc="The most kernel memory.")
    oomKillDisable: bool | None = prop(doc="Do not kill the container when memory runs out.")


class Docker(TaskRunner):
    """Runs the script in a container. What happens on this machine is up to the setting
    `tasks.scripts.containers`.

    With `process` (the default) the script runs as a local process and the container options are ignored
    with a warning, with `docker-cli` the `docker` or `podman` program runs the container, with `fail` the
    task fails.
    """

    type = "io.kestra.plugin.scripts.runner.docker.Docker"
    title = "Run a script in a container."
    aliases = ("io.kestra.plugin.scripts.runner.docker.DockerTaskRunner",)

    host: str | None = prop(doc="The address of the Docker daemon.")
    config: Any = prop(doc="The content of a Docker `config.json`.")
    credentials: Credentials | None = prop(doc="How to log in to the registry of the image.")
    image: str | None = prop(doc="The image, when the task does not name one.", deprecated="Use `containerImage`.")
    user: str | None = prop(doc="The user inside the container.")
    entryPoint: list[str] | None = prop(doc="The entry point of the container.")
    extraHosts: list[str] | None = prop(doc="More `host:address` entries.")
    networkMode: str | None = prop(doc="The network, e.g. `host`.")
    portBindings: list[str] | None = prop(doc="Ports to publish.")
    volumes: list[str] | None = prop(doc="Volumes to mount, as `source:target`.")
    pullPolicy: Literal["ALWAYS", "IF_NOT_PRESENT", "NEVER"] = prop(
        default="IF_NOT_PRESENT", doc="When the image is fetched."
    )
    deviceRequests: list[dict[str, Any]] | None = prop(doc="Devices such as GPUs.")
    cpu: Cpu | None = prop(doc="Limits of processor time.")
    memory: Memory | None = prop(doc="Limits of memory.")
    shmSize: str | None = prop(doc="The size of `/dev/shm`.")
    privileged: bool = prop(default=False, doc="Give the container all rights.")
    fileHandlingStrategy: Literal["VOLUME", "MOUNT"] = prop(
        default="VOLUME", doc="How files get into the container on a server; here they are always mounted."
    )
    delete: bool = prop(default=True, doc="Remove the container afterwards.")
    wait: bool = prop(default=True, doc="Wait for the end of the container.")
    resume: bool = prop(default=True, doc="On a server: take up a container that still runs after a restart.")
    killGracePeriod: timedelta = prop(default=timedelta(0), doc="How long a killed container may clean up.")


_NO_MATTER = frozenset({"fileHandlingStrategy", "delete", "wait", "resume", "killGracePeriod", "pullPolicy"})
"""Options that change nothing about what the script does."""

_NOT_OFFERED = frozenset({"config", "credentials", "deviceRequests", "portBindings"})
"""Options that `docker run` is not given: login belongs to the program's own configuration."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container to run with a local program."""

    program: str
    image: str
    options: Docker

    def argv(self, inner: Sequence[str], ctx: RunContext, env: Mapping[str, str]) -> list[str]:
        """The command that runs `inner` in the container and removes the container when it is told to end.

        The values of variables stay out of the argv, where every user of the machine could read them.
        """
        name = re.sub(r"[^A-Za-z0-9_.-]", "-", f"podium-{ctx.taskrun_id}-{ctx.attempt}")
        folder = str(ctx.working_dir)
        argv = [self.program, "run", "--rm", "--name", name, "-v", f"{folder}:{folder}", "-w", folder]
        argv += ["--entrypoint", (self.options.entryPoint or [""])[0]]
        argv += [part for variable in sorted(env) for part in ("-e", variable)]
        argv += [part for label in _labels(ctx) for part in ("--label", label)]
        argv += self._limits()
        command = " ".join(quoted(part) for part in [*argv, self.image, *inner])
        # The client alone can be killed without its container.
        cleanup = f"{quoted(self.program)} rm -f {quoted(name)} >/dev/null 2>&1"
        return ["/bin/sh", "-c", f"trap {quoted(cleanup)} TERM; {command} & wait $!"]

    def _limits(self) -> list[str]:
        options = self.options
        pairs = [
            ("--user", options.user), ("--network", options.networkMode), ("--shm-size", _size(options.shmSize)),
            ("--cpus", options.cpu and options.cpu.cpus), ("--memory", options.memory and _size(options.memory.memory)),
            ("--pull", {"ALWAYS": "always", "NEVER": "never"}.get(options.pullPolicy, "missing")),
        ]  # fmt: skip
        argv = [part for flag, value in pairs if value for part in (flag, str(value))]
        argv += [part for host in options.extraHosts or () for part in ("--add-host", host)]
        argv += [part for volume in options.volumes or () for part in ("-v", volume)]
        return [*argv, "--privileged"] if options.privileged else argv


def container_for(
    ctx: RunContext, runner: TaskRunner | None, legacy: str | None, image: str | None
) -> Container | None:
    """The container to run in, or None for a local process; says in the log what is ignored.

    `legacy` is the old `runner` property, which wins. A task without any runner has a Docker runner on a
    server. Raises TaskError when containers are refused or impossible here.
    """
    if legacy == "PROCESS" or (legacy is None and isinstance(runner, Process)):
        return None
    policy = str(ctx.setting(SETTING, "process"))
    asked = legacy == "DOCKER" or runner is not None
    options = runner if isinstance(runner, Docker) else bind(Docker, {}, ctx)
    if policy == "docker-cli":
        return _container(options, image or options.image)
    if asked and policy == "fail":
        raise TaskError(
            "This task wants the Docker task runner, which is refused here. Set `taskRunner: {type: "
            f"{Process.type}}}`, or the setting `{SETTING}` to `process` or `docker-cli`."
        )
    if asked:
        ignored = ["containerImage", *_changed(options)]
        ctx.log.warn(
            f"The Docker task runner is replaced by a local process (setting `{SETTING}: {policy}`); "
            f"ignored: {', '.join(ignored)}."
        )
    return None


def _container(options: Docker, image: str | None) -> Container:
    if not image:
        raise TaskError("This task runner needs the containerImage property to be set.")
    program = shutil.which("docker") or shutil.which("podman")
    if program is None:
        raise TaskError(f"Neither `docker` nor `podman` is on PATH, but `{SETTING}` is `docker-cli`.")
    unsupported = sorted(_NOT_OFFERED & set(_changed(options)))
    if unsupported:
        raise TaskError(
            f"These options of the Docker task runner are not supported here: {', '.join(unsupported)}. Log in "
            f"with `{Path(program).name} login` instead of `config` or `credentials`."
        )
    return Container(program, image, options)


def _changed(options: Docker) -> list[str]:
    """The names of the options that were set and would make a difference."""
    return [
        decl.name
        for decl in describe(Docker)
        if decl.name not in _NO_MATTER and getattr(options, decl.name) != decl.default
    ]


def _labels(ctx: RunContext) -> list[str]:
    values = {
        "namespace": ctx.namespace, "flow-id": ctx.flow_id, "task-id": ctx.task_id,
        "execution-id": ctx.execution_id, "taskrun-id": ctx.taskrun_id, "taskrun-attempt": str(ctx.attempt),
    }  # fmt: skip
    return [f"kestra.io/{key}={value[:63].rstrip('-._')}" for key, value in values.items()]


def _size(text: str | None) -> str | None:
    """`512MB` as the container programs write it."""
    return re.sub(r"(?i)\s*([kmg])i?b$", lambda match: match[1].lower(), text) if text else None


def client_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a local process: that of the runner, overlaid."""
    return {**os.environ, **extra}
