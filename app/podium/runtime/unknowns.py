"""What a plan cannot know: values that only exist when something has run. Asking for one ends a rendering.

`??` and `default` do not catch it, unlike a value that is missing: in the real run it may well be there.
"""

from collections.abc import Iterable, Iterator, Mapping
from random import Random
from typing import Any, NoReturn

from podium.base.masking import Masker
from podium.expressions.errors import ExpressionError, MissingValue
from podium.expressions.services import HttpRequest, HttpResponse, SubflowRequest
from podium.runtime.services import RuntimeServices
from podium.store.errors import StoreError
from podium.store.stores import Stores


class UnknownValue(ExpressionError):
    """A rendering needs something that only a real run has; `what` names it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is only known when the flow runs")
        self.what = what

    def __str__(self) -> str:
        return self.message


def unknown_in(error: BaseException) -> UnknownValue | None:
    """The unknown value behind an error: comparisons and the like wrap what is raised inside them."""
    return next((one for one in _causes(error) if isinstance(one, UnknownValue)), None)


def is_missing(error: BaseException) -> bool:
    """Whether an error comes from a name that does not exist."""
    return any(isinstance(one, MissingValue) for one in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


class Unknown(Mapping[str, Any]):
    """Stands for the members of something that has not run: whoever looks into it learns that it is unknown."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __getitem__(self, key: str) -> NoReturn:
        raise UnknownValue(f"{self._what}.{key}")

    def __iter__(self) -> Iterator[str]:
        raise UnknownValue(self._what)

    def __len__(self) -> int:
        raise UnknownValue(self._what)

    def __contains__(self, key: object) -> bool:
        raise UnknownValue(f"{self._what}.{key}")


class PartlyKnown(dict[str, Any]):
    """A map some of whose members are unknown, by name; what is neither is missing, as in a run."""

    def __init__(self, known: Mapping[str, Any], unknown: Iterable[str], what: str = "") -> None:
        super().__init__(known)
        self.unknown = frozenset(unknown)
        self._what = f"{what}." if what else ""

    def __missing__(self, key: str) -> NoReturn:
        if key in self.unknown:
            raise UnknownValue(f"{self._what}{key}")
        raise KeyError(key)


class PlanServices(RuntimeServices):
    """The services of a plan: reads what is there, sends nothing, and notes what a run will need."""

    def __init__(self, stores: Stores, namespace: str, flow_id: str, masker: Masker) -> None:
        super().__init__(stores, namespace, flow_id, masker)
        self._kept = stores
        self.secrets: dict[tuple[str, str], str | None] = {}
        """(name, namespace): where the value comes from, None when there is none."""
        self.key_values: dict[tuple[str, str], bool] = {}
        """(key, namespace): whether there is such a key."""

    def secret(self, key: str, namespace: str | None) -> str | None:
        space = namespace or self._namespace
        try:
            self.secrets[key.upper(), space] = self._kept.secrets.source(key, space)
        except StoreError:
            self.secrets[key.upper(), space] = None
        return super().secret(key, namespace)

    def kv(self, key: str, namespace: str) -> tuple[bool, Any]:
        found = super().kv(key, namespace)
        self.key_values[key, namespace] = found[0]
        return found

    def random(self) -> Random:
        raise UnknownValue("A random value")

    def random_port(self) -> int:
        raise UnknownValue("A free port")

    def http(self, request: HttpRequest) -> HttpResponse:
        raise UnknownValue(f"The answer of {request.uri}")

    def error_logs(self) -> NoReturn:
        raise UnknownValue("What errorLogs() gives")

    def subflow(self, request: SubflowRequest) -> Mapping[str, Any]:
        raise UnknownValue(f"The result of the flow {request.namespace}.{request.flow_id}")
