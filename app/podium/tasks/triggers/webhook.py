"""Webhook: executions by HTTP requests (semantics 9.5)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from podium.model.properties import Expression, prop
from podium.model.schema import Example, Problem
from podium.plugin.task import TriggerType

_LONGEST_KEY = 256


@dataclass
class WebhookOutputs:
    """What the request brought."""

    body: Any = field(
        metadata={"doc": "The body: a map or list when it is JSON, else a text (base64 of what is none)."}
    )
    headers: dict[str, list[str]] = field(metadata={"doc": "The headers, each with the list of its values."})
    parameters: dict[str, list[str]] = field(
        metadata={"doc": "The query parameters, each with the list of its values."}
    )


class Webhook(TriggerType):
    """Starts the flow when a request comes to the address that its key is part of.

    `podium serve` answers at `/api/v1/main/executions/webhook/<namespace>/<flow id>/<key>`.
    """

    type = "io.kestra.plugin.core.trigger.Webhook"
    title = "Start a flow by an HTTP request."
    aliases = ("io.kestra.core.models.triggers.types.Webhook",)
    outputs = WebhookOutputs
    examples = (
        Example(
            "With a secret key",
            "id: hook\ntype: io.kestra.plugin.core.trigger.Webhook\nkey: \"{{ secret('HOOK_KEY') }}\"",
        ),
    )

    key: Expression = prop(required=True, doc="The last part of the address; who knows it can start the flow.")
    wait: bool = prop(default=False, dynamic=False, doc="Answer after the end of the execution.")
    returnOutputs: bool = prop(default=False, dynamic=False, doc="Answer with the outputs of the flow; needs `wait`.")
    responseContentType: Literal["application/json", "text/plain"] | None = prop(
        dynamic=False, doc="The content type of the answer."
    )
    responseCode: Expression = prop(doc="The status of the answer.")
    fetchType: Literal["FETCH", "STORE", "NONE"] | None = prop(
        dynamic=False, since="2.0", doc="NONE drops the body. Bodies are not kept as files here: STORE is like FETCH."
    )

    @classmethod
    def check(cls, values: Mapping[str, Any]) -> Iterable[Problem]:
        """The key is part of an address, and so has a limit."""
        key = values.get("key")
        if isinstance(key, str) and "{{" not in key and len(key) > _LONGEST_KEY:
            yield Problem(f"size must be between 0 and {_LONGEST_KEY}, but is {len(key)}.", ("key",))
