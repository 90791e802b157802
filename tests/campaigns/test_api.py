"""Campaigns and senders for programs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from campaigns.models import Campaign, CampaignState, Sender
from sprints.models import ApprovalRequest, ApprovalSubject
from tests.factories.audience import ContactFactory, SegmentFactory
from tests.factories.campaigns import (
    CampaignFactory,
    SenderFactory,
    cover_content,
    ready_campaign,
    with_parts,
    write,
)
from tests.factories.sprints import BriefFactory, StoryFactory
from workspaces.models import AuditEntry, Member, Workspace

Enter = Callable[..., APIClient]
MAIL = {"subject": "For {{ contact.first_name }}", "source": "Dear all"}


def _url(name: str, campaign: Campaign) -> str:
    return reverse(f"api:campaign-{name}", kwargs={"pk": campaign.pk})


@pytest.fixture
def client(marketer: Member, api: Enter) -> APIClient:
    return api(marketer)


def test_a_campaign_is_made_written_checked_and_scheduled_by_a_program(
    workspace: Workspace, client: APIClient, now: datetime
) -> None:
    ready = ready_campaign(workspace, now)
    noon = f"{ready.story.brief.window_start.isoformat()}T12:00"

    made = client.post(reverse("api:campaign-list"), {"story": ready.story_id, "name": "By API"}, format="json")
    campaign = Campaign.objects.get(pk=made.data["id"])
    written = client.put(_url("content", campaign), MAIL, format="json")
    preview = client.get(_url("preview", campaign))
    checks = client.get(_url("checks", campaign))
    scheduled = client.post(_url("schedule", campaign), {"at": noon}, format="json")

    assert made.status_code == 201
    assert (made.data["state"], made.data["version"]) == ("draft", None)
    assert (written.data["number"], written.data["format"]) == (1, "markdown")
    assert preview.data["subject"] == "For Ann"
    assert "Dear all" in preview.data["text"]
    assert checks.data["stops"] == 0
    assert {"level", "title", "detail"} == set(checks.data["groups"][0]["findings"][0])
    assert scheduled.data["state"] == "scheduled"
    local = with_parts(campaign).scheduled_at
    assert local is not None
    assert local.astimezone(workspace.zone).hour == 12
    assert AuditEntry.objects.get(action="campaign.scheduled").via


def test_the_list_is_newest_first_and_can_be_narrowed(
    workspace: Workspace, outsider: Member, client: APIClient, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    first = CampaignFactory.create(workspace=workspace)
    held = CampaignFactory.create(workspace=workspace, state=CampaignState.HELD, content="x")
    CampaignFactory.create(workspace=outsider.workspace)

    with django_assert_max_num_queries(6):
        everything = client.get(reverse("api:campaign-list")).data["results"]
    narrowed = client.get(reverse("api:campaign-list"), {"state": "held"}).data["results"]
    wrong = client.get(reverse("api:campaign-list"), {"state": "lost"})

    assert [row["id"] for row in everything] == [held.pk, first.pk]
    assert [row["id"] for row in narrowed] == [held.pk]
    assert wrong.status_code == 400
    assert "state" in wrong.data["fields"]


def test_only_what_is_sent_is_changed(workspace: Workspace, client: APIClient) -> None:
    campaign = CampaignFactory.create(workspace=workspace, name="Old", offer="10 %")
    segment = SegmentFactory.create(workspace=workspace)

    answer = client.patch(_url("detail", campaign), {"segment": segment.pk}, format="json")

    assert answer.status_code == 200
    changed = with_parts(campaign)
    assert (changed.segment, changed.name, changed.offer) == (segment, "Old", "10 %")


def test_rows_of_another_workspace_cannot_be_named(workspace: Workspace, outsider: Member, client: APIClient) -> None:
    campaign = CampaignFactory.create(workspace=workspace)
    foreign = outsider.workspace

    story = BriefFactory.create(story__workspace=foreign).story
    made = client.post(reverse("api:campaign-list"), {"story": story.pk}, format="json")
    changes = {
        "segment": SegmentFactory.create(workspace=foreign).pk,
        "sender": SenderFactory.create(workspace=foreign).pk,
    }
    changed = client.patch(_url("detail", campaign), changes, format="json")

    assert made.status_code == changed.status_code == 400
    assert set(changed.data["fields"]) == {"segment", "sender"}


@pytest.mark.parametrize("body", [{}, {"story": "x"}, {"story": 999_999}, {"story": None}, {"name": "x" * 200}])
def test_a_campaign_needs_a_story_that_exists(client: APIClient, body: dict[str, Any]) -> None:
    answer = client.post(reverse("api:campaign-list"), body, format="json")

    assert answer.status_code == 400
    assert "story" in answer.data["fields"]


def test_a_story_without_a_brief_is_refused_in_words(workspace: Workspace, client: APIClient) -> None:
    story = StoryFactory.create(workspace=workspace)

    answer = client.post(reverse("api:campaign-list"), {"story": story.pk}, format="json")

    assert answer.status_code == 409
    assert answer.data["code"] == "campaign_refused"
    assert "no send brief" in answer.data["message"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"subject": "Hi", "source": "a\n{% foo %}"}, 400, "source"),
        ({"subject": "{{ x", "source": "a"}, 400, "subject"),
        ({"subject": "two\nlines", "source": "a"}, 400, "subject"),
        ({"subject": "Hi"}, 400, "source"),
        ({"subject": "Hi", "source": "x" * 200_001}, 400, "source"),
        ({"subject": "Hi", "source": "a", "format": "docx"}, 400, "format"),
    ],
)
def test_wrong_content_names_its_field(
    workspace: Workspace, client: APIClient, body: dict[str, str], status: int, field: str
) -> None:
    campaign = CampaignFactory.create(workspace=workspace)

    answer = client.put(_url("content", campaign), body, format="json")

    assert answer.status_code == status
    assert list(answer.data["fields"]) == [field]
    assert with_parts(campaign).content is None


def test_an_error_in_the_personal_parts_says_the_line(workspace: Workspace, client: APIClient) -> None:
    campaign = CampaignFactory.create(workspace=workspace)

    answer = client.put(_url("content", campaign), {"subject": "Hi", "source": "a\n\n{{ x | nope }}"}, format="json")

    assert answer.data["code"] == "template_refused"
    assert answer.data["fields"] == {"source": ["Line 3: there is no filter “nope”."]}


def test_versions_can_be_read_and_brought_back(workspace: Workspace, client: APIClient) -> None:
    campaign = CampaignFactory.create(workspace=workspace)
    empty = client.get(_url("content", campaign))
    write(campaign, "First")
    write(campaign, "Second")

    versions = client.get(_url("versions", campaign)).data
    restored = client.post(_url("restore", campaign), {"number": 1}, format="json")
    missing = client.post(_url("restore", campaign), {"number": 9}, format="json")

    assert empty.status_code == missing.status_code == 404
    assert [version["source"] for version in versions] == ["Second", "First"]
    assert (restored.data["number"], restored.data["source"]) == (3, "First")
    assert client.get(_url("content", campaign)).data["number"] == 3


def test_the_preview_shows_the_contact_asked_for_and_says_when_it_cannot(
    workspace: Workspace, client: APIClient
) -> None:
    campaign = CampaignFactory.create(workspace=workspace, content="Hello {{ contact.first_name }}")
    ContactFactory.create(workspace=workspace, first_name="Ann")
    ben = ContactFactory.create(workspace=workspace, first_name="Ben")

    found = client.get(_url("preview", campaign), {"contact": ben.pk}).data
    unknown = client.get(_url("preview", campaign), {"contact": "zoe"}).data

    assert (found["contact"], found["note"]) == (ben.email, "")
    assert "Hello Ben" in found["html"]
    assert "zoe" in unknown["note"]
    assert "Hello Ann" in unknown["text"]


def test_a_key_without_the_audience_scope_sees_nobodys_data(workspace: Workspace, marketer: Member, api: Enter) -> None:
    campaign = CampaignFactory.create(workspace=workspace, content="Hello {{ contact.first_name }}")
    real = ContactFactory.create(workspace=workspace, first_name="Zdravka")

    shown = api(marketer, ["campaigns:read"]).get(_url("preview", campaign), {"contact": real.pk}).data

    assert "Zdravka" not in str(shown)
    assert shown["contact"] == "anna@example.com"


@pytest.mark.parametrize("at", ["yesterday", "2026-13-01", "12", {}])
def test_a_time_that_is_none_is_refused(workspace: Workspace, client: APIClient, at: Any) -> None:
    campaign = CampaignFactory.create(workspace=workspace)

    answer = client.post(_url("schedule", campaign), {"at": at}, format="json")

    assert answer.status_code == 400
    assert "at" in answer.data["fields"]


def test_what_stops_a_campaign_refuses_the_schedule(workspace: Workspace, client: APIClient, now: datetime) -> None:
    campaign = ready_campaign(workspace, now)

    past = client.post(_url("schedule", campaign), {"at": (now - timedelta(days=1)).isoformat()}, format="json")
    outside = client.post(_url("schedule", campaign), {"at": (now + timedelta(days=90)).isoformat()}, format="json")

    assert past.status_code == outside.status_code == 409
    assert past.data["fields"] == {"at": ["This time is in the past. Choose a later one."]}
    assert "Window: approved" in outside.data["message"]
    assert with_parts(campaign).state == CampaignState.DRAFT


def test_a_program_takes_off_the_schedule_and_gives_up(workspace: Workspace, client: APIClient, now: datetime) -> None:
    campaign = CampaignFactory.create(workspace=workspace, state=CampaignState.SCHEDULED, scheduled_at=now)

    assert client.post(_url("unschedule", campaign)).data["state"] == "draft"
    assert client.post(_url("cancel", campaign)).data["state"] == "cancelled"
    assert client.post(_url("cancel", campaign)).status_code == 409


def test_a_program_asks_the_owner(workspace: Workspace, client: APIClient, owner: Member, now: datetime) -> None:
    campaign = ready_campaign(workspace, now)
    body = {"approver": owner.user.email, "message": "Please look"}

    refused = client.post(_url("ask-owner", campaign), body, format="json")
    cover_content(workspace, now)
    asked = client.post(_url("ask-owner", campaign), body, format="json")

    assert refused.status_code == 409
    assert asked.status_code == 200
    assert ApprovalRequest.objects.get(subject=ApprovalSubject.CONTENT).message == "Please look"


def test_senders_are_listed_added_and_put_away(workspace: Workspace, lead: Member, api: Enter) -> None:
    client, url = api(lead), reverse("api:sender-list")
    body = {"name": "Maren", "email": "maren@marenmoss.example"}

    added = client.post(url, body, format="json")
    again = client.post(url, body, format="json")
    wrong = client.post(url, {"name": "Maren", "email": "nobody"}, format="json")
    listed = client.get(url).data["results"]
    archived = client.post(reverse("api:sender-archive", kwargs={"pk": added.data["id"]}))

    assert (added.status_code, again.status_code, wrong.status_code) == (201, 409, 400)
    assert [row["name"] for row in listed] == ["Maren"]
    assert archived.status_code == 200
    assert client.get(url).data["results"] == []
    assert Sender.objects.count() == 1
