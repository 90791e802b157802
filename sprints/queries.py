"""Reads of the backlog, the board and the sprints."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audience.models import Segment
from audience.segments.compile import contacts_in
from audience.segments.definition import SegmentBroken, read_definition
from sprints.calendar import holidays_of
from sprints.models import ScopeChange, ScopeEntry, Sprint, SprintState, Story, StoryQuerySet, StoryStatus
from sprints.pace import even_done, working_days
from workspaces.models import Member, Workspace

VELOCITY_SPRINTS = 3
"""So many of the last sprints say how much the next one can take."""


MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Card:
    """A story in its list. `up` and `down` are the ids before which it stands after one step that way.

    An empty `down` is the end of the list; None means that there is no step.
    """

    story: Story
    up: str | None
    down: str | None

    @property
    def missing(self) -> list[str]:
        return missing_parts(self.story)

    @property
    def needs(self) -> str:
        """What is missing, in a few words: of many things the first two."""
        missing = self.missing
        if len(missing) <= MOST_NAMED:
            return ", ".join(missing)
        named = ", ".join(missing[: MOST_NAMED - 1])
        return _("%(parts)s and %(count)d more") % {"parts": named, "count": len(missing) - MOST_NAMED + 1}

    @property
    def met(self) -> int:
        return sum(criterion.is_met for criterion in self.story.criteria.all())


def cards(stories: Sequence[Story]) -> list[Card]:
    """The stories in their order, each with its neighbours. Stories need `with_plan`."""
    keys = [str(story.pk) for story in stories]
    last = len(keys) - 1
    return [
        Card(
            story,
            up=keys[n - 1] if n else None,
            down=None if n == last else keys[n + 2] if n + 2 <= last else "",
        )
        for n, story in enumerate(stories)
    ]


PARTS = (
    gettext_lazy("who wants what and why"),
    gettext_lazy("goal"),
    gettext_lazy("acceptance criteria"),
    gettext_lazy("estimate"),
    gettext_lazy("hypothesis"),
    gettext_lazy("send brief"),
)
"""What a story has to have; the last two, one that sends."""


def missing_parts(story: Story) -> list[str]:
    """What a story still needs before the owner can be asked about it. No query for a story with `with_plan`."""
    parts = [
        bool(story.as_a and story.i_want and story.so_that),
        bool(story.goal_id),
        bool(story.criteria.all()),
        story.points is not None,
    ]
    if story.sends:
        parts += [hasattr(story, "hypothesis"), hasattr(story, "brief")]
    return [str(PARTS[place]) for place, is_there in enumerate(parts) if not is_there]


def head_of_backlog(workspace: Workspace, most: int) -> list[Story]:
    """The first stories of the backlog in its order, with everything a row shows. Five queries."""
    stories = Story.objects.for_workspace(workspace)
    first = stories.in_backlog().ranked().values("pk")[:most]
    return list(stories.filter(pk__in=first).with_plan().with_marks().ranked())


def open_sprints(workspace: Workspace) -> "list[Sprint]":
    """The sprints a story can still go into: those being planned, and then the running one."""
    found = Sprint.objects.for_workspace(workspace).open()
    return sorted(found.order_by("number"), key=lambda sprint: sprint.state == SprintState.RUNNING)


@dataclass(frozen=True, slots=True)
class SprintFigures:
    """How a running sprint stands: points done of all that is in it, days, what is blocked, and who works on it."""

    done: int
    scope: int
    even: int
    days_left: int
    day: int
    days: int
    blocked: list[Story]
    people: list[Member]

    @property
    def done_rate(self) -> float:
        return self.done / self.scope if self.scope else 0.0


def sprint_figures(sprint: Sprint, today: date) -> SprintFigures:
    """Four queries, however many stories there are."""
    free = holidays_of(sprint.workspace, sprint.start_date, sprint.end_date)
    stories = sprint.stories.filter(dropped_at=None)
    points = stories.aggregate(
        scope=Coalesce(Sum("points"), 0), done=Coalesce(Sum("points", filter=Q(status=StoryStatus.DONE)), 0)
    )
    people = Member.objects.filter(pk__in=stories.values("assignee")).select_related("user")
    return SprintFigures(
        done=points["done"],
        scope=points["scope"],
        even=round(even_done(sprint, today, free)),
        days_left=working_days(max(today, sprint.start_date), sprint.end_date, free),
        day=working_days(sprint.start_date, min(today, sprint.end_date), free),
        days=working_days(sprint.start_date, sprint.end_date, free),
        blocked=list(stories.blocked().with_blocker().ranked()),
        people=list(people.order_by("user__name", "pk")),
    )


def workers_on(story: Story) -> list[Member]:
    """Who works on a story, its lead first. No query for a story with `with_marks`."""
    helpers = [helper.member for helper in story.helpers.all()]
    return [story.assignee, *helpers] if story.assignee else helpers


def points_of(stories: Iterable[Story]) -> int:
    return sum(story.points or 0 for story in stories)


def sprints_with_points(workspace: Workspace) -> "list[Sprint]":
    """All sprints, newest first; `planned` is what stands in them now, `done` what of it is done. One query."""
    done = Q(stories__status=StoryStatus.DONE)
    found = Sprint.objects.for_workspace(workspace).select_related("goal", "workspace")
    return list(
        found.annotate(
            planned=Coalesce(Sum("stories__points"), 0), done=Coalesce(Sum("stories__points", filter=done), 0)
        ).order_by("-number")
    )


def usual_points(workspace: Workspace) -> int | None:
    """What the last sprints delivered on average; None before the first has ended."""
    closed = Sprint.objects.for_workspace(workspace).closed().order_by("-number")
    delivered = [sprint.delivered_points or 0 for sprint in closed[:VELOCITY_SPRINTS]]
    return round(sum(delivered) / len(delivered)) if delivered else None


def scope_changes(sprint: Sprint, most: int | None = None) -> "list[ScopeEntry]":
    """What changed in a sprint after it was started, newest first; what was done is on the board. One query.

    With `most`, so many of the newest.
    """
    found = changed_scope(sprint).select_related("story", "by__user")
    return list(found.order_by("-at", "-pk")[:most])


def changed_scope(sprint: Sprint) -> "QuerySet[ScopeEntry]":
    """The lines of the scope log that a sprint did not begin with."""
    changes = (ScopeChange.ADDED, ScopeChange.REMOVED, ScopeChange.ESTIMATED)
    return ScopeEntry.objects.filter(sprint=sprint, change__in=changes)


def carried_over(sprint: Sprint) -> StoryQuerySet:
    """Stories that a closed sprint began with or took in, and that left it unfinished."""
    inside = ScopeEntry.objects.filter(sprint=sprint).values("story")
    return Story.objects.filter(pk__in=inside).exclude(sprint=sprint).select_related("sprint").order_by("number")


@dataclass(frozen=True, slots=True)
class Reach:
    """How many people a segment holds now, and how many of them may be written to; `broken` says why nobody knows."""

    people: int = 0
    reachable: int = 0
    broken: str = ""


def reach_of(segment: Segment, now: datetime) -> Reach:
    """Two queries."""
    try:
        people = contacts_in(segment.workspace, read_definition(segment.definition), now)
        return Reach(people.count(), people.consenting().filter(suppression="").count())
    except SegmentBroken as broken:
        return Reach(broken=str(broken))
