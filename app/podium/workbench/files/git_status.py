"""What git says of the workspace: branch, and which files differ. Asked rarely, away from the screen's thread."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class GitStatus:
    """`branch` is "" outside of a repository. `marks` are one letter by path relative to the workspace: `M` changed,
    `A` added, `?` unknown to git, `U` in conflict, `D` removed, `R` renamed."""

    branch: str = ""
    marks: Mapping[str, str] = field(default_factory=dict)
    folders: frozenset[str] = frozenset()
    """Folders that hold something with a mark."""

    @property
    def changed(self) -> int:
        """How many files differ."""
        return len(self.marks)


NO_GIT = GitStatus()


def git_status(root: Path) -> GitStatus:
    """Ask git; `NO_GIT` when there is no repository, no git, or no answer in time."""
    command = ["git", "status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal", "--", "."]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, timeout=_SECONDS, check=False,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        top = subprocess.run(
            ["git", "rev-parse", "--show-prefix"], cwd=root, env=environment, capture_output=True, timeout=_SECONDS,
            check=False, stdin=subprocess.DEVNULL, start_new_session=True,
        ) if done.returncode == 0 else None  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return NO_GIT
    if done.returncode != 0 or top is None:
        return NO_GIT
    prefix = os.fsdecode(top.stdout).rstrip("\n")
    return parse_status(os.fsdecode(done.stdout), prefix)


def parse_status(text: str, prefix: str = "") -> GitStatus:
    """Read `git status --porcelain=v2 --branch -z`; `prefix` is where the workspace is in the repository."""
    branch, commit = "", ""
    marks: dict[str, str] = {}
    fields = iter(text.split("\0"))
    for line in fields:
        kind = line[:2]
        if line.startswith("# branch.head "):
            branch = line.removeprefix("# branch.head ")
        elif line.startswith("# branch.oid "):
            commit = line.removeprefix("# branch.oid ")[:7]
        elif kind == "1 ":
            marks[line.split(" ", 8)[8]] = _letter(line[2:4])
        elif kind == "2 ":
            marks[line.split(" ", 9)[9]] = "R"
            next(fields, None)
        elif kind == "u ":
            marks[line.split(" ", 10)[10]] = "U"
        elif kind == "? ":
            marks[line[2:]] = "?"
    if branch == "(detached)":
        branch = commit
    inside = {
        path.removeprefix(prefix).rstrip("/"): letter for path, letter in marks.items() if path.startswith(prefix)
    }  # fmt: skip
    return GitStatus(branch, inside, frozenset(_folders_of(inside)))


def _letter(pair: str) -> str:
    staged, unstaged = pair[0], pair[1]
    if "D" in (staged, unstaged):
        return "D"
    return "A" if staged == "A" else "M"


def _folders_of(paths: Mapping[str, str]) -> set[str]:
    folders: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    return folders
