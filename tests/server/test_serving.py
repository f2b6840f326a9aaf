"""A server with a clock of its own: what it starts by the clock and by requests, and the states of its triggers."""

import base64
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from podium.base.clock import ManualClock
from podium.engine import changes as c
from podium.engine.changes import ExecutionCreated, ExecutionMoved, ExecutionOutputs
from podium.engine.execution import Execution
from podium.model.flow import Flow
from podium.runtime.executions import Executions
from podium.server import state_feed
from podium.server.flow_triggers import FlowTriggers, StateChange
from podium.server.http_api import listening
from podium.server.serve import Server
from podium.store.errors import StoreError
from podium.store.execution_records import ExecutionRecord
from podium.store.journal import JournalWriter
from podium.store.logs import read_lines
from podium.store.stores import Stores
from podium.store.summaries import summary_of
from podium.store.trigger_states import TriggerState
from podium.store.workspace import Workspace
from podium.tasks.registry import default_registry

LOG = "tasks: [{id: a, type: io.kestra.plugin.core.log.Log, message: hi}]"
TRIGGER = "io.kestra.plugin.core.trigger."
CONDITION = "io.kestra.plugin.core.condition."
CLOCK = ("lab", "flow", "clock")


class NoRunner:
    """Executions are created and never run."""

    def launch(self, root: Path, execution_id: str, prepared: Any = None) -> None:
        """Nothing to do."""


class Station:
    """A workspace with a server whose clock is moved by hand."""

    def __init__(self, root: Path) -> None:
        root.mkdir()
        (root / "podium.toml").write_text('timezone = "UTC"\n', encoding="utf-8")
        self.root = root
        Workspace.open(root)
        self.stores = Stores.open(root)
        registry = default_registry()
        self.executions = Executions(
            self.stores.workspace, registry, settings=self.stores.settings, launcher=NoRunner(), stores=self.stores
        )
        self.clock = ManualClock(datetime(2026, 1, 5, 10, 0, 30, tzinfo=UTC))
        self.told: list[str] = []
        self.server = Server(self.stores, registry, self.executions, self.told.append, self.clock)

    def flow(self, triggers: str, id: str = "flow", more: str = LOG) -> Path:
        path = self.root / "lab" / "_flows" / f"{id}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"id: {id}\nnamespace: lab\n{more}\ntriggers:\n{triggers}\n", encoding="utf-8")
        return path

    def tick(self, seconds: int = 0) -> None:
        self.clock.move_to(self.clock.now() + timedelta(seconds=seconds))
        self.server.tick()

    def state(self, key: tuple[str, str, str] = CLOCK) -> TriggerState | None:
        return self.stores.triggers.get(*key)

    def started(self) -> list[Execution]:
        """Everything that was started, oldest first; its lock is given back."""
        folder = self.stores.workspace.executions
        found = [self.executions.record(one.name).load().execution for one in sorted(folder.glob("[0-9a-zA-Z]*"))]
        for each in found:
            self.stores.triggers.unlock(each.id)
        return found

    def dates(self) -> list[str]:
        return [(each.trigger or {})["variables"]["date"][11:16] for each in self.started()]

    def restarted(self, seconds: int) -> None:
        """The server ends, and another one begins some time later."""
        self.clock.move_to(self.clock.now() + timedelta(seconds=seconds))
        self.server = Server(self.stores, default_registry(), self.executions, self.told.append, self.clock)
        self.server.tick()

    def upstream(self) -> str:
        """An execution of the flow `first`, which never ends by itself."""
        return self.executions.run(self.executions.flows.parse(f"id: first\nnamespace: lab\n{LOG}\n", "first"))

    def end(self, execution_id: str) -> None:
        """Let it end, as its runner would write it."""
        now = self.clock.now()
        record = self.executions.record(execution_id)
        with JournalWriter(record.journal) as journal:
            journal.append([c.encode(c.ExecutionMoved(state, now)) for state in ("RUNNING", "SUCCESS")])
        self.stores.index.upsert(summary_of(record.load().execution))

    def followers(self) -> list[str]:
        """Which executions have started the flow `second`."""
        found = [one.trigger for one in self.started() if one.flow_id == "second"]
        return [(trigger or {})["variables"]["executionId"] for trigger in found]


