"""Script tasks: what reaches the shell, what comes back, and what is said when it goes wrong."""

import json
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from context import FakeContext

from podium.plugin.task import Cancelled, TaskError
from podium.tasks.scripts.commandline import assemble

SHELL = "io.kestra.plugin.scripts.shell.Commands"
SHELL_SCRIPT = "io.kestra.plugin.scripts.shell.Script"
PYTHON = "io.kestra.plugin.scripts.python.Script"
PYTHON_COMMANDS = "io.kestra.plugin.scripts.python.Commands"
ANY = {"commands": ["true"]}
DOCKER = "io.kestra.plugin.scripts.runner.docker.Docker"
PROCESS = {"type": "io.kestra.plugin.core.runner.Process"}


def failure(ctx: FakeContext, type_name: str, **props: Any) -> TaskError:
    with pytest.raises(TaskError) as caught:
        ctx.run(type_name, **props)
    return caught.value


@pytest.mark.parametrize(
    ("interpreter", "before", "commands", "fail_fast", "argv"),
    [
        (["/bin/sh", "-c"], [], ["a", "b"], "set -e", ["/bin/sh", "-c", "set -e\na\nb"]),
        (["/bin/sh", "-c"], [], ["a"], None, ["/bin/sh", "-c", "a"]),
        (
            ["/bin/sh", "-c"], ["x"], ["a"], "set -e",
            ["/bin/sh", "-c", "echo '##kestra:log:debug##'\nset -e\nx\necho '##kestra:log:info##'\na"],
        ),
        ([], [], ["ls", "-l"], "set -e", ["ls", "-l"]),
        (["python3", "-c"], [], ["a\nb"], None, ["python3", "-c", "a\nb"]),
    ],
)  # fmt: skip
def test_the_command_line(
    interpreter: list[str], before: list[str], commands: list[str], fail_fast: str | None, argv: list[str]
) -> None:
    assert assemble(interpreter, before, commands, fail_fast, "LINUX") == argv


def test_commands_share_a_shell_and_give_outputs(ctx: FakeContext) -> None:
    ctx.variables["inputs"] = {"name": "Ada"}
    outputs = ctx.run(
        SHELL,
        commands=["cd /", "echo \"{{ inputs.name }} in $PWD with $COLOR\"", "echo '::{\"outputs\":{\"a\":1}}::'"],
        env={"COLOR": "{{ inputs.name }}blue"},
    )  # fmt: skip
    assert outputs == {"exitCode": 0, "vars": {"a": 1}, "outputFiles": {}}
    assert ctx.log.stdout() == ["Ada in / with Adablue"]
    assert ctx.log.of("DEBUG")[-1] == "Command succeed with exit code 0"


def test_the_first_failure_stops_and_keeps_outputs(ctx: FakeContext) -> None:
    error = failure(
        ctx, SHELL, outputFiles=["*.txt"],
        commands=["echo '::{\"outputs\":{\"a\":1}}::'", "echo x > kept.txt", "exit 3", "echo never"],
    )  # fmt: skip
    assert str(error) == "Command failed with exit code 3"
    assert error.outputs is not None
    assert (error.outputs["exitCode"], error.outputs["vars"]) == (3, {"a": 1})
    assert ctx.storage.text(error.outputs["outputFiles"]["kept.txt"]) == "x\n"
    assert "never" not in ctx.log.stdout()


def test_without_fail_fast_the_last_command_decides(ctx: FakeContext) -> None:
    assert ctx.run(SHELL, commands=["false", "echo on"], failFast=False)["exitCode"] == 0
    assert ctx.log.stdout() == ["on"]


def test_levels_follow_streams_and_preparation(ctx: FakeContext) -> None:
    ctx.run(SHELL, beforeCommands=["echo preparing"], commands=["echo out", "echo err >&2"])
    entries = [entry for entry in ctx.log.entries if entry[0] != "log"]
    assert sorted(entries) == [("stderr", "ERROR", "err"), ("stdout", "DEBUG", "preparing"), ("stdout", "INFO", "out")]


