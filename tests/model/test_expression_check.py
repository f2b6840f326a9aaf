"""Expressions inside flows: what is reported, and exactly where."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.model.expression_check import check
from podium.model.findings import Findings
from podium.model.marked_yaml import Document, MapNode, ScalarNode, documents
from podium.model.scalar_places import ScalarPlaces
from podium.plugin.registry import Registry
from podium.tasks.registry import default_registry

_ROOT = Path(__file__).resolve().parents[2]
_BLUEPRINTS = Path(os.environ.get("PODIUM_SHARED", _ROOT.parent / "shared")) / "conformance" / "blueprints"

FLOW = """\
id: f
namespace: company.team
inputs:
  - id: day
    type: STRING
  - id: nested.value
    type: STRING
variables:
  bucket: b
  prefix: "{{ inputs.day }}/x"
tasks:
"""
LOG = "type: io.kestra.plugin.core.log.Log"
RETURN = "type: io.kestra.plugin.core.debug.Return"


@pytest.fixture(scope="module")
def registry() -> Registry:
    return default_registry()


def found(text: str, registry: Registry) -> list[tuple[str, str]]:
    """(code, the marked text) of every finding."""
    (document,) = documents(text)
    findings = Findings()
    check(document, registry, findings)
    lines = text.split("\n")
    marked = []
    for finding in findings.diagnostics:
        at = finding.range
        assert at.line == at.end_line
        marked.append((finding.code, lines[at.line][at.column : at.end_column]))
    return marked


def task(name: str, message: str, kind: str = RETURN, indent: int = 2) -> str:
    margin = " " * indent
    field = "format" if kind == RETURN else "message"
    return f"{margin}- id: {name}\n{margin}  {kind}\n{margin}  {field}: {message}\n"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ('"{{ inputs.day }} {{ inputs.nested.value }} {{ vars.bucket }}"', []),
        ('"{{ inputs.dya }}"', [("unknown-input", "dya")]),
        ("'{{ inputs[\"dya\"] }}'", [("unknown-input", '"dya"')]),
        ('"{{ vars.buket }}"', [("unknown-variable", "buket")]),
        ('"{{ vars.prefix }}"', [("expression-finding", "vars.prefix")]),
        ('"{{ render(vars.prefix) }}"', []),
        ('"{{ outputs.nope.value }}"', [("unknown-output", "nope")]),
        ('"{{ outputs.nope.value ?? 1 }} {{ inputs.x | default(1) }}"', []),
        ('"{{ outputs.first.value }}"', []),
        ('"{{ outputs.first.vlaue }}"', [("unknown-attribute", "vlaue")]),
        ('"{{ outputs.last.value }}"', [("output-too-early", "last")]),
        ('"{{ outputs.it.value }}"', [("output-too-early", "it")]),
        ('"{{ outputs[taskrun.value].value }}"', [("expression-finding", "taskrun.value")]),
        ('"{{ taskrun.value ?? taskrun.id }}"', []),
        ('"{{ item.value }} {{ True }}"', [("expression-finding", "item"), ("unknown-variable", "True")]),
        ('"{{ flow.ident }} {{ taskrun.startDate }}"', [("unknown-variable", "ident")]),
        ('"{{ execuion.id }}"', [("unknown-variable", "execuion")]),
        ('"{% for x in inputs.day %}{{ x.y }}{% endfor %}"', []),
        ('"{{ inputs.day | uper }}"', [("unknown-function", "uper")]),
        ('"{{ inputs.day | chunk(1, 22) }}"', [("unknown-function", "2")]),
        ('"{{ inputs.day b }}"', [("expression-syntax", "b")]),
        ('"{{ outputs.my-task.value }}"', [("expression-finding", "outputs.my-task.value")]),
        ('"it\'s\\t{{ inputs.dya }}"', [("unknown-input", "dya")]),
        ("'it''s {{ inputs.dya }}'", [("unknown-input", "dya")]),
        ("|\n      one\n\n        {{ inputs.dya }}\n", [("unknown-input", "dya")]),
        (">-\n      one\n      two {{ inputs.day }}\n\n      {{ inputs.dya }}\n", [("unknown-input", "dya")]),
        ("one\n      two {{ inputs.dya }}", [("unknown-input", "dya")]),
    ],
)
def test_one_task(message: str, expected: list[tuple[str, str]], registry: Registry) -> None:
    text = FLOW + task("first", "x") + task("it", message) + task("last", "x")
    assert found(text, registry) == expected


def test_messages_say_what_there_is_and_mend(registry: Registry) -> None:
    text = FLOW + task("python_script", "x") + task("other", "x") + task("it", '"{{ outputs.pyton_script.value }}"')
    (document,) = documents(text)
    findings = Findings()
    check(document, registry, findings)
    (finding,) = findings.diagnostics
    assert finding.message == (
        "`outputs.pyton_script`: the flow has no such task. Did you mean `python_script`? "
        "Available: `python_script`, `other`, `it`."
    )
    assert finding.path == "tasks[2].format" and finding.fix is not None
    assert finding.fix.edits[0].text == "python_script"


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        # A flowable's property is evaluated before the tasks inside it.
        ("  - id: branch\n    type: io.kestra.plugin.core.flow.If\n"
         "    condition: \"{{ outputs.inner.value }}\"\n    then:\n"
         + task("inner", "x", indent=6), ["output-too-early"]),
        # Tasks of a Parallel run at the same time.
        ("  - id: both\n    type: io.kestra.plugin.core.flow.Parallel\n    tasks:\n"
         + task("one", "x", indent=6) + task("two", '"{{ outputs.one.value }}"', indent=6), ["output-too-early"]),
        # In a loop, an earlier iteration may have made the output.
        ("  - id: loop\n    type: io.kestra.plugin.core.flow.ForEach\n    values: [1]\n    tasks:\n"
         + task("one", '"{{ outputs.two[taskrun.value].value }}"', indent=6) + task("two", "x", indent=6), []),
        # A Dag waits only for what it is told to.
        ("  - id: dag\n    type: io.kestra.plugin.core.flow.Dag\n    tasks:\n"
         "      - task:\n          id: one\n          "
         + RETURN + "\n          format: x\n      - task:\n          id: two\n          " + RETURN
         + "\n          format: \"{{ outputs.one.value }}\"\n        dependsOn: [one]\n", []),
        ("  - id: dag\n    type: io.kestra.plugin.core.flow.Dag\n    tasks:\n"
         "      - task:\n          id: one\n          "
         + RETURN + "\n          format: x\n      - task:\n          id: two\n          " + RETURN
         + "\n          format: \"{{ outputs.one.value }}\"\n", ["output-too-early"]),
        # After a loop its tasks have outputs by iteration, whatever the key.
        ("  - id: loop\n    type: io.kestra.plugin.core.flow.ForEach\n    values: [1]\n    tasks:\n"
         + task("one", "x", indent=6) + task("after", '"{{ outputs.one.anything.value }}"'), []),
        # Of the branches of an If only one runs, unless it is asked again in a loop.
        ("  - id: branch\n    type: io.kestra.plugin.core.flow.If\n    condition: \"true\"\n    then:\n"
         + task("yes", "x", indent=6) + "    else:\n"
         + task("no", '"{{ outputs.yes.value }} {{ outputs.yes.value ?? 1 }}"', indent=6), ["output-too-early"]),
        ("  - id: branch\n    type: io.kestra.plugin.core.flow.Switch\n    value: a\n    cases:\n      a:\n"
         + task("one", "x", indent=8) + "      b:\n"
         + task("other", '"{{ outputs.one.value }}"', indent=8), ["output-too-early"]),
        ("  - id: loop\n    type: io.kestra.plugin.core.flow.ForEach\n    values: [1]\n    tasks:\n"
         "      - id: branch\n        type: io.kestra.plugin.core.flow.If\n        condition: \"true\"\n        then:\n"
         + task("yes", "x", indent=10) + "        else:\n"
         + task("no", '"{{ outputs.yes[parent.taskrun.value].value }}"', indent=10), []),
        # The value of an iteration belongs to the tasks that stand right in the loop.
        ("  - id: loop\n    type: io.kestra.plugin.core.flow.ForEach\n    values: [1]\n    tasks:\n"
         + task("right", '"{{ taskrun.value }} {{ taskrun.iteration }}"', indent=6)
         + "      - id: dir\n        type: io.kestra.plugin.core.flow.WorkingDirectory\n        tasks:\n"
         + task("inside", '"{{ taskrun.value }}"', indent=10)
         + "      - id: branch\n        type: io.kestra.plugin.core.flow.If\n"
           "        condition: \"{{ taskrun.value }}\"\n        then:\n"
         + task("deeper", '"{{ taskrun.value }} {{ parent.taskrun.value }}"', indent=10)
         + "      - id: again\n        type: io.kestra.plugin.core.flow.ForEach\n"
           "        values: \"{{ [taskrun.value] }}\"\n        tasks:\n"
         + task("own", '"{{ taskrun.value }} {{ parent.taskrun.value }}"', indent=10)
         + "    errors:\n" + task("failed", '"{{ taskrun.value }}"', indent=6), ["expression-finding"]),
        ("  - id: rounds\n    type: io.kestra.plugin.core.flow.LoopUntil\n"
         "    condition: \"{{ taskrun.iteration > 1 and outputs.rounds.iterationCount > 1 }}\"\n    tasks:\n"
         + task("round", '"{{ taskrun.iteration }}"', indent=6), []),
        # `errors` comes later than the tasks.
        (task("one", '"{{ outputs.failed.value }}"') + "errors:\n" + task("failed", '"{{ outputs.one.value }}"'),
         ["output-too-early"]),
        # What a server only knows may have variables of its own.
        ("  - id: remote\n    type: io.kestra.plugin.some.Thing\n    text: \"{{ row.id }} {{ inputs.dya }}\"\n",
         ["unknown-input"]),
    ],
)  # fmt: skip
def test_order_and_places(tasks: str, expected: list[str], registry: Registry) -> None:
    assert [code for code, _ in found(FLOW + tasks, registry)] == expected


def test_other_blocks(registry: Registry) -> None:
    text = (
        FLOW
        + task("one", "x")
        + 'outputs:\n  - id: o\n    type: STRING\n    value: "{{ outputs.nope.value }}"\n'
        + "triggers:\n  - id: t\n    type: io.kestra.plugin.core.trigger.Schedule\n    cron: '@daily'\n"
        + '    inputs:\n      day: "{{ trigger.date | dat }}"\n'
    )
    assert found(text, registry) == [("unknown-function", "dat"), ("unknown-output", "nope")]
    assert found(FLOW.replace("bucket: b", 'bucket: "{{ inputs.dya }}"') + task("a", "x"), registry) == [
        ("unknown-input", "dya")
    ]
    assert found(FLOW.replace("bucket: b", 'bucket: "{{ not ours"') + task("a", "x"), registry) == []


def test_an_input_sees_only_what_it_depends_on(registry: Registry) -> None:
    text = """id: f
