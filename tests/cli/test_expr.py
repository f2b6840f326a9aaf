"""`podium expr` without an execution."""

from pathlib import Path

import pytest

from .conftest import Podium


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("1 + 2", "3"),
        ("{{ [3, 1, 2] | sort | join('-') }}", "1-2-3"),
        ("a {{ 'b' | upper }} c", "a B c"),
        ("{% if true %}yes{% endif %}", "yes"),
    ],
)
def test_a_text_is_rendered(text: str, printed: str, podium: Podium, hello: Path) -> None:
    found = podium("expr", text)
    assert (found.code, found.out) == (0, printed + "\n")
    assert podium("expr", "-", stdin=text + "\n").out == printed + "\n"


def test_json_has_the_value_itself(podium: Podium, hello: Path) -> None:
    assert podium("expr", "[3, 1] | sort", "-o", "json").json() == {"result": [1, 3]}
    failed = podium("expr", "nope", "-o", "json")
    assert failed.code == 1 and failed.json()["error"].startswith("Unable to find `nope`")


def test_an_error_has_its_place(podium: Podium, hello: Path) -> None:
    found = podium("expr", "first\n{{ nope.x }}")
    assert found.code == 1 and found.out == ""
    assert "  {{ nope.x }}\n     ^\n" in found.err
    assert podium("expr", "{{ 1 + }}").code == 1


def test_variables_of_your_own(podium: Podium, hello: Path) -> None:
    (hello / "context.yaml").write_text("inputs:\n  day: 2026-11-25\n  n: 010\n")
    assert podium("expr", "inputs.day ~ '/' ~ inputs.n", "--context", "context.yaml").out == "2026-11-25/10\n"
    (hello / "context.json").write_text('{"a": {"b": [1, 2]}}')
    assert podium("expr", "a.b[1]", "--context", "context.json").out == "2\n"
    (hello / "list.yaml").write_text("- 1\n")
    assert "must hold a map of names and values, not a list" in podium("expr", "1", "--context", "list.yaml").err
    assert "there is no file none.yaml" in podium("expr", "1", "--context", "none.yaml").err


def test_the_way_to_the_result(podium: Podium, hello: Path) -> None:
    found = podium("expr", "{{ [3, 1] | sort | first }}", "--trace")
    assert found.code == 0 and "[3, 1] | sort " in found.out and found.out.endswith("\n1\n")
    steps = podium("expr", "{{ [3, 1] | sort }}", "--trace", "-o", "json").json()["steps"]
    assert steps[-1]["value"] == [1, 3]
    failed = podium("expr", "{{ [1] | first }} {{ nope }}", "--trace")
    assert failed.code == 1 and "[1] | first" in failed.out


def test_what_the_namespace_keeps(podium: Podium, hello: Path) -> None:
    podium("kv", "set", "limit", "7")
    (hello / "note.txt").write_text("written")
    assert podium("expr", "kv('limit') + 1").out == "8\n"
    assert podium("expr", "read('note.txt')").out == "written\n"


def test_a_task_run_needs_an_execution(podium: Podium, hello: Path) -> None:
    assert podium("expr", "1", "--task-run", "a").code == 2


def test_an_error_comes_in_its_parts(podium: Podium, hello: Path) -> None:
    failed = podium("expr", "a\n{{ flow.namespac }}", "-o", "json").json()
    assert failed["result"] is None and failed["message"].startswith("Unable to find `namespac`")
    assert failed["at"] == {"line": 2, "column": 9, "offset": 10} and failed["template"] == "a\n{{ flow.namespac }}"
    assert failed["suggestion"] == "Did you mean `namespace`?"
    traced = podium("expr", "{{ 1 + nope }}", "--trace", "-o", "json").json()
    assert traced["message"].startswith("Could not perform addition") and traced["at"]["column"] == 6


def test_the_place_in_a_text_that_was_rendered_inside(podium: Podium, hello: Path) -> None:
    (hello / "context.json").write_text('{"vars": {"greeting": "one\\ntwo {{ nope }}"}}')
    found = podium("expr", "{{ render(vars.greeting) }}", "--context", "context.json")
    assert found.code == 1 and "  two {{ nope }}\n         ^\n" in found.err
    long = podium("expr", "x" * 500 + "  {{ 'ü日' ~ nope }}").err.splitlines()
    assert len(long[0]) < 90 and long[1].index("^") == long[0].index("nope") + 1


def test_both_languages(podium: Podium, hello: Path) -> None:
    assert podium("expr", "'a' < 'b'", "--dialect", "2.x").out == "true\n"
    assert "Could not perform less than" in podium("expr", "'a' < 'b'").err
    unknown = podium("expr", "1", "--dialect", "new")
    assert unknown.code == 2 and "use one of 1.x, 2.0" in unknown.err
