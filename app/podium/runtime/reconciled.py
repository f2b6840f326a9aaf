"""What looking for executions without a runner has found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What `reconcile` has found: runs whose runner had died, and executions it has started again."""

    lost: tuple[str, ...] = ()
    """Now FAILED in their journal with the reason; `restart` continues them with finished task runs kept."""
    resumed: tuple[str, ...] = ()
    """Nothing was lost (created, queued with a free slot, paused with a timer): they have a runner again."""
