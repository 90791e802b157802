"""What is in the way, who clears it, and since when."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from pytest_django import DjangoAssertNumQueries

from sprints.models import Blocker, Story
from sprints.services.blockers import block_story, resolve_blocker
from sprints.services.stories import StoryRefused
from tests.factories.sprints import BlockerFactory, SprintFactory, StoryFactory
from tests.together import together
from workspaces.models import AuditEntry, Member, Workspace


def test_a_blocker_has_a_reason_an_owner_and_an_age(
    workspace: Workspace, marketer: Member, lead: Member, now: datetime
) -> None:
    story = StoryFactory.create(workspace=workspace)

    blocker = block_story(story=story, reason="  No product\n feed ", owner=lead, by=marketer, now=now)

    assert (blocker.reason, blocker.owner, blocker.opened_by) == ("No product feed", lead, marketer)
    assert blocker.age(now + timedelta(days=2)) == timedelta(days=2)
    assert (story.blocked_by, story.blocked_at) == ("No product feed", now)


def test_without_an_owner_whoever_works_on_it_clears_it_else_whoever_says_so(
    workspace: Workspace, marketer: Member, lead: Member, now: datetime
) -> None:
    taken = StoryFactory.create(workspace=workspace, assignee=lead)
    free = StoryFactory.create(workspace=workspace)

    owners = [
        block_story(story=story, reason="No feed", owner=None, by=marketer, now=now).owner for story in (taken, free)
    ]

    assert owners == [lead, marketer]


def test_saying_it_anew_changes_the_same_blocker_and_its_age_goes_on(
    workspace: Workspace, marketer: Member, lead: Member, now: datetime
) -> None:
    story = StoryFactory.create(workspace=workspace)
    block_story(story=story, reason="No feed", owner=lead, by=marketer, now=now)

    block_story(story=story, reason="Still no feed", owner=None, by=marketer, now=now + timedelta(days=1))
    block_story(story=story, reason="Still no feed", owner=None, by=marketer, now=now + timedelta(days=2))

    blocker = Blocker.objects.get()
    assert (blocker.reason, blocker.owner, blocker.since) == ("Still no feed", lead, now)
    assert AuditEntry.objects.filter(action="story.blocked").count() == 2


def test_resolving_keeps_the_row_and_twice_is_as_once(
    workspace: Workspace, marketer: Member, lead: Member, now: datetime
) -> None:
    blocker = BlockerFactory.create(story__workspace=workspace, since=now)

    for member, later in ((lead, 1), (marketer, 2)):
        resolve_blocker(blocker=blocker, by=member, now=now + timedelta(days=later))

    blocker.refresh_from_db()
    assert (blocker.resolved_by, blocker.age(now + timedelta(days=9))) == (lead, timedelta(days=1))
    assert AuditEntry.objects.filter(action="story.unblocked").count() == 1
    assert blocker.story.blocked_by == ""


def test_resolving_an_old_one_leaves_what_is_in_the_way_now(
    workspace: Workspace, marketer: Member, now: datetime
) -> None:
    old = BlockerFactory.create(story__workspace=workspace, resolved_at=now)
    BlockerFactory.create(story=old.story, reason="The text is not translated")

    resolve_blocker(blocker=old, by=marketer, now=now)

    assert old.story.blocked_by == "The text is not translated"


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_a_reason_is_one_sentence(workspace: Workspace, marketer: Member, now: datetime, reason: str) -> None:
    story = StoryFactory.create(workspace=workspace)

    with pytest.raises(StoryRefused) as refused:
        block_story(story=story, reason=reason, owner=None, by=marketer, now=now)

    assert "reason" in refused.value.fields


def test_nobody_who_left_can_clear_it(workspace: Workspace, marketer: Member, lead: Member, now: datetime) -> None:
    Member.objects.filter(pk=lead.pk).update(left_at=now)
    lead.refresh_from_db()

    with pytest.raises(StoryRefused, match="has left"):
        block_story(story=StoryFactory.create(workspace=workspace), reason="No feed", owner=lead, by=marketer, now=now)


def test_stories_of_a_closed_sprint_and_dropped_ones_stay_as_they_were(
    workspace: Workspace, marketer: Member, now: datetime
) -> None:
    closed = StoryFactory.create(workspace=workspace, sprint=SprintFactory.create(workspace=workspace, closed=True))
    dropped = StoryFactory.create(workspace=workspace, dropped_at=now)

    for story in (closed, dropped):
        with pytest.raises(StoryRefused):
            block_story(story=story, reason="No feed", owner=None, by=marketer, now=now)
    with pytest.raises(StoryRefused):
        resolve_blocker(blocker=BlockerFactory.create(story=closed), by=marketer, now=now)


def test_the_database_keeps_a_second_open_one_out(workspace: Workspace) -> None:
    blocker = BlockerFactory.create(story__workspace=workspace)

    with pytest.raises(IntegrityError), transaction.atomic():
        BlockerFactory.create(story=blocker.story)


@pytest.mark.django_db(transaction=True)
def test_two_who_say_it_at_once_make_one(workspace: Workspace, marketer: Member, lead: Member, now: datetime) -> None:
    story = StoryFactory.create(workspace=workspace)

    together(
        lambda: block_story(story=story, reason="No feed", owner=None, by=marketer, now=now),
        lambda: block_story(story=story, reason="No photo", owner=None, by=lead, now=now),
    )

    assert Blocker.objects.open().filter(story=story).count() == 1


def test_lists_know_it_without_a_query_of_their_own(
    workspace: Workspace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    blocked = BlockerFactory.create(story__workspace=workspace, owner__user__name="Ida").story
    BlockerFactory.create(story=blocked, reason="Over", resolved_at=blocked.created_at)
    StoryFactory.create(workspace=workspace)

    with django_assert_num_queries(1):
        found = {story.pk: (story.blocked_by, str(story.blocker.owner) if story.blocker else "")
                 for story in Story.objects.for_workspace(workspace).for_cards()}  # fmt: skip

    assert sorted(found.values()) == [("", ""), ("No product feed", "Ida")]
    assert found[blocked.pk] == ("No product feed", "Ida")


class _StepByStep(MigrationLoader):
    """Knows the migrations of installations from before, and not the one that replaces them."""

    def load_disk(self) -> None:
        super().load_disk()
        self.disk_migrations = {key: found for key, found in self.disk_migrations.items() if not found.replaces}


def _last_steps(name: str, count: int) -> tuple[Migration, ProjectState]:
    """A migration of this app that does only so many of its steps, and what was there before them."""
    loader = _StepByStep(connection)
    steps, state = (
        loader.get_migration("sprints", name).operations,
        loader.project_state(("sprints", name), at_end=False),
    )
    for step in steps[:-count]:
        step.state_forwards("sprints", state)
    last = type("Last", (Migration,), {"operations": steps[-count:]})
    return last(name, "sprints"), state


def test_what_stood_in_a_field_of_the_story_becomes_a_row(workspace: Workspace, now: datetime) -> None:
    blocker = BlockerFactory.create(story__workspace=workspace, story__assignee=None, since=now)
    free = StoryFactory.create(workspace=workspace)
    board, before = _last_steps("0008_board", 3)

    with connection.schema_editor() as editor:
        editor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table whose rows wait for checks cannot be changed
        board.unapply(before.clone(), editor)
        with connection.cursor() as cursor:
            cursor.execute("SELECT id, blocked_by, blocked_at FROM sprints_story ORDER BY id")
            fields = cursor.fetchall()
        Blocker.objects.all().delete()  # their table is made by a step before
        board.apply(before.clone(), editor)

    assert fields == [(blocker.story_id, "No product feed", now), (free.pk, "", None)]
    kept = Blocker.objects.get()
    assert (kept.story_id, kept.reason, kept.since) == (blocker.story_id, "No product feed", now)
    assert kept.owner_id == blocker.story.created_by_id
