"""The first row: where am I, is the tree clean, is anything running, is the server up, what time is it."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content
from textual.widget import Widget

from podium.base.text import cell_width, clean, shorten
from podium.workbench.files.git_status import NO_GIT, GitStatus


class TopLine(Widget):
    """One row; drawn again only when one of its facts changes, the clock once a minute."""

    DEFAULT_CSS = """
    TopLine { height: 1; padding: 0 1; background: $panel; color: $text; }
    """

    def __init__(self, place: str) -> None:
        super().__init__()
        self._place = clean(place)
        self._namespace = ""
        self._git: GitStatus = NO_GIT
        self._active = 0
        self._serving: bool | None = None
        self._time = ""

    def show_namespace(self, namespace: str) -> None:
        """The namespace of the flow in front."""
        self._set("_namespace", clean(namespace))

    def show_git(self, status: GitStatus) -> None:
        """Branch and number of changed files."""
        self._set("_git", status)

    def show_running(self, running: int) -> None:
        """How many executions have not ended."""
        self._set("_active", running)

    def show_serving(self, serving: bool | None) -> None:
        """Whether a server works on this workspace; None when that is not known."""
        self._set("_serving", serving)

    def show_time(self, now: datetime) -> None:
        """The minute."""
        self._set("_time", f"{now:%H:%M}")

    def _set(self, name: str, value: object) -> None:
        if getattr(self, name) != value:
            setattr(self, name, value)
            self.refresh()

    def render(self) -> Content:
        width = self.content_size.width
        right = self._right(width)
        room = width - right.cell_length - 1
        left = Content.styled("Podium", "bold $text-primary")
        git = Content("")
        if self._git.branch:
            dirty = f" ±{self._git.changed}" if self._git.changed else ""
            git = Content(f"  ⎇ {shorten(clean(self._git.branch), 24)}")
            git += Content.styled(dirty, "$text-warning")
        if self._namespace:
            left += Content.styled(f"  {shorten(self._namespace, 32)}", "bold")
        place_room = room - left.cell_length - git.cell_length - 2
        if place_room > 8:
            left += Content.styled(f"  {_tail(self._place, place_room)}", "$text-muted")
        left = (left + git).truncate(max(room, 0), ellipsis=True)
        return left + Content(" " * max(width - left.cell_length - right.cell_length, 1)) + right

    def _right(self, width: int) -> Content:
        parts: list[Content] = []
        if self._serving is not None and width >= 60:
            word = "on" if self._serving else "off"
            parts.append(Content.styled(f"serve: {word}", "$text-success" if self._serving else "$text-muted"))
        if self._active:
            parts.append(Content.styled(f"runs: {self._active} ●", "bold $text-accent"))
        else:
            parts.append(Content.styled("runs: 0", "$text-muted"))
        parts.append(Content(self._time))
        return Content("   ").join(parts)


def _tail(path: str, room: int) -> str:
    """The end of a path that does not fit: that is where one is."""
    if cell_width(path) <= room:
        return path
    return "…" + path[-(room - 1) :]
