"""The last row: the keys that do something here and now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget

from podium.workbench.keys import fitting, key_name

_BETWEEN = 2
ALWAYS = ("app.palette", "app.help", "app.quit")
"""Ids of the bindings that stand at the right end."""
_INSTEAD = {"app.quit_anywhere": "app.quit"}  # where letters are typed, the key with ctrl is named


@dataclass(frozen=True, slots=True)
class Hint:
    """A key, what it does, and where."""

    key: str
    label: str
    action: str
    node: DOMNode


class KeyLine(Widget):
    """Reads the active bindings whenever they change; draws only if that makes a difference."""

    DEFAULT_CSS = "KeyLine { height: 1; padding: 0 1; background: $panel; color: $text-muted; }"

    def __init__(self) -> None:
        super().__init__()
        self._hints: Sequence[Hint] = ()
        self._last: Sequence[Hint] = ()
        self._places: list[tuple[int, int, Hint]] = []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)
        self._bindings_changed(self.screen)

    def _bindings_changed(self, screen: Screen) -> None:
        hints, last = _hints_of(screen)
        if (hints, last) != (self._hints, self._last):
            self._hints, self._last = hints, last
            self.refresh()

    def render(self) -> Content:
        width = self.content_size.width
        pairs = [(hint.key, hint.label) for hint in self._hints]
        count, last_count = fitting(pairs, [(hint.key, hint.label) for hint in self._last], width)
        left, right = list(self._hints[:count]), list(self._last[:last_count])
        self._places = []
        line = self._part(left, 0)
        tail = self._part(right, 0, keep=False)
        at = max(width - tail.cell_length, line.cell_length)
        line += Content(" " * (at - line.cell_length))
        return line + self._part(right, at)

    def _part(self, hints: Sequence[Hint], at: int, keep: bool = True) -> Content:
        parts = Content("")
        for hint in hints:
            if parts.cell_length:
                parts += Content(" " * _BETWEEN)
            text = Content.styled(hint.key, "bold $text-accent") + Content(f" {hint.label}")
            if keep:
                start = at + parts.cell_length
                self._places.append((start, start + text.cell_length, hint))
            parts += text
        return parts

    async def on_click(self, event: events.Click) -> None:
        for start, end, hint in self._places:
            if start <= event.x - 1 < end:
                await self.app.run_action(hint.action, hint.node)
                return


def _hints_of(screen: Screen) -> tuple[list[Hint], list[Hint]]:
    """The hints of the focused pane first, then what works everywhere; those of `ALWAYS` apart."""
    found: dict[tuple[int, str], Hint] = {}
    always: dict[str, Hint] = {}
    instead: dict[str, Hint] = {}
    focused = screen.focused
    for key, active in screen.active_bindings.items():
        binding = active.binding
        if not binding.show or not active.enabled or not binding.description:
            continue
        if not _makes_sense(active.node, binding.action):
            continue
        hint = Hint(key_name(key), binding.description, binding.action, active.node)
        if binding.id in ALWAYS:
            always.setdefault(binding.id, hint)
        elif binding.id in _INSTEAD:
            instead[_INSTEAD[binding.id]] = hint
        else:
            found.setdefault((id(active.node), binding.action), hint)
    always = {**instead, **always}
    depth = {node: at for at, node in enumerate([*(focused.ancestors_with_self if focused else ()), screen])}
    ordered = sorted(found.values(), key=lambda hint: _rank(hint, depth))
    return ordered, [always[name] for name in ALWAYS if name in always]


def _makes_sense(node: DOMNode, action: str) -> bool:
    """Whether the key would do something now: a node with `makes_sense` knows. The key itself answers all the same."""
    known = getattr(node, "makes_sense", None)
    return known is None or bool(known(action))


def _rank(hint: Hint, depth: dict[DOMNode, int]) -> tuple[int, int]:
    # F5 and save are what one comes for; then what the pane itself offers, the innermost first; what a sign on the row
    # says anyway comes last.
    first = {"execute": 0, "save": 1, "fold": 3}.get(hint.action, 2)
    return first, depth.get(hint.node, 99)
