"""Waiting for what a screen shows: as long as it takes on a busy machine, no longer than it must."""

import time
from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot

SECONDS = 60.0


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Let messages, threads and frames pass until something is so; fails with the screen when it never is."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > deadline:
            strips = pilot.app.screen._compositor.render_strips()
            shown = "\n".join(strip.text.rstrip() for strip in strips)
            raise AssertionError(f"it never came to that:\n{shown}")
        await pilot.pause(0.01)
