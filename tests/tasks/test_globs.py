"""File patterns mean what they mean in Java."""

from pathlib import Path

import pytest

from podium.plugin.task import TaskError
from podium.tasks.globs import glob_pattern, matching_files, namespace_matcher


@pytest.mark.parametrize(
    ("glob", "matches", "differs"),
    [
        ("*.csv", ["a.csv", ".csv"], ["sub/a.csv", "a.csvx"]),
        ("**.csv", ["a.csv", "x/y/a.csv"], ["a.txt"]),
        ("**/*.csv", ["x/a.csv", "x/y/a.csv"], ["a.csv"]),
        ("out/**", ["out/a", "out/x/a"], ["out", "xout/a"]),
        ("{a,b}.txt", ["a.txt", "b.txt"], ["c.txt", "{a,b}.txt"]),
        ("[0-9].log", ["1.log"], ["a.log", "12.log"]),
        ("[!0-9].log", ["a.log"], ["1.log", "/.log"]),
        ("a?c", ["abc"], ["ac", "a/c"]),
        (r"\*.txt", ["*.txt"], ["a.txt"]),
        ("a.b+c(d)", ["a.b+c(d)"], ["aXb+c(d)"]),
        ("a,b}", ["a,b}"], ["a"]),
    ],
)
def test_globs(glob: str, matches: list[str], differs: list[str]) -> None:
    pattern = glob_pattern(glob)
    assert [path for path in matches if not pattern.fullmatch(path)] == []
    assert [path for path in differs if pattern.fullmatch(path)] == []


@pytest.mark.parametrize("glob", ["{a", "[a", "{a,{b}}"])
def test_broken_globs_are_named(glob: str) -> None:
    with pytest.raises(TaskError, match="The file pattern"):
        glob_pattern(glob)


NAMES = ["a.py", "scripts/b.py", "scripts/deep/c.py", "data/d.csv"]


@pytest.mark.parametrize(
    ("include", "exclude", "chosen"),
    [
        ([], [], NAMES),
        (["scripts/*.py"], [], ["scripts/b.py"]),
        (["b.py"], [], ["scripts/b.py"]),
        (["/*.py"], [], ["a.py"]),
        (["*.py"], [], NAMES[:3]),
        (["**.py"], ["c.py"], NAMES[:2]),
        ([], ["data/**"], NAMES[:3]),
        (["glob:/data/*"], [], ["data/d.csv"]),
        (["regex:/[ab].*"], [], ["a.py"]),
    ],
)
def test_namespace_patterns(include: list[str], exclude: list[str], chosen: list[str]) -> None:
    matches = namespace_matcher(include, exclude)
    assert [name for name in NAMES if matches(name)] == chosen


@pytest.mark.parametrize(
    ("patterns", "chosen"),
    [
        (["*.csv"], ["a.csv"]),
        (["./a.csv"], ["a.csv"]),
        (["**"], ["a.csv", "out/b.csv", "out/x/c.txt"]),
        (["out/*", "out/b.csv"], ["out/b.csv"]),
        (["glob:**/c.txt"], ["out/x/c.txt"]),
        (["regex:.*/b.*"], ["out/b.csv"]),
        (["none*"], []),
        ([], []),
    ],
)
def test_files_of_a_folder(tmp_path: Path, patterns: list[str], chosen: list[str]) -> None:
    root = tmp_path / "odd [name] {x}"
    for name in ("a.csv", "out/b.csv", "out/x/c.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    (root / "link.csv").symlink_to(root / "a.csv")
    assert [name for name, _ in matching_files(root, patterns)] == chosen
