"""What expressions get in a real workspace: secrets, key-values, files, network, logs, surroundings."""

import base64
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.workspaces import log_line, opened, put_execution

from podium.base.masking import Masker
from podium.expressions.errors import ExpressionError
from podium.expressions.render import render, render_typed
from podium.expressions.services import SubflowRequest
from podium.runtime.kinship import Kinship
from podium.runtime.masks import hide_inputs, masker_of
from podium.runtime.services import RuntimeServices
from podium.runtime.surroundings import surroundings
from podium.store.internal_storage import ExecutionPlace
from podium.store.stores import Stores
from podium.store.toml_files import SettingsError

FLOW = {"flow": {"id": "hello", "namespace": "lab.deep"}}


def services(stores: Stores, masker: Masker | None = None, **options: Any) -> RuntimeServices:
    return RuntimeServices(stores, "lab.deep", "hello", masker or Masker(), **options)


def shown(stores: Stores, text: str, **options: Any) -> Any:
    context = {**FLOW, **surroundings(stores, "lab.deep")}
    return render(text, context, services(stores, **options))


def test_a_secret_is_rendered_masked_and_noted(tmp_path: Path) -> None:
    stores = opened(tmp_path, {".env": 'DB_PW=hunter2\nJSON={"user": "ada", "pin": 123456}'})
    record = put_execution(stores)
    masker = Masker()
    assert shown(stores, "{{ secret('db_pw') }}", masker=masker, record=record) == "hunter2"
    assert shown(stores, "{{ secret('JSON', subkey='pin') }}", masker=masker, record=record) == "123456"
    assert masker("a hunter2 123456") == "a ******* ******"
    assert record.used_secrets() == [("DB_PW", "lab.deep"), ("JSON", "lab.deep")]
    assert "hunter2" not in (record.directory / "secrets.jsonl").read_text()
    assert masker_of(stores, record.id)("hunter2!") == "*******!"


def test_a_secret_that_is_missing_or_unreadable(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    with pytest.raises(ExpressionError, match=r"Cannot find secret for key 'nope'\."):
        shown(stores, "{{ secret('nope') }}")
    (tmp_path / ".env").write_text("what is this")
    with pytest.raises(ExpressionError, match=r"\.env:1: This line is not"):
        render("{{ secret('nope') }}", FLOW, services(stores))
    with pytest.raises(SettingsError, match=r"\.env:1: This line is not"):
        surroundings(stores, "lab")


def test_values_of_secret_inputs_are_hidden() -> None:
    masker = Masker()
    hide_inputs(masker, {"pw": "hunter2", "a": {"b": ["swordfish"]}, "name": "ada"}, ["pw", "a.b", "absent"])
    assert masker("hunter2 swordfish ada") == "******* **masked* ada"


def test_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENV_REGION", "eu")
    monkeypatch.setenv("KESTRA_REGION", "old")
    monkeypatch.setenv("REGION", "never")
    toml = """
        [globals]
        team = "data"
        [variables.lab]
        a = 1
        b = 1
        [variables."lab.deep"]
        b = 2
        [kestra]
        url = "http://x"
        environment = {name = "laptop"}
    """
    stores = opened(tmp_path, {"podium.toml": toml, ".env": "ENV_DB_HOST=db\nENV_REGION=file\nPASSWORD=x"})
    text = (
        "{{ globals.team }} {{ envs.region }} {{ envs.db_host }} {{ namespace.a }}{{ namespace.b }} {{ kestra.url }} "
        "{{ kestra.environment.name }} {{ envs.password ?? 'none' }}"
    )
    assert shown(stores, text) == "data eu db 12 http://x laptop none"


def test_without_settings_only_envs_is_there(tmp_path: Path) -> None:
    assert list(surroundings(opened(tmp_path), "lab")) == ["envs"]


def test_key_values_are_typed_expire_and_are_inherited(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    stores.key_values.set("lab", "n", 3)
    stores.key_values.set("lab.deep", "gone", "x", ttl=timedelta(seconds=0))
    assert render_typed("{{ kv('n') + 1 }}", FLOW, services(stores)) == 4
    with pytest.raises(ExpressionError, match=r"The key 'gone' does not exist in the namespace 'lab\.deep'"):
        shown(stores, "{{ kv('gone') }}")


# ---- files -----------------------------------------------------------------------------------------------------------


def place(execution_id: str) -> ExecutionPlace:
    return ExecutionPlace("lab", "hello", execution_id)


def stored(stores: Stores, execution_id: str, content: str) -> str:
    return stores.storage.for_task(place(execution_id), "t", "r1").put_bytes(content.encode(), "a.txt")


def test_files_of_every_kind(tmp_path: Path) -> None:
    stores = opened(tmp_path / "w", {"lab.deep/q.sql": "select 1", "lab/other.txt": "other"})
    (tmp_path / "local file.txt").write_text("local")
    uri = stored(stores, "e1", "stored")
    asked = {"may_read": {"e1"}.__contains__}
    assert shown(stores, "{{ read('q.sql') }} {{ fileSize('q.sql') }} {{ fileExists('none') }}") == "select 1 8 false"
    assert shown(stores, "{{ read('nsfile:///q.sql') }} {{ read('nsfile://lab/other.txt') }}") == "select 1 other"
    assert shown(stores, "{{ read('other.txt', namespace='lab') }}") == "other"
    assert shown(stores, "{{ read(fileURI('q.sql')) }}") == "select 1"
    assert shown(stores, "{{ read('" + (tmp_path / "local file.txt").as_uri() + "') }}") == "local"
    assert shown(stores, f"{{{{ read('{uri}') }}}} {{{{ isFileEmpty('{uri}') }}}}", **asked) == "stored false"
    assert shown(stores, f"{{{{ fileExists('{uri}x') }}}}", **asked) == "false"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ read('kestra:///lab/hello/executions/e2/tasks/t/r/a.txt') }}", "didn't belong to the current execution"),
        ("{{ read('none.sql') }}", "Unable to find the file 'none.sql' in the namespace 'lab.deep'"),
        ("{{ read('../x') }}", r"must not contain"),
        ("{{ read('.env') }}", "`.env` files are not"),
        ("{{ read('q.sql', revision=3) }}", "Version 3 of 'q.sql' is not kept"),
        ("{{ read('s3://x/y') }}", "scheme not supported"),
        ("{{ read('file:///does/not/exist') }}", "Unable to find the file"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, text: str, message: str) -> None:
    stores = opened(tmp_path, {"lab.deep/q.sql": "select 1", ".env": "A=secret"})
    with pytest.raises(ExpressionError, match=message):
        shown(stores, text)


