"""The program `podium`: which command is meant, and what becomes of its errors."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from podium import __version__
from podium.cli import catalog
from podium.cli.errors import BROKEN_PIPE, INTERNAL, INTERRUPTED, OK, USAGE, CommandError, UsageError
from podium.cli.output import Console
from podium.cli.overview import overview

TRACEBACK = "PODIUM_TRACEBACK"


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code. Never raises, whatever goes wrong."""
    console = Console.of_process()
    try:
        code = _main(list(sys.argv[1:] if arguments is None else arguments), console)
        console.flush()
        return code
    except BrokenPipeError:
        # Python flushes stdout once more at exit and would complain about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # the last resort for everything
        return _explain(error, console)


def _main(arguments: list[str], console: Console) -> int:
    workspace, words = _leading_options(arguments)
    if not words or words[0] == "--":
        return _workbench(workspace or Path(), words[1:], console)
    first = words[0]
    if first in ("-h", "--help"):
        console.line(overview(console))
        return OK
    if first in ("-V", "--version"):
        console.line(f"podium {__version__}")
        return OK
    if first == "help":
        return _help(words[1:], console)
    if first.startswith("-"):
        raise UsageError(f"there is no option {first}.")
    found = catalog.entry(first)
    if found is None:
        return _workbench((workspace or Path()) / first, words[1:], console, first)
    from podium.cli.command import parser_of

    parser = parser_of(first, command := catalog.load(first), found.summary)
    parsed = parser.parse_args(words[1:])
    if getattr(parsed, "workspace", None) is None:
        parsed.workspace = workspace or Path()
    return command.run(parsed, console)


def _leading_options(words: list[str]) -> tuple[Path | None, list[str]]:
    """`-C PATH` before the command."""
    workspace = None
    while words:
        name, equals, value = words[0].partition("=")
        if name == "--workspace" and equals:
            workspace, words = Path(value), words[1:]
        elif words[0] in ("-C", "--workspace"):
            if len(words) < 2:
                raise UsageError(f"{words[0]} needs the path of a directory.")
            workspace, words = Path(words[1]), words[2:]
        else:
            break
    return workspace, words


def _help(words: Sequence[str], console: Console) -> int:
    """`podium help [COMMAND ...]`."""
    if not words:
        console.line(overview(console))
        return OK
    found = catalog.entry(words[0])
    if found is None:
        raise UsageError(_unknown(words[0]))
    from podium.cli.command import parser_of

    parser = parser_of(words[0], catalog.load(words[0]), found.summary)
    for word in words[1:]:
        below = parser.subparsers().get(word)
        if below is None:
            raise UsageError(f"{parser.prog} has no command `{word}`.", words[0])
        parser = below
    console.line(parser.format_help().rstrip())
    return OK


def _workbench(path: Path, rest: Sequence[str], console: Console, word: str = "") -> int:
    """Open the workbench on a directory, or on a file and the workspace that it belongs to."""
    if word and not path.exists():
        raise UsageError(_unknown(word))
    if rest:
        raise UsageError(f"`{rest[0]}` is one argument too many: the workbench opens one directory or file.")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        instead = f"podium run {word}" if path.is_file() else "podium run FLOW"
        raise CommandError(
            "the workbench needs a terminal, and this is none. Without one use the commands, e.g. "
            f"`{instead}`, `podium runs`, `podium logs last`; `podium --help` lists them all.",
            USAGE,
        )
    from podium.workbench.start import run_workbench

    if not path.is_file():
        return run_workbench(path)
    from podium.store.workspace import Workspace

    file = path.resolve()
    return run_workbench(Workspace.root_of_file(file, Path.cwd()), file)


def _unknown(word: str) -> str:
    import difflib

    close = difflib.get_close_matches(word, catalog.names(), n=2)
    meant = f" Did you mean {' or '.join(close)}?" if close else ""
    return f"there is no command, directory or file `{word}`.{meant}"


def _explain(error: Exception, console: Console) -> int:
    if os.environ.get(TRACEBACK):
        import traceback

        console.stderr.write("".join(traceback.format_exception(error)))
    if isinstance(error, UsageError):
        console.error(f"{str(error)[:1].lower()}{str(error)[1:]}" if error.command == "" else str(error))
        console.narrate(f"Try `podium {error.command} --help`." if error.command else "Try `podium --help`.", "dim")
        return USAGE
    if isinstance(error, CommandError):
        console.error(str(error))
        return error.code
    from podium.cli.known_errors import known

    expected = known(error)
    if expected is not None:
        console.error(expected[0])
        return expected[1]
    console.error(
        f"this is a mistake in Podium itself: {type(error).__name__}: {error}. Please report it; "
        f"with {TRACEBACK}=1 in the environment the place of the mistake is printed."
    )
    return INTERNAL
