"""What the owner is shown, frozen as plain data, and which part of it binds.

The same functions describe a plan when it is sent for approval and when it is compared with what was approved.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from audience.models import Contact, Segment
from emailops.lib.fingerprint import fingerprint
from sprints.headcount import Headcount
from sprints.models import Hypothesis, SendBrief, Sprint, SprintTarget, Story
from sprints.planned import PlannedSprint
from strategy.models import Goal
from workspaces.models import Workspace

COUNTED = {"people", "contacts", "current", "outlook"}
"""Keys whose values move by themselves: shown and frozen, but no reason to ask again."""

Snapshot = dict[str, Any]


def sprint_snapshot(plan: PlannedSprint) -> Snapshot:
    """The whole plan of a sprint; `people` are those whom any of its sends is for, each counted once."""
    segments = [story.brief.segment for story in plan.stories if hasattr(story, "brief")]
    return {
        "kind": "sprint",
        "currency": plan.workspace.currency,
        "people": _people_in_any(plan.workspace, segments, plan.heads),
        "contacts": Contact.objects.for_workspace(plan.workspace).count(),
        **plan_words(plan.sprint),
        "stories": [story_snapshot(story, plan.now, plan.heads) for story in plan.stories],
    }


def plan_words(sprint: Sprint) -> Snapshot:
    """The part of a plan's snapshot that is about the sprint itself and its goal. One query."""
    return {
        "sprint": {
            "number": sprint.number,
            "name": sprint.name,
            "goal_sentence": sprint.goal_sentence,
            "start": sprint.start_date.isoformat(),
            "end": sprint.end_date.isoformat(),
            "capacity": sprint.capacity_points,
        },
        "goal": _goal(sprint.goal) if sprint.goal else None,
        "target": _target(sprint),
    }


def content_snapshot(story: Story, content: Mapping[str, str], now: datetime) -> Snapshot:
    """A finished mail with the story it was made for. `content` is kept as it comes."""
    return {
        "kind": "content",
        "currency": story.workspace.currency,
        "stories": [{**story_snapshot(story, now), "content": dict(content)}],
    }


def launch_snapshot(story: Story, content: Mapping[str, str], brief: Snapshot, now: datetime) -> Snapshot:
    """A launch: the finished mail with the audience, days and offer with which it would go out, as `brief`."""
    frozen = content_snapshot(story, content, now)
    item = frozen["stories"][0]
    return {**frozen, "kind": "launch", "stories": [{**item, "brief": {**(item["brief"] or {}), **brief}}]}


def story_snapshot(story: Story, now: datetime, heads: Headcount | None = None) -> Snapshot:
    """One story as the owner sees it. Whoever describes several counts their people with the same `heads`."""
    brief = getattr(story, "brief", None)
    return {**story_words(story), "brief": brief_snapshot(brief, now, heads) if brief else None}


def story_words(story: Story) -> Snapshot:
    """The part of a story's snapshot for which nobody has to be counted. No query for a story with `with_plan`."""
    hypothesis = getattr(story, "hypothesis", None)
    return {
        "id": story.pk,
        "number": story.number,
        "title": story.title,
        "as_a": story.as_a,
        "i_want": story.i_want,
        "so_that": story.so_that,
        "kind": story.kind,
        "points": story.points,
        "goal": story.goal.name if story.goal else "",
        "criteria": [criterion.text for criterion in story.criteria.all()],
        "hypothesis": hypothesis_snapshot(hypothesis) if hypothesis else None,
    }


def _goal(goal: Goal) -> Snapshot:
    last = goal.kpi.readings.order_by("-day").first()
    return {
        "name": goal.name,
        "kpi": goal.kpi.name,
        "unit": goal.kpi.unit,
        "baseline": float(goal.baseline),
        "target": float(goal.target),
        "start": goal.start_date.isoformat(),
        "due": goal.due_date.isoformat(),
        "current": float(last.value) if last else None,
    }


def _target(sprint: Sprint) -> Snapshot | None:
    """What the sprint by itself should move; older snapshots have no such key."""
    target = SprintTarget.objects.filter(sprint=sprint).select_related("kpi").first()
    if target is None:
        return None
    return {
        "kpi": target.kpi.name,
        "unit": target.kpi.unit,
        "baseline": float(target.baseline),
        "target": float(target.target),
    }


