"""What becomes of a fault of the workbench itself."""

from __future__ import annotations

import os
import platform
import time
import traceback
from pathlib import Path


def keep_crash(state: Path) -> str:
    """Write the exception that is being handled below `.podium/`; returns the sentence for the reader."""
    details = "".join(traceback.format_exc())
    path = state / f"crash-{time.strftime('%Y%m%d-%H%M%S')}.log"
    about = f"Python {platform.python_version()} on {platform.platform()}, terminal {os.environ.get('TERM', '?')}"
    try:
        with open(path, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(f"{about}\n\n{details}")
    except OSError:
        return f"The workbench failed: {details.strip().splitlines()[-1]}."
    return f"The workbench failed; the details are in {path}."
