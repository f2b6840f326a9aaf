"""How fast expressions are, as ratios against plain jinja2 in the same run: `python bench/expressions.py`.

Baselines: a compiled jinja2 template rendered again (for cached renders, with jinja2 filters that do the same
work), `Environment.from_string` (for compiling). Budgets: a cached render at most twice plain jinja2, compiling
at most once. Exit code 1 when a budget is broken.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "app"))

import jinja2

from podium.expressions.fixtures import FixtureServices
from podium.expressions.render import render
from podium.expressions.template import Template

CONTEXT: dict[str, Any] = {
    "outputs": {"a": {"vars": {"b": "value", "rows": [3, 1, 2]}}},
    "inputs": {"name": "  Nightly Load  ", "day": "2024-03-05T06:07:08Z"},
    "execution": {"id": "4UxQ7mTzR0", "startDate": datetime(2024, 3, 5, 6, 7, 8, 123456, tzinfo=UTC)},
    "taskrun": {"value": "0", "iteration": 0},
}
PATH = "{{ outputs.a.vars.b }}"
CHAIN = "{{ execution.startDate | dateAdd(-1, 'DAYS') | date('yyyy-MM-dd') | replace({'-': '/'}) | upper | trim }}"
JINJA_CHAIN = "{{ execution.startDate | day_before | ymd | replace('-', '/') | upper | trim }}"
LOOP = "s3://{{ outputs.a.vars.b }}/{{ taskrun.value }}/{{ inputs.name | trim | lower }}.csv"
COMPILED = (
    "{{ outputs.a.vars.b | upper }} and {% if taskrun.iteration > 3 %}{{ inputs.name ~ '-' ~ taskrun.value }}"
    "{% else %}{{ inputs.day | trim }}{% endif %}"
)


@dataclass(frozen=True, slots=True)
class Result:
    """Microseconds per operation, Podium's and the baseline's, and the greatest ratio allowed."""

    name: str
    ours: float
    baseline: float
    budget: float

    @property
    def ratio(self) -> float:
        return self.ours / self.baseline


def best(run: Callable[[], object], count: int, rounds: int = 7) -> float:
    """Microseconds per call: the best of several rounds, which is the one least disturbed."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(count):
            run()
        times.append((time.perf_counter() - start) / count * 1e6)
    return min(times)


def environment() -> jinja2.Environment:
    made = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
    made.filters["day_before"] = lambda moment: (moment - timedelta(days=1)).isoformat()
    made.filters["ymd"] = lambda text: datetime.fromisoformat(text).strftime("%Y-%m-%d")
    return made


def results() -> list[Result]:
    jinja, services = environment(), FixtureServices()

    def cached(text: str, jinja_text: str, name: str, context: Mapping[str, Any], count: int) -> Result:
        template = jinja.from_string(jinja_text)
        assert render(text, context, services) == template.render(context)
        ours = best(lambda: render(text, context, services), count)
        return Result(name, ours, best(lambda: template.render(context), count), 2.0)

    compiling = Result(
        "compile",
        best(lambda: Template(COMPILED), 200),
        best(lambda: jinja.from_string(COMPILED), 200),
        1.0,
    )
    return [
        cached(PATH, PATH, "cached render: {{ outputs.a.vars.b }}", CONTEXT, 20_000),
        cached(CHAIN, JINJA_CHAIN, "cached render: 5 filters with a date", CONTEXT, 3_000),
        compiling,
        in_a_loop(jinja, services),
    ]


def in_a_loop(jinja: jinja2.Environment, services: FixtureServices) -> Result:
    """10,000 renders, as the iterations of a loop do them: the same text, `taskrun` another every time."""
    contexts = [{**CONTEXT, "taskrun": {"value": str(number), "iteration": number}} for number in range(10_000)]
    template = jinja.from_string(LOOP)

    def ours() -> None:
        for context in contexts:
            render(LOOP, context, services)

    def theirs() -> None:
        for context in contexts:
            template.render(context)

    return Result("10,000 renders in a loop", best(ours, 1, 5), best(theirs, 1, 5), 2.0)


def main() -> int:
    broken = 0
    print(f"{'':42}{'podium µs':>12}{'jinja2 µs':>12}{'ratio':>8}{'budget':>8}")
    for result in results():
        broken += result.ratio > result.budget
        print(f"{result.name:42}{result.ours:12.2f}{result.baseline:12.2f}{result.ratio:8.2f}{result.budget:8.1f}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
