"""What the ledger holds of a person, and what an erasure does with it."""

from datetime import datetime

from django.db.models import F, Q, QuerySet, Value
from django.db.models.fields import CharField
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from audience.erasing import Fate, Part, Person, leave_unsearched, register_part
from delivery.models import ERASED_ADDRESS, Delivery, Feedback, Hit, Run, SandboxMessage

COUNTED = _("The figures of campaigns stay true; the address, the server’s words and the reader’s device go.")


def _mails(person: Person) -> "QuerySet[Delivery]":
    """Rows of the contact, and rows to its addresses that name nobody since a merge: each run is asked by its index."""
    ours = Delivery.objects.for_workspace(person.workspace)
    runs = list(Run.objects.for_workspace(person.workspace).values_list("pk", flat=True))
    ids = {
        *ours.filter(contact=person.contact_id or 0).values_list("pk", flat=True),
        *ours.filter(run__in=runs, address__in=person.addresses).values_list("pk", flat=True),
    }
    return ours.filter(pk__in=ids)


def _forget_mails(person: Person, now: datetime) -> int:
    """A row that waits stays one: whoever takes it up finds nobody there, and leaves it out."""
    nobody = Concat(Value(ERASED_ADDRESS), Cast(F("pk"), CharField()), output_field=CharField())
    return _mails(person).update(contact=None, address=nobody, reply_text="")


def _hits(person: Person) -> "QuerySet[Hit]":
    return Hit.objects.for_workspace(person.workspace).filter(contact=person.contact_id or 0)


def _forget_hits(person: Person, now: datetime) -> int:
    hits = _hits(person)
    for address in (*person.addresses, *person.written):
        hits.filter(url__icontains=address).update(url="")
    return hits.update(contact=None, user_agent="", network="", signals=[])


def _feedback(person: Person) -> "QuerySet[Feedback]":
    return Feedback.objects.for_workspace(person.workspace).filter(contact=person.contact_id or 0)


def _forget_feedback(person: Person, now: datetime) -> int:
    return _feedback(person).update(contact=None, words="")


def _sandbox(person: Person) -> "QuerySet[SandboxMessage]":
    wanted = Q()
    for address in person.addresses:
        wanted |= Q(recipient__iexact=address)
    return SandboxMessage.objects.filter(wanted)


def register_erasing() -> None:
    """Say what becomes of the ledger, and of what readers did."""
    for key, label, count, erase in (
        ("hits", _("Opens and clicks"), lambda person: _hits(person).count(), _forget_hits),
        ("feedback", _("Bounces and complaints"), lambda person: _feedback(person).count(), _forget_feedback),
        ("mails", _("Mails sent to the person"), lambda person: _mails(person).count(), _forget_mails),
    ):
        register_part(Part(key, label, Fate.ANONYMISED, COUNTED, count, erase))
    register_part(
        Part(
            "sandbox",
            _("Mails in the sandbox"),
            Fate.DELETED,
            _("They are copies made for trying out."),
            lambda person: _sandbox(person).count(),
            lambda person, now: _sandbox(person).delete()[0],
        )
    )
    theirs = _("The ledger and readers’ reactions are found by the person, not by words.")
    for model in ("delivery.Delivery", "delivery.Hit"):
        leave_unsearched(model, theirs)
    for model in ("delivery.Transport", "delivery.SigningKey"):
        leave_unsearched(model, _("Mail servers, senders and what was approved stay as they are."))
