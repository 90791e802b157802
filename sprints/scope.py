"""Writing the scope log: what changed in a sprint while it ran. `sprints.charts` folds it."""

from datetime import datetime

from sprints.models import BoardColumn, ScopeChange, ScopeEntry, SprintState, StatusChange, Story, StoryStatus
from sprints.telling import tell_moved
from workspaces.audit import record
from workspaces.models import Member


def log_scope(
    story: Story, change: ScopeChange, points: int, by: Member | None, now: datetime, *, reason: str = ""
) -> None:
    """Add a line to the scope log, if the story is in a sprint that runs."""
    if story.sprint is not None and story.sprint.state == SprintState.RUNNING:
        ScopeEntry.objects.create(
            workspace=story.workspace,
            sprint=story.sprint,
            story=story,
            change=change,
            points=points,
            reason=reason.strip(),
            by=by,
            at=now,
        )


def log_estimate(story: Story, difference: int, by: Member | None, now: datetime, *, reason: str = "") -> None:
    """More scope; of a story that is done already also more that is done, so that nothing is left of it."""
    if not difference:
        return
    log_scope(story, ScopeChange.ESTIMATED, difference, by, now, reason=reason)
    if story.status == StoryStatus.DONE:
        log_scope(story, ScopeChange.DONE, difference, by, now, reason=reason)


def log_status(story: Story, old: str, by: Member | None, now: datetime, *, reason: str = "") -> None:
    """A story went to another column; “done” gained it, or lost it."""
    StatusChange.objects.create(
        workspace=story.workspace, story=story, sprint=story.sprint, old=old, new=story.status, at=now
    )
    points = story.points or 0
    if story.status == StoryStatus.DONE:
        log_scope(story, ScopeChange.DONE, points, by, now, reason=reason)
    elif old == StoryStatus.DONE:
        log_scope(story, ScopeChange.REOPENED, -points, by, now, reason=reason)


def record_move(
    story: Story, old: tuple[str, int | None], to: BoardColumn | None, by: Member, now: datetime, *, reason: str = ""
) -> None:
    """Write down where a story went; `old` is the group and the column in which it stood before."""
    if old == (story.status, story.column_id):
        record("story.ordered", story, by=by, now=now)
        return
    if old[0] != story.status:
        log_status(story, old[0], by, now, reason=reason)
    tell_moved(story, to, by, now)
    name = to.name if to else StoryStatus(story.status).label
    record("story.moved", story, by=by, now=now, old=old[0], new=story.status, column=str(name))
