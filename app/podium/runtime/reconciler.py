"""`python -m podium.runtime.reconciler <workspace>`: one look for executions whose runner died.

A guardian becomes this program when its runner was killed, so that a crash is in the journal and the queue moves on
even if nobody looks.
"""

import sys
from pathlib import Path


def main() -> None:
    """See the module."""
    from podium.runtime.flows import Flows
    from podium.runtime.launcher import NewInterpreter
    from podium.runtime.reconcile import reconcile
    from podium.runtime.workspace_types import workspace_registry
    from podium.store.errors import StoreError
    from podium.store.stores import Stores

    try:
        stores = Stores.open(Path(sys.argv[1]))
        registry = workspace_registry(stores.workspace, stores.settings)
        reconcile(stores, Flows(stores, registry), NewInterpreter())
    except StoreError as error:
        # Nobody reads this; the next command that lists executions meets the same error and shows it.
        sys.exit(str(error))


if __name__ == "__main__":
    main()
