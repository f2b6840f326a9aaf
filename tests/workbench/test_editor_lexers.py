"""Colours line by line: what each line shows, and that an edit repairs what it must."""

import random

import pytest

from podium.workbench.line_lexer import LineStates, language_of, lexer_for


def words(text: str, language: str) -> list[list[tuple[str, str]]]:
    lines = text.split("\n")
    states = LineStates(lines, lexer_for(language))
    return [[(line[a:b], kind) for a, b, kind in states.spans(row)] for row, line in enumerate(lines)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("id: hello", [("id", "key")]),
        ("  - id: a # note", [("-", "punctuation"), ("id", "key"), ("# note", "comment")]),
        ("retries: 3", [("retries", "key"), ("3", "number")]),
        ("on: true", [("on", "key"), ("true", "constant")]),
        ('say: "it # is"', [("say", "key"), ('"it # is"', "string")]),
        ("url: http://x#y", [("url", "key")]),
        ("a: it's", [("a", "key")]),
        ("v: {{ inputs.x }}!", [("v", "key"), *[(b, "punctuation") for b in "{{}}"], ("{{ inputs.x }}", "expression")]),
        ("half", []),
        ('"unclosed: x', [('"unclosed: x', "string")]),
    ],
)
def test_a_yaml_line(line: str, expected: list[tuple[str, str]]) -> None:
    assert words(line, "yaml")[0] == expected


def test_a_block_scalar_ends_where_the_indent_does() -> None:
    lines = words("note: |\n  key: no key\n\n  {{ x }}\nnext: 1", "yaml")
    assert lines[1] == [("  key: no key", "block")]
    assert ("{{ x }}", "expression") in lines[3]
    assert lines[4] == [("next", "key"), ("1", "number")]


def test_an_expression_may_span_lines() -> None:
    lines = words("a: >\n  {{ one\n  | two }} rest", "yaml")
    assert ("{{ one", "expression") in lines[1]
    assert ("  | two }}", "expression") in lines[2]


@pytest.mark.parametrize(
    ("task", "key", "line", "expected"),
    [
        ("io.kestra.plugin.scripts.python.Script", "script: |", "import os", ("import", "keyword")),
        ("io.kestra.plugin.scripts.shell.Script", "script: |", "echo $X", ("$X", "name")),
        ("io.kestra.plugin.jdbc.duckdb.Query", "sql: |", "select 1 -- x", ("-- x", "comment")),
        ("io.kestra.plugin.scripts.node.Script", "script: |", "const a = 1", ("const", "keyword")),
        ("any", "main.py: |", "def go(): pass", ("go", "name")),
    ],
)
def test_a_script_has_the_colours_of_its_language(task: str, key: str, line: str, expected: tuple[str, str]) -> None:
    text = f"- id: t\n  type: {task}\n  {key}\n    {line}"
    assert expected in words(text, "yaml")[3]


def test_commands_are_shell() -> None:
    lines = words("commands:\n  - |\n    export A=1", "yaml")
    assert ("export", "keyword") in lines[2]


@pytest.mark.parametrize(
    ("language", "text", "row", "expected"),
    [
        ("python", 'x = """a\nb"""; y = 1', 1, [('b"""', "string"), ("1", "number")]),
        ("python", "@task\nasync def f(self): return None", 0, [("@task", "name")]),
        ("json", '{"a": [1, true]}', 0, None),
        ("sql", "/* a\nb */ select", 1, [("b */", "comment"), ("select", "keyword")]),
        ("shell", "cat <<'EOF'\n$x\nEOF\necho", 1, [("$x", "string")]),
        ("shell", "cat <<'EOF'\n$x\nEOF\necho", 3, [("echo", "keyword")]),
        ("markdown", "```\n# no\n```\n# yes", 1, [("# no", "block")]),
        ("markdown", "```\n# no\n```\n# yes", 3, [("# yes", "keyword")]),
        ("toml", "[tool]\na = 1", 1, [("a", "key"), ("=", "punctuation"), ("1", "number")]),
        ("", "anything", 0, []),
    ],
)
def test_other_languages(language: str, text: str, row: int, expected: list[tuple[str, str]] | None) -> None:
    found = words(text, language)[row]
    if expected is None:
        expected = [(s, "punctuation") for s in "{:[,]}"]
        assert sorted(found) == sorted([*expected, ('"a"', "key"), ("1", "number"), ("true", "constant")])
    else:
        assert found == expected


def test_languages_by_file_name() -> None:
    names = {"flows/a.yaml": "yaml", "x.PY": "python", "Dockerfile": "shell", "a.csv": "", "README.md": "markdown"}
    assert {name: language_of(name) for name in names} == names


_POOL = [
    "a: 1",
    "s: |",
    "  {{ x",
    "  }} y",
    "script: |",
    "    import x",
    '    """',
    "- id: t",
    "  type: a.python.S",
    "",
]


@pytest.mark.parametrize("seed", range(20))
def test_states_after_random_edits_equal_a_fresh_pass(seed: int) -> None:
    chance = random.Random(seed)
    lines = [chance.choice(_POOL) for _ in range(60)]
    states = LineStates(lines, lexer_for("yaml"))
    for _ in range(100):
        states.before(chance.randrange(len(lines)))
        top = chance.randrange(len(lines))
        bottom = min(len(lines) - 1, top + chance.randrange(4))
        fresh = [chance.choice(_POOL) for _ in range(chance.randrange(1, 4))]
        lines[top : bottom + 1] = fresh
        states.edited(top, bottom, top + len(fresh) - 1)
        anew = LineStates(lines, lexer_for("yaml"))
        assert [states.before(row) for row in range(len(lines))] == [anew.before(row) for row in range(len(lines))]
