"""Send the terminal only what changed, and no faster than it reads.

Textual repaints whole regions without asking what the terminal shows already: one typed character costs about 10 kB at
120x40, opening a dialog 120 kB. `DiffOutput` sits between the compositor and the driver. It remembers every cell that
was sent and sends those that are to look different now. When the terminal is slow (an SSH link), frames are not queued
behind each other: they are skipped, and once the link is free the screen as it is then is sent as one difference, so
what is drawn is never older than one frame.

This file is the only one that knows these private parts of Textual: `App._display`, `Screen._compositor`,
`LayoutUpdate`, `ChopsUpdate` and the driver's `_writer_thread`.
"""

from collections.abc import Iterator

from rich.color import ColorSystem
from rich.console import Console, RenderableType
from textual import events
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App, ReturnType
from textual.geometry import Offset
from textual.screen import Screen
from textual.strip import Strip

from podium.workbench.shown_frame import ShownFrame

# One frame is up to three writes: begin, content, end.
_WRITES_PER_FRAME = 3
_RETRY_SECONDS = 1 / 30


def _pieces(update: LayoutUpdate | ChopsUpdate) -> Iterator[tuple[int, int, int, Strip]]:
    """(row, start column, end column, content) of everything that an update would draw."""
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in strips:
                if strip.cell_length:
                    yield y, x, x + strip.cell_length, strip
                x += strip.cell_length
        return
    for y, left, right in update.spans:
        for end, (x, piece) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if piece is None or end <= left or x >= right:
                continue
            stop = min(end, right)
            yield y, x, stop, piece if stop == end else piece.crop(0, stop - x)


class DiffOutput(App[ReturnType]):
    """An App that writes differences. Inline mode is left as Textual does it."""

    _shown: ShownFrame | None = None
    _cursor_shown: Offset | None = None
    _behind = False

    def _display(self, screen: Screen, renderable: RenderableType | None) -> None:
        if not isinstance(renderable, (ChopsUpdate, LayoutUpdate)) or self.is_inline or self._batch_count:
            super()._display(screen, renderable)
            return
        if self.output_is_backed_up():
            self._skip_frame()
            super()._display(screen, None)
            return
        if self._shown is None or self._shown.size != self.size:
            self._shown, self._cursor_shown = ShownFrame(self.size), None
        text = self._shown.show(_pieces(renderable), self.console._color_system or ColorSystem.TRUECOLOR)
        cursor = self.cursor_position
        if text or cursor != self._cursor_shown:
            self._cursor_shown = cursor
            super()._display(screen, _Rendered(text))
        else:
            super()._display(screen, None)

    def output_is_backed_up(self) -> bool:
        """Whether the terminal has not taken the last frame yet. Periodic repaints should wait while it is so."""
        queue = getattr(getattr(self._driver, "_writer_thread", None), "_queue", None)
        return queue is not None and queue.qsize() > _WRITES_PER_FRAME

    def _skip_frame(self) -> None:
        if not self._behind:
            self._behind = True
            self.set_timer(_RETRY_SECONDS, self._catch_up)

    def _catch_up(self) -> None:
        """Send the screen as it is now, as soon as there is room."""
        self._behind = False
        if self.output_is_backed_up():
            self._skip_frame()
        elif self.screen_stack:
            screen = self.screen
            self._display(screen, screen._compositor.render_full_update())

    def send_control(self, sequence: str) -> None:
        """Send a sequence that does not touch the screen (clipboard, bell), in order with the frames."""
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)
            self._driver.flush()

    def forget_frame(self) -> None:
        """The terminal shows something else now (another program wrote on it): send everything next time."""
        self._shown = None

    async def _on_resize(self, event: events.Resize) -> None:
        # Terminals move or drop rows when their size changes, even if it changes back before the next frame.
        self.forget_frame()
        await super()._on_resize(event)

    def _resume_signal(self) -> None:
        """Back from an editor or from Ctrl+Z."""
        self.forget_frame()
        super()._resume_signal()

    def action_redraw(self) -> None:
        """Draw everything again, for a terminal that was disturbed."""
        self.forget_frame()
        self.screen.refresh(layout=True)


class _Rendered(CompositorUpdate):
    """Bytes that were made before."""

    def __init__(self, text: str) -> None:
        self._text = text

    def render_segments(self, console: Console) -> str:
        return self._text

    def __rich__(self) -> str:
        return self._text
