"""`podium new`: a flow to begin with, from a gallery of templates."""

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from podium.cli.command import Arguments, Command, Parser, add_output
from podium.cli.errors import OK, CommandError, UsageError
from podium.cli.output import Console
from podium.cli.session import Session

GALLERY: Mapping[str, str] = {
    "hello": "A greeting: an input and a Log task.",
    "python": "A Python script of the namespace, its outputs and metrics.",
    "shell": "Shell commands that pass on a value and a file.",
    "http": "A web service is asked, with retries.",
    "parallel": "Two branches at the same time, then a join.",
    "loop": "The same for every entry of a list.",
    "schedule": "A cron trigger with a time zone.",
    "approval": "Pause until somebody approves, with a form.",
    "resilient": "Retries, a time limit, an errors branch and finally.",
}
"""The templates with what they show; each is a folder of `podium.cli.gallery`."""

_ID = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]*")
_NAMESPACE = re.compile(r"[a-z0-9][a-z0-9._-]*")
_DEFAULT_NAMESPACE = "company.team"


def _arguments(parser: Parser) -> None:
    parser.add_argument("id", nargs="?", metavar="FLOW", help="The id of the new flow.")
    parser.add_argument(
        "-t", "--template", choices=tuple(GALLERY), default="hello", metavar="NAME", help="A template; default: hello."
    )
    parser.add_argument(
        "-n",
        "--namespace",
        metavar="NAME",
        help=f"Its namespace; default: the only one there is, or {_DEFAULT_NAMESPACE}.",
    )
    parser.add_argument("--list", action="store_true", help="List the templates.")
    parser.add_argument("--stdout", action="store_true", help="Print the flow instead of writing files.")
    add_output(parser)


def _new(arguments: Arguments, console: Console) -> int:
    if arguments.list:
        return _list(arguments, console)
    if not arguments.id:
        raise UsageError("FLOW is missing: the id of the new flow. --list shows the templates.", "new")
    if not _ID.fullmatch(arguments.id):
        raise UsageError(f"`{arguments.id}` is no id: use letters, digits, `.`, `_` and `-`.", "new")
    session = Session(arguments.workspace, console)
    namespace = arguments.namespace or _namespace(session)
    if not _NAMESPACE.fullmatch(namespace):
        raise UsageError(f"`{namespace}` is no namespace: use lower-case letters, digits, `.`, `_` and `-`.", "new")
    rendered = render(arguments.template, arguments.id, namespace)
    if arguments.stdout:
        console.line(rendered["flow.yaml"].rstrip("\n"))
        return OK
    written = _write(session, arguments.id, namespace, rendered)
    if arguments.output == "json":
        console.json({"id": arguments.id, "namespace": namespace, "files": written})
    else:
        for path in written:
            console.line(session.shown(path))
    console.narrate(f"podium run {arguments.id}", "dim")
    return OK


def _list(arguments: Arguments, console: Console) -> int:
    if arguments.output == "json":
        console.json([{"name": name, "title": title} for name, title in GALLERY.items()])
    else:
        console.table(("TEMPLATE", "SHOWS"), list(GALLERY.items()))
    return OK


def _namespace(session: Session) -> str:
    namespaces = session.workspace.namespaces()
    if len(namespaces) > 1:
        raise UsageError(f"name the namespace with -n: there are {', '.join(namespaces[:10])}.", "new")
    return namespaces[0] if namespaces else _DEFAULT_NAMESPACE


def render(template: str, flow_id: str, namespace: str) -> dict[str, str]:
    """The files of a template by path: `flow.yaml`, and namespace files below `files/`.

    Templates have `[[ ]]` where Jinja has `{{ }}`, which belongs to the flow.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    values = {"id": flow_id, "namespace": namespace}
    folder = files("podium.cli") / "gallery" / template
    return {
        path.replace("__id__", flow_id).removesuffix(".j2"): environment.from_string(file.read_text("utf-8")).render(
            values
        )
        for path, file in _walk(folder, "")
    }


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _walk(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry


def _write(session: Session, flow_id: str, namespace: str, rendered: Mapping[str, str]) -> list[Path]:
    """Write all files, or none when one is there already."""
    workspace = session.workspace
    flows = workspace.flow_files()
    twins = [flow for flow in flows if flow.id == flow_id and flow.namespace == namespace]
    if twins:
        raise CommandError(f"the namespace {namespace} has a flow {flow_id} already: {session.shown(twins[0].path)}.")
    home = workspace.namespace_folder(namespace) if flows else workspace.root
    beside = [flow.path.parent for flow in flows if flow.namespace == namespace]
    folder = beside[0] if beside else home / "flows"
    targets = {
        folder / f"{flow_id}.yaml" if name == "flow.yaml" else home / name.removeprefix("files/"): text
        for name, text in rendered.items()
    }
    for path in targets:
        if path.exists():
            raise CommandError(f"{session.shown(path)} is there already; nothing was written.")
    for path, text in targets.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(targets)


COMMANDS = {
    "new": Command(
        _arguments,
        _new,
        examples=(
            ("new --list", "the templates"),
            ("new nightly --template python", "a flow and its script"),
        ),
    )
}
