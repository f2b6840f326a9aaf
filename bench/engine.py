"""What running costs: steps, starts, loops, parallel scripts, memory, output of scripts.

    python bench/engine.py [name ...]

Everything is real: runners are processes, journals and logs are files, states come from the journals afterwards.
Budgets are those of the design; a budget that does not hold is marked and makes the exit code 1.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "app"))

from podium.engine.execution import Execution  # needs the path
from podium.runtime.executions import Executions
from podium.runtime.launcher import ForkServer
from podium.runtime.workspace_types import workspace_registry
from podium.store.logs import read_lines
from podium.store.settings import open_workspace

SHELL = "type: io.kestra.plugin.scripts.shell.Commands, taskRunner: {type: io.kestra.plugin.core.runner.Process}"
RETURN = "type: io.kestra.plugin.core.debug.Return"


@dataclass(frozen=True)
class Result:
    """One measured number and what it must not exceed (or fall below, when `least`)."""

    name: str
    value: float
    unit: str
    budget: float | None = None
    least: bool = False

    @property
    def holds(self) -> bool:
        if self.budget is None:
            return True
        return self.value >= self.budget if self.least else self.value <= self.budget

    def __str__(self) -> str:
        budget = "" if self.budget is None else f"   budget {'>=' if self.least else '<='} {self.budget:g}"
        return f"{self.name:<52}{self.value:>12,.2f} {self.unit}{budget}{'' if self.holds else '   TOO MUCH'}"


class Bench:
    """A workspace that is thrown away, with a warm fork server."""

    def __init__(self, server: ForkServer) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="podium-bench-"))
        (self.root / ".podium").mkdir(mode=0o700)
        self.workspace, settings = open_workspace(self.root)
        registry = workspace_registry(self.workspace, settings)
        self.executions = Executions(self.workspace, registry, settings=settings, launcher=server)

    def run(self, tasks: str) -> tuple[Execution, float]:
        """Run a flow; the execution and the seconds from the call to its end."""
        text = f"id: bench\nnamespace: bench\ntasks:\n{tasks}\n"
        flow = self.executions.flows.parse(text, "bench")
        begin = time.perf_counter()
        execution = self.executions.wait(self.executions.run(flow), timedelta(minutes=10))
        seconds = time.perf_counter() - begin
        if execution.state != "SUCCESS":
            raise SystemExit(f"The flow ended {execution.state}: {execution.error}")
        return execution, seconds

    def close(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)


def running_seconds(execution: Execution) -> float:
    """From RUNNING to the end, as the journal says."""
    begin = next(date for state, date in execution.histories if state == "RUNNING")
    return (execution.histories[-1][1] - begin).total_seconds()


def steps(bench: Bench) -> list[Result]:
    """No-op tasks one after the other: engine, journal, log and rendering per task run."""
    results = []
    for count in (100, 1000):
        tasks = "\n".join(f'  - {{id: t{n}, {RETURN}, format: "{{{{ flow.id }}}}"}}' for n in range(count))
        best = min(running_seconds(bench.run(tasks)[0]) for _ in range(3))
        results.append(Result(f"durable step, {count} tasks", best / count * 1000, "ms", 0.5))
    return results


def latency(bench: Bench) -> list[Result]:
    """A flow of three steps, from the call to its end; with a fork server, and as a whole process."""
    tasks = "\n".join(f"  - {{id: t{n}, {RETURN}, format: x}}" for n in range(3))
    bench.run(tasks)
    warm = sorted(bench.run(tasks)[1] for _ in range(15))[7]
    results = [Result("3 steps, fork server, call to end (median)", warm * 1000, "ms", 100)]
    (bench.root / "hello.yaml").write_text(f"id: hello\nnamespace: bench\ntasks:\n{tasks}\n")
    # With bytecode, as an installed Podium has it; the first run makes it.
    environment = dict(os.environ, PYTHONPATH=sys.path[0], PYTHONPYCACHEPREFIX=str(bench.root / ".bytecode"))
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    program = [sys.executable, "-m", "podium", "run", "hello"]
    seconds = []
    for _ in range(6):
        begin = time.perf_counter()
        done = subprocess.run(program, cwd=bench.root, env=environment, capture_output=True)
        seconds.append(time.perf_counter() - begin)
        if done.returncode:
            return [*results, Result("`podium run` is not there: " + done.stderr.decode()[-80:], 0, "")]
    bare = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    bare = time.perf_counter() - bare
    cold = sorted(seconds[1:])[2]
    results.append(Result("`podium run` of 3 steps as a whole process (median)", cold * 1000, "ms"))
    results.append(Result("  against a bare interpreter", cold / bare, "x"))
    return results


def loops(bench: Bench) -> list[Result]:
    """A ForEach over 1,000 and over 10,000 values: ten times the work must cost ten times the time.

    By the clock, which on a busy machine is kinder to the short run, and by the time of the runner on a processor.
    """

    def loop(count: int) -> tuple[float, float]:
        execution, _ = bench.run(
            f'  - id: each\n    type: io.kestra.plugin.core.flow.ForEach\n    values: "{{{{ range(1, {count}) }}}}"\n'
            f'    concurrencyLimit: 1\n    tasks:\n      - {{id: t, {RETURN}, format: "{{{{ taskrun.value }}}}"}}\n'
            f"  - {{id: spent, {SHELL}, commands: [\"cut -d' ' -f14,15 /proc/$PPID/stat\"]}}"
        )
        each = next(run for run in execution.taskruns.values() if run.task_id == "each")
        log = bench.workspace.execution(execution.id) / "log.jsonl"
        ticks = next(line.message for line, _ in read_lines(log) if line.source == "stdout").split()
        seconds = (each.histories[-1][1] - each.start).total_seconds()
        return seconds, sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")

    small, large = zip(*((loop(1_000), loop(10_000)) for _ in range(4)), strict=True)
    fast, slow = (min(seconds for seconds, _ in runs) for runs in (small, large))
    little, much = (min(spent for _, spent in runs) for runs in (small, large))
    return [
        Result("ForEach, 10,000 iterations", slow, "s"),
        Result("  per iteration", slow / 10_000 * 1000, "ms"),
        Result("  against 1,000 iterations", slow / fast, "x", 11.5),
        Result("  the same in time on a processor", much / little, "x", 11.5),
    ]


def subflows(bench: Bench) -> list[Result]:
    """1,000 subflows of one step each, all called at once."""
    child = f"id: child\nnamespace: bench\ntasks:\n  - {{id: r, {RETURN}, format: x}}\n"
    (bench.root / "child.yaml").write_text(child)
    execution, _ = bench.run(
        '  - id: each\n    type: io.kestra.plugin.core.flow.ForEach\n    values: "{{ range(1, 1000) }}"\n'
        "    concurrencyLimit: 0\n    tasks:\n"
        "      - {id: sub, type: io.kestra.plugin.core.flow.Subflow, namespace: bench, flowId: child}"
    )
    return [Result("one of 1,000 subflows", running_seconds(execution), "ms")]


def parallel(bench: Bench) -> list[Result]:
    """200 shell tasks at a time that sleep for a second each."""
    children = "\n".join(f'      - {{id: t{n}, {SHELL}, commands: ["sleep 1"]}}' for n in range(200))
    execution, _ = bench.run(f"  - id: p\n    type: io.kestra.plugin.core.flow.Parallel\n    tasks:\n{children}")
    return [Result("200 parallel shell tasks of 1 s", running_seconds(execution), "s", 4.0)]


def memory(bench: Bench) -> list[Result]:
    """The largest size of a runner with 10,000 task runs."""
    tasks = (
        '  - id: each\n    type: io.kestra.plugin.core.flow.ForEach\n    values: "{{ range(1, 10000) }}"\n'
        f'    concurrencyLimit: 1\n    tasks:\n      - {{id: t, {RETURN}, format: "{{{{ taskrun.value }}}}"}}\n'
        f"  - {{id: size, {SHELL}, commands: [\"grep -E 'VmHWM' /proc/$PPID/status\"]}}"
    )
    execution, _ = bench.run(tasks)
    log = bench.workspace.execution(execution.id) / "log.jsonl"
    line = next(line.message for line, _ in read_lines(log) if line.source == "stdout")
    return [Result("peak of a runner with 10,000 task runs", int(line.split()[1]) / 1024, "MB")]


def output(bench: Bench) -> list[Result]:
    """A script that prints 200,000 lines."""
    execution, _ = bench.run(f"  - {{id: t, {SHELL}, commands: [\"seq -f 'line %.0f of the output' 200000\"]}}")
    run = next(iter(execution.taskruns.values()))
    seconds = (run.histories[-1][1] - run.attempts[0].histories[0][1]).total_seconds()
    return [Result("output of a script", 200_000 / seconds, "lines/s", 200_000, least=True)]


MEASURED: dict[str, Callable[[Bench], list[Result]]] = {
    "steps": steps, "latency": latency, "loops": loops, "subflows": subflows, "parallel": parallel,
    "memory": memory, "output": output,
}  # fmt: skip


def main() -> None:
    chosen = sys.argv[1:] or list(MEASURED)
    server = ForkServer.start()
    time.sleep(1)
    missed = False
    for name in chosen:
        bench = Bench(server)
        try:
            for result in MEASURED[name](bench):
                print(result, flush=True)
                missed = missed or not result.holds
        finally:
            bench.close()
    server.close()
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