class Site:
    """A page on loopback that counts how often it is asked for."""

    def __init__(self) -> None:
        site = self
        self.requests = 0

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.requests += 1
                self.send_response(200)
                self.send_header("Content-Length", "8")
                self.end_headers()
                self.wfile.write(b"stock: 3")

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path / "ws")


def schedule(cron: str, more: str = "") -> str:
    return f'  - {{id: clock, type: {TRIGGER}Schedule, cron: "{cron}", timezone: UTC{more}}}'


def test_an_edited_expression_has_missed_nothing(station: Station) -> None:
    station.flow(schedule("0 * * * *"))
    station.stores.triggers.save(TriggerState(*CLOCK, date=datetime(2026, 1, 5, 10, tzinfo=UTC)))
    station.tick()
    station.clock.move_to(datetime(2026, 1, 5, 10, 50, 30, tzinfo=UTC))
    station.flow(schedule("*/5 * * * *"))
    station.tick()
    assert station.started() == []
    state = station.state()
    assert state is not None and state.next_date == datetime(2026, 1, 5, 10, 55, tzinfo=UTC)


def test_what_was_edited_beside_the_dates_loses_none_of_them(station: Station) -> None:
    station.flow(schedule("0 * * * *"))
    station.tick()
    station.clock.move_to(datetime(2026, 1, 5, 11, 0, 10, tzinfo=UTC))
    station.flow(schedule("0 * * * *", ", labels: {team: data}"))
    station.tick()
    assert station.dates() == ["11:00"]


@pytest.mark.parametrize(("recover", "expected"), [("ALL", ["11:00", "12:00"]), ("LAST", ["12:00"]), ("NONE", [])])
def test_a_trigger_that_is_switched_on_again_makes_up_for_what_it_missed(
    station: Station, recover: str, expected: list[str]
) -> None:
    station.flow(schedule("0 * * * *", f", recoverMissedSchedules: {recover}"))
    off = TriggerState(*CLOCK, date=datetime(2026, 1, 5, 10, tzinfo=UTC), disabled=True)
    station.stores.triggers.save(off)
    station.tick()
    station.clock.move_to(datetime(2026, 1, 5, 12, 30, tzinfo=UTC))
    station.tick()
    assert station.started() == []
    state = station.state()
    assert state is not None
    station.stores.triggers.switch(*CLOCK, disabled=False)
    for _ in range(4):
        station.tick()
        station.started()
    assert station.dates() == expected


@pytest.mark.parametrize(("more", "executions"), [("", 1), (", allowConcurrent: true", 3)])
def test_an_execution_keeps_its_schedule_from_firing_unless_others_may_run_beside_it(
    station: Station, more: str, executions: int
) -> None:
    station.flow(schedule("* * * * *", more))
    station.tick()
    for _ in range(3):
        station.tick(60)
    assert station.stores.index.search().total == executions


def test_a_label_that_cannot_be_rendered_is_left_out_and_told(station: Station) -> None:
    station.flow(schedule("* * * * *", ", labels: {team: data, gone: '{{ nothing.here }}'}"))
    station.tick()
    for _ in range(2):
        station.tick(60)
        station.started()
    first, second = station.started()
    assert dict(first.labels)["team"] == "data" and "gone" not in dict(first.labels)
    log = [line for line, _ in read_lines(station.executions.record(second.id).log)]
    assert [line.level for line in log] == ["WARN"], "each run tells what it lacks, not what earlier ones lacked"
    assert log[0].message.startswith("Failed to render label 'gone', it will be omitted: Unable to find `nothing`")


