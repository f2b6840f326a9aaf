"""The states of executions and task runs and what they mean (semantics 4.1)."""

from typing import Final, Literal

State = Literal[
    "CREATED", "SUBMITTED", "RUNNING", "PAUSED", "QUEUED", "RETRYING", "RESTARTED", "KILLING", "BREAKPOINT",
    "SUCCESS", "WARNING", "FAILED", "KILLED", "CANCELLED", "RETRIED", "SKIPPED",
]  # fmt: skip

TERMINAL: Final[frozenset[str]] = frozenset(
    {"SUCCESS", "WARNING", "FAILED", "KILLED", "CANCELLED", "RETRIED", "SKIPPED"}
)
CREATED: Final[frozenset[str]] = frozenset({"CREATED", "SUBMITTED", "RESTARTED"})

ALL_STATES: Final[tuple[str, ...]] = State.__args__  # type: ignore[attr-defined]  # a Literal has them


def canonical_state(name: str) -> str:
    """A state's name as Podium writes it: upper case, `CANCELED` read as `CANCELLED`; ValueError if unknown."""
    upper = name.strip().upper()
    if upper == "CANCELED":
        upper = "CANCELLED"
    if upper not in ALL_STATES:
        raise ValueError(f"`{name}` is not a state; states are {', '.join(ALL_STATES)}")
    return upper
