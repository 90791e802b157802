"""Bells of the sprints app."""

from celery import shared_task
from django.utils import timezone

from emailops.lib.clock import server_now
from sprints.services import approval_chase, approval_drift, cadence, retro_chase
from sprints.services.poker import windows
from sprints.services.standup_calls import call_stand_ups


@shared_task(name="sprints.poker")
def poker(**_future: object) -> None:
    """Turn cards whose moment has come, close windows, remind who has not voted."""
    windows.poll(server_now())


@shared_task(name="sprints.chase_approvals")
def chase_approvals(**_future: object) -> None:
    """Remind owners, ask second persons, and take silence for what was chosen."""
    approval_chase.chase(timezone.now())


@shared_task(name="sprints.log_drift")
def log_drift(**_future: object) -> None:
    """Log what changed in plans that were sent, and ask again about those that changed materially."""
    approval_drift.follow_plans(timezone.now())


@shared_task(name="sprints.call_stand_ups")
def call_stand_ups_task(**_future: object) -> None:
    """Send the reminders and digests of the stand-ups that are due."""
    call_stand_ups(server_now())


@shared_task(name="sprints.make_ahead")
def make_ahead(**_future: object) -> None:
    """Make the sprints that are missing ahead."""
    cadence.make_all_ahead(timezone.now())


@shared_task(name="sprints.chase_actions")
def chase_actions(**_future: object) -> None:
    """Tell who took something on that its date has passed."""
    retro_chase.chase_actions(timezone.now())
