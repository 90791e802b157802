"""One entry a write: who, what, when, through which program."""

from datetime import datetime

import pytest

from tests.factories.audience import ListFactory
from workspaces.audit import LONGEST_LABEL, record, said
from workspaces.models import ApiKey, AuditEntry, Member, Workspace


def test_an_entry_names_actor_object_and_moment(workspace: Workspace, lead: Member, now: datetime) -> None:
    found = ListFactory.create(workspace=workspace, name="VIP")

    record("list.created", found, by=lead, now=now, size=3)

    entry = AuditEntry.objects.get()
    assert (entry.workspace, entry.member, entry.via, entry.at) == (workspace, lead, "", now)
    assert (entry.action, entry.target_type, entry.target_id, entry.target_label) == (
        "list.created",
        "contactlist",
        found.pk,
        "VIP",
    )
    assert entry.detail == {"size": 3}


def test_nobody_means_the_system(workspace: Workspace, now: datetime) -> None:
    record("workspace.checked", workspace, by=None, now=now)

    assert AuditEntry.objects.get().member is None


def test_a_program_is_named_beside_its_member(workspace: Workspace, lead: Member, now: datetime) -> None:
    lead.acting_through = ApiKey(name="CRM", prefix="eo_12345678")

    record("workspace.checked", workspace, by=lead, now=now)

    entry = AuditEntry.objects.get()
    assert (entry.member, entry.via) == (lead, "CRM (eo_12345678…)")


def test_a_long_name_is_cut(workspace: Workspace, lead: Member, now: datetime) -> None:
    found = ListFactory.build(workspace=workspace, pk=7, name="x" * 500)

    record("list.created", found, by=lead, now=now)

    assert AuditEntry.objects.get().target_label == "x" * LONGEST_LABEL


def test_what_belongs_to_no_workspace_cannot_be_recorded(lead: Member, now: datetime) -> None:
    with pytest.raises(TypeError, match="belongs to no workspace"):
        record("user.changed", lead.user, by=lead, now=now)


@pytest.mark.parametrize(("action", "words"), [("workspace.updated", "changed the settings"), ("cat.fed", "cat.fed")])
def test_an_action_is_told_in_words_where_there_are_any(action: str, words: str) -> None:
    assert said(action) == words
