"""Beside the beaten track: other argument types, empty and negative values, characters outside the usual ones."""

from __future__ import annotations

import json
from typing import Any

import pytest

from podium.expressions.errors import ExpressionError
from podium.expressions.fixtures import FixtureServices
from podium.expressions.render import render, render_typed
from podium.expressions.values import Char, Long, Single

CONTEXT: dict[str, Any] = {
    "a": 1,
    "n": None,
    "l": [3, 1, 2],
    "m": {"x": "one", "y": "two"},
    "csv": "b,a",
    "str": "2024-03-05T06:07:08.120Z",
}
SERVICES = FixtureServices()


def shown(expression: str) -> Any:
    return render(f"{{{{ {expression} }}}}", CONTEXT, SERVICES, dialect="2.x")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'abc' | slice(1)", "bc"),
        ("'abc' | slice(3)", ""),
        ("'' | slice", ""),
        ("[] | slice", "[]"),
        ("'abc' | slice(0.9, 1.9)", "a"),
        ("'abc' | slice(n, 2)", "ab"),
        ("'\U0001f600a' | slice(0, 2)", "\U0001f600"),
        ("'\U0001f600a' | slice(0, '\U0001f600a' | length)", "\U0001f600a"),
        ("'\U0001f600abcd' | abbreviate(5)", "\U0001f600..."),
        ("'ßx ßy' | title", "ßx ßy"),
        ("'ßx' | capitalize", "ßx"),
        ("'ǆ' | title", "ǅ"),
        ("'a\n\rb' | indent(1)", "a\n\r b"),
        ("('a' | split('a')) is empty", "false"),
        ("(csv | split(',')) is iterable", "false"),
        ("('a' | split('a')) | default('d')", "[]"),
        ("'\xa0' is empty", "false"),
        ("csv | split(',') | sort", '["a","b"]'),
        ("(csv | split(',')) | merge(csv | split(','))", '["b","a","b","a"]'),
        ("(csv | split(',') | slice(1)) | className", "[Ljava.lang.String;"),
        ("[1, 1.0, 2] | distinct", "[1,1.0,2]"),
        ("[1.0] contains 1", "false"),
        ("[1] == [1.0]", "false"),
        ("1 == 1.0", "true"),
        ("n contains nope", "false"),
        ("'%h' | format('hello')", "5e918d2"),
        ("1 | className", "java.lang.Long"),
        ("-(1) | className", "java.lang.Long"),
        ("(a + 1) | className", "java.lang.Long"),
        ("a | className", "java.lang.Integer"),
        ("'1' | number('LONG') | className", "java.lang.Long"),
        ("'1' | number | className", "java.lang.Integer"),
        ("('12.50' | number('BIGDECIMAL')) + 1", "13.5"),
        ("('12.50' | number('BIGDECIMAL')) * 2", "25.00"),
        ("'12.50' | number('BIGDECIMAL')", "12.50"),
        ("isLastWorkingDay('2026-05-29', '')", "true"),
        ("(0.0 / 0) ? 'yes' : 'no'", "no"),
        ("'b'.compareTo('a') ~ 'a'.compareTo('abc') ~ 'B'.compareToIgnoreCase('b')", "1-20"),
        ("'aB'.equalsIgnoreCase('Ab') ~ ' a '.stripLeading() ~ ' a '.stripTrailing() ~ '.'", "truea  a."),
        ("([1, 2, 1]).lastIndexOf(1) ~ l.containsAll([1, 2]) ~ l.containsAll([9])", "2truefalse"),
        ("(2.9).intValue() ~ '/' ~ (-2.9).longValue() ~ '/' ~ (4294967297).intValue()", "2/-2/1"),
        ("(5).doubleValue() ~ '/' ~ a.toString() ~ '/' ~ true.toString()", "5.0/1/true"),
        ("l.indexOf(2)", "2"),
        ("5 | format", "5"),
        ("[2.5, 1.0] | sort", "[1.0,2.5]"),
        ("max(n, [1])", "[1]"),
        ("min(2, n, 1)", "1"),
        ("'Hello, World & Co./a_b' | slugify", "hello-world-coa-b"),
        ("'me@host.org ß' | slugify", "mehostorg"),
        ("'1.123' | number | toIon", "1.1230000257492065e0"),
    ],
)
def test_results(expression: str, expected: str) -> None:
    assert shown(expression) == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("l[1.0]", "Unable to find `1.0`"),
        ("'abc' | slice(4)", "toIndex must be greater than fromIndex"),
        ("'abc' | slice(1, 1)", "toIndex must be greater than fromIndex"),
        ("'abc' | slice('1')", "Argument fromIndex must be a number"),
        ("csv | split(',') | merge(['c'])", "Only an array can be merged with an array"),
        ("csv | split(',') | chunk(1)", "'chunk' filter can only be applied to List. Actual type was: [Ljava"),
        ("m | keys | distinct", "Input must be a list, but received : "),
        ("m | values | flatten", "The 'flatten' filter can only be applied to lists."),
        ("[2, 1.5] | sort", "The list cannot be sorted: integers and decimals"),
        ("csv | split(',') | rsort", "Unsupported input type for rsort filter"),
        ("max('a', 1)", "The 'max' function expects numbers, got string"),
        ("max(1, 'a')", "The 'max' function expects numbers, got string"),
        ("'%' | base64decode", "Please provide a correctly Base64 encoded string containing an UTF-8 string"),
        ("encrypt()", "The 'encrypt' function expects two arguments 'key' and 'plaintext'."),
        ("decrypt('k')", "The 'decrypt' function expects two arguments 'key' and 'encrypted'."),
        ("'a' | escapeChar", "The 'escapeChar' filter expects an argument 'type'."),
        ("l | chunk('2')", "'chunk' filter argument 'size' must be a number. Actual type was: java.lang.String"),
    ],
)
def test_failures(expression: str, message: str) -> None:
    with pytest.raises(ExpressionError) as failure:
        shown(expression)
    assert failure.value.message.startswith(message)


