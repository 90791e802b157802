"""Skills, who has them, and which ones stories need."""

from datetime import datetime

import pytest

from sprints.capacity import team_capacity
from sprints.competence import competence_matrix, workload
from sprints.models import MemberSkill, Skill, SkillLevel, StoryPoints
from sprints.services.skills import (
    MOST_SKILLS,
    USUAL_SKILLS,
    SkillRefused,
    add_skill,
    add_usual_skills,
    archive_skill,
    rename_skill,
    set_levels,
    set_story_points,
)
from tests.factories.cadence import CapacityFactory, MemberSkillFactory, SkillFactory, StoryPointsFactory
from tests.factories.sprints import SprintFactory, StoryFactory
from workspaces.models import AuditEntry, Member, Workspace


class TestList:
    def test_a_team_begins_with_what_email_marketing_needs_once(
        self, workspace: Workspace, lead: Member, now: datetime
    ) -> None:
        for _time in range(2):
            add_usual_skills(workspace=workspace, by=lead, now=now)

        assert Skill.objects.for_workspace(workspace).count() == len(USUAL_SKILLS)

    def test_a_name_is_taken_whatever_its_case_until_it_is_archived(
        self, workspace: Workspace, lead: Member, now: datetime
    ) -> None:
        copy = add_skill(workspace=workspace, name="Copy", by=lead, now=now)
        design = add_skill(workspace=workspace, name="Design", by=lead, now=now)

        with pytest.raises(SkillRefused):
            add_skill(workspace=workspace, name=" copy ", by=lead, now=now)
        with pytest.raises(SkillRefused):
            rename_skill(skill=design, name="COPY", by=lead, now=now)
        archive_skill(skill=copy, by=lead, now=now)

        assert add_skill(workspace=workspace, name="copy", by=lead, now=now).pk != copy.pk

    def test_there_are_not_too_many(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        SkillFactory.create_batch(MOST_SKILLS, workspace=workspace)

        with pytest.raises(SkillRefused, match="At most"):
            add_skill(workspace=workspace, name="One more", by=lead, now=now)

    def test_an_empty_name_is_none(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        with pytest.raises(SkillRefused):
            add_skill(workspace=workspace, name="  ", by=lead, now=now)


class TestLevels:
    def test_what_stays_the_same_is_not_written(self, workspace: Workspace, seller: Member, now: datetime) -> None:
        copy, design = SkillFactory.create_batch(2, workspace=workspace)
        for _time in range(2):
            set_levels(member=seller, levels={copy: (2, False), design: (0, False)}, by=seller, now=now)

        assert list(MemberSkill.objects.values_list("skill", "level")) == [(copy.pk, 2)]
        assert AuditEntry.objects.filter(action="skill.levels_set").count() == 1

    def test_others_levels_are_for_whoever_plans(
        self, workspace: Workspace, seller: Member, analyst: Member, lead: Member, now: datetime
    ) -> None:
        copy = SkillFactory.create(workspace=workspace)
        with pytest.raises(SkillRefused, match="your own"):
            set_levels(member=seller, levels={copy: (1, True)}, by=analyst, now=now)

        set_levels(member=seller, levels={copy: (1, True)}, by=lead, now=now)

        assert MemberSkill.objects.get().wants_to_learn

    @pytest.mark.parametrize("level", [-1, 4])
    def test_a_level_is_from_0_to_3(self, workspace: Workspace, lead: Member, now: datetime, level: int) -> None:
        with pytest.raises(SkillRefused):
            set_levels(member=lead, levels={SkillFactory.create(workspace=workspace): (level, False)}, by=lead, now=now)


class TestMatrix:
    def test_gaps_are_where_nobody_or_one_person_does_it_alone(
        self, workspace: Workspace, lead: Member, marketer: Member
    ) -> None:
        both, one, none = SkillFactory.create_batch(3, workspace=workspace)
        for member in (lead, marketer):
            MemberSkillFactory.create(member=member, skill=both)
        MemberSkillFactory.create(member=lead, skill=one, level=SkillLevel.TEACHES)
        MemberSkillFactory.create(member=marketer, skill=one, level=SkillLevel.HELPS, wants_to_learn=True)
        sprint = SprintFactory.create(workspace=workspace)
        StoryPointsFactory.create(story__workspace=workspace, story__sprint=sprint, skill=none, points=5)

        matrix = competence_matrix(workspace)

        assert [each.gap for each in matrix.coverage] == ["", "one", "nobody"]
        assert [each.skill for each in matrix.gaps] == [none, one]
        assert (matrix.gaps[0].demand, matrix.gaps[1].learners) == (5, [marketer])

    def test_the_load_is_set_against_what_a_skill_can_give(self, workspace: Workspace, lead: Member) -> None:
        copy = SkillFactory.create(workspace=workspace)
        CapacityFactory.create(member=lead)
        MemberSkillFactory.create(member=lead, skill=copy)
        sprint = SprintFactory.create(workspace=workspace)
        story = StoryFactory.create(workspace=workspace, sprint=sprint, points=40)
        StoryPointsFactory.create(story=story, skill=copy, points=30)

        found = workload(sprint, team_capacity(sprint))

        (load,) = found.loads
        assert (load.demand, load.able, found.unsplit) == (30, 1, 10)
        assert load.too_much == 30 - load.supply > 0


class TestStoryPoints:
    def test_they_are_written_as_a_whole_and_nothing_twice(
        self, workspace: Workspace, lead: Member, now: datetime
    ) -> None:
        story = StoryFactory.create(workspace=workspace, points=8)
        copy, design = SkillFactory.create_batch(2, workspace=workspace)
        set_story_points(story=story, points={copy: 5, design: 3}, by=lead, now=now)
        for _time in range(2):
            set_story_points(story=story, points={copy: 4, design: 0}, by=lead, now=now)

        assert list(StoryPoints.objects.values_list("skill", "points")) == [(copy.pk, 4)]
        assert AuditEntry.objects.filter(action="story.skills_set").count() == 2

    def test_a_story_of_a_sprint_that_is_over_stays_as_it_was(
        self, workspace: Workspace, lead: Member, now: datetime
    ) -> None:
        story = StoryFactory.create(workspace=workspace, sprint=SprintFactory.create(workspace=workspace, closed=True))

        with pytest.raises(SkillRefused, match="over"):
            set_story_points(story=story, points={}, by=lead, now=now)

    @pytest.mark.parametrize("number", [-1, 101])
    def test_a_number_makes_sense(self, workspace: Workspace, lead: Member, now: datetime, number: int) -> None:
        story, skill = StoryFactory.create(workspace=workspace), SkillFactory.create(workspace=workspace)

        with pytest.raises(SkillRefused):
            set_story_points(story=story, points={skill: number}, by=lead, now=now)
