"""`podium files`: namespace files, and the files that an execution left in internal storage."""

import shutil
import sys
from pathlib import Path
from typing import BinaryIO

from podium.cli.command import Arguments, Command, Parser, add_output
from podium.cli.errors import FAILED, OK, CommandError
from podium.cli.namespaces import add_namespace, chosen_namespace
from podium.cli.output import Console
from podium.cli.run_names import HELP, find_run
from podium.cli.session import Session
from podium.store.internal_storage import SCHEME, ExecutionPlace

_BLOCK = 1 << 20


def _arguments(parser: Parser) -> None:
    below = parser.add_subparsers(metavar="COMMAND", required=True, dest="what", parser_class=Parser)
    listing = below.add_parser(
        "list", help="List files with their size.", description="List files with their size in bytes."
    )
    listing.add_argument("folder", nargs="?", default="", metavar="FOLDER", help="Only files below this folder.")
    listing.add_argument("--run", metavar="RUN", help="The files of an execution instead. " + HELP)
    add_namespace(listing)
    add_output(listing)
    cat = below.add_parser("cat", help="Print a file.", description="Print a file to stdout, byte by byte.")
    cat.add_argument(
        "path", metavar="PATH", help="A namespace file, or the URI of a file of internal storage (`kestra:///...`)."
    )
    add_namespace(cat)
    put = below.add_parser(
        "put", help="Copy a file to the namespace.", description="Copy a file, or stdin, to a namespace file."
    )
    put.add_argument("source", metavar="SOURCE", help="A file, or `-` for stdin.")
    put.add_argument(
        "path", nargs="?", metavar="PATH", help="Its path in the namespace; default: the name of the file."
    )
    add_namespace(put)
    delete = below.add_parser("delete", help="Remove namespace files.", description="Remove namespace files.")
    delete.add_argument("paths", nargs="+", metavar="PATH")
    add_namespace(delete)


def _files(arguments: Arguments, console: Console) -> int:
    session = Session(arguments.workspace, console)
    return _ACTIONS[arguments.what](session, arguments, console)


def _list(session: Session, arguments: Arguments, console: Console) -> int:
    found = _of_run(session, arguments.run) if arguments.run else _of_namespace(session, arguments)
    if arguments.folder:
        prefix = arguments.folder.strip("/") + "/"
        found = [(name, path) for name, path in found if f"/{prefix}" in f"/{name}" or name.startswith(prefix)]
    if arguments.output == "json":
        console.json([{"path": name, "size": _size(path), "localPath": path} for name, path in found])
    elif found:
        width = max(len(str(_size(path))) for _, path in found)
        for name, path in found:
            console.line(f"{_size(path):>{width}}  {name}")
    else:
        console.narrate("There are no files.", "dim")
    return OK


def _of_namespace(session: Session, arguments: Arguments) -> list[tuple[str, Path]]:
    namespace = chosen_namespace(session, arguments)
    files = session.stores.namespace_files
    return [(name, files.path(namespace, name)) for name in files.list(namespace)]


def _of_run(session: Session, name: str) -> list[tuple[str, Path]]:
    execution = session.executions.get(find_run(session, name))
    place = ExecutionPlace(execution.namespace, execution.flow_id, execution.id)
    folder = session.stores.storage.execution_folder(place)
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return [(f"{SCHEME}/{place.path}/{path.relative_to(folder).as_posix()}", path) for path in found]


def _size(path: Path) -> int:
    return path.stat().st_size


def _cat(session: Session, arguments: Arguments, console: Console) -> int:
    if "://" in arguments.path:
        if not arguments.path.startswith((SCHEME, "nsfile://")):
            raise CommandError(
                f"{arguments.path} is no file of this workspace: its URI begins with {SCHEME}/ or nsfile://."
            )
        namespace = chosen_namespace(session, arguments) if arguments.path.startswith("nsfile:///") else ""
        path = session.stores.storage.path(arguments.path, namespace, lambda _: True)
    else:
        path = session.stores.namespace_files.path(chosen_namespace(session, arguments), arguments.path)
    console.flush()
    target: BinaryIO = console.stdout.buffer
    with path.open("rb") as file:
        shutil.copyfileobj(file, target, _BLOCK)
    target.flush()
    return OK


def _put(session: Session, arguments: Arguments, console: Console) -> int:
    namespace = chosen_namespace(session, arguments)
    if arguments.source == "-":
        if not arguments.path:
            raise CommandError("name the PATH in the namespace: stdin has no name.")
        content = sys.stdin.buffer.read()
    else:
        source = Path(arguments.source)
        if not source.is_file():
            raise CommandError(f"there is no file {source}.")
        content = source.read_bytes()
    name = arguments.path or Path(arguments.source).name
    session.stores.namespace_files.write(namespace, name, content)
    place = session.shown(session.stores.namespace_files.path(namespace, name))
    console.narrate(f"{namespace}: {name} ({len(content)} bytes) is {place}", "dim")
    return OK


def _delete(session: Session, arguments: Arguments, console: Console) -> int:
    namespace = chosen_namespace(session, arguments)
    code = OK
    for name in arguments.paths:
        if not session.stores.namespace_files.delete(namespace, name):
            console.error(f"the namespace {namespace} has no file {name}.")
            code = FAILED
    return code


_ACTIONS = {"list": _list, "cat": _cat, "put": _put, "delete": _delete}

COMMANDS = {
    "files": Command(
        _arguments,
        _files,
        examples=(
            ("files list scripts", "namespace files below a folder"),
            ("files list --run last", "what the newest execution has stored"),
            ("files cat kestra:///company/team/sales-etl/.../result.csv", "a stored file"),
        ),
    )
}
