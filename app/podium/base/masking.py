"""Keeping secrets out of everything that is shown or kept: one `Masker` knows what must not be seen."""

import base64
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from podium.base.needles import Needles

MASKED = "******"
"""What stands in the place of a whole value that is not to be seen."""
_RUN, _MARKED = "*" * 9, "**masked*"

_SHORTEST = 3
"""Characters; hiding every `1` of a log would hide nothing and ruin the log."""
_SHORTEST_LINE = 8
_SHORTEST_CODE = 8


class Masker:
    """Replaces known secrets in texts by stars, also where they are written in another form.

    As on a server there is a star for each character, and the first nine stars of a text read `**masked*`, so that
    masking can be told from a script that prints stars (`RunContextLogger` of Kestra).

    These forms are known: the text itself, each of its longer lines, base64 (also in the middle of a longer encoded
    text, as in an `Authorization` header), percent-encoding and JSON escapes. Texts shorter than three characters
    are not hidden. From any thread.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._adding = threading.Lock()
        self._secrets: frozenset[str] = frozenset()
        self._needles = Needles()
        for secret in secrets:
            self.add(secret)

    @property
    def needles(self) -> tuple[str, ...]:
        """Every form of every secret, as it is looked for."""
        return self._needles.all

    def found_in(self, text: str) -> list[str]:
        """The needles that occur in a text."""
        return self._needles.found_in(text)

    def add(self, secret: str) -> bool:
        """Hide this text from now on; False when that is known already, or it is too short to be hidden."""
        if secret in self._secrets or len(secret.strip()) < _SHORTEST or not secret.strip("*"):
            return False
        with self._adding:
            self._secrets |= {secret}
            self._needles.add(_forms(secret))
        return True

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        found = self._needles.found_in(text)
        # Almost every text is done here.
        if not found:
            return text
        masked = _without(text, found)
        return masked if self._needles.found_in(_MARKED) else masked.replace(_RUN, _MARKED, 1)

    def value(self, value: Any) -> Any:
        """A JSON value with every text in it masked, keys too."""
        if not self._needles.all:
            return value
        if isinstance(value, str):
            return self(value)
        if isinstance(value, Mapping):
            return {self(key) if isinstance(key, str) else key: self.value(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        return value


def _without(text: str, needles: Iterable[str]) -> str:
    """The text with every place that a needle covers replaced; needles that overlap become one such place."""
    places: list[tuple[int, int]] = []
    for needle in needles:
        at = text.find(needle)
        while at >= 0:
            places.append((at, at + len(needle)))
            at = text.find(needle, at + 1)
    pieces: list[str] = []
    done = 0
    begin, end = -1, -1
    for start, stop in sorted(places):
        if start < end:
            end = max(end, stop)
            continue
        if end >= 0:
            pieces += (text[done:begin], "*" * (end - begin))
            done = end
        begin, end = start, stop
    pieces += (text[done:begin], "*" * (end - begin), text[end:])
    return "".join(pieces)


def _forms(secret: str) -> Iterator[str]:
    texts = [secret]
    if "\n" in secret:
        lines = (line.strip() for line in secret.splitlines())
        texts += [line for line in lines if len(line) >= _SHORTEST_LINE]
    if secret != secret.strip():
        texts.append(secret.strip())
    for text in texts:
        yield text
        yield from _escaped(text)
    yield from _base64_forms(secret.encode("utf-8", "surrogatepass"))


def _escaped(text: str) -> Iterator[str]:
    yield quote(text, safe="", errors="surrogatepass")
    yield quote_plus(text, errors="surrogatepass")
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]


def _base64_forms(data: bytes) -> Iterator[str]:
    """The data in base64, and what of it the bytes around cannot change, for each of the three places to begin at."""
    yield base64.b64encode(data).decode()
    yield base64.urlsafe_b64encode(data).decode()
    for shift in range(3):
        # The first and the last sextet hold bits of the neighbours, unless they end where the data does.
        skipped = (0, 2, 3)[shift]
        padded = base64.b64encode(b"\0" * shift + data).decode()
        whole = (shift + len(data)) * 8 // 6
        core = padded[skipped:whole]
        if len(core) >= _SHORTEST_CODE:
            yield core
            yield core.replace("+", "-").replace("/", "_")
