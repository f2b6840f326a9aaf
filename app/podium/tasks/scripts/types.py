"""The script task types, made from the table of languages. Python has a module of its own."""

from typing import cast

from podium.model.properties import prop
from podium.model.schema import Example
from podium.tasks.scripts.base import CommandsTask, InlineTask, Launch
from podium.tasks.scripts.languages import LANGUAGES, Language

PREFIX = "io.kestra.plugin.scripts"


def commands_type(language: Language, base: type[CommandsTask] = CommandsTask) -> type[CommandsTask]:
    """The `Commands` task of a language."""
    made = type(
        f"{_pascal(language)}Commands",
        (base,),
        {
            "__module__": __name__,
            "__doc__": f"Runs commands in one shell on this machine, with {language.title} at hand.\n\n{_PROTOCOL}",
            "type": f"{PREFIX}.{language.name}.Commands",
            "title": f"Run {language.title} commands.",
            "language": language,
            "examples": (_example(language, "Commands", f"commands:\n  - {_quoted(language.sample_command)}"),),
            # A server never stops a list of Perl commands at the first failure.
            "stops_at_error": language.name != "perl",
        },
    )
    return cast("type[CommandsTask]", made)


def script_type(language: Language, base: type[InlineTask] = InlineTask) -> type[InlineTask]:
    """The `Script` task of a language."""
    source = "\n".join(f"  {line}" for line in language.sample.splitlines())
    made = type(
        f"{_pascal(language)}Script",
        (base,),
        {
            "__module__": __name__,
            "__doc__": f"Runs {language.title} source that stands in the flow.\n\n{_PROTOCOL}",
            "type": f"{PREFIX}.{language.name}.Script",
            "title": f"Run an inline {language.title} script.",
            "language": language,
            "examples": (_example(language, "Script", f"script: |\n{source}"),),
        },
    )
    return cast("type[InlineTask]", made)


_PROTOCOL = (
    'A line of the form `::{"outputs": {"name": "value"}}::` on either stream sets outputs; `metrics` and `logs` can '
    "be sent in the same way. The task fails when the exit code is not 0."
)


def _pascal(language: Language) -> str:
    return language.name.capitalize()


def _quoted(command: str) -> str:
    return "'" + command.replace("'", "''") + "'"


def _example(language: Language, kind: str, properties: str) -> Example:
    return Example(f"A {language.title} {kind.lower()} task", f"type: {PREFIX}.{language.name}.{kind}\n{properties}")


class _JbangInline(InlineTask):
    """JBang chooses the language by the extension of the file."""

    extension: str = prop(default=".java", doc="The extension of the script file.")
    quiet: bool = prop(default=True, doc="Print only what the script prints.")

    def commands_for(self, launch: Launch) -> list[str]:
        source = launch.files.localized(launch.render(self.script, str, "script") or "")
        self._need_program(launch)
        path = launch.files.add_script(source, self.extension)
        quiet = "--quiet " if self.quiet else ""
        return [f"jbang {quiet}'{path}'"]


ShellCommands = commands_type(LANGUAGES["shell"])
ShellScript = script_type(LANGUAGES["shell"])
NodeCommands = commands_type(LANGUAGES["node"])
NodeScript = script_type(LANGUAGES["node"])
RCommands = commands_type(LANGUAGES["r"])
RScript = script_type(LANGUAGES["r"])
RubyCommands = commands_type(LANGUAGES["ruby"])
RubyScript = script_type(LANGUAGES["ruby"])
PerlCommands = commands_type(LANGUAGES["perl"])
PerlScript = script_type(LANGUAGES["perl"])
PhpCommands = commands_type(LANGUAGES["php"])
PhpScript = script_type(LANGUAGES["php"])
JuliaCommands = commands_type(LANGUAGES["julia"])
JuliaScript = script_type(LANGUAGES["julia"])
GoCommands = commands_type(LANGUAGES["go"])
GoScript = script_type(LANGUAGES["go"])
LuaCommands = commands_type(LANGUAGES["lua"])
LuaScript = script_type(LANGUAGES["lua"])
GroovyCommands = commands_type(LANGUAGES["groovy"])
GroovyScript = script_type(LANGUAGES["groovy"])
BunCommands = commands_type(LANGUAGES["bun"])
BunScript = script_type(LANGUAGES["bun"])
DenoCommands = commands_type(LANGUAGES["deno"])
DenoScript = script_type(LANGUAGES["deno"])
DotnetCommands = commands_type(LANGUAGES["dotnet"])
DotnetScript = script_type(LANGUAGES["dotnet"])
JbangCommands = commands_type(LANGUAGES["jbang"])
JbangScript = script_type(LANGUAGES["jbang"], _JbangInline)
PowershellCommands = commands_type(LANGUAGES["powershell"])
PowershellScript = script_type(LANGUAGES["powershell"])