def test_the_end_of_a_block_names_its_block() -> None:
    assert render("{% block b %}x{% endblock b %}{% block 'c' %}y{% endblock 'c' %}", CONTEXT, SERVICES) == "xy"
    with pytest.raises(ExpressionError, match="expected token of type EXECUTE_END"):
        render("{% block b %}x{% endblock c %}", CONTEXT, SERVICES)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("str | date('iso_local_time')", "06:07:08.12"),
        ("str | date('iso_date_time', 'Z')", "2024-03-05T06:07:08.12Z"),
        ("str | date('iso_instant')", "2024-03-05T06:07:08.120Z"),
        ("1709618828000123456 | date", "2024-03-05T06:07:08.123456Z"),
        ("'31/02/2023' | date('yyyy-MM-dd', existingFormat='dd/MM/yyyy')", "2023-02-28"),
        ("'2023-12-24 Europe/Paris' | date('iso_sec', existingFormat='yyyy-MM-dd VV')", "2023-12-24T00:00:00Z"),
        ("'2023-12-24 09:10' | date('HH:mm', existingFormat='yyyy-MM-dd hh:mm')", "00:00"),
        ("'2023-12-24 09' | date('HH:mm', existingFormat='yyyy-MM-dd HH')", "09:00"),
        ("'sun, 24 dec 2023 10:11:12 GMT' | date('dd', existingFormat='rfc_1123_date_time')", "24"),
        ("'Sun, 24 Dec 2023' | date('dd', existingFormat='EEE, dd MMM yyyy')", "24"),
    ],
)
def test_dates(expression: str, expected: str) -> None:
    assert shown(expression) == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("'dec 24, 2023' | date(existingFormat='MMM d, yyyy')", "could not be parsed at index 0"),
        ("'Mon, 24 Dec 2023' | date(existingFormat='EEE, dd MMM yyyy')", "Field DayOfWeek 7 differs from DayOfWeek 1"),
        ("'32/01/2023' | date(existingFormat='dd/MM/yyyy')", "Invalid value for DayOfMonth"),
        ("'2023-02-30' | date", "Invalid date 'FEBRUARY 30'"),
    ],
)
def test_dates_that_cannot_be_read(expression: str, message: str) -> None:
    with pytest.raises(ExpressionError) as failure:
        shown(expression)
    assert message in failure.value.message


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("m | keys", ["x", "y"]),
        ("csv | split(',')", ["b", "a"]),
        ("'abc' | first", "a"),
        ("'a'..'b'", ["a", "b"]),
        ("'12.3' | number", 12.3),
        ("['12.3' | number]", [12.3]),
        ("'7' | number('LONG')", 7),
        ("{'k': 'x' | last}", {"k": "x"}),
        ("m.entrySet() | first", {"x": "one"}),
    ],
)
def test_typed_values_are_plain(expression: str, expected: Any) -> None:
    found = render_typed(f"{{{{ {expression} }}}}", CONTEXT, SERVICES)
    assert found == expected and type(found) is type(expected)
    assert json.loads(json.dumps(found)) == expected
    inner = found if isinstance(found, list) else found.values() if isinstance(found, dict) else ()
    assert not any(isinstance(item, (Char, Long, Single)) for item in inner)


