"""File patterns as Java reads them: `**` crosses folders, `*` does not, and `**/` needs a folder."""

import functools
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from podium.plugin.task import TaskError

Matcher = Callable[[str], bool]


@functools.lru_cache(maxsize=256)
def glob_pattern(glob: str) -> re.Pattern[str]:
    """The regular expression that matches what the Java glob matches; raises TaskError for a broken one."""
    parts: list[str] = []
    in_group = False
    position = 0
    while position < len(glob):
        char = glob[position]
        position += 1
        if char == "*":
            if glob[position : position + 1] == "*":
                position += 1
                parts.append(".*")
            else:
                parts.append("[^/]*")
        elif char == "?":
            parts.append("[^/]")
        elif char == "[":
            piece, position = _bracket(glob, position)
            parts.append(piece)
        elif char == "{":
            if in_group:
                raise TaskError(f"The file pattern '{glob}' has a group inside a group.")
            in_group = True
            parts.append("(?:")
        elif char == "}" and in_group:
            in_group = False
            parts.append(")")
        elif char == "," and in_group:
            parts.append("|")
        elif char == "\\":
            parts.append(re.escape(glob[position : position + 1] or "\\"))
            position += 1
        else:
            parts.append(re.escape(char))
    if in_group:
        raise TaskError(f"The file pattern '{glob}' has a '{{' without '}}'.")
    return re.compile("".join(parts), re.DOTALL)


def _bracket(glob: str, position: int) -> tuple[str, int]:
    """A bracket expression, which never matches a slash; `position` is behind the opening bracket."""
    end = glob.find("]", position + 1)
    if end < 0:
        raise TaskError(f"The file pattern '{glob}' has a '[' without ']'.")
    content = glob[position:end]
    negated = content.startswith("!")
    content = re.sub(r"([\\\[\]^&~|])", r"\\\1", content[1:] if negated else content)
    return f"(?!/)[{'^' if negated else ''}{content}]", end + 1


def _prefixed(pattern: str) -> Matcher | None:
    """The matcher of a pattern that says its own syntax (`glob:`, `regex:`); None for any other."""
    if pattern.startswith("glob:"):
        compiled = glob_pattern(pattern[5:])
    elif pattern.startswith("regex:"):
        try:
            compiled = re.compile(pattern[6:])
        except re.error as error:
            raise TaskError(f"The file pattern '{pattern}' is not a regular expression: {error}") from None
    else:
        return None
    return lambda path: compiled.fullmatch(path) is not None


def namespace_matcher(include: Sequence[str], exclude: Sequence[str]) -> Matcher:
    """Which namespace files are meant; it takes paths without a leading slash.

    A pattern that starts with a letter, digit or underscore holds at any depth, one with `/` from the root.
    No `include` means all; `exclude` wins.
    """
    wanted = [_namespace_pattern(pattern) for pattern in include]
    unwanted = [_namespace_pattern(pattern) for pattern in exclude]

    def matches(path: str) -> bool:
        absolute = "/" + path.lstrip("/")
        return (not wanted or any(test(absolute) for test in wanted)) and not any(test(absolute) for test in unwanted)

    return matches


def _namespace_pattern(pattern: str) -> Matcher:
    prefixed = _prefixed(pattern)
    if prefixed is not None:
        return prefixed
    if re.match(r"\w", pattern):
        pattern = f"**/{pattern}"
    elif pattern.startswith("*") and not pattern.startswith("**"):
        # Read to the letter it could match nothing, since every path starts with a slash.
        pattern = f"*{pattern}"
    compiled = glob_pattern(pattern)
    return lambda path: compiled.fullmatch(path) is not None


def matching_files(root: Path, patterns: Iterable[str]) -> list[tuple[str, Path]]:
    """The regular files below `root` that match one of the patterns, as (relative path with `/`, path),
    sorted.

    Patterns are anchored at `root`; with `glob:` or `regex:` they are held against the absolute path.
    Symbolic links are skipped.
    """
    relative_tests: list[Matcher] = []
    absolute_tests: list[Matcher] = []
    for pattern in patterns:
        prefixed = _prefixed(pattern)
        if prefixed is not None:
            absolute_tests.append(prefixed)
        else:
            relative_tests.append(_anchored(pattern, root))
    if not relative_tests and not absolute_tests:
        return []
    found = []
    for relative, path in files_below(root):
        if any(test(relative) for test in relative_tests) or any(test(str(path)) for test in absolute_tests):
            found.append((relative, path))
    return found


def _anchored(pattern: str, root: Path) -> Matcher:
    inside = pattern.removeprefix(f"{root}/").removeprefix("./").removeprefix("/")
    compiled = glob_pattern(inside)
    return lambda path: compiled.fullmatch(path) is not None


def files_below(root: Path) -> list[tuple[str, Path]]:
    """All regular files below a folder, as (relative path with `/`, path), sorted; links are not followed."""
    found = []
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                found.append((path.relative_to(root).as_posix(), path))
    return sorted(found)
