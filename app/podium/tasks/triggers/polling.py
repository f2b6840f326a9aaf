"""Triggers that look again and again: http.Trigger (semantics 9.8)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from podium.expressions.render import truthy
from podium.model.properties import Expression, prop
from podium.model.schema import Example
from podium.plugin.context import PollContext
from podium.plugin.task import PollingTrigger
from podium.tasks.encryption import encrypted
from podium.tasks.http import RequestOutputs
from podium.tasks.http_session import HttpExchange


class HttpTrigger(HttpExchange, PollingTrigger):
    """Sends a request at every interval and starts the flow when the answer fits. A failed status is an answer, too."""

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
    responseCondition: Expression = prop(
        default="{{ response.statusCode < 400 }}",
        doc="Over `response.statusCode`, `response.body` and `response.headers`.",
    )
    encryptBody: bool = prop(default=False, doc="Keep the body of the answer encrypted.")

    def poll(self, ctx: PollContext) -> Mapping[str, Any] | None:
        with self.exchange(ctx) as response:
            text = response.body().decode("utf-8", "replace")
            code, headers, url = response.answer.status_code, response.headers, response.answer.url
        if self.encryptBody:
            ctx.mask(text)
        seen = {"statusCode": code, "body": text, "headers": headers}
        if not truthy(ctx.render(self.responseCondition, {"response": seen})):
            return None
        body = {"encryptedBody": encrypted(ctx, text)} if self.encryptBody else {"body": text}
        return {"uri": url, "code": code, "headers": headers, **(body if text else {})}
