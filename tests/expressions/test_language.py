"""The language itself: tokens, precedence, values, missing names, tags, rendering."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from podium.expressions.errors import ExpressionError, ExpressionSyntaxError, MissingValue
from podium.expressions.fixtures import FixtureServices
from podium.expressions.render import render, render_trace, render_typed, truthy
from podium.expressions.template import Template, compile_template

CONTEXT: dict[str, Any] = {
    "a": 3,
    "s": "hello",
    "n": None,
    "t": True,
    "d": 2.5,
    "l": [1, "x", None],
    "m": {"k": 1, "nil": None, "my-key": "dash", "is": "word"},
    "outputs": {"python_script": {"vars": {"rows": 7}}, "load": {}},
    "when": datetime(2024, 3, 5, 6, 7, 8, 120000, tzinfo=UTC),
    "day": date(2024, 3, 5),
    "clock": time(6, 7, 8),
    "long": timedelta(hours=25, seconds=1),
    "exact": Decimal("12.50"),
}
SERVICES = FixtureServices()


def shown(template: str, dialect: str = "2.x", **options: Any) -> str:
    result = render(template, CONTEXT, SERVICES, dialect=dialect, **options)
    assert isinstance(result, str)
    return result


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("no braces", "no braces"),
        ("{ {{ a }} } ${{ a }}", "{ 3 } $3"),
        ('{"a":{"b":{{ a }}}}', '{"a":{"b":3}}'),
        ("{{ 'it\\'s' }}{{ \"a\\nb\" }}", "it'sa\\nb"),
        ("{{ '{{' }}", "{{"),
        ('{{ "x #{a + 1} y" }}', "x 4 y"),
        ("{{ 'x #{a}' }}", "x #{a}"),
        ("{{ 007 }} {{ 5L }} {{ TRUE }} {{ none ?? 'z' }}", "7 5 true z"),
        ("{{ a\n  +\n 1 }}\n", "4\n"),
        ("a {{- ' b' -}} c", "a bc"),
        ("{{-a}}", "-3"),
        ("x {#- gone -#} y", "xy"),
        ("{% raw %}{{ a }}{% endraw %}", "{{ a }}"),
        ("{% verbatim %}\n {{ a }}\n{% endverbatim %}", "{{ a }}\n"),
        ("{{ [1, 'x', null, {'k': null, 'j': 1.0}] }}", '[1,"x",null,{"j":1.0}]'),
        ("{{ '' ~ [1, {'k': null}] }}", "[1, {k=null}]"),
        ("{{ 10000000.0 }} {{ 0.0001 }} {{ 1.5 }} {{ 1.0 / 0 }}", "1.0E7 1.0E-4 1.5 Infinity"),
        ("{{ when }} {{ day }} {{ clock }}", "2024-03-05T06:07:08.120Z 2024-03-05 06:07:08"),
        ("{{ long }} {{ exact }}", "PT25H1S 12.50"),
        ("{{ 7 / 2 }} {{ -7 / 2 }} {{ -7 % 3 }} {{ 9223372036854775807 + 1 }}", "3 -3 -1 -9223372036854775808"),
        ("{{ '5' * 2 }} {{ 'a' + 1 }} {{ l + 4 }} {{ [1, 2] - 1 }}", '10 a1 [1,"x",null,4] [2]'),
        ("{{ 1 == 1.0 }} {{ 1 == true }} {{ '1' == 1 }} {{ n == null }}", "true false false true"),
        ("{{ n < 1 }} {{ 'a' < 'b' }}", "false true"),
        ("{{ not s }} {{ s and 0 }} {{ '' or 'x' }}", "false false true"),
        ("{{ n ? 1 : 2 }} {{ 'false' ? 1 : 2 }}", "2 1"),
        ("{{ l contains 'x' }} {{ m contains 'k' }} {{ 'abc' contains 'b' }}", "true true true"),
        ("{{ n contains 1 }}", "false"),
        ("{{ 1 isIn ['1'] }} {{ 'k' isIn m }} {{ 'zz' isIn m }}", "true true false"),
        ("{{ 1..3 }} {{ 'a'..'c' }} {{ 3..1 }}", '[1,2,3] ["a","b","c"] []'),
        ("{{ m.k }} {{ m['my-key'] }} {{ m['is'] }} {{ l[1] }} {{ l['0'] }} {{ s.length }}", "1 dash word x 1 5"),
        ("{{ s.toUpperCase() }} {{ m.containsKey('k') }} {{ l.size() }}", "HELLO true 3"),
    ],
)  # fmt: skip
def test_rendering(template: str, expected: str) -> None:
    assert shown(template) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a + 1 | string", "31"),
        ("s ~ s | upper", "HELLOHELLO"),
        ("'x' ~ a + 1", "x31"),
        ("'5' | number + 1", "6"),
        ("a > 1 ? 'y' : 'n' | upper", "y"),
        ("not a == 3", "false"),
        ("-a | abs", "3"),
        ("a == 3 is defined", "true"),
        ("2 + 3 * 4 - 10 / 5", "12"),
        ("true or false and false", "true"),
        ("a ? false ? 1 : 2 : 3", "2"),
        ("1..2 ~ 3", "[1, 2]3"),
    ],
)
def test_precedence(expression: str, expected: str) -> None:
    assert shown(f"{{{{ {expression} }}}}") == expected


@pytest.mark.parametrize(
    ("expression", "old", "new"),
    [
        ("s ?? 'd' | upper", "HELLO", "hello"),
        ("'a' ~ nope ?? 'b'", "ab", "b"),
        ("nope ?? a + 1", "4", "4"),
    ],
)
def test_the_dialects_disagree_about_fallbacks(expression: str, old: str, new: str) -> None:
    assert (shown(f"{{{{ {expression} }}}}", "1.x"), shown(f"{{{{ {expression} }}}}", "2.0")) == (old, new)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ nope ?? 'd' }}{{ n ?? 'd' }}{{ '' ?? 'd' }}", "dd"),
        ("{{ nope.x.y ?? m.zz ?? 'e' }}", "e"),
        ("{{ nope ??? 'd' }}|{{ n ??? 'd' }}", "d|"),
        ("{{ nope.x | upper | default('d') }}{{ '  ' | default('e') }}{{ 0 | default('f') }}", "de0"),
        ("{{ nope.x is defined }} {{ n is defined }} {{ l[9] is not defined }}", "false false true"),
        ("{{ l[nope] ?? 'd' }}", "d"),
    ],
)
def test_missing_values_are_lazy(template: str, expected: str) -> None:
    assert shown(template) == expected


@pytest.mark.parametrize(
    "template",
    ["{{ nope == 1 ?? 'd' }}", "{{ nope is null }}", "{{ nope ? 1 : 2 }}", "{{ n.x }}", "{{ l[-1] }}",
     "{{ s.upper() }}", "{{ render('{{ nope }}') ?? 'd' }}", "{% if nope %}{% endif %}", "{{ n or true }}",
     "{{ l and true }}",
     "{{ a | nofilter }}", "{{ nofunction() }}", "{{ a is string }}", "{{ secret('X') ?? 'd' }}", "{{ 'a' - 1 }}"],
)  # fmt: skip
def test_failures(template: str) -> None:
    with pytest.raises(ExpressionError):
        shown(template)


@pytest.mark.parametrize(
    ("template", "message", "line", "column"),
    [
        ("{{ outputs.pyton_script.vars }}", "Unable to find `pyton_script` used in the expression", 1, 12),
        ("one\n  {{ s ~\n   nope }}", "Unable to find `nope`", 3, 4),
        ("{{ m.k.deep }}", "Unable to find `deep`", 1, 8),
        ("{{ a | uper }}", "Filter [uper] does not exist.", 1, 8),
        ("{{ 1 + {} }}", "Could not perform addition", 1, 6),
        ("{{ a | date('yyyy', 1, 2, 3, 4) }}", "The argument at position 5 is not allowed. Only 4", 1, 30),
    ],
)
def test_an_error_knows_its_place(template: str, message: str, line: int, column: int) -> None:
    with pytest.raises(ExpressionError) as failure:
        shown(template)
    error = failure.value
    assert (error.message.startswith(message), error.line, error.column) == (True, line, column)


def test_a_missing_name_comes_with_what_there_is() -> None:
    with pytest.raises(MissingValue) as failure:
        shown("{{ outputs.pyton_script.vars.rows }}")
    assert failure.value.path == "outputs.pyton_script"
    assert failure.value.suggestion == "Did you mean `python_script`? Available: `python_script`, `load`"
    with pytest.raises(MissingValue) as failure:
        shown("{{ outputs.zzz }}")
    assert failure.value.suggestion == "Available: `python_script`, `load`"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ a", "Unexpected token of value \"null\" and type EOF"),
        ("{{ a b }}", 'Unexpected token of value "b" and type NAME, expected token of type PRINT_END'),
        ("{{ }}", 'Unexpected token "PRINT_END" of value "}}"'),
        ("{{ (a }}", 'Unclosed ")"'),
        ("{{ a) }}", 'Unexpected ")"'),
        ("{{ 'a }}", "Unexpected character [']"),
        ('{{ "a }}', 'Unclosed """'),
        ("{{ a ; }}", "Unexpected character [;]"),
        ("{# x", "Unclosed comment."),
        ("{% foo %}", 'Unexpected tag name "foo"'),
        ("{% if a %}", 'Unexpected end of template. Pebble was looking for the "endif" tag'),
        ("{% set true = 1 %}", "Can not assign a value to true"),
        ("{{ f(a=1, 2) }}", "Positional arguments must be declared before any named arguments."),
        ("{{ [1,] }}", 'Unexpected token "PUNCTUATION"'),
        ("{{ m.is }}", "Unexpected token"),
        ("{{ 99999999999999999999 }}", "For input string"),
        ("{% macro m() %}{% endmacro %}{% macro m() %}{% endmacro %}", "More than one macro can not share"),
    ],
)  # fmt: skip
def test_what_cannot_be_parsed(template: str, message: str) -> None:
    with pytest.raises(ExpressionSyntaxError) as failure:
        Template(template)
    assert failure.value.message.startswith(message)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{% if a > 5 %}x{% elseif a == 3 %}y{% else %}z{% endif %}", "y"),
        ("{% for x in [1, 2] %}{{ loop.index }}{{ x }}{{ loop.last ? '' : ',' }}{% endfor %}", "01,12"),
        ("{% for e in {'p': 1} %}{{ e.key }}={{ e.value }} {{ e }}{% endfor %}", "p=1 p=1"),
        ("{% for x in [] %}{% else %}none{% endfor %}{% for x in n %}{% else %}never{% endfor %}", "none"),
        ("{% set total = 0 %}{% for x in 1..3 %}{% set total = total + x %}{% endfor %}{{ total }}", "6"),
        ("{{ m2(1, b='z') }}{% macro m2(a, b='y', c) %}{{ a }}{{ b }}{{ c is null }}{% endmacro %}", "1ztrue"),
        ("{% filter upper | trim %} {{ s }} {% endfilter %}", "HELLO"),
        ("{% block b %}{{ a }}{% endblock %}{{ block('b') }}{{ block('other') }}", "33"),
    ],
)
def test_tags(template: str, expected: str) -> None:
    assert shown(template) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ l }}", [1, "x", None]),
        ("{{ a }}", 3),
        ("{{ t }}{{ n }}", True),
        ("{{ a }}{{ a }}", "33"),
        ("5", "5"),
        ("{{ n }}", None),
        ('{"a": {{ l }} }', {"a": [1, "x", None]}),
        ("x{{ l }}", 'x[1,"x",null]'),
        ({"k{{ a }}": ["{{ a }}", 7]}, {"k3": [3, 7]}),
    ],
)
def test_typed_rendering(template: Any, expected: Any) -> None:
    assert render_typed(template, CONTEXT, SERVICES) == expected


