"""The cipher of `encrypt`, `decrypt` and of secret values at rest: AES-GCM by the optional `cryptography` package.

The format is Kestra's: Base64 of the 12 bytes of the nonce, the cipher text and the 16 bytes of the tag.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from podium.expressions.errors import ExpressionError
from podium.expressions.extras import optional_package


def encrypted_text(key: str, plain: str, nonce: bytes) -> str:
    """Raises `ExpressionError` for a key that is none, or when the package is not installed."""
    sealed: bytes = _cipher(key).encrypt(nonce, plain.encode(), None)
    return base64.b64encode(nonce + sealed).decode()


def decrypted_text(key: str, encrypted: str) -> str:
    """Raises `ExpressionError` for a wrong key or a text that was not encrypted."""
    cipher = _cipher(key)
    try:
        data = base64.b64decode(encrypted, validate=True)
        plain: bytes = cipher.decrypt(data[:12], data[12:], None)
        return plain.decode()
    except binascii.Error:
        raise ExpressionError("The text to decrypt is not Base64, so it was not encrypted") from None
    except Exception:  # the package signals a wrong key by an exception of its own, without words
        raise ExpressionError("The text cannot be decrypted: it was encrypted with another key") from None


def _cipher(key: str) -> Any:
    aead = optional_package("cryptography.hazmat.primitives.ciphers.aead", "encryption", "Encryption needs")
    try:
        return aead.AESGCM(base64.b64decode(key, validate=True))
    except (binascii.Error, ValueError):
        raise ExpressionError("The encryption key must be Base64 of 16, 24 or 32 bytes") from None
