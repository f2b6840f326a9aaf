"""What is said about the word at the cursor."""

import pytest
from tests.model.cursors import at_cursor

from podium.model.hover import hover
from podium.tasks.registry import default_registry

REGISTRY = default_registry()
FLOW = """\
id: f
namespace: lab
inputs:
  - id: day
    type: DATE
    defaults: "2026-01-05"
    description: The day to load
  - id: other
    type: STRING
    dependsOn: {inputs: [day], condition: "{{ inputs.day is defined }}"}
variables:
  bucket: raw
tasks:
  - id: load-it
    type: io.kestra.plugin.core.http.Request
    uri: "https://x.y/{{ inputs.day | date('yyyy') }}"
    retry: {type: constant, interval: PT10S}
  - id: py
    type: io.kestra.plugin.scripts.python.Script
    allowFailure: true
    script: |
      import x
      print({{ outputs['load-it'].code + now() }})
  - id: dag
    type: io.kestra.plugin.core.flow.Dag
    tasks:
      - task:
          id: one
          type: io.kestra.plugin.core.log.Log
          message: "{{ vars.bucket }} {{ flow.id }} {{ taskrun.startDate }}"
      - task:
          id: two
          type: io.kestra.plugin.core.log.Log
          message: "{{ currentEachOutput(outputs.py).exitCode }}"
        dependsOn:
          - one
"""

CASES: list[tuple[str, str, list[str]]] = [
    ("na¦mespace: lab", "namespace", ["`namespace` · string, required", "Where the flow lives"]),
    ("type: io.kestra.plugin.core.http.Req¦uest", "io.kestra.plugin.core.http.Request", ["Outputs", "`code`"]),
    ("type: DA¦TE", "DATE", ["`DATE`"]),
    ("ur¦i: ", "uri", ["`uri`", "required"]),
    ("re¦try:", "retry", ["`retry`", "When a failed attempt is tried again"]),
    ("type: const¦ant", "constant", ["`constant`"]),
    ("inter¦val: PT10S", "interval", ["`interval`", "required"]),
    ("allowFailure: tr¦ue", "true", ["`allowFailure`"]),
    ("inputs.d¦ay | date", "day", ["`inputs.day` · DATE", "2026-01-05", "The day to load"]),
    ("inputs.day | da¦te('yyyy')", "date", ["filter"]),
    ("day is defi¦ned", "defined", ["test"]),
    ("no¦w()", "now", ["function"]),
    ("out¦puts['load-it'].code", "outputs", ["`outputs`"]),
    ("outputs['load-¦it'].code", "['load-it']", ["`outputs.load-it`", "http.Request"]),
    ("outputs['load-it'].co¦de", "code", ["`outputs.load-it.code`", "integer"]),
    ("vars.buc¦ket", "bucket", ["raw"]),
    ("flow.i¦d", "id", ["The id of the flow"]),
    ("taskrun.start¦Date", "startDate", ["When it began"]),
    ("(outputs.py).exitCo¦de", "exitCode", ["exit code"]),
    ("          - o¦ne", "one", ["`outputs.one`", "log.Log"]),
    ("[da¦y]", "day", ["`inputs.day`"]),
    ("dependsOn¦: {", "dependsOn", ["`dependsOn`"]),
    ("condi¦tion: ", "condition", ["`condition`"]),
]


@pytest.mark.parametrize(("place", "word", "parts"), CASES)
def test_what_is_said(place: str, word: str, parts: list[str]) -> None:
    plain = place.replace("¦", "")
    lines, row, column = at_cursor(FLOW.replace(plain, place, 1))
    found = hover(lines, row, column, REGISTRY)
    assert found is not None
    assert lines[found.range.line][found.range.column : found.range.end_column] == word
    for part in parts:
        assert part in found.text


@pytest.mark.parametrize("place", ["import¦ x", "id: ¦f", "https:¦//x.y", "lab¦\n"])
def test_nothing_is_said_about_plain_text(place: str) -> None:
    assert hover(*at_cursor(FLOW.replace(place.replace("¦", ""), place, 1)), REGISTRY) is None


def test_a_type_of_a_server_says_so() -> None:
    found = hover(*at_cursor("tasks:\n  - id: a\n    type: io.kestra.plugin.gcp.bigquery.Qu¦ery"), REGISTRY)
    assert found is not None and "not here" in found.text
