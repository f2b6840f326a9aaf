"""What a command costs from the shell's point of view, as a whole process. Run: `python bench/cli.py [rounds]`.

Every figure is the best of some rounds, next to how often `python -c pass` would have fitted into it on the same
machine in the same run.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
PODIUM = [sys.executable, "-m", "podium"]
FLOWS = 200
LINES = 200_000
HELP_BUDGET = 0.080
"""Seconds that `podium --help` may take, the start of the interpreter included."""

LOUD = f"""\
id: loud
namespace: company.team
tasks:
  - id: script
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner: {{type: io.kestra.plugin.core.runner.Process}}
    commands: ["seq {LINES}"]
"""


def best(command: list[str], folder: Path, rounds: int) -> float:
    """Seconds of the quickest round; the machine is not ours alone. Raises when the command fails."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "app")}
    took = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run(
            command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=True, stderr=subprocess.DEVNULL
        )
        took.append(time.perf_counter() - start)
    return min(took)


def workspace(folder: Path) -> Path:
    """The sample namespace with many more flows."""
    shutil.copytree(ROOT / "sample_namespace", folder, ignore=shutil.ignore_patterns(".podium", "__pycache__"))
    text = (folder / "flows" / "sales_etl.yaml").read_text()
    many = folder / "many"
    many.mkdir()
    for number in range(FLOWS):
        (many / f"etl_{number}.yaml").write_text(text.replace("id: sales_etl", f"id: etl_{number}", 1))
    (folder / "flows" / "loud.yaml").write_text(LOUD)
    return folder


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as name:
        folder = workspace(Path(name) / "workspace")
        plain = best([sys.executable, "-c", "pass"], folder, rounds * 2)
        print(f"{'python -c pass':<44}{plain * 1000:>9.1f} ms")

        def report(what: str, *arguments: str, times: int = rounds) -> float:
            took = best([*PODIUM, *arguments], folder, times)
            print(f"{what:<44}{took * 1000:>9.1f} ms  {took / plain:6.1f} x python -c pass")
            return took

        help_took = report("podium --help", "--help")
        report("podium run --help", "run", "--help")
        report("podium validate, one flow", "validate", "flows/hello_world.yaml")
        each = report(f"podium validate, {FLOWS} flows", "validate", "many", times=2)
        print(f"{'  of that, each flow':<44}{each / FLOWS * 1000:>9.2f} ms")
        report("podium expr '1 + 2'", "expr", "1 + 2")
        report("podium run hello_world, to its end", "run", "hello_world", "-q")
        report("podium run hello_world --detach", "run", "hello_world", "--detach")
        report("podium runs", "runs")
        report("podium show last", "show", "last:hello_world")
        loud = report(f"podium run, {LINES:,} lines of a script", "run", "loud", "-q", times=1)
        print(f"{'  lines through the pipe and the log':<44}{LINES / loud:>9,.0f} lines/s")
        read = report(f"podium logs, {LINES:,} lines", "logs", "last:loud", times=2)
        print(f"{'  lines printed':<44}{LINES / read:>9,.0f} lines/s")
        report("podium logs --tail 10 of these", "logs", "last:loud", "--tail", "10")
        report("podium logs --grep of these", "logs", "last:loud", "--grep", "/^19999.$/")
    verdict = "within" if help_took < HELP_BUDGET else "OVER"
    print(f"podium --help is {verdict} its budget of {HELP_BUDGET * 1000:.0f} ms")


if __name__ == "__main__":
    main()
