"""Textual reads the keys that the workbench uses as what they are; fails when an upgrade changes that."""

import inspect
import os
import select
import selectors

import pytest
from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver

from podium.workbench.terminal_keys import hasten_escape, mend_alt_keys


@pytest.mark.parametrize(
    ("sequence", "key"),
    [
        ("\x1b1", "alt+1"),
        ("\x1b4", "alt+4"),
        ("\x1b\r", "alt+enter"),
        ("\x1b,", "alt+comma"),
        ("\x1b.", "alt+full_stop"),
        ("\x1bl", "alt+l"),
        ("\x1b[1;3A", "alt+up"),
        ("\x1b[1;3B", "alt+down"),
        ("\x1b[19~", "f8"),
        ("\x1b[19;2~", "shift+f8"),
        ("\x1b[15~", "f5"),
        ("\x1b[1;5H", "ctrl+home"),
        ("\x1b[6;5~", "ctrl+pagedown"),
        ("\x1f", "ctrl+underscore"),
        ("\x00", "ctrl+@"),
        ("\r", "enter"),
        ("1", "1"),
    ],
)
def test_keys(sequence: str, key: str) -> None:
    mend_alt_keys()
    parser = XTermParser()
    found = [event for part in (sequence, "") for event in parser.feed(part)]
    assert [event.key for event in found if isinstance(event, events.Key)] == [key]


@pytest.mark.parametrize("sequence", ["\x1b1", "\x1bl", "\x1bm", "\x1b\r"])
def test_keys_with_alt_are_known_at_once(sequence: str) -> None:
    mend_alt_keys()
    parser = XTermParser()
    assert [event.key.partition("+")[0] for event in parser.feed(sequence) if isinstance(event, events.Key)] == ["alt"]
    assert parser._timeout_time is None


def test_escape_alone_and_sequences_are_what_they_were() -> None:
    mend_alt_keys()
    parser = XTermParser()
    found = [event for part in ("\x1b[A", "\x1bOP", "\x1bb", "\x1b", "") for event in parser.feed(part)]
    keys = [event.key for event in found if isinstance(event, events.Key)]
    assert keys == ["up", "f1", "ctrl+left", "escape"]


def test_escape_is_looked_for_soon_after_a_key() -> None:
    hasten_escape()
    source = inspect.getsource(linux_driver.LinuxDriver.run_input_thread)
    assert "selectors.SelectSelector()" in source and "selector.select(0.1)" in source
    waits: list[float | None] = []
    ours, theirs = os.pipe()
    with linux_driver.selectors.SelectSelector() as selector:
        selector.register(ours, selectors.EVENT_READ)
        selector._select = lambda read, write, _, wait: (waits.append(wait), select.select(read, write, [], 0))[1]
        selector.select(0.1)
        os.write(theirs, b"\x1b")
        selector.select(0.1)
        os.read(ours, 1)
        selector.select(0.1)
        selector.select(0.1)
    os.close(ours)
    os.close(theirs)
    assert waits == [0.1, 0.1, min(0.1, constants.ESCAPE_DELAY), 0.1]
