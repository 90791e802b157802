"""Bells of the delivery app."""

import logging

from celery import shared_task
from django.utils import timezone

from audience.models import Contact
from campaigns.models import Campaign
from delivery import planning, sending, services
from delivery.transports import RelayTrouble
from workspaces.models import Member

logger = logging.getLogger(__name__)


@shared_task(name="delivery.ring")
def ring(**_future: object) -> None:
    """Start what is due, and find what was left behind."""
    now = timezone.now()
    planning.start_due(now)
    sending.ring(now)


@shared_task(name="delivery.plan_run")
def plan_run(run_id: int, **_future: object) -> None:
    """Freeze the audience of a run."""
    planning.plan_run(run_id, timezone.now())


@shared_task(name="delivery.send_run")
def send_run(run_id: int, **_future: object) -> None:
    """Send for a while."""
    sending.work(run_id, timezone.now)


@shared_task(name="delivery.send_test")
def send_test(campaign_id: int, contact_id: int, member_id: int, **_future: object) -> None:
    """Send one test mail."""
    campaign = Campaign.objects.with_parts().get(pk=campaign_id)
    contact = Contact.objects.for_workspace(campaign.workspace).get(pk=contact_id)
    member = Member.objects.for_workspace(campaign.workspace).select_related("user").get(pk=member_id)
    try:
        services.send_test(campaign=campaign, contact=contact, to=member)
    except (RelayTrouble, services.SampleRefused) as refusal:
        logger.warning("The test of campaign %s was not sent: %s", campaign_id, refusal)
