"""What may be written at the cursor, as a list beside it, and a card with documentation."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Offset
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from podium.base.text import clean
from podium.model.suggestions import Suggestion

_SIGNS = {
    "property": "·", "value": "=", "type": "T", "id": "#", "snippet": "+", "variable": "x", "function": "f",
    "filter": "|", "test": "?", "tag": "%", "operator": "o",
}  # fmt: skip
_MOST_ROWS = 9
_WIDEST = 64
_CARD = 58
_LEAST_CARD = 24


class SuggestionList(OptionList, can_focus=False):
    """Never has the focus: the text keeps it, and the keys that belong here are handed over."""

    DEFAULT_CSS = f"""
    SuggestionList {{
        overlay: screen; constrain: inside inflect; display: none; width: auto; max-width: {_WIDEST};
        height: auto; max-height: {_MOST_ROWS}; border: none; padding: 0 1; background: $panel;
        scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0;
    }}
    """

    def __init__(self) -> None:
        super().__init__(markup=False)
        self.items: Sequence[Suggestion] = ()
        self._wide = 0

    @property
    def is_open(self) -> bool:
        """Whether there is something to choose from."""
        return bool(self.display)

    @property
    def chosen(self) -> Suggestion | None:
        """The highlighted suggestion."""
        at = self.highlighted
        return self.items[at] if self.is_open and at is not None and at < len(self.items) else None

    def open(self, items: Sequence[Suggestion], at: Offset) -> None:
        """Show suggestions below the cursor, which is at a place of the screen."""
        self.items = items
        wide = min(max((len(clean(item.label)) for item in items), default=0), 40)
        # An open list gets no narrower: its columns stay where they are while it is typed into.
        self._wide = max(wide, self._wide) if self.is_open else wide
        self.clear_options()
        self.add_options([_option(item, self._wide) for item in items])
        self.highlighted = 0
        self.absolute_offset = Offset(at.x, at.y + 1)
        self.display = True

    def close(self) -> None:
        """Hide the list."""
        self.display = False
        self.items = ()

    def move(self, by: int) -> None:
        """Highlight another one; the ends are joined for single steps."""
        at, last = self.highlighted or 0, len(self.items) - 1
        wanted = at + by
        if abs(by) == 1:
            wanted %= last + 1
        self.highlighted = min(max(wanted, 0), last)


class DocumentationCard(Static):
    """A few lines of documentation, beside the list or below the cursor."""

    DEFAULT_CSS = f"""
    DocumentationCard {{
        overlay: screen; constrain: inside inflect; display: none; width: auto; max-width: {_CARD};
        height: auto; max-height: 14; padding: 0 1; background: $boost; color: $foreground;
    }}
    """

    def show(self, text: str, at: Offset) -> None:
        """Show a text with its corner at a place of the screen."""
        self.update(documentation(text))
        self.absolute_offset = at
        self.display = True

    def beside(self, text: str, listed: SuggestionList) -> None:
        """Show a text beside the list, where there is room for it."""
        region, width = listed.region, self.app.size.width
        if text and width - region.right >= _LEAST_CARD:
            self.styles.width = "auto"
            self.styles.max_width = min(_CARD, width - region.right)
            self.show(text, Offset(region.right, region.y))
        elif text and region.x >= _LEAST_CARD:
            self.styles.width = self.styles.max_width = min(_CARD, region.x)
            self.show(text, Offset(region.x - min(_CARD, region.x), region.y))
        else:
            self.display = False


def documentation(text: str) -> Content:
    """A text of the model: what is in back-quotes stands out, the first line is the heading."""
    parts: list[Content] = []
    for number, line in enumerate(text.split("\n")):
        if number:
            parts.append(Content("\n"))
        for index, piece in enumerate(clean(line).split("`")):
            style = "$text-accent" if index % 2 else ("bold" if number == 0 else "")
            parts.append(Content.styled(piece, style) if style else Content(piece))
    return Content("").join(parts)


def _option(item: Suggestion, width: int) -> Option:
    sign = Content.styled(_SIGNS[item.kind] + " ", "$text-muted")
    label = clean(item.label)
    label = label if len(label) <= width else label[: width - 1] + "…"
    detail = clean(item.detail)
    room = _WIDEST - width - 6
    detail = detail if len(detail) <= room else detail[: room - 1] + "…"
    return Option(sign + Content(label.ljust(width)) + Content.styled("  " + detail, "$text-muted"))
