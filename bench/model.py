"""What reading a flow costs. Run: `python bench/model.py [lines]`.

The plain way is PyYAML's C loader, which gives values without places, types or diagnostics, measured in the same run.
"""

import gc
import sys
import time
from collections.abc import Callable

import yaml

from podium.model.loader import load_flow
from podium.model.marked_yaml import documents
from podium.tasks.registry import default_registry

HEAD = "id: big\nnamespace: company.team\ninputs:\n  - {id: name, type: STRING, defaults: world}\ntasks:\n"
BLOCKS = (
    """\
  - id: log_%(n)d
    type: io.kestra.plugin.core.log.Log
    message: "Hello {{ inputs.name }} %(n)d"
    level: INFO
    retry:
      type: constant
      interval: PT1S
      maxAttempts: 3
""",
    """\
  - id: if_%(n)d
    type: io.kestra.plugin.core.flow.If
    condition: "{{ inputs.name == 'x' }}"
    then:
      - id: then_%(n)d
        type: io.kestra.plugin.core.debug.Return
        format: one
    else:
      - id: else_%(n)d
        type: io.kestra.plugin.core.debug.Return
        format: two
""",
    """\
  - id: sh_%(n)d
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner:
      type: io.kestra.plugin.core.runner.Process
    env:
      A: b
      C: "{{ inputs.name }}"
    commands:
      - echo one
      - |
        for x in 1 2 3; do
          echo $x
        done
""",
    """\
  - id: upload_%(n)d
    type: io.kestra.plugin.aws.s3.Upload
    from: "{{ outputs.sh_2.outputFiles['a.csv'] }}"
    bucket: backup
    key: a/%(n)d.csv
""",
)
WRONG = '    mesage: wrong\n    timeout: soon\n    description: "{{ outputs.sh_x.vars }}"\n'


def flow(lines: int, wrong: bool = False) -> str:
    """A flow of so many lines, of blocks in turn; with errors in every block when `wrong`."""
    parts, count, number = [HEAD], HEAD.count("\n"), 0
    while count < lines:
        block = BLOCKS[number % len(BLOCKS)] % {"n": number} + (WRONG if wrong else "")
        parts.append(block)
        count += block.count("\n")
        number += 1
    return "".join(parts)


def milliseconds(action: Callable[[], object]) -> float:
    """Best of seven: the machine is not ours alone."""
    best = float("inf")
    for _ in range(7):
        gc.collect()
        start = time.perf_counter()
        action()
        best = min(best, time.perf_counter() - start)
    return best * 1000


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    text, wrong = flow(lines), flow(lines, wrong=True)
    start = time.perf_counter()
    registry = default_registry()
    first = load_flow(text, registry)
    cold = (time.perf_counter() - start) * 1000
    assert first.flow is not None and {each.code for each in first.diagnostics} == {"runs-elsewhere"}
    plain = milliseconds(lambda: yaml.load(text, Loader=yaml.CSafeLoader))
    print(f"a flow of {text.count(chr(10))} lines, {len(text) // 1024} KiB")
    print(f"{'plain values (CSafeLoader)':<44}{plain:>8.1f} ms")
    for name, action in (
        ("tree with places", lambda: documents(text)),
        ("flow with diagnostics", lambda: load_flow(text, registry)),
        ("the same with errors in every task", lambda: load_flow(wrong, registry)),
    ):
        took = milliseconds(action)
        print(f"{name:<44}{took:>8.1f} ms   {took / plain:5.1f} x plain")
    print(f"{'the first flow of a program, imports included':<44}{cold:>8.1f} ms")


if __name__ == "__main__":
    main()
