"""Help for the pane that has the keys: what it shows, and every key that works there."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from podium.workbench.keys import key_name

_INHERITED = object()  # the group of keys that any field of text has


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
    """What the focused pane is and its keys, innermost first; the keys of the workbench; at last those of any text."""
    focused = screen.focused
    around = list(focused.ancestors_with_self) if focused is not None else [screen, screen.app]
    parts = [Content(" ".join(node.HELP.split())) for node in around if node.HELP]
    groups: dict[object, dict[str, tuple[list[str], str]]] = {node: {} for node in (*around, _INHERITED)}
    for key, active in screen.active_bindings.items():
        binding = active.binding
        group = active.node if binding.id is not None else _INHERITED
        if binding.description and group in groups:
            groups[group].setdefault(binding.action, ([], binding.description))[0].append(key_name(key))
    rows = [(", ".join(dict.fromkeys(keys)), text) for group in groups.values() for keys, text in group.values()]
    width = min(max((len(keys) for keys, _ in rows), default=0), 22)
    for group in groups.values():
        if group and parts:
            parts.append(Content(""))
        for keys, text in group.values():
            shown = ", ".join(dict.fromkeys(keys))
            parts.append(Content.styled(f"{shown:<{width}}  ", "bold $text-accent") + Content(text))
    return Content("\n").join(parts)
