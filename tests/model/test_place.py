"""Where a cursor stands, by indentation alone; checked against a real parse on whole flows."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.cursors import at_cursor

from podium.model.completion import complete
from podium.model.expected import expected_at
from podium.model.expression_place import expression_at
from podium.model.flow import Flow, Task
from podium.model.loader import load_flows
from podium.model.marked_yaml import ListNode, MapNode, Node, documents
from podium.model.outline import outline_of
from podium.model.place import place_at
from podium.tasks.registry import default_registry

SHARED = Path(os.environ.get("PODIUM_SHARED", Path(__file__).parents[3] / "shared"))
FLOWS = sorted((SHARED / "conformance").glob("*/**/*.y*ml"))
REGISTRY = default_registry()

PLACES: list[tuple[str, tuple[str, list[str], list[str], str] | None]] = [
    ("id: a\nna¦", ("key", [""], ["id"], "na")),
    ("¦", ("key", [""], [], "")),
    ("tasks:\n  - id: x\n    ty¦\n    z: 3\nfoo: 1", ("key", ["tasks", ""], ["id", "z"], "ty")),
    ("tasks:\n  - ¦", ("item", ["tasks"], ["tasks"], "")),
    ("tasks:\n  ¦", ("item", ["tasks"], ["tasks"], "")),
    ("tasks:\n  - id: a\n  ¦", ("item", ["tasks"], ["tasks"], "")),
    ("tasks:\n- id: a\n¦", ("key", [""], ["tasks"], "")),
    ("tasks:\n- id: a\n- id: b\n  ty¦", ("key", ["tasks", ""], ["id"], "ty")),
    ("tasks:\n- id: a\n  retry:\n    type: con¦\n    b: 1",
     ("value", ["tasks", "retry", "type"], ["b", "type"], "con")),
    ("tasks:\n- id: a\n  retry:\n    ¦", ("item", ["tasks", "retry"], ["id", "retry"], "")),
    ("tasks:\n  - ty¦\n    id: a", ("key", ["tasks", ""], ["id"], "ty")),
    ("tasks:\n  - {id: a, type: ¦, b: 3}", ("value", ["tasks", "type"], ["b", "id", "type"], "")),
    ("tasks:\n  - {id: a, ty¦}", ("key", ["tasks", ""], ["id"], "ty")),
    ("a: {b: [{c: x¦}]}", ("value", ["a", "b", "c"], ["c"], "x")),
    ("a:\n  dependsOn: [x, ¦]", ("item", ["a", "dependsOn"], ["dependsOn"], "")),
    ('a: "foo # ¦"', ("value", ["a"], ["a"], "foo # ")),
    ("a: b\n---\nc: d\n¦", ("key", [""], ["c"], "")),
    ("tasks:\n  - id: a\n    tasks:\n      - id: b\n    ¦\n    type: P",
     ("key", ["tasks", ""], ["id", "tasks", "type"], "")),
    ("cases:\n  a b:\n    - id: ¦", ("value", ["cases", "a b", "id"], ["id"], "")),
    ("tasks: # ¦", None),
    ("tasks:\n  - script: |\n      if x:\n        foo¦", None),
    ("tasks:\n  - script: |\n      a\n¦\n      b", None),
    ("tasks:\n  - message: hi\n      more¦", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), PLACES)
def test_places(text: str, found: tuple[str, list[str], list[str], str] | None) -> None:
    place = place_at(*at_cursor(text))
    if found is None:
        assert place is None
    else:
        assert place is not None
        entries = sorted(place.levels[-1].entries)
        assert (place.role, [level.key for level in place.levels], entries, place.word) == found


EXPRESSIONS: list[tuple[str, tuple[str, str, str] | None]] = [
    ("a: {{ ¦", ("start", "", "")),
    ("a: {{ in¦ }}", ("start", "in", "")),
    ("a: {{ inputs.¦", ("member", "", "inputs")),
    ("a: {{ outputs['my-task'].va¦", ("member", "va", "outputs.my-task")),
    ("a: {{ outputs.t[taskrun.value].v¦", ("member", "v", "outputs.t.[]")),
    ("a: {{ currentEachOutput(outputs.t).¦", ("member", "", "each:outputs.t")),
    ("a: {{ outputs['my¦", ("index", "my", "outputs")),
    ("a: {{ x | da¦", ("filter", "da", "")),
    ("a: {{ x | default('|') | up¦", ("filter", "up", "")),
    ("a: {{ x is not de¦", ("test", "de", "")),
    ("a: {{ secret('A¦", ("argument", "A", "secret")),
    ("a: {{ kv(key=\"A¦", ("argument", "A", "kv")),
    ("a: {{ x ¦", ("operator", "", "")),
    ("a: {{ x and ¦", ("start", "", "")),
    ("a: {{ f(x, in¦", ("start", "in", "")),
    ("a: {% fo¦", ("tag", "fo", "")),
    ("a: {% if in¦", ("start", "in", "")),
    ("a: |\n  {% for x in y %}\n  {{ x.¦", ("member", "", "x")),
    ("a: {{ x }} ¦", None),
    ("a: {# ¦", None),
    ("a: {{ x\nb: ¦", None),
    ("a: |\n  {{ never closed\n  {{ in¦", ("start", "in", "")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), EXPRESSIONS)
def test_expressions(text: str, found: tuple[str, str, str] | None) -> None:
    place = expression_at(*at_cursor(text))
    assert (None if place is None else (place.role, place.word, place.path)) == found


OUTLINE = """
id: f
namespace: "lab.x"
inputs:
  - id: day
    type: DATE
  - {id: n, type: INT}
