"""Bells of the sprints app."""

from celery import shared_task

from emailops.lib.clock import ServerClock
from sprints.services.standup_calls import call_stand_ups


@shared_task(name="sprints.call_stand_ups")
def call_stand_ups_task(**_future: object) -> None:
    """Send the reminders and digests of the stand-ups that are due."""
    call_stand_ups(ServerClock()())
