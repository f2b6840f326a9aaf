"""Which execution a user means by RUN, and what to say when there is none."""

from podium.base.looks import short_id
from podium.cli.command import Parser
from podium.cli.errors import CommandError
from podium.cli.session import Session
from podium.store.index import ExecutionFilter
from podium.store.summaries import ExecutionSummary

HELP = "An execution: its id, the beginning or end of it, `last`, or `last:FLOW`."
_NEWEST = 3
_PAGE = 50
_FLOWABLES = "io.kestra.plugin.core.flow."
"""What the trigger of a child is: the task that started it."""


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
    wanted = ExecutionFilter(flow_id=flow_id or None, namespace=namespace or None)
    found = _newest_of(session, wanted, with_children=bool(flow))
    if found is None and namespace:
        # An id may hold a dot itself.
        found = _newest_of(session, ExecutionFilter(flow_id=flow), with_children=True)
    if found is None:
        what = f"no run of the flow {flow}" if flow else "no run yet"
        raise CommandError(f"{what}; {_newest(session)}")
    return found.id


def _newest_of(session: Session, wanted: ExecutionFilter, with_children: bool) -> ExecutionSummary | None:
    """The newest execution, without those that a task of another one started."""
    number = 1
    while True:
        page = session.executions.summaries(wanted, page=number, size=_PAGE)
        for one in page.items:
            if with_children or not (one.trigger_type or "").startswith(_FLOWABLES):
                return one
        if len(page.items) < _PAGE:
            return None
        number += 1


def _newest(session: Session) -> str:
    newest = session.executions.summaries(size=_NEWEST).items
    if not newest:
        return "nothing ran here yet. Start with: podium run FLOW"
    return f"the newest are {_listed(newest)}. `podium runs` lists them all."


def _listed(runs: "list[ExecutionSummary] | tuple[ExecutionSummary, ...]") -> str:
    return ", ".join(f"{short_id(run.id)}… ({run.flow_id}, {run.state})" for run in runs)
