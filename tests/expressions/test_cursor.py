"""What an editor learns about a place in a template."""

from __future__ import annotations

import pytest

from podium.expressions.cursor import Call, Cursor, cursor_at
from podium.expressions.nodes import Filter, Hole, Member, Print
from podium.expressions.tolerant import parse_tolerantly


def at(template: str) -> Cursor:
    """The cursor stands at the `^`."""
    return cursor_at(template.replace("^", ""), template.index("^"))


@pytest.mark.parametrize(
    ("template", "expected", "prefix", "path"),
    [
        ("te^xt {{ a }}", "text", "", None),
        ("{{ a }} ^ {{ b }}", "text", "", None),
        ("{{^}}", "value", "", None),
        ("{{ out^puts.x", "value", "out", None),
        ("{{ outputs.^", "member", "", ("outputs",)),
        ("{{ outputs.load.ro^ws }}", "member", "ro", ("outputs", "load")),
        ("{{ outputs['my-^'].b }}", "member", "my-", ("outputs",)),
        ("{{ outputs['my-^", "member", "my-", ("outputs",)),
        ("{{ outputs['my-task'].^ }}", "member", "", ("outputs", "my-task")),
        ("{{ outputs[taskrun.value].^", "member", "", ("outputs", None)),
        ("{{ rows[0].^", "member", "", ("rows", 0)),
        ("{{ fromJson(x).^", "member", "", None),
        ("{{ (a | first).^", "member", "", None),
        ("{{ a | ^", "filter", "", None),
        ("{{ a | da^te('x') }}", "filter", "da", None),
        ("{{ a is not nu^", "test", "nu", None),
        ("{{ a ^", "operator", "", None),
        ("{{ 'abc'^ }}", "operator", "", None),
        ("{{ a ?? ^", "value", "", None),
        ("{% ^", "tag", "", None),
        ("{% el^ %}", "tag", "el", None),
        ("{% if ^", "value", "", None),
        ("{% for x in ^", "value", "", None),
        ("{% if a ^", "operator", "", None),
    ],
)
def test_what_is_expected(template: str, expected: str, prefix: str, path: tuple[str | int | None, ...] | None) -> None:
    cursor = at(template)
    assert (cursor.expected, cursor.prefix, cursor.path) == (expected, prefix, path)


@pytest.mark.parametrize(
    ("template", "call", "quoted"),
    [
        ("{{ a | date(^", Call("filter", "date", 0, None, ()), False),
        ("{{ a | date('yy^", Call("filter", "date", 0, None, ()), True),
        ("{{ a | date('yyyy', timeZone='^'", Call("filter", "date", 1, "timeZone", ("timeZone",)), True),
        ("{{ kv('a', ^) }}", Call("function", "kv", 1, None, ()), False),
        ("{{ f(g(1, 2), [2, ^", Call("function", "f", 1, None, ()), False),
        ("{{ f(1) + ^", None, False),
    ],
)
def test_the_call_around_it(template: str, call: Call | None, quoted: bool) -> None:
    cursor = at(template)
    assert (cursor.call, cursor.quoted) == (call, quoted)


def test_what_a_proposal_replaces() -> None:
    assert (at("{{ out^puts.x }}").start, at("{{ out^puts.x }}").end) == (3, 10)
    assert (at("{{ outputs['my-^task'] }}").start, at("{{ outputs['my-^task'] }}").end) == (12, 19)


def test_incomplete_templates_have_trees_with_holes() -> None:
    partial = parse_tolerantly("{{ outputs. }} and {{ a | }}{{ b ~ }}")
    first, _, second, third = partial.body
    assert isinstance(first, Print) and isinstance(first.expression, Member)
    assert isinstance(second, Print) and isinstance(second.expression, Filter) and second.expression.name == ""
    assert isinstance(third, Print) and isinstance(third.expression.right, Hole)  # type: ignore[union-attr]
    assert [error.offset for error in partial.errors] == [12, 26, 35]


def test_one_broken_expression_leaves_the_others_alone() -> None:
    partial = parse_tolerantly("{{ a b c }}{% nope %}{{ fine }}{% if x %}{{ y }}")
    shown = [type(node).__name__ for node in partial.body]
    assert shown == ["Print", "Text", "Print", "If"]
    assert any("endif" in error.message for error in partial.errors)
