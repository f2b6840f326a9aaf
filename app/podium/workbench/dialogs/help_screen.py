"""Help for the pane that has the keys: what it shows, and every key that works there."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from podium.workbench.keys import key_name


class HelpScreen(ModalScreen[None]):
    """Made for a screen as it is now: the focused widget first, then what surrounds it."""

    DEFAULT_CSS = """
    HelpScreen {
        background: $background;
        & VerticalScroll { border: round $accent; padding: 0 2; scrollbar-size-vertical: 1; }
        & Static { width: 1fr; height: auto; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "app.pop_screen", "Back", id="help.close")
    ]

    def __init__(self, about: Screen) -> None:
        super().__init__()
        self._text = help_text(about)

    def compose(self) -> ComposeResult:
        with VerticalScroll() as scroll:
            scroll.border_title = Content("Help")
            scroll.border_subtitle = Content("Esc goes back")
            yield Static(self._text)


def help_text(screen: Screen) -> Content:
    """What the focused pane is, and its keys, innermost first; then the keys of the workbench."""
    focused = screen.focused
    around = list(focused.ancestors_with_self) if focused is not None else [screen, screen.app]
    about = [" ".join(node.HELP.split()) for node in around if node.HELP and node is not screen]
    parts = [Content(text) for text in about]
    groups: dict[DOMNode, dict[str, tuple[list[str], str]]] = {node: {} for node in around}
    for key, active in screen.active_bindings.items():
        if active.binding.description and active.node in groups:
            keys = groups[active.node].setdefault(active.binding.action, ([], active.binding.description))[0]
            keys.append(key_name(key))
    lines = [(", ".join(dict.fromkeys(keys)), text) for group in groups.values() for keys, text in group.values()]
    width = min(max((len(keys) for keys, _ in lines), default=0), 28)
    for group in groups.values():
        if group:
            parts.append(Content(""))
        for keys, text in group.values():
            shown = ", ".join(dict.fromkeys(keys))
            parts.append(Content.styled(f"{shown:<{width}}  ", "bold $text-accent") + Content(text))
    return Content("\n").join(parts)
