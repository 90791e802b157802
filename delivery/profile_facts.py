"""What contacts' profiles count of our mails: those that were sent, and reactions of people."""

from datetime import datetime

from django.db.models import QuerySet

from audience.profiles import refresh_profiles, register_facts
from delivery.models import Delivery, DeliveryState, Hit, HitKind, Run


def sent_mails() -> QuerySet[Delivery]:
    return Delivery.objects.filter(state=DeliveryState.SENT, contact__isnull=False)


def opens() -> QuerySet[Hit]:
    return Hit.objects.human().filter(kind=HitKind.OPEN, contact__isnull=False)


def clicks() -> QuerySet[Hit]:
    return Hit.objects.human().filter(kind=HitKind.CLICK, contact__isnull=False)


def register_mail_facts() -> None:
    register_facts("sent", sent_mails, "decided_at")
    register_facts("open", opens, "at")
    register_facts("click", clicks, "at")


def profile_run(run_id: int, now: datetime) -> int:
    """Bring the profiles of all who got a run's mail up to date. Returns how many. Repeating is harmless."""
    run = Run.objects.filter(pk=run_id).first()
    if run is None:
        return 0
    got = sent_mails().filter(run=run).values_list("contact_id", flat=True)
    return refresh_profiles(got.iterator(chunk_size=5000), now)
