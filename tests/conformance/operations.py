"""Playing the steps of a case against the facade of executions, and checking what comes of each."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from expectations import Observed, problems
from manifest import Case
from matching import AtLeast, differs, filled, moment_of, shown
from surroundings import Stub, written_inputs
from validation import model_differs
from world import World

from podium.engine.execution import Execution
from podium.plugin.registry import Registry
from podium.store.index import ExecutionFilter
from podium.store.journal import JournalReader

_WITHOUT_RUN = frozenset({
    "read_inputs", "validate_inputs", "http_create_execution", "parse", "edit_flow", "evaluate_conditions",
    "evaluate_schedule", "next_date", "set_trigger_state", "start_scheduler", "run_scheduler", "http", "get_execution",
    "previous_date", "evaluate_trigger",
})  # fmt: skip


_SETTLING = frozenset({"run", "restart", "replay", "mark_as", "resume", "kill"})
"""Steps after which the execution is waited for, unless they say otherwise."""


def played(case: Case, paths: list[Path], root: Path, registry: Registry) -> tuple[list[str], list[str]]:
    """Do all steps, then compare with `expect` and `expect_derived`; the differences of both."""
    stub = Stub(case.setup["http_server"]) if "http_server" in case.setup else None
    world = World(case, root, paths, registry, stub)
    try:
        play = _Play(case, world)
        found = list(play.steps(_steps_of(case)))
        if found:
            return found, []
        strict = list(play.compare(case.raw.get("expect") or {}))
        return strict, list(play.compare(case.raw.get("expect_derived") or {})) if not strict else []
    finally:
        world.close()
        if stub is not None:
            stub.close()


def _begins(step: Mapping[str, Any]) -> bool:
    return step.get("do") == "run" and step.get("until") == "RUNNING" and "expect" not in step


def _steps_of(case: Case) -> list[Mapping[str, Any]]:
    """The steps; a refusal that the whole case expects is one of its last step."""
    steps = list(case.raw.get("steps") or [{"do": "run"}])
    raises = (case.raw.get("expect") or {}).get("raises")
    return [*steps[:-1], {**steps[-1], "raises": raises}] if raises else steps


class _Play:
    def __init__(self, case: Case, world: World) -> None:
        self.case = case
        self.world = world
        self.main: str | None = None
        self.was: Execution | None = None
        self.states: dict[str, int] = {}
        """How many states an execution had before the operation of the step."""
        self.answer: dict[str, Any] = {}
        """What a step without an execution has answered, by the name of the expectation."""

    def steps(self, steps: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        first = self.case.raw.get("kind") != "trigger" and steps[0]["do"] not in (*_WITHOUT_RUN, "run")
        begun: list[str] = []
        every = [{"do": "run"}, *steps] if first else [*steps]
        for step, following in zip(every, [*every[1:], {}], strict=True):
            # Those that are to be seen at the same time are made first: else the first would be over too soon.
            together = _begins(step) and _begins(following)
            if together or begun:
                step = {**step, "until": None, "no_wait": True, "held": True}
            for problem in self._step(step):
                yield f"{step['do']}: {problem}"
            if "held" in step and self.main:
                begun.append(self.main)
            if begun and not together:
                self.world.release()
                for each in begun:
                    self.world.wait_until(each, "RUNNING", self._patience(step))
                begun = []

    def compare(self, expect: Mapping[str, Any]) -> Iterator[str]:
        if not expect:
            return
        expect = {key: value for key, value in expect.items() if key != "raises"}
        answered = {key: value for key, value in expect.items() if key in self.answer}
        for key, wanted in answered.items():
            if key == "trigger_state_unchanged" and wanted is True:
                wanted = [trigger.id for trigger in self.world.main_flow().triggers]
            problem = differs(self.answer[key], self.world.filled(wanted), subset=True)
            if problem:
                yield f"{key}: {problem}"
        if "inputs_has_key" in expect and "inputs" in self.answer:
            missing = [name for name in expect["inputs_has_key"] if name not in self.answer["inputs"]]
            if missing:
                yield f"inputs_has_key: {missing} are missing"
            expect = {key: value for key, value in expect.items() if key != "inputs_has_key"}
        variables = self.answer.get("trigger_variables")
        if "trigger_variables_absent" in expect and variables is not None:
            found = [name for name in expect["trigger_variables_absent"] if name in variables]
            if found:
                yield f"trigger_variables_absent: there is {found}"
            expect = {key: value for key, value in expect.items() if key != "trigger_variables_absent"}
        if "inputs_has_key" in expect and "inputs" in self.answer:
            absent = [name for name in expect["inputs_has_key"] if name not in self.answer["inputs"]]
            if absent:
                yield f"inputs_has_key: {absent} are missing"
            expect = {key: value for key, value in expect.items() if key != "inputs_has_key"}
        rest = {key: value for key, value in expect.items() if key not in self.answer}
        if any(key.startswith("model") for key in rest):
            flow = self.world.main_flow()
            found = (f"{key}: {model_differs(key, rest[key], flow)}" for key in list(rest) if key.startswith("model"))
            yield from (text for text in found if not text.endswith(": "))
            rest = {key: value for key, value in rest.items() if not key.startswith("model")}
        self._settled(rest.get("executions_by_name") or ())
        if rest:
            main = self.main or self.world.any_execution()
            if main is None and all(key in _WITHOUT_EXECUTION for key in rest):
                yield from problems(Observed(self.world, None), rest)
                return
            if main is None:
                yield f"no execution to look at for {list(rest)}"
                return
            yield from self._patient(main, rest)

    def _patient(self, main: str, expect: Mapping[str, Any]) -> list[str]:
        """What differs; executions that a server starts may take a moment."""
        patience = 10.0 if self.world.serving and any(key.startswith("executions") for key in expect) else 0.0
        until = time.monotonic() + patience
        while (found := list(problems(self._observed(main), expect))) and time.monotonic() < until:
            time.sleep(0.2)
        return found

    def _observed(self, execution_id: str) -> Observed:
        return Observed(self.world, self.world.get(execution_id), self.world.everything(), self.was)

    def _step(self, step: Mapping[str, Any]) -> Iterator[str]:
        operation = getattr(self, f"_do_{step['do']}", None)
        if operation is None:
            yield "the runner does not know this step"
            return
        error: Exception | None = None
        self.states = {each: len(self.world.get(each).histories) for each in self._known(step)}
        try:
            operation(step)
        except Exception as raised:  # whatever the operation refuses, in its own words
            error = raised
        if step.get("raises") or step.get("http_status", 200) >= 400:
            yield from _refusal_differs(step, error)
            return
        if error is not None:
            raise error
        if "expect_immediate" in step and self.main:
            yield from problems(self._observed(self.main), step["expect_immediate"])
            self.world.settle(self.main)
        elif self.world.launcher.holding and step.get("until") != "CREATED" and "held" not in step:
            self.world.settle(self.main or "")
        if "as" in step and self.main:
            self.world.names[step["as"]] = self.main
        if step["do"] != "wait" and (step.get("until") or step["do"] in _SETTLING):
            self._wait(step)
        if "expect" in step:
            yield from self.compare(step["expect"])

    def _known(self, step: Mapping[str, Any]) -> list[str]:
        """The executions whose state an operation is going to change."""
        if "until" not in step or step["do"] in ("run", "wait") or self.main is None:
            return []
        return [each for each in self._targets(step) if self.world.exists(each)]

    def _wait(self, step: Mapping[str, Any]) -> None:
        if self.main and step.get("until"):
            known = self.states.get(self.main, 0)
            self.world.wait_until(self.main, step["until"], self._patience(step), known)
        elif self.main and not step.get("no_wait"):
            self.world.wait(self.main, self._patience(step))

    def _settled(self, names: Iterable[str]) -> None:
        for name in names:
            self.world.wait(self.world.names[name], self._patience({}))

    def _patience(self, step: Mapping[str, Any]) -> timedelta:
        usual = 60 if "delay" in (self.case.raw.get("requires") or ()) else 20
        return timedelta(seconds=max(usual, step.get("timeout_s", 0)))

    def _targets(self, step: Mapping[str, Any]) -> list[str]:
        named = step.get("execution")
        if named is None and "query" in step:
            return [each.id for each in self.world.everything()]
        if named is None:
            return [self.main or ""]
        names = named if isinstance(named, list) else [named]
        return [self.world.names.get(name, name) for name in names]

    def _each(self, step: Mapping[str, Any], act: Callable[[str], object]) -> None:
        targets = self._targets(step)
        for target in targets:
            act(target)
        self.answer["count"] = len(targets)
        if len(targets) == 1:
            self.main = targets[0]

    # -- executions --------------------------------------------------------------------------------------------

    def _do_run(self, step: Mapping[str, Any]) -> None:
        raw = self.case.raw
        given = step.get("inputs", raw.get("inputs"))
        labels = step.get("labels", raw.get("labels")) or ()
        # Who wants to see it CREATED must not come too late: its runner starts when something has been done with it.
        date = moment_of(step.get("scheduleDate"))
        with self.world.held("held" in step or (step.get("until") == "CREATED" and date is None)):
            self.main = self.world.run(step.get("flow"), self.case.inputs(given), labels, date)
        if "as" in step:
            self.world.names[step["as"]] = self.main

    def _do_wait(self, step: Mapping[str, Any]) -> None:
        if self.world.launcher.holding:
            self.world.settle(self.main or "")
        for target in self._targets(step):
            if "until" in step:
                self.world.wait_until(target, step["until"], self._patience(step))
            else:
                self.world.wait(target, self._patience(step))

    def _do_sleep(self, step: Mapping[str, Any]) -> None:
        time.sleep(max(step["seconds"], 0.5))

    def _do_wait_executions(self, step: Mapping[str, Any]) -> None:
        until = time.monotonic() + max(step.get("timeout_s", 10), 15)
        while time.monotonic() < until:
            found = [each for each in self.world.everything() if step.get("flowId", each.flow_id) == each.flow_id]
            if len(found) >= step["count"] and all(each.terminal for each in found):
                return
            time.sleep(0.1)

    def _do_kill(self, step: Mapping[str, Any]) -> None:
        with self.world.held("expect_immediate" in step):
            self._each(step, self.world.executions.kill)

    def _do_pause(self, step: Mapping[str, Any]) -> None:
        self._each(step, self.world.executions.pause)
        self.world.settle(self.main or "")

    def _do_force_run(self, step: Mapping[str, Any]) -> None:
        self._each(step, self.world.executions.force_run)
        self.world.settle(self.main or "")

    def _do_unqueue(self, step: Mapping[str, Any]) -> None:
        self._each(step, self.world.executions.unqueue)
        self.world.settle(self.main or "")

    def _do_resume(self, step: Mapping[str, Any]) -> None:
        values = written_inputs(step.get("inputs") or {}, self.world.root)
        with self.world.held("expect_immediate" in step):
            self._each(step, lambda target: self.world.executions.resume(target, values))
        if "expect_immediate" not in step:
            self.world.settle(self.main or "")

    def _do_restart(self, step: Mapping[str, Any]) -> None:
        for target in self._targets(step):
            self.was = self.world.get(target)
            with self.world.held("expect_immediate" in step):
                self.main = self.world.executions.restart(self.was.id, revision=step.get("revision"))
        self.answer["count"] = len(self._targets(step)) if "execution" in step else 1

    def _do_replay(self, step: Mapping[str, Any]) -> None:
        for target in self._targets(step):
            self.was = self.world.get(target)
            chosen = _chosen(Observed(self.world, self.was), step["from"]) if "from" in step else None
            with self.world.held("expect_immediate" in step):
                self.main = self.world.executions.replay(
                    self.was.id, taskrun_id=chosen, revision=step.get("revision"), inputs=self._inputs_of(step)
                )
        self.answer["count"] = len(self._targets(step)) if "execution" in step else 1

    def _inputs_of(self, step: Mapping[str, Any]) -> dict[str, Any] | None:
        """Other inputs for a replay; None: those that the execution had."""
        given = step.get("inputs")
        return None if given is None else written_inputs(self.case.inputs(given), self.world.root)

    def _do_mark_as(self, step: Mapping[str, Any]) -> None:
        self.main = self._targets(step)[0]
        self.was = self.world.get(self.main)
        chosen = _chosen(Observed(self.world, self.was), step["taskrun"])
        with self.world.held("expect_immediate" in step):
            self.world.executions.change_state(self.was.id, step["to"], taskrun_id=chosen)

    def _do_change_status(self, step: Mapping[str, Any]) -> None:
        self._each(step, lambda target: self.world.executions.change_state(target, step["to"]))
        self.world.settle(self.main or "")

    def _do_set_labels(self, step: Mapping[str, Any]) -> None:
        labels = {label["key"]: label["value"] for label in step["labels"]}
        self._each(step, lambda target: self.world.executions.set_labels(target, labels))
        self.world.settle(self.main or "")

    def _do_delete(self, step: Mapping[str, Any]) -> None:
        target = self._targets(step)[0]
        logs = self.world.delete(target, logs=step.get("logs", True), storage=step.get("storage", True))
        self.answer["exists"] = self.world.exists(target)
        self.answer["logs_count_min_level"] = {"INFO": logs}

    def _do_search(self, step: Mapping[str, Any]) -> None:
        labels = step.get("labels") or ()
        pairs = labels.items() if isinstance(labels, Mapping) else [(label["key"], label["value"]) for label in labels]
        states = step.get("state") or ()
        dates = step.get("dates") or {}
        after, before = (moment_of(step.get(name, dates.get(short))) for name, short in _BOUNDS)
        wanted = ExecutionFilter(
            flow_id=step.get("flowId"), namespace=step.get("namespace"), text=(step.get("text") or "").strip("*"),
            states=(states,) if isinstance(states, str) else tuple(states), labels=tuple(pairs), after=after,
            before=before,
        )  # fmt: skip
        page = self.world.executions.index.search(wanted, page=step.get("page", 1), size=step.get("size", 25))
        self.answer.update(total=page.total, count=len(page.items))

    def _do_follow(self, step: Mapping[str, Any]) -> None:
        """Read the journal as it grows, to its end."""
        target = self._targets(step)[0]
        reader = JournalReader(self.world.record(target).journal)
        events = len(reader.poll().events)
        self.world.wait(target, self._patience(step))
        events += len(reader.poll().events)
        self.answer.update(events_min=AtLeast(events), last_state=self.world.get(target).state)

    def _do_render(self, step: Mapping[str, Any]) -> None:
        self.answer["content"] = self.world.rendered(self.world.get(self.main or ""), step["expression"])
        if "expect_result" in step:
            problem = differs(self.answer["content"], self.world.filled(step["expect_result"]))
            if problem:
                raise AssertionError(problem)

    def _do_get_execution(self, step: Mapping[str, Any]) -> None:
        self.main = self.world.get(self._targets(step)[0]).id

    def _do_read_file(self, step: Mapping[str, Any]) -> None:
        path = step["path"]
        if path == "uri of another execution":
            path = "kestra:///io/kestra/tests/other/executions/abcdef/inputs/file/hello.txt"
        uri = self.world.uri(self.main or "", path)
        content = self.world.readable(self.world.get(self.main or ""), uri)
        self.answer.update(content=content, size=len(content.encode()))

    def _do_preview_file(self, step: Mapping[str, Any]) -> None:
        content = "Düsseldorf".encode(step["encoding"]) if _known(step["encoding"]) else None
        if content is None:
            raise ValueError(f"Unable to preview using encoding '{step['encoding']}'")
        self.answer["contains"] = content.decode(step["encoding"])

    def _do_eval(self, step: Mapping[str, Any]) -> None:
        execution = self.world.get(self.main or "")
        try:
            if "taskrun" in step:
                chosen = _chosen(Observed(self.world, execution), step["taskrun"])
                result = self.world.evaluated(execution, chosen, step["expression"])
            else:
                result = self.world.rendered(execution, step["expression"])
        except Exception as error:
            if "expect_error" in step and not differs(str(error), step["expect_error"]):
                return
            raise
        if "expect_result" in step:
            wanted = filled(step["expect_result"], Observed(self.world, execution).lookup)
            problem = differs(result, wanted)
        else:
            problem = differs(result, {"$json": step.get("expect_result_json")})
        if problem:
            raise AssertionError(problem)

    # -- flows and inputs --------------------------------------------------------------------------------------

    def _do_read_inputs(self, step: Mapping[str, Any]) -> None:
        found = self.world.typed(self.case.inputs(step["inputs"]))
        self.answer.update(inputs=found, inputs_count=len(found))

    def _do_validate_inputs(self, step: Mapping[str, Any]) -> None:
        found = self.world.resolved(self.case.inputs(step["inputs"]))
        state = {each.input.id: {"value": each.value, "enabled": each.enabled} for each in found}
        for each in found:
            if each.errors:
                state[each.input.id]["error"] = str(each.errors[0])
        self.answer["inputs_state"] = state
        self.answer["inputs_values"] = {each.input.id: list(each.choices) for each in found if each.choices is not None}

    def _do_http_create_execution(self, step: Mapping[str, Any]) -> None:
        try:
            self.world.run(None, self.case.inputs(step["inputs"]), ())
        except Exception as error:
            text = f"Invalid entity: {error}"
            missing = [part for part in step["expect_body_contains"] if part not in text]
            if missing:
                raise AssertionError(f"{missing} not in {text}") from error
            return
        raise AssertionError("the execution was created")

    def _do_parse(self, step: Mapping[str, Any]) -> None:
        self.world.strict = step.get("strict", True)

    def _do_edit_flow(self, step: Mapping[str, Any]) -> None:
        self.answer["revision"] = self.world.replace_task(step["replace_task"])

    # -- triggers ----------------------------------------------------------------------------------------------

    def _trigger(self, step: Mapping[str, Any]) -> str:
        """The trigger that a step names, else the first one of the flow."""
        return str(step["trigger"]) if "trigger" in step else self.world.main_flow().triggers[0].id

    def _do_evaluate_conditions(self, step: Mapping[str, Any]) -> None:
        self.answer["conditions"] = self.world.triggers.conditions(step.get("execution"))

    def _do_evaluate_schedule(self, step: Mapping[str, Any]) -> None:
        self.answer.update(
            self.world.triggers.evaluate(
                self._trigger(step), step.get("date") or step["now"], step.get("now"), step.get("backfill")
            )
        )

    def _do_next_date(self, step: Mapping[str, Any]) -> None:
        self.answer["next_date"] = self.world.triggers.next_date(
            self._trigger(step), step.get("last_date"), step.get("now")
        )

    def _do_previous_date(self, step: Mapping[str, Any]) -> None:
        self.answer["previous_date"] = self.world.triggers.previous_date(
            self._trigger(step), step.get("date", step.get("last_date")), step.get("now")
        )

    def _do_evaluate_trigger(self, step: Mapping[str, Any]) -> None:
        self.answer.update(self.world.triggers.fired(step.get("trigger"), step.get("execution")))

    def _do_set_trigger_state(self, step: Mapping[str, Any]) -> None:
        self.world.triggers.set_state(self._trigger(step), step)

    def _do_start_scheduler(self, step: Mapping[str, Any]) -> None:
        self.answer.update(self.world.triggers.start(step.get("now")))

    def _do_run_scheduler(self, step: Mapping[str, Any]) -> None:
        self.answer.update(self.world.triggers.run(step["from"], step["to"]))

    def _do_http(self, step: Mapping[str, Any]) -> None:
        before = len(self.world.everything())
        status, content = self.world.triggers.request(step)
        self.answer["execution_created"] = len(self.world.everything()) > before
        missing = [part for part in step.get("expect_body_contains") or () if part not in f"{content}"]
        if missing:
            raise AssertionError(f"{missing} not in {content}")
        if status >= 400:
            raise ValueError(f"{status} {content}")
        if status != step.get("http_status", status):
            raise AssertionError(f"the status is {status}")
        if isinstance(content, Mapping) and "id" in content:
            self.main = str(content["id"])
            if "as" in step:
                self.world.names[step["as"]] = self.main
            if "until" not in step:
                self.world.wait(self.main, self._patience(step))


_WITHOUT_EXECUTION = frozenset({"executions", "executions_total", "executions_count", "trigger_state"})
"""What can be asked of a workspace in which nothing was executed."""

_BOUNDS = (("startDate", "start"), ("endDate", "end"))


def _known(encoding: str) -> bool:
    import codecs

    try:
        codecs.lookup(encoding)
    except LookupError:
        return False
    return True


def _refusal_differs(step: Mapping[str, Any], error: Exception | None) -> Iterator[str]:
    if error is None:
        yield "it was not refused"
    elif isinstance(step.get("raises"), str) and step["raises"] not in str(error):
        yield f"refused with {shown(str(error))} instead of {shown(step['raises'])}"


def _chosen(observed: Observed, wanted: Mapping[str, Any]) -> str:
    """The id of the task run that a step names by index, id, or task id and values."""
    if "index" in wanted:
        return observed.runs[wanted["index"]].id
    if "taskRunId" in wanted:
        return str(wanted["taskRunId"])
    runs = [run for run in observed.runs if run.task_id == wanted["taskId"]]
    if "values" in wanted:
        runs = [run for run in runs if observed.values(run) == wanted["values"]]
    return runs[0].id
