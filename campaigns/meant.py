"""How many people a campaign is for."""

from datetime import datetime

from audience.models import Consent, TopicConsent
from audience.segments.compile import contacts_in
from audience.segments.counting import count_in
from audience.segments.definition import SegmentBroken, read_definition
from campaigns.models import Campaign


def people_meant(campaign: Campaign, now: datetime) -> int:
    """Those of the segment but for who left the campaign's topic: a topic too narrows what the owner said yes to.

    Counted now, never lately: an audience that has outgrown what was approved is seen before it is written to.
    """
    try:
        definition = read_definition(campaign.segment.definition)
        if campaign.topic_id is None:
            return count_in(campaign.workspace, definition, now)
        people = contacts_in(campaign.workspace, definition, now)
    except SegmentBroken:
        return 0
    gone = TopicConsent.objects.filter(topic=campaign.topic_id, consent=Consent.WITHDRAWN)
    return people.exclude(pk__in=gone.values("contact")).count()
