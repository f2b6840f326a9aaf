"""Webhooks: executions by HTTP requests (semantics 9.5)."""

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from podium.expressions.errors import ExpressionError
from podium.model.flow import Flow, Trigger
from podium.plugin.registry import Registry
from podium.plugin.task import TaskError
from podium.server.firing import PROBLEMS, Firing, TriggerContext
from podium.store.stores import Stores

WEBHOOK = "io.kestra.plugin.core.trigger.Webhook"


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A request to the address of a webhook."""

    namespace: str
    flow_id: str
    key: str
    headers: Mapping[str, Sequence[str]]
    parameters: Mapping[str, Sequence[str]]
    body: bytes


class WebhookRefused(Exception):
    """No execution comes of the request; `status` is the HTTP status of the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def webhook_firing(
    request: WebhookRequest, flows: Iterable[Flow], stores: Stores, registry: Registry, warn: Callable[[str], None]
) -> Firing:
    """The execution that a request starts; raises WebhookRefused."""
    flow = next((one for one in flows if (one.namespace, one.id) == (request.namespace, request.flow_id)), None)
    if flow is None:
        raise WebhookRefused(404, "Not Found: Flow not found")
    if flow.disabled:
        raise WebhookRefused(409, "Cannot execute a disabled flow")
    trigger = _with_key(request, flow, stores, registry, warn)
    if trigger is None:
        raise WebhookRefused(404, "Not Found: Webhook not found")
    context = TriggerContext(stores, registry, flow, trigger)
    variables = context.variables(
        {
            "body": None if trigger.props.get("fetchType") == "NONE" else _parsed(request.body),
            "headers": {name: list(values) for name, values in request.headers.items()},
            "parameters": {name: list(values) for name, values in request.parameters.items()},
        }
    )
    if not _holds(context, variables, warn):
        raise WebhookRefused(204, "The conditions of the webhook do not hold")
    try:
        return Firing(
            flow, trigger, variables["trigger"], context.inputs(variables), context.labels(variables),
            warnings=context.warnings, status=_status(context.render(trigger.props.get("responseCode"), variables)),
        )  # fmt: skip
    except PROBLEMS as error:
        raise WebhookRefused(422, str(error)) from error


def _status(given: Any) -> int:
    """The status that a webhook answers with; raises TaskError for what is none."""
    text = str(given or 200).strip()
    if not (text.isascii() and text.isdigit() and 200 <= int(text) <= 599):
        raise TaskError(f"`responseCode` is no HTTP status: {text}")
    return int(text)


def _holds(context: TriggerContext, variables: Mapping[str, Any], warn: Callable[[str], None]) -> bool:
    """Whether all conditions hold; one that cannot be evaluated does not."""
    try:
        return context.all_hold(variables)
    except PROBLEMS as error:
        warn(f"Evaluate Condition Failed with error '{error}' (trigger `{context.trigger.id}`)")
        return False


def _with_key(
    request: WebhookRequest, flow: Flow, stores: Stores, registry: Registry, warn: Callable[[str], None]
) -> Trigger | None:  # fmt: skip
    for trigger in flow.triggers:
        if trigger.type != WEBHOOK or trigger.disabled:
            continue
        state = stores.triggers.get(flow.namespace, flow.id, trigger.id)
        if state is not None and state.disabled:
            continue
        context = TriggerContext(stores, registry, flow, trigger)
        try:
            key = str(context.render(trigger.props.get("key"), context.variables({}))).strip()
        except ExpressionError as error:
            warn(f"The key of the webhook `{trigger.id}` of {flow.namespace}.{flow.id} cannot be rendered: {error}")
            continue
        if key and key == request.key:
            return trigger
    return None


def _parsed(body: bytes) -> Any:
    """A map or list when the body is JSON, else its text; what is no text as base64."""
    if not body:
        return None
    try:
        text = body.decode("utf-8")
    except ValueError:
        return base64.b64encode(body).decode("ascii")
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, dict | list) else text
