"""Outputs that a task gives on encrypted: kept as they are, shown in clear to expressions (semantics 5.3)."""

from collections.abc import Mapping
from typing import Any

from podium.base.masking import Masker
from podium.expressions.aes_gcm import decrypted_text
from podium.tasks.encryption import ENCRYPTED


class Revealer:
    """Gives expressions the clear text of encrypted values, and keeps it out of the logs.

    `key` is that of the settings (`[plugin-settings.encryption] key`); without one such a value is clear already.
    """

    def __init__(self, key: str | None, masker: Masker) -> None:
        self._key = key
        self._masker = masker

    def __call__(self, value: Any) -> Any:
        """`value` with every encrypted part in clear; the same object when there is none."""
        if isinstance(value, Mapping):
            if value.get("type") == ENCRYPTED and "value" in value:
                return self._clear(str(value["value"]))
            shown = {key: self(item) for key, item in value.items()}
            return shown if any(shown[key] is not item for key, item in value.items()) else value
        return value

    def _clear(self, text: str) -> str:
        clear = decrypted_text(self._key, text) if self._key else text
        self._masker.add(clear)
        return clear
