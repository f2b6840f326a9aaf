"""`podium kv`: the key-value store of a namespace."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from podium.base.durations import parse_duration
from podium.base.looks import short_moment
from podium.base.text import shorten
from podium.cli.command import Arguments, Command, Parser, add_output
from podium.cli.errors import FAILED, OK, CommandError
from podium.cli.moments import length_of_time
from podium.cli.namespaces import add_namespace, chosen_namespace
from podium.cli.outcome import shown_value
from podium.cli.output import Cell, Console, plain_value
from podium.cli.session import Session

_TYPES = ("STRING", "NUMBER", "BOOLEAN", "DATETIME", "DATE", "DURATION", "JSON")


def _arguments(parser: Parser) -> None:
    below = parser.add_subparsers(metavar="COMMAND", required=True, dest="what", parser_class=Parser)
    listing = below.add_parser(
        "list", help="List the keys with type, value and expiry.", description="List the keys of a namespace."
    )
    add_namespace(listing)
    add_output(listing)
    get = below.add_parser(
        "get", help="Print a value.", description="Print a value. Exit code 1 when there is no such key."
    )
    get.add_argument("key", metavar="KEY")
    add_namespace(get)
    add_output(get)
    set_ = below.add_parser("set", help="Store a value.", description="Store a value under a key.")
    set_.add_argument("key", metavar="KEY")
    set_.add_argument("value", metavar="VALUE", help="The value as text, ISO date or JSON, as its type wants it.")
    set_.add_argument(
        "--type",
        choices=_TYPES,
        type=str.upper,
        metavar="TYPE",
        help=f"{', '.join(_TYPES)}. Default: what the text looks like.",
    )
    set_.add_argument("--ttl", type=length_of_time, metavar="TIME", help="Forget it after this long: `30m`, `P1D`.")
    set_.add_argument("--description", metavar="TEXT", help="What it is for.")
    set_.add_argument("--keep", action="store_true", help="Do not replace a value that is there; exit code 1 then.")
    add_namespace(set_)
    delete = below.add_parser(
        "delete", help="Remove keys.", description="Remove keys. Exit code 1 when one was not there."
    )
    delete.add_argument("keys", nargs="+", metavar="KEY")
    add_namespace(delete)


def _kv(arguments: Arguments, console: Console) -> int:
    session = Session(arguments.workspace, console)
    namespace = chosen_namespace(session, arguments)
    return _ACTIONS[arguments.what](session, namespace, arguments, console)


def _list(session: Session, namespace: str, arguments: Arguments, console: Console) -> int:
    entries = session.stores.key_values.entries(namespace)
    if arguments.output == "json":
        console.json(
            [
                {
                    "key": entry.key,
                    "type": entry.type,
                    "value": _json(entry.value),
                    "description": entry.description,
                    "creationDate": entry.created,
                    "updateDate": entry.updated,
                    "expirationDate": entry.expires,
                }
                for entry in entries
            ]
        )
        return OK
    if not entries:
        console.narrate(f"The namespace {namespace} has no keys.", "dim")
        return OK
    now = datetime.now(UTC)
    console.table(
        ("KEY", "TYPE", "VALUE", "EXPIRES", "DESCRIPTION"),
        [
            (
                entry.key,
                entry.type,
                shorten(shown_value(_json(entry.value)), 60),
                short_moment(entry.expires, now) if entry.expires else "",
                Cell(entry.description or "", "dim"),
            )
            for entry in entries
        ],
    )
    return OK


def _get(session: Session, namespace: str, arguments: Arguments, console: Console) -> int:
    exists, value = session.stores.key_values.get(namespace, arguments.key)
    if not exists:
        raise CommandError(
            f"the namespace {namespace} has no key {arguments.key}.{_close(session, namespace, arguments.key)}", FAILED
        )
    if arguments.output == "json":
        console.json(_json(value))
    else:
        console.line(shown_value(_json(value)))
    return OK


def _close(session: Session, namespace: str, key: str) -> str:
    import difflib

    close = difflib.get_close_matches(key, session.stores.key_values.keys(namespace), n=1)
    return f" Did you mean {close[0]}?" if close else ""


def _set(session: Session, namespace: str, arguments: Arguments, console: Console) -> int:
    from podium.store.key_values import sniffed, value_type

    value = sniffed(arguments.value) if arguments.type is None else _typed(arguments.type, arguments.value)
    stored = session.stores.key_values.set(
        namespace,
        arguments.key,
        value,
        ttl=arguments.ttl,
        overwrite=not arguments.keep,
        description=arguments.description,
    )
    if not stored:
        raise CommandError(f"the key {arguments.key} is there already; without --keep it is replaced.", FAILED)
    console.narrate(f"{namespace}: {arguments.key} is a {value_type(value)} now.", "dim")
    return OK


def _delete(session: Session, namespace: str, arguments: Arguments, console: Console) -> int:
    code = OK
    for key in arguments.keys:
        if not session.stores.key_values.delete(namespace, key):
            console.error(f"the namespace {namespace} has no key {key}.")
            code = FAILED
    return code


def _typed(kind: str, text: str) -> Any:
    """The value of a text that is said to be of a type; raises CommandError."""
    try:
        return _READERS[kind](text)
    except ValueError as error:
        raise CommandError(f"`{text}` is no {kind}: {error}") from error


def _number(text: str) -> float | int:
    return int(text) if text.strip().lstrip("+-").isdecimal() else float(text)


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("write true or false.")
    return text.lower() == "true"


def _datetime(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_READERS: dict[str, Callable[[str], Any]] = {
    "STRING": str,
    "NUMBER": _number,
    "BOOLEAN": _boolean,
    "DATETIME": _datetime,
    "DATE": date.fromisoformat,
    "DURATION": parse_duration,
    "JSON": json.loads,
}
_ACTIONS = {"list": _list, "get": _get, "set": _set, "delete": _delete}


def _json(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, list, dict, type(None))) else plain_value(value)


COMMANDS = {
    "kv": Command(
        _arguments,
        _kv,
        examples=(
            ("kv list", "the keys of the workspace's only namespace"),
            ("kv set last_run 2026-11-25 --type DATE -n company.team", "a date"),
            ("kv set limits '{\"rows\": 100}' --ttl 1d", "JSON that is forgotten after a day"),
        ),
    )
}