FRAMES = r"""
print('::{"outputs":{"a":1,"b":2}}::')
print('::{"outputs":{"b":{"c":[1]}},"logs":[{"level":"WARN","message":"careful"},{"level":"LOUD","message":"?"}]}::')
print('::{"metrics":[{"name":"n","type":"counter","value":1,"tags":{"k":"v"}},{"name":"g","type":"gauge","value":1}]}::')
print('::{"metrics":[{"name":"n","type":"counter","value":2,"tags":{"k":"v"}},{"name":"g","type":"gauge","value":5}]}::')
print('::{"metrics":[{"name":"t","type":"timer","value":"PT1.5S"},{"name":"t","type":"timer","value":2}]}::')
print('::{"metrics":[{"name":"x","type":"what","value":2}, {"type":"counter"}]}::')
print('::{"encryptedOutputs":{"k":"hidden"},"other":1}::')
print('::{"outputs":{"broken":}}::')
print('::{"outputs":{"nan":NaN}}::')
print(' ::{"outputs":{"text":1}}::')
print('::{"outputs":{"text":1}}:: ')
print('::{')
print(':: just text')
"""


def test_protocol_lines(ctx: FakeContext) -> None:
    outputs = ctx.run(PYTHON, script=FRAMES)
    assert outputs["vars"] == {"a": 1, "b": {"c": [1]}}
    assert ctx.metrics == [
        ("n", 3.0, "counter", {"k": "v"}), ("g", 5.0, "gauge", {}), ("t", 3.5, "timer", {}),
    ]  # fmt: skip
    assert ctx.masked == ["hidden"]
    assert ctx.log.stdout() == [
        ' ::{"outputs":{"text":1}}::', '::{"outputs":{"text":1}}:: ', "::{", ":: just text",
    ]  # fmt: skip
    warnings = ctx.log.of("WARN")
    assert warnings[0] == "careful"
    assert warnings[1].startswith('Invalid log \'{"level": "LOUD"')
    assert [warning.split(":")[-1].strip() for warning in warnings[2:4]] == [
        "the type must be counter, timer or gauge, not what", "name is missing",
    ]  # fmt: skip
    assert warnings[4].startswith("Invalid outputs 'Expecting value")
    assert warnings[5].startswith("Invalid outputs 'NaN is not a JSON value")


def test_telemetry_becomes_logs_and_metrics(ctx: FakeContext) -> None:
    record = {
        "resourceLogs": [{"scopeLogs": [{"logRecords": [
            {"severityNumber": 13, "body": {"stringValue": "w"}},
            {"severityText": "debug", "body": {"stringValue": "d"}},
        ]}]}],
        "resourceMetrics": [{"scopeMetrics": [{"metrics": [
            {"name": "sum", "sum": {"aggregationTemporality": 1, "dataPoints": [{"asInt": "2"}]}},
            {"name": "all", "sum": {"aggregationTemporality": 2, "dataPoints": [{"asDouble": 3.5}]}},
        ]}]}],
    }  # fmt: skip
    frame = json.dumps({"otlp": record})
    ctx.run(SHELL, commands=[f"echo '::{frame}::'"])
    assert (ctx.log.of("WARN"), "d" in ctx.log.of("DEBUG")) == (["w"], True)
    assert ctx.metrics == [("sum", 2.0, "counter", {}), ("all", 3.5, "gauge", {})]


