"""Reading a `retry` (semantics 3.4, 1.4)."""

from datetime import timedelta
from typing import Any

from podium.base.durations import format_duration, parse_duration
from podium.model.flow import Retry
from podium.model.marked_yaml import MapNode, Node
from podium.model.reading import Reader


def read_retry(reader: Reader, node: Node | None, path: str) -> Retry | None:
    """The retry at a node; None when there is none, or after reporting that it is none."""
    given = reader.map_of(node, path, "a retry")
    if given is None:
        return None
    decl = reader.types.find(given, "retry", path)
    if decl is None:
        return None
    values = reader.properties(given, decl, path)
    retry = Retry(
        type=decl.name,  # type: ignore[arg-type] # the names of RETRY_TYPES
        interval=_length(values, "interval"),
        min_interval=_length(values, "minInterval"),
        max_interval=_length(values, "maxInterval"),
        delay_factor=values.get("delayFactor"),
        max_attempts=values.get("maxAttempts"),
        max_duration=_length(values, "maxDuration"),
        warning_on_retry=values.get("warningOnRetry", False),
        behavior=values.get("behavior", "RETRY_FAILED_TASK"),
    )
    _check(reader, retry, given, path)
    return retry


def _length(values: dict[str, Any], name: str) -> timedelta | None:
    text = values.get(name)
    return None if text is None else parse_duration(text)


def _check(reader: Reader, retry: Retry, node: MapNode, path: str) -> None:
    """The intervals must fit into each other."""
    pairs = {
        "constant": (("interval", "maxDuration"),),
        "exponential": (("interval", "maxDuration"), ("interval", "maxInterval")),
        "random": (
            ("minInterval", "maxDuration"),
            ("maxInterval", "maxDuration"),
            ("minInterval", "maxInterval"),
        ),
    }[retry.type]
    lengths = {
        "interval": retry.interval, "minInterval": retry.min_interval, "maxInterval": retry.max_interval,
        "maxDuration": retry.max_duration,
    }  # fmt: skip
    beyond: set[str] = set()
    for smaller, larger in pairs:
        low, high = lengths[smaller], lengths[larger]
        # When the shortest wait is too long already, the longest one needs no word of its own.
        if low is not None and high is not None and low >= high and larger not in beyond:
            beyond |= {larger} if smaller == "minInterval" else set()
            message = f"'{smaller}' must be less than '{larger}' but is {format_duration(low)}"
            at = node.get(smaller) or node
            reader.findings.add("retry-interval", f"{path}: {message}.", at, f"{path}.{smaller}")
    if retry.max_attempts is not None and retry.max_attempts < 1:
        at = node.get("maxAttempts") or node.get("maxAttempt") or node
        message = f"{path}.maxAttempts: must be greater than or equal to 1; it counts the first attempt too."
        reader.findings.add("invalid-value", message, at, f"{path}.maxAttempts")
