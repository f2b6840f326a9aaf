"""The engine: one event in, changes and commands out. No I/O, no clock of its own, no threads."""

from dataclasses import dataclass

from podium.engine import advance, children, control, outcome
from podium.engine import stimuli as s
from podium.engine.changes import Change
from podium.engine.commands import Command, Paused
from podium.engine.dispatch import dispatch
from podium.engine.run import Run


@dataclass(frozen=True, slots=True)
class Step:
    """What one event led to. The changes must be in the journal before the first command is carried out."""

    changes: tuple[Change, ...]
    commands: tuple[Command, ...]


class Engine:
    """Drives one execution. `step` is deterministic in the run and the event."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._asserts = any(sla.type == "EXECUTION_ASSERTION" for sla in run.flow.sla)

    def step(self, stimulus: s.Stimulus) -> Step:
        """Take one event to its end: the execution has moved as far as it can without the outside."""
        run = self.run
        self._take(stimulus)
        self._settle()
        if self._asserts and run.changes and not run.execution.terminal:
            control.check_assertions(run)
            self._settle()
        if run.execution.state == "PAUSED" and not run.working:
            run.wish(Paused())
        step = Step(tuple(run.changes), tuple(run.commands))
        run.changes.clear()
        run.commands.clear()
        return step

    def _take(self, stimulus: s.Stimulus) -> None:
        run = self.run
        match stimulus:
            case s.AttemptBegan():
                outcome.attempt_began(run, stimulus.taskrun_id)
            case s.AttemptFinished():
                outcome.attempt_finished(run, stimulus)
            case s.Start():
                control.start(run, stimulus)
            case s.TakeUp():
                control.take_up(run)
            case s.DirectoryReady():
                outcome.directory_ready(run, stimulus)
            case s.DirectoryDone():
                outcome.directory_done(run, stimulus)
            case s.ChildCreated():
                children.child_created(run, stimulus)
            case s.ChildRefused():
                children.child_refused(run, stimulus)
            case s.ChildEnded():
                children.child_ended(run, stimulus)
            case s.ChildMissing():
                children.child_missing(run, stimulus)
            case s.TimerFired():
                control.timer_fired(run, stimulus)
            case s.Kill():
                control.kill(run)
            case s.Pause():
                control.pause(run)
            case s.Resume():
                control.resume(run, stimulus)
            case s.ForceRun():
                control.force_run(run)
            case s.EndAs():
                control.end_before_start(run, stimulus)
            case s.SetLabels():
                control.set_labels(run, stimulus.labels)

    def _settle(self) -> None:
        """Until nothing new comes of it: create what is next, start what was created."""
        run = self.run
        while run.dirty or run.created or run.released:
            if run.created:
                dispatch(run, run.created.popleft())
            elif run.dirty:
                advance.advance(run, *run.dirty.popleft())
            else:
                # After everything that the end of the work has led to: the execution may end now.
                run.released = False
                if not run.working:
                    run.dirty.append((run.progress.root, None))
