"""What is found in a template without evaluating it."""

from __future__ import annotations

import pytest

from podium.expressions.analysis import analyze
from podium.expressions.lint import remarks


def references(template: str, *, guarded: bool = False) -> list[str]:
    return [found.text for found in analyze(template).references if found.guarded is guarded]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ inputs.a ~ outputs['my-task'].rows[0].id }}", ["inputs.a", "outputs['my-task'].rows[0].id"]),
        ("{{ outputs[taskrun.value].x }}", ["taskrun.value", "outputs[…].x"]),
        ("{{ (outputs.load | first).name }}", ["outputs.load"]),
        ("{{ vars.x.length() }}", ["vars.x"]),
        ('{{ "a #{inputs.b} c" | date(inputs.c, timeZone=vars.d) }}', ["inputs.b", "inputs.c", "vars.d"]),
        ("{% for x in inputs.rows %}{{ x.id }}{{ loop.index }}{% endfor %}", ["inputs.rows"]),
        ("{% set y = inputs.z %}{{ y.k }}", ["inputs.z"]),
        ("{% macro m(a) %}{{ a }}{% endmacro %}{{ m(inputs.q) }}", ["inputs.q"]),
        ("{{ {inputs.k: [vars.v, inputs.t ? 1 : 2]} }}", ["inputs.k", "vars.v", "inputs.t"]),
        ("{% filter upper %}{{ inputs.f }}{% endfilter %}", ["inputs.f"]),
    ],
)
def test_references(template: str, expected: list[str]) -> None:
    assert references(template) == expected


@pytest.mark.parametrize(
    ("template", "guarded", "bare"),
    [
        ("{{ trigger.date ?? execution.startDate }}", ["trigger.date"], ["execution.startDate"]),
        ("{{ a.b | upper | default(c) }}", ["a.b"], ["c"]),
        ("{{ a.b is defined ? a.b.c : d }}", ["a.b", "a.b.c"], ["d"]),
        ("{% if trigger is defined %}{{ trigger.date }}{% endif %}", ["trigger", "trigger.date"], []),
        ("{{ a[b.c] ?? 'd' }}", ["b.c", "a[…]"], []),
        ("{{ fromJson(a.b).c ?? render(d.e, f.g) ?? 1 }}", ["a.b", "d.e", "f.g"], []),
        ("{{ a.b | date(timeZone=c.d) ?? 1 }}", ["a.b", "c.d"], []),
        ("{{ a.b.indexOf(c.d) ?? 1 }}", ["c.d", "a.b"], []),
        (
            "{{ (a.b == 1) ?? c.d }}{{ (a.b + 1) | default(0) }}{{ (a.b > 1 and e.f) ?? 1 }}",
            ["e.f"],
            ["a.b", "c.d"] + ["a.b"] * 2,
        ),
    ],
)
def test_what_may_be_missing(template: str, guarded: list[str], bare: list[str]) -> None:
    assert (references(template, guarded=True), references(template)) == (guarded, bare)


def test_places_of_references() -> None:
    template = "x {{ outputs['my-task'].rows }}"
    segments = analyze(template).references[0].segments
    assert [template[segment.start : segment.end] for segment in segments] == ["outputs", "'my-task'", "rows"]


def test_what_render_gets_is_marked() -> None:
    assert [found.rendered for found in analyze("{{ render(vars.a) }}{{ vars.b }}").references] == [True, False]


def test_secrets_keys_and_files() -> None:
    analysis = analyze("{{ secret('A') ~ secret(key='B') ~ kv('k', 'ns') ~ read('q.sql') ~ secret(inputs.c) }}")
    assert [name for name, _, _ in analysis.constants("secret", "key")] == ["A", "B"]
    assert [name for name, _, _ in analysis.constants("kv", "key")] == ["k"]
    assert analysis.constants("read", "path") == [("q.sql", 56, 63)]


@pytest.mark.parametrize(
    ("template", "message", "suggestion"),
    [
        ("{{ a | uper }}", "Filter [uper] does not exist.", "Did you mean `upper`?"),
        ("{{ a | dateFormat('y') }}", "Filter [dateFormat] does not exist.", "Use `date(…)`"),
        ("{{ secrets('X') }}", "Function or Macro [secrets] does not exist.", "Use `secret('…')`"),
        ("{{ upper(a) }}", "Function or Macro [upper] does not exist.", "`upper` is a filter: write `value | upper`"),
        ("{{ a is nul }}", "Test [nul] does not exist.", "Did you mean `null`?"),
        (
            "{{ a | trim | chunk(1, 2) }}",
            "The argument at position 2 is not allowed. Only 1 argument(s) are allowed.",
            None,
        ),
    ],
)
def test_names_that_do_not_exist(template: str, message: str, suggestion: str | None) -> None:
    (problem,) = analyze(template).problems
    assert (problem.message, problem.suggestion) == (message, suggestion)


@pytest.mark.parametrize(
    ("template", "message", "replacement"),
    [
        ("{{ outputs.my-task.value }}", "A name with a hyphen goes in brackets", "outputs['my-task'].value"),
        ("{{ a | replace('x', 'y') }}", "write `replace({'x': 'y'})`", None),
        ("{{ taskrun.value.name }}", "is a text, even for a map", "fromJson(taskrun.value).name"),
        ("{{ d | date('YYYY-MM') }}", "year of the week", None),
        ("{{ d | date('yyyy-MM-DD') }}", "day of the year", None),
        ("{{ d | date('hh:mm') }}", "counts to 12", None),
        ("{{ d | date('yyyy f') }}", "Unknown pattern letter: f", None),
        ("{{ now(timeZone='Europe/Pris') }}", "Did you mean `Europe/Paris`?", None),
        ("{{ d | dateAdd(1, 'day') }}", "Did you mean `DAYS`?", None),
        ("{{ x | jq('.[') }}", "of the jq program", None),
        ("{{ x | regexMatch('(') }}", "Invalid regex", None),
        ("{{ 'x' ~ [1] }}", "add `| toJson`", None),
        ("{{ a ?? b | upper }}", "put parentheses", None),
        ("{{ x | json }}", "gone from Kestra 2.0: use `toJson`", "toJson"),
    ],
)
def test_remarks(template: str, message: str, replacement: str | None) -> None:
    (remark,) = remarks(template)
    assert message in remark.message
    assert remark.replacement == replacement


@pytest.mark.parametrize(
    "template",
    ["{{ inputs.a - inputs.b }}", "{{ inputs.a-1 }}", "{{ d | date('hh:mm a') }}", "{{ a ?? 'b' }}", 
     "{{ (a ?? b) | upper }}",
     "{{ x | replace({'a': 'b'}) }}", "{{ d | date(\"yyyy-MM-dd'T'HH:mm\") }}", "{{ taskrun.value }}",
     "{{ a isIn b }}"],
)  # fmt: skip
def test_nothing_to_remark(template: str) -> None:
    assert remarks(template) == ()