def test_files_go_in_and_come_out(ctx: FakeContext) -> None:
    uri = ctx.stored("a,b\n", "table.csv")
    ctx.variables["outputs"] = {"dl": {"uri": uri}}
    ctx.namespace_file("lib/tool.sh", "echo from the namespace")
    ctx.namespace_file("notes.txt", "unwanted")
    outputs = ctx.run(
        SHELL,
        namespaceFiles={"include": ["*.sh"]},
        inputFiles={"in/{{ task.id }}.csv": "{{ outputs.dl.uri }}", "plain.txt": "text {{ task.id }}", "empty": None},
        outputFiles=["out/*.txt", "named.txt"],
        commands=[
            "sh lib/tool.sh", "ls", "cat in/t.csv {{ outputs.dl.uri }}", "cat plain.txt; echo",
            "mkdir out; echo one > out/a.txt; echo two > {{ outputFiles['named.txt'] }}; ln -s a.txt out/link.txt",
        ],
    )  # fmt: skip
    assert [line for line in ctx.log.stdout() if not line.startswith("file-")] == [
        "from the namespace", "empty", "in", "lib", "plain.txt", "a,b", "a,b", "text t",
    ]  # fmt: skip
    assert {name: ctx.storage.text(uri) for name, uri in outputs["outputFiles"].items()} == {
        "named.txt": "two\n", "out/a.txt": "one\n",
    }  # fmt: skip
    assert ("namespacefiles.count", 1, "counter", {}) in ctx.metrics
    assert not (ctx.working_dir / "notes.txt").exists()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"../up.txt": "x"}, "The file name '../up.txt' is not allowed"),
        ({"/etc/x": "x"}, "The file name '/etc/x' is not allowed"),
        ({"a/../../x": "x"}, "The file name 'a/../../x' is not allowed"),
        ("[1]", "Invalid files properties with type list"),
        ("nonsense", "Invalid files properties with type str"),
        ({"a": "kestra:///no/such.txt"}, "There is no file kestra:///no/such.txt"),
    ],
)
def test_input_files_that_cannot_be(ctx: FakeContext, files: Any, message: str) -> None:
    assert str(failure(ctx, SHELL, inputFiles=files, commands=["true"])).startswith(message)


def test_input_files_may_be_json(ctx: FakeContext) -> None:
    ctx.variables["inputs"] = {"files": {"a.txt": "A"}}
    ctx.run(SHELL, inputFiles="{{ inputs.files }}", commands=["cat a.txt"])
    assert ctx.log.stdout() == ["A"]


@pytest.mark.parametrize(
    ("if_exists", "content", "warned"), [("OVERWRITE", "new", 0), ("IGNORE", "old", 0), ("WARN", "old", 1)]
)
def test_namespace_files_meet_files_that_are_there(ctx: FakeContext, if_exists: str, content: str, warned: int) -> None:
    ctx.write("a.txt", "old")
    ctx.namespace_file("a.txt", "new")
    ctx.run(SHELL, namespaceFiles={"ifExists": if_exists}, commands=["cat a.txt"])
    assert (ctx.log.stdout(), len(ctx.log.of("WARN"))) == ([content], warned)
    assert "already exists" in str(failure(ctx, SHELL, namespaceFiles={"ifExists": "FAIL"}, commands=["true"]))


def test_a_python_script(ctx: FakeContext) -> None:
    ctx.variables["inputs"] = {"flag": False}
    script = """
        from kestra import Kestra
        if true and null is None:
            Kestra.outputs({"x": {{ inputs.flag }}})
        Kestra.counter("rows", 2)
        Kestra.logger().warning("hm")"""
    assert ctx.run(PYTHON, script=dedent(script), taskRunner=PROCESS)["vars"] == {"x": False}
    assert ctx.metrics == [("rows", 2.0, "counter", {})]
    assert ctx.log.of("WARN")[0].endswith(" hm")


def test_a_python_script_may_import_from_the_future(ctx: FakeContext) -> None:
    ctx.run(PYTHON, script="from __future__ import annotations\nprint('works')")
    assert ctx.log.stdout() == ["works"]


def test_a_python_script_prints_at_once_and_fails_with_its_name(ctx: FakeContext) -> None:
    error = failure(ctx, PYTHON, script="import sys\nsys.exit(4)")
    assert str(error) == "Command failed with exit code 4"
    failure(ctx, PYTHON, script="1/0")
    assert any("/t-" in line for line in ctx.log.of("ERROR", "stderr"))


def test_the_execution_context_is_there_only_while_the_script_runs(ctx: FakeContext) -> None:
    ctx.variables["inputs"] = {"who": {"name": "Ada"}}
    ctx.run(
        PYTHON, executionContext=True, outputFiles=["**"],
        script="from kestra import context\nprint(context.inputs.who.name)\n"
        "try: context.inputs.nobody\nexcept AttributeError as e: print(e)",
    )  # fmt: skip
    assert ctx.log.stdout() == ["Ada", "the execution context has no 'nobody' here, only: who"]
    assert not list(ctx.working_dir.glob(".kestra*"))


