"""Waiting, on the screen's own thread, for what another thread does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def off_thread(work: Callable[[], T], name: str) -> T:
    """What `work` returns or raises on a thread of its own.

    A daemon for each: a file on a disk that does not answer keeps neither another file nor the end of the program
    waiting, as the shared pool of asyncio would.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: Exception | None) -> None:
        if answer.cancelled():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(result)  # type: ignore[arg-type] # there is a result when there is no error

    def job() -> None:
        result, fault = None, None
        try:
            result = work()
        except Exception as error:  # raised where it is waited for
            fault = error
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            loop.call_soon_threadsafe(settle, result, fault)

    threading.Thread(target=job, name=name, daemon=True).start()
    return await answer
