"""Who can do what, and which skills stories need."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from sprints.models.stories import Story
from workspaces.models import Member, Owned, ScopedQuerySet


class SkillLevel(models.IntegerChoices):
    """How well a person does it."""

    NONE = 0, _("Not at all")
    HELPS = 1, _("With help")
    ALONE = 2, _("Alone")
    TEACHES = 3, _("Teaches others")


class SkillQuerySet(ScopedQuerySet["Skill"]):
    """Skills."""

    def current(self) -> Self:
        return self.filter(archived_at=None)

    def in_order(self) -> Self:
        return self.order_by("position", "pk")


class Skill(Owned):
    """A kind of work that a team can do."""

    name = models.CharField(_("skill"), max_length=40)
    position = models.PositiveSmallIntegerField(default=0)
    archived_at = models.DateTimeField(null=True)

    objects = SkillQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace", Lower("name"), condition=Q(archived_at=None), name="skill_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class MemberSkill(Owned):
    """How well a person does something, and whether he or she wants to learn it."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="skills")
    skill = models.ForeignKey(Skill, on_delete=models.CASCADE, related_name="levels")
    level = models.PositiveSmallIntegerField(choices=SkillLevel, default=SkillLevel.NONE)
    wants_to_learn = models.BooleanField(default=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "skill"], name="skill_once_a_member"),
            models.CheckConstraint(condition=Q(level__lte=3), name="skill_level_known"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} in {self.skill_id}: {self.level}"


class StoryPoints(Owned):
    """How many of a story's points are work of one skill."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="skill_points")
    skill = models.ForeignKey(Skill, on_delete=models.PROTECT, related_name="story_points")
    points = models.PositiveSmallIntegerField(_("points"))

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["story", "skill"], name="skill_once_a_story"),
            models.CheckConstraint(condition=Q(points__gt=0), name="skill_points_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.story_id}, {self.skill_id}: {self.points}"
