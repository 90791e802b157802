"""The mail of the past, sent through the real ledger to mail servers that exist only here."""

from datetime import datetime, timedelta
from random import Random

from django.core.mail import EmailMultiAlternatives

from audience.models import SuppressionReason
from audience.services import suppress
from campaigns.models import Campaign
from delivery import planning, sending
from delivery.fates import Fate, Outcome
from delivery.ledger import has_waiting
from delivery.models import Delivery, DeliveryState, Reason, Run, RunState
from emailops.demo.audience import ticking
from emailops.demo.crowd import Reader
from emailops.demo.stage import Stage

PACE = timedelta(milliseconds=45)  # between two looks at the clock: about a thousand mails in two minutes
PATIENCE = timedelta(minutes=6)  # longer than a greylisting server asks to wait
GREYLISTED = 0.02
ACCEPTED = Outcome(Fate.ACCEPTED, 250, "250 2.0.0 Ok: queued")


class Elsewhere:
    """The receiving servers, as they were. They take nearly everything; a `Session` of the ledger's worker."""

    def __init__(self, dead: set[str], refused_by: str) -> None:
        self._dead = dead
        self._refused_by = refused_by
        self._seen: set[str] = set()

    def ready(self) -> None:
        """There is no connection that could break."""

    def send(self, message: EmailMultiAlternatives, *, sender: str, recipient: str) -> Outcome:
        chance = Random(recipient).random()  # noqa: S311  invented servers, no secrets
        if recipient in self._dead:
            return Outcome(Fate.ADDRESS_REFUSED, 550, "550 5.1.1 No such user here")
        if self._refused_by and recipient.endswith(self._refused_by) and chance > 0.97:
            return Outcome(Fate.CONTENT_REFUSED, 550, "550 5.7.1 Message looks like unwanted mail")
        if chance < GREYLISTED and recipient not in self._seen:
            self._seen.add(recipient)
            return Outcome(Fate.LATER, 451, "451 4.7.1 Greylisted, please try again in five minutes")
        return ACCEPTED


class PostOffice:
    """Sends what is due, at the time of the story."""

    def __init__(self, stage: Stage, crowd: dict[str, Reader]) -> None:
        self._stage = stage
        self._dead = {address for address, reader in crowd.items() if reader.is_dead}

    def send(self, campaign: Campaign, now: datetime, *, refused_by: str) -> Run:
        """Start a scheduled campaign, make its list, and work until nobody waits any more."""
        planning.start_due(now)
        campaign.refresh_from_db()
        if campaign.launched_at is None:
            raise LookupError(f"“{campaign}” was not started: {campaign.held_reason}")
        run = Run.objects.get(campaign=campaign)
        planning.plan_run(run.pk, now + timedelta(seconds=2))
        self._work(run, now + timedelta(seconds=4), Elsewhere(self._dead, refused_by))
        self._stage.diary.on(now + timedelta(days=1), self.clean_up)
        return run

    def _work(self, run: Run, now: datetime, elsewhere: Elsewhere) -> None:
        clock = ticking(now, PACE)
        while Run.objects.get(pk=run.pk).state == RunState.SENDING:
            sending.work(run.pk, clock, elsewhere)
            if not has_waiting(run, clock()):
                clock = ticking(clock() + PATIENCE, PACE)

    def clean_up(self, now: datetime) -> None:
        """The day after, Daniel takes addresses that do not exist off everything."""
        refused = Delivery.objects.for_workspace(self._stage.workspace).filter(
            state=DeliveryState.FAILED, reason=Reason.REFUSED, contact__suppression=""
        )
        for address in refused.order_by("address").values_list("address", flat=True).distinct():
            suppress(
                workspace=self._stage.workspace,
                address=address,
                reason=SuppressionReason.BOUNCED,
                note="the server said that there is no such user",
                by=self._stage.cast["ivo"],
                now=now,
            )
