"""The conformance runner for its tests."""

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
HOME = HERE.parents[1]


@pytest.fixture(scope="module")
def runner(request):
    """The runner's module, found as when it is run as a script; its modules are gone again afterwards."""
    before, paths, environment = set(sys.modules), list(sys.path), dict(os.environ)
    sys.path[:0] = [str(HERE), str(HOME / "tests" / "plugins"), str(HOME / "app")]
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path[1:3])
    import run

    yield run
    sys.path[:] = paths
    os.environ.clear()
    os.environ.update(environment)
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(HERE)):
            del sys.modules[name]
