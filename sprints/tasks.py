"""Bells of the sprints app."""

from celery import shared_task

from emailops.lib.clock import ServerClock
from sprints.services.poker import windows


@shared_task(name="sprints.poker")
def poker(**_future: object) -> None:
    """Turn cards whose moment has come, close windows, remind who has not voted."""
    windows.poll(ServerClock()())