tasks:
- id: loop
  type: x.y.ForEach
  tasks:
    - type: x.y.Python
      id: inner
      taskRunner:
        type: x.y.Process
      script: |
        id: not-a-task
        type: x.y.No
    - {id: short, type: x.y.Log}
- id: dag
  type: x.y.Dag
  tasks:
    - task:
        id: one
        type: x.y.Log
errors:
  - id: mail
triggers:
  - id: daily
    type: x.y.Schedule
---
id: other
"""


def test_the_outline_of_one_document() -> None:
    outline = outline_of(OUTLINE.split("\n"), 5)
    tasks = [(task.id, task.parent.id if task.parent else None, task.section) for task in outline.tasks]
    assert tasks == [
        ("loop", None, "tasks"), ("inner", "loop", "tasks"), ("short", "loop", "tasks"), ("dag", None, "tasks"),
        ("one", "dag", "tasks"), ("mail", None, "errors"),
    ]  # fmt: skip
    assert [(each.id, each.type) for each in outline.inputs] == [("day", "DATE"), ("n", "INT")]
    assert [each.id for each in outline.triggers] == ["daily"]
    assert [root.key for root in outline.roots][:3] == ["id", "namespace", "inputs"]
    assert outline_of(OUTLINE.split("\n"), 34).value("id") == "other"


# -- against a real parse ------------------------------------------------------------------------------------------


def _maps(node: Node | None) -> Iterator[MapNode]:
    if isinstance(node, MapNode):
        yield node
        for entry in node.entries:
            if entry.given:
                yield from _maps(entry.value)
    elif isinstance(node, ListNode):
        for item in node.items:
            yield from _maps(item)


@pytest.mark.skipif(not FLOWS, reason="the conformance flows are not here")
def test_a_cursor_in_any_key_of_any_flow_knows_its_map() -> None:
    checked = 0
    for path in FLOWS:
        text = path.read_text()
        lines = text.split("\n")
        if "&" in text or "<<" in text:
            continue
        for document in documents(text):
            for node in _maps(document.root) if not document.diagnostics else ():
                for entry in node.entries:
                    key = entry.key
                    if key.style or key.line != key.end_line or not lines[key.line].isascii():
                        continue
                    place = place_at(lines, key.line, key.column + 1)
                    assert place is not None, (path.name, key)
                    inner = place.levels[-1].entries if place.role == "key" or place.inline else {}
                    others = {other.key.text for other in node.entries} - {key.text}
                    if place.role == "key":
                        assert set(inner) - {key.text} == others, (path.name, key)
                    checked += 1
    assert checked > 10_000


@pytest.mark.skipif(not FLOWS, reason="the conformance flows are not here")
def test_the_outline_of_any_flow_is_what_the_loader_reads() -> None:
    checked = 0
    for path in FLOWS:
        text = path.read_text()
        if "---" in text or "listeners:" in text:
            continue
        for loaded in load_flows(text, REGISTRY):
            if loaded.flow is None:
                continue
            outline = outline_of(text.split("\n"))
            written = [task.id for task in loaded.flow.walk() if not _is_made(task, loaded.flow)]
            assert [task.id for task in outline.tasks] == _in_text_order(text, written), path.name
            assert [each.id for each in outline.inputs] == [each.id for each in loaded.flow.inputs], path.name
            assert {each.id for each in outline.triggers} == {each.id for each in loaded.flow.triggers}, path.name
            checked += 1
    assert checked > 200


def _is_made(task: Task, flow: Flow) -> bool:
    """The parts of a ForEachItem are made by the loader."""
    parts = ("_split", "_items", "_merge")
    return any(task.id == each.id + part for each in flow.walk() if each.type.endswith("ForEachItem") for part in parts)


def _in_text_order(text: str, ids: list[str]) -> list[str]:
    outline = [task.id for task in outline_of(text.split("\n")).tasks]
    return sorted(ids, key=lambda each: outline.index(each) if each in outline else -1)


@pytest.mark.skipif(not FLOWS, reason="the conformance flows are not here")
def test_every_key_of_a_valid_flow_is_declared() -> None:
    """What the loader accepts, completion and hover know: they read the same declarations."""
    for path in FLOWS:
        text = path.read_text()
        lines = text.split("\n")
        loaded = load_flows(text, REGISTRY)
        if any(each.flow is None or each.diagnostics for each in loaded) or "&" in text:
            continue
        for document in documents(text):
            if isinstance(document.root, MapNode):
                for entry in document.root.entries:
                    place = place_at(lines, entry.key.line, entry.key.column + 1)
                    assert place is not None
                    shape = expected_at(place, REGISTRY).shape
                    assert shape is not None and shape.property(entry.key.text) is not None, (path.name, entry.key)


# -- any text ------------------------------------------------------------------------------------------------------

_PIECES = st.sampled_from(
    ["- ", "  ", "    ", "id: a", "type: x", "tasks:", "inputs:", "\n", "\n  ", "{{ ", " }}", "|", '"', "'", "{", "[",
     ",", "#", ": ", "outputs.", "dependsOn:", "---\n", "é", "\t", "*", "&a", "script: |\n      "]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=40).map("".join), st.integers(0, 40), st.integers(0, 30))
@settings(max_examples=300, deadline=None)
def test_completion_never_fails(text: str, row: int, column: int) -> None:
    lines = text.split("\n")
    for item in complete(lines, min(row, len(lines) - 1), column, REGISTRY):
        assert item.range.column <= item.range.end_column <= len(lines[item.range.line])


@pytest.mark.parametrize(
    "typed", ["    message: '{{ outputs.t", "    ", "  - ", "    retry: {ty", "  - id: z\n    type: lo", "tr"]
)
def test_a_long_flow_is_not_out_of_proportion_slower_to_complete(typed: str) -> None:
    task = (
        "  - id: t{0}\n    type: io.kestra.plugin.core.log.Log\n    message: '{{{{ inputs.x }}}}'\n    retry:\n"
        "      type: constant\n      interval: PT1S\n    script: |\n      echo 1\n      echo 2\n      echo 3\n"
    )

    def quickest(count: int) -> float:
        head = "id: x\nnamespace: y\ntasks:\n" + "".join(map(task.format, range(count)))
        lines = f"{head}  - id: last\n    type: io.kestra.plugin.core.log.Log\n{typed}".split("\n")
        spent = []
        for _ in range(12):
            start = time.process_time()
            assert complete(lines, len(lines) - 1, len(lines[-1]), REGISTRY)
            spent.append(time.process_time() - start)
        return min(spent)

    assert quickest(400) < 150 * quickest(20)  # of twenty times the text; were it quadratic, 400 times
