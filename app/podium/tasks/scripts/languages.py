"""The script languages: all that tells them apart, as data (tasks.md 1.1)."""

from dataclasses import dataclass, field

SHELL = ("/bin/sh", "-c")
STOP_AT_ERROR = "set -e"


@dataclass(frozen=True, slots=True)
class Language:
    """One language.

    `command` runs a script; `{file}` stands for its quoted path. Without `command` the script itself is
    what the interpreter gets. `program` must be installed; `install` says how.
    """

    name: str
    title: str
    program: str
    image: str
    install: str
    extension: str = ""
    command: str = ""
    highlight: str = "shell"
    interpreter: tuple[str, ...] = SHELL
    fail_fast: str | None = STOP_AT_ERROR
    before: tuple[str, ...] = ()
    sample: str = ""
    sample_command: str = ""
    env: dict[str, str] = field(default_factory=dict)


_DOTNET = (
    "dotnet tool install --global dotnet-script >/dev/null 2>&1 || true",
    'export PATH="$PATH:$HOME/.dotnet/tools"',
)

PYTHON = Language(
    "python", "Python", "python3", "python:3.13-slim",
    "Install Python 3 (Debian and Ubuntu: `apt install python3`, Fedora: `dnf install python3`, "
    "macOS: `brew install python`).",
    ".py", highlight="python", sample='print("Hello from Python")', sample_command="python main.py",
    env={"PYTHONUNBUFFERED": "true", "PIP_ROOT_USER_ACTION": "ignore", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
)  # fmt: skip

SHELL_LANGUAGE = Language(
    "shell", "Shell", "sh", "ubuntu", "Install a POSIX shell.",
    sample='echo "Hello from $(hostname)"', sample_command='echo "Hello from $(hostname)"',
)  # fmt: skip

LANGUAGES: dict[str, Language] = {
    language.name: language
    for language in (
        PYTHON,
        SHELL_LANGUAGE,
        Language(
            "node", "Node.js", "node", "node", "Install Node.js (`apt install nodejs`, `brew install node`).",
            ".js", "node {file}", "javascript",
            sample='console.log("Hello from Node.js")', sample_command="node main.js",
        ),
        Language(
            "r", "R", "Rscript", "r-base", "Install R (`apt install r-base-core`, `brew install r`).",
            ".R", "Rscript {file}", "r", sample='print("Hello from R")', sample_command="Rscript main.R",
        ),
        Language(
            "ruby", "Ruby", "ruby", "ruby", "Install Ruby (`apt install ruby`, `brew install ruby`).",
            ".rb", "ruby {file}", "ruby", sample='puts "Hello from Ruby"', sample_command="ruby main.rb",
        ),
        Language(
            "perl", "Perl", "perl", "perl", "Install Perl (`apt install perl`).",
            ".pl", "perl {file}", "perl", sample='print "Hello from Perl\\n";', sample_command="perl main.pl",
        ),
        Language(
            "php", "PHP", "php", "php", "Install PHP (`apt install php-cli`, `brew install php`).",
            ".php", "php {file}", "php", sample='<?php echo "Hello from PHP\\n";', sample_command="php main.php",
        ),
        Language(
            "julia", "Julia", "julia", "julia", "Install Julia from julialang.org.",
            ".jl", "julia {file}", "julia", sample='println("Hello from Julia")', sample_command="julia main.jl",
        ),
        Language(
            "go", "Go", "go", "golang", "Install Go (`apt install golang`, `brew install go`).",
            ".go", "go run {file}", "go",
            sample='package main\nimport "fmt"\nfunc main() { fmt.Println("Hello from Go") }',
            sample_command="go run main.go",
        ),
        Language(
            "lua", "Lua", "lua", "nickblah/lua", "Install Lua (`apt install lua5.4`, `brew install lua`).",
            ".lua", "lua {file}", "lua", sample='print("Hello from Lua")', sample_command="lua main.lua",
        ),
        Language(
            "groovy", "Groovy", "groovy", "groovy", "Install Groovy (`apt install groovy`, `brew install groovy`).",
            ".groovy", "groovy {file}", "groovy",
            sample='println "Hello from Groovy"', sample_command="groovy main.groovy",
        ),
        Language(
            "bun", "Bun", "bun", "oven/bun", "Install Bun from bun.sh.",
            ".ts", "bun run {file}", "typescript",
            sample='console.log("Hello from Bun")', sample_command="bun run main.ts",
        ),
        Language(
            "deno", "Deno", "deno", "denoland/deno", "Install Deno from deno.com.",
            ".ts", "deno run {file}", "typescript",
            sample='console.log("Hello from Deno")', sample_command="deno run main.ts",
        ),
        Language(
            "dotnet", ".NET", "dotnet", "mcr.microsoft.com/dotnet/sdk:10.0", "Install the .NET SDK.",
            ".csx", "dotnet-script {file}", "csharp", before=_DOTNET,
            sample='Console.WriteLine("Hello from .NET");', sample_command="dotnet run",
        ),
        Language(
            "jbang", "JBang", "jbang", "jbangdev/jbang-action", "Install JBang from jbang.dev.",
            ".java", "jbang {file}", "java",
            sample='class main { public static void main(String[] a) { System.out.println("Hello"); } }',
            sample_command="jbang main.java",
        ),
        Language(
            "powershell", "PowerShell", "pwsh", "ghcr.io/kestra-io/powershell:latest", "Install PowerShell 7.",
            ".ps1", "{file}", "powershell",
            interpreter=("pwsh", "-NoProfile", "-NonInteractive", "-Command"),
            fail_fast="$ErrorActionPreference = 'Stop'",
            sample='Write-Output "Hello from PowerShell"', sample_command='Write-Output "Hello"',
        ),
    )
}  # fmt: skip
