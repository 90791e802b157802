"""What a plan is read with before a yes: how often people hear from us, what could go wrong, what was left out.

Frozen with the plan as plain data, without words of any language; `sprints.shown_outlook` says them.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, Value, When

from audience.models import Contact
from sprints.deciders import policy_of
from sprints.learning import lessons_for
from sprints.models import (
    ApprovalRequest,
    ApprovalState,
    OutcomeVerdict,
    ScopeChange,
    ScopeEntry,
    Sprint,
    Story,
    StoryDecision,
    Verdict,
)
from sprints.planned import PlannedSprint
from sprints.queries import head_of_backlog, missing_parts
from sprints.readiness import readiness
from sprints.snapshot import Snapshot, has_drifted

MOST_LOOKED_AT = 60  # stories at the head of the backlog; who is further down was not close to being taken
MOST_LEFT_OUT = 6
MISSED = (OutcomeVerdict.NOT_REACHED, OutcomeVerdict.PARTLY)


def outlook(plan: PlannedSprint) -> Snapshot:
    """Everything that is frozen beside the plan itself."""
    return {
        "mails": mails_a_person(plan),
        "risks": list(risks(plan)),
        "left_out": list(left_out(plan)),
    }


def mails_a_person(plan: PlannedSprint) -> list[int]:
    """How many people belong to the audience of one send of the plan, of two, of three, and so on. One query.

    Counted from the segments as they are: who gave no consent, or has none any more, gets less.
    """
    found = [plan.heads.condition(story.brief.segment) for story in plan.stories if hasattr(story, "brief")]
    conditions = [part for part in found if isinstance(part, Q)]
    if not conditions:
        return []
    each = [
        Case(When(part, then=1), default=0, output_field=IntegerField()) if part else Value(1) for part in conditions
    ]
    people = Contact.objects.for_workspace(plan.workspace).annotate(mails=sum(each[1:], each[0]))
    counted = dict(people.filter(mails__gt=0).order_by().values_list("mails").annotate(Count("pk")))
    return [counted.get(number, 0) for number in range(1, max(counted, default=0) + 1)]


def risks(plan: PlannedSprint, since: datetime | None = None) -> Iterator[dict[str, Any]]:
    """What could go wrong, as far as the product knows: blocked, unready, another audience, tried before and missed.

    `since`: of what was tried before, only verdicts measured from then on.
    """
    yield from _blocked(plan.stories)
    for check in readiness(plan):
        if not check.is_met:
            title = check.story.title if check.story else ""
            yield {"kind": "unready", "title": title, "said": f"{check.title}. {check.remedy}"}
    yield from _moved_audiences(plan)
    yield from _tried(plan, since)


def _blocked(stories: list[Story]) -> Iterator[dict[str, Any]]:
    for story in stories:
        blocker = story.blocker
        if blocker is not None:
            yield {"kind": "blocked", "title": story.title, "said": blocker.reason, "who": str(blocker.owner)}


def _moved_audiences(plan: PlannedSprint) -> Iterator[dict[str, Any]]:
    """Audiences that grew or shrank beyond what is tolerated since the owner last answered."""
    answered = (
        ApprovalRequest.objects.filter(sprint=plan.sprint, state=ApprovalState.DECIDED).order_by("-version").first()
    )
    before = {item["id"]: item["brief"] for item in answered.items if item["brief"]} if answered else {}
    tolerance = policy_of(plan.workspace).audience_tolerance
    for story in plan.stories:
        approved = before.get(story.pk)
        if approved is None or not hasattr(story, "brief") or approved["segment"]["id"] != story.brief.segment_id:
            continue
        people = plan.heads.people_in(story.brief.segment)
        if has_drifted(approved["people"], people, tolerance):
            yield {"kind": "audience", "title": story.title, "was": approved["people"], "now": people}


def _tried(plan: PlannedSprint, since: datetime | None) -> Iterator[dict[str, Any]]:
    lessons = lessons_for(plan.workspace, plan.stories, since)
    for story in plan.stories:
        for lesson in lessons.get(story.pk, []):
            if lesson.outcome.verdict in MISSED:
                verdict = str(lesson.outcome.verdict)
                yield {"kind": "tried", "title": story.title, "said": lesson.story.title, "verdict": verdict}


def left_out(plan: PlannedSprint) -> Iterator[dict[str, Any]]:
    """Stories of the version before that are gone, then those of the backlog that were ready and not taken."""
    gone = list(_gone(plan.sprint, {story.pk for story in plan.stories}))
    yield from gone
    free = (plan.sprint.capacity_points or 0) - sum(story.points or 0 for story in plan.stories)
    named = {line["id"] for line in gone}
    ahead = head_of_backlog(plan.workspace, MOST_LOOKED_AT)
    ready = [story for story in ahead if story.pk not in named and not missing_parts(story)]
    for story in ready[: max(0, MOST_LEFT_OUT - len(gone))]:
        yield {"id": story.pk, "title": story.title, **_why_not_taken(story, free)}


def _why_not_taken(story: Story, free: int) -> dict[str, Any]:
    if story.blocker is not None:
        return {"kind": "blocked", "said": story.blocker.reason}
    if (story.points or 0) > free:
        return {"kind": "full", "points": story.points, "free": max(0, free)}
    return {"kind": "below"}


def _gone(sprint: Sprint, planned: set[int]) -> Iterator[dict[str, Any]]:
    last = ApprovalRequest.objects.filter(sprint=sprint).order_by("-version").first()
    titles = {item["id"]: item["title"] for item in last.items if item["id"] not in planned} if last else {}
    reasons = _reasons(sprint, list(titles))
    refused = _refused(sprint, list(titles))
    for pk, title in titles.items():
        if pk in refused:
            yield {"id": pk, "title": title, "kind": "declined", "said": refused[pk]}
        else:
            yield {"id": pk, "title": title, "kind": "out", "said": reasons.get(pk, "")}


def _reasons(sprint: Sprint, pks: list[int]) -> dict[int, str]:
    """Why each was taken out, in the words of the scope log."""
    taken = ScopeEntry.objects.filter(sprint=sprint, story__in=pks, change=ScopeChange.REMOVED).order_by("at", "pk")
    return dict(taken.values_list("story", "reason"))


def _refused(sprint: Sprint, pks: list[int]) -> dict[int, str]:
    """What the owner said of those that she declined last."""
    decisions = StoryDecision.objects.filter(story__in=pks, request__sprint=sprint)
    newest = decisions.order_by("story_id", "-request__decided_at", "-pk").distinct("story_id")
    return {one.story_id: one.comment for one in newest if one.verdict == Verdict.DECLINED}
