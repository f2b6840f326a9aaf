import time

import pytest
from tests.runtime.conftest import fork_server

__all__ = ["fork_server"]

SHORT, LONG = 6, 240
_AT_A_TIME = 12


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--torture", action="store_true", help=f"kill runners at {LONG} moments instead of {SHORT}")
    parser.addoption("--torture-seed", type=int, default=None, help="repeat the moments of an earlier run")


def is_long(config: pytest.Config) -> bool:
    """Known only when the tests are named on the command line, as `make torture` does."""
    return bool(config.getoption("--torture", default=False))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "moments" in metafunc.fixturenames:
        groups = LONG // _AT_A_TIME if is_long(metafunc.config) else 2
        count = _AT_A_TIME if is_long(metafunc.config) else SHORT // 2
        seed = metafunc.config.getoption("--torture-seed", default=None)
        seed = seed or int(time.time())
        # Not part of the names: processes of xdist must agree on those.
        metafunc.parametrize("moments", [(seed, group, count) for group in range(groups)], ids=map(str, range(groups)))


@pytest.fixture
def thorough(request: pytest.FixtureRequest) -> bool:
    """Whether there is time for everything."""
    return is_long(request.config)


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """What chance begins with; said by every failure."""
    given = request.config.getoption("--torture-seed", default=None)
    return given or int(time.time())
