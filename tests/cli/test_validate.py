"""`podium validate`."""

import io
from pathlib import Path

import pytest

from podium.cli.output import Console
from podium.cli.validate import Checked, _print_text
from podium.model.diagnostics import Diagnostic, Range

from .conftest import HELLO, Podium

_WRONG = HELLO.replace("    message:", "    mesage:")


def test_a_sound_workspace(podium: Podium, hello: Path) -> None:
    found = podium("validate")
    assert (found.code, found.out, found.err) == (0, "", "1 file, 1 flow: no errors, no warnings.\n")
    assert not (hello / ".podium").exists(), "looking at flows keeps nothing"


def test_errors_have_their_place(podium: Podium, hello: Path) -> None:
    (hello / "flows" / "hello.yaml").write_text(_WRONG)
    found = podium("validate")
    assert found.code == 2
    lines = found.out.splitlines()
    assert any(
        line.startswith("flows/hello.yaml:10:5: error: ") and line.endswith("[unknown-property]") for line in lines
    )
    assert "1 error" in found.err and "--fix" in found.err


@pytest.mark.parametrize("path", ["flows", "flows/hello.yaml", "."])
def test_paths(path: str, podium: Podium, hello: Path) -> None:
    assert podium("validate", path).code == 0


def test_stdin(podium: Podium) -> None:
    assert podium("validate", "-", stdin=HELLO).code == 0
    found = podium("validate", "-", stdin=_WRONG)
    assert found.code == 2 and found.out.startswith("<stdin>:10:5: error:")


def test_json(podium: Podium, hello: Path) -> None:
    (hello / "flows" / "hello.yaml").write_text(_WRONG)
    (document,) = podium("validate", "-o", "json").json()
    assert document["file"] == "flows/hello.yaml" and document["valid"] is False
    found = {each["code"]: each for each in document["diagnostics"]}
    assert found["unknown-property"]["line"] == 10 and found["unknown-property"]["column"] == 5
    assert found["unknown-property"]["fix"]
    (hello / "flows" / "hello.yaml").write_text(HELLO)
    (document,) = podium("validate", "-o", "json").json()
    assert document == {
        "file": "flows/hello.yaml",
        "flows": [{"namespace": "company.team", "id": "hello"}],
        "valid": True,
        "diagnostics": [],
    }


def test_github_annotations(podium: Podium, hello: Path) -> None:
    (hello / "flows" / "hello.yaml").write_text(_WRONG)
    assert (
        "::error file=flows/hello.yaml,line=10,col=5,title=unknown-property::" in podium("validate", "-o", "github").out
    )


def test_fixes_are_applied_to_the_file(podium: Podium, hello: Path) -> None:
    file = hello / "flows" / "hello.yaml"
    file.write_text(_WRONG)
    found = podium("validate", "--fix")
    assert found.code == 0 and "mended 1 thing" in found.err
    assert file.read_text() == HELLO


def test_warnings_fail_only_when_strict(podium: Podium, hello: Path) -> None:
    old = HELLO.replace("plugin.core.log.Log", "plugin.core.debug.Echo").replace("message:", "format:")
    (hello / "flows" / "hello.yaml").write_text(old)
    found = podium("validate")
    assert found.code == 0 and " warning: " in found.out
    assert podium("validate", "--strict").code == 2


def test_two_files_must_not_hold_the_same_flow(podium: Podium, hello: Path) -> None:
    (hello / "copy.yaml").write_text(HELLO)
    found = podium("validate", "flows")
    assert found.code == 2 and "is in copy.yaml too" in found.out


def test_a_flow_without_its_first_lines_is_not_passed_over(podium: Podium, hello: Path) -> None:
    (hello / "flows" / "broken.yml").write_text("id: broken\ntasks: []\n")
    found = podium("validate")
    assert found.code == 2 and "flows/broken.yml" in found.out


def test_nothing_to_check(podium: Podium, workspace: Path) -> None:
    (workspace / "other.yaml").write_text("a: 1\n")
    found = podium("validate")
    assert found.code == 2 and "a flow is a YAML file with" in found.err
    assert podium("validate", "nowhere.yaml").err == "podium: there is no file nowhere.yaml.\n"


def test_a_file_without_text_does_not_hide_the_others(podium: Podium, hello: Path) -> None:
    flows = hello / "flows"
    (flows / "binary.yaml").write_bytes(b"\x7fELF\0\xff")
    (flows / "latin.yaml").write_bytes("id: x\ndescription: ü caf".encode() + b"\xe9\n")
    (flows / "hello.yaml").write_text(_WRONG)
    found = podium("validate")
    assert found.code == 2
    assert [line.split(": error: ")[0] for line in found.out.splitlines()] == [
        "flows/binary.yaml:1:1", "flows/hello.yaml:10:5", "flows/latin.yaml:2:19",
    ]  # fmt: skip
    assert "binary file" in found.out and "not UTF-8" in found.out
    assert podium("run", "flows/binary.yaml").err == (
        "podium: flows/binary.yaml:1:1: This is a binary file; a flow is text.\n"
    )


def test_at_a_terminal_the_line_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    found = Diagnostic("code", "error", "Wrong.", Range(1, 2, 1, 5))
    _print_text("a.yaml", found, ["id: x", "  abc: 1"], Console(out, out, {"NO_COLOR": "1"}))
    assert out.getvalue() == "a.yaml:2:3: error: Wrong. [code]\n    2 |   abc: 1\n          ^^^\n"
    assert Checked(Path("a"), "a", "", [found]).count("error") == 1