def test_the_state_of_a_trigger_goes_with_it(station: Station) -> None:
    path = station.flow(schedule("0 * * * *") + "\n" + schedule("0 1 * * *").replace("clock", "other"))
    station.tick()
    assert station.state() and station.state(("lab", "flow", "other"))
    station.flow(schedule("0 * * * *"))
    station.tick(10)
    assert station.state() and station.state(("lab", "flow", "other")) is None
    path.write_text("id: flow\nnamespace: lab\ntasks: nonsense\n", encoding="utf-8")
    station.tick(10)
    assert station.state(), "a flow that is broken for a while keeps its states"
    path.unlink()
    station.tick(10)
    assert station.state() is None


def test_a_paused_backfill_leaves_the_schedule_alone(station: Station) -> None:
    station.flow(schedule("0 * * * *", ", inputs: {}"))
    plan = {
        "start": "2026-01-01T00:00:00+00:00", "end": "2026-01-01T02:00:00+00:00", "paused": True,
        "currentDate": "2026-01-01T01:00:00+00:00", "labels": [{"key": "again", "value": "yes"}],
    }  # fmt: skip
    station.stores.triggers.save(
        TriggerState(*CLOCK, date=datetime(2026, 1, 5, 9, tzinfo=UTC), extra={"backfill": plan})
    )
    station.tick()
    assert station.dates() == ["10:00"]
    state = station.state()
    assert state is not None and state.extra["backfill"] == plan
    assert state.next_date == datetime(2026, 1, 5, 11, tzinfo=UTC)


def test_given_dates_begin_with_the_first(station: Station) -> None:
    station.flow(
        f"  - {{id: clock, type: {TRIGGER}ScheduleOnDates, timezone: UTC, "
        'dates: ["2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z", "2026-01-05T11:00:00Z"]}'
    )
    for _ in range(4):
        station.tick()
        station.started()
    assert len(station.started()) == 2
    state = station.state()
    assert state is not None and state.next_date == datetime(2026, 1, 5, 11, tzinfo=UTC)


def test_inputs_of_the_wrong_type_make_a_failed_execution(station: Station) -> None:
    station.flow(
        schedule("0 * * * *", ", inputs: {n: many}"), more=f"inputs: [{{id: n, type: INT}}]\n{LOG}"
    )  # fmt: skip
    station.tick()
    station.tick(3600)
    assert [each.state for each in station.started()] == ["FAILED"]
    assert any("Invalid input for `n`" in text for text in station.told)
    state = station.state()
    assert state is not None and state.next_date == datetime(2026, 1, 5, 12, tzinfo=UTC)


def test_defaults_of_inputs_are_there_for_triggers(station: Station) -> None:
    station.flow(
        schedule("0 * * * *", ", when: \"{{ inputs.on }}\", labels: {who: '{{ inputs.who }}'}"),
        more="inputs: [{id: on, type: BOOLEAN, defaults: true}, {id: who, type: STRING, defaults: ada}]\n" + LOG,
    )
    station.tick()
    station.tick(3600)
    (execution,) = station.started()
    assert dict(execution.labels)["who"] == "ada"


# -- webhooks ------------------------------------------------------------------------------------------------------


@pytest.fixture
def hook(station: Station) -> Iterator["Hook"]:
    hook = Hook(station)
    yield hook
    hook.close()


class Hook:
    def __init__(self, station: Station) -> None:
        self.station = station
        self._http = listening(station.server, 0)
        self.port = self._http.server_address[1]

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def send(self, path: str, body: bytes | None = None, method: str = "POST") -> tuple[int, Any]:
        self.station.tick(10)
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, f"/api/v1/main/executions/webhook/{path}", body)
            response = connection.getresponse()
            content = response.read()
            return response.status, json.loads(content) if content else None
        finally:
            connection.close()

    def variables(self) -> dict[str, Any]:
        return dict((self.station.started()[-1].trigger or {})["variables"])


