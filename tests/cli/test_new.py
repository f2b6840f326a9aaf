"""`podium new`: every template is a sound flow."""

from pathlib import Path

import pytest

from podium.cli.new import GALLERY, render

from .conftest import Podium


@pytest.mark.parametrize("template", GALLERY)
def test_every_template_is_valid(template: str, podium: Podium, workspace: Path) -> None:
    made = podium("new", "first_one", "-t", template)
    assert made.code == 0 and "flows/first_one.yaml" in made.out.split()
    for path in made.out.split():
        assert "[[" not in (workspace / path).read_text().replace("[[ ", "[[")
    found = podium("validate", "--strict")
    assert found.code == 0, found.out
    assert podium("new", "--list").out.count("\n") == len(GALLERY) + 1


def test_files_come_beside_the_flows_that_are_there(podium: Podium, workspace: Path) -> None:
    (workspace / "team" / "flows").mkdir(parents=True)
    (workspace / "team" / "flows" / "a.yaml").write_text(render("hello", "a", "company.data")["flow.yaml"])
    made = podium("new", "b", "-t", "python", "-o", "json").json()
    assert made["namespace"] == "company.data"
    assert sorted(Path(path).relative_to(workspace).as_posix() for path in made["files"]) == [
        "team/flows/b.yaml",
        "team/scripts/b.py",
    ]


def test_nothing_is_overwritten(podium: Podium, workspace: Path) -> None:
    assert podium("new", "a").code == 0
    assert "has a flow a already: flows/a.yaml" in podium("new", "a").err
    (workspace / "scripts").mkdir()
    (workspace / "scripts" / "b.py").write_text("mine")
    found = podium("new", "b", "-t", "python")
    assert found.code == 2 and "scripts/b.py is there already" in found.err
    assert not (workspace / "flows" / "b.yaml").exists() and (workspace / "scripts" / "b.py").read_text() == "mine"


def test_names_are_checked(podium: Podium) -> None:
    assert podium("new").code == 2
    assert "`no id` is no id" in podium("new", "no id").err
    assert "is no namespace" in podium("new", "a", "-n", "../up").err
    assert podium("new", "a", "--stdout").out.startswith("id: a\nnamespace: company.team\n")


def test_the_namespace_must_be_named_when_there_are_several(podium: Podium) -> None:
    podium("new", "a", "-n", "one")
    podium("new", "a", "-n", "two")
    assert "there are one, two" in podium("new", "b").err
    assert podium("new", "b", "-n", "two").code == 0
