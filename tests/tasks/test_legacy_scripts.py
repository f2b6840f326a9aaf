"""The script tasks of old."""

import sys

import pytest
from context import FakeContext

from podium.plugin.task import TaskError

OLD = "io.kestra.core.tasks.scripts."


def test_bash_writes_to_named_files(ctx: FakeContext) -> None:
    outputs = ctx.run(
        OLD + "Bash", files=["first"], outputDirs=["many"], inputFiles={"in.txt": "given"},
        commands=["cat in.txt > {{ outputFiles.first }}", "echo x > {{ outputDirs.many }}/a.txt", "echo err >&2"],
    )  # fmt: skip
    assert (outputs["exitCode"], outputs["stdOutLineCount"], outputs["stdErrLineCount"]) == (0, 0, 1)
    assert {name: ctx.storage.text(uri) for name, uri in outputs["outputFiles"].items()} == {
        "first": "given", "many/a.txt": "x\n",
    }  # fmt: skip
    assert outputs["files"] == outputs["outputFiles"]


def test_the_first_failure_stops(ctx: FakeContext) -> None:
    with pytest.raises(TaskError, match="exit code 1"):
        ctx.run(OLD + "Bash", commands=["false", "echo never"])
    ctx.run(OLD + "Bash", commands=["false", "echo on"], exitOnFailed=False)
    assert ctx.log.stdout() == ["on"]


def test_python_runs_the_main_file(ctx: FakeContext) -> None:
    main = "import sys\nfrom kestra import Kestra\nKestra.outputs({'args': sys.argv[1:]})"
    outputs = ctx.run(
        OLD + "Python", inputFiles={"main.py": main}, args=["{{ task.id }}"], virtualEnv=False,
        commands=[f"{sys.executable} main.py"],
    )  # fmt: skip
    assert outputs["vars"] == {"args": ["t"]}


@pytest.mark.parametrize(("name", "file"), [("Python", "main.py"), ("Node", "main.js")])
def test_the_main_file_is_needed(ctx: FakeContext, name: str, file: str) -> None:
    with pytest.raises(TaskError, match=f"`inputFiles` must hold a file `{file}`"):
        ctx.run(OLD + name, inputFiles={"other": ""})
