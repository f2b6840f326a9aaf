"""`podium types` and `completion`."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Podium


def test_types_can_be_found(podium: Podium) -> None:
    listed = podium("types", "--family", "task")
    assert "io.kestra.plugin.core.log.Log" in listed.out and "Log a message." in listed.out
    assert podium("types", "--grep", "http.request").out.count("io.kestra") >= 1
    assert "No type is like that" in podium("types", "--grep", "xyzzy").err
    assert {"type", "family", "title"} == set(podium("types", "-o", "json").json()[0])


@pytest.mark.parametrize("name", ["io.kestra.plugin.core.log.Log", "log.Log", "io.kestra.core.tasks.log.Log"])
def test_a_type_is_explained(name: str, podium: Podium) -> None:
    found = podium("types", name)
    assert found.code == 0
    for text in ("io.kestra.plugin.core.log.Log", "Properties", "message", "required", "Older names"):
        assert text in found.out


def test_a_type_as_json(podium: Podium) -> None:
    document = podium("types", "python.Commands", "-o", "json").json()
    assert document["type"] == "io.kestra.plugin.scripts.python.Commands"
    assert "commands" in {each["name"] for each in document["properties"]}
    assert "vars" in {each["name"] for each in document["outputs"]}


def test_types_that_are_not_here(podium: Podium) -> None:
    assert "several types end with Commands" in podium("types", "Commands").err
    assert "Did you mean io.kestra.plugin.core.log.Log" in podium("types", "io.kestra.plugin.core.log.Logg").err
    elsewhere = podium("types", "io.kestra.plugin.aws.s3.Upload")
    assert elsewhere.code == 2 and "runs on a Kestra server" in elsewhere.err


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["va"], ["validate"]),
        (["--ver"], ["--version"]),
        (["run", "he"], ["hello"]),
        (["run", "--la"], ["--label", "--lane"]),
        (["-C", ".", "sh"], ["show"]),
        (["kv", ""], ["list", "get", "set", "delete"]),
        (["kv", "set", "--tt"], ["--ttl"]),
        (["logs", "--lane", "s"], ["script", "stdout", "stderr"]),
        (["nothing", "x"], []),
        (["completion", "z"], ["zsh"]),
    ],
)
def test_words_are_completed(words: list[str], found: list[str], podium: Podium, hello: Path) -> None:
    listed = podium("completion", "--words", *words).out.split()
    assert sorted(listed) == sorted(found)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_scripts_are_sound(shell: str, podium: Podium) -> None:
    script = podium("completion", shell).out
    assert "podium completion" in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True, timeout=20)


def test_the_schema_of_flows(podium: Podium) -> None:
    schema = podium("schema").json()
    assert schema["required"] == ["id", "namespace", "tasks"]
    assert "task.io.kestra.plugin.core.log.Log" in schema["definitions"]


def test_bash_completes_with_it(hello: Path) -> None:
    program = f"""
podium() {{ {sys.executable} -m podium "$@"; }}
eval "$(podium completion bash)"
COMP_WORDS=(podium run he); COMP_CWORD=2
_podium
echo "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "hello\n", done.stderr
