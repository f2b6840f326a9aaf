"""`podium serve`: the triggers of a workspace at work."""

import signal
import threading
from datetime import datetime
from types import FrameType

from podium.base.text import clean
from podium.cli.command import Arguments, Command, Parser
from podium.cli.errors import OK
from podium.cli.output import Console
from podium.cli.session import Session

_DETAILS = """\
Fires schedules, flow triggers, webhooks and polling triggers, starts queued executions when a slot is free, and takes
care of runs whose process died. Webhooks are answered on loopback only. What happens is printed, one line each; Ctrl-C
or SIGTERM ends the server, not the executions it has started. One workspace has one server."""


def _arguments(parser: Parser) -> None:
    parser.add_argument(
        "-p",
        "--port",
        type=int,
        default=8080,
        metavar="PORT",
        help="Where webhooks are answered; default 8080, 0: any.",
    )
    parser.add_argument("--no-http", action="store_true", help="Answer no webhooks.")


def _serve(arguments: Arguments, console: Console) -> int:
    from podium.runtime.executions import Executions
    from podium.runtime.launcher import ForkServer
    from podium.server.http_api import listening
    from podium.server.presence import announce, the_only_server
    from podium.server.serve import Server

    session = Session(arguments.workspace, console)
    session.workspace.prepare()
    with the_only_server(session.workspace) as mark:
        # Forked before the first thread, and before the database is open.
        launcher = ForkServer.start()
        stores, registry = session.stores, session.registry
        executions = Executions(
            session.workspace, registry, settings=session.settings, launcher=launcher, stores=stores
        )
        writing = threading.Lock()

        def tell(text: str) -> None:
            with writing:
                console.line(f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S} {clean(text)}")
                console.flush()

        server = Server(stores, registry, executions, tell)
        http = None
        try:
            where = ""
            if not arguments.no_http:
                http = listening(server, arguments.port)
                where = f"http://127.0.0.1:{http.server_address[1]}"
            announce(mark, where)
            console.narrate(f"Serving {session.workspace.root}" + (f", webhooks at {where}" if where else ""))
            server.run(_stop())
            console.narrate("The server has ended; what it started goes on.")
        finally:
            if http is not None:
                http.shutdown()
            launcher.close()
    return OK


def _stop() -> threading.Event:
    """What Ctrl-C and SIGTERM set."""
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    return stop


COMMANDS = {
    "serve": Command(
        _arguments,
        _serve,
        details=_DETAILS,
        examples=(("serve --port 9000", "webhooks at http://127.0.0.1:9000/api/v1/executions/webhook/..."),),
    )
}