def test_commands_for_containers_find_python(ctx: FakeContext, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "python3").symlink_to(sys.executable)
    for name in ("sh", "env"):
        (programs / name).symlink_to(f"/bin/{name}")
    ctx.run(PYTHON_COMMANDS, commands=["python -c 'print(1 + 1)'"], env={"PATH": str(programs)})
    assert ctx.log.stdout() == ["2"]


@pytest.mark.parametrize(
    ("type_name", "props", "message"),
    [
        (PYTHON, {"script": "pass"}, "Python cannot run here: neither `python3` nor `python` is on PATH. Install"),
        ("io.kestra.plugin.scripts.node.Script", {"script": "1"}, "Node.js cannot run here: `node` is not on PATH. I"),
        ("io.kestra.plugin.scripts.julia.Script", {"script": "1"}, "Julia cannot run here: `julia` is not on PATH. "),
    ],
)
def test_a_missing_interpreter_is_named(ctx: FakeContext, type_name: str, props: dict[str, Any], message: str) -> None:
    assert str(failure(ctx, type_name, env={"PATH": "/nowhere"}, **props)).startswith(message)


@pytest.mark.parametrize(
    ("type_name", "props", "hint"),
    [
        (SHELL, {"commands": ["no-such-tool --x"]}, "The program `no-such-tool` is not installed on this machine."),
        (
            SHELL, {"commands": ["no-such-terraform plan"], "containerImage": "hashicorp/terraform"},
            "On a server it comes with the container image `hashicorp/terraform`.",
        ),
        (
            PYTHON_COMMANDS, {"beforeCommands": ["echo 'error: externally-managed-environment' >&2; exit 1"], **ANY},
            "Name the packages in `dependencies` of a Python task instead of installing them with pip.",
        ),
        (
            SHELL, {"commands": ["sh scripts/run.sh"]},
            "`scripts/run.sh` is a namespace file, but it is not in the working directory: "
            "add `namespaceFiles: {enabled: true}` to the task.",
        ),
        (
            SHELL, {"commands": ["cat scripts/runn.sh"]},
            "There is no file `scripts/runn.sh`. The namespace has `scripts/run.sh`: correct the name, and add "
            "`namespaceFiles: {enabled: true}` to the task.",
        ),
        (
            PYTHON_COMMANDS, {"commands": ["python3 run.py"], "inputFiles": {"main/run.py": "1"}},
            "There is no file `run.py` in the working directory; the nearest is `main/run.py`.",
        ),
        (
            PYTHON_COMMANDS, {"commands": ["python3 quite-else.py"]},
            "There is no file `quite-else.py` in the working directory: bring it there with `inputFiles` or "
            "`namespaceFiles`.",
        ),
        (
            PYTHON_COMMANDS, {"commands": ["python3 quite-else.py"], "namespaceFiles": {"enabled": True}},
            "There is no file `quite-else.py`, neither in the working directory nor in namespace `company.team`.",
        ),
        (
            PYTHON, {"script": "import no_such_module_here"},
            "The Python module `no_such_module_here` is not installed: add its package (`no_such_module_here`?) to "
            "`dependencies`.",
        ),
        (
            SHELL, {"beforeCommands": ["echo oops >&2; exit 2"], "commands": ["true"]},
            "It failed in `beforeCommands`: oops.",
        ),
    ],
)  # fmt: skip
def test_hints(ctx: FakeContext, type_name: str, props: dict[str, Any], hint: str) -> None:
    ctx.namespace_file("scripts/run.sh", "echo")
    message = str(failure(ctx, type_name, **props))
    assert message.startswith("Command failed with exit code ")
    assert message.endswith(hint)


def test_a_docker_runner_is_replaced_with_a_warning(ctx: FakeContext) -> None:
    runner = {"type": DOCKER, "volumes": ["/a:/b"], "pullPolicy": "NEVER"}
    ctx.run(SHELL, commands=["echo ran"], taskRunner=runner)
    assert ctx.log.stdout() == ["ran"]
    assert ctx.log.of("WARN") == [
        "The Docker task runner is replaced by a local process (setting `tasks.scripts.containers: process`); "
        "ignored: containerImage, volumes."
    ]


