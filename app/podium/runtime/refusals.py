"""Why there is no execution: the reasons for which creating one is refused."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from podium.model.diagnostics import Diagnostic
    from podium.model.inputs import InputError

Reason = Literal["missing", "invalid", "disabled", "inputs", "labels", "check", "surroundings"]


class NotCreated(Exception):
    """An execution cannot be created; the text says why and what to do.

    `reason` sorts the cases. `diagnostics` are those of an invalid flow, `input_errors` those of its inputs; both are
    part of the text as well.
    """

    def __init__(
        self, reason: Reason, message: str, *, diagnostics: "Sequence[Diagnostic]" = (),
        input_errors: "Sequence[InputError]" = (),
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.reason: Reason = reason
        self.diagnostics = tuple(diagnostics)
        self.input_errors = tuple(input_errors)


class Refused(Exception):
    """What was asked for is not possible in the present state of the execution; the message is Kestra's own."""
