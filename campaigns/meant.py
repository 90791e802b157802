"""How many people a campaign is for."""

from datetime import datetime

from audience.models import Consent, TopicConsent
from audience.segments.compile import contacts_in
from audience.segments.definition import SegmentBroken, read_definition
from campaigns.models import Campaign
from sprints.snapshot import people_in


def people_meant(campaign: Campaign, now: datetime) -> int:
    """Those of the segment but for who left the campaign's topic: a topic too narrows what the owner said yes to."""
    if campaign.topic_id is None:
        return people_in(campaign.segment, now)
    try:
        people = contacts_in(campaign.workspace, read_definition(campaign.segment.definition), now)
    except SegmentBroken:
        return 0
    gone = TopicConsent.objects.filter(topic=campaign.topic_id, consent=Consent.WITHDRAWN)
    return people.exclude(pk__in=gone.values("contact")).count()
