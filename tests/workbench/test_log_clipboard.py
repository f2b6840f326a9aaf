"""Copying: which way is taken where, and that nothing is lost on any."""

import base64
import re
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from podium.workbench.clipboard import OSC52_LIMIT, Clipboard, osc52, run_helper

XTERM = {"TERM": "xterm-256color"}


def copied(sequence: str) -> str:
    found = re.fullmatch("\x1b]52;c;([A-Za-z0-9+/=]*)\x07", sequence)
    assert found is not None
    return base64.b64decode(found[1]).decode()


def test_a_plain_terminal_gets_osc_52() -> None:
    assert copied(osc52("Größe\nzwei", XTERM) or "") == "Größe\nzwei"


def test_tmux_passes_it_on() -> None:
    sequence = osc52("text", {"TMUX": "/s,1,0"}) or ""
    assert sequence.startswith("\x1bPtmux;") and sequence.endswith("\x1b\\")
    assert copied(sequence[7:-2].replace("\x1b\x1b", "\x1b")) == "text"


@pytest.mark.parametrize("size", [1, 520, 5000])
def test_screen_passes_it_on_in_pieces(size: int) -> None:
    sequence = osc52("x" * size, {"STY": "1.pts"}) or ""
    pieces = re.findall("\x1bP(.*?)\x1b\\\\", sequence)
    assert all(len(piece) <= 768 for piece in pieces)
    assert copied("".join(pieces)) == "x" * size


class Desk:
    """A clipboard whose terminal and helper programs are recorded."""

    def __init__(self, folder: Path, environ: dict[str, str], working: Sequence[str] = ()) -> None:
        self.written: list[str] = []
        self.tried: list[str] = []
        self._working = working
        self.clipboard = Clipboard(self.written.append, folder, environ=environ, run=self._run)

    def _run(self, command: Sequence[str], data: bytes) -> bool:
        assert data == b"text"
        self.tried.append(command[0])
        return command[0] in self._working


@pytest.mark.skipif(sys.platform == "darwin", reason="pbcopy comes first there")
@pytest.mark.parametrize(
    ("environ", "working", "tried", "answer"),
    [
        (XTERM, [], [], "Copied 1 line."),
        (XTERM | {"DISPLAY": ":0"}, ["xsel"], ["xclip", "xsel"], "Copied 1 line with xsel."),
        (XTERM | {"WAYLAND_DISPLAY": "w", "DISPLAY": ":0"}, ["wl-copy"], ["wl-copy"], "Copied 1 line with wl-copy."),
        (XTERM | {"DISPLAY": ":0", "SSH_CONNECTION": "a"}, ["xclip"], [], "Copied 1 line."),
        (XTERM | {"TMUX": "s", "SSH_TTY": "t"}, ["tmux"], ["tmux"], "Copied 1 line with tmux."),
        (XTERM | {"TMUX": "s"}, [], ["tmux"], "Copied 1 line."),
    ],
)
def test_the_way_fits_the_session(
    tmp_path: Path, environ: dict[str, str], working: list[str], tried: list[str], answer: str
) -> None:
    desk = Desk(tmp_path, environ, working)
    assert desk.clipboard.copy("text", "1 line") == answer
    assert desk.tried == tried
    assert bool(desk.written) == (not working or "SSH_CONNECTION" in environ)


@pytest.mark.parametrize(
    ("text", "environ", "reason"),
    [("x" * OSC52_LIMIT, XTERM, "Too much"), ("text", {"TERM": "linux"}, "no clipboard"), ("text", {}, "no clipboard")],
)
def test_what_no_clipboard_takes_is_saved_whole(
    tmp_path: Path, text: str, environ: dict[str, str], reason: str
) -> None:
    written: list[str] = []
    clipboard = Clipboard(written.append, tmp_path / "new", environ=environ)
    for _ in range(2):
        answer = clipboard.copy(text, "9 lines")
    path = tmp_path / "new" / "copied.txt"
    assert reason in answer and str(path) in answer and "9 lines" in answer
    assert path.read_text() == text and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert written == []


def test_programs_are_really_started(tmp_path: Path) -> None:
    target = tmp_path / "out"
    assert run_helper([sys.executable, "-c", f"import sys; open({str(target)!r},'w').write(sys.stdin.read())"], b"hi")
    assert target.read_text() == "hi"
    assert not run_helper([sys.executable, "-c", "raise SystemExit(1)"], b"")
    assert not run_helper(["podium-no-such-program"], b"")
