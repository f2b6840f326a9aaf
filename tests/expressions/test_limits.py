"""A flow is untrusted text: nothing in it may hang a runner or take the machine's memory.

What is measured is the time of the processor, which the tests beside it do not lengthen.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from podium.expressions import patterns
from podium.expressions.errors import ExpressionError, LimitExceeded
from podium.expressions.fixtures import FixtureServices
from podium.expressions.limits import DEFAULT_LIMITS
from podium.expressions.render import render
from podium.expressions.template import Template

SERVICES = FixtureServices()
TIGHT = replace(DEFAULT_LIMITS, seconds=0.5, pattern_seconds=0.5)

DOUBLING = "{% set x = START %}{% for i in 1..200 %}{% set x = GROW %}{% endfor %}{{ x USE }}"


def growing(start: str, grow: str, use: str = "| length") -> str:
    return DOUBLING.replace("START", start).replace("GROW", grow).replace("USE", use)


def slow(template: str) -> Any:
    return pytest.param(template, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    "template",
    [
        growing("'ab'", "x ~ x"),
        growing("'ab'", "x + x"),
        growing("[1]", "x + x"),
        growing("[1]", "x | merge(x)"),
        growing("[1]", "[x, x] | flatten"),
        growing("'ab'", "[x, x] | join(x)"),
        growing("[1]", "[x, x]", "| toJson"),
        slow(growing("[1]", "[x, x]", "~ ''")),
        slow(growing("[1]", "[x, x]", "| yaml")),
        slow(growing("[1]", "[x, x]", "| toIon")),
        slow(growing("[1]", "[x, x]", "| replace({'a': 'b'})")),
        slow(growing("[1]", "[x, x]", "| jq('.') | length")),
        slow(
            "{% set x = [1] %}{% set y = [1] %}{% for i in 1..99 %}{% set x = [x, x] %}{% set y = [y, y] %}"
            "{% endfor %}{{ x == y }}"
        ),
        growing("'ab'", "'#{x}#{x}'".replace("'", '"')),
        growing("'ab'", "x | replace({'a': 'aaaa', 'b': 'bbbb'})"),
        growing("'7'", "(x | number) * 1000000 | string"),
        growing(f"'{'7' * 30}' | number('BIGINTEGER')", "x * x", ""),
        growing(f"'{'7' * 3900}' | number('BIGINTEGER')", "x + x", "* x"),
        "{{ 'x' | indent(2000000000) }}{{ 'a\nb' | indent(2000000000) }}",
        "{{ '%2000000000d' | format(1) }}",
        "{{ (1..1000000) | join('0123456789012345678901234567890123456789012345678901234567890123456789') }}",
        "{{ 1..2000000 }}",
        "{{ range(0, 9223372036854775807) }}",
        "{{ ([] | jq('[range(100000000)]')) | length }}",
        "{{ [1] | jq('reduce range(100) as $i (.; [., .]) | tojson') }}",
        "{{ [1] | jq('def f: f; f') }}",
        "{{ [1] | jq('\"x\" * 1000000000') }}",
        "{{ [1] | jq('[limit(100000000; repeat(1))] | length') }}",
        "{% for a in 1..1000000 %}{% for b in 1..1000000 %}{% endfor %}{% endfor %}",
        "{% for a in 1..1000000 %}{% for b in 1..1000000 %}{{ 'x' }}{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
        "{% block b %}{{ block('b') }}{% endblock %}",
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
        "{{ " + "[" * 3000 + "]" * 3000 + " }}",
        "{{ " + "not " * 5000 + "true }}",
        "{{ 1" + " + 1" * 5000 + " }}",
        '{{ "' + '#{"' * 500 + '"}' * 500 + '" }}',
        "{{ '" + "[" * 100000 + "' | jq('.') }}",
        "{{ fromJson('" + "[" * 100000 + "') }}",
        "{{ yaml('" + "[" * 3000 + "') }}",
        "{{ fromIon('" + "[" * 100000 + "') }}",
        "{{ fromJson('" + "1" * 100000 + "') }}",
    ],
    ids=lambda text: text[:60],
)
def test_what_grows_without_end_is_refused(template: str) -> None:
    start = time.process_time()
    with pytest.raises(ExpressionError) as failure:
        Template(template, "2.x").render({}, SERVICES, TIGHT)
    assert str(failure.value)
    assert time.process_time() - start < 20


@pytest.mark.parametrize(
    "template",
    [
        "{{ v | regexMatch('(a+)+$') }}",
        "{{ v | regexReplace('(a|a)*$', 'x') }}",
        "{{ v | regexExtract('(a|aa)+$') }}",
        "{{ v | replace({'(a*)*b$': 'x'}, regexp=true) }}",
        "{{ v | split('(a+)+$') }}",
        "{{ v.matches('(a+)+') }}",
        "{{ v | toJson | jq('test(\"(a+)+$\")') }}",
    ],
)
def test_a_hostile_pattern_ends(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "DEFAULT_LIMITS", TIGHT)
    start = time.process_time()
    try:
        render(template, {"v": "a" * 60 + "!"}, SERVICES)
    except LimitExceeded as error:
        assert "longer than 0.5 seconds" in str(error)
    except ExpressionError as error:
        assert "longer than 0.5 seconds" in str(error)
    assert time.process_time() - start < 5


def test_circular_render_calls_end() -> None:
    context = {"vars": {"a": "{{ render(vars.b) }}", "b": "{{ render(vars.a) }}", "grow": "{{ vars.grow }}x"}}
    with pytest.raises(LimitExceeded, match=r"Maximum render\(\) nesting depth \(16\) exceeded at line 1 — check for"):
        render("{{ render(vars.a) }}", context, SERVICES)
    with pytest.raises(LimitExceeded, match="Too many rendering attempts"):
        render("{{ render(vars.grow) }}", context, SERVICES)


@pytest.mark.slow
def test_doubling_by_recursive_rendering_ends() -> None:
    context = {"v": "{{ v }}{{ v }}"}
    with pytest.raises(LimitExceeded):
        render("{{ v }}", context, SERVICES, recursive=True)


@pytest.mark.parametrize(
    "text",
    [
        "{% raw %}" * 50_000 + "endraw",
        "{%" + "-" * 200_000 + "endraw",
        "{{ '" + "\\'" * 100_000,
        '{{ "' + "#" * 200_000,
        "{#" * 100_000,
        "{% verbatim %}" * 20_000,
        "{{" * 50_000,
        "}}" * 200_000 + "{{",
        "{{ a " + "| upper " * 20_000,
        " " * 300_000 + "{{- 1 }}",
    ],
    ids=lambda text: text[:12],
)
def test_reading_is_linear(text: str) -> None:
    start = time.process_time()
    try:
        Template(text)
    except ExpressionError as error:
        assert error.message
    assert time.process_time() - start < 3


def test_comparing_large_lists_is_fast() -> None:
    context = {"a": list(range(200_000)), "b": list(range(200_000, 0, -1)), "c": [[n] for n in range(3000)]}
    start = time.process_time()
    assert render("{{ a contains b }}", context, SERVICES) == "false"
    assert render("{{ (a - b) | length }}", context, SERVICES) == "1"
    assert render("{{ a | distinct | length }}", context, SERVICES) == "200000"
    with pytest.raises(LimitExceeded):
        render("{{ c | distinct | length }}", context, SERVICES)
    assert time.process_time() - start < 15


def test_a_text_without_expressions_has_no_limit() -> None:
    text = "{" * (DEFAULT_LIMITS.template // 2) + "}" + "x" * (DEFAULT_LIMITS.template // 2)
    assert render("x" * (DEFAULT_LIMITS.template + 10), {}, SERVICES)
    with pytest.raises(LimitExceeded, match="are possible"):
        render(text + "{{ 1 }}", {}, SERVICES)
