"""One field per input: the widget that fits its type, what is wrong with the value, and where the value comes from."""

import json
from collections.abc import Sequence
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.markup import escape
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input as TextInput
from textual.widgets import Select, SelectionList, Static, TextArea

from podium.base.text import clean
from podium.expressions.values import to_output
from podium.model.flow import Input
from podium.model.inputs import ResolvedInput
from podium.workbench.runs.last_inputs import is_secret

_HINTS = {
    "INT": "whole number", "FLOAT": "number", "DATE": "2026-01-31", "TIME": "08:30 or 08:30:15",
    "DATETIME": "2026-01-31T08:30:00Z", "DURATION": "PT10M, PT1H30M, P1D", "FILE": "path of a file", "URI": "https://…",
    "EMAIL": "name@example.com", "SECRET": "is not kept",
}  # fmt: skip
_LONG = {"JSON": '{"key": "value"}', "YAML": "key: value", "ARRAY": '["a", "b"]', "ION": "", "OBJECT": "", "TABLE": ""}
_BOOLS = ("true", "false")


class InputField(Vertical):
    """Label, widget and problem of one input. `value` is what was typed, None for nothing: then the default counts."""

    DEFAULT_CSS = """
    InputField {
        height: auto; margin: 0 0 1 0; padding: 0 1;
        & .field-label { height: auto; }
        & .field-note { height: auto; color: $text-muted; }
        & .field-problem { height: auto; color: $text-error; display: none; }
        & Input { height: 1; border: none; padding: 0 1; background: $surface; }
        & Input:focus { border: none; background: $surface-lighten-1; }
        & TextArea { height: 3; border: none; padding: 0 1; background: $surface; }
        & TextArea:focus { border: none; background: $surface-lighten-1; }
        & SelectionList { height: auto; max-height: 7; border: none; padding: 0; background: $surface; }
        & SelectionList:focus { border: none; background: $surface-lighten-1; }
        & SelectionList > .option-list--option-highlighted { background: $surface; color: $text; }
        & SelectionList:focus > .option-list--option-highlighted { background: $primary; color: $text; }
        & Select { height: 1; }
        &.-wrong .field-problem { display: block; }
        &.-wrong Input, &.-wrong TextArea, &.-wrong SelectionList, &.-wrong Select { background: $error 20%; }
    }
    """

    class Edited(Message):
        """The reader changed the value."""

        def __init__(self, field: "InputField") -> None:
            super().__init__()
            self.field = field

    def __init__(self, declared: Input, value: Any, resolved: ResolvedInput) -> None:
        super().__init__()
        self.declared = declared
        self.touched = value is not None
        self._resolved = resolved
        self._start = value if value is not None else resolved.prefill
        self._choices = tuple(resolved.choices or (_BOOLS if declared.type in ("BOOL", "BOOLEAN") else ()))
        self._problem = Static(classes="field-problem", markup=False)
        self._widget = self._make()

    def compose(self) -> ComposeResult:
        yield Static(self._label(), classes="field-label", markup=False)
        if self.declared.description:
            yield Static(Content(clean(self.declared.description)), classes="field-note", markup=False)
        yield self._widget
        yield self._problem

    def _label(self) -> Content:
        one = self.declared
        name = Content.styled(clean(one.display_name or one.id), "bold")
        if one.display_name:
            name += Content.styled(f" {clean(one.id)}", "$text-muted")
        kind = one.type + (f" of {one.item_type}" if one.item_type else "")
        needed = one.required and one.defaults is None
        bounds = [f"≥ {one.min}"] * (one.min is not None) + [f"≤ {one.max}"] * (one.max is not None)
        bounds += [f"after {one.after}"] * (one.after is not None) + [f"before {one.before}"] * (one.before is not None)
        remarks = " ".join([kind.lower(), *bounds])
        return name + Content.styled("  needed" if needed else "", "$text-warning") + Content.styled(
            f"  {clean(remarks)}", "$text-muted"
        )  # fmt: skip

    def _make(self) -> Widget:
        one, start = self.declared, self._start
        if one.type == "MULTISELECT":
            chosen = set(_items(start))
            return _Boxes(*[(Content(clean(name)), name, name in chosen) for name in self._choices])
        if self._choices and not one.allow_custom_value:
            value = to_output(start) if start is not None else None
            known = value if value in self._choices else Select.NULL
            return Select[str](self._options(), value=known, prompt=self._prompt(), compact=True)
        text = "" if start is None else start if isinstance(start, str) else json.dumps(start, ensure_ascii=False)
        if one.type in _LONG:
            area = TextArea(text, soft_wrap=True, placeholder=self._default_text() or _LONG[one.type], compact=True)
            area.cursor_blink = False
            return area
        hint = self._default_text() or _HINTS.get(one.type, "")
        return TextInput(text, placeholder=hint, password=is_secret(one), select_on_focus=False)

    def _options(self) -> list[tuple[Content, str]]:
        return [(Content(clean(name)), name) for name in self._choices]

    def _default_text(self) -> str:
        if not self._resolved.is_default or self._resolved.value is None:
            return ""
        if is_secret(self.declared):
            return "its default"
        return clean(f"{to_output(self._resolved.value)}  (default)")

    def _prompt(self) -> str:
        # Select reads markup in it, wherever the text comes from.
        return escape(self._default_text() or "choose")

    # ---- value -------------------------------------------------------------------------------------------------

    @property
    def value(self) -> Any:
        """What is given for the input: a text, a list for MULTISELECT, None when nothing is given."""
        widget = self._widget
        if isinstance(widget, SelectionList):
            chosen = [name for name in self._choices if name in widget.selected]
            return chosen if chosen or self.touched else None
        if isinstance(widget, Select):
            return widget.value if isinstance(widget.value, str) else None
        text = widget.text if isinstance(widget, TextArea) else widget.value if isinstance(widget, TextInput) else ""
        return text or None

    def take(self, resolved: ResolvedInput, show_missing: bool) -> None:
        """What became of the value: choices, default and problems; one that is only missing is shown when asked."""
        choices = resolved.choices
        if choices is not None and tuple(choices) != self._choices:
            self._choices = tuple(choices)
            self._replace_choices()
        before, self._resolved = self._default_text(), resolved
        if self._default_text() != before:
            self._show_default()
            self.query_one(".field-label", Static).update(self._label())
        wrong = bool(resolved.errors) and (self.touched or show_missing)
        if wrong:
            self._problem.update(Content(clean("; ".join(error.message for error in resolved.errors))))
        self.set_class(wrong, "-wrong")

    def _replace_choices(self) -> None:
        kept = self.value
        with self.prevent(Select.Changed, SelectionList.SelectedChanged):
            if isinstance(self._widget, Select):
                self._widget.set_options(self._options())
                if kept in self._choices:
                    self._widget.value = kept
            elif isinstance(self._widget, SelectionList):
                self._widget.clear_options()
                self._widget.add_options([(Content(clean(name)), name, name in _items(kept)) for name in self._choices])

    def _show_default(self) -> None:
        text = self._default_text()
        if isinstance(self._widget, Select):
            self._widget.prompt = self._prompt()
        elif isinstance(self._widget, (TextInput, TextArea)):
            self._widget.placeholder = text or _HINTS.get(self.declared.type, "")

    def focus(self, scroll_visible: bool = True) -> "InputField":
        """Give the keys to the widget of the field."""
        self._widget.focus(scroll_visible)
        return self

    @on(TextInput.Changed)
    @on(TextArea.Changed)
    @on(Select.Changed)
    @on(SelectionList.SelectedChanged)
    def _edited(self, event: Message) -> None:
        event.stop()
        if self.value != self._start or self.touched:
            self.touched = True
            self.post_message(self.Edited(self))


class _Boxes(SelectionList[str]):
    """Several of many. Textual tells chosen ones by colour alone; here they have a cross, and the others none."""

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        at = self.scroll_offset.y + y
        if at >= self.option_count:
            return strip
        _, mark, _, *rest = strip
        style = rest[0].style
        box = "[x]" if self.get_option_at_index(at).value in self.selected else "[ ]"
        if style is not None and mark.style is not None:
            style += Style(meta=mark.style.meta)
        return Strip([Segment(box, style), *rest], strip.cell_length)


def _items(value: Any) -> Sequence[str]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return (value,)
    return [to_output(item) for item in value] if isinstance(value, (list, tuple)) else ()
