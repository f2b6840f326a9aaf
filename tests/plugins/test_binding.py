"""Raw properties become typed values, or an error that names the property and the value."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Literal

import pytest

from podium.expressions.errors import ExpressionError
from podium.model.properties import Expression, Polymorphic, Properties, prop
from podium.model.schema import Family
from podium.plugin.binding import BindingError, bind, render_late


class Upper:
    """Renders `{x}` to the value of x, and fails for `{missing}`."""

    values: ClassVar = {"n": "7", "list": '["a","b"]', "map": '{"k": 1}', "empty": "", "day": "2026-01-31"}

    def render(self, value: Any, extra: Mapping[str, Any] | None = None) -> Any:
        values = {**self.values, **(extra or {})}
        if "{missing}" in value:
            raise ExpressionError("no missing")
        for name, text in values.items():
            value = value.replace("{" + name + "}", text)
        return value


class Inner(Properties):
    size: int = prop(required=True)
    name: str = prop(default="{n} inside")


class Runner(Polymorphic):
    family: ClassVar[Family] = "taskRunner"


class Local(Runner):
    host: str | None = prop()


class Everything(Properties):
    text: str | None = prop(aliases=("oldText",))
    number: int | None = prop()
    ratio: float | None = prop()
    flag: bool | None = prop()
    wait: timedelta | None = prop()
    at: datetime | None = prop()
    level: Literal["INFO", "WARN"] = prop(default="INFO")
    names: list[str] | None = prop()
    counts: dict[str, int] | None = prop()
    anything: Any = prop()
    message: str | list[str] | None = prop()
    inner: Inner | None = prop()
    inners: list[Inner] | None = prop()
    runner: Runner | None = prop()
    late: Expression | None = prop()
    lates: list[Expression] | None = prop()
    fixed: str | None = prop(dynamic=False)
    secret: int | None = prop(secret=True)
    namespace: str = prop(default="n={n}")
    from_: str | None = prop(name="from")


def bound(**props: Any) -> Everything:
    return bind(Everything, props, Upper(), {"local": Local}.get)


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("text", "a {n}", "a 7"),
        ("text", 5, "5"),
        ("text", True, "true"),
        ("text", {"a": [1]}, '{"a":[1]}'),
        ("number", "{n}", 7),
        ("number", "12345678901234567890", 12345678901234567890),
        ("number", 3.0, 3),
        ("number", "{empty}", None),
        ("ratio", "1.5", 1.5),
        ("flag", "TRUE", True),
        ("flag", False, False),
        ("wait", "PT1M30S", timedelta(seconds=90)),
        ("wait", 90, timedelta(seconds=90)),
        ("wait", "{n}", timedelta(seconds=7)),
        ("at", "2026-01-31T08:00:00Z", datetime(2026, 1, 31, 8, tzinfo=UTC)),
        ("level", "warn", "WARN"),
        ("names", ["{n}", 2], ["7", "2"]),
        ("names", "{list}", ["a", "b"]),
        ("names", '["x"]', ["x"]),
        ("counts", {"k{n}": "{n}"}, {"k7": 7}),
        ("counts", "{map}", {"k": 1}),
        ("anything", {"a": ["{n}", 1, None]}, {"a": ["7", 1, None]}),
        ("message", "one {n}", "one 7"),
        ("message", ["one", "{n}"], ["one", "7"]),
        ("inner", {"size": "{n}"}, Inner(size=7, name="7 inside")),
        ("inner", '{"size": 2, "name": "x"}', Inner(size=2, name="x")),
        ("inners", [{"size": 1, "name": "a"}], [Inner(size=1, name="a")]),
        ("runner", {"type": "local", "host": "h{n}"}, Local(host="h7")),
        ("late", "{n}", "{n}"),
        ("lates", ["{n}", "{missing}"], ["{n}", "{missing}"]),
        ("fixed", "{n}", "{n}"),
    ],
)
def test_values(name: str, raw: Any, value: Any) -> None:
    assert getattr(bound(**{name: raw}), name) == value


def test_defaults_aliases_and_names() -> None:
    everything = bound(oldText="{n}", **{"from": "f{n}"})
    assert (everything.text, everything.namespace, everything.level, everything.from_) == ("7", "n=7", "INFO", "f7")
    assert bound(text=None, unknown=1).text is None


def test_a_date_without_zone_is_local() -> None:
    at = bound(at="2026-01-31T08:00:00").at
    assert at is not None
    assert at.utcoffset() == datetime(2026, 1, 31, 8).astimezone().utcoffset()


@pytest.mark.parametrize(
    ("props", "message"),
    [
        ({"number": "x{n}"}, "The property `number` must be a whole number, but it is 'x7'."),
        ({"number": 1.5}, "The property `number` must be a whole number, but it is 1.5."),
        ({"number": True}, "The property `number` must be a whole number, but it is true."),
        ({"flag": "yes"}, "The property `flag` must be `true` or `false`, but it is 'yes'."),
        ({"wait": "soon"}, "The property `wait` must be a duration such as PT30S, PT1H30M or P1D, or a number of"),
        ({"level": "warm"}, "The property `level` must be one of INFO, WARN (Did you mean `WARN`?), but it is 'warm'."),
        ({"names": "a"}, "The property `names` must be a list (or a text that renders to one as JSON), but it is 'a'."),
        ({"names": {"a": 1}}, 'The property `names` must be a list, but it is {"a":1}.'),
        ({"counts": {"k": "x"}}, "The property `counts.k` must be a whole number, but it is 'x'."),
        ({"inner": {}}, "The property `inner.size` is required."),
        ({"inner": {"size": "{empty}"}}, "The property `inner.size` is required: '{empty}' renders to nothing."),
        ({"inners": [{"size": 1}, {"size": "x"}]}, "The property `inners[1].size` must be a whole number, but"),
        ({"runner": {"host": "h"}}, "The property `runner` needs a `type`."),
        ({"runner": {"type": "k8s"}}, "The property `runner` has the type `k8s`, which cannot run on this machine."),
        ({"names": ["a", "{missing}"]}, "The property `names[1]` could not be rendered: no missing"),
        ({"secret": "hunter2"}, "The property `secret` must be a whole number, but it is (hidden)."),
    ],
)
def test_errors_name_the_property_and_the_value(props: dict[str, Any], message: str) -> None:
    with pytest.raises(BindingError) as failure:
        bound(**props)
    assert str(failure.value).startswith(message)


def test_late_rendering_knows_the_variables_of_the_task() -> None:
    everything = bound(lates=["{n} {own}"])
    assert render_late(Upper(), everything.lates, list[Expression], "lates", {"own": "mine"}) == ["7 mine"]
    with pytest.raises(BindingError, match=r"`lates\[0\]` could not be rendered"):
        render_late(Upper(), ["{missing}"], list[str], "lates")
