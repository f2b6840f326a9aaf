"""Filters to and from other notations: JSON, YAML, Ion, Base64, URLs, hashes."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any
from urllib.parse import quote_plus, unquote_to_bytes

from podium.expressions.entries import Catalog
from podium.expressions.errors import ExpressionError
from podium.expressions.filters.text import text_of
from podium.expressions.ion_text import to_ion
from podium.expressions.state import State
from podium.expressions.values import bounded, kind_of, to_json, to_text
from podium.expressions.yaml_text import to_yaml

CATALOG = Catalog()


@CATALOG.add("filter", "toJson", doc="The value as JSON.", example="{{ inputs | toJson }}", passes_null=False)
def to_json_filter(state: State, value: Any) -> str:
    return to_json(value)


@CATALOG.add(
    "filter",
    "json",
    doc="Older name of `toJson`.",
    example="{{ inputs.rows | json }}",
    removed="2.0",
    passes_null=False,
)
def json_filter(state: State, value: Any) -> str:
    return to_json(value)


@CATALOG.add("filter", "yaml", doc="The value as YAML.", example="{{ inputs.settings | yaml }}", passes_null=False)
def yaml(state: State, value: Any) -> str:
    return "null" if value is None else to_yaml(bounded(value))


@CATALOG.add(
    "filter", "toIon", doc="The value as Amazon Ion text.", example="{{ {'a': 1.5} | toIon }}", passes_null=False
)
def to_ion_filter(state: State, value: Any) -> str:
    return to_ion(bounded(value))


@CATALOG.add("filter", "base64encode", doc="Base64 of the UTF-8 bytes.", example="{{ 'hello' | base64encode }}")
def base64encode(state: State, value: Any) -> str:
    data = bytes(value) if isinstance(value, (bytes, bytearray)) else to_text(value).encode("utf-8", "replace")
    return base64.b64encode(data).decode()


@CATALOG.add("filter", "base64decode", doc="The text behind Base64.", example="{{ 'aGVsbG8=' | base64decode }}")
def base64decode(state: State, value: Any) -> str:
    if not isinstance(value, str):
        raise ExpressionError(f"This filter applies to String, got {kind_of(value)}")
    try:
        padded = value if not len(value) % 4 or value.endswith("=") else value + "=" * (-len(value) % 4)
        return base64.b64decode(padded, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError) as error:
        raise ExpressionError(
            f"Please provide a correctly Base64 encoded string containing an UTF-8 string: {error}"
        ) from None


@CATALOG.add("filter", "urlencode", doc="Form encoding: a space becomes `+`.", example="{{ 'a b&c' | urlencode }}")
def urlencode(state: State, value: Any) -> str:
    return quote_plus(text_of(value, "urlencode"), safe="*", errors="replace").replace("~", "%7E")


@CATALOG.add("filter", "urldecode", doc="The text behind a form-encoded one.", example="{{ 'a+b%26c' | urldecode }}")
def urldecode(state: State, value: Any) -> str:
    text = text_of(value, "urldecode")
    broken = re.search(r"%(?![0-9a-fA-F]{2})", text)
    if broken is not None:
        digits = text[broken.end() : broken.end() + 2]
        if len(digits) < 2:
            raise ExpressionError("URLDecoder: Incomplete trailing escape (%) pattern")
        raise ExpressionError(f'URLDecoder: Illegal hex characters in escape (%) pattern - Error in: "{digits}"')
    return unquote_to_bytes(text.replace("+", " ").encode("utf-8", "replace")).decode("utf-8", "replace")


def _hash(name: str) -> None:
    @CATALOG.add(
        "filter",
        name,
        doc=f"The {name} hash in lower-case hexadecimal.",
        example=f"{{{{ 'hello' | {name} }}}}",
    )
    def digest(state: State, value: Any) -> str:
        import hashlib

        if not isinstance(value, str):
            raise ExpressionError("Need a string to hash", suggestion=f"Convert it: `| string | {name}`")
        return hashlib.new(name, value.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


for _name in ("md5", "sha1", "sha256", "sha512"):
    _hash(_name)