def test_a_family_of_executions_reads_each_others_files(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    trigger = {"id": "call", "type": "Subflow", "variables": {"executionId": "parent"}}
    put_execution(stores, "parent")
    put_execution(stores, "child", parent_id="parent", trigger=trigger)
    put_execution(stores, "grandchild", parent_id="child")
    put_execution(stores, "replay", parent_id="parent", original_id="parent")
    put_execution(stores, "stranger")
    parent = Kinship(stores.index, "parent")
    assert [parent(one) for one in ("parent", "child", "grandchild", "replay", "stranger", "unknown")] == [
        True, True, True, True, False, False,
    ]  # fmt: skip
    # A child that has just been made is not in the index yet: its own record says where it comes from.
    young = Kinship(stores.index, "young", ["child", None])
    assert young("parent")
    assert young("grandchild")
    assert not young("stranger")


# ---- the rest --------------------------------------------------------------------------------------------------------


class Answers(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/missing"):
            self.send_error(404, "Not Found")
            return
        auth = self.headers.get("Authorization", "")
        answer = f'{{"path": "{self.path}", "body": {body.decode()}, "auth": "{auth}"}}'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_address[1]}"
    httpd.shutdown()
    httpd.server_close()


def test_http(tmp_path: Path, server: str) -> None:
    stores = opened(tmp_path)
    text = "{{ http(url, method='POST', body={'a': 1}, query={'q': 'x y'}, options=options) }}"

    def ask(url: str, options: dict[str, Any]) -> Any:
        return render_typed(text, {**FLOW, "url": url, "options": options}, services(stores))

    answer = ask(f"{server}/there", {"auth": {"type": "BEARER", "token": "tok"}})
    assert answer == {"path": "/there?q=x+y", "body": {"a": 1}, "auth": "Bearer tok"}
    basic = ask(f"{server}/there", {"auth": {"username": "u", "password": "p"}})
    assert basic["auth"] == "Basic " + base64.b64encode(b"u:p").decode()
    with pytest.raises(ExpressionError, match="status 404 : Not Found"):
        ask(f"{server}/missing", {})
    with pytest.raises(ExpressionError, match="Failed to execute HTTP request"):
        ask("http://127.0.0.1:1/", {})
    with pytest.raises(ExpressionError, match="followRedirects"):
        ask(server, {"followRedirects": "perhaps"})


def test_error_logs_are_the_first_errors_of_the_execution(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    log = log_line("fine") + "".join(log_line(f"bad {n}", "ERROR", time=n) for n in range(30))
    record = put_execution(stores, "e1", log=log)
    logs = render_typed("{{ errorLogs() }}", FLOW, services(stores, record=record))
    assert [entry["message"] for entry in logs] == [f"bad {n}" for n in range(25)]
    assert logs[0]["taskId"] == "t"
    assert logs[0]["executionId"] == "e1"
    with pytest.raises(ExpressionError, match="can only be used in the Worker"):
        shown(stores, "{{ errorLogs() }}")


def test_a_subflow_runs_only_where_somebody_can_run_it(tmp_path: Path) -> None:
    stores = opened(tmp_path)
    asked: list[SubflowRequest] = []

    def run(request: SubflowRequest) -> dict[str, Any]:
        asked.append(request)
        return {"id": "x", "state": "SUCCESS", "outputs": {"o": 1}, "labels": {}}

    text = "{{ subflow(namespace='lab', id='child', inputs={'a': 1}).outputs.o }}"
    assert shown(stores, text, subflows=run) == "1"
    assert (asked[0].namespace, asked[0].flow_id, asked[0].inputs) == ("lab", "child", {"a": 1})
    with pytest.raises(ExpressionError, match="only be used while the inputs"):
        shown(stores, text)


def test_dates_have_the_zone_of_the_settings(tmp_path: Path) -> None:
    stores = opened(tmp_path, {"podium.toml": "timezone = 'Asia/Tokyo'"})
    assert shown(stores, "{{ now() | date('yyyy-MM-dd HH:mm') }}") == "2026-03-15 00:09"


def test_random_ports_are_free(tmp_path: Path) -> None:
    port = services(opened(tmp_path)).random_port()
    assert 1024 < port < 65536
