"""Whom mails are from: a part of the settings."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import Sender
from tests.factories.campaigns import CampaignFactory, SenderFactory
from workspaces.models import Member, Workspace

Browse = Callable[[Member], Client]


@pytest.fixture
def url(workspace: Workspace) -> str:
    return reverse("campaigns:settings_senders", kwargs={"workspace": workspace.slug})


def test_the_senders_in_use_are_listed_with_their_campaigns(
    workspace: Workspace, outsider: Member, lead: Member, browse: Browse, url: str, now: datetime
) -> None:
    CampaignFactory.create(workspace=workspace, sender__name="Maren at the shop")
    SenderFactory.create(workspace=workspace, name="Gone", archived_at=now)
    SenderFactory.create(workspace=outsider.workspace, name="Stranger")

    page = browse(lead).get(url).content.decode()

    assert "Maren at the shop" in page
    assert "1 campaign" in page
    assert "Gone" not in page
    assert "Stranger" not in page


def test_a_sender_is_added(lead: Member, browse: Browse, url: str) -> None:
    data = {"name": "Maren", "email": "maren@marenmoss.example", "reply_to": "hello@marenmoss.example"}

    answer = browse(lead).post(url, data)

    assert answer.headers["Location"] == url
    assert str(Sender.objects.get()) == "Maren <maren@marenmoss.example>"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"name": "", "email": "a@moss.example"}, "name"),
        ({"name": "Maren", "email": "no address"}, "email"),
        ({"name": "Maren", "email": "a@moss.example\nBcc: x@y.example"}, "email"),
        ({"name": "Maren\x0bx", "email": "a@moss.example"}, "name"),
        ({"name": "Maren", "email": "a@moss.example", "reply_to": "nobody"}, "reply_to"),
        ({"name": "There", "email": "there@moss.example"}, "email"),
    ],
)
def test_wrong_input_is_said_under_its_field(
    workspace: Workspace, lead: Member, browse: Browse, url: str, data: dict[str, str], field: str
) -> None:
    SenderFactory.create(workspace=workspace, name="There", email="there@moss.example")

    answer = browse(lead).post(url, data)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert Sender.objects.count() == 1


def test_a_sender_is_put_away(workspace: Workspace, lead: Member, browse: Browse) -> None:
    sender = SenderFactory.create(workspace=workspace)
    kwargs = {"workspace": workspace.slug, "pk": sender.pk}

    browse(lead).post(reverse("campaigns:sender_archive", kwargs=kwargs))

    sender.refresh_from_db()
    assert sender.archived_at is not None
