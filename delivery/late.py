"""A campaign whose time passed while nothing ran does not start by itself: it asks."""

from datetime import datetime

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from campaigns.models import Campaign, CampaignState
from campaigns.services import move_campaign
from delivery.models import Installation
from delivery.notices import tell
from delivery.safety import limits_of


def is_late(campaign: Campaign, now: datetime) -> bool:
    """Whether its time passed so long ago that something must have been out of order."""
    at = campaign.scheduled_at
    return at is not None and now - at > limits_of(campaign.workspace).late_after


@transaction.atomic
def hold_as_missed(campaign: Campaign, now: datetime, *, also: str = "") -> None:
    """Hold a late campaign back with the question whether to send it now, on its page and by mail.

    `also` is what else keeps it from going out now; then there is nothing to be asked, only to be mended.
    """
    due = campaign.scheduled_at or now
    words = _late_words(campaign, due)
    reason = f"{words} {also}" if also else f"{words} " + _("Send it now, or choose another time?")
    missed_at = None if also else due
    move_campaign(campaign=campaign, to=CampaignState.HELD, by=None, now=now, held_reason=reason, missed_at=missed_at)
    tell("delivery.held", campaign, now)


def _late_words(campaign: Campaign, due: datetime) -> str:
    zone = campaign.workspace.zone
    said = {"due": date_format(due.astimezone(zone), "DATETIME_FORMAT")}
    idle = Installation.objects.filter(was_idle_from__lte=due, was_idle_until__gte=due).first()
    if idle is None or idle.was_idle_from is None or idle.was_idle_until is None:
        return _("It was due on %(due)s, and nothing started it then.") % said
    said["begin"] = date_format(idle.was_idle_from.astimezone(zone), "SHORT_DATETIME_FORMAT")
    said["end"] = date_format(idle.was_idle_until.astimezone(zone), "SHORT_DATETIME_FORMAT")
    return _("It was due on %(due)s; the workers were away from %(begin)s to %(end)s.") % said
