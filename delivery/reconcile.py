"""What became of a message whose answer never came: decided by evidence, never by guessing.

Evidence that it arrived: a person reacted to it, or the mail sandbox has it. A machine's reaction is none: scanners
follow links before their server says whether it takes the message. The sandbox commits a message before it answers, so
it can also prove the opposite, and then the message is sent again. Any other server leaves it unknown; then the policy
of the campaign decides: `hold` asks people, `resend` sends it once more under the same Message-ID, after a day in which
evidence may still turn up.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Value
from django.db.models.functions import Coalesce

from campaigns.models import UnknownPolicy
from delivery.ledger import send_again
from delivery.messages import message_id
from delivery.models import (
    DOUBTFUL,
    Delivery,
    DeliveryQuerySet,
    DeliveryState,
    Run,
    RunState,
    SandboxMessage,
)

MOST_COPIES = 3  # attempts, after which an unknown message is sent again by people alone
GRACE = timedelta(seconds=10)  # a server may still be busy with what it was given last


def reconcile(run: Run, now: datetime) -> None:
    """Settle the unknown messages of a run for which there is evidence. Repeating is harmless."""
    sender = run.campaign.sender
    if not settings.MAIL_SANDBOX:
        _resend(run, now)
    if not settings.MAIL_SANDBOX or sender is None:
        return
    old_enough = Delivery.objects.filter(run=run, state=DeliveryState.UNKNOWN, decided_at__lt=now - GRACE)
    for delivery in old_enough:
        open_ = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.UNKNOWN)
        if SandboxMessage.objects.filter(message_id=message_id(delivery, sender)).exists():
            open_.update(state=DeliveryState.SENT, reason="", decided_at=now)
        else:
            send_again(open_, now)


def _resend(run: Run, now: datetime) -> None:
    if run.unknown_policy == UnknownPolicy.RESEND and run.state == RunState.SENDING:
        send_again(resendable(run).filter(decided_at__lte=now - settings.RESEND_AFTER), now)


def resendable(run: Run) -> DeliveryQuerySet:
    """The unknown rows that the policy `resend` still sends again by itself; not without end, if none ever answers."""
    unknown = Delivery.objects.filter(run=run, state=DeliveryState.UNKNOWN)
    return unknown.filter(attempt__lt=MOST_COPIES)


def has_arrived(delivery_id: int, now: datetime) -> None:
    """Note that a person reacted to a message. If we did not know, or meant to try again, it has arrived after all."""
    doubtful = Delivery.objects.filter(pk=delivery_id, state__in=DOUBTFUL)
    decided_at = Coalesce("decided_at", Value(now))
    doubtful.update(state=DeliveryState.SENT, reason="", next_attempt_at=None, decided_at=decided_at)


def is_settled(run: Run, now: datetime) -> bool:
    """Whether nothing more will become of the run's unknown messages by itself."""
    if settings.MAIL_SANDBOX:
        return not run.deliveries.filter(state=DeliveryState.UNKNOWN).exists()
    return run.unknown_policy != UnknownPolicy.RESEND or not resendable(run).exists()
