"""Watched segments: who came, who went, day by day."""

from datetime import datetime, timedelta

from audience.models import Contact, Segment, SegmentDay, SegmentMember
from audience.segments.membership import refresh_members, unwatch_segment, watch_segment
from tests.factories.audience import ContactFactory, SegmentFactory
from workspaces.models import Member, Workspace

BULGARIANS = {"match": "all", "rules": [{"field": "language", "op": "any_of", "value": ["bg"]}]}


def _watched(workspace: Workspace, lead: Member, now: datetime) -> Segment:
    segment: Segment = SegmentFactory.create(workspace=workspace, definition=BULGARIANS)
    watch_segment(segment=segment, by=lead, now=now)
    segment.refresh_from_db()
    return segment


def test_those_who_were_there_before_did_not_come(workspace: Workspace, lead: Member, now: datetime) -> None:
    ContactFactory.create(workspace=workspace, language="bg")

    segment = _watched(workspace, lead, now)

    day = SegmentDay.objects.get(segment=segment)
    assert (day.people, day.entered, day.left) == (1, 0, 0)


def test_who_comes_and_who_goes_is_kept(workspace: Workspace, lead: Member, now: datetime) -> None:
    goes = ContactFactory.create(workspace=workspace, language="bg")
    segment = _watched(workspace, lead, now)
    comes = ContactFactory.create(workspace=workspace, language="bg")
    ContactFactory.create(language="bg")
    Contact.objects.filter(pk=goes.pk).update(language="en")

    changed = refresh_members(segment, now + timedelta(days=1))

    assert changed == (1, 1)
    assert [member.contact_id for member in SegmentMember.objects.all()] == [comes.pk]
    days = SegmentDay.objects.filter(segment=segment).order_by("day").values_list("people", "entered", "left")
    assert list(days) == [(1, 0, 0), (1, 1, 1)]


def test_looking_again_changes_nothing(workspace: Workspace, lead: Member, now: datetime) -> None:
    ContactFactory.create(workspace=workspace, language="bg")
    segment = _watched(workspace, lead, now)

    assert refresh_members(segment, now) == (0, 0)
    assert SegmentDay.objects.get().people == 1


def test_a_rule_that_no_longer_works_throws_nobody_out(workspace: Workspace, lead: Member, now: datetime) -> None:
    ContactFactory.create(workspace=workspace, language="bg")
    segment = _watched(workspace, lead, now)
    Segment.objects.update(
        definition={"match": "all", "rules": [{"field": "attribute.gone", "op": "is", "value": "x"}]}
    )

    assert refresh_members(segment, now) == (0, 0)
    assert SegmentMember.objects.count() == 1


def test_watched_no_longer_it_forgets_people_and_keeps_days(workspace: Workspace, lead: Member, now: datetime) -> None:
    ContactFactory.create(workspace=workspace, language="bg")
    segment = _watched(workspace, lead, now)

    unwatch_segment(segment=segment, by=lead, now=now)

    assert not SegmentMember.objects.exists()
    assert SegmentDay.objects.count() == 1
    assert refresh_members(segment, now) == (0, 0)
