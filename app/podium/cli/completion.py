"""`podium completion`: the script that lets a shell complete commands, options, flows and executions."""

from podium.cli import catalog
from podium.cli.command import Arguments, Command, Parser, parser_of
from podium.cli.errors import OK
from podium.cli.output import Console
from podium.cli.session import Session
from podium.store.errors import StoreError

_FLOWS = ("run", "plan")
_RUNS = (
    "show",
    "logs",
    "kill",
    "pause",
    "resume",
    "restart",
    "replay",
    "mark-as",
    "force-run",
    "unqueue",
    "wait",
    "delete",
    "set-labels",
)
_MOST_RUNS = 30

_BASH = """\
# bash completion for podium: eval "$(podium completion bash)"
_podium() {
    local IFS=$'\\n'
    COMPREPLY=($(podium completion --words "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
    [ ${#COMPREPLY[@]} -eq 0 ] && compopt -o default
}
complete -F _podium podium
"""
_ZSH = """\
#compdef podium
# zsh completion for podium: eval "$(podium completion zsh)"
_podium() {
    local -a found
    found=("${(@f)$(podium completion --words "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n "${found[*]}" ]]; then compadd -a found; else _files; fi
}
compdef _podium podium
"""
_FISH = """\
# fish completion for podium: podium completion fish | source
function __podium
    set -l words (commandline -opc) (commandline -ct)
    podium completion --words $words[2..-1] 2>/dev/null
end
complete -c podium -a '(__podium)'
"""
_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def _arguments(parser: Parser) -> None:
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("shell", nargs="?", choices=tuple(_SCRIPTS), metavar="SHELL", help="bash, zsh or fish.")
    group.add_argument("--words", nargs="...", metavar="WORD", help="What the scripts call: complete the last word.")


def _completion(arguments: Arguments, console: Console) -> int:
    if arguments.shell:
        console.line(_SCRIPTS[arguments.shell].rstrip("\n"))
        return OK
    for word in completions(list(arguments.words), Session(arguments.workspace, console)):
        console.line(word)
    return OK


def completions(words: list[str], session: Session) -> list[str]:
    """What the last word can become; nothing where the shell knows better (files)."""
    *before, current = words or [""]
    while len(before) >= 2 and before[0] in ("-C", "--workspace"):
        before = before[2:]
    if not before:
        options = ["--help", "--version", "--workspace"] if current.startswith("-") else catalog.names()
        return [word for word in options if word.startswith(current)]
    name = before[0]
    found = catalog.entry(name)
    if found is None:
        return []
    parser = parser_of(name, catalog.load(name), found.summary)
    for word in before[1:]:
        parser = parser.subparsers().get(word, parser)
    if current.startswith("-"):
        return [option for option in parser.option_names() if option.startswith(current)]
    last = before[-1]
    for action in parser.declared():
        if last in action.option_strings and action.nargs != 0:
            return [str(choice) for choice in action.choices or () if str(choice).startswith(current)]
    if parser.subparsers():
        return [word for word in parser.subparsers() if word.startswith(current)]
    return [word for word in _values(name, session) if word.startswith(current)]


def _values(name: str, session: Session) -> list[str]:
    try:
        if name in _FLOWS:
            return sorted({flow.id for flow in session.workspace.flow_files()})
        if name in _RUNS and session.used:
            page = session.stores.index.search(size=_MOST_RUNS)
            return ["last", *(run.id for run in page.items)]
    except StoreError:
        return []
    return list(_SCRIPTS) if name == "completion" else []


COMMANDS = {
    "completion": Command(
        _arguments,
        _completion,
        examples=(
            ("completion bash >> ~/.bashrc", "for every new shell"),
            ("completion fish | source", "for this one"),
        ),
    )
}
