"""The secrets that an execution holds, kept apart from its journal.

The journal says `⟦secret 3⟧` where a secret stands; the file `vault` beside it, for the user alone (0600), has the
value in its third line. So a journal can be shown, searched and handed on, and only what goes on with an execution
looks into the vault. The lines are base64, as `SECRET_` variables are: that keeps values with line ends in one line,
and out of a casual `grep`. It is no encryption, for the key would have to lie beside it.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from podium.base.masking import MASKED, Masker
from podium.base.needles import Needles
from podium.store.appending import append_line
from podium.store.errors import write_failure

FILE = "vault"

_MARK = "⟦secret "
_TOKEN = re.compile(r"⟦secret (\d+)⟧")
_DATA = frozenset({"outputs", "inputs", "variables", "trigger", "message", "values", "value", "context", "extra"})
"""The members of events that hold what users and tasks have said; everything else is Podium's own."""
_NESTED = "taskrun"
"""The member with the record of a copied task run, which has such members itself."""


class Vault:
    """The vault of one execution; only the writer of its journal puts something in. From one thread at a time."""

    def __init__(self, directory: Path, masker: Masker | None = None) -> None:
        """`masker` knows what is secret besides what the vault holds already."""
        self._path = directory / FILE
        self._masker = masker
        self._numbers: dict[str, int] | None = None
        self._written = Needles()

    def values(self) -> list[str]:
        """All values, in the order of their numbers; one that cannot be read counts as an empty text."""
        try:
            lines = self._path.read_bytes().split(b"\n")[:-1]
        except OSError:
            return []
        return [_decoded(line) for line in lines]

    def seal(self, line: str, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """The event, which is written as `line`, with tokens for its secrets; new ones are in the vault on return.

        Raises StoreError when the vault cannot be written.
        """
        if not self._occurs_in(line):
            return event
        sealed: dict[str, Any] = {}
        for name, value in event.items():
            if name in _DATA:
                sealed[name] = self._sealed(value)
            elif name == _NESTED and isinstance(value, Mapping):
                sealed[name] = self.seal(line, value)
            else:
                sealed[name] = value
        return sealed

    def reveal(self, line: str) -> str:
        """A line of the journal with the values in the place of their tokens."""
        if _MARK not in line:
            return line
        values = self.values()

        def value(token: re.Match[str]) -> str:
            number = int(token[1])
            return json.dumps(values[number - 1])[1:-1] if 0 < number <= len(values) else MASKED

        return _TOKEN.sub(value, line)

    def _occurs_in(self, line: str) -> bool:
        """Whether one of the secrets is in the line: as it is, or with the escapes of JSON."""
        known = self._known()
        if len(self._written.all) < len(known):
            self._written.add(json.dumps(value, ensure_ascii=False)[1:-1] for value in known)
        # A masker knows the escaped forms itself.
        return bool((self._masker is not None and self._masker.found_in(line)) or self._written.found_in(line))

    def _known(self) -> dict[str, int]:
        if self._numbers is None:
            self._numbers = {value: number for number, value in enumerate(self.values(), 1) if value}
        return self._numbers

    def _sealed(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._sealed_text(value)
        if isinstance(value, Mapping):
            return {self._sealed_text(str(key)): self._sealed(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._sealed(item) for item in value]
        return value

    def _sealed_text(self, text: str) -> str:
        known = {one for one in self._known() if one in text}
        known |= set(self._masker.found_in(text)) if self._masker is not None else set()
        # The longest first: a secret may be a part of another one. What is left of one that overlaps another is no
        # longer the whole of it.
        for needle in sorted(known, key=lambda one: (-len(one), one)):
            pieces = _TOKEN.split(text)
            if any(needle in piece for piece in pieces[::2]):
                token = f"{_MARK}{self._number(needle)}⟧"
                pieces[::2] = [piece.replace(needle, token) for piece in pieces[::2]]
                pieces[1::2] = [f"{_MARK}{number}⟧" for number in pieces[1::2]]
                text = "".join(pieces)
        return text

    def _number(self, value: str) -> int:
        known = self._known()
        if value not in known:
            self._append(value)
            known[value] = len(self.values())
        return known[value]

    def _append(self, value: str) -> None:
        line = base64.b64encode(value.encode("utf-8", "surrogatepass")) + b"\n"
        try:
            append_line(self._path, line, durable=True)
        except OSError as error:
            raise write_failure("The vault", self._path, error) from error


def hide(line: str) -> str:
    """A line of a journal for everybody who only looks."""
    return _TOKEN.sub(MASKED, line) if _MARK in line else line


def _decoded(line: bytes) -> str:
    try:
        return base64.b64decode(line, validate=True).decode("utf-8", "surrogatepass")
    except (binascii.Error, UnicodeDecodeError):
        return ""
