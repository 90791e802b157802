"""Verbs on skills: name them, say who can do what, and which ones a story needs."""

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from emailops.lib.errors import DomainError
from sprints.broadcast import tell_skills
from sprints.competence import level_field
from sprints.models import MemberSkill, Skill, SkillLevel, Story, StoryPoints
from sprints.ordering import one_at_a_time
from sprints.services.stories import MOST_POINTS
from workspaces.audit import record
from workspaces.models import Member, Workspace
from workspaces.permissions import Can

USUAL_SKILLS = (
    gettext_lazy("Strategy"),
    gettext_lazy("Copy"),
    gettext_lazy("Design"),
    gettext_lazy("HTML"),
    gettext_lazy("Data"),
    gettext_lazy("Deliverability"),
    gettext_lazy("Automation"),
)
"""What e-mail marketing needs; a team changes the list to its own."""

MOST_SKILLS = 20
NOTHING = (0, False)
"""How somebody stands of whom nobody has said anything."""

Level = tuple[int, bool]
"""A level of `SkillLevel`, and whether the person wants to learn."""


class SkillRefused(DomainError):
    """A skill, a level or a split cannot be as asked."""

    code = "skill_refused"


@transaction.atomic
def add_usual_skills(*, workspace: Workspace, by: Member, now: datetime) -> None:
    """Begin with what e-mail marketing needs, in the workspace's language. Nothing for a team that has a skill."""
    one_at_a_time(workspace.pk)
    if Skill.objects.for_workspace(workspace).exists():
        return
    with override(workspace.language):
        for name in USUAL_SKILLS:
            add_skill(workspace=workspace, name=str(name), by=by, now=now)


@transaction.atomic
def add_skill(*, workspace: Workspace, name: str, by: Member, now: datetime) -> Skill:
    """Name another kind of work, last in the list. Raises `SkillRefused` for a name that is taken, or too many."""
    one_at_a_time(workspace.pk)
    current = Skill.objects.for_workspace(workspace).current()
    if current.count() >= MOST_SKILLS:
        raise SkillRefused(_("At most %(most)d skills: more nobody keeps in mind.") % {"most": MOST_SKILLS})
    last = current.aggregate(last=Max("position"))["last"] or 0
    skill = Skill(workspace=workspace, name=_checked(name), position=last + 1)
    _save(skill)
    record("skill.added", skill, by=by, now=now)
    return skill


def _checked(name: str) -> str:
    if not name.strip():
        raise SkillRefused(_("Give the skill a name."), fields={"name": [_("Empty.")]})
    return name.strip()


def _save(skill: Skill) -> None:
    try:
        with transaction.atomic():
            skill.save()
    except IntegrityError as error:
        words = _("There is a skill of this name already.")
        raise SkillRefused(words, fields={"name": [words]}) from error


@transaction.atomic
def rename_skill(*, skill: Skill, name: str, by: Member, now: datetime) -> None:
    """Call a skill something else. Raises `SkillRefused` for a name that is taken."""
    before, skill.name = skill.name, _checked(name)
    if before != skill.name:
        _save(skill)
        record("skill.changed", skill, by=by, now=now, before=before, after=skill.name)


@transaction.atomic
def archive_skill(*, skill: Skill, by: Member, now: datetime) -> None:
    """Ask for it no more; points that stories have in it stay. Repeating changes nothing."""
    if Skill.objects.filter(pk=skill.pk, archived_at=None).update(archived_at=now):
        record("skill.archived", skill, by=by, now=now)


@transaction.atomic
def set_levels(
    *,
    member: Member,
    levels: Mapping[Skill, Level],
    by: Member,
    now: datetime,
    seen: Mapping[Skill, Level] | None = None,
) -> None:
    """Say how well a person does some skills. What stays the same is not written.

    `seen` is how it stood when it was looked at: a skill that somebody else has changed since is not written over.

    Raises `SkillRefused` for that, for another's levels without the right to plan sprints, or a level that does not
    exist.
    """
    one_at_a_time(member.workspace_id)
    if member.pk != by.pk and not by.may(Can.PLAN_SPRINTS):
        raise SkillRefused(_("You can change your own; whoever plans sprints can change everybody’s."))
    if any(level not in SkillLevel.values for level, _learns in levels.values()):
        raise SkillRefused(_("A level is from 0 to 3."))
    rows = MemberSkill.objects.filter(member=member).order_by("pk")
    known: dict[int, Level] = {row.skill_id: (row.level, row.wants_to_learn) for row in rows}
    _require_seen(member, known, levels, seen or {})
    changed = {}
    for skill, (level, learns) in levels.items():
        if (level, learns) != known.get(skill.pk, NOTHING):
            values = {"workspace": member.workspace, "level": level, "wants_to_learn": learns}
            MemberSkill.objects.update_or_create(member=member, skill=skill, defaults=values)
            changed[skill.name] = [level, learns]
    if changed:
        record("skill.levels_set", member, by=by, now=now, levels=changed)
        tell_skills(member.workspace)


def _require_seen(
    member: Member, known: Mapping[int, Level], levels: Mapping[Skill, Level], seen: Mapping[Skill, Level]
) -> None:
    stands = {skill: known.get(skill.pk, NOTHING) for skill in seen}
    missed = [skill for skill, level in seen.items() if stands[skill] not in {level, levels.get(skill, level)}]
    if missed:
        words = _("Somebody has set it to %(level)d meanwhile.")
        raise SkillRefused(
            _("Somebody has changed the skills of %(who)s meanwhile. Look again, then save.") % {"who": member},
            fields={level_field(member, skill): [words % {"level": stands[skill][0]}] for skill in missed},
        )


@transaction.atomic
def set_story_points(*, story: Story, points: Mapping[Skill, int], by: Member, now: datetime) -> None:
    """Say how many of a story's points are work of which skill; skills left out need none. The total stays as it is.

    A sum that differs from the total is fine, and shown. What stays the same is not written. Raises `SkillRefused` for
    a number that makes no sense and a story of a sprint that is over.
    """
    one_at_a_time(story.workspace_id)
    found = Story.objects.select_related("sprint", "workspace").get(pk=story.pk)
    if found.sprint is not None and found.sprint.is_over:
        raise SkillRefused(_("This sprint is over: its stories stay as they were."))
    wanted = {skill: number for skill, number in points.items() if number}
    if any(not 0 <= number <= MOST_POINTS for number in points.values()):
        raise SkillRefused(_("Points are from 0 to %(most)d.") % {"most": MOST_POINTS})
    before = {row.skill.name: row.points for row in found.skill_points.select_related("skill")}
    after = {skill.name: number for skill, number in wanted.items()}
    if before == after:
        return
    found.skill_points.all().delete()
    StoryPoints.objects.bulk_create(
        StoryPoints(workspace=found.workspace, story=found, skill=skill, points=number)
        for skill, number in wanted.items()
    )
    record("story.skills_set", found, by=by, now=now, before=before, after=after)
