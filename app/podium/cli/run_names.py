"""Which execution a user means by RUN, and what to say when there is none."""

from podium.base.looks import short_id
from podium.cli.command import Parser
from podium.cli.errors import CommandError
from podium.cli.session import Session
from podium.store.index import ExecutionFilter
from podium.store.summaries import ExecutionSummary

HELP = "An execution: its id, the beginning or end of it, `last`, or `last:FLOW`."
_NEWEST = 3


def add_run(parser: Parser, many: bool = False) -> None:
    """The argument RUN, or several."""
    if many:
        parser.add_argument("runs", nargs="+", metavar="RUN", help=HELP)
    else:
        parser.add_argument("run_name", metavar="RUN", help=HELP)


def find_run(session: Session, text: str) -> str:
    """The whole id. Raises CommandError that names the newest executions when none is meant."""
    if not session.used:
        raise CommandError(f"no run {text}: nothing ran in {session.workspace.root} yet. Start with: podium run FLOW")
    word, _, flow = text.partition(":")
    if word in ("last", "latest"):
        return _last(session, flow)
    from podium.runtime.executions import Refused

    try:
        return session.executions.resolve(text)
    except Refused as error:
        index = session.executions.index
        candidates = [one for found in index.ids_like(text) if (one := index.get(found)) is not None]
        if len(candidates) > 1:
            raise CommandError(f"{text} can mean {_listed(candidates)}. Give more of the id.") from error
        raise CommandError(f"no run {text}; {_newest(session)}") from error


def _last(session: Session, flow: str) -> str:
    namespace, _, flow_id = flow.rpartition(".")
    wanted = ExecutionFilter(flow_id=flow_id or None, namespace=namespace or None, children=None if flow else False)
    found = session.executions.summaries(wanted, size=1).items
    if not found and namespace:
        # An id may hold a dot itself.
        found = session.executions.summaries(ExecutionFilter(flow_id=flow), size=1).items
    if not found:
        what = f"no run of the flow {flow}" if flow else "no run yet"
        raise CommandError(f"{what}; {_newest(session)}")
    return found[0].id


def _newest(session: Session) -> str:
    newest = session.executions.summaries(size=_NEWEST).items
    if not newest:
        return "nothing ran here yet. Start with: podium run FLOW"
    return f"the newest are {_listed(newest)}. `podium runs` lists them all."


def _listed(runs: "list[ExecutionSummary] | tuple[ExecutionSummary, ...]") -> str:
    return ", ".join(f"{short_id(run.id)}… ({run.flow_id}, {run.state})" for run in runs)
