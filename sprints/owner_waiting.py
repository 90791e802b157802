"""How long the team waited for an owner: a blocker on the stand-up, and part of the cycle time of a story."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from sprints.models import ApprovalRequest, ApprovalState, ApprovalSubject, Sprint, Story

EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Wait:
    """One version that waited, or waits: from when it was asked until it was answered, replaced or pointless."""

    request: ApprovalRequest
    since: datetime
    until: datetime | None
    seen_at: datetime

    @property
    def is_open(self) -> bool:
        return self.until is None

    @property
    def length(self) -> timedelta:
        return max((self.until or self.seen_at) - self.since, timedelta(0))

    @property
    def days(self) -> float:
        return self.length / timedelta(days=1)

    @property
    def what(self) -> str:
        """A version of the plan, or what was asked about a story by itself."""
        if self.request.story is None:
            return _("Version %(version)d") % {"version": self.request.version}
        is_launch = self.request.subject == ApprovalSubject.LAUNCH
        return (_("Launch: %(story)s") if is_launch else _("Finished mail: %(story)s")) % {"story": self.request.story}

    @property
    def answer(self) -> str:
        """What became of it, in words."""
        if self.request.verdict:
            return str(self.request.get_verdict_display())
        return _("no answer") if self.request.state == ApprovalState.OPEN else str(self.request.get_state_display())

    @property
    def stories(self) -> set[int]:
        """Ids of the stories that could not go on."""
        return set() if self.request.is_strategy else self.request.asked_ids


@dataclass(frozen=True, slots=True)
class OwnerWaiting:
    """The waits of a sprint, oldest first; `total` counts time once, however many versions waited in it."""

    waits: list[Wait]

    @property
    def open(self) -> list[Wait]:
        return [wait for wait in self.waits if wait.is_open]

    @property
    def past(self) -> list[Wait]:
        return [wait for wait in self.waits if not wait.is_open]

    @property
    def total(self) -> timedelta:
        return time_waited(self.waits)


def waiting_in(sprint: Sprint, now: datetime) -> OwnerWaiting:
    """Open and past waiting for the owner in a sprint: its plan, and the mails and launches of its stories.

    One query.
    """
    asked = (
        ApprovalRequest.objects.for_workspace(sprint.workspace)
        .select_related("approver__user", "sprint", "story")
        .without_snapshot()
    )
    about = asked.filter(Q(sprint=sprint) | Q(story__sprint=sprint)).order_by("requested_at", "pk")
    return OwnerWaiting([_wait(request, sprint, now) for request in about])


def waits_of(stories: Sequence[Story], now: datetime) -> dict[int, list[Wait]]:
    """The waits of each of these stories, by itself or in its sprint, oldest first. One query."""
    pks = [story.pk for story in stories]
    sprints = {story.sprint_id for story in stories if story.sprint_id}
    requests = (
        ApprovalRequest.objects.filter(Q(story__in=pks) | Q(sprint__in=sprints))
        .select_related("sprint")
        .without_snapshot()
    )
    found: dict[int, list[Wait]] = defaultdict(list)
    for request in requests.order_by("requested_at", "pk"):
        wait = _wait(request, request.sprint, now)
        for pk in wait.stories:
            found[pk].append(wait)
    return {pk: found[pk] for pk in pks}


def _wait(request: ApprovalRequest, sprint: Sprint | None, now: datetime) -> Wait:
    until = request.decided_at or request.superseded_at
    if until is None and request.state == ApprovalState.SUPERSEDED:
        until = request.requested_at  # replaced before the moment was kept: nothing is known, so nothing is counted
    if until is None and sprint is not None and sprint.is_over:
        until = max(sprint.closed_at or sprint.cancelled_at or now, request.requested_at)
    return Wait(request, request.requested_at, until, now)


def time_waited(waits: Iterable[Wait], first: datetime = EARLIEST, last: datetime = LATEST) -> timedelta:
    """The time between two moments in which at least one of them waited."""
    total, reached = timedelta(0), first
    for wait in sorted(waits, key=lambda wait: wait.since):
        begun, ended = max(wait.since, reached), min(wait.since + wait.length, last)
        if ended > begun:
            total, reached = total + (ended - begun), ended
    return total
