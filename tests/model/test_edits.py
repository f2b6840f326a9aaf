"""New tasks, triggers and inputs go where they belong; the text stays a flow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.model.cursors import at_cursor

from podium.model.diagnostics import Edit, Range
from podium.model.edits import Placed, apply, fixed, insertion
from podium.model.grammar import INPUT_TYPES
from podium.model.loader import load_flow
from podium.tasks.registry import default_registry

REGISTRY = default_registry()
LOG = "io.kestra.plugin.core.log.Log"
SCHEDULE = "io.kestra.plugin.core.trigger.Schedule"
HEAD = "id: f\nnamespace: lab\n"


def inserted(text: str, what: Placed, type_name: str) -> str:
    """The text after the insertion, with the cursor."""
    lines, row, _ = at_cursor(text)
    decl = INPUT_TYPES[type_name] if what == "input" else REGISTRY.find(type_name)
    assert decl is not None
    new = insertion(lines, row, what, decl)
    changed = apply("\n".join(lines), [new.edit]).split("\n")
    line = changed[new.row]
    changed[new.row] = line[: new.column] + "¦" + line[new.column :]
    return "\n".join(changed)


def log(name: str, indent: int, message: str = "x") -> str:
    pad = " " * indent
    return f"{pad}- id: {name}\n{pad}  type: {LOG}\n{pad}  message: {message}\n"


SEQUENTIAL = "tasks:\n  - id: s\n    type: io.kestra.plugin.core.flow.Sequential\n    tasks:\n"
NEW = "{0}- id: log\n{0}  type: io.kestra.plugin.core.log.Log\n{0}  message: ¦\n"

TASKS: list[tuple[str, str]] = [
    (HEAD + "tasks:\n" + log("¦a", 2) + "\n" + log("b", 2),
     HEAD + "tasks:\n" + log("a", 2) + NEW.format("  ") + "\n" + log("b", 2)),
    (HEAD + "tasks:\n" + log("a", 0, "¦x"), HEAD + "tasks:\n" + log("a", 0) + NEW.format("")),
    (HEAD + "tasks:\n" + log("log", 2, "¦x"),
     HEAD + "tasks:\n" + log("log", 2) + NEW.format("  ").replace("log\n", "log_2\n", 1)),
    (HEAD + SEQUENTIAL + log("i", 6, "¦x") + log("b", 2),
     HEAD + SEQUENTIAL + log("i", 6)
     + NEW.format("      ") + log("b", 2)),
    (HEAD + SEQUENTIAL.replace("id: ", "id: ¦") + log("i", 6) + log("b", 2),
     HEAD + SEQUENTIAL + log("i", 6)
     + NEW.format("  ") + log("b", 2)),
    ("id: ¦f\nnamespace: lab\ntasks:\n" + log("a", 2), HEAD + "tasks:\n" + log("a", 2) + NEW.format("  ")),
    ("id: ¦f\nnamespace: lab\ntasks: []\n", HEAD + "tasks:\n" + NEW.format("  ")),
    ("id: ¦f\nnamespace: lab\n", HEAD + "\ntasks:\n" + NEW.format("  ")),
    (HEAD + "tasks:\n  - {id: ¦a, type: " + LOG + ", message: x}\n",
     HEAD + "tasks:\n  - {id: a, type: " + LOG + ", message: x}\n" + NEW.format("  ")),
    (HEAD + "tasks:\n  - id: d\n    type: io.kestra.plugin.core.flow.Dag\n    tasks:\n      - task:\n          id: ¦a\n"
     f"          type: {LOG}\n          message: x\n        dependsOn: []\n",
     HEAD + "tasks:\n  - id: d\n    type: io.kestra.plugin.core.flow.Dag\n    tasks:\n      - task:\n          id: a\n"
     f"          type: {LOG}\n          message: x\n        dependsOn: []\n"
     f"      - task:\n          id: log\n          type: {LOG}\n          message: ¦\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), TASKS)
def test_a_task_goes_after_the_one_at_the_cursor(before: str, after: str) -> None:
    assert inserted(before, "task", LOG).rstrip("\n") == after.rstrip("\n")


def test_the_last_line_may_lack_its_end() -> None:
    text = (HEAD + "tasks:\n" + log("a", 2, "¦x")).rstrip("\n")
    assert inserted(text, "task", LOG) == HEAD + "tasks:\n" + log("a", 2) + NEW.format("  ").rstrip("\n")


def test_a_trigger_makes_its_section() -> None:
    after = inserted(HEAD + "¦tasks:\n" + log("a", 2), "trigger", SCHEDULE)
    assert after.rstrip("\n") == (
        HEAD + "tasks:\n" + log("a", 2) + f"\ntriggers:\n  - id: schedule\n    type: {SCHEDULE}\n    cron: ¦"
    )


def test_an_input_goes_before_the_tasks() -> None:
    after = inserted(HEAD + "¦tasks:\n" + log("a", 2), "input", "ARRAY")
    section = "inputs:\n  - id: my_input\n    type: ARRAY\n    itemType: ¦STRING\n\n"
    assert after == HEAD + section.replace("¦", "")[: -len("STRING\n\n")] + "STRING¦\n\ntasks:\n" + log("a", 2)


@given(st.sampled_from(REGISTRY.names("task")), st.integers(0, 12))
def test_wherever_it_goes_the_text_stays_yaml(type_name: str, row: int) -> None:
    text = HEAD + "inputs: []\ntasks:\n" + log("a", 2) + "\n" + log("b", 2) + "triggers: []\n# end"
    lines = text.split("\n")
    decl = REGISTRY.find(type_name)
    assert decl is not None
    new = insertion(lines, min(row, len(lines) - 1), "task", decl)
    loaded = load_flow(apply(text, [new.edit]), REGISTRY)
    assert not [found for found in loaded.diagnostics if found.code.startswith("yaml")]


def test_edits_do_not_disturb_each_other() -> None:
    edits = [Edit(Range(0, 0, 0, 1), "xyz"), Edit(Range(1, 0, 1, 1), ""), Edit(Range(0, 2, 1, 0), "-")]
    assert apply("abc\ndef", edits) == "xyzb-ef"


def test_every_fix_of_a_flow() -> None:
    text = HEAD + "tasks:\n  - id: a\n    type: io.kestra.core.tasks.log.Log\n    mesage: x\n"
    mended, count = fixed(text, load_flow(text, REGISTRY).diagnostics)
    assert count == 2
    assert load_flow(mended, REGISTRY).diagnostics == ()
