"""The palette: every action of the screen in front, with its key. Nothing can be done by key that is not in here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget

from podium.workbench.keys import key_names

_PLACES = {
    "app": "", "pane": "", "file": "", "flow": "", "tree": "Files", "editor": "Editor", "find": "Find", "runs": "Runs",
    "log": "Log", "run": "Run", "problems": "Problems", "question": "Question", "tasks": "Tasks", "values": "Values",
    "topology": "Topology",
}  # fmt: skip

_MOVES = frozenset({"move", "page", "go", "expand", "collapse", "top", "bottom", "sideways", "select", "select_page"})


@dataclass(frozen=True, slots=True)
class Command:
    """One action and where it is done. `place` is "" for what belongs to no pane."""

    label: str
    place: str
    keys: str
    action: str
    node: DOMNode

    @property
    def title(self) -> str:
        """`Files: New file`."""
        return f"{self.place}: {self.label}" if self.place else self.label


def commands_of(screen: Screen) -> list[Command]:
    """Every action of a screen: what the focused pane offers, what works everywhere, then the other panes; what is
    known by everyone, such as moving about, last."""
    focused = screen.focused
    around = list(focused.ancestors_with_self) if focused is not None else [screen, screen.app]
    found: dict[tuple[str, str, str], Command] = {}
    ranks: dict[tuple[str, str, str], int] = {}
    for node in [*around, *_nodes(screen)]:
        for bindings in node._bindings.key_to_bindings.values():
            for one in bindings:
                if _is_offered(one, node, screen.app):
                    place = _PLACES.get((one.id or "").partition(".")[0], "")
                    command = Command(one.description, place, _keys_of(node, one), one.action, node)
                    name = (one.description, one.action, place)
                    known = found.setdefault(name, command)
                    if known.node is node and command.keys not in known.keys:
                        found[name] = replace(known, keys=f"{known.keys}, {command.keys}")
                    ranks.setdefault(name, _rank(one, place, node in around))
    return [found[name] for name in sorted(found, key=ranks.__getitem__)]


def _rank(binding: Binding, place: str, here: bool) -> int:
    if not place:
        return 1
    moves = binding.action.partition("(")[0] in _MOVES
    return (4 if moves else 0) if here else (5 if moves else 2)


def _nodes(screen: Screen) -> Iterator[DOMNode]:
    yield screen.app
    yield screen
    for node in screen.walk_children(Widget):
        if type(node).__module__.startswith("podium.") and _is_reachable(node):
            yield node


def _is_reachable(node: Widget) -> bool:
    """Whether the widget is shown, or hidden only because another pane is in front of it."""
    return node.display or node.id in ("tree", "editor", "runs", "log")


def _is_offered(binding: Binding, node: DOMNode, app: App) -> bool:
    if not binding.description or binding.id is None or binding.id.startswith("app.palette"):
        return False
    return app._check_action_state(binding.action, node) is not False


def _keys_of(node: DOMNode, binding: Binding) -> str:
    keys = [
        key for key, bindings in node._bindings.key_to_bindings.items() if any(one.id == binding.id for one in bindings)
    ]
    return key_names(keys)


def matching(commands: Sequence[Command], typed: str) -> list[Command]:
    """The commands that contain every word typed, in any case; those first that begin with it."""
    words = typed.casefold().split()
    found = []
    for at, command in enumerate(commands):
        title = command.title.casefold()
        if all(word in title for word in words):
            begins = bool(words) and any(part.startswith(words[0]) for part in title.split())
            found.append((not begins, at, command))
    return [command for _, _, command in sorted(found, key=lambda item: item[:2])]


async def run(app: App, command: Command) -> None:
    """Go where the action is done, and do it."""
    node = command.node
    if isinstance(node, Widget) and not isinstance(node, Screen):
        reach = getattr(app.screen, "reach", None)
        if reach is not None:
            reach(node)
        elif node.can_focus:
            node.focus()
    await app.run_action(command.action, node)