def webhook(more: str = "") -> str:
    return f"  - {{id: hook, type: {TRIGGER}Webhook, key: open-sesame{more}}}"


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        (b'{"a": [1, true]}', {"a": [1, True]}),
        (b"[1]", [1]),
        (b'"text"', '"text"'),
        (b"bla", "bla"),
        (b"", None),
        (b"\xff\x00", base64.b64encode(b"\xff\x00").decode()),
    ],
)
def test_what_a_webhook_gets(hook: Hook, body: bytes, seen: Any) -> None:
    hook.station.flow(webhook())
    status, answer = hook.send("lab/flow/open-sesame?name=ada&age=1&age=2", body)
    assert (status, answer["state"]["current"]) == (200, "CREATED")
    variables = hook.variables()
    assert variables["body"] == seen
    assert variables["parameters"] == {"name": ["ada"], "age": ["1", "2"]}


@pytest.mark.parametrize(("code", "status"), [("201", 201), ("'{{ trigger.body.status }}'", 202), ("abc", 422)])
def test_the_status_that_a_webhook_answers_with(hook: Hook, code: str, status: int) -> None:
    hook.station.flow(webhook(f", responseCode: {code}, responseContentType: text/plain"))
    assert hook.send("lab/flow/open-sesame", b'{"status": 202}')[0] == status
    assert len(hook.station.started()) == (status != 422)


def test_an_answer_that_says_no_content_has_none(hook: Hook) -> None:
    hook.station.flow(webhook(", responseCode: 204"))
    hook.station.tick(10)
    with socket.create_connection(("127.0.0.1", hook.port), timeout=60) as connection:
        connection.sendall(b"POST /api/v1/executions/webhook/lab/flow/open-sesame HTTP/1.0\r\nHost: localhost\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.split()[1] == b"204" and answer.endswith(b"\r\n\r\n")
    assert len(hook.station.started()) == 1


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("{{ trigger.body.action == 'opened' }}", 200),
        ("{{ trigger.body.action == 'closed' }}", 204),
        ("{{ trigger.body.nothing == 'there' }}", 204),
    ],
)
def test_the_conditions_of_a_webhook(hook: Hook, condition: str, status: int) -> None:
    hook.station.flow(webhook(f', conditions: [{{type: {CONDITION}Expression, expression: "{condition}"}}]'))
    assert hook.send("lab/flow/open-sesame", b'{"action": "opened"}')[0] == status
    assert len(hook.station.started()) == (status == 200)
    broken = [text for text in hook.station.told if "Evaluate Condition Failed" in text]
    assert bool(broken) == ("nothing" in condition)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_any_method_starts_the_flow(hook: Hook, method: str) -> None:
    hook.station.flow(webhook())
    assert hook.send("lab/flow/open-sesame", method=method)[0] == 200


@pytest.mark.parametrize("header", ["Transfer-Encoding: chunked", "Content-Length: -1", "Content-Length: much"])
def test_a_body_of_unknown_length(hook: Hook, header: str) -> None:
    hook.station.flow(webhook())
    hook.station.tick()
    with socket.create_connection(("127.0.0.1", hook.port), 60) as client:
        path = "/api/v1/executions/webhook/lab/flow/open-sesame"
        client.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{header}\r\n\r\n".encode())
        assert client.recv(100).split(b" ")[1] == b"411"
    assert hook.station.started() == []


def test_a_body_that_is_not_wanted(hook: Hook) -> None:
    hook.station.flow(webhook(", fetchType: NONE"))
    assert hook.send("lab/flow/open-sesame", b"long")[0] == 200
    assert hook.variables()["body"] is None


def test_what_a_webhook_gives_may_say_which_trigger_it_was(hook: Hook) -> None:
    hook.station.flow(webhook(', labels: {by: "{{ trigger._context.id }}"}'))
    assert hook.send("lab/flow/open-sesame")[0] == 200
    assert ("by", "hook") in hook.station.started()[-1].labels
    assert "_context" not in hook.variables()


