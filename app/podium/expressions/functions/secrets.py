"""Functions that ask for what is kept outside the flow: secrets, key-values, environment; and encryption."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from podium.expressions.entries import ABSENT, Catalog, Param
from podium.expressions.errors import ExpressionError
from podium.expressions.functions.data import required
from podium.expressions.json_text import parse_json
from podium.expressions.state import State
from podium.expressions.values import to_json, to_text, wrong_kind

CATALOG = Catalog()


def optional_text(value: Any, function: str, argument: str) -> str | None:
    """A text or nothing."""
    if value is not None and not isinstance(value, str):
        raise wrong_kind(f"The argument '{argument}' of the '{function}' function", "a string", value)
    return None if value is None else str(value)


@CATALOG.add(
    "function",
    "secret",
    Param("key", "Name of the secret.", default=ABSENT, required=True),
    Param("namespace", "Another namespace than that of the flow."),
    Param("subkey", "A field of a secret that is a JSON object."),
    Param("full", "Whether to return a map of `value` and `metadata`.", default=False, shown="false"),
    doc="A secret. It is masked in every log.",
    example="{{ secret('API_KEY') }}",
)
def secret(state: State, key: Any, namespace: Any, subkey: Any, full: Any) -> Any:
    if required(key, "secret", "key") is None:
        raise ExpressionError("The 'secret' function expects an argument 'key'.")
    name = to_text(key)
    field = optional_text(subkey, "secret", "subkey")
    if full is True and field is not None:
        raise ExpressionError("The 'secret' function cannot be called with both 'subkey' and 'full' arguments.")
    space = optional_text(namespace, "secret", "namespace") or state.namespace()
    value = state.services.secret(name, space)
    if value is None:
        raise ExpressionError(
            f"Cannot find secret for key '{name}'.",
            suggestion=f"Define it as SECRET_{name.upper().replace('.', '_').replace('-', '_')}",
        )
    if full is True:
        metadata = state.services.secret_metadata(name, space)
        return {"value": value} if metadata is None else {"value": value, "metadata": dict(metadata)}
    return _field(state, name, value, field) if field else value


def _field(state: State, name: str, value: str, field: str) -> str:
    try:
        content = parse_json(value)
    except ValueError:
        content = None
    if not isinstance(content, Mapping):
        raise ExpressionError(
            f"Failed to read secret sub-key '{field}' from secret '{name}'. "
            "Ensure the secret contains valid JSON value."
        )
    if field not in content:
        raise ExpressionError(f"Cannot find secret sub-key '{field}' in secret '{name}'.")
    found = content[field]
    text = to_json(found) if isinstance(found, (Mapping, list)) else to_text(found)
    state.services.mask(text)
    return text


@CATALOG.add(
    "function",
    "kv",
    Param("key", "Key of the pair.", default=ABSENT, required=True),
    Param("namespace", "Exactly this namespace; otherwise that of the flow and its parents."),
    Param("errorOnMissing", "Whether a missing key is an error; null otherwise.", default=True, shown="true"),
    doc="A value of the KV store, with its type.",
    example="{{ kv('last_run', errorOnMissing=false) ?? 'never' }}",
)
def kv(state: State, key: Any, namespace: Any, error_on_missing: Any) -> Any:
    if required(key, "kv", "key") is None:
        raise ExpressionError("The 'kv' function expects an argument 'key'.")
    name = to_text(key)
    given = optional_text(namespace, "kv", "namespace")
    own = given or state.required_namespace("kv")
    space = own
    while True:
        found, value = state.services.kv(name, space)
        if found:
            return value
        space, dot, _ = space.rpartition(".")
        if given or not dot:
            break
    if error_on_missing is False:
        return None
    raise ExpressionError(
        f"The key '{name}' does not exist in the namespace '{own}'.",
        suggestion=f"`kv('{name}', errorOnMissing=false) ?? …` accepts that",
    )


@CATALOG.add(
    "function",
    "env",
    Param("name", "Name in lower case, without the prefix `ENV_`.", default=ABSENT, required=True),
    Param("default", "What to use when it is missing or empty."),
    doc="An environment variable that the server shows to flows.",
    example="{{ env('region', 'eu') }}",
    since="2.0",
)
def env(state: State, name: Any, default: Any) -> Any:
    if required(name, "env", "name") is None:
        raise ExpressionError("The 'env' function expects an argument 'name'.")
    variables = state.variable("envs")
    value = variables.get(to_text(name)) if isinstance(variables, Mapping) else None
    return default if value is None or value == "" else value


def _cipher(function: str, key: Any, what: str, text: Any) -> tuple[str, str] | None:
    """The key and the text, None when there is nothing to do."""
    if key is ABSENT or key is None or text is ABSENT:
        raise ExpressionError(f"The '{function}' function expects two arguments 'key' and '{what}'.")
    if text is None or text == "":
        return None
    return to_text(key), to_text(text)


_KEY = Param("key", "Base64 of 16, 24 or 32 bytes.", default=ABSENT, required=True)


@CATALOG.add(
    "function",
    "encrypt",
    _KEY,
    Param("plaintext", "What to encrypt.", default=ABSENT, required=True),
    doc="The text encrypted with AES-GCM, as Base64.",
    example="{{ encrypt(secret('KEY'), inputs.token) }}",
)
def encrypt(state: State, key: Any, plaintext: Any) -> Any:
    from podium.expressions.aes_gcm import encrypted_text

    given = _cipher("encrypt", key, "plaintext", plaintext)
    if given is None:
        return plaintext
    return encrypted_text(given[0], given[1], state.services.random().randbytes(12))


@CATALOG.add(
    "function",
    "decrypt",
    _KEY,
    Param("encrypted", "What `encrypt` returned.", default=ABSENT, required=True),
    doc="The text behind an encrypted one.",
    example="{{ decrypt(secret('KEY'), inputs.token) }}",
)
def decrypt(state: State, key: Any, encrypted: Any) -> Any:
    from podium.expressions.aes_gcm import decrypted_text

    given = _cipher("decrypt", key, "encrypted", encrypted)
    if given is None:
        return encrypted
    return decrypted_text(*given)
