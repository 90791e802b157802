"""Refusals carry a sentence, a code and the fields at fault."""

from django.utils.functional import lazystr

from emailops.lib.errors import DomainError


class TooLate(DomainError):
    """The example of this test."""

    code = "too_late"
    status = 410


def test_a_refusal_reads_as_its_sentence() -> None:
    refusal = TooLate("The sprint is over. Plan the next one.")

    assert str(refusal) == "The sprint is over. Plan the next one."
    assert (refusal.code, refusal.status, refusal.fields) == ("too_late", 410, {})


def test_a_lazy_sentence_is_translated_when_it_is_read() -> None:
    assert str(DomainError(lazystr("later"))) == "later"


def test_a_refusal_names_the_fields_at_fault() -> None:
    fields = {"name": ["Taken."]}

    refusal = DomainError("There is one already.", fields=fields)
    fields["other"] = []

    assert refusal.fields == {"name": ["Taken."]}


def test_a_plain_refusal_is_a_conflict() -> None:
    assert (DomainError.code, DomainError.status) == ("refused", 409)
