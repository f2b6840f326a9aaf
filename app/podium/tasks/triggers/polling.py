"""Triggers that look again and again: http.Trigger (semantics 9.8)."""

from datetime import timedelta
from typing import Any

from podium.model.properties import Expression, prop
from podium.model.schema import Example
from podium.plugin.task import TriggerType
from podium.tasks.http import RequestOutputs
from podium.tasks.http_session import HttpOptions


class HttpTrigger(TriggerType):
    """Sends a request at every interval and starts the flow when the answer fits."""

    type = "io.kestra.plugin.core.http.Trigger"
    title = "Start a flow when an HTTP answer fits."
    aliases = ("io.kestra.plugin.fs.http.Trigger",)
    outputs = RequestOutputs
    examples = (
        Example(
            "When a page is there",
            "id: ready\ntype: io.kestra.plugin.core.http.Trigger\nuri: https://example.com/report.csv\n"
            'interval: PT5M\nresponseCondition: "{{ response.statusCode == 200 }}"',
        ),
    )

    interval: timedelta = prop(default=timedelta(minutes=1), dynamic=False, doc="The time between two requests.")
    uri: str = prop(required=True, doc="Where the request goes.")
    method: str = prop(default="GET", doc="The method.")
    body: str | None = prop(doc="The body.")
    formData: dict[str, Any] | None = prop(doc="The fields of a form, as the body.")
    params: dict[str, Any] | None = prop(doc="Query parameters.")
    contentType: str | None = prop(doc="The content type of the body.")
    headers: dict[str, str] | None = prop(doc="Headers.")
    options: HttpOptions | None = prop(doc="Times, authentication, redirects and more.")
    responseCondition: Expression = prop(
        default="{{ response.statusCode < 400 }}",
        doc="Over `response.statusCode`, `response.body` and `response.headers`.",
    )
    encryptBody: bool = prop(default=False, doc="Keep the body of the answer encrypted.")
    allowFailed: bool | None = prop(deprecated="use `options.allowFailed`", doc="Take every status.")
    sslOptions: Any = prop(deprecated="use `options.ssl`", doc="Options of TLS.")
