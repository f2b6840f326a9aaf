"""What the editor knows about texts: searching, checks, mends, tabs, keys."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.workbench.desk import BROKEN, HELLO, make_workspace

from podium.cli.main import main
from podium.model.diagnostics import Edit, Fix, Range
from podium.store.flow_check import CheckedFlows, FlowCheck
from podium.store.kept import WorkspaceKept
from podium.store.stores import Stores
from podium.workbench.commands import Command, matching
from podium.workbench.editing.checking import check_text
from podium.workbench.editing.outside import outside_command
from podium.workbench.editing.searching import Search, SearchError, next_place
from podium.workbench.files.new_flow import flow_template
from podium.workbench.keys import fitting, key_name, key_names
from podium.workbench.panes.buffer import fix_as_edit
from podium.workbench.panes.tabs import tabs_title
from podium.workbench.start import _registry


@pytest.mark.parametrize(
    ("typed", "regex", "found"),
    [
        ("ab", False, [(0, 0, 2), (0, 3, 5), (1, 1, 3)]),
        ("AB", False, [(0, 3, 5)]),
        (".b", True, [(0, 0, 2), (0, 3, 5), (1, 1, 3)]),
        (".b", False, []),
        ("x*", True, [(1, 0, 1)]),
    ],
)
def test_finding(typed: str, regex: bool, found: list[tuple[int, int, int]]) -> None:
    search = Search.of(typed, regex=regex)
    assert search is not None
    assert search.find_all(["ab AB", "xab"]) == found


def test_replacing() -> None:
    literal, groups = Search.of("a.b"), Search.of(r"(\w)(\d)", regex=True)
    assert literal is not None and groups is not None
    assert literal.replace_all(["a.b axb A.B"], r"\1") == ([r"\1 axb \1"], 2)
    assert groups.replace_all(["a1 b2"], r"\2\1") == (["1a 2b"], 2)
    assert groups.replacement("a1", (0, 0, 2), r"<\1>") == "<a>"
    with pytest.raises(SearchError, match="replacement"):
        groups.replace_all(["a1"], r"\9")
    with pytest.raises(SearchError, match="Not a regular expression"):
        Search.of("(", regex=True)
    assert Search.of("") is None


@pytest.mark.parametrize(
    ("at", "step", "index"), [((0, 0), 1, 1), ((0, 1), 1, 1), ((9, 0), 1, 0), ((0, 0), -1, 2), ((5, 0), -1, 1)]
)
def test_the_next_place_is_found_around_the_end(at: tuple[int, int], step: int, index: int) -> None:
    assert next_place([(0, 0, 1), (2, 0, 1), (5, 0, 1)], at, step) == index
    assert next_place([], at, step) is None


def in_workspace(root: Path) -> Callable[[Path, str], CheckedFlows]:
    """The check of flows in a workspace, with the types and settings that a workbench there has."""
    stores = Stores.open(root)
    kept = WorkspaceKept(stores.secrets, stores.namespace_files, stores.key_values)
    return FlowCheck(stores.workspace, stores.settings, _registry(stores), kept).check


@pytest.mark.parametrize(
    ("name", "text", "is_flow", "message"),
    [
        ("flows/a.yaml", HELLO, True, ""),
        ("flows/a.yaml", BROKEN, True, "massage"),
        ("flows/a.yaml", "", True, ""),
        ("data.yaml", "a: [1, 2]\nb: {c: d}\n", False, ""),
        ("data.yaml", "a: b: c\n", False, "."),
        ("x.json", '{"a": 1}', False, ""),
        ("x.json", '{"a": 1,\n}', False, "Not JSON"),
        ("x.json", "[" * 100_000, False, "Not JSON"),
        ("x.py", "def f():\n    return 1\n", False, ""),
        ("x.py", "def f(:\n", False, "Python: "),
        ("x.py", "x = '\0'", False, "Python: "),
        ("podium.toml", "[a\n", False, "Not TOML"),
        ("x.md", "# {{ [", False, ""),
    ],
)
def test_checks(name: str, text: str, is_flow: bool, message: str, tmp_path: Path) -> None:
    language = {"yaml": "yaml", "json": "json", "py": "python", "toml": "toml", "md": "markdown"}[name.split(".")[-1]]
    found, flow = check_text(Path(name), language, text, in_workspace(tmp_path))
    assert flow is is_flow
    if message:
        assert any(message in one.message for one in found)
        assert all(one.range.line <= text.count("\n") for one in found)
    elif name.startswith("flows") and text:
        assert [one for one in found if one.severity == "error"] == []


SETTINGS = """\
plugins = ["own_types_of_the_workspace"]

[[plugin-defaults]]
type = "io.kestra.plugin.scripts.shell.Script"
values = { script = "echo by default" }
"""
OWN_TYPES = """\
from podium.model.properties import prop
from podium.plugin.task import RunnableTask

class Wave(RunnableTask):
    type = "our.Wave"
    hand: str = prop(required=True)

    def run(self, ctx):
        return {}

