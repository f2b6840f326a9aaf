"""Whatever is written in a template: an answer or an `ExpressionError`, never a Python traceback."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podium.expressions.analysis import analyze
from podium.expressions.cursor import cursor_at
from podium.expressions.errors import ExpressionError
from podium.expressions.fixtures import FixtureServices
from podium.expressions.limits import DEFAULT_LIMITS
from podium.expressions.lint import remarks
from podium.expressions.registry import FILTERS, FUNCTIONS, TESTS
from podium.expressions.render import render, render_trace, render_typed
from podium.expressions.template import Template
from podium.expressions.tolerant import parse_tolerantly

CONTEXT: dict[str, Any] = {
    "inputs": {"name": "Ada", "count": 3, "flag": True, "nothing": None, "tags": ["a", "b"], "ratio": 2.5},
    "outputs": {"load": {"rows": [{"id": 1}, {"id": 2}], "text": '{"a":[1,2]}'}, "my-task": {"value": ""}},
    "execution": {"id": "x1", "startDate": datetime(2024, 3, 5, 6, 7, 8, 123456, tzinfo=UTC)},
    "vars": {"template": "{{ inputs.name }}", "loop": "{{ render(vars.loop) }}", "deep": [[[{"a": [None]}]]]},
    "flow": {"id": "f", "namespace": "company.team"},
    "big": 2**62,
    "exact": Decimal("12.50"),
    "bytes": b"\xff\x00",
    "taskrun": {"value": "7"},
    "tasks": {"load": {"state": "SUCCESS"}},
    "odd": {1: "one", "": "empty", "é": "ü"},
}
SERVICES = FixtureServices(
    secrets={"KEY": '{"a": 1}'},
    key_values={"company": {"k": [1, None]}},
    namespace_files={"company.team": {"a.txt": "x"}},
)
QUICK = replace(DEFAULT_LIMITS, seconds=2.0)

_TEXTS = ["", "a", "A b", "é", "1", "-3.5", "2024-01-31", "2024-01-31T10:00:00Z", "[1,2]", '{"a":1}', "yyyy-MM-dd"]
_TEXTS += ["Europe/Paris", "DAYS", "(", "(a+)+", "$1", "%s", "#,##0.00", "\\", "\n", "KEY", "k", "a.txt", ".a", "INT"]
_NUMBERS = ["0", "1", "2", "-1", "7", "3.5", "1000000", "9223372036854775807", "0.1"]
_NAMES = ["inputs", "outputs", "execution", "vars", "big", "exact", "bytes", "odd", "nope", "tasks", "true", "null"]
_KEYS = ["name", "count", "nothing", "tags", "load", "rows", "text", "startDate", "template", "loop", "deep", "size"]
_BINARY = ["+", "-", "*", "/", "%", "~", "==", "!=", "<", ">=", "and", "or", "??", "???", "contains", "isIn", ".."]
_FILTERS = sorted(FILTERS)
_FUNCTIONS = sorted(FUNCTIONS)
_TESTS = sorted(TESTS)
_SAFE = {"http", "subflow"}


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "") + "'" if not text.endswith("\\") else "'b'"


_ATOMS = st.one_of(
    st.sampled_from(_TEXTS).map(_quoted),
    st.sampled_from(_NUMBERS),
    st.sampled_from(_NAMES),
    st.builds(lambda name, key: f"{name}.{key}", st.sampled_from(_NAMES), st.sampled_from(_KEYS)),
    st.builds(lambda name, key: f"{name}['{key}']", st.sampled_from(_NAMES), st.sampled_from(_KEYS)),
)


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    arguments = st.lists(inner, max_size=3).map(", ".join)
    return st.one_of(
        st.builds(lambda a, op, b: f"({a} {op} {b})", inner, st.sampled_from(_BINARY), inner),
        st.builds(lambda a, op, b: f"{a} {op} {b}", inner, st.sampled_from(_BINARY), inner),
        st.builds(lambda a, name, given: f"({a} | {name}({given}))", inner, st.sampled_from(_FILTERS), arguments),
        st.builds(lambda a, name: f"{a} | {name}", inner, st.sampled_from(_FILTERS)),
        st.builds(lambda name, given: f"{name}({given})", st.sampled_from(_FUNCTIONS), arguments),
        st.builds(
            lambda a, name, no: f"({a} is {no}{name})", inner, st.sampled_from(_TESTS), st.sampled_from(["", "not "])
        ),
        st.builds(lambda a, b, c: f"({a} ? {b} : {c})", inner, inner, inner),
        st.builds(lambda a, key: f"({a}).{key}", inner, st.sampled_from(_KEYS)),
        st.builds(lambda a, key: f"({a})[{key}]", inner, inner),
        st.builds(lambda items: f"[{items}]", arguments),
        st.builds(lambda key, value: f"{{{key}: {value}}}", inner, inner),
        st.builds(lambda op, a: f"({op} {a})", st.sampled_from(["not", "-", "+"]), inner),
        st.builds(lambda a: f'"x #{{{a}}} y"', inner.filter(lambda text: '"' not in text)),
    )


EXPRESSIONS = st.recursive(_ATOMS, _compound, max_leaves=8)
PIECES = st.one_of(
    st.sampled_from(["text ", "{", "}}", "\n", "% #}"]),
    EXPRESSIONS.map(lambda e: f"{{{{ {e} }}}}"),
    EXPRESSIONS.map(lambda e: f"{{% if {e} %}}yes{{% else %}}no{{% endif %}}"),
    EXPRESSIONS.map(lambda e: f"{{% for x in {e} %}}{{{{ x }}}}{{{{ loop.index }}}}{{% endfor %}}"),
    EXPRESSIONS.map(lambda e: f"{{% set y = {e} %}}{{{{ y | toJson }}}}"),
    EXPRESSIONS.map(lambda e: f"{{% filter upper | trim %}}{{{{ {e} }}}}{{% endfilter %}}"),
    EXPRESSIONS.map(lambda e: f"{{% macro m(a, b=1) %}}{{{{ a }}}}{{% endmacro %}}{{{{ m({e}) }}}}"),
)
TEMPLATES = st.lists(PIECES, min_size=1, max_size=3).map("".join)
_FRAGMENTS = ["{{", "}}", "{%", "%}", "{#", "#}", "#{", "-", "a", ".", "[", "]", "(", ")", "{", "}", "'", '"', "\\"]
_FRAGMENTS += ["|", "?", ":", "??", "..", ",", "=", "1", "1.5", "ü", "$", "@", " ", "\n", "\x00", "\ud800", "upper"]
_FRAGMENTS += ["is", "not", "if", "for", "in", "endif", "raw", "endraw", "verbatim", "macro", "set", "block", "date"]
FRAGMENTS = st.lists(st.sampled_from(_FRAGMENTS), max_size=25).map("".join)
RELAXED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def evaluated(template: str) -> None:
    """Every way in: rendered, typed, traced, looked at."""
    try:
        compiled = Template(template, "2.x")
    except ExpressionError as error:
        assert error.message and error.line >= 1 and error.column >= 1
        assert 0 <= error.offset <= len(template)
        return
    for render_it in (compiled.render, compiled.render_typed):
        try:
            render_it(CONTEXT, SERVICES, QUICK)
        except ExpressionError as error:
            assert "cannot be evaluated" not in error.message, error.message
            assert str(error)


@RELAXED
@given(TEMPLATES)
def test_a_template_of_valid_pieces(template: str) -> None:
    evaluated(template)


@RELAXED
@given(FRAGMENTS)
def test_a_template_of_fragments(template: str) -> None:
    evaluated(template)


@RELAXED
@given(st.one_of(TEMPLATES, FRAGMENTS), st.integers(0, 200))
def test_the_editor_understands_what_is_there(template: str, offset: int) -> None:
    place = min(offset, len(template))
    cursor = cursor_at(template, place)
    assert 0 <= cursor.start <= len(template) and cursor.end <= len(template)
    partial = parse_tolerantly(template)
    analysis = analyze(template)
    assert (analysis.error is None) or partial.errors or "deep" in analysis.error.message
    for remark in remarks(template):
        assert 0 <= remark.start < remark.end <= len(template)
    for problem in analysis.problems:
        assert 0 <= problem.start < problem.end <= len(template) + 1


@RELAXED
@given(TEMPLATES)
def test_a_trace_ends_as_the_rendering_does(template: str) -> None:
    trace = render_trace(template, CONTEXT, SERVICES)
    try:
        result = render(template, CONTEXT, SERVICES)
    except ExpressionError as error:
        assert trace.error is not None
        if not any(word in template for word in ("random", "id(", "nano", "encrypt", "now", "Id(")):
            assert trace.error.message.split(" ")[0] == error.message.split(" ")[0]
        return
    assert trace.error is None
    if not any(word in template for word in ("random", "id(", "nano", "encrypt", "now", "Id(")):
        assert trace.result == result


@RELAXED
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
                    max_leaves=6), st.sampled_from(_FILTERS))  # fmt: skip
def test_any_value_through_any_filter(value: Any, name: str) -> None:
    try:
        render_typed(f"{{{{ v | {name} }}}}", {"v": value}, SERVICES)
    except ExpressionError as error:
        assert str(error)


def test_python_is_out_of_reach() -> None:
    for spelling in ("__class__", "__init__", "mro", "upper", "format_map", "keys", "items", "pop", "__globals__"):
        for target in ("'x'", "[1]", "{'a': 1}", "1", "execution.startDate", "inputs", "(inputs | keys)"):
            for template in (f"{{{{ ({target}).{spelling} }}}}", f"{{{{ ({target})['{spelling}'] }}}}"):
                with pytest.raises(ExpressionError):
                    render(template, CONTEXT, SERVICES)
    for spelling in ("__class__", "getClass", "encode", "replace", "mro"):
        with pytest.raises(ExpressionError):
            render(f"{{{{ inputs.name.{spelling}() }}}}", CONTEXT, SERVICES)
