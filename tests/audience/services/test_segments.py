"""Segments: kept under a name, only when they work."""

from datetime import datetime, timedelta

import pytest

from audience.models import Segment
from audience.segments.definition import EVERYBODY, MOST_CONDITIONS, Condition, Group, SegmentBroken
from audience.services import NameTaken, archive_segment, create_segment, update_segment
from tests.factories.audience import ListFactory, SegmentFactory
from workspaces.models import AuditEntry, Member, Workspace

pytestmark = pytest.mark.django_db
BULGARIANS = Group("all", (Condition("language", "any_of", ["bg"]),))
GONE = Group("all", (Condition("attribute.city", "is", "Sofia"),))


def _create(workspace: Workspace, by: Member, now: datetime, name: str, definition: Group = BULGARIANS) -> Segment:
    return create_segment(workspace=workspace, name=name, definition=definition, by=by, now=now)


def test_a_rule_is_kept_under_a_name(workspace: Workspace, lead: Member, now: datetime) -> None:
    segment = _create(workspace, lead, now, "  Bulgarians ")

    segment.refresh_from_db()
    assert (segment.name, segment.created_by, segment.created_at) == ("Bulgarians", lead, now)
    assert segment.definition == {
        "version": 2,
        "match": "all",
        "rules": [{"field": "language", "op": "any_of", "value": ["bg"]}],
    }
    assert AuditEntry.objects.get().action == "segment.created"


def test_a_rule_that_does_not_work_is_not_kept(workspace: Workspace, lead: Member, now: datetime) -> None:
    with pytest.raises(SegmentBroken, match="“city”, which no longer exists"):
        _create(workspace, lead, now, "Sofia", GONE)

    assert not Segment.objects.exists()


def test_a_list_of_another_workspace_does_not_exist(
    workspace: Workspace, lead: Member, outsider: Member, now: datetime
) -> None:
    ListFactory.create(workspace=workspace)
    theirs = ListFactory.create(workspace=outsider.workspace)

    with pytest.raises(SegmentBroken, match="something that is gone"):
        _create(workspace, lead, now, "Theirs", Group("all", (Condition("list", "any_of", [theirs.pk]),)))


def test_a_rule_too_large_to_be_read_again_is_not_kept(workspace: Workspace, lead: Member, now: datetime) -> None:
    rules = BULGARIANS.rules * (MOST_CONDITIONS + 1)

    with pytest.raises(SegmentBroken, match=str(MOST_CONDITIONS)):
        _create(workspace, lead, now, "Large", Group("all", rules))


def test_a_name_is_taken_once_among_the_current(
    workspace: Workspace, lead: Member, outsider: Member, now: datetime
) -> None:
    first = _create(workspace, lead, now, "Bulgarians")
    _create(outsider.workspace, outsider, now, "Bulgarians")
    with pytest.raises(NameTaken) as refusal:
        _create(workspace, lead, now, " Bulgarians")

    archive_segment(segment=first, by=lead, now=now)
    second = _create(workspace, lead, now, "Bulgarians")

    assert "name" in refusal.value.fields
    assert list(Segment.objects.for_workspace(workspace).current()) == [second]


def test_a_change_keeps_the_old_rule_in_the_log(workspace: Workspace, lead: Member, now: datetime) -> None:
    segment = _create(workspace, lead, now, "Bulgarians")
    before, later = segment.definition, now + timedelta(days=1)

    update_segment(segment=segment, name="All", description="Everyone", definition=EVERYBODY, by=lead, now=later)

    segment.refresh_from_db()
    assert (segment.name, segment.description, segment.updated_at) == ("All", "Everyone", later)
    assert segment.definition == {"version": 2, "match": "all", "rules": []}
    assert AuditEntry.objects.get(action="segment.updated").detail == {"before": before}


def test_a_segment_keeps_its_own_name(workspace: Workspace, lead: Member, now: datetime) -> None:
    segment = _create(workspace, lead, now, "Bulgarians")

    update_segment(segment=segment, name="Bulgarians", definition=EVERYBODY, by=lead, now=now)

    assert Segment.objects.get().definition == {"version": 2, "match": "all", "rules": []}


@pytest.mark.parametrize("name", ["Taken", "Free"])
def test_a_change_that_is_refused_changes_nothing(workspace: Workspace, lead: Member, now: datetime, name: str) -> None:
    SegmentFactory.create(workspace=workspace, name="Taken")
    segment = _create(workspace, lead, now, "Bulgarians")
    definition = EVERYBODY if name == "Taken" else GONE

    with pytest.raises((NameTaken, SegmentBroken)):
        update_segment(segment=segment, name=name, definition=definition, by=lead, now=now)

    segment.refresh_from_db()
    assert segment.name == "Bulgarians"
    assert segment.definition["rules"]


def test_putting_away_twice_is_putting_away(workspace: Workspace, lead: Member, now: datetime) -> None:
    segment = _create(workspace, lead, now, "Bulgarians")

    for days in range(2):
        archive_segment(segment=segment, by=lead, now=now + timedelta(days=days))

    segment.refresh_from_db()
    assert segment.archived_at == now
    assert AuditEntry.objects.filter(action="segment.archived").count() == 1
