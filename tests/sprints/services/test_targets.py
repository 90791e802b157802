"""What a sprint aims at, why its scope changed, and what was committed to when it started."""

from datetime import datetime
from decimal import Decimal

import pytest

from sprints.commitment import Kept, commitment_of
from sprints.models import Commitment, ScopeChange, ScopeEntry, Sprint, StoryStatus
from sprints.services.sprints import SprintRefused, start_sprint
from sprints.services.stories import move_story, plan_story, rewrite_story
from sprints.services.targets import clear_target, give_reason, set_target
from tests.factories.cadence import SprintTargetFactory, StoryPointsFactory
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.factories.strategy import KpiFactory
from workspaces.models import AuditEntry, Member, Workspace


class TestTarget:
    def test_it_is_set_and_set_anew_and_the_log_keeps_what_it_was(
        self, workspace: Workspace, lead: Member, now: datetime
    ) -> None:
        sprint, kpi = SprintFactory.create(workspace=workspace), KpiFactory.create(workspace=workspace)
        for target in ("0.33", "0.35"):
            set_target(sprint=sprint, kpi=kpi, baseline=Decimal("0.3"), target=Decimal(target), by=lead, now=now)

        assert sprint.target.target == Decimal("0.35")
        assert AuditEntry.objects.latest("pk").detail["before"]["to"] == "0.330000"

    @pytest.mark.parametrize(("baseline", "target", "field"), [("1", "1", "target"), ("0.2", "30", "target")])
    def test_figures_have_to_make_sense(
        self, workspace: Workspace, lead: Member, now: datetime, baseline: str, target: str, field: str
    ) -> None:
        sprint, kpi = SprintFactory.create(workspace=workspace), KpiFactory.create(workspace=workspace)

        with pytest.raises(SprintRefused) as refused:
            set_target(sprint=sprint, kpi=kpi, baseline=Decimal(baseline), target=Decimal(target), by=lead, now=now)

        assert set(refused.value.fields) == {field}

    def test_an_archived_kpi_is_no_target(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        sprint, kpi = SprintFactory.create(workspace=workspace), KpiFactory.create(workspace=workspace, archived_at=now)

        with pytest.raises(SprintRefused, match="archived"):
            set_target(sprint=sprint, kpi=kpi, baseline=Decimal(0), target=Decimal(1), by=lead, now=now)

    def test_it_stays_once_the_sprint_is_over(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        target = SprintTargetFactory.create(sprint=SprintFactory.create(workspace=workspace, closed=True))

        with pytest.raises(SprintRefused, match="over"):
            clear_target(sprint=target.sprint, by=lead, now=now)

    def test_it_can_be_taken_away_twice(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        target = SprintTargetFactory.create(sprint=SprintFactory.create(workspace=workspace))
        for _time in range(2):
            clear_target(sprint=target.sprint, by=lead, now=now)

        assert AuditEntry.objects.filter(action="sprint.target_cleared").count() == 1


class TestReason:
    def test_it_comes_with_the_change(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        sprint = SprintFactory.create(workspace=workspace, running=True)
        story = StoryFactory.create(workspace=workspace, points=3)

        plan_story(story=story, sprint=sprint, by=lead, now=now, reason=" The owner asked. ")
        rewrite_story(story=story, points=5, by=lead, now=now, reason="More languages.")
        move_story(story=story, status=StoryStatus.DONE, by=lead, now=now)
        move_story(story=story, status=StoryStatus.DOING, by=lead, now=now, reason="A link was dead.")
        plan_story(story=story, sprint=None, by=lead, now=now, reason="Too big.")

        said = ScopeEntry.objects.order_by("pk").values_list("change", "reason")
        assert list(said) == [
            (ScopeChange.ADDED, "The owner asked."),
            (ScopeChange.ESTIMATED, "More languages."),
            (ScopeChange.DONE, ""),
            (ScopeChange.REOPENED, "A link was dead."),
            (ScopeChange.REMOVED, "Too big."),
        ]

    def test_it_can_come_later_and_nothing_else_changes(
        self, workspace: Workspace, lead: Member, seller: Member, now: datetime
    ) -> None:
        sprint = SprintFactory.create(workspace=workspace, running=True)
        plan_story(story=StoryFactory.create(workspace=workspace), sprint=sprint, by=lead, now=now)
        entry = ScopeEntry.objects.get()

        for _time in range(2):
            give_reason(entry=entry, reason="A supplier dropped out.", by=seller, now=now)

        changed = ScopeEntry.objects.get()
        assert (changed.reason, changed.by, changed.points) == ("A supplier dropped out.", lead, entry.points)
        assert AuditEntry.objects.filter(action="scope.explained").count() == 1

    def test_it_is_a_sentence(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        sprint = SprintFactory.create(workspace=workspace, running=True)
        plan_story(story=StoryFactory.create(workspace=workspace), sprint=sprint, by=lead, now=now)

        with pytest.raises(SprintRefused):
            give_reason(entry=ScopeEntry.objects.get(), reason="x" * 301, by=lead, now=now)


class TestCommitment:
    @pytest.fixture
    def sprint(self, workspace: Workspace, lead: Member, now: datetime) -> Sprint:
        made: Sprint = SprintFactory.create(workspace=workspace)
        for points in (2, 3, 5):
            StoryFactory.create(workspace=workspace, sprint=made, points=points, title=str(points), assignee=lead)
        StoryPointsFactory.create(story=made.stories.get(title="5"), skill__name="Copy", points=4)
        SprintTargetFactory.create(sprint=made)
        start_sprint(sprint=made, by=lead, now=now)
        return made

    def test_it_freezes_the_plan_as_it_stood(self, sprint: Sprint, lead: Member, now: datetime) -> None:
        frozen = Commitment.objects.get(sprint=sprint)

        assert (frozen.by, frozen.made_at, frozen.snapshot["points"]) == (lead, now, 10)
        assert frozen.snapshot["people"] == ["Elena Petrova"]
        assert frozen.snapshot["stories"][2]["skills"] == {"Copy": 4}
        assert frozen.snapshot["target"]["to"] == "0.040000"

    def test_starting_twice_freezes_once(self, sprint: Sprint, lead: Member, now: datetime) -> None:
        start_sprint(sprint=sprint, by=lead, now=now)

        assert Commitment.objects.count() == 1

    def test_it_stands_beside_what_became_of_it(self, sprint: Sprint, lead: Member, now: datetime) -> None:
        two, three, five = sprint.stories.ranked()
        move_story(story=two, status=StoryStatus.DONE, by=lead, now=now)
        plan_story(story=three, sprint=None, by=lead, now=now)
        rewrite_story(story=five, points=8, by=lead, now=now)
        plan_story(story=StoryFactory.create(workspace=sprint.workspace, points=1), sprint=sprint, by=lead, now=now)

        view = commitment_of(sprint)

        assert view is not None
        assert [(line.points, line.now, line.kept) for line in view.lines] == [
            (2, 2, Kept.DONE),
            (3, None, Kept.REMOVED),
            (5, 8, Kept.ESTIMATED),
            (None, 1, Kept.ADDED),
        ]
        assert (view.points, view.points_now) == (10, 11)

    def test_before_the_start_there_is_none(self, workspace: Workspace) -> None:
        assert commitment_of(SprintFactory.create(workspace=workspace)) is None