def test_the_dots_of_inputs_and_labels_nest_in_triggers(hook: Hook) -> None:
    more = f"inputs: [{{id: db.host, type: STRING, defaults: here}}]\nlabels: {{team.name: data}}\n{LOG}"
    hook.station.flow(webhook(', labels: {by: "{{ labels.team.name }} {{ inputs.db.host }}"}'), more=more)
    assert hook.send("lab/flow/open-sesame")[0] == 200
    assert ("by", "data here") in hook.station.started()[-1].labels


def test_requests_that_no_webhook_answers(hook: Hook) -> None:
    hook.station.flow(webhook())
    hook.station.flow(webhook(), id="stopped")
    hook.station.stores.triggers.save(TriggerState("lab", "stopped", "hook", disabled=True))
    hook.station.flow(webhook(), id="off", more=f"disabled: true\n{LOG}")
    hook.station.flow(webhook(), id="broken", more="tasks: nonsense")
    hook.station.flow(webhook(', inputs: {a: "{{ trigger.body.a }}"}'), id="asking")
    answers = {
        name: hook.send(f"lab/{name}")
        for name in (
            "stopped/open-sesame",
            "flow/wrong",
            "none/open-sesame",
            "off/open-sesame",
            "broken/open-sesame",
            "asking/open-sesame",
        )
    }
    assert answers.pop("stopped/open-sesame")[0] == 404
    assert {name: status for name, (status, _) in answers.items()} == {
        "flow/wrong": 404, "none/open-sesame": 404, "off/open-sesame": 409, "broken/open-sesame": 422,
        "asking/open-sesame": 422,
    }  # fmt: skip
    assert answers["none/open-sesame"][1]["message"] == "Not Found: Flow not found"
    assert "Cannot execute an invalid flow" in answers["broken/open-sesame"][1]["message"]
    assert hook.station.started() == []


# -- polling -------------------------------------------------------------------------------------------------------


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


def looks(station: Station, count: int, site: Site) -> None:
    """Let the server go round until there were so many requests, and their answers were looked at."""
    until = time.monotonic() + 60
    while site.requests < count and time.monotonic() < until:
        station.tick()
        time.sleep(0.01)
    assert site.requests == count
    key = ("lab", "flow", "site")
    while (state := station.state(key)) is None or state.evaluating is not None:
        assert time.monotonic() < until
        station.tick()
        time.sleep(0.01)


def http_trigger(site: Site, more: str = "") -> str:
    return f'  - {{id: site, type: io.kestra.plugin.core.http.Trigger, uri: "{site.url}", interval: PT5M{more}}}'


def test_a_polling_trigger_looks_at_once_and_then_at_its_interval(station: Station, site: Site) -> None:
    station.flow(
        http_trigger(site, ', inputs: {code: "{{ trigger.code }}"}'), more=f"inputs: [{{id: code, type: INT}}]\n{LOG}"
    )
    looks(station, 1, site)
    (execution,) = station.started()
    assert execution.inputs == {"code": 200}
    variables = (execution.trigger or {})["variables"]
    assert variables["body"] == "stock: 3" and variables["code"] == 200
    station.tick(299)
    assert site.requests == 1
    station.tick(2)
    looks(station, 2, site)
    assert len(station.started()) == 2


def test_the_execution_of_a_polling_trigger_keeps_it_from_looking(station: Station, site: Site) -> None:
    station.flow(http_trigger(site))
    looks(station, 1, site)
    for _ in range(3):
        station.tick(301)
    state = station.state(("lab", "flow", "site"))
    assert state is not None and state.execution_id is not None
    assert site.requests == 1


@pytest.mark.parametrize(
    ("more", "started", "told"),
    [
        (", responseCondition: \"{{ response.body contains '3' and response.statusCode == 200 }}\"", 1, ""),
        (', responseCondition: "{{ response.statusCode == 404 }}"', 0, ""),
        (', responseCondition: "{{ response.nothing }}"', 0, "Trigger evaluation failed in the worker with error"),
        (', responseCondition: "{{ response.nothing }}", failOnTriggerError: true', 1, "Trigger evaluation failed"),
    ],
)
def test_what_a_polling_trigger_finds(station: Station, site: Site, more: str, started: int, told: str) -> None:
    station.flow(http_trigger(site, more))
    looks(station, 1, site)
    found = station.started()
    assert len(found) == started
    assert any(told in text for text in station.told) if told else not any("failed" in text for text in station.told)
    assert [each.state for each in found] == (["FAILED"] if "failOn" in more else ["CREATED"] * started)


