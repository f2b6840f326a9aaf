"""What goes on between the list of runs, the log, the screens of runs, and the flows that are started."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from podium.base.looks import short_id
from podium.store.summaries import ExecutionSummary
from podium.workbench.messages import Said
from podium.workbench.runs.run_actions import RunActions, sentence_of
from podium.workbench.runs.run_desk import RunDesk
from podium.workbench.runs.runs_pane import RunsPane
from podium.workbench.widgets.log_pane import LogPane

if TYPE_CHECKING:
    from collections.abc import Mapping

    from podium.model.flow import Flow, Input
    from podium.workbench.runs.execute_screen import Execute

# What a run and its screens need is imported where one is opened: the first frame does not wait for it.


class Conductor:
    """Acts for the main screen: opens runs, starts flows, keeps the log on the run that is looked at."""

    def __init__(self, screen: Screen[Any], desk: RunDesk, runs: RunsPane, log: LogPane) -> None:
        self._screen, self._desk, self._runs, self._log = screen, desk, runs, log
        self._shown: str | None = None
        self._begun: dict[tuple[str, str], Mapping[str, Any]] = {}
        """What was typed into a form that was left without starting, by flow."""

    # ---- looking -----------------------------------------------------------------------------------------------

    def highlighted(self, run: ExecutionSummary | None) -> None:
        """The cursor of the list is on this run, or what is known of it changed."""
        if run is None or not run.id:
            if self._shown is not None or run is not None:
                self._shown = None
                self._log.show(None, "")
            return
        live = run.end is None
        if run.id == self._shown:
            self._log.set_live(live)
            return
        self._shown = run.id
        self._log.show(self._desk.stores.record(run.id).log, run.flow_id, live=live)

    def open(self, execution_id: str) -> None:
        """The screen of one run."""
        from podium.workbench.runs.run_screen import RunScreen

        self._screen.app.push_screen(RunScreen(self._desk, execution_id))

    def go_to(self, execution_id: str) -> None:
        """The screen of another run in the place of the one that is open."""
        from podium.workbench.runs.run_screen import RunScreen

        if isinstance(self._screen.app.screen, RunScreen):
            self._screen.app.pop_screen()
        self.open(execution_id)

    def evaluate(self, text: str = "") -> None:
        """Try an expression with the values of the run under the cursor."""
        from podium.workbench.runs.expression_screen import ExpressionScreen

        run = self._runs.selected
        if run is None or not run.id:
            self._say("There is no run to take values from: run the flow first, or choose a run in the list.", True)
            return
        self._screen.app.push_screen(ExpressionScreen(self._desk, run.id, text=text))

    # ---- starting ----------------------------------------------------------------------------------------------

    def start(self, namespace: str, flow_id: str) -> None:
        """Run a flow of the workspace as its file says it: at once, or after asking for its inputs."""
        flows = self._desk.executions.flows

        def found(result: tuple[Flow, Path | None]) -> None:
            flow, path = result
            if not flow.inputs:
                from podium.workbench.runs.execute_screen import Execute

                self._begin(flow, path, Execute({}, ()))
                return
            self._ask(flow, path)

        self._desk.errands.do(lambda: flows.find(namespace, flow_id), found, self._fail)

    def _ask(self, flow: Flow, path: Path | None) -> None:
        from podium.workbench.runs.execute_screen import ExecuteScreen

        name = (flow.namespace, flow.id)
        screen = ExecuteScreen(self._desk, flow, path, begun=self._begun.pop(name, None))

        def answered(wanted: Execute | None) -> None:
            if wanted is not None:
                self._begin(flow, path, wanted)
            elif screen.left:
                self._begun[name] = screen.left

        self._screen.app.push_screen(screen, answered)

    def _begin(self, flow: Flow, path: Path | None, wanted: Execute) -> None:
        """Show the run at once, then make it real."""
        before = self._runs.starting(flow.namespace, flow.id, self._desk.now())
        from podium.runtime.creation import NewExecution

        new = NewExecution(flow, wanted.inputs, wanted.labels, path=path)

        def started(execution_id: str) -> None:
            self._runs.started(before, execution_id)

        def failed(error: Exception) -> None:
            self._runs.started(before, None)
            self._fail(error)

        self._desk.errands.do(lambda: self._desk.executions.start(new).record.id, started, failed)

    def resume(self, actions: RunActions, execution_id: str, taskrun_id: str | None) -> None:
        """Let a paused run go on, after asking for the inputs that its Pause wants."""
        from podium.model.input_declarations import declared_inputs
        from podium.workbench.runs.execute_screen import ExecuteScreen

        desk = self._desk

        def read() -> tuple[Flow, tuple[Input, ...]]:
            record = desk.stores.record(execution_id)
            flow = desk.executions.flows.of_record(record)
            execution = record.load().execution
            for run in execution.taskruns.values():
                task = flow.tasks_by_id.get(run.task_id)
                if run.state == "PAUSED" and task is not None and taskrun_id in (None, run.id):
                    return flow, declared_inputs(task.props.get("onResume") or ())
            return flow, ()

        def known(found: tuple[Flow, tuple[Input, ...]]) -> None:
            flow, inputs = found
            if not inputs:
                actions.resume(execution_id, None, taskrun_id)
                return

            def answered(wanted: Execute | None) -> None:
                if wanted is not None:
                    actions.resume(execution_id, wanted.inputs, taskrun_id)

            screen = ExecuteScreen(desk, flow, None, resume=execution_id, inputs=inputs)
            self._screen.app.push_screen(screen, answered)

        desk.errands.do(read, known, self._fail)

    def _fail(self, error: Exception) -> None:
        self._say(sentence_of(error), True)

    def _say(self, text: str, failed: bool = False) -> None:
        self._screen.post_message(Said(text, failed))

    def began(self, execution_id: str) -> None:
        """A restart or replay goes on under this id."""
        self._say(f"{short_id(execution_id)} runs.")
        self._runs.table.select(execution_id)
