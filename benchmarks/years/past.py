"""What happened to the stories: scope logs, changes of status, outcomes, mails made for them."""

from datetime import timedelta
from typing import Any

from benchmarks.years.ground import Ground, put


def tell_past(ground: Ground) -> None:
    """Logs of the closed sprints and a long one of the running, with what the done stories brought."""
    _scope(ground)
    _statuses(ground)
    _outcomes(ground)
    _campaigns(ground)
    _audit(ground)


def _scope(ground: Ground) -> None:
    from sprints.models import ScopeChange, ScopeEntry

    rows = []
    for n, story in enumerate(ground.stories):
        sprint = story.sprint
        if sprint is None or sprint.started_at is None:
            continue
        rows.append(_line(ground, story, ScopeChange.COMMITTED, story.points or 0, sprint.started_at))
        if story.status == "done":
            at = sprint.started_at + timedelta(days=n % 10, hours=n % 9)
            rows.append(_line(ground, story, ScopeChange.DONE, story.points or 0, min(at, ground.now)))
    running = [story for story in ground.stories if story.sprint and story.sprint.state == "running"]
    changes = (ScopeChange.ADDED, ScopeChange.ESTIMATED, ScopeChange.REMOVED)
    rows += [
        _line(ground, running[n % len(running)], changes[n % 3], n % 3 - 1, ground.ago(minutes=n))
        for n in range(ground.mass.scope_changes)
    ]
    put(ScopeEntry, rows)


def _line(ground: Ground, story: Any, change: str, points: int, at: Any) -> Any:
    from sprints.models import ScopeEntry

    return ScopeEntry(
        workspace=ground.workspace,
        sprint=story.sprint,
        story=story,
        change=change,
        points=points,
        by=ground.lead,
        at=at,
    )


def _statuses(ground: Ground) -> None:
    from sprints.models import StatusChange

    order = ("todo", "doing", "review", "done")
    rows = []
    for n, story in enumerate(ground.stories):
        if story.sprint is None or story.sprint.started_at is None:
            continue
        for step in range(order.index(story.status)):
            at = min(story.sprint.started_at + timedelta(days=step + n % 6, hours=n % 9), ground.now)
            rows.append(
                StatusChange(
                    workspace=ground.workspace,
                    story=story,
                    sprint=story.sprint,
                    old=order[step],
                    new=order[step + 1],
                    at=at,
                )
            )
    put(StatusChange, rows)


def _outcomes(ground: Ground) -> None:
    from sprints.models import StoryOutcome

    judged = set(StoryOutcome.objects.values_list("story", flat=True))
    done = [story for story in ground.stories if story.status == "done" and story.sends and story.pk not in judged]
    verdicts = ("reached", "partly", "not_reached", "unclear")
    put(
        StoryOutcome,
        (
            StoryOutcome(
                workspace=ground.workspace,
                story=story,
                metric="click_rate",
                value=0.03,
                low=0.02,
                high=0.04,
                sample_size=4_000,
                revenue=640,
                verdict=verdicts[n % 4],
                reason="More clicked than before, and the interval says so.",
                measured_at=ground.ago(days=n % 300),
            )
            for n, story in enumerate(done[: ground.mass.outcomes])
        ),
    )


def _campaigns(ground: Ground) -> None:
    from campaigns.models import Campaign
    from sprints.models import SendBrief

    briefs = SendBrief.objects.for_workspace(ground.workspace).filter(story__status="done").select_related("story")
    put(
        Campaign,
        (
            Campaign(
                workspace=ground.workspace,
                name=f"Mail {n}: {brief.story.title}"[:120],
                story=brief.story,
                segment=brief.segment,
                state="cancelled",
                created_by=ground.lead,
                created_at=ground.ago(days=n + 60),
                updated_at=ground.ago(days=n + 60),
            )
            for n, brief in enumerate(briefs.order_by("pk")[: ground.mass.campaigns])
        ),
    )


def _audit(ground: Ground) -> None:
    """What everybody did: most of it to stories, three hundred entries of it to the first one."""
    from workspaces.models import AuditEntry

    def about(n: int) -> Any:
        return ground.stories[0] if n < 300 else ground.stories[n % len(ground.stories)]

    put(
        AuditEntry,
        (
            AuditEntry(
                workspace=ground.workspace,
                member=ground.member(n),
                action="story.updated",
                target_type="story",
                target_id=about(n).pk,
                target_label=about(n).title[:200],
                detail={"fields": ["title", "points"]},
                at=ground.ago(minutes=7 * n),
            )
            for n in range(ground.mass.audit_entries)
        ),
    )
