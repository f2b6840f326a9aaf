"""Outputs that are kept encrypted: expressions see their text, journals and screens do not (semantics 5.3)."""

from typing import Any

from podium.plugin.context import PollContext

ENCRYPTED = "io.kestra.datatype:aes_encrypted"


def encrypted(ctx: PollContext, text: str) -> dict[str, Any]:
    """`text` as an encrypted output; without a key in the settings it is marked, but stays as it is."""
    key = ctx.setting("encryption.key")
    if key:
        text = ctx.render("{{ encrypt(podiumKey, podiumText) }}", {"podiumKey": key, "podiumText": text})
    return {"type": ENCRYPTED, "value": text}
