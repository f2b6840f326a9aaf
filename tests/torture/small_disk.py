"""A disk that is small enough to be filled: a mount in memory, which only root can make."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_SIZE = "24m"
_BALLAST = "ballast"


class SmallDisk:
    """Mounted at `path`."""

    def __init__(self, path: Path) -> None:
        """Skips the test where such a mount is impossible, and says why."""
        if sys.platform != "linux" or os.geteuid() != 0:
            pytest.skip("only root on Linux can mount a small disk; RLIMIT_FSIZE stands in for it elsewhere")
        self.path = path
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE},mode=0700", "podium-test", str(path)]
        done = subprocess.run(mount, capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")

    def fill(self, leave: int) -> None:
        """Take all room but `leave` bytes."""
        with (self.path / _BALLAST).open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                file.truncate(max(0, file.tell() - leave))

    def free(self) -> None:
        """Give it back."""
        (self.path / _BALLAST).unlink(missing_ok=True)

    def unmount(self) -> None:
        """Whatever is still open goes when it is closed."""
        subprocess.run(["umount", "-l", str(self.path)], check=True)
