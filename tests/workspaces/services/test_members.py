"""Roles change and people leave, but somebody always manages."""

from datetime import datetime

import pytest

from tests.together import together
from workspaces.models import ApiKey, AuditEntry, Member, Workspace
from workspaces.permissions import Role
from workspaces.services import MembershipRefused, change_role, create_api_key, remove_member


def test_a_member_gets_another_role(lead: Member, guest: Member, now: datetime) -> None:
    change_role(member=guest, role=Role.SELLER, by=lead, now=now)

    guest.refresh_from_db()
    assert guest.role == Role.SELLER
    assert AuditEntry.objects.get().detail == {"old": "guest", "new": "seller"}


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.LEAD, Role.OWNER}))
def test_the_last_who_manages_keeps_the_role(lead: Member, marketer: Member, now: datetime, role: Role) -> None:
    with pytest.raises(MembershipRefused, match="Somebody has to manage"):
        change_role(member=lead, role=role, by=lead, now=now)

    lead.refresh_from_db()
    assert lead.role == Role.LEAD
    assert not AuditEntry.objects.exists()


def test_from_lead_to_owner_is_still_managing(lead: Member, now: datetime) -> None:
    change_role(member=lead, role=Role.OWNER, by=lead, now=now)

    lead.refresh_from_db()
    assert lead.role == Role.OWNER


def test_with_another_who_manages_a_lead_may_step_back(lead: Member, owner: Member, now: datetime) -> None:
    change_role(member=lead, role=Role.GUEST, by=lead, now=now)

    lead.refresh_from_db()
    assert lead.role == Role.GUEST


def test_managers_who_left_and_those_of_others_do_not_count(
    lead: Member, owner: Member, outsider: Member, now: datetime
) -> None:
    Member.objects.filter(pk=owner.pk).update(left_at=now)

    with pytest.raises(MembershipRefused):
        remove_member(member=lead, by=lead, now=now)


def test_whoever_leaves_loses_the_keys_and_stays_in_the_history(
    workspace: Workspace, lead: Member, marketer: Member, now: datetime
) -> None:
    key, _secret = create_api_key(workspace=workspace, name="CRM", scopes=["audience:read"], by=marketer, now=now)
    other, _secret = create_api_key(workspace=workspace, name="Shop", scopes=["audience:read"], by=lead, now=now)

    remove_member(member=marketer, by=lead, now=now)

    marketer.refresh_from_db()
    assert marketer.left_at == now
    assert set(ApiKey.objects.filter(revoked_at=now)) == {key}
    assert AuditEntry.objects.filter(member=marketer).exists()
    assert other.revoked_at is None


@pytest.mark.django_db(transaction=True)
def test_two_leads_who_remove_each_other_at_once_do_not_both_go(
    workspace: Workspace, lead: Member, owner: Member, now: datetime
) -> None:
    results = together(
        lambda: remove_member(member=owner, by=lead, now=now), lambda: remove_member(member=lead, by=owner, now=now)
    )

    assert sorted(type(result).__name__ for result in results) == ["MembershipRefused", "NoneType"]
    assert Member.objects.for_workspace(workspace).active().count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_leads_who_step_back_at_once_do_not_both(
    workspace: Workspace, lead: Member, owner: Member, now: datetime
) -> None:
    results = together(
        *(lambda m=member: change_role(member=m, role=Role.GUEST, by=m, now=now) for member in (lead, owner))
    )

    assert sorted(type(result).__name__ for result in results) == ["MembershipRefused", "NoneType"]
    roles = set(Member.objects.for_workspace(workspace).values_list("role", flat=True))
    assert Role.GUEST in roles
    assert roles & {Role.LEAD, Role.OWNER}