def test_conditions_are_asked_before_a_look(station: Station, site: Site) -> None:
    station.flow(http_trigger(site, ', when: "{{ false }}"'))
    station.tick()
    state = station.state(("lab", "flow", "site"))
    assert site.requests == 0
    assert state is not None and state.next_date == station.clock.now() + timedelta(minutes=5)


# -- flow triggers of the 2.0 dialect ------------------------------------------------------------------------------


def ended(
    station: Station, flow_id: str, state: str = "SUCCESS", outputs: Mapping[str, Any] | None = None
) -> int:  # fmt: skip
    """An execution of another flow that has come to its end; how many executions there are of `flow`."""
    created = ExecutionCreated(f"up{time.monotonic_ns()}", "lab", flow_id, station.clock.now())
    upstream = Execution(created)
    changes = [ExecutionMoved(state, station.clock.now()), ExecutionOutputs(outputs)]
    for change in changes:
        upstream.apply(change)
    if outputs:
        ExecutionRecord.create(station.stores.workspace.executions, [created, *changes], "", {})
    flows = FlowTriggers(station.stores, station.server.registry, station.clock, station.told.append)
    for firing in flows.firings(StateChange(upstream, state, Flow(flow_id, "lab")), station.server.flows()):
        station.server.start(firing)
    return sum(each.flow_id == "flow" for each in station.started())


def depends(more: str) -> str:
    return f"  - {{id: both, type: {TRIGGER}Flow, dependsOn: [{{flowId: a}}, {{flowId: b}}]{more}}}"


@pytest.mark.parametrize(("once", "expected"), [("", [0, 1, 1, 2]), (", fireOnce: true", [0, 1, 1, 1])])
def test_once_in_a_window(station: Station, once: str, expected: list[int]) -> None:
    station.flow(depends(f", window: {{every: PT1H{once}}}"))
    station.tick()
    assert [ended(station, name) for name in "abab"] == expected
    station.tick(3600)
    assert ended(station, "a") == expected[-1] and ended(station, "b") == expected[-1] + 1


@pytest.mark.parametrize(("seen", "failed"), [("", 1), ("a", 1), ("ab", 0)])
def test_a_window_that_closes_before_all_was_seen(station: Station, seen: str, failed: int) -> None:
    station.flow(depends(", window: {deadline: '12:00'}, onMiss: {labels: {late: 'yes'}}"))
    station.tick()
    for name in seen:
        ended(station, name)
    station.clock.move_to(datetime(2026, 1, 5, 12, 0, 1, tzinfo=UTC))
    station.tick()
    station.tick(10)
    missed = [each for each in station.started() if each.state == "FAILED"]
    assert len(missed) == failed
    for each in missed:
        assert ("late", "yes") in [tuple(label) for label in each.labels]
        assert any("not all was seen of: a, b" in text for text in station.told)
    # The next one is tomorrow's.
    station.clock.move_to(datetime(2026, 1, 6, 12, 0, 1, tzinfo=UTC))
    station.tick()
    assert sum(each.state == "FAILED" for each in station.started()) == failed + 1


@pytest.mark.parametrize(
    ("states", "state", "starts"),
    [
        ("", "WARNING", True), ("", "FAILED", False), ("", "PAUSED", False), (", states: [PAUSED]", "PAUSED", True),
    ],
)  # fmt: skip
def test_states_that_count_for_dependencies(station: Station, states: str, state: str, starts: bool) -> None:
    station.flow(f"  - {{id: one, type: {TRIGGER}Flow, dependsOn: [{{flowId: a{states}}}]}}")
    station.tick()
    assert ended(station, "a", state) == starts


