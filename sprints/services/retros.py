"""Verbs on retrospectives: notes, actions, outcomes."""

from datetime import date, datetime
from decimal import Decimal
from math import isfinite

from django.db import transaction
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from emailops.lib.statistics import Estimate
from sprints.models import NoteKind, OutcomeVerdict, RetroAction, RetroNote, Sprint, Story, StoryKind, StoryOutcome
from sprints.services.stories import write_story
from workspaces.audit import record
from workspaces.models import Member


class RetroRefused(DomainError):
    """The note or action cannot be taken."""

    code = "retro_refused"


@transaction.atomic
def add_note(*, sprint: Sprint, kind: NoteKind, text: str, by: Member, now: datetime) -> RetroNote:
    """Say something in a sprint's retrospective."""
    if not text.strip():
        raise RetroRefused(_("Write a sentence first."), fields={"text": [_("Empty.")]})
    note = RetroNote.objects.create(
        workspace=sprint.workspace, sprint=sprint, kind=kind, text=text.strip(), author=by, created_at=now
    )
    record("retro.note_added", sprint, by=by, now=now, kind=kind)
    return note


@transaction.atomic
def remove_note(*, note: RetroNote, by: Member, now: datetime) -> None:
    """Take back a note. Raises `RetroRefused` for somebody else's."""
    if note.author_id != by.pk:
        raise RetroRefused(_("Only the one who wrote a note can take it back."))
    note.delete()
    record("retro.note_removed", note.sprint, by=by, now=now)


@transaction.atomic
def agree_action(
    *, sprint: Sprint, text: str, owner: Member, by: Member, now: datetime, due_date: date | None = None
) -> RetroAction:
    """Agree on something to do, with one owner."""
    if not text.strip():
        raise RetroRefused(_("Say what will be done."), fields={"text": [_("Empty.")]})
    action = RetroAction.objects.create(
        workspace=sprint.workspace, sprint=sprint, text=text.strip(), owner=owner, due_date=due_date, created_at=now
    )
    record("retro.action_agreed", sprint, by=by, now=now, text=action.text, owner=str(owner))
    return action


@transaction.atomic
def turn_into_story(*, action: RetroAction, by: Member, now: datetime) -> Story:
    """Make a backlog story of an action. Repeating returns the same story."""
    action = RetroAction.objects.select_for_update(of=("self",)).select_related("story", "sprint").get(pk=action.pk)
    if action.story is not None:
        return action.story
    problem = _("Agreed in the retrospective of sprint %(number)d.") % {"number": action.sprint.number}
    story = write_story(
        workspace=action.workspace,
        title=action.text,
        by=by,
        now=now,
        problem=problem,
        kind=StoryKind.BUILD,
        assignee=action.owner,
        goal=action.sprint.goal,
    )
    action.story = story
    action.save(update_fields=["story"])
    record("retro.action_became_story", action.sprint, by=by, now=now, story=story.number)
    return story


@transaction.atomic
def record_outcome(
    *,
    story: Story,
    estimate: Estimate,
    metric: str,
    verdict: OutcomeVerdict,
    reason: str,
    revenue: Decimal,
    now: datetime,
) -> StoryOutcome:
    """Keep what came of a story. Measuring again replaces; only a changed verdict is audited."""
    old = StoryOutcome.objects.filter(story=story).values_list("verdict", flat=True).first()
    outcome, _created = StoryOutcome.objects.update_or_create(
        story=story,
        defaults={
            "workspace": story.workspace,
            "metric": metric,
            "value": estimate.value,
            "low": estimate.low if isfinite(estimate.low) else None,
            "high": estimate.high if isfinite(estimate.high) else None,
            "sample_size": estimate.sample_size,
            "revenue": revenue,
            "verdict": verdict,
            "reason": reason,
            "measured_at": now,
        },
    )
    if old != verdict:
        record("story.outcome", story, by=None, now=now, old=old, new=verdict)
    return outcome