namespace: company.team
inputs:
  - {id: a, type: STRING}
  - {id: b.c, type: STRING}
  - id: free
    type: STRING
    defaults: "{{ inputs.a }} {{ inputs.b.c ?? 1 }} {{ inputs.nope }}"
  - id: bound
    type: SELECT
    expression: "{{ [inputs.a, inputs.b.c] }}"
    dependsOn: {inputs: [a, b.c], condition: "{{ inputs.free == 'x' }}"}
tasks:
""" + task("t", '"{{ inputs.free }} {{ inputs.b.c }}"')
    assert found(text, registry) == [
        ("expression-finding", "inputs.a"), ("unknown-input", "nope"), ("expression-finding", "inputs.free")
    ]  # fmt: skip


class _Kept:
    def has_secret(self, key: str, namespace: str) -> bool:
        return key == "KNOWN"

    def has_key(self, key: str, namespace: str) -> bool:
        return (key, namespace) == ("shared", "company")

    def has_file(self, path: str, namespace: str) -> bool:
        return path == "q.sql"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("secret('KNOWN')", []),
        ("secret('NOPE')", ["unknown-secret"]),
        ("secret(inputs.day)", []),
        ("secret(key='NOPE', namespace='other.team')", ["unknown-secret"]),
        ("secret('NOPE', inputs.day)", []),
        ("kv('shared')", []),
        ("kv('shared', 'company.team')", ["unknown-key"]),
        ("kv('nope', errorOnMissing=false)", []),
        ("read('q.sql')", []),
        ("read('nope.sql')", ["unknown-file"]),
        ("read('kestra:///x') ~ fileExists('nope.sql')", []),
    ],
)
def test_what_is_not_kept_is_mentioned(expression: str, expected: list[str], registry: Registry) -> None:
    (document,) = documents(FLOW + task("a", f'"{{{{ {expression} }}}}"'))
    findings = Findings()
    check(document, registry, findings, kept=_Kept())
    assert [finding.code for finding in findings.diagnostics] == expected


def test_what_the_flow_makes_itself_is_not_missed(registry: Registry) -> None:
    kv_set = "  - id: s\n    type: io.kestra.plugin.core.kv.Set\n    key: k\n    value: 1\n"
    (document,) = documents(FLOW + kv_set + task("a", "\"{{ kv('k') }}\""))
    findings = Findings()
    check(document, registry, findings, kept=_Kept())
    assert findings.diagnostics == []


def test_the_second_document_of_a_stream(registry: Registry) -> None:
    text = FLOW + task("a", "x") + "---\n" + FLOW + task("b", '"{{ inputs.dya }}"')
    findings = Findings()
    check(documents(text)[1], registry, findings)
    (finding,) = findings.diagnostics
    line = text.split("\n")[finding.range.line]
    assert line[finding.range.column : finding.range.end_column] == "dya"


_WORDS = st.lists(
    st.sampled_from(["one", "{{ a.b }}", "it's", "x: y", "\\", "é", "", " ", "  in", "#", '"q"']),
    min_size=1,
    max_size=8,
)


@given(st.lists(_WORDS, min_size=1, max_size=4), st.sampled_from(["|", "|-", ">", ">-", '"', "'"]))
def test_every_character_is_found_again(lines: list[list[str]], style: str) -> None:
    content = "\n".join(" ".join(words).rstrip() for words in lines)
    if style in ("|", "|-", ">", ">-"):
        body = "\n".join("  " + line if line else "" for line in content.lstrip().split("\n"))
        text = f"key: {style}\n{body}\n"
    else:
        escaped = content.replace("\\", "\\\\").replace('"', '\\"') if style == '"' else content.replace("'", "''")
        text = "key: " + style + escaped.replace("\n", "\n\n  ") + style + "\n"
    (document,) = documents(text)
    if not isinstance(document.root, MapNode):
        return
    scalar = document.root.entries[0].value
    assert isinstance(scalar, ScalarNode)
    _assert_places(document, scalar, text)


def _assert_places(document: Document, scalar: ScalarNode, text: str) -> None:
    places, rows = ScalarPlaces(scalar, document), text.split("\n")
    for offset, character in enumerate(scalar.text):
        at = places.range(offset, offset + 1)
        if character.isspace():
            continue
        written = rows[at.line][at.column :]
        assert written.startswith((character, "\\" + character)), (character, written)
        assert places.offset(at.line, at.column) == offset


@pytest.mark.skipif(not _BLUEPRINTS.is_dir(), reason="the blueprints from outside are not here")
def test_published_flows_have_only_true_findings(registry: Registry) -> None:
    findings = Findings()
    for file in sorted(_BLUEPRINTS.glob("*.y*ml")):
        for document in documents(file.read_text()):
            check(document, registry, findings)
    counts: dict[str, int] = {}
    for finding in findings.diagnostics:
        counts[finding.code] = counts.get(finding.code, 0) + 1
    # Every one was looked at: real slips of the published flows (docs/compatibility.md lists them).
    assert counts.keys() <= {"removed-in", "expression-finding", "unknown-function"}, counts
