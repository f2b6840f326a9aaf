"""Keys as terminals send them, in the order in which they were pressed.

Textual runs what a key is bound to only after the key has travelled from the focused widget up to the application, one
message queue after the other. A letter that follows meanwhile goes straight into the focused field, so of `End` `:`
arriving in one packet - a slow link, a macro - the colon is written first. Here the next key waits until the one
before it is done.

This file is the only one that knows these private parts of Textual: `_ansi_sequences`, and how keys are forwarded.
"""

from __future__ import annotations

import selectors
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from string import ascii_lowercase, digits
from types import SimpleNamespace
from typing import cast

from textual import constants, events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.app import App, ReturnType
from textual.message import Message

_PATIENCE = 2.0  # seconds for one key; longer than that only if a widget went away with it
_WORD_STEPS = "bf"  # Textual knows these as the cursor's steps by words, as many terminals mean them
_NAMES = {"\r": "enter", ",": "comma", ".": "full_stop"} | {sign: sign for sign in ascii_lowercase + digits}


@dataclass(frozen=True, slots=True)
class _Named:
    """A key of Textual's table is anything with the name of the key as its value."""

    value: str


def mend_alt_keys() -> None:
    """Let alt+1 be alt+1, alt+Enter be alt+Enter, and both be known as soon as they arrive.

    Terminals write Escape and the sign. Textual reads alt+1 as the character that one terminal on macOS writes for
    it, forgets the alt of keys that have a name, and of all others learns only a tenth of a second later, when
    nothing has followed.
    """
    table = cast("dict[str, object]", ANSI_SEQUENCES_KEYS)
    for sign in "-=":
        table.pop(f"\x1b{sign}", None)
    for sign, name in _NAMES.items():
        if sign not in _WORD_STEPS:
            table[f"\x1b{sign}"] = (_Named(f"alt+{name}"),)


class _Awake(selectors.SelectSelector):
    """Waits for input as Textual asks, but shortly after some came: it may have been the Escape of an Escape key."""

    _came = False

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self._came and timeout is not None:
            timeout = min(timeout, constants.ESCAPE_DELAY)
        found = super().select(timeout)
        self._came = bool(found)
        return found


def hasten_escape() -> None:
    """Let Escape be known after `constants.ESCAPE_DELAY`: Textual looks only ten times a second whether it is over."""
    from textual.drivers import linux_driver

    taken = SimpleNamespace(SelectSelector=_Awake, EVENT_READ=selectors.EVENT_READ, SelectorKey=selectors.SelectorKey)
    vars(linux_driver)["selectors"] = taken


class _Done(Message):
    """Follows a key on its way; when it arrives everything that the key does has been done."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class KeysInOrder(App[ReturnType]):
    """An App in which a key is not looked at before the one in front of it is finished."""

    _on_its_way = False
    _sent = 0

    def __init__(self) -> None:
        self._keys_waiting: deque[events.Key | events.Paste] = deque()
        self._holds: set[object] = set()
        super().__init__()

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, (events.Key, events.Paste)) or event.is_forwarded:
            await super().on_event(event)
        elif self._on_its_way or self._holds:
            self._keys_waiting.append(event)
            if len(self._keys_waiting) == 1:
                self._look_after(self._sent)
        else:
            await self._send(event)

    async def _send(self, event: events.Key | events.Paste) -> None:
        target = self.focused or self.screen
        self._on_its_way = True
        self._sent += 1
        number = self._sent
        await super().on_event(event)
        if not target.post_message(_Done(number)):
            self.call_later(self._next, number)

    def on__done(self, event: _Done) -> None:
        """The key is done, but for a change of the focus, which is already in this queue: then comes the next one."""
        self.call_later(self._next, event.number)

    async def _next(self, done: int) -> None:
        if done == self._sent:
            self._on_its_way = False
            if self._keys_waiting and not self._holds:
                await self._send(self._keys_waiting.popleft())

    def hold_keys(self, seconds: float) -> Callable[[], None]:
        """Keep the next keys for what is about to be there, until what this returns is called, or at most so long."""
        hold = object()
        self._holds.add(hold)

        def release() -> None:
            timer.stop()
            if hold in self._holds:
                self._holds.discard(hold)
                if not self._on_its_way:
                    self.call_later(self._next, self._sent)

        timer = self.set_timer(seconds, release)
        return release

    def _look_after(self, number: int) -> None:
        """Do not wait forever for the key that was sent as this number."""

        async def look() -> None:
            if self._on_its_way:
                await self._next(number)
            if self._keys_waiting:
                self._look_after(self._sent)

        self.set_timer(_PATIENCE, look)
