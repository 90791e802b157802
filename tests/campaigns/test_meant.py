"""Whoever left the campaign's topic is not written to, and so does not count as approved."""

from datetime import datetime

import pytest

from audience.figures import keep_figures_of
from audience.models import Consent, TopicConsent
from campaigns.meant import people_meant
from campaigns.models import Campaign
from campaigns.services import send_facts
from sprints.standing import unapproved_reasons
from tests.factories.audience import ContactFactory, TopicFactory
from tests.factories.delivery import approved_campaign
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(workspace: Workspace, now: datetime) -> Campaign:
    """Approved for four people, half of whom left the topic of tips."""
    people = ContactFactory.create_batch(4, workspace=workspace)
    tips = TopicFactory.create(workspace=workspace, name="Tips")
    for contact in people[:2]:
        TopicConsent.objects.create(workspace=workspace, topic=tips, contact=contact, consent=Consent.WITHDRAWN, at=now)
    TopicConsent.objects.create(workspace=workspace, topic=tips, contact=people[2], consent=Consent.GIVEN, at=now)
    made: Campaign = approved_campaign(workspace, now)
    made.topic = tips
    return made


def test_a_topic_leaves_out_who_declined_it_and_nobody_else(campaign: Campaign, now: datetime) -> None:
    with_topic = people_meant(campaign, now)

    campaign.topic = None

    assert (with_topic, people_meant(campaign, now)) == (2, 4)


def test_what_was_counted_lately_does_not_decide(campaign: Campaign, now: datetime) -> None:
    keep_figures_of(campaign.workspace, lambda: now)
    ContactFactory.create_batch(3, workspace=campaign.workspace)

    campaign.topic = None

    assert people_meant(campaign, now) == 7


def test_where_the_brief_alone_is_approved_a_topic_that_leaves_out_many_voids_the_yes(
    campaign: Campaign, now: datetime
) -> None:
    with_topic = unapproved_reasons(story=campaign.story, facts=send_facts(campaign, at=now, now=now))
    campaign.topic = None
    without = unapproved_reasons(story=campaign.story, facts=send_facts(campaign, at=now, now=now))

    assert with_topic == ["Number of people: approved “4”, now “2”."]
    assert without == []
