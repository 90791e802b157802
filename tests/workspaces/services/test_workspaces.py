"""Opening a workspace, and changing it and oneself."""

from datetime import datetime

import pytest

from tests.factories.workspaces import MemberFactory, UserFactory, WorkspaceFactory
from tests.together import together
from workspaces.models import AuditEntry, Member, Workspace
from workspaces.permissions import Role
from workspaces.services import create_workspace, update_profile, update_workspace


def _open(name: str, now: datetime) -> Member:
    return create_workspace(name=name, user=UserFactory.create(), role=Role.LEAD, now=now)


@pytest.mark.django_db
def test_whoever_opens_a_workspace_is_its_first_member(now: datetime) -> None:
    user = UserFactory.create()

    member = create_workspace(name="Maren & Moss", user=user, role=Role.OWNER, now=now, currency="BGN")

    assert (member.user, member.role, member.joined_at) == (user, Role.OWNER, now)
    assert (member.workspace.slug, member.workspace.currency) == ("maren-moss", "BGN")
    entry = AuditEntry.objects.for_workspace(member.workspace).get()
    assert (entry.action, entry.member, entry.at) == ("workspace.created", member, now)


@pytest.mark.django_db
def test_the_first_workspace_sets_a_persons_clock_and_a_later_one_leaves_it(now: datetime) -> None:
    user = UserFactory.create(time_zone="UTC")

    create_workspace(name="Fern Garden", user=user, role=Role.LEAD, now=now, time_zone="Asia/Tokyo")
    create_workspace(name="Moss Garden", user=user, role=Role.LEAD, now=now, time_zone="Europe/Sofia")

    user.refresh_from_db()
    assert user.time_zone == "Asia/Tokyo"


@pytest.mark.django_db
def test_workspaces_of_one_name_have_addresses_of_their_own(now: datetime) -> None:
    slugs = [_open("Maren & Moss", now).workspace.slug for _count in range(3)]

    assert slugs == ["maren-moss", "maren-moss-2", "maren-moss-3"]


@pytest.mark.django_db
def test_a_slug_that_only_begins_the_same_takes_nothing(now: datetime) -> None:
    _open("Maren Moss Outlet", now)

    assert _open("Maren Moss", now).workspace.slug == "maren-moss"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["Маренмос", "!!!", "株式会社"])
def test_a_name_without_latin_letters_gets_an_address_too(now: datetime, name: str) -> None:
    first, second = _open(name, now), _open(name, now)

    assert [first.workspace.slug, second.workspace.slug] == ["workspace", "workspace-2"]
    assert str(first.workspace) == name


@pytest.mark.django_db
def test_a_long_name_fits(now: datetime) -> None:
    name = "Long " * 24

    assert [len(_open(name, now).workspace.slug) <= 60 for _count in range(2)] == [True, True]


@pytest.mark.django_db(transaction=True)
def test_workspaces_opened_at_once_get_different_addresses(now: datetime) -> None:
    users = [UserFactory.create() for _count in range(4)]

    opened = together(
        *(
            lambda u=user: create_workspace(name="Same", user=u, role=Role.LEAD, now=now).workspace.slug
            for user in users
        )
    )

    assert sorted(map(str, opened)) == ["same", "same-2", "same-3", "same-4"]


def test_the_audit_entry_keeps_what_the_settings_were(workspace: Workspace, lead: Member, now: datetime) -> None:
    update_workspace(workspace=workspace, by=lead, now=now, name="Moss", currency="EUR")

    workspace.refresh_from_db()
    entry = AuditEntry.objects.for_workspace(workspace).get()
    assert workspace.name == "Moss"
    assert entry.detail == {"changed": {"name": ["Maren & Moss", "Moss"]}}


def test_the_old_settings_are_those_in_the_database(workspace: Workspace, lead: Member, now: datetime) -> None:
    """A form may have written onto the row in memory already."""
    workspace.name = "Moss"

    update_workspace(workspace=workspace, by=lead, now=now, name="Moss")

    assert AuditEntry.objects.for_workspace(workspace).get().detail == {"changed": {"name": ["Maren & Moss", "Moss"]}}


def test_fields_that_were_not_named_stay(workspace: Workspace, lead: Member, now: datetime) -> None:
    WorkspaceFactory._meta.model.objects.filter(pk=workspace.pk).update(currency="BGN")

    update_workspace(workspace=workspace, by=lead, now=now, name="Moss")

    workspace.refresh_from_db()
    assert workspace.currency == "BGN"


def test_every_workspace_one_belongs_to_sees_a_change_of_profile(lead: Member, now: datetime) -> None:
    elsewhere = MemberFactory.create(user=lead.user)

    update_profile(user=lead.user, memberships=[lead, elsewhere], now=now, name="Elena P.", language="bg")

    lead.user.refresh_from_db()
    entries = AuditEntry.objects.filter(action="member.profile_updated").order_by("pk")
    assert (lead.user.name, lead.user.language) == ("Elena P.", "bg")
    assert [(entry.workspace, entry.detail) for entry in entries] == [
        (lead.workspace, {"fields": ["language", "name"]}),
        (elsewhere.workspace, {"fields": ["language", "name"]}),
    ]
