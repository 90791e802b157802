"""As whom a mail is looked at."""

from datetime import datetime

import pytest

from audience.models import Consent, SuppressionReason
from campaigns.models import Campaign
from campaigns.readers import SAMPLE, reach_of, reader_for, readers_offered, sample_reader
from tests.factories.audience import ContactFactory, SegmentFactory
from tests.factories.campaigns import BROKEN_RULE, CampaignFactory
from workspaces.models import Member, Workspace

GIVEN = {"match": "all", "rules": [{"field": "consent", "op": "any_of", "value": ["given"]}]}


@pytest.fixture
def campaign(workspace: Workspace) -> Campaign:
    segment = SegmentFactory.create(workspace=workspace, definition=GIVEN)
    made: Campaign = CampaignFactory.create(workspace=workspace, segment=segment)
    return made


def test_the_first_of_the_segment_is_shown_unless_another_is_named(
    campaign: Campaign, marketer: Member, workspace: Workspace, now: datetime
) -> None:
    ann, ben = (ContactFactory.create(workspace=workspace, first_name=name) for name in ("Ann", "Ben"))

    assert reader_for(campaign, marketer, "", now).contact == ann
    assert reader_for(campaign, marketer, str(ben.pk), now).contact == ben
    assert reader_for(campaign, marketer, ben.email.upper(), now).contact == ben
    assert reader_for(campaign, marketer, " ben ", now).contact == ben


@pytest.mark.parametrize("wanted", ["nobody", "999999", "9" * 40, "%", "annb@example.org"])
def test_a_name_nobody_has_shows_the_first_and_says_so(
    campaign: Campaign, marketer: Member, workspace: Workspace, now: datetime, wanted: str
) -> None:
    ann = ContactFactory.create(workspace=workspace, first_name="Ann")

    reader = reader_for(campaign, marketer, wanted, now)

    assert reader.contact == ann
    assert wanted in reader.note


def test_only_people_of_the_segment_can_be_shown(
    campaign: Campaign, marketer: Member, outsider: Member, workspace: Workspace, now: datetime
) -> None:
    inside = ContactFactory.create(workspace=workspace)
    left_out = ContactFactory.create(workspace=workspace, consent=Consent.WITHDRAWN)
    stranger = ContactFactory.create(workspace=outsider.workspace)

    for other in (left_out, stranger):
        assert reader_for(campaign, marketer, str(other.pk), now).contact == inside
    assert readers_offered(campaign, marketer, now) == [inside]


def test_whoever_may_not_see_contacts_sees_a_made_up_reader(
    campaign: Campaign, guest: Member, workspace: Workspace, now: datetime
) -> None:
    real = ContactFactory.create(workspace=workspace, attributes={"city": "Sofia"})

    for wanted in ("", str(real.pk), SAMPLE):
        contact = reader_for(campaign, guest, wanted, now).contact
        assert not contact.pk
        assert contact.attributes == {}
    assert readers_offered(campaign, guest, now) == []


def test_a_segment_without_people_or_without_sense_shows_a_made_up_reader(
    campaign: Campaign, marketer: Member, now: datetime
) -> None:
    assert reader_for(campaign, marketer, "", now).note

    campaign.segment.definition = BROKEN_RULE

    assert not reader_for(campaign, marketer, "ann", now).contact.pk


def test_what_is_kept_holds_no_name_and_no_address(campaign: Campaign, workspace: Workspace, now: datetime) -> None:
    real = ContactFactory.create(workspace=workspace, first_name="Zdravka", attributes={"city": "Sofia"})

    sample = sample_reader(campaign, now)

    assert sample.attributes == {"city": "Sofia"}
    assert real.first_name != sample.first_name
    assert sample.email.endswith("@example.com")


def test_reach_counts_those_who_may_be_written_to(campaign: Campaign, workspace: Workspace, now: datetime) -> None:
    campaign.segment.definition = {"match": "all", "rules": []}
    ContactFactory.create(workspace=workspace)
    ContactFactory.create(workspace=workspace, consent=Consent.UNKNOWN)
    ContactFactory.create(workspace=workspace, suppression=SuppressionReason.BOUNCED)

    reach = reach_of(campaign, now)

    assert (reach.total, reach.reachable) == (3, 1)
