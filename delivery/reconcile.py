"""What became of a message whose answer never came: decided by evidence, never by guessing.

Evidence that it arrived: the reader reacted to it, or the mail sandbox has it. The sandbox commits a message before it
answers, so it can also prove the opposite, and then the message is sent again. Any other server leaves it unknown.
"""

from datetime import datetime, timedelta

from django.conf import settings

from delivery.messages import message_id
from delivery.models import Delivery, DeliveryState, Run, SandboxMessage

GRACE = timedelta(seconds=10)  # a server may still be busy with what it was given last


def reconcile(run: Run, now: datetime) -> None:
    """Settle the unknown messages of a run for which there is evidence. Repeating is harmless."""
    sender = run.campaign.sender
    if not settings.MAIL_SANDBOX or sender is None:
        return
    old_enough = Delivery.objects.filter(run=run, state=DeliveryState.UNKNOWN, decided_at__lt=now - GRACE)
    for delivery in old_enough:
        accepted = SandboxMessage.objects.filter(message_id=message_id(delivery, sender)).exists()
        Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.UNKNOWN).update(
            state=DeliveryState.SENT if accepted else DeliveryState.QUEUED,
            reason="",
            decided_at=now if accepted else None,
        )


def has_arrived(delivery: Delivery) -> None:
    """Note that the reader reacted to a message: whatever we did not know, it arrived."""
    Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.UNKNOWN).update(state=DeliveryState.SENT, reason="")


def is_settled(run: Run, now: datetime) -> bool:
    """Whether nothing more can be learned about the run's unknown messages."""
    return not (settings.MAIL_SANDBOX and run.deliveries.filter(state=DeliveryState.UNKNOWN).exists())
