"""Reading `.env` files: `NAME=value` lines, with comments, quotes and `export`.

Values are taken as they stand, `$` included: a password is never expanded. In double quotes `\\n`, `\\t`, `\\r`,
`\\"`, `\\\\` and `\\$` are escapes, and the value may go over several lines; in single quotes nothing is an escape.
"""

import re
from pathlib import Path

from podium.store.errors import read_failure
from podium.store.toml_files import Problem, SettingsError

_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)\s*=[ \t]*")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "$": "$"}
_AFTER = re.compile(r"[ \t]*(?:#.*)?(?:\n|$)")


def read_dotenv(path: Path) -> dict[str, str]:
    """The variables of a file; none when there is no such file. Raises SettingsError with the line of what is wrong."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise read_failure("The file", path, error) from error
    except UnicodeDecodeError as error:
        raise SettingsError(path, (Problem(1, "The file is not UTF-8 text. Save it as UTF-8."),)) from error
    return parse_dotenv(text, path)


def parse_dotenv(text: str, path: Path) -> dict[str, str]:
    """The variables of the text of a file; `path` is for error messages."""
    variables: dict[str, str] = {}
    at = 0
    while at < len(text):
        end = _line_end(text, at)
        line = text[at:end].strip()
        if not line or line.startswith("#"):
            at = end + 1
            continue
        while text[at] in " \t":
            at += 1
        match = _LINE.match(text, at)
        if match is None:
            # The line itself is not shown: it may be half of a secret.
            raise _problem(path, text, at, "This line is not `NAME=value`.")
        value, at = _value(path, text, match.end())
        variables[match["name"]] = value
    return variables


def _value(path: Path, text: str, at: int) -> tuple[str, int]:
    quote = text[at : at + 1]
    if quote not in ("'", '"') or not quote:
        end = _line_end(text, at)
        return re.split(r"(?:^|\s)#", text[at:end], maxsplit=1)[0].strip(), end + 1
    begin = at
    pieces: list[str] = []
    at += 1
    while text[at : at + 1] != quote:
        if at >= len(text):
            raise _problem(path, text, begin, f"The quote {quote} that begins the value is never closed.")
        if quote == '"' and text[at] == "\\" and text[at + 1 : at + 2] in _ESCAPES:
            pieces.append(_ESCAPES[text[at + 1]])
            at += 2
        else:
            pieces.append(text[at])
            at += 1
    after = _AFTER.match(text, at + 1)
    if after is None:
        raise _problem(path, text, at, f"Something follows the closing quote {quote}. Put a `#` before a comment.")
    return "".join(pieces), after.end()


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _problem(path: Path, text: str, at: int, message: str) -> SettingsError:
    return SettingsError(path, (Problem(text.count("\n", 0, at) + 1, message),))
