"""Where stories and sprints stand with the owner, for templates: `{% load sprints_tags %}`.

The tags that take the context need the page's `member`, `workspace` and `request`.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import template

from audience.models import Segment
from emailops.lib.routes import address
from sprints.answer_groups import answer_groups
from sprints.backlog_filters import about_segment
from sprints.deciders import is_waiting
from sprints.models import OutcomeVerdict, Sprint, Story, StoryStatus
from sprints.planned import PlannedSprint
from sprints.ranges import days_between, money_between
from sprints.readiness import Part, ReadinessCheck, readiness_by_story
from sprints.standing import Standing, StoryApproval, standing_of
from strategy.models import Goal
from workspaces.permissions import Can

register = template.Library()
MOST_OF_A_SEGMENT = 12

TONES: dict[str, str] = {
    Standing.WAITING: "warn",
    Standing.APPROVED: "ok",
    Standing.CONDITIONS: "warn",
    Standing.CHANGE: "warn",
    Standing.DECLINED: "bad",
    Standing.VOID: "bad",
    OutcomeVerdict.REACHED: "ok",
    OutcomeVerdict.PARTLY: "warn",
    OutcomeVerdict.NOT_REACHED: "bad",
}
ICONS: dict[str, str] = {
    Standing.WAITING: "clock",
    Standing.APPROVED: "check",
    Standing.CONDITIONS: "list-checks",
    Standing.CHANGE: "pen-line",
    Standing.DECLINED: "x",
    Standing.VOID: "triangle-alert",
    OutcomeVerdict.REACHED: "check",
    OutcomeVerdict.PARTLY: "circle-alert",
    OutcomeVerdict.NOT_REACHED: "x",
    OutcomeVerdict.UNCLEAR: "hourglass",
}
PLACES: dict[Part, str] = {
    Part.WORDS: "sprints:story_edit",
    Part.CRITERIA: "sprints:story_detail",
    Part.HYPOTHESIS: "sprints:story_hypothesis",
    Part.BRIEF: "sprints:story_brief",
}
"""Where what is missing in a story is mended."""

Context = template.Context


@register.filter
def tone(verdict: str) -> str:
    """The colour of a verdict, a standing or an outcome."""
    return TONES.get(verdict, "")


@register.filter
def sign(verdict: str) -> str:
    """The icon of a verdict, a standing or an outcome."""
    return ICONS.get(verdict, "circle-slash")


@register.filter
def days(window: tuple[Any, Any] | None) -> str:
    return days_between(*window) if window else ""


@register.filter
def amounts(ends: tuple[Decimal, Decimal] | None, currency: str) -> str:
    return money_between(*ends, currency) if ends else "–"


@register.simple_tag(takes_context=True)
def standings(context: Context, stories: Iterable[Story]) -> dict[int, StoryApproval]:
    """Where many stories stand, by story, in as many queries as for one. Hand it to `story_standing`."""
    return standing_of(list(stories), context["request"].now)


@register.inclusion_tag("sprints/_standing.html", takes_context=True)
def story_standing(
    context: Context, story: Story, found: dict[int, StoryApproval] | None = None, *, brief: bool = False
) -> dict[str, Any]:
    """A story's standing: the badge and, unless `brief`, the owner's words and what has changed since."""
    known = standings(context, [story]) if found is None else found
    return {"approval": known[story.pk], "story": story, "brief": brief, **_around(context)}


@register.inclusion_tag("sprints/_standing_sprint.html", takes_context=True)
def sprint_approval(context: Context, sprint: Sprint) -> dict[str, Any]:
    """The newest request of a sprint: where it stands, what was said, and what can be done next."""
    requests = sprint.approvals.with_voices().defer("snapshot")
    newest = requests.order_by("-version").first()
    return {
        "sprint": sprint,
        "asked": newest,
        "groups": answer_groups(newest) if newest else [],
        "is_waiting": newest is not None and is_waiting(newest),
        "is_mine": newest is not None and newest.approver_id == context["member"].pk,
        **_around(context),
    }


@register.inclusion_tag("sprints/_standing_readiness.html", takes_context=True)
def sprint_readiness(context: Context, plan: PlannedSprint) -> dict[str, Any]:
    """What still has to be done before the owner is asked: of the sprint, then story by story."""
    groups = readiness_by_story(plan)
    checks = [check for group in groups for check in group.checks]
    return {
        "sprint": plan.sprint,
        "groups": groups,
        "total": len(checks),
        "missing": sum(not check.is_met for check in checks),
        **_around(context),
    }


@register.inclusion_tag("sprints/_standing_goal.html", takes_context=True)
def goal_stories(context: Context, goal: Goal) -> dict[str, Any]:
    """The stories that serve a goal, newest sprint first, each with its standing and what came of it."""
    found = Story.objects.with_plan().select_related("outcome").filter(goal=goal, dropped_at=None)
    stories = sorted(
        found, key=lambda story: (story.sprint is None, -(story.sprint.number if story.sprint else 0), story.rank)
    )
    return {"goal": goal, "stories": stories, "standings": standings(context, stories), **_around(context)}


@register.inclusion_tag("sprints/_segment_stories.html", takes_context=True)
def segment_stories(context: Context, segment: Segment) -> dict[str, Any]:
    """The stories ahead whose brief names a segment, for those who may see stories."""
    ahead = Story.objects.filter(brief__segment=segment, dropped_at=None).exclude(status=StoryStatus.DONE).ranked()
    return {"stories": list(ahead) if context["member"].may(Can.SEE_SPRINTS) else [], **_around(context)}


@register.inclusion_tag("sprints/_segment_past.html", takes_context=True)
def stories_about(context: Context, segment: Segment) -> dict[str, Any]:
    """The newest stories that write to a segment or are about it, wherever they stand, with what came of each."""
    found = about_segment(Story.objects.for_workspace(context["workspace"]), segment.pk)
    newest = found.for_cards().select_related("outcome", "brief").order_by("-number")
    stories = list(newest[:MOST_OF_A_SEGMENT]) if context["member"].may(Can.SEE_SPRINTS) else []
    more = found.count() > len(stories)
    return {"segment": segment, "stories": stories, "more": more and bool(stories), **_around(context)}


@register.filter
def writes_to(story: Story, segment: Segment) -> bool:
    """Whether the brief of a story names a segment."""
    brief = getattr(story, "brief", None)
    return brief is not None and brief.segment_id == segment.pk


def _around(context: Context) -> dict[str, Any]:
    return {name: context[name] for name in ("member", "workspace", "request")}


@register.simple_tag(takes_context=True)
def mended_at(context: Context, sprint: Sprint, check: ReadinessCheck) -> str:
    """The page on which a person does what a check asks for; empty where this member may not."""
    member, slug = context["member"], context["workspace"].slug
    if not member.may(_needed(check.part)):
        return ""
    if check.part == Part.SPRINT:
        return address("sprints:sprint_edit", workspace=slug, pk=sprint.pk)
    if check.part == Part.SEGMENT and check.story:
        return address("audience:segment_edit", workspace=slug, pk=check.story.brief.segment_id)
    if check.story:
        return address(PLACES[check.part], workspace=slug, pk=check.story.pk)
    name = "workspaces:settings_members" if check.part == Part.MEMBERS else "sprints:story_list"
    return address(name, workspace=slug)


def _needed(part: Part) -> Can:
    special = {Part.SPRINT: Can.PLAN_SPRINTS, Part.MEMBERS: Can.MANAGE_WORKSPACE, Part.SEGMENT: Can.SEE_AUDIENCE}
    return special.get(part, Can.EDIT_STORIES)


@register.simple_tag
def outcome_of(story: Story) -> Any:
    """What came of a story, if it has been measured."""
    return getattr(story, "outcome", None)
