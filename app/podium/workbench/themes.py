"""How the workbench looks: two themes of its own, and the terminal's own colours where it has few."""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import Theme

DARK = Theme(
    name="podium",
    primary="#5b8def",
    secondary="#8aa0b8",
    accent="#4cc9b0",
    foreground="#d8dee6",
    background="#12151a",
    surface="#181c22",
    panel="#1f242c",
    boost="#20262e",
    success="#7bc77e",
    warning="#e3b341",
    error="#f0716a",
    dark=True,
    variables={
        "block-cursor-foreground": "#12151a",
        "block-cursor-background": "#d8dee6",
        "scrollbar": "#353c47",
        "scrollbar-hover": "#465060",
        "scrollbar-active": "#56627a",
        "scrollbar-background": "#12151a",
        "scrollbar-background-hover": "#12151a",
        "scrollbar-background-active": "#12151a",
        "scrollbar-corner-color": "#12151a",
    },
)
LIGHT = Theme(
    name="podium-light",
    primary="#2f5fc4",
    secondary="#5b6b80",
    accent="#0b7f6d",
    foreground="#1e252e",
    background="#fbfbf9",
    surface="#f2f3f1",
    panel="#e6e8e6",
    boost="#ebedea",
    success="#2e7d32",
    warning="#9a6700",
    error="#c62828",
    dark=False,
    variables={
        "block-cursor-foreground": "#fbfbf9",
        "block-cursor-background": "#1e252e",
        "scrollbar": "#c4c9cc",
        "scrollbar-hover": "#aab1b6",
        "scrollbar-active": "#8d969d",
        "scrollbar-background": "#fbfbf9",
        "scrollbar-background-hover": "#fbfbf9",
        "scrollbar-background-active": "#fbfbf9",
        "scrollbar-corner-color": "#fbfbf9",
    },
)
THEMES = (DARK, LIGHT)


def chosen_theme(environ: Mapping[str, str]) -> str:
    """The theme to start with: `PODIUM_THEME`, else ours where the terminal is known to show its colours."""
    wanted = environ.get("PODIUM_THEME") or environ.get("TEXTUAL_THEME")
    if wanted:
        return wanted
    many = environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or "256color" in environ.get("TERM", "")
    return DARK.name if many else "ansi-dark"
