"""A story and an idea name the customer they came from, but not to a seller whose customer it is not."""

from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from audience.models import Contact
from sprints.models import IdeaSource, OriginKind, Story, StoryOrigin
from sprints.services.ideas import Told, take_idea
from sprints.services.templates import Origin, set_origin
from tests.factories.audience import ContactFactory
from tests.factories.sprints import StoryFactory
from workspaces.models import Member

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(lead: Member) -> Contact:
    made: Contact = ContactFactory.create(
        workspace=lead.workspace, email="vera@example.org", first_name="Vera", last_name="Lang"
    )
    return made


@pytest.fixture
def story(lead: Member, customer: Contact, now: datetime) -> Story:
    made: Story = StoryFactory.create(workspace=lead.workspace)
    set_origin(story=made, origin=Origin(OriginKind.ANSWER, "Smaller bottles", customer), by=lead, now=now)
    return made


@pytest.mark.parametrize("page", ["story_detail", "story_origin"])
def test_a_seller_does_not_read_whose_answer_a_story_came_from(
    seller: Member, lead: Member, client: Client, story: Story, page: str
) -> None:
    url = reverse(f"sprints:{page}", kwargs={"workspace": story.workspace.slug, "pk": story.pk})

    client.force_login(seller.user)
    theirs = client.get(url).content.decode()
    client.force_login(lead.user)
    ours = client.get(url).content.decode()

    assert "Vera Lang" not in theirs
    assert "vera@example.org" not in theirs
    assert "Vera Lang" in ours or "vera@example.org" in ours


def test_whose_answer_it_was_stays_when_a_seller_changes_the_words(
    seller: Member, client: Client, story: Story, customer: Contact
) -> None:
    client.force_login(seller.user)
    url = reverse("sprints:story_origin", kwargs={"workspace": story.workspace.slug, "pk": story.pk})

    client.post(url, {"kind": OriginKind.ANSWER, "words": "Bottles for travelling", "contact": "", "earlier": ""})

    origin = StoryOrigin.objects.get(story=story)
    assert (origin.words, origin.contact) == ("Bottles for travelling", customer)


def test_a_seller_cannot_name_a_customer_of_a_colleague(seller: Member, client: Client, story: Story) -> None:
    client.force_login(seller.user)
    url = reverse("sprints:story_origin", kwargs={"workspace": story.workspace.slug, "pk": story.pk})

    response = client.post(url, {"kind": OriginKind.ANSWER, "words": "", "contact": "vera@example.org", "earlier": ""})

    assert response.status_code == 422
    assert "No contact has this address." in response.content.decode()


def test_a_seller_does_not_read_whose_idea_it_is(
    seller: Member, lead: Member, client: Client, customer: Contact, now: datetime
) -> None:
    told = Told("Smaller bottles", "For travelling", source=IdeaSource.ANSWER, contact=customer)
    take_idea(workspace=lead.workspace, told=told, by=lead, now=now)
    client.force_login(seller.user)

    page = client.get(reverse("sprints:idea_list", kwargs={"workspace": lead.workspace.slug})).content.decode()

    assert "Smaller bottles" in page
    assert "Vera Lang" not in page
    assert "Somebody a colleague looks after" in page
