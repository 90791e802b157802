"""Filters in the builder of segments: what is typed, what is still missing, and what is suggested."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from audience.models import Event, Segment
from tests.factories.audience import ContactFactory
from tests.factories.commerce import OrderLineFactory
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db
EVENT = {
    "g0-match": "all", "g0-r0-field": "event.visited", "g0-r0-was": "event.visited", "g0-r0-op": "ever",
    "g0-r0-w0-property": "page", "g0-r0-w0-op": "contains",
}  # fmt: skip


@pytest.fixture
def visit(workspace: Workspace, now: datetime) -> Event:
    visitor, properties = ContactFactory.create(workspace=workspace), {"page": "/serum", "seconds": 4}
    return Event.objects.create(
        workspace=workspace, contact=visitor, name="visited", occurred_at=now, properties=properties
    )


def _address(workspace: Workspace, name: str) -> str:
    return reverse(f"audience:{name}", args=[workspace.slug])


def test_a_property_that_was_typed_narrows_without_the_form_being_drawn_anew(
    workspace: Workspace, visit: Event, lead: Member, browse: Callable[[Member], Client]
) -> None:
    address = _address(workspace, "segment_preview")

    those, others = (
        browse(lead).get(address, {**EVENT, "g0-r0-w0-value": value}).context["people"] for value in ("serum", "balm")
    )

    page = browse(lead).get(address, {**EVENT, "g0-r0-w0-value": "serum"}).content.decode()
    assert (those, others) == (1, 0)
    assert "g0-r0-w0-was" not in page
    assert '<option value="seconds">' in page


def test_a_filter_that_waits_for_its_value_is_no_mistake_yet_and_is_not_kept(
    workspace: Workspace, visit: Event, lead: Member, browse: Callable[[Member], Client]
) -> None:
    waiting = {**EVENT, "g0-r0-w0-value": ""}

    drawn = browse(lead).get(_address(workspace, "segment_preview"), waiting)
    kept = browse(lead).post(_address(workspace, "segment_new"), {**waiting, "name": "Visitors", "do": "save"})

    assert drawn.context["people"] == 1
    assert kept.status_code == 422
    assert "The condition on “page” needs a text" in kept.content.decode()
    assert not Segment.objects.exists()


def test_products_that_were_bought_are_suggested(
    workspace: Workspace, lead: Member, browse: Callable[[Member], Client]
) -> None:
    OrderLineFactory.create(order__contact__workspace=workspace, name="Rosehip serum", category="Face")
    sent = {
        "g0-match": "all", "g0-r0-field": "order", "g0-r0-was": "order", "g0-r0-op": "ever",
        "g0-r0-w0-property": "product", "g0-r0-w0-was": "product", "g0-r0-w0-op": "is",
    }  # fmt: skip

    page = browse(lead).get(_address(workspace, "segment_preview"), sent).content.decode()

    assert '<option value="Rosehip serum">' in page
    assert '<option value="Face">' not in page
