"""Types of Kestra's own packages that run on a server only, by name.

The packages of the core and of the script languages are known completely, so a name in them that is neither here nor
among the built-in types is a slip. Names of other packages are not listed: they are taken for what they are.
"""

from podium.model.schema import Family
from podium.tasks.builtin_types import LANGUAGES

_CORE = "io.kestra.plugin.core."

SERVER_TYPES: dict[Family, frozenset[str]] = {
    "task": frozenset(
        {
            _CORE + "flow.Approval", _CORE + "namespace.PurgeFiles", _CORE + "storage.PurgeStorage",
            "io.kestra.plugin.scripts.groovy.Eval", "io.kestra.plugin.scripts.groovy.FileTransform",
        }
    ),
    "trigger": frozenset(
        {
            _CORE + "trigger.McpToolTrigger",
            *(
                f"io.kestra.plugin.scripts.{language}.{kind}Trigger"
                for language in LANGUAGES
                for kind in ("Commands", "Script")
            ),
        }
    ),
}  # fmt: skip

CLOSED_PACKAGES: tuple[str, ...] = (
    _CORE, "io.kestra.core.", *(f"io.kestra.plugin.scripts.{language}." for language in LANGUAGES),
)  # fmt: skip
"""What begins like this is known completely. Dashboards (`core.dashboard`) never stand in a flow."""
