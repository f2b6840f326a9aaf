"""Functions that turn one value into another, and those that look at the template itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from podium.expressions.arithmetic import sequence
from podium.expressions.entries import ABSENT, Catalog, Param
from podium.expressions.errors import ExpressionError
from podium.expressions.json_text import parse_json
from podium.expressions.state import State
from podium.expressions.values import as_double, is_number, to_text, wrong_kind

CATALOG = Catalog()


def required(value: Any, function: str, argument: str) -> Any:
    """An argument that must be given; raises with Kestra's wording."""
    if value is ABSENT:
        raise ExpressionError(f"The '{function}' function expects an argument '{argument}'.")
    return value


def _parsed(value: Any, function: str) -> Any:
    required(value, function, "json")
    if value is None:
        return None
    if not isinstance(value, str):
        raise ExpressionError(f"The '{function}' function expects an argument 'json' with type string.")
    try:
        return parse_json(value)
    except ValueError as error:
        raise ExpressionError(f"Invalid json: {error}") from None


_JSON = Param("json", "A text with a JSON value.", default=ABSENT, required=True)


@CATALOG.add(
    "function",
    "fromJson",
    _JSON,
    doc="The value of a JSON text. Text behind the first value is ignored.",
    example="{{ fromJson(taskrun.value).name }}",
)
def from_json(state: State, value: Any) -> Any:
    return _parsed(value, "fromJson")


@CATALOG.add(
    "function", "json", _JSON, doc="Older name of `fromJson`.", example="{{ json(inputs.body).name }}", removed="2.0"
)
def json_(state: State, value: Any) -> Any:
    return _parsed(value, "json")


@CATALOG.add(
    "function",
    "yaml",
    Param("yaml", "A text with a YAML document.", default=ABSENT, required=True),
    doc="The value of a YAML text: its first document; aliases are not followed.",
    example="{{ yaml(read('config.yaml')).host }}",
)
def yaml(state: State, value: Any) -> Any:
    from podium.expressions.yaml_text import from_yaml

    if not isinstance(required(value, "yaml", "yaml"), str):
        raise ExpressionError("The 'yaml' function expects an argument 'yaml' with type string.")
    return from_yaml(value)


@CATALOG.add(
    "function",
    "fromIon",
    Param("ion", "Ion text, or the content of a binary Ion file.", default=ABSENT, required=True),
    Param("allRows", "Whether to read every value, as a list.", default=False, shown="false"),
    doc="The first value of Amazon Ion text, or all of them.",
    example="{{ fromIon(read(outputs.query.uri), allRows=true) }}",
)
def from_ion_(state: State, value: Any, all_rows: Any) -> Any:
    from podium.expressions.ion_text import from_ion

    if required(value, "fromIon", "ion") is None:
        return None
    if not isinstance(value, (str, bytes, bytearray)):
        raise ExpressionError("The 'fromIon' function expects an argument 'ion' with type string.")
    if all_rows is not None and not isinstance(all_rows, bool):
        raise wrong_kind("The argument 'allRows' of the 'fromIon' function", "a boolean", all_rows)
    return from_ion(value if isinstance(value, str) else bytes(value), bool(all_rows))


def _extreme(values: tuple[Any, ...], name: str, sign: int) -> Any:
    best: Any = None
    for value in values:
        if best is None or value is None:
            best = value if best is None else best
            continue
        if not (is_number(value) and is_number(best)):
            raise wrong_kind(f"The '{name}' function", "numbers", best if is_number(value) else value)
        if sign * as_double(value) > sign * as_double(best):
            best = value
    return best


@CATALOG.add("function", "max", doc="The greatest of the numbers.", example="{{ max(1, 5, 3) }}", variadic=True)
def max_(state: State, *values: Any) -> Any:
    return _extreme(values, "max", 1)


@CATALOG.add("function", "min", doc="The smallest of the numbers.", example="{{ min(1, 5, 3) }}", variadic=True)
def min_(state: State, *values: Any) -> Any:
    return _extreme(values, "min", -1)


@CATALOG.add(
    "function",
    "range",
    Param("start", "The first number or character.", required=True),
    Param("end", "The last one, inclusive.", required=True),
    Param("increment", "The distance between two.", default=1, shown="1"),
    doc="A list from `start` to `end`, both included.",
    example="{{ range(0, 6, 2) }}",
)
def range_(state: State, start: Any, end: Any, increment: Any) -> list[Any]:
    return sequence(start, end, 1 if increment is None else increment)


@CATALOG.add(
    "function",
    "render",
    Param("toRender", "A text, list or map that holds expressions.", default=ABSENT, required=True),
    Param("recursive", "Whether to go on until no expression is left.", default=True, shown="true"),
    doc="The value with the expressions inside its texts evaluated.",
    example="{{ render(vars.prefix) }}",
)
def render(state: State, value: Any, recursive: Any) -> Any:
    from podium.expressions.render import render_within

    required(value, "render", "toRender")
    if not isinstance(recursive, bool):
        raise ExpressionError("The 'render' function expects an optional argument 'recursive' with type boolean.")
    return render_within(state, value, recursive)


@CATALOG.add(
    "function",
    "renderOnce",
    Param("toRender", "A text, list or map that holds expressions.", default=ABSENT, required=True),
    doc="As `render`, but what comes out is not evaluated again.",
    example="{{ renderOnce(vars.template) }}",
)
def render_once(state: State, value: Any) -> Any:
    return render(state, value, False)


@CATALOG.add(
    "function",
    "block",
    Param("name", "The name of a block of this template.", required=True),
    doc="The content of a `{% block %}` once more; nothing when there is none.",
    example="{% block line %}-{% endblock %}{{ block('line') }}",
)
def block(state: State, name: Any) -> Any:
    content = state.blocks.get(to_text(name))
    return None if content is None else content(state)


@CATALOG.add(
    "function", "parent", doc="Always fails: templates of flows have no parent templates.", example="{{ parent() }}"
)
def parent(state: State) -> Any:
    raise ExpressionError("Can not use parent function if template does not extend another template.")


def _context(state: State) -> dict[str, Any]:
    return {key: value for key, value in _roots(state).items() if not key.startswith("__")}


def _roots(state: State) -> Mapping[str, Any]:
    roots: dict[str, Any] = {name: state.variable(name) for name in state.context}
    for frame in state.frames:
        roots |= frame
    return roots


@CATALOG.add(
    "function",
    "printContext",
    doc="Every variable there is, as a map; for finding mistakes.",
    example="{{ printContext() }}",
)
def print_context(state: State) -> dict[str, Any]:
    return _context(state)


@CATALOG.add(
    "function",
    "fetchContext",
    doc="Every variable there is, as a map; for finding mistakes.",
    example="{{ fetchContext() }}",
)
def fetch_context(state: State) -> dict[str, Any]:
    return _context(state)