def test_containers_are_rendered_with_their_keys() -> None:
    value = {"{{ s }}": ["{{ a }}", "{{ n }}", 1, None], "hello": "second"}
    assert render(value, CONTEXT, SERVICES) == {"hello": ["3", None, 1, None]}


def test_recursive_rendering() -> None:
    context = {"x": 1, "one": "{{ x }}", "two": "<{{ one }}>", "raw": "{% raw %}{{ x }}{% endraw %}"}

    def rendered(template: str, **options: Any) -> Any:
        return render(template, context, SERVICES, **options)

    assert rendered("{{ two }}") == "<{{ one }}>"
    assert rendered("{{ render(two) }}") == "<1>"
    assert rendered("{{ renderOnce(two) }}") == "<{{ x }}>"
    assert rendered("{{ two }}", recursive=True) == "<1>"
    assert rendered("{{ render(raw) }}") == "{{ x }}"
    assert rendered("{% for i in 1..2 %}{{ render('{{ i }}') }}{% endfor %}") == "12"
    with pytest.raises(ExpressionError, match="does not exist"):
        rendered("{{ render(two) }}", recursive=True)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("false", False),
        (" 0 ", False),
        ("-0", False),
        ("", False),
        (None, False),
        ("False", True),
        ("no", True),
        (1, True),
    ],
)
def test_truth_of_rendered_conditions(value: Any, expected: bool) -> None:
    assert truthy(value) is expected


def test_a_trace_shows_every_value_on_the_way() -> None:
    trace = render_trace("{{ s | upper ~ 1 }} {{ a + 1 | string }}", CONTEXT, SERVICES)
    steps = [(trace.template[step.start : step.end], step.value) for step in trace.steps]
    assert steps == [
        ("s", "hello"),
        ("s | upper", "HELLO"),
        ("s | upper ~ 1", "HELLO1"),
        ("a", 3),
        ("1 | string", "1"),
        ("a + 1 | string", "31"),
    ]
    assert (trace.result, trace.error) == ("HELLO1 31", None)
    failed = render_trace("{{ s | upper }}{{ nope }}", CONTEXT, SERVICES)
    assert failed.result is None and failed.error is not None
    assert [step.value for step in failed.steps] == ["hello", "HELLO"]


def test_templates_are_compiled_once() -> None:
    assert compile_template("{{ a }}", "2.x") is compile_template("{{ a }}", "2.x")
    with pytest.raises(ValueError, match="not a Kestra version"):
        Template("{{ a }}", "new")
