"""Preflight: what stops a send, what asks for a look, and what to do about it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from audience.models import Consent, Contact
from campaigns import checks
from campaigns.models import Campaign, CampaignState, ContentFormat, Sender
from campaigns.preflight import Finding, Level, Place, preflight, stops, tally
from campaigns.services import change_campaign
from sprints.models import Verdict
from sprints.snapshot import people_in
from tests.factories.approvals import answer, asked_about_mail
from tests.factories.audience import AttributeFactory, ContactFactory, SegmentFactory
from tests.factories.campaigns import BROKEN_RULE, CampaignFactory, cover_content, ready_campaign, with_parts, write
from workspaces.models import Member, Workspace

FOOT = '<a href="{{ unsubscribe_url }}">Leave</a> {{ postal_address }}'


def _stops(campaign: Campaign, now: datetime) -> dict[str, Finding]:
    return {found.title: found for found in stops(preflight(with_parts(campaign), now))}


def _warnings(campaign: Campaign, now: datetime) -> set[str]:
    groups = preflight(with_parts(campaign), now)
    return {found.title for group in groups for found in group.findings if found.level == Level.WARN}


@pytest.fixture
def ready(workspace: Workspace, now: datetime) -> Campaign:
    return ready_campaign(workspace, now)


def test_nothing_stops_a_campaign_that_is_complete_and_approved(ready: Campaign, now: datetime) -> None:
    groups = preflight(ready, now)

    assert stops(groups) == []
    counted = tally(groups)
    assert counted.total == counted.passed + counted.warnings == sum(len(group.findings) for group in groups)


def test_before_a_time_is_set_the_proposed_one_is_compared(ready: Campaign, now: datetime) -> None:
    """The window begins tomorrow: looking today must not say that today was not approved."""
    assert ready.story.brief.window_start > now.date()
    assert "Not what the owner approved" not in _stops(ready, now)


def test_a_story_nobody_approved_stops_the_send(workspace: Workspace, now: datetime) -> None:
    ContactFactory.create(workspace=workspace)
    found = _stops(CampaignFactory.create(workspace=workspace, content=FOOT), now)

    assert "has not approved the story" in found["Not what the owner approved"].detail
    assert found["Not what the owner approved"].place == Place.STORY


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"offer": "Free pouch"}, "Offer: approved “no offer”, now “Free pouch”"),
        ({"cost": 99}, "Cost: approved"),
    ],
)
def test_what_changed_after_the_approval_stops_with_the_difference(
    ready: Campaign, marketer: Member, now: datetime, changes: dict[str, Any], words: str
) -> None:
    change_campaign(campaign=ready, by=marketer, now=now, **changes)

    assert words in _stops(ready, now)["Not what the owner approved"].detail


def test_another_audience_stops_with_the_difference(
    ready: Campaign, marketer: Member, workspace: Workspace, now: datetime
) -> None:
    given = {"match": "all", "rules": [{"field": "consent", "op": "any_of", "value": ["given"]}]}
    other = SegmentFactory.create(workspace=workspace, name="VIP", definition=given)
    change_campaign(campaign=ready, by=marketer, now=now, segment=other)

    detail = _stops(ready, now)["Not what the owner approved"].detail

    assert f"Audience: approved “{ready.story.brief.segment.name}”, now “VIP”" in detail


def test_an_audience_that_grew_too_far_stops(ready: Campaign, workspace: Workspace, now: datetime) -> None:
    ContactFactory.create_batch(5, workspace=workspace)

    assert "Number of people: approved “1”, now “6”" in _stops(ready, now)["Not what the owner approved"].detail


def test_a_time_outside_the_window_stops(ready: Campaign, now: datetime) -> None:
    ready.scheduled_at = now + timedelta(days=90)

    found = {found.title: found for found in stops(preflight(ready, now))}

    assert "Window: approved" in found["Not what the owner approved"].detail


def test_the_mail_itself_is_asked_for_where_the_approval_covers_it(
    ready: Campaign, workspace: Workspace, owner: Member, now: datetime
) -> None:
    cover_content(workspace, now)
    assert _stops(ready, now)["Not what the owner approved"].place == Place.OWNER

    assert ready.content is not None
    request = asked_about_mail(ready.story, now, to=owner, fingerprint=ready.content.fingerprint)
    answer(request, Verdict.APPROVED, now)
    assert _stops(ready, now) == {}

    write(ready, "Something else")
    assert "this version of the mail" in _stops(ready, now)["Not what the owner approved"].detail


def test_a_rule_on_an_attribute_that_is_gone_stops(ready: Campaign, workspace: Workspace, now: datetime) -> None:
    ready.segment.definition = BROKEN_RULE
    ready.segment.save()

    found = _stops(ready, now)

    assert "“gone”, which no longer exists" in found["The segment does not work"].detail
    assert found["The segment does not work"].place == Place.SEGMENT
    assert "cannot be compared" in found["Not what the owner approved"].detail
    assert people_in(ready.segment, now) == 0


def test_nobody_to_write_to_stops(ready: Campaign, workspace: Workspace, now: datetime) -> None:
    Contact.objects.update(consent=Consent.UNKNOWN)
    assert "given consent" in _stops(ready, now)["Nobody can be written to"].detail

    Contact.objects.all().delete()
    assert "holds nobody" in _stops(ready, now)["Nobody can be written to"].detail


def test_a_segment_put_away_asks_for_a_look(ready: Campaign, now: datetime) -> None:
    ready.segment.archived_at = now
    ready.segment.save()

    assert "The segment was put away" in _warnings(ready, now)


def test_no_content_stops(workspace: Workspace, now: datetime) -> None:
    assert "There is no content yet" in _stops(CampaignFactory.create(workspace=workspace), now)


def test_no_sender_stops_and_so_does_one_that_was_put_away(ready: Campaign, now: datetime) -> None:
    Sender.objects.update(archived_at=now)
    assert "The sender was put away" in _stops(ready, now)

    Campaign.objects.update(sender=None)
    assert "There is no sender" in _stops(ready, now)


def test_the_postal_address_must_be_in_the_mail_and_in_the_settings(
    ready: Campaign, workspace: Workspace, now: datetime
) -> None:
    workspace.postal_address = " \n"
    workspace.save()
    assert _stops(ready, now)["The postal address is missing"].place == Place.SETTINGS

    write(ready, '<a href="{{ unsubscribe_url }}">Leave</a>', written_as=ContentFormat.HTML)
    assert _stops(ready, now)["The postal address is missing"].place == Place.CONTENT


@pytest.mark.parametrize(
    "source",
    [
        "{{ postal_address }} <p>{{ unsubscribe_url }}</p>",
        "{{ postal_address }} <!-- <a href='{{ unsubscribe_url }}'>x</a> -->",
        "{{ postal_address }} {% if contact.attributes.vip %}<a href='{{ unsubscribe_url }}'>x</a>{% endif %}",
        "{{ postal_address }} <a href='https://shop.example'>Shop</a>",
    ],
)
def test_an_unsubscribe_address_that_is_no_link_stops(ready: Campaign, now: datetime, source: str) -> None:
    write(ready, source, written_as=ContentFormat.HTML)

    assert "The unsubscribe link is missing" in _stops(ready, now)


@pytest.mark.parametrize(
    ("link", "is_usable"),
    [
        ("https://shop.example/a?b=c#d", True),
        ("mailto:hello@shop.example", True),
        ("tel:+3592123456", True),
        ("/shop", False),
        ("shop.example", False),
        ("https://", False),
        ("https://{{ contact.attributes.host }}/", False),
        ("https://shop.example/two words", False),
        ("https://[half", False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_links_that_lead_nowhere_stop(ready: Campaign, now: datetime, link: str, is_usable: bool) -> None:
    write(ready, f"<a href='{link}'>x</a> {FOOT}", written_as=ContentFormat.HTML)

    assert ("One link leads nowhere" not in _stops(ready, now)) == is_usable


def test_a_mail_that_cannot_be_filled_in_stops(ready: Campaign, now: datetime) -> None:
    write(ready, "{{ 1 | divided_by: 0 }}")

    assert "divide by 0" in _stops(ready, now)["The mail cannot be filled in"].detail


def test_a_subject_that_comes_out_empty_stops(ready: Campaign, now: datetime) -> None:
    write(ready, subject="{{ contact.attributes.nothing }}")

    assert "The subject is empty" in _stops(ready, now)


def test_things_to_look_at_do_not_stop(ready: Campaign, workspace: Workspace, now: datetime) -> None:
    AttributeFactory.create(workspace=workspace, key="city")
    source = "{{ contact.attributes.city }} {{ contact.attributes.town }} {{ conatct.first_name }} " + "x" * 100_000
    write(ready, source, subject="On and on, " * 7, preheader="")

    found = _warnings(ready, now)

    assert "Unknown personal parts: conatct.first_name, contact.attributes.town" in found
    assert {"The subject is long", "There is no preview text", "No time is set yet"} <= found
    assert any(title.startswith("The mail has") for title in found)
    assert _stops(ready, now) == {}


@pytest.mark.parametrize(
    ("state", "hours", "level"),
    [
        (CampaignState.DRAFT, None, Level.WARN),
        (CampaignState.DRAFT, 1, Level.OK),
        (CampaignState.DRAFT, -1, Level.STOP),
        (CampaignState.HELD, -1, Level.WARN),
        (CampaignState.HELD, 1, Level.OK),
        (CampaignState.SCHEDULED, -1, Level.OK),
        (CampaignState.SCHEDULED, 1, Level.OK),
    ],
)
def test_the_time(now: datetime, state: CampaignState, hours: int | None, level: Level) -> None:
    at = None if hours is None else now + timedelta(hours=hours)

    (finding,) = checks.schedule_checks(Campaign(state=state, scheduled_at=at), now)

    assert finding.level == level


def test_every_problem_says_what_to_do(workspace: Workspace, now: datetime) -> None:
    groups = preflight(with_parts(CampaignFactory.create(workspace=workspace, sender=None)), now)

    problems = [found for group in groups for found in group.findings if found.level != Level.OK]

    assert problems
    assert all(found.detail for found in problems)


def test_looking_takes_the_same_few_queries_however_many_people_there_are(
    ready: Campaign, workspace: Workspace, now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    ContactFactory.create_batch(20, workspace=workspace)

    with django_assert_max_num_queries(32):
        preflight(with_parts(ready), now)


def test_the_subject_is_measured_as_readers_get_it(ready: Campaign, now: datetime) -> None:
    write(ready, subject="{{ contact.first_name | default: 'a very long word for nobody' | truncate: 40, '' | strip }}")

    assert "The subject is long" not in _warnings(ready, now)
