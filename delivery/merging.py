"""How deliveries, reactions and feedback move when two contacts become one."""

from audience.merging import register_mover
from audience.models import Contact
from audience.services.preferences import holder_of
from delivery.models import Delivery, Feedback, Hit


def move_mail(kept: Contact, merged: Contact) -> None:
    """What the second contact was sent and did becomes the first one's.

    A run holds one message a person: where both had one, the second one's keeps its address and names nobody.
    """
    runs = Delivery.objects.filter(contact=kept).values("run")
    Delivery.objects.filter(contact=merged).exclude(run__in=runs).update(contact=kept)
    Hit.objects.filter(contact=merged).update(contact=kept)
    Feedback.objects.filter(contact=merged).update(contact=kept)


def reader_of(delivery: Delivery) -> int | None:
    """Whose message it was: also where two contacts, who both had one of this run, became one."""
    if delivery.contact_id is not None:
        return delivery.contact_id
    holder = holder_of(delivery.workspace, delivery.address)
    return holder.pk if holder else None


def register_mail() -> None:
    """Take the place that contacts offer to what moves with them."""
    register_mover(move_mail)
