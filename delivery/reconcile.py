"""What became of a message whose answer never came: decided by evidence, never by guessing.

Evidence that it arrived: a person reacted to it, or the mail sandbox has it. A machine's reaction is none: scanners
follow links before their server says whether it takes the message. The sandbox commits a message before it answers, so
it can also prove the opposite, and then the message is sent again. Any other server leaves it unknown.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Value
from django.db.models.functions import Coalesce

from delivery.ledger import send_again
from delivery.messages import message_id
from delivery.models import DOUBTFUL, Delivery, DeliveryState, Run, SandboxMessage

GRACE = timedelta(seconds=10)  # a server may still be busy with what it was given last


def reconcile(run: Run, now: datetime) -> None:
    """Settle the unknown messages of a run for which there is evidence. Repeating is harmless."""
    sender = run.campaign.sender
    if not settings.MAIL_SANDBOX or sender is None:
        return
    old_enough = Delivery.objects.filter(run=run, state=DeliveryState.UNKNOWN, decided_at__lt=now - GRACE)
    for delivery in old_enough:
        open_ = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.UNKNOWN)
        if SandboxMessage.objects.filter(message_id=message_id(delivery, sender)).exists():
            open_.update(state=DeliveryState.SENT, reason="", decided_at=now)
        else:
            send_again(open_, now)


def has_arrived(delivery_id: int, now: datetime) -> None:
    """Note that a person reacted to a message. If we did not know, or meant to try again, it has arrived after all."""
    doubtful = Delivery.objects.filter(pk=delivery_id, state__in=DOUBTFUL)
    decided_at = Coalesce("decided_at", Value(now))
    doubtful.update(state=DeliveryState.SENT, reason="", next_attempt_at=None, decided_at=decided_at)


def is_settled(run: Run, now: datetime) -> bool:
    """Whether nothing more can be learned about the run's unknown messages."""
    return not (settings.MAIL_SANDBOX and run.deliveries.filter(state=DeliveryState.UNKNOWN).exists())
