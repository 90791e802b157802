"""Bells of the delivery app."""

from celery import shared_task
from django.utils import timezone

from audience.models import Contact
from campaigns.models import Campaign
from delivery import installation, planning, profile_facts, sending, services
from delivery.models import TransportTrial
from delivery.smtp.timeouts import Timeouts
from delivery.transports.services import run_trial
from emailops.lib.clock import ServerClock
from workspaces.models import Member

LONGEST_TASK = int(sending.BUDGET.total_seconds()) + int(Timeouts().longest_message) + 60
"""Seconds. Longer than the general limit: who stops waiting for the answer to the final dot leaves it unknown."""

LONGEST_PLANNING = 3600
"""Seconds. A million people take half a minute; the list is one transaction, so whoever is ended begins anew."""


@shared_task(name="delivery.ring")
def ring(**_future: object) -> None:
    """Start what is due, and find what was left behind."""
    installation.stand_ready(installation.database_clock())
    now = ServerClock()()
    planning.start_due(now)
    sending.ring(now)


@shared_task(name="delivery.plan_run", time_limit=LONGEST_PLANNING)
def plan_run(run_id: int, **_future: object) -> None:
    """Freeze the audience of a run."""
    planning.plan_run(run_id, ServerClock()())


@shared_task(name="delivery.profile_run", time_limit=LONGEST_PLANNING)
def profile_run(run_id: int, **_future: object) -> None:
    """Bring the profiles of everybody who got this mail up to date."""
    profile_facts.profile_run(run_id, ServerClock()())


@shared_task(name="delivery.send_run", time_limit=LONGEST_TASK)
def send_run(run_id: int, **_future: object) -> None:
    """Send for a while."""
    installation.stand_ready(installation.database_clock())
    sending.work(run_id, ServerClock())


@shared_task(name="delivery.send_test", time_limit=LONGEST_TASK)
def send_test(campaign_id: int, contact_id: int | None, member_id: int, **_future: object) -> None:
    """Send one test mail."""
    campaign = Campaign.objects.with_parts().get(pk=campaign_id)
    contact = Contact.objects.for_workspace(campaign.workspace).filter(pk=contact_id or 0).first()
    member = Member.objects.for_workspace(campaign.workspace).select_related("user").get(pk=member_id)
    services.send_test(campaign=campaign, contact=contact, to=member, now=timezone.now())


@shared_task(name="delivery.try_transport", time_limit=LONGEST_TASK)
def try_transport(trial_id: int, **_future: object) -> None:
    """Try a mail server. It may have been removed meanwhile."""
    asked = TransportTrial.objects.select_related("workspace", "transport__workspace", "asked_by__user")
    if trial := asked.filter(pk=trial_id).first():
        run_trial(trial=trial, now=timezone.now())
