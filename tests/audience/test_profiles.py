"""Profiles: made from the facts, as often as one likes."""

from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from audience.models import Contact, ContactProfile, Lifecycle, Order
from audience.profiles import rebuild_profiles, refresh_profiles
from audience.rfm import CELLS, CODES, codes_of_cells, codes_with
from tests.factories.audience import ContactFactory
from workspaces.models import Workspace


def _order(contact: Contact, at: datetime, total: int, number: int = 1, status: str = "paid") -> None:
    Order.objects.create(
        workspace=contact.workspace,
        contact=contact,
        external_id=f"{contact.pk}-{number}",
        status=status,
        placed_at=at,
        total=total,
        updated_at=at,
    )


def test_only_orders_that_earned_money_count(workspace: Workspace, now: datetime) -> None:
    contact = ContactFactory.create(workspace=workspace)
    _order(contact, now - timedelta(days=9), 30, 1)
    _order(contact, now - timedelta(days=3), 40, 2, "sent")
    _order(contact, now - timedelta(days=1), 99, 3, "returned")

    refresh_profiles([contact.pk], now)

    profile = ContactProfile.objects.get(contact=contact)
    assert (profile.order_count, profile.order_sum) == (2, Decimal(70))
    assert (profile.first_order_at, profile.last_order_at) == (now - timedelta(days=9), now - timedelta(days=3))
    assert (profile.lifecycle, profile.rfm) == (Lifecycle.CUSTOMER, 522)


def test_refreshing_twice_changes_nothing(workspace: Workspace, now: datetime) -> None:
    contact = ContactFactory.create(workspace=workspace)
    _order(contact, now, 30)

    refresh_profiles([contact.pk, contact.pk], now)
    first = ContactProfile.objects.values().get()
    refresh_profiles([contact.pk], now)

    assert ContactProfile.objects.values().get() == first


@pytest.mark.parametrize(
    ("known_days", "event_days", "orders", "stage"),
    [
        (10, None, (), Lifecycle.NEW),
        (10, 5, (), Lifecycle.ACTIVE),
        (500, 100, (), Lifecycle.QUIET),
        (100, None, (), Lifecycle.QUIET),
        (500, 300, (), Lifecycle.LOST),
        (500, None, (), Lifecycle.LOST),
        (500, None, (10,), Lifecycle.CUSTOMER),
        (500, None, (10, 20, 30), Lifecycle.LOYAL),
        (500, 5, (400, 420, 430), Lifecycle.LAPSED),
    ],
)
def test_where_somebody_stands_follows_from_what_was_done(
    workspace: Workspace, now: datetime, known_days: int, event_days: int | None, orders: tuple[int, ...], stage: int
) -> None:
    contact = ContactFactory.create(workspace=workspace, created_at=now - timedelta(days=known_days))
    if event_days is not None:
        contact.events.create(workspace=workspace, name="visited", occurred_at=now - timedelta(days=event_days))
    for number, days in enumerate(orders):
        _order(contact, now - timedelta(days=days), 20, number)

    rebuild_profiles(workspace, now)

    assert ContactProfile.objects.get().lifecycle == stage


def test_the_command_makes_them_for_one_workspace(workspace: Workspace) -> None:
    ContactFactory.create(workspace=workspace)
    ContactFactory.create()
    said = StringIO()

    call_command("rebuild_profiles", workspace=workspace.slug, stdout=said)

    assert said.getvalue() == f"{workspace.slug}: 1 profiles\n"
    assert ContactProfile.objects.count() == 1


def test_the_command_knows_no_other_workspace(db: None) -> None:
    with pytest.raises(CommandError, match="no workspace “nowhere”"):
        call_command("rebuild_profiles", workspace="nowhere")


def test_every_code_is_one_kind_of_customer_and_no_other() -> None:
    held = [code for key in CELLS for code in codes_of_cells([key])]

    assert sorted(held) == CODES


def test_a_fifth_is_one_digit_of_the_code() -> None:
    assert codes_with(0, [5]) == [code for code in CODES if code >= 500]
    assert codes_with(2, [1, 2, 3, 4, 5]) == CODES
