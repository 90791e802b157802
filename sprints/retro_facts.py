"""What a retrospective looks at besides promise and outcome: goals, what was bent, waiting, and sends."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from sprints.deciders import policy_of
from sprints.models import ScopeChange, ScopeEntry, Sprint, Story
from sprints.owner_waiting import Wait, waiting_in
from sprints.plan_changes import POINTS, plan_part_changes
from sprints.queries import changed_scope, scope_changes
from sprints.retrospect import RetroFigures
from sprints.sends import StorySend, sends_of
from sprints.snapshot import Difference, has_drifted, plan_words
from strategy.models import Goal
from strategy.progress import Progress
from strategy.queries import goal_lines

MOST_CHANGES = 30
"""So many changes of scope are told one by one; of others there is a number, and the scope log."""


@dataclass(frozen=True, slots=True)
class GoalMove:
    """A goal as it stood on the day before the sprint and on its last day; `is_above`: the sprint's goal serves it."""

    goal: Goal
    before: Progress
    after: Progress
    is_above: bool

    @property
    def points(self) -> float | None:
        """How many points of a hundred of the way were made meanwhile; None where one end is not known."""
        if self.before.value is None or self.after.value is None:
            return None
        return self.after.rate - self.before.rate


@dataclass(frozen=True, slots=True)
class Bent:
    """Something that went otherwise than was agreed: which story, what, and how in words."""

    story: Story | None
    what: str
    how: str
    icon: str


@dataclass(frozen=True)
class RetroFacts:
    """The facts of one sprint, each read when it is first asked for. About a dozen queries in all."""

    figures: RetroFigures
    now: datetime

    @property
    def sprint(self) -> Sprint:
        return self.figures.sprint

    @property
    def today(self) -> date:
        return self.now.astimezone(self.sprint.workspace.zone).date()

    @cached_property
    def goals(self) -> list[GoalMove]:
        """The sprint's goal and the one above it."""
        goal = Goal.objects.with_kpi().select_related("kpi__workspace").filter(pk=self.sprint.goal_id or 0).first()
        if goal is None:
            return []
        above = Goal.objects.with_kpi().select_related("kpi__workspace").filter(pk=goal.parent_id or 0)
        goals = [goal, *above]
        start, end = self.sprint.start_date - timedelta(days=1), min(self.today, self.sprint.end_date)
        ends = zip(goal_lines(goals, start), goal_lines(goals, end), strict=True)
        return [GoalMove(b.goal, a.progress, b.progress, b.goal.pk != goal.pk) for a, b in ends]

    @cached_property
    def sends(self) -> list[StorySend]:
        return sends_of([line.story for line in self.figures.stories], self.now)

    @property
    def left_out(self) -> list[StorySend]:
        """The sends in which somebody was not written to."""
        return [send for send in self.sends if send.losses]

    @cached_property
    def waits(self) -> list[Wait]:
        """What waited for the owner, and how long, the first first: versions of the plan, mails and launches."""
        return waiting_in(self.sprint, self.now).waits

    @cached_property
    def bent(self) -> list[Bent]:
        """Changed after approval, changed scope, what began late, and sends to others than were approved."""
        return [
            *self._late_start(),
            *self._changed_plan(),
            *self._changed(),
            *self._scope(),
            *self._other_audiences(),
            *self._late_sends(),
        ]

    def _scope(self) -> Iterator[Bent]:
        """The newest changes of scope one by one, and how many others there were."""
        yield from map(_scope_bent, scope_changes(self.sprint, MOST_CHANGES))
        others = changed_scope(self.sprint).count() - MOST_CHANGES
        if others > 0:
            how = ngettext("%(count)d stands in the scope log", "%(count)d stand in the scope log", others)
            yield Bent(None, _("Earlier changes of scope"), how % {"count": others}, "scroll-text")

    def _late_start(self) -> Iterator[Bent]:
        sprint = self.sprint
        if sprint.started_at is None:
            return
        days = (sprint.started_at.astimezone(sprint.workspace.zone).date() - sprint.start_date).days
        if days > 0:
            how = ngettext("%(days)d day after its first day", "%(days)d days after its first day", days)
            yield Bent(None, _("The sprint began late"), how % {"days": days}, "clock")

    def _changed_plan(self) -> Iterator[Bent]:
        """What of the sprint itself is not as the owner approved it last. Two queries."""
        approved = self.figures.approved
        if approved is None:
            return
        currency = self.sprint.workspace.currency
        if moved := plan_part_changes(approved, plan_words(self.sprint), currency):
            yield Bent(None, _("The plan was changed after approval"), _in_words(moved), "pen-line")

    def _changed(self) -> Iterator[Bent]:
        """Story by story; what the scope log says of points is not said twice."""
        estimated = set(
            changed_scope(self.sprint).filter(change=ScopeChange.ESTIMATED).values_list("story_id", flat=True)
        )
        for line in self.figures.stories:
            known = {str(POINTS)} if line.story.pk in estimated else set()
            if moved := [difference for difference in line.moved if difference.what not in known]:
                yield Bent(line.story, _("Changed after approval"), _in_words(moved), "pen-line")

    def _other_audiences(self) -> Iterator[Bent]:
        """Sends for which more or fewer matched than the owner approved, beyond what the workspace tolerates."""
        lines = {line.story.pk: line for line in self.figures.stories}
        tolerance = policy_of(self.sprint.workspace).audience_tolerance if self.sends else 0.0
        for send in self.sends:
            approved = lines[send.story_id].people_promised
            if approved is not None and has_drifted(approved, send.matched, tolerance):
                how = _("“%(send)s”: approved for %(approved)s people, %(matched)s matched")
                said = {"send": send.name, "approved": _count(approved), "matched": _count(send.matched)}
                yield Bent(lines[send.story_id].story, _("Another audience than approved"), how % said, "users")

    def _late_sends(self) -> Iterator[Bent]:
        by_pk = {line.story.pk: line.story for line in self.figures.stories}
        for send in self.sends:
            day = send.started_at.astimezone(self.sprint.workspace.zone).date()
            if send.window_end and day > send.window_end:
                ends, went = date_format(send.window_end, "DATE_FORMAT"), date_format(day, "DATE_FORMAT")
                how = _("“%(send)s” went out on %(day)s; its window ended on %(end)s")
                said = how % {"send": send.name, "day": went, "end": ends}
                yield Bent(by_pk[send.story_id], _("Sent late"), said, "clock")


def _in_words(differences: Sequence[Difference]) -> str:
    return "; ".join(str(difference) for difference in differences)


def _count(people: int) -> str:
    return number_format(people, force_grouping=True)


SCOPE_WORDS = {
    ScopeChange.ADDED: (gettext_lazy("Added after the start"), "plus"),
    ScopeChange.REMOVED: (gettext_lazy("Taken out after the start"), "user-minus"),
    ScopeChange.ESTIMATED: (gettext_lazy("Estimated anew"), "hash"),
}


def _scope_bent(entry: ScopeEntry) -> Bent:
    what, icon = SCOPE_WORDS[ScopeChange(entry.change)]
    who = str(entry.by) if entry.by else _("the system")
    points = ngettext("%(points)s point", "%(points)s points", abs(entry.points)) % {"points": f"{entry.points:+d}"}
    day = date_format(entry.at, "SHORT_DATE_FORMAT")
    how = _("%(points)s, by %(who)s on %(day)s") % {"points": points, "who": who, "day": day}
    return Bent(entry.story, str(what), how, icon)
