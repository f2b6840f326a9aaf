"""Functions that make ids and random numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from podium.expressions.entries import ABSENT, Catalog, Param
from podium.expressions.errors import ExpressionError
from podium.expressions.state import State
from podium.expressions.values import is_integer, wrong_kind

if TYPE_CHECKING:
    import random

CATALOG = Catalog()
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_NANO_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
_KSUID_EPOCH = 1_400_000_000
_LONGEST_NANO_ID = 1000


def _base62(number: int, width: int = 0) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return digits.rjust(max(width, 1), "0")


def _uuid4(source: random.Random) -> int:
    return source.getrandbits(128) & ~(0xF << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62


@CATALOG.add("function", "uuid", doc="A new UUID; those made later sort behind.", example="{{ uuid() }}")
def uuid(state: State) -> str:
    millis = int(state.services.now().timestamp() * 1000) & (1 << 48) - 1
    bits = state.services.random().getrandbits(74)
    number = millis << 80 | 0x7 << 76 | (bits >> 62) << 64 | 0b10 << 62 | bits & (1 << 62) - 1
    digits = f"{number:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


@CATALOG.add("function", "id", doc="A short random id, of the kind executions have.", example="{{ id() }}")
def id_(state: State) -> str:
    return _base62(_uuid4(state.services.random()))


@CATALOG.add(
    "function",
    "ksuid",
    doc="A 27-character id that sorts by the second it was made in.",
    example="{{ ksuid() }}",
    since="1.0",
)
def ksuid(state: State) -> str:
    seconds = int(state.services.now().timestamp()) - _KSUID_EPOCH & 0xFFFFFFFF
    return _base62(seconds << 128 | state.services.random().getrandbits(128), 27)


@CATALOG.add(
    "function",
    "nanoId",
    Param("length", "How many characters.", default=21, shown="21"),
    Param("alphabet", "The characters to choose from."),
    doc="A random text.",
    example="{{ nanoId(8) }}",
    since="1.0",
)
def nano_id(state: State, length: Any, alphabet: Any) -> str:
    size = 21 if length is None else length
    if not is_integer(size):
        raise ExpressionError("The 'nanoId()' function expects an argument 'length' of type Integer.")
    if size > _LONGEST_NANO_ID:
        raise ExpressionError(f"The 'nanoId()' function field 'length' must be lower than: {_LONGEST_NANO_ID}")
    if size <= 0:
        raise ExpressionError("The 'nanoId()' function field 'length' must be greater than 0")
    letters = _NANO_ALPHABET if alphabet is None else alphabet
    if not isinstance(letters, str):
        raise wrong_kind("The argument 'alphabet' of the 'nanoId' function", "a string", letters)
    if not letters:
        raise ExpressionError("The 'nanoId()' function needs an 'alphabet' with at least one character")
    return "".join(state.services.random().choices(letters, k=size))


def _bound(value: Any, name: str) -> int:
    if value is ABSENT:
        raise ExpressionError(f"The 'randomIn()' function expects an argument {name}")
    if not is_integer(value):
        raise ExpressionError(f"The 'randomIn()' function expects an argument {name} of type Long.")
    return int(value)


@CATALOG.add(
    "function",
    "randomInt",
    Param("lower", "The smallest number possible.", default=ABSENT, required=True),
    Param("upper", "One more than the greatest number possible.", default=ABSENT, required=True),
    doc="A random integer.",
    example="{{ randomInt(1, 7) }}",
)
def random_int(state: State, lower: Any, upper: Any) -> int:
    low, high = _bound(lower, "lower"), _bound(upper, "upper")
    if high < low:
        raise ExpressionError("In 'randomIn()' upper is less than lower")
    return low if low == high else state.services.random().randrange(low, high)


@CATALOG.add("function", "randomPort", doc="A TCP port that is free now.", example="{{ randomPort() }}", since="1.0")
def random_port(state: State) -> int:
    return state.services.random_port()
