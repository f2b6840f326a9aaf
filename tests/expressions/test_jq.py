"""jq programs: what they give, and how they fail."""

from __future__ import annotations

from typing import Any

import pytest

from podium.expressions.errors import ExpressionError
from podium.expressions.fixtures import FixtureServices
from podium.expressions.jq_programs import check_jq, run_jq
from podium.expressions.limits import DEFAULT_LIMITS

DATA: dict[str, Any] = {
    "users": [{"name": "ann", "age": 30, "tags": ["x", "y"]}, {"name": "bob", "age": 25, "tags": []}],
    "total": 2,
    "n": None,
    "no": False,
    "s": "hello, world",
    "nested": {"k-1": [3, 1, [2]]},
}


def jq(program: str, value: Any = DATA) -> list[Any]:
    return run_jq(value, program, DEFAULT_LIMITS, FixtureServices().now)


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (".", [DATA]),
        (".users[].name", ["ann", "bob"]),
        (".users[-1].name, .users[0:1][0].age, .s[2:4]", ["bob", 30, "ll"]),
        ('.nested["k-1"] | .[1:]', [[1, [2]]]),
        (".missing.deeper", [None]),
        (".n // .no // \"d\"", ["d"]),
        ("[.users[] | select(.age > 26) | .name]", [["ann"]]),
        ("[limit(5000; .total | repeat(.))] | length", [5000]),
        (".total | until(. > 4000; . + 1), ([while(. < 4000; . + 1)] | length)", [4001, 3998]),
        ("[.total | limit(2; repeat(if . > 3 then error(\"late\") else . * 2 end))]", [[2, 4]]),
        ("[.total | while(. < 20; . * 3, . * 10)]", [[2, 6, 18]]),
        ("[.total | until(. > 9; . + 3, . * 10)]", [[11, 80, 50, 20]]),
        (".users | map(.age) | add, min, max, length", [55, 25, 30, 2]),
        (".users | map({(.name): .age}) | add", [{"ann": 30, "bob": 25}]),
        ("{total, \"t\": (1, 2)}", [{"total": 2, "t": 1}, {"total": 2, "t": 2}]),
        (".users | sort_by(.age) | map(.name)", [["bob", "ann"]]),
        (".users | group_by(.age > 26) | map(length)", [[1, 1]]),
        (".users | INDEX(.name) | keys", [["ann", "bob"]]),
        ("reduce .users[] as $u (0; . + $u.age)", [55]),
        ("[foreach range(4) as $i (0; . + $i; [$i, .])]", [[[0, 0], [1, 1], [2, 3], [3, 6]]]),
        (". as {users: [$a, {name: $b}]} | [$a.name, $b]", [["ann", "bob"]]),
        (". as [$x] ?// {total: $x} | $x", [2]),
        ("def f($a; b): $a + b; f(1; .total)", [3]),
        ("def fac: if . <= 1 then 1 else . * (. - 1 | fac) end; 6 | fac", [720]),
        ("if .no then 1 elif .total == 2 then 2 else 3 end", [2]),
        ("try error(\"x\") catch . , (try (1 | .a) catch .)", ["x", "Cannot index number with \"a\""]),
        ("[.users[] | .name.x?]", [[]]),
        ('"\\(.total): \\(.users[0].tags)"', ['2: ["x","y"]']),
        (
            "[1, \"a b\", null, true] | @csv, @tsv, @sh, @json",
            ['1,"a b",,true', "1\ta b\t\ttrue", "1 'a b' null true", '[1,"a b",null,true]'],
        ),
        (
            ".s | @base64, (@base64 | @base64d), @uri, @html",
            ["aGVsbG8sIHdvcmxk", "hello, world", "hello%2C%20world", "hello, world"],
        ),
        (
            ".s | test(\"HELLO\"; \"i\"), sub(\"l\"; \"L\"), gsub(\"(?<x>[lo])\"; \"<\\(.x)>\")",
            [True, "heLlo, world", "he<l><l><o>, w<o>r<l>d"],
        ),
        (
            ".s | capture(\"(?<a>\\\\w+), (?<b>\\\\w+)\"), [scan(\"l+\")], split(\", \")",
            [{"a": "hello", "b": "world"}, ["ll", "l"], ["hello", "world"]],
        ),
        (".users[].age |= . + 1 | [.users[].age]", [[31, 26]]),
        (".users |= (.[0] |= empty) | .users | length", [1]),
        (".a.b[2] = 1 | .a", [{"b": [None, None, 1]}]),
        (".total += 3 | .zz //= 7 | [.total, .zz]", [[5, 7]]),
        ("del(.users[0], .s) | [(.users | length), has(\"s\")]", [[1, False]]),
        ("[paths(type == \"number\")] | length", [6]),
        ("path(.users[0].name)", [["users", 0, "name"]]),
        ("[limit(3; 1 | repeat(1))], first(range(9)), [.[]?] == [.[]]", [[1, 1, 1], 0, True]),
        ("label $out | foreach (1, 2, 3) as $i (0; . + $i; if . > 2 then ., break $out else empty end)", [3]),
        ("4 / 2, 1 / 4, 7 % 3, -7 % 3, \"a,b\" / \",\"", [2, 0.25, 1, -1, ["a", "b"]]),
        ("{a: {b: 1}} * {a: {c: 2}}, \"ab\" * 2", [{"a": {"b": 1, "c": 2}}, "abab"]),
        ("[3, \"a\", null, [1], {}, true, 1] | sort", [[None, True, 1, 3, "a", [1], {}]]),
        (
            "to_entries | map(.key) , (with_entries(.value |= 1) | add)",
            [["users", "total", "n", "no", "s", "nested"], 6],
        ),
        ("walk(if type == \"number\" then . * 2 else . end) | .total", [4]),
        ("fromstream(tostream) == .", [True]),
        ("\"2024-03-05T06:07:08Z\" | fromdate, (fromdate | todate)", [1709618828, "2024-03-05T06:07:08Z"]),
        ("[1, [2, [3]]] | flatten, flatten(1)", [[1, 2, 3], [1, 2, [3]]]),
        ("env, $ENV", [{}, {}]),
        ("$__loc__.line", [1]),
        ("# a comment\n.total", [2]),
    ],
)  # fmt: skip
def test_programs(program: str, expected: list[Any]) -> None:
    assert jq(program) == expected


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("bad(", "unexpected the end at character 5"),
        (".users[", "unexpected the end"),
        ("unknown(1)", "the function unknown/1 is not defined"),
        ("$nope", "the variable $nope is not defined"),
        ("@nope", "the function @nope/0 is not defined"),
        (".total.x", 'Cannot index number with "x"'),
        (".total[]", "Cannot iterate over number (2)"),
        ("{} + 1", "object ({}) and number (1) cannot be added"),
        ("1 / 0", "cannot be divided because the divisor is zero"),
        ("error({a: 1})", '{"a":1} (not a string)'),
        ('"x" | test("(")', "is not a valid regex"),
        ('"\\q"', "unknown escape"),
    ],
)
def test_failures(program: str, message: str) -> None:
    with pytest.raises(ExpressionError) as failure:
        jq(program)
    assert failure.value.message.startswith("Unable to parse jq value")
    assert message in failure.value.message


def test_a_text_is_parsed_first() -> None:
    assert jq(".a", '{"a": 1.0} rest') == [1.0]
    with pytest.raises(ExpressionError, match="Unable to parse jq value 'hello'"):
        jq(".", "hello")


def test_what_an_editor_asks() -> None:
    assert check_jq(".users | map(.name)") is None
    assert check_jq(".users | map(") == "unexpected the end at character 14 of the jq program"