def test_outputs_of_dependencies_by_their_flow(station: Station) -> None:
    inputs = ', inputs: {x: "{{ trigger.outputs.a.n }} {{ trigger.outputs.n }}"}'
    station.flow(
        f"  - {{id: one, type: {TRIGGER}Flow, dependsOn: [{{flowId: a}}]{inputs}}}",
        more=f"inputs: [{{id: x, type: STRING}}]\n{LOG}",
    )
    station.tick()
    assert ended(station, "a", outputs={"n": 7}) == 1
    assert [each.inputs for each in station.started() if each.flow_id == "flow"] == [{"x": "7 7"}]


def test_outputs_of_all_dependencies(station: Station) -> None:
    inputs = ", inputs: {x: \"{{ trigger.outputs.a.n }} {{ trigger.outputs.b.n }} {{ trigger.outputs.n ?? '-' }}\"}"
    station.flow(depends(inputs), more=f"inputs: [{{id: x, type: STRING}}]\n{LOG}")
    station.tick()
    assert ended(station, "a", outputs={"n": 6}) == 0
    assert ended(station, "a", outputs={"n": 7}) == 0
    assert ended(station, "b", outputs={"n": 8}) == 1
    assert [each.inputs for each in station.started() if each.flow_id == "flow"] == [{"x": "7 8 -"}]


@pytest.mark.parametrize(("version", "created"), [("2.x", 1), ("1.x", 0)])
def test_inputs_of_a_flow_trigger_that_cannot_be_rendered(station: Station, version: str, created: int) -> None:
    trigger = f'  - {{id: one, type: {TRIGGER}Flow, inputs: {{x: "{{{{ trigger.none }}}}"}}'
    station.flow(trigger + (", dependsOn: [{flowId: a}]}" if version == "2.x" else "}"))
    station.tick()
    assert [flow.dialect for flow in station.server.flows()] == [version]
    assert ended(station, "a") == created
    assert [each.state for each in station.started()] == ["FAILED"] * created


# ---- while there was no server -----------------------------------------------------------------------------------

SECOND = f"  - {{id: after, type: {TRIGGER}Flow, dependsOn: [{{flowId: first, states: [SUCCESS]}}]}}"


@pytest.mark.parametrize("away", [10, 36_000], ids=["a restart", "a night"])
def test_what_ran_when_the_server_went_is_followed_to_its_end(station: Station, away: int) -> None:
    station.flow(SECOND, "second")
    before = station.upstream()
    station.tick()
    over = station.upstream()
    station.end(over)
    station.tick(1)
    assert station.followers() == [over]
    station.end(before)
    station.restarted(away)
    assert station.followers() == [over, before], "the one that was running, and none twice"
    station.restarted(1)
    station.tick(1)
    assert station.followers() == [over, before]


@pytest.mark.parametrize(("away", "starts"), [(10, 1), (36_000, 0)], ids=["a restart", "a night"])
def test_what_began_and_ended_without_a_server(station: Station, away: int, starts: int) -> None:
    """A restart misses nothing; who runs flows by hand while nothing serves has not asked for their followers."""
    station.flow(SECOND, "second")
    station.tick()
    station.clock.move_to(station.clock.now() + timedelta(seconds=2))
    station.end(station.upstream())
    station.restarted(away)
    station.tick(1)
    assert len(station.followers()) == starts


def test_an_old_execution_that_is_taken_up_again_is_followed_to_its_end(station: Station) -> None:
    """Once, and without what it had been before."""
    station.flow(SECOND, "second")
    station.tick()
    old = station.upstream()
    station.end(old)
    station.tick(1)
    station.tick(3600)
    station.tick(3600)
    assert station.followers() == [old]
    record, now = station.executions.record(old), station.clock.now()
    with JournalWriter(record.journal) as journal:
        journal.append([c.encode(each) for each in (c.ExecutionRestarted(2), ExecutionMoved("RESTARTED", now))])
    station.stores.index.upsert(summary_of(record.load().execution))
    station.tick(1)
    assert station.followers() == [old]
    station.end(old)
    station.tick(1)
    station.tick(1)
    assert station.followers() == [old, old]


