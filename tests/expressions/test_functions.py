"""Filters and functions one by one, above all those that ask the services."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from podium.expressions.errors import ExpressionError
from podium.expressions.fixtures import FixtureServices
from podium.expressions.render import render, render_typed
from podium.expressions.services import HttpRequest, HttpResponse, NoServices, SubflowRequest

CONTEXT: dict[str, Any] = {
    "flow": {"id": "daily", "namespace": "company.team"},
    "outputs": {"load": {"a": {"value": 1}, "b": {"value": 2}}},
    "parents": [{"task": {"id": "load"}, "taskrun": {"value": "a"}}],
    "taskrun": {"value": "b", "iteration": 1},
    "task": {"id": "load"},
    "tasks": {"x": {"state": "FAILED"}, "y": {"v": {"state": "FAILED"}}, "z": {"state": "SUCCESS"}},
    "envs": {"region": "eu", "none": ""},
}


class Services(FixtureServices):
    """With a network and subflows that answer what they were asked."""

    requests: list[HttpRequest]
    answer = HttpResponse(200, "OK", "application/json; charset=utf-8", b'{"a": [1]}')

    def http(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        return self.answer

    def subflow(self, request: SubflowRequest) -> Mapping[str, Any]:
        return {"id": "e1", "state": "SUCCESS", "outputs": {"n": request.namespace, "t": request.timeout}, "labels": {}}


@pytest.fixture
def services() -> Services:
    made = Services(
        secrets={"API": "s3cr3t", "DB": '{"user": "u", "opts": {"ssl": true}, "port": 5}'},
        key_values={"company.team": {"own": 1}, "company": {"shared": [1]}},
        namespace_files={"company.team": {"q.sql": "select 1", "empty": ""}},
        storage={"kestra:///x/out.csv": "é"},
        logs=[{"message": "boom"}],
    )
    made.requests = []
    return made


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("secret('API')", "s3cr3t"),
        ("secret('api')", "s3cr3t"),
        ("secret('DB', subkey='opts')", '{"ssl":true}'),
        ("secret('API', full=true)", {"value": "s3cr3t"}),
        ("kv('own')", 1),
        ("kv('shared')", [1]),
        ("kv('none', errorOnMissing=false)", None),
        ("env('region')", "eu"),
        ("env('none', 'd')", "d"),
        ("read('q.sql')", "select 1"),
        ("read('nsfile:///q.sql')", "select 1"),
        ("read('kestra:///x/out.csv')", "é"),
        ("fileSize('kestra:///x/out.csv')", 2),
        ("fileExists('nope')", False),
        ("isFileEmpty('empty')", True),
        ("fileURI('a/b.txt', revision=2)", "kestra:///company/team/_files/a/b.txt.v2"),
        ("errorLogs()[0].message", "boom"),
        ("(tasksWithState('failed'))[0]", {"taskId": "x", "state": "FAILED"}),
        ("(tasksWithState('failed'))[1]", {"taskId": "y", "state": "FAILED", "value": "v"}),
        ("currentEachOutput({'a': {'b': 7}})", 7),
        ("parentOutput()", {"value": 1}),
        ("loopOutputs([{'outputs': {'r': 1}}, {}], 'r')", [1, None]),
        ("http('http://h').a[0]", 1),
        ("isDayWeekInMonth('2026-07-31', 'friday', 'last')", True),
        ("isLastWorkingDay('2026-05-30', 'SATURDAY SUNDAY')", False),
        ("isDateBetween('2026-06-02T00:00:00Z', '2026-06-01T00:00:00Z', '2026-06-03T00:00:00Z')", True),
        ("'a-b_c' | slugify", "a-b-c"),
        ("'one two' | title | abbreviate(6)", "One..."),
        ("'a.b.c' | substringAfterLast('.') ~ ('a.b.c' | substringBefore('.'))", "ca"),
        ("'x1y22' | regexReplace('([a-z])(\\d+)', '$2$1')", "1x22y"),
        ("'a,b,,' | split(',') | length", 2),
        ("['b', 'a'] | sort | join('-')", "a-b"),
        ("{'a': 1} | merge({'b': 2}) | keys | join", "ab"),
        ("[1, [2, 3]] | flatten | chunk(2)", [[1, 2], [3]]),
        ("1234.5 | numberFormat('#,##0.00')", "1,234.50"),
        ("'0x1F' | number", 31),
        ("'%05.1f|%,d|%s' | format(3.14159, 1234567, 'x')", "003.1|1,234,567|x"),
        ("'ä b' | urlencode | urldecode", "ä b"),
        ("'é' | sha256 | length", 64),
        ("range(3, 1, -1)", [3, 2, 1]),
        ("max(1, 2.5, null)", 2.5),
    ],
)  # fmt: skip
def test_results(expression: str, expected: Any, services: Services) -> None:
    assert render_typed(f"{{{{ {expression} }}}}", CONTEXT, services) == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("secret('NOPE')", "Cannot find secret for key 'NOPE'."),
        ("secret('DB', subkey='x')", "Cannot find secret sub-key 'x' in secret 'DB'."),
        ("secret('API', subkey='x')", "Failed to read secret sub-key 'x' from secret 'API'."),
        ("secret('API', subkey='x', full=true)", "cannot be called with both"),
        ("kv('none')", "The key 'none' does not exist in the namespace 'company.team'."),
        ("kv('shared', 'company.team')", "does not exist in the namespace 'company.team'"),
        ("read('nope')", "Unable to find the file 'nope' in the namespace 'company.team'."),
        ("read('../x')", "Path must not contain '../'"),
        ("read('kestra:///a/../b')", "Path must not contain '../'"),
        ("read('s3://b/k')", "Cannot process the URI s3://b/k: scheme not supported."),
        ("read('nsfile://a.b/x', namespace='c')", "You cannot set a namespace both"),
        ("http('http://h', method='BREW')", "knows no method 'BREW'"),
        ("subflow('n', 'f')", "can only be used at flow-input render time"),
        ("parentOutput(3)", "Invalid index: 3 for parents size: 1"),
        ("iterationOutput('load', 'x')", "must be an integer, but got: x"),
        ("loopOutputs('x', 'r')", "expects 'outputs' to be a list."),
        ("loopOutputs([], 5)", "expects 'name' to be a string."),
        ("isLastWorkingDay('2026-05-29', ' , ')", "requires at least one valid day"),
        ("decrypt('x', 'y')", "the Python package cryptography"),
    ],
)
def test_failures(expression: str, message: str, services: Services) -> None:
    try:
        __import__("cryptography")
        message = message.replace("the Python package cryptography", "The encryption key must be Base64")
    except ImportError:
        pass
    with pytest.raises(ExpressionError) as failure:
        render(f"{{{{ {expression} }}}}", CONTEXT, services)
    assert message in failure.value.message


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("subflow('n', 'f', timeout='PT2M').outputs", {"n": "n", "t": timedelta(minutes=2)}),
        ("subflow('n', 'f', labels={'system.correlationId': 'x'}).state", "SUCCESS"),
        ("subflow('n', 'f', timeout='PT10M')", "exceeds the maximum allowed (PT5M)"),
        ("subflow('n', 'f', labels={'system.x': 'y'})", "cannot set the system label 'system.x'; system labels"),
        ("subflow(id='f')", "expects the arguments 'namespace' and 'id'."),
    ],
)
def test_subflows_run_where_inputs_are_worked_out(call: str, expected: Any, services: Services) -> None:
    context = {"flow": CONTEXT["flow"]}
    try:
        assert render_typed(f"{{{{ {call} }}}}", context, services) == expected
    except ExpressionError as error:
        assert expected in error.message
    with pytest.raises(ExpressionError, match="can only be used in a flow context"):
        render("{{ subflow('n', 'f') }}", {}, services)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("iterationOutput()", 1),
        ("iterationOutput('load', 1)", 2),
        ("iterationOutput('other')", None),
        ("iterationOutput('load', 9)", "Maximum valid index is 1."),
        ("iterationOutput('load', -1)", "no previous iteration exists"),
    ],
)
def test_outputs_of_other_iterations(call: str, expected: Any, services: Services) -> None:
    context = {**CONTEXT, "parents": [{"task": {"id": "each"}, "taskrun": {"id": "t"}}]}
    try:
        assert render_typed(f"{{{{ {call} }}}}", context, services) == expected
    except ExpressionError as error:
        assert expected is not None and str(expected) in error.message
    with pytest.raises(ExpressionError, match="inside iterative tasks only"):
        render("{{ iterationOutput() }}", {"taskrun": {"id": "x"}}, services)


def test_a_request_is_complete(services: Services) -> None:
    render(
        "{{ http('http://h/p', method='post', query={'q': 1}, body={'a': [1, null]}, headers={'X': ['1', 2]}) }}",
        CONTEXT,
        services,
    )
    (request,) = services.requests
    assert (request.method, request.uri, request.query) == ("POST", "http://h/p", {"q": "1"})
    assert request.headers == {"X": ["1", "2"], "Accept": ["application/json"], "Content-Type": ["application/json"]}
    assert request.body is not None and json.loads(request.body) == {"a": [1, None]}


def test_bodies_follow_their_content_type(services: Services) -> None:
    for kind, body in (
        ("application/x-www-form-urlencoded", b"a=1+2"),
        ("text/plain", b'{"a":"1 2"}'),
        ("application/yaml", b"a: 1 2\n"),
    ):
        render(f"{{{{ http('http://h', body={{'a': '1 2'}}, contentType='{kind}') }}}}", CONTEXT, services)
        assert services.requests[-1].body == body


def test_a_refused_request_says_so(services: Services) -> None:
    services.answer = HttpResponse(404, "Not Found", "text/plain", b"")
    with pytest.raises(ExpressionError, match="server respond with status 404 : Not Found"):
        render("{{ http('http://h') }}", CONTEXT, services)


def test_parts_of_secrets_are_masked_too(services: Services) -> None:
    render("{{ secret('DB', subkey='user') }}{{ secret('DB', subkey='port') }}", CONTEXT, services)
    assert services.masked == ["u", "5"]


@pytest.mark.parametrize(
    "call", ["secret('X')", "kv('X')", "read('x')", "now()", "uuid()", "http('http://h')", "errorLogs()"]
)
def test_without_services_everything_impure_is_refused(call: str) -> None:
    with pytest.raises(ExpressionError) as failure:
        render(f"{{{{ {call} }}}}", CONTEXT, NoServices())
    assert "not available here" in failure.value.message or "can only be used" in failure.value.message


def test_ids_have_their_shape(services: Services) -> None:
    def made(call: str) -> str:
        return str(render(f"{{{{ {call} }}}}", CONTEXT, services))

    assert len(made("uuid()")) == 36 and made("uuid()")[14] == "7" and made("uuid()")[19] in "89ab"
    assert 20 <= len(made("id()")) <= 22 and len(made("ksuid()")) == 27 and len(made("nanoId()")) == 21
    assert made("nanoId(5, 'a')") == "aaaaa" and 1 <= int(made("randomInt(1, 7)")) < 7
    assert made("uuid()") != made("uuid()")
