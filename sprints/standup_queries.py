"""Reads of the stand-up: a day with what everybody says, the history by day, and how plans were kept."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, F, Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sprints.absence import away_on
from sprints.models import (
    ActionState,
    PlanKept,
    RetroAction,
    SprintState,
    StandUp,
    StandUpEntry,
    StandUpSchedule,
    Story,
    StoryQuerySet,
    StoryStatus,
)
from sprints.moves import ShownMove, shown
from sprints.standup_days import participants
from workspaces.charts import Chart, Series
from workspaces.models import Member, Workspace

WEEKS = 4
MOST_SUGGESTED = 12
UNDER_WAY = (StoryStatus.DOING, StoryStatus.REVIEW)


@dataclass(frozen=True, slots=True)
class Card:
    """What one member says, in words."""

    entry: StandUpEntry
    moves: list[ShownMove]


@dataclass(frozen=True, slots=True)
class Team:
    """A stand-up as the team sees it: who wrote, oldest first, who has not yet, and who is off and need not."""

    cards: list[Card]
    silent: list[Member]
    off: list[Member]

    @property
    def expected(self) -> int:
        return len(self.cards) + len(self.silent)


def team_of(stand_up: StandUp, schedule: StandUpSchedule) -> Team:
    """Seven queries."""
    entries = list(stand_up.entries.shown().order_by("created_at", "pk"))
    wrote = {entry.member_id for entry in entries}
    others = [member for member in participants(schedule) if member.pk not in wrote]
    away = away_on(schedule.workspace, stand_up.day)
    return Team(
        [card_of(entry) for entry in entries],
        silent=[member for member in others if member.pk not in away],
        off=[member for member in others if member.pk in away],
    )


def card_of(entry: StandUpEntry) -> Card:
    return Card(entry, shown(entry.moves))


def suggested_stories(member: Member) -> StoryQuerySet:
    """A member's own open stories of the running sprint: what is under way first."""
    own = Story.objects.for_workspace(member.workspace).filter(assignee=member, dropped_at=None)
    return own.filter(sprint__state=SprintState.RUNNING).exclude(status=StoryStatus.DONE).ranked()


def offered_stories(member: Member, entry: StandUpEntry | None) -> list[Story]:
    """What a member can tick for today: the suggested ones, and what is ticked already. Two queries."""
    ticked = list(entry.stories.all()) if entry and entry.pk else []
    known = {story.pk for story in ticked}
    suggested = [story for story in suggested_stories(member) if story.pk not in known]
    suggested.sort(key=lambda story: story.status not in UNDER_WAY)
    return [*ticked, *suggested[:MOST_SUGGESTED]]


def agreed_by(member: Member) -> list[RetroAction]:
    """What a member has agreed to do in retrospectives and is still open, what is due first. One query."""
    found = RetroAction.objects.for_workspace(member.workspace).filter(owner=member, state=ActionState.OPEN)
    undone = found.exclude(story__status=StoryStatus.DONE).exclude(story__dropped_at__isnull=False)
    return list(undone.select_related("sprint", "story").order_by(F("due_date").asc(nulls_last=True), "pk"))


def latest_stand_up(workspace: Workspace, before: date) -> StandUp | None:
    """The last one before a day on which somebody wrote."""
    found = StandUp.objects.for_workspace(workspace).filter(day__lt=before, entries__isnull=False)
    return found.select_related("workspace").order_by("-day").first()


def stand_up_days(workspace: Workspace) -> "QuerySet[StandUp]":
    """The days on which somebody wrote, newest first, with how many did and how plans were kept. One query."""
    counts = {f"{name}_count": Count("entries", filter=Q(entries__plan_kept=name)) for name in PlanKept.values}
    found = StandUp.objects.for_workspace(workspace).annotate(written_count=Count("entries"), **counts)
    return found.filter(written_count__gt=0).order_by("-day")


def kept_chart(workspace: Workspace, today: date, member: Member | None = None) -> Chart | None:
    """How many plans were kept, partly, and not, in each of the last weeks. None when nobody said. One query."""
    mondays = _mondays(today)
    said = StandUpEntry.objects.for_workspace(workspace).filter(stand_up__day__gte=mondays[0]).exclude(plan_kept="")
    if member is not None:
        said = said.filter(member=member)
    counts = Counter((_monday(day), kept) for day, kept in said.values_list("stand_up__day", "plan_kept"))
    if not counts:
        return None
    return Chart(
        label=_chart_label(counts),
        labels=[date_format(monday, "j M") for monday in mondays],
        series=[
            Series(_("Kept"), "ok", _line(counts, mondays, PlanKept.YES)),
            Series(_("Partly"), "warn", _line(counts, mondays, PlanKept.PARTLY)),
            Series(_("Not kept"), "bad", _line(counts, mondays, PlanKept.NO)),
        ],
        height="s",
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _mondays(today: date) -> list[date]:
    return [_monday(today) - timedelta(weeks=n) for n in range(WEEKS - 1, -1, -1)]


def _line(counts: Counter[tuple[date, str]], mondays: Sequence[date], kept: PlanKept) -> list[float]:
    return [float(counts[monday, kept]) for monday in mondays]


def _chart_label(counts: Counter[tuple[date, str]]) -> str:
    whole = sum(number for (_day, kept), number in counts.items() if kept == PlanKept.YES)
    words = _("Plans kept by week: %(kept)d of %(all)d in four weeks")
    return words % {"kept": whole, "all": sum(counts.values())}
