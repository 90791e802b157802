"""Who came into a watched segment and who went, and its size day by day."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from audience.models import Segment, SegmentDay, SegmentMember
from audience.segments.compile import contacts_in
from audience.segments.definition import SegmentBroken, read_definition
from workspaces.audit import record
from workspaces.models import Member


@transaction.atomic
def watch_segment(*, segment: Segment, by: Member | None, now: datetime) -> None:
    """Begin to keep who comes and who goes. Those who are in it now did not come. Repeating is harmless."""
    if not Segment.objects.current().filter(pk=segment.pk, watched_at=None).update(watched_at=now):
        return
    segment.watched_at = now
    record("segment.watched", segment, by=by, now=now)
    refresh_members(segment, now)


@transaction.atomic
def unwatch_segment(*, segment: Segment, by: Member | None, now: datetime) -> None:
    """Keep it no longer; the days so far stay. Repeating is harmless."""
    if not Segment.objects.filter(pk=segment.pk, watched_at__isnull=False).update(watched_at=None, refreshed_at=None):
        return
    segment.watched_at = segment.refreshed_at = None
    SegmentMember.objects.filter(segment=segment).delete()
    record("segment.unwatched", segment, by=by, now=now)


@transaction.atomic
def refresh_members(segment: Segment, now: datetime) -> tuple[int, int]:
    """Bring the members up to date: (how many came, how many went). A rule that no longer works changes nothing.

    One look at a time: whoever comes second finds it done.
    """
    held = Segment.objects.watched().select_for_update(skip_locked=True, of=("self",)).select_related("workspace")
    found = held.filter(pk=segment.pk).first()
    if found is None:
        return 0, 0
    try:
        people = contacts_in(found.workspace, read_definition(found.definition), now)
    except SegmentBroken:
        return 0, 0
    statement, values = people.order_by().values_list("pk").query.sql_with_params()
    entered, left = _exchange(found, statement, values, now)
    if found.refreshed_at is None:
        entered = 0  # they were there before anybody looked
    _note_day(found, entered, left, now)
    Segment.objects.filter(pk=found.pk).update(refreshed_at=now)
    return entered, left


def _exchange(segment: Segment, people: str, values: tuple[Any, ...], now: datetime) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE segment_now (contact_id) ON COMMIT DROP AS {people}", values)
        cursor.execute(
            "DELETE FROM audience_segmentmember m WHERE segment_id = %s"
            " AND NOT EXISTS (SELECT FROM segment_now n WHERE n.contact_id = m.contact_id)",
            [segment.pk],
        )
        left = cursor.rowcount
        cursor.execute(
            "INSERT INTO audience_segmentmember (workspace_id, segment_id, contact_id, entered_at)"
            " SELECT %s, %s, contact_id, %s FROM segment_now ON CONFLICT DO NOTHING",
            [segment.workspace_id, segment.pk, now],
        )
        entered = cursor.rowcount
        cursor.execute("DROP TABLE segment_now")
    return entered, left


def _note_day(segment: Segment, entered: int, left: int, now: datetime) -> None:
    today = now.astimezone(segment.workspace.zone).date()
    day, _made = SegmentDay.objects.get_or_create(
        segment=segment, day=today, defaults={"workspace_id": segment.workspace_id, "people": 0}
    )
    day.people = SegmentMember.objects.filter(segment=segment).count()
    day.entered, day.left = day.entered + entered, day.left + left
    day.save(update_fields=["people", "entered", "left"])