def test_jq_knows_the_time() -> None:
    assert abs(render_typed("{{ (1 | jq('now') | first) - (now() | timestamp) }}", {}, SERVICES)) < 5
    assert render_typed("{{ [1] | jq('map(. as $now | $now)') }}", {}, SERVICES) == [[1]]


@pytest.mark.parametrize(
    ("template", "suggestion"),
    [
        ("{{ a\xa0}}", "It is a no-break space: write a plain one"),
        ("{{ \u201cx\u201d }}", 'Write a straight quote: `"`'),
        ("{{ a && b }}", "Write `and`, or `~` to join texts"),
        ("{{ a || b }}", "Write `or`"),
        ("{{ !a }}", "Write `not x`, or `!=`"),
        ("{{ a ?: 1 }}", "Write `value ?? other`"),
        ("{{ a in l }}", "Write `list contains value` or `value isIn list`"),
        ("{{ a not in l }}", "Write `not (value isIn list)`"),
        ("{{ a if a else 1 }}", "Write `condition ? value : other`"),
        ("{{ l[0:2] }}", "There are no slices: write `value | slice(0, 2)`"),
        ("{{ l.0 }}", "Write `[0]`"),
        ("{{ a = 1 }}", "Write `==` to compare"),
        ("{{ a === 1 }}", "Write `==` to compare"),
        ("{{ a <> 1 }}", "Write `!=`"),
        ("{{ str | date('yyyy''T''HH') }}", "A doubled quote ends the text: put the other kind of quotes around it"),
        ("{% elif a %}", "Write `{% elseif … %}`"),
        ("{{ True }}", "Write `true`"),
        ("{{ None }}", "Write `null`"),
        ("{{ inputs.my-key.x }}", "A name with a hyphen goes in brackets: `inputs['my-key'].x`"),
        ("{{ a ? 1 }}", None),
        ("{{ a[ }}", None),
    ],
)
def test_what_other_languages_write_is_translated(template: str, suggestion: str | None) -> None:
    with pytest.raises(ExpressionError) as failure:
        render(template, {**CONTEXT, "inputs": {"my-key": {"x": 1}, "my": 2}}, SERVICES)
    assert failure.value.suggestion == suggestion


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("x {%- verbatim %} y {%- endverbatim -%} z", "xyz"),
        ("x {% verbatim %} y {% endverbatim %} z", "x y  z"),
        ('{{ "say \\"hi\\"" }}', 'say "hi"'),
        ('{{ "say \\"#{a}\\"" }}', 'say \\"1\\"'),
        ('{{ "\\"#fff\\"" }}', '\\"#fff\\"'),
        ("{{ a is not null }}", "true"),
    ],
)
def test_what_the_lexer_takes_off(template: str, expected: str) -> None:
    assert render(template, CONTEXT, SERVICES) == expected


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{%-verbatim %}x{% endverbatim %}", "A block must start with a tag name."),
        ("{% endverbatim %}", 'Unexpected tag name "endverbatim"'),
        ("{{ a is  not null }}", 'Unexpected token of value "not"'),
        ("{{ a is\nnot null }}", 'Unexpected token of value "not"'),
    ],
)
def test_what_the_lexer_refuses(template: str, message: str) -> None:
    with pytest.raises(ExpressionError) as failure:
        render(template, CONTEXT, SERVICES)
    assert failure.value.message.startswith(message)
