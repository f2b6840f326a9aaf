"""A runner as a process: `python -m podium.runtime.process <workspace> <execution id>`, or a fork of a loaded one."""

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from podium.runtime.launcher import RUNNER_LOG, NewInterpreter

if TYPE_CHECKING:
    from podium.model.flow import Flow
    from podium.plugin.registry import Registry
    from podium.runtime.runner import Runner
    from podium.store.stores import Stores

_DESCRIPTORS = 8192


def run_execution(root: Path, execution_id: str) -> int:
    """The life of a runner that has to open everything itself; returns its exit code."""

    def make() -> "Runner":
        from podium.runtime.runner import Runner
        from podium.runtime.workspace_types import workspace_registry
        from podium.store.stores import Stores

        stores = Stores.open(root)
        registry = workspace_registry(stores.workspace, stores.settings)
        return Runner(stores, registry, stores.record(execution_id), NewInterpreter())

    return _live(make)


def run_prepared(stores: "Stores", registry: "Registry", flow: "Flow", execution_id: str) -> int:
    """The life of a runner that is the fork of a process with everything at hand."""

    def make() -> "Runner":
        from podium.runtime.runner import Runner

        runner = Runner(stores, registry, stores.record(execution_id), NewInterpreter())
        runner.know(flow)
        return runner

    return _live(make)


def _live(make: "Callable[[], Runner]") -> int:
    """Run it; what goes wrong with the runner itself is written to standard error, its own log."""
    from podium.store.errors import StoreError

    runner: Runner | None = None
    _settle()
    signal.signal(signal.SIGTERM, lambda *_: runner.stop() if runner else None)
    try:
        runner = make()
        code = runner.run()
        runner.close()
    except StoreError as error:
        print(error, file=sys.stderr)
        return 1
    except Exception as error:
        traceback.print_exc()
        if runner is not None:
            runner.root.note_last_words(
                f"The runner had an error of its own: {type(error).__name__}: {error}. Please report it with the file "
                f"{runner.root.directory / RUNNER_LOG}. Restart the execution to go on: finished task runs are kept"
            )
        return 1
    return code


def preload() -> None:
    """Import what runners need, so that a fork of this process has it at once."""
    import podium.model.loader
    import podium.runtime.runner
    import podium.tasks.debug
    import podium.tasks.log
    import podium.tasks.registry
    import podium.tasks.scripts.types  # noqa: F401  # before the fork, for all runners


def _settle() -> None:
    """A name for `ps`, signals, and room for as many scripts as a flow may run at a time."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text("podium-runner")
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (ImportError, ValueError, OSError):
        pass


def main() -> None:
    """`python -m podium.runtime.process`."""
    if len(sys.argv) != 3:
        sys.exit("usage: python -m podium.runtime.process <workspace> <execution id>")
    code = run_execution(Path(sys.argv[1]), sys.argv[2])
    sys.stderr.flush()
    # Not waited for: a worker whose task cannot be interrupted.
    os._exit(code)


if __name__ == "__main__":
    main()
