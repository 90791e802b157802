"""How deliveries, reactions and feedback move when two contacts become one."""

from audience.merging import register_mover
from audience.models import Contact
from delivery.models import Delivery, Feedback, Hit


def move_mail(kept: Contact, merged: Contact) -> None:
    """What the second contact was sent and did becomes the first one's.

    A run holds one message a person: where both had one, the second one's keeps its address and names nobody.
    """
    runs = Delivery.objects.filter(contact=kept).values("run")
    Delivery.objects.filter(contact=merged).exclude(run__in=runs).update(contact=kept)
    Hit.objects.filter(contact=merged).update(contact=kept)
    Feedback.objects.filter(contact=merged).update(contact=kept)


def register_mail() -> None:
    """Take the place that contacts offer to what moves with them."""
    register_mover(move_mail)