def test_containers_can_be_refused(ctx: FakeContext) -> None:
    ctx.settings["tasks.scripts.containers"] = "fail"
    ctx.run(SHELL, commands=["true"])
    ctx.run(SHELL, commands=["true"], taskRunner=PROCESS)
    assert "refused here" in str(failure(ctx, SHELL, commands=["true"], taskRunner={"type": DOCKER}))
    assert "refused here" in str(failure(ctx, SHELL, commands=["true"], runner="DOCKER"))


DOCKER_PROGRAM = """#!/bin/sh
echo "$@" >> "$DOCKER_CALLS"
[ "$1" = rm ] && exit 0
while [ "$1" != some/image ]; do shift; done
shift
exec "$@"
"""


@pytest.fixture
def docker_calls(ctx: FakeContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the docker program, which notes its arguments and runs the command right here."""
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(DOCKER_PROGRAM)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("DOCKER_CALLS", str(tmp_path / "calls"))
    ctx.settings["tasks.scripts.containers"] = "docker-cli"
    return tmp_path / "calls"


def test_containers_run_with_the_docker_program(ctx: FakeContext, docker_calls: Path) -> None:
    outputs = failure(
        ctx, SHELL, commands=["echo $TOKEN", "exit 3"], containerImage="some/image", env={"TOKEN": "s3cret"},
        taskRunner={"type": DOCKER, "memory": {"memory": "512MB"}, "volumes": ["/x:/y"], "networkMode": "host"},
    ).outputs  # fmt: skip
    assert outputs is not None
    assert outputs["exitCode"] == 3
    assert ctx.log.stdout() == ["s3cret"]
    call = docker_calls.read_text()
    work = ctx.working_dir
    assert f"-v {work}:{work} -w {work} --entrypoint  -e TOKEN -e WORKING_DIR" in call
    assert "--network host --memory 512m --pull missing -v /x:/y some/image /bin/sh -c set -e" in call
    assert "s3cret" not in call


def test_python_packages_are_installed_inside_the_container(ctx: FakeContext, docker_calls: Path) -> None:
    script = "from kestra import Kestra\nKestra.outputs({'a': 1})"
    with pytest.raises(TaskError, match="It failed in `beforeCommands`"):
        ctx.run(PYTHON, script=script, containerImage="some/image", dependencies=["x[y]>1"], env={"PIP_NO_INDEX": "1"})
    call = docker_calls.read_text()
    assert "python -m pip install --quiet --no-input --target .podium_python_lib -- 'x[y]>1'" in call
    assert (ctx.working_dir / ".podium_python_lib" / "kestra.py").exists()
    assert "-e PYTHONPATH" in call


def test_a_killed_container_is_removed(ctx: FakeContext, docker_calls: Path) -> None:
    ctx.log.lines = lambda stream, level, lines: ctx.cancelled.set()  # type: ignore[method-assign]
    with pytest.raises(Cancelled):
        ctx.run(SHELL, commands=["echo up; sleep 30"], containerImage="some/image")
    assert docker_calls.read_text().splitlines()[-1].startswith("rm -f podium-run")


@pytest.mark.parametrize(("runner", "has_directory"), [(None, False), ("PROCESS", True)])
def test_the_old_runner_has_an_output_directory(ctx: FakeContext, runner: str | None, has_directory: bool) -> None:
    props: dict[str, Any] = {"runner": runner} if runner else {}
    outputs = ctx.run(SHELL, commands=['[ -z "$OUTPUT_DIR" ] || echo x > "$OUTPUT_DIR/x.txt"'], **props)
    assert list(outputs["outputFiles"]) == (["x.txt"] if has_directory else [])


def test_other_languages(ctx: FakeContext) -> None:
    ctx.run("io.kestra.plugin.scripts.perl.Script", script='print "from perl\\n";')
    ctx.run(SHELL_SCRIPT, script="for i in 1 2; do\n  echo $i\ndone")
    ctx.run("io.kestra.plugin.scripts.node.Commands", interpreter=["/bin/bash", "-c"], commands=["echo ${BASH##*/}"])
    assert ctx.log.stdout() == ["from perl", "1", "2", "bash"]
