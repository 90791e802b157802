"""A campaign that is about to go out: people, segment, story, mail, and the planned run."""

from datetime import timedelta
from typing import Any

from benchmarks.ground import new_member
from benchmarks.newsletter import reader_context


def planned_run(recipients: int, html: str, algorithm: str = "") -> Any:
    """A run whose ledger is written: everybody of a fresh workspace waits. `html` is a Liquid template.

    With an algorithm (rsa-sha256, ed25519-sha256) its mail is signed by a key of that kind.

    The approval is left out: it is asked once a run, before the ledger, and has no part in what is measured.
    """
    from django.utils import timezone

    from campaigns.models import CampaignState, ContentFormat
    from campaigns.services import add_sender, create_campaign, move_campaign, write_content
    from delivery.models import Run
    from delivery.planning import plan_run

    member, now = new_member(), timezone.now()
    story = write_story_for(member, recipients, now)
    add_sender(workspace=member.workspace, name="Maren", email="maren@letters.example", by=member, now=now)
    if algorithm:
        _sign(member, algorithm, now)
    campaign = create_campaign(story=story, by=member, now=now)
    content = write_content(
        campaign=campaign,
        subject="{{ contact.first_name }}, the Moss Letter",
        preheader="Six weeks of soap",
        written_as=ContentFormat.HTML,
        source=html,
        by=member,
        now=now,
    )
    campaign.refresh_from_db()
    move_campaign(campaign=campaign, to=CampaignState.SCHEDULED, by=member, now=now, scheduled_at=now)
    move_campaign(campaign=campaign, to=CampaignState.SENDING, by=None, now=now, launched_at=now)
    run = Run.objects.create(workspace=member.workspace, campaign=campaign, content=content, started_at=timezone.now())
    plan_run(run.pk, timezone.now())
    run.refresh_from_db()
    assert run.matched_count == recipients
    return run


def _sign(member: Any, algorithm: str, now: Any) -> None:
    from delivery.dkim import Algorithm
    from delivery.signing import add_key, switch_on

    kind = Algorithm(algorithm)
    key = add_key(workspace=member.workspace, domain="letters.example", algorithm=kind, by=member, now=now)
    switch_on(key=key, by=member, now=now)


def write_story_for(member: Any, recipients: int, now: Any) -> Any:
    """A story with its brief for everybody of the workspace, which gets this many people."""
    from audience.segments.definition import read_definition
    from audience.services import create_segment
    from sprints.models import StoryKind
    from sprints.services.stories import Brief, set_brief, write_story

    _people(member.workspace, recipients, now)
    everybody = read_definition({"match": "all", "rules": []})
    segment = create_segment(workspace=member.workspace, name="Everybody", definition=everybody, by=member, now=now)
    story = write_story(workspace=member.workspace, title="Letter", by=member, now=now, kind=StoryKind.CAMPAIGN)
    today = now.date()
    set_brief(story=story, brief=Brief(segment, today, today + timedelta(days=13)), by=member, now=now)
    return story


def _people(workspace: Any, recipients: int, now: Any) -> None:
    from audience.models import Consent, Contact

    Contact.objects.bulk_create(
        (
            Contact(
                workspace=workspace,
                email=reader["email"],
                address=reader["email"],
                first_name=reader["first_name"],
                last_name=reader["last_name"],
                attributes=reader["attributes"],
                consent=Consent.GIVEN,
                consent_at=now,
                created_at=now,
                updated_at=now,
            )
            for reader in (reader_context(number)["contact"] for number in range(recipients))
        ),
        batch_size=2000,
    )