def hypothesis_snapshot(hypothesis: Hypothesis) -> Snapshot:
    """What is believed, and how and when it will be judged."""
    return {
        "because": hypothesis.because,
        "change": hypothesis.change,
        "audience": hypothesis.audience,
        "metric": hypothesis.metric,
        "baseline": hypothesis.baseline,
        "expected": hypothesis.expected,
        "minimum_effect": hypothesis.minimum_effect,
        "check_date": hypothesis.check_date.isoformat(),
    }


def brief_snapshot(brief: SendBrief, now: datetime, heads: Headcount | None = None) -> Snapshot:
    """What will happen to customers."""
    return {**brief_words(brief), "people": (heads or Headcount(now)).people_in(brief.segment)}


def brief_words(brief: SendBrief) -> Snapshot:
    """The same but for the number of people, so that nobody has to be counted."""
    return {
        "segment": segment_snapshot(brief.segment),
        "window": [brief.window_start.isoformat(), brief.window_end.isoformat()],
        "offer": brief.offer,
        "cost": format(brief.cost, ".2f"),
        "expected": [format(brief.expected_low, ".2f"), format(brief.expected_high, ".2f")],
    }


def segment_snapshot(segment: Segment) -> Snapshot:
    return {"id": segment.pk, "name": segment.name, "definition": segment.definition}


def people_in(segment: Segment, now: datetime) -> int:
    return Headcount(now).people_in(segment)


def _people_in_any(workspace: Workspace, segments: list[Segment], heads: Headcount) -> int:
    """How many different people belong to at least one of these segments; broken ones hold nobody."""
    each = {segment.pk: segment for segment in segments}.values()
    conditions = [part for segment in each if isinstance(part := heads.condition(segment), Q)]
    if not conditions:
        return 0
    everybody = Contact.objects.for_workspace(workspace)
    # An empty condition asks nothing, so it lets everybody in; Django's `|` would drop it instead.
    return (everybody.filter(reduce(or_, conditions)) if all(conditions) else everybody).count()


def material_fingerprint(snapshot: Snapshot) -> str:
    """SHA-256 of the part of a snapshot whose change asks for a new decision. The order of the stories does not."""
    if "stories" not in snapshot:
        return fingerprint(snapshot)
    ordered = sorted(snapshot["stories"], key=lambda story: story["id"])
    return fingerprint(_without_counts({**snapshot, "stories": ordered}))


def _without_counts(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_counts(part) for key, part in value.items() if key not in COUNTED}
    if isinstance(value, list):
        return [_without_counts(part) for part in value]
    return value


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is no longer as it was approved, in words. Only a material one asks for a new answer."""

    what: str
    approved: str
    now: str
    is_material: bool = True

    def __str__(self) -> str:
        return _("%(what)s: approved “%(approved)s”, now “%(now)s”") % {
            "what": self.what,
            "approved": self.approved,
            "now": self.now,
        }


def brief_differences(approved: Snapshot, current: Snapshot, tolerance: float) -> list[Difference]:
    """What of the covered brief changed: audience, window, offer, cost. Empty means: exactly what was approved.

    `current["window"]` may be narrower than the approved one: a send inside it is what was approved.
    """
    found = []
    if approved["segment"]["definition"] != current["segment"]["definition"]:
        names = approved["segment"]["name"], current["segment"]["name"]
        changed = names[1] if names[0] != names[1] else _("%(name)s, with other rules") % {"name": names[1]}
        found.append(Difference(_("Audience"), names[0], changed))
    elif has_drifted(approved["people"], current["people"], tolerance):
        found.append(
            Difference(_("Number of people"), number_format(approved["people"]), number_format(current["people"]))
        )
    if not approved["window"][0] <= current["window"][0] <= current["window"][1] <= approved["window"][1]:
        found.append(Difference(_("Window"), _window(approved), _window(current)))
    if approved["offer"].strip() != current["offer"].strip():
        none = _("no offer")
        found.append(Difference(_("Offer"), approved["offer"] or none, current["offer"] or none))
    if approved["cost"] != current["cost"]:
        was, costs = (number_format(Decimal(brief["cost"]), 2) for brief in (approved, current))
        found.append(Difference(_("Cost"), was, costs))
    return found


def has_drifted(approved: float, current: float, tolerance: float) -> bool:
    """Whether a count moved by more than the share of it that is tolerated."""
    return abs(current - approved) > round(tolerance * approved, 6)  # 0.29 × 100 < 29


def _window(brief: Snapshot) -> str:
    first, last = (date_format(datetime.fromisoformat(day), "SHORT_DATE_FORMAT") for day in brief["window"])
    return first if first == last else f"{first} – {last}"
