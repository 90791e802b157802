"""Principles: written down, reworded, followed no more."""

from datetime import date, datetime, timedelta

import pytest

from strategy import services
from strategy.models import Principle
from strategy.services import PrincipleRefused
from tests.factories.strategy import PrincipleFactory
from workspaces.models import AuditEntry, Member


def test_a_principle_is_stated_and_written_into_the_log(lead: Member, owner: Member, now: datetime) -> None:
    principle = services.state_principle(
        workspace=lead.workspace,
        rule=" Teach first, sell second ",
        reason=" Readers who learn stay. ",
        owner=owner,
        by=lead,
        now=now,
        review_date=date(2027, 1, 1),
    )

    assert (principle.rule, principle.reason, principle.owner) == (
        "Teach first, sell second",
        "Readers who learn stay.",
        owner,
    )
    assert AuditEntry.objects.filter(action="principle.stated", target_id=principle.pk, member=lead).exists()


def test_a_change_is_kept_with_what_it_was(lead: Member, now: datetime) -> None:
    principle = PrincipleFactory.create(workspace=lead.workspace, rule="Never on Sundays")

    services.change_principle(principle=principle, by=lead, now=now, rule=" Never on a Sunday ", owner=lead)

    assert (principle.rule, principle.owner) == ("Never on a Sunday", lead)
    before = AuditEntry.objects.get(action="principle.changed").detail["before"]
    assert before["rule"] == "Never on Sundays"
    assert set(before) == {"rule", "owner"}


def test_following_no_more_is_written_down_once(lead: Member, now: datetime) -> None:
    principle = PrincipleFactory.create(workspace=lead.workspace)

    for later in (0, 1):
        services.archive_principle(principle=principle, by=lead, now=now + timedelta(hours=later))

    principle.refresh_from_db()
    assert principle.archived_at == now
    assert AuditEntry.objects.filter(action="principle.archived").count() == 1
    assert not Principle.objects.current().exists()
    assert list(Principle.objects.archived()) == [principle]


def test_what_is_followed_no_more_is_not_reworded(lead: Member, now: datetime) -> None:
    principle = PrincipleFactory.create(workspace=lead.workspace, archived_at=now, rule="Never on Sundays")

    with pytest.raises(PrincipleRefused, match="no longer followed"):
        services.change_principle(principle=principle, by=lead, now=now, rule="Always")

    principle.refresh_from_db()
    assert principle.rule == "Never on Sundays"
