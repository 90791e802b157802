"""What is in the way: of which story, since when, and who clears it. Read from the stories and the audit log."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sprints.models import ApprovalRequest, Sprint, SprintState, Story, StoryStatus
from workspaces.models import AuditEntry, Member, ScopedQuerySet, Workspace

OLD = timedelta(days=1)
REWRITTEN, RAISED = "story.rewritten", "stand_up.blocker_raised"


@dataclass(frozen=True, slots=True)
class Blocked:
    """A story with something in its way, or one that had. `owner` clears it; None when nobody has it."""

    story: Story
    reason: str
    since: datetime
    owner: Member | None = None
    until: datetime | None = None

    def lasted(self, now: datetime) -> timedelta:
        return (self.until or now) - self.since

    def is_old(self, now: datetime) -> bool:
        return self.lasted(now) > OLD


def open_blockers(workspace: Workspace) -> list[Blocked]:
    """What is in the way now, the oldest first. Three queries at most."""
    blocked = (
        Story.objects.for_workspace(workspace)
        .filter(dropped_at=None, blocked_at__isnull=False)
        .exclude(blocked_by="")
        .exclude(status=StoryStatus.DONE)
        .exclude(sprint__state=SprintState.CLOSED)
        .select_related("assignee__user", "sprint", "workspace")
    )
    stories = list(blocked.order_by("blocked_at", "pk"))
    owners = _owners(workspace, stories)
    return [
        Blocked(story, story.blocked_by, story.blocked_at, owners.get(story.pk, story.assignee))
        for story in stories
        if story.blocked_at is not None
    ]


def _owners(workspace: Workspace, stories: Iterable[Story]) -> dict[int, Member]:
    since = {story.pk: story.blocked_at for story in stories}
    if not since:
        return {}
    said = _entries(workspace, list(since)).filter(action=RAISED)
    named = {e.target_id: e.detail["owner"] for e in said if (start := since[e.target_id]) and e.at >= start}
    people = _people(workspace, named.values())
    return {story: people[owner] for story, owner in named.items() if owner in people}


def _entries(workspace: Workspace, stories: list[int]) -> "ScopedQuerySet[AuditEntry]":
    found = AuditEntry.objects.for_workspace(workspace).filter(target_type="story", target_id__in=stories)
    return found.order_by("at", "pk")


def _people(workspace: Workspace, keys: Iterable[int]) -> dict[int, Member]:
    return {m.pk: m for m in Member.objects.for_workspace(workspace).select_related("user").filter(pk__in=set(keys))}


def waiting_approvals(workspace: Workspace) -> list[ApprovalRequest]:
    """What waits for the owner, the oldest first: that is in the team's way too. One query."""
    waiting = ApprovalRequest.objects.for_workspace(workspace).open().with_people().defer("snapshot")
    return list(waiting.order_by("requested_at", "pk"))


def sprint_blockers(sprint: Sprint) -> list[Blocked]:
    """Everything that was in the way while a sprint ran, in the order in which it came up. Four queries at most."""
    inside = set(sprint.scope_log.values_list("story_id", flat=True)) | set(sprint.stories.values_list("pk", flat=True))
    stories = {s.pk: s for s in Story.objects.filter(pk__in=inside).select_related("assignee__user", "workspace")}
    spells = _spells(sprint.workspace, stories)
    start, end = sprint.started_at or sprint.created_at, sprint.closed_at
    return [s for s in spells if (s.until is None or s.until > start) and (end is None or s.since < end)]


def _spells(workspace: Workspace, stories: dict[int, Story]) -> list[Blocked]:
    log: dict[int, list[AuditEntry]] = defaultdict(list)
    for entry in _entries(workspace, list(stories)).filter(action__in=(REWRITTEN, RAISED)):
        log[entry.target_id].append(entry)
    people = _people(workspace, [e.detail["owner"] for entries in log.values() for e in entries if e.action == RAISED])
    found = [spell for pk, entries in log.items() for spell in _fold(stories[pk], entries, people)]
    return sorted(found, key=lambda spell: (spell.since, spell.story.pk))


def _fold(story: Story, entries: list[AuditEntry], people: dict[int, Member]) -> list[Blocked]:
    """The times in which one story was blocked, from what was written about it."""
    found: list[Blocked] = []
    current: Blocked | None = None
    for entry in entries:
        if entry.action == RAISED:
            owner = people.get(entry.detail["owner"], story.assignee)
            current = current and Blocked(story, entry.detail["reason"], current.since, owner)
            continue
        reason = entry.detail["after"].get("blocked_by")
        if reason:
            since, owner = (current.since, current.owner) if current else (entry.at, story.assignee)
            current = Blocked(story, reason, since, owner)
        elif reason == "" and current:
            found.append(Blocked(story, current.reason, current.since, current.owner, until=entry.at))
            current = None
    return [*found, current] if current else found