CLASSES = (Wave,)
"""
FLOWS = {
    "defaulted": "  - id: a\n    type: io.kestra.plugin.scripts.shell.Script\n",
    "own": "  - id: a\n    type: our.Wave\n    hend: left\n",
    "secretive": "  - id: a\n    type: io.kestra.plugin.core.log.Log\n    message: \"{{ secret('NONE') }} {{ x }}\"\n",
    "older": "  - id: a\n    type: io.kestra.plugin.scripts.shell.Commands\n    commands: [ls]\n    runner: PROCESS\n",
    "twin": "  - id: a\n    type: io.kestra.plugin.core.log.Log\n    message: x\n",
}


def test_the_editor_says_what_the_command_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    head = "id: {}\nnamespace: company.team\ntasks:\n"
    files = {f"flows/{name}.yaml": head.format(name) + tasks for name, tasks in FLOWS.items()}
    files |= {"flows/other.yaml": files["flows/twin.yaml"], "podium.toml": SETTINGS}
    root = make_workspace(tmp_path, files | {"own_types_of_the_workspace.py": OWN_TYPES})
    monkeypatch.chdir(root)
    monkeypatch.setattr("sys.path", [*sys.path])
    code = main(["validate", "-o", "json"])
    assert code == 2, capsys.readouterr().err
    said = {
        one["file"]: [(each["code"], each["severity"], each["message"], each["line"], each["column"])
                      for each in one["diagnostics"]]
        for one in json.loads(capsys.readouterr().out)
    }  # fmt: skip
    check = in_workspace(root)
    for name in (one for one in files if one.startswith("flows/")):
        found, _ = check_text(root / name, "yaml", files[name], check)
        assert [
            (one.code, one.severity, one.message, one.range.line + 1, one.range.column + 1) for one in found
        ] == said[name], name
    codes = {name: [code for code, *_ in said[f"flows/{name}.yaml"]] for name in FLOWS}
    assert codes.pop("own") == ["unknown-property"]
    assert codes.pop("twin") == ["flow-twice"]
    assert codes.pop("older") == ["older-property"]
    assert codes == {"defaulted": [], "secretive": ["unknown-secret", "unknown-variable"]}


def test_a_mend_of_several_edits_is_one_step() -> None:
    fix = Fix("x", (Edit(Range(3, 0, 3, 1), "D"), Edit(Range(1, 1, 2, 1), "-"), Edit(Range(1, 0, 1, 0), "+")))
    edit = fix_as_edit(["a", "bb", "cc", "d", "e"], fix)
    assert (edit.first, edit.last, edit.lines) == (1, 3, ("+b-c", "D"))


def test_a_mend_may_add_at_the_end() -> None:
    edit = fix_as_edit(["a"], Fix("x", (Edit(Range(1, 0, 1, 0), "\nb"),)))
    assert "\n".join(edit.lines) in ("a\nb", "\nb")


@pytest.mark.parametrize(
    ("current", "width", "shown"),
    [
        (0, 40, "2 one.yaml ●  two.py  three.md"),
        (1, 18, "2 ‹ two.py ›"),
        (2, 18, "2 ‹ three.md"),
        (0, 10, "2 one.y… ›"),
    ],
)
def test_tabs_keep_the_current_one(current: int, width: int, shown: str) -> None:
    tabs = [("one.yaml", True), ("two.py", False), ("three.md", False)]
    assert tabs_title(tabs, current, width).plain == shown


def test_hostile_names_are_shown_as_text() -> None:
    assert tabs_title([("[/x]\x1b]0;T\x07", False)], 0, 60).plain == "2 [/x]"


def test_keys_are_written_for_people() -> None:
    assert [key_name(key) for key in ("ctrl+s", "f5", "slash", "alt+enter", "ctrl+@")] == [
        "ctrl+s", "F5", "/", "alt+Enter", "ctrl+Space",
    ]  # fmt: skip
    assert key_names("ctrl+@,ctrl+space,f8") == "ctrl+Space, ctrl+space, F8" or key_names("f8,alt+n") == "F8, alt+n"
    assert fitting([("F5", "Execute"), ("ctrl+s", "Save")], [("q", "Quit")], 28) == (1, 1)


def test_commands_are_found_by_words() -> None:
    commands = [Command(label, place, "", "", None) for label, place in  # type: ignore[arg-type] # nothing runs
                (("Save", ""), ("New file", "Files"), ("Find", "Editor"), ("Next file", "Editor"))]  # fmt: skip
    assert [one.title for one in matching(commands, "fi")] == [
        "Files: New file", "Editor: Find", "Editor: Next file",
    ]  # fmt: skip
    assert [one.title for one in matching(commands, "ed file")] == ["Editor: Next file"]
    assert len(matching(commands, "")) == 4


@pytest.mark.parametrize(
    ("environ", "command"),
    [
        ({}, ["vi", "+7", "x.py"]),
        ({"EDITOR": "nano"}, ["nano", "+7", "x.py"]),
        ({"EDITOR": "nano", "VISUAL": "code --wait"}, ["code", "--wait", "x.py"]),
        ({"EDITOR": "/usr/bin/hx"}, ["/usr/bin/hx", "x.py:7"]),
    ],
)
def test_the_readers_own_editor(environ: dict[str, str], command: list[str]) -> None:
    assert outside_command(environ, Path("x.py"), 7) == command


def test_a_new_flow_is_valid(tmp_path: Path) -> None:
    text = flow_template("flows/my flow!.yaml", "company.team")
    assert re.search("^id: my_flow$", text, re.MULTILINE)
    found, is_flow = check_text(Path("flows/x.yaml"), "yaml", text, in_workspace(tmp_path))
    assert is_flow
    assert [one.message for one in found if one.severity != "info"] == []
