"""Many stories at once: one press, one order, and a way back."""

from datetime import datetime, timedelta

import pytest

from sprints.models import Sprint, Story, StoryKind
from sprints.services.bulk import MOST_AT_ONCE, Action, Bulk, change_many, undo_change
from sprints.services.stories import StoryRefused, plan_story, rewrite_story
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.factories.strategy import GoalFactory
from tests.sprints.looking import scope, titles
from workspaces.models import AuditEntry, Member, Workspace


@pytest.fixture
def stories(workspace: Workspace) -> dict[str, Story]:
    return {title: StoryFactory.create(workspace=workspace, title=title) for title in "ABCDE"}


def _ids(stories: dict[str, Story], titles: str) -> list[int]:
    return [stories[title].pk for title in titles]


class TestChanging:
    @pytest.mark.parametrize(
        ("action", "order"), [(Action.TOP, ["B", "D", "A", "C", "E"]), (Action.BOTTOM, ["A", "C", "E", "B", "D"])]
    )
    def test_they_go_to_an_end_in_the_order_they_had(
        self,
        workspace: Workspace,
        lead: Member,
        now: datetime,
        stories: dict[str, Story],
        action: Action,
        order: list[str],
    ) -> None:
        change = change_many(workspace=workspace, stories=_ids(stories, "DB"), bulk=Bulk(action), by=lead, now=now)

        assert titles(workspace) == order
        assert undo_change(change=change, by=lead, now=now) == 2
        assert titles(workspace) == list("ABCDE")

    def test_into_a_running_sprint_is_written_into_its_log_and_back_too(
        self, workspace: Workspace, lead: Member, now: datetime, stories: dict[str, Story], running: Sprint
    ) -> None:
        change = change_many(
            workspace=workspace, stories=_ids(stories, "AC"), bulk=Bulk(Action.SPRINT, sprint=running), by=lead, now=now
        )

        assert titles(workspace, running) == ["A", "C"]
        assert undo_change(change=change, by=lead, now=now) == 2
        assert titles(workspace) == list("ABCDE")
        assert scope(running) == [("added", 3), ("added", 3), ("removed", -3), ("removed", -3)]

    def test_goal_kind_and_person_are_written_with_an_entry_each(
        self, workspace: Workspace, lead: Member, marketer: Member, now: datetime, stories: dict[str, Story]
    ) -> None:
        goal, chosen = GoalFactory.create(workspace=workspace), _ids(stories, "ABC")
        whats = [
            Bulk(Action.GOAL, goal=goal),
            Bulk(Action.KIND, kind=StoryKind.BUILD),
            Bulk(Action.ASSIGNEE, assignee=marketer),
        ]

        changes = [change_many(workspace=workspace, stories=chosen, bulk=bulk, by=lead, now=now) for bulk in whats]

        changed = Story.objects.filter(goal=goal, kind="build", assignee=marketer)
        assert set(changed.values_list("pk", flat=True)) == set(chosen)
        assert AuditEntry.objects.filter(action="story.rewritten").count() == 9
        assert [undo_change(change=change, by=lead, now=now) for change in changes] == [3, 3, 3]
        assert not Story.objects.exclude(goal=None, kind="campaign", assignee=None).exists()

    def test_dropping_many_can_be_taken_back(
        self, workspace: Workspace, lead: Member, now: datetime, stories: dict[str, Story]
    ) -> None:
        drop = Bulk(Action.DROP)

        change = change_many(workspace=workspace, stories=_ids(stories, "BC"), bulk=drop, by=lead, now=now)

        assert titles(workspace) == ["A", "D", "E"]
        assert undo_change(change=change, by=lead, now=now) == 2
        assert titles(workspace) == list("ABCDE")

    def test_what_has_left_the_backlog_or_is_a_strangers_stays(
        self, workspace: Workspace, lead: Member, outsider: Member, now: datetime, stories: dict[str, Story]
    ) -> None:
        plan_story(story=stories["A"], sprint=SprintFactory.create(workspace=workspace), by=lead, now=now)
        theirs = StoryFactory.create(workspace=outsider.workspace)
        chosen = [*_ids(stories, "AB"), theirs.pk]

        change = change_many(workspace=workspace, stories=chosen, bulk=Bulk(Action.DROP), by=lead, now=now)

        assert list(change.before) == [str(stories["B"].pk)]
        theirs.refresh_from_db()
        assert theirs.dropped_at is None

    @pytest.mark.parametrize(
        ("count", "bulk", "says"),
        [
            (0, Bulk(Action.TOP), "at least one story"),
            (MOST_AT_ONCE + 1, Bulk(Action.TOP), "at most 200"),
            (1, Bulk(Action.KIND), "Choose a kind"),
            (1, Bulk(Action.SPRINT), "Choose a sprint"),
        ],
    )
    def test_what_cannot_be_done_is_said_and_changes_nothing(
        self,
        workspace: Workspace,
        lead: Member,
        now: datetime,
        stories: dict[str, Story],
        count: int,
        bulk: Bulk,
        says: str,
    ) -> None:
        chosen = [stories["A"].pk, *range(10_000_000, 10_000_000 + count - 1)] if count else []

        with pytest.raises(StoryRefused, match=says):
            change_many(workspace=workspace, stories=chosen, bulk=bulk, by=lead, now=now)

        assert titles(workspace) == list("ABCDE")

    def test_a_closed_sprint_takes_none_of_them(
        self, workspace: Workspace, lead: Member, now: datetime, stories: dict[str, Story], closed: Sprint
    ) -> None:
        with pytest.raises(StoryRefused, match="closed"):
            change_many(
                workspace=workspace,
                stories=_ids(stories, "AB"),
                bulk=Bulk(Action.SPRINT, sprint=closed),
                by=lead,
                now=now,
            )


