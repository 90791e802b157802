"""What the product refuses, and how it says so."""

from collections.abc import Mapping, Sequence

from django.utils.functional import Promise

type_words = str | Promise


class DomainError(Exception):
    """An expected refusal: says what, why and what to do, in words fit for a person.

    `code` is stable and meant for programs; `fields` names the inputs at fault, if any. Subclasses live beside the
    function that raises them. The browser shows 409 with the sentence, the API answers `{"code", "message", "fields"}`.
    """

    code = "refused"
    status = 409

    def __init__(self, message: type_words, *, fields: Mapping[str, Sequence[type_words]] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields = dict(fields or {})

    def __str__(self) -> str:
        return str(self.message)
