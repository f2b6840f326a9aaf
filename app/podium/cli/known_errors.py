"""Which errors of the packages below are sentences for the user already.

They are looked up among the modules that are loaded: an error cannot come from one that is not.
"""

import sys
from collections.abc import Sequence

from podium.cli.errors import FAILED, USAGE

_KNOWN: Sequence[tuple[str, str, int]] = (
    ("podium.store.errors", "StoreError", USAGE),
    ("podium.store.log_filter", "PatternError", USAGE),
    ("podium.runtime.executions", "Refused", FAILED),
    ("podium.runtime.refusals", "NotCreated", USAGE),
    ("podium.plugin.registry", "PluginError", USAGE),
    ("podium.engine.restart", "RestartError", FAILED),
    ("podium.expressions.errors", "ExpressionError", FAILED),
)


def known(error: BaseException) -> tuple[str, int] | None:
    """The sentence and the exit code for an error, None for one that nobody expected."""
    for module, name, code in _KNOWN:
        kind = getattr(sys.modules.get(module), name, None)
        if kind is not None and isinstance(error, kind):
            return str(error), code
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        return f"{error.strerror or error}{where}", USAGE
    return None
