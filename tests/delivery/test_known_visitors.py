"""Who follows a link of a mail to a web site of ours is known there, unless he or she declined to be followed."""

import pytest
from django.test import Client
from django.utils import timezone

from audience.models import Consent, Contact
from audience.services.sites import person_of
from delivery.links import click_url
from delivery.models import Delivery, DeliveryState
from tests.factories.commerce import SiteFactory
from tests.factories.delivery import DeliveryFactory
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db
TARGET = "https://shop.example/glow?a=1"


@pytest.fixture
def row(workspace: Workspace) -> Delivery:
    made: Delivery = DeliveryFactory.create(run__workspace=workspace, state=DeliveryState.SENT)
    return made


def _followed(row: Delivery) -> str:
    return Client().get(click_url(row.pk, TARGET)).headers["Location"]


def test_the_redirect_to_a_site_says_who_comes(row: Delivery, workspace: Workspace) -> None:
    SiteFactory.create(workspace=workspace)

    target, _mark, token = _followed(row).partition("&eo_person=")

    assert target == TARGET
    assert person_of(workspace, token, timezone.now()) == row.contact


def test_nobody_is_named_to_strangers_or_against_the_own_word(row: Delivery, workspace: Workspace) -> None:
    SiteFactory.create(origins=["https://shop.example"])
    elsewhere = _followed(row)
    SiteFactory.create(workspace=workspace)
    Contact.objects.update(tracking=Consent.WITHDRAWN)

    assert elsewhere == _followed(row) == TARGET