# ---- what must not end or stop the server ------------------------------------------------------------------------


def test_a_wrong_regular_expression_is_told_and_holds_nobody_up(station: Station) -> None:
    where = "where: [{id: w, filters: [{field: FLOW_ID, type: REGEX, value: '[a'}]}]"
    station.flow(f"  - {{id: wrong, type: {TRIGGER}Flow, preconditions: {{id: p, {where}}}}}", "wrong")
    station.flow(SECOND, "second")
    station.tick()
    over = station.upstream()
    station.end(over)
    station.tick(1)
    assert station.followers() == [over]
    assert any("A filter of the trigger `wrong` cannot be evaluated" in text for text in station.told)


def test_an_execution_that_cannot_be_looked_at_takes_no_other_with_it(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.flow(SECOND, "second")
    station.tick()
    first, second = station.upstream(), station.upstream()
    station.end(first)
    station.end(second)
    load = ExecutionRecord.load

    def broken(record: ExecutionRecord, **more: bool) -> Any:
        if record.id == first:
            raise StoreError("unreadable")
        return load(record, **more)

    with monkeypatch.context() as patched:
        patched.setattr(ExecutionRecord, "load", broken)
        station.tick(1)
    station.tick(1)
    assert station.followers() == [second]
    assert any(first in text and "unreadable" in text for text in station.told)


def test_a_mistake_of_our_own_is_told_and_the_next_round_comes(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = []
    stop = threading.Event()

    def tick() -> None:
        rounds.append(1)
        if len(rounds) == 2:
            stop.set()
        raise RuntimeError("oops")

    monkeypatch.setattr(station.server, "tick", tick)
    monkeypatch.setattr("podium.server.serve.TICK", timedelta(0))
    station.server.run(stop)
    assert len(rounds) == 2 and "RuntimeError: oops" in station.told[0]


def test_a_journal_that_goes_while_it_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_feed, "_size", lambda path: 10)
    assert list(state_feed._new_states(state_feed._Followed(tmp_path / "gone", 0))) == []


def test_a_damaged_line_of_a_journal_is_passed_over(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    kind = f'"e":"{ExecutionMoved.name}"'
    journal.write_text(f'{{{kind},\n{{{kind},"state":"SUCCESS"}}\n', encoding="utf-8")
    assert list(state_feed._new_states(state_feed._Followed(journal, 0))) == ["SUCCESS"]


def test_a_trigger_that_is_switched_off_while_its_state_is_made_stays_off(station: Station) -> None:
    triggers = station.stores.triggers
    triggers.save(TriggerState(*CLOCK, next_date=datetime(2026, 1, 5, 11, tzinfo=UTC)))
    read = station.state()
    assert read is not None
    triggers.switch(*CLOCK, disabled=True)
    triggers.save(replace(read, next_date=datetime(2026, 1, 5, 12, tzinfo=UTC)))
    state = station.state()
    assert state is not None and state.disabled and state.next_date == datetime(2026, 1, 5, 12, tzinfo=UTC)
    triggers.switch(*CLOCK, disabled=False)
    state = station.state()
    assert state is not None and not state.disabled and state.next_date == datetime(2026, 1, 5, 12, tzinfo=UTC)


def test_a_trigger_with_a_problem_does_not_keep_a_flow_of_the_same_name_from_its_webhook(hook: Hook) -> None:
    hook.station.flow(f"  - {{id: hook, type: {TRIGGER}ScheduleOnDates, dates: [never]}}", "other")
    hook.station.tick(10)
    assert any(text.startswith("lab.other.hook: ") for text in hook.station.told)
    assert hook.station.server.invalid("lab.other", "hook") is None
