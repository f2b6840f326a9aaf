"""The workbench as it looks: two pictures that an eye has judged, at the sizes that count."""

from pathlib import Path
from typing import Any

import pytest
from tests.workbench.desk import HELLO, grid, make_workspace, workbench
from tests.workbench.patience import until
from textual.pilot import Pilot

from podium.workbench.widgets.flow_editor import FlowEditor

FILES = {
    "flows/hello.yaml": HELLO,
    "flows/stars.yaml": """\
id: stars
namespace: company.team

inputs:
  - id: repository
    type: STRING
    defaults: kestra-io/kestra

tasks:
  # Ask for the number, then say it.
  - id: ask
    type: io.kestra.plugin.scripts.python.Script
    namespaceFiles:
      enable: true
    script: |
      import json
      print(json.dumps({"stars": 48151}))
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: "{{ inputs.repository }} has {{ outputs.ask.vars.stars }} stars"
""",
    "scripts/job.py": "print('hi')\n",
    "data/table.csv": "a,b\n",
}


EVERYWHERE = (
    "✗ 1 error",
    "ln 14 col 7",
    "◂ ",
    "company.team  ~/flows-of-mine",
    "serve: off   runs: 0   14:32",
)
WIDE = ("◆ hello", "◆ stars", "job.py", "alt+Enter Mend", "stars has not run yet.", "Select a run to see its log.")
NARROW = ("No run is selected.",)


@pytest.mark.parametrize(("size", "last"), [((160, 45), WIDE), ((80, 24), NARROW)], ids=["160x45", "80x24"])
def test_a_flow_with_an_error(
    snap_compare: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], last: tuple[str, ...]
) -> None:
    """`last` is what comes from threads, in no particular order, on a screen of this size."""
    monkeypatch.setenv("HOME", str(tmp_path))
    app = workbench(make_workspace(tmp_path / "flows-of-mine", FILES), "flows/stars.yaml")

    async def go_to_the_error(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: app.main.editor.current is not None and app.main.editor.current.editor.marks)
        await until(pilot, lambda: isinstance(app.focused, FlowEditor))
        await pilot.press("f8")
        await until(pilot, lambda: all(words in grid(app) for words in (*EVERYWHERE, *last)))
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=go_to_the_error)