class TestUndoing:
    def test_what_somebody_changed_since_stays(
        self, workspace: Workspace, lead: Member, marketer: Member, now: datetime, stories: dict[str, Story]
    ) -> None:
        kind = Bulk(Action.KIND, kind=StoryKind.BUILD)
        change = change_many(workspace=workspace, stories=_ids(stories, "AB"), bulk=kind, by=lead, now=now)
        rewrite_story(story=stories["A"], kind=StoryKind.RESEARCH, by=marketer, now=now)

        assert undo_change(change=change, by=lead, now=now) == 1
        assert undo_change(change=change, by=lead, now=now) == 0

        kinds = dict(Story.objects.values_list("title", "kind"))
        assert (kinds["A"], kinds["B"]) == ("research", "campaign")

    def test_only_the_person_who_did_it_and_only_for_an_hour(
        self, workspace: Workspace, lead: Member, marketer: Member, now: datetime, stories: dict[str, Story]
    ) -> None:
        change = change_many(workspace=workspace, stories=_ids(stories, "E"), bulk=Bulk(Action.TOP), by=lead, now=now)

        with pytest.raises(StoryRefused, match="Only the person"):
            undo_change(change=change, by=marketer, now=now)
        with pytest.raises(StoryRefused, match="more than an hour ago"):
            undo_change(change=change, by=lead, now=now + timedelta(hours=1, seconds=1))

        assert titles(workspace)[0] == "E"

    def test_a_sprint_that_was_closed_meanwhile_keeps_them(
        self, workspace: Workspace, lead: Member, now: datetime, stories: dict[str, Story]
    ) -> None:
        sprint = SprintFactory.create(workspace=workspace)
        into = Bulk(Action.SPRINT, sprint=sprint)
        change = change_many(workspace=workspace, stories=_ids(stories, "A"), bulk=into, by=lead, now=now)
        Sprint.objects.update(state="closed")

        assert undo_change(change=change, by=lead, now=now) == 0
        assert titles(workspace, sprint) == ["A"]
