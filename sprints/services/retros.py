"""Verbs on retrospectives: notes, actions, outcomes."""

from datetime import date, datetime
from decimal import Decimal
from math import isfinite

from django.db import transaction
from django.utils.translation import gettext as _

from emailops.lib.statistics import Estimate
from sprints.broadcast import tell_retro
from sprints.models import (
    ActionCheck,
    ActionState,
    OutcomeVerdict,
    Retro,
    RetroAction,
    RetroGroup,
    RetroNote,
    Sprint,
    Story,
    StoryKind,
    StoryOutcome,
)
from sprints.services.retro_access import RetroRefused, come_in, locked, tell
from sprints.services.retro_groups import show_notes
from sprints.services.stories import write_story
from sprints.telling import tell_measured
from sprints.telling_team import tell_action_given
from workspaces.audit import record
from workspaces.models import Member


@transaction.atomic
def add_note(*, sprint: Sprint, kind: str, text: str, by: Member, now: datetime) -> RetroNote:
    """Say something in a sprint's retrospective, under one of its prompts.

    Until the team has gone on from writing, the note is its author's alone. Raises `RetroRefused` for an empty note, an
    unknown prompt, and once the retrospective is closed.
    """
    if not text.strip():
        raise RetroRefused(_("Write a sentence first."), fields={"text": [_("Empty.")]})
    retro = locked(sprint, now)
    if kind not in retro.kinds:
        raise RetroRefused(_("This retrospective has other prompts."), fields={"kind": [_("Unknown.")]})
    note = RetroNote.objects.create(
        workspace=sprint.workspace,
        sprint=sprint,
        kind=kind,
        text=text.strip(),
        author=by,
        is_shown=False,
        created_at=now,
    )
    if not retro.step.hides_notes:
        show_notes(retro, now)
        note.refresh_from_db()
    come_in(retro, by, now)
    _tell_of_note(retro, "retro.note_added", by, now)
    return note


@transaction.atomic
def remove_note(*, note: RetroNote, by: Member, now: datetime) -> None:
    """Take back a note. Raises `RetroRefused` for somebody else's, and once the retrospective is closed."""
    retro = locked(note.sprint, now)
    if note.author_id != by.pk:
        raise RetroRefused(_("Only the one who wrote a note can take it back."))
    RetroNote.objects.filter(pk=note.pk).delete()
    RetroGroup.objects.filter(retro=retro, notes=None).delete()
    _tell_of_note(retro, "retro.note_removed", by, now)


def _tell_of_note(retro: Retro, action: str, by: Member, now: datetime) -> None:
    """Where authors stay unknown, the audit log does not know them either."""
    tell(retro, action, by=None if retro.is_anonymous else by, now=now)


@transaction.atomic
def mark_for_report(*, note: RetroNote, in_report: bool, by: Member, now: datetime) -> None:
    """Let the owner read a note in the report, without its author, or not any more. Repeating changes nothing.

    Raises `RetroRefused` for a note that not everybody sees, and once the retrospective is closed.
    """
    retro = locked(note.sprint, now)
    if not RetroNote.objects.filter(pk=note.pk, is_shown=True).update(in_report=in_report):
        raise RetroRefused(_("The team has not seen this note yet."))
    tell(retro, "retro.note_marked" if in_report else "retro.note_unmarked", by=by, now=now)


@transaction.atomic
def agree_action(
    *, sprint: Sprint, text: str, owner: Member, by: Member, now: datetime, due_date: date | None = None
) -> RetroAction:
    """Agree on something to do, with one owner. Raises `RetroRefused` without words, and once it is closed."""
    if not text.strip():
        raise RetroRefused(_("Say what will be done."), fields={"text": [_("Empty.")]})
    retro = locked(sprint, now)
    action = RetroAction.objects.create(
        workspace=sprint.workspace, sprint=sprint, text=text.strip(), owner=owner, due_date=due_date, created_at=now
    )
    come_in(retro, by, now)
    tell(retro, "retro.action_agreed", by=by, now=now, text=action.text, owner=str(owner))
    tell_action_given(action, by, now)
    return action


@transaction.atomic
def settle_action(
    *, action: RetroAction, sprint: Sprint, answer: ActionState, by: Member, now: datetime, reason: str = ""
) -> None:
    """Say in a later sprint's retrospective what became of something agreed before. A new answer replaces the old one.

    Raises `RetroRefused` for dropping without a reason, for a sprint that is not a later one, and once that sprint's
    retrospective is closed.
    """
    if answer == ActionState.DROPPED and not reason.strip():
        raise RetroRefused(_("Say why it is dropped."), fields={"reason": [_("Empty.")]})
    retro = locked(sprint, now)
    if action.sprint.number >= sprint.number or action.workspace_id != sprint.workspace_id:
        raise RetroRefused(_("This was not agreed before sprint %(number)d.") % {"number": sprint.number})
    said = {"workspace": sprint.workspace, "answer": answer, "reason": reason.strip(), "by": by, "at": now}
    ActionCheck.objects.update_or_create(action=action, sprint=sprint, defaults=said)
    RetroAction.objects.filter(pk=action.pk).update(state=answer)
    come_in(retro, by, now)
    tell(retro, "retro.action_settled", by=by, now=now, text=action.text, answer=answer, reason=reason.strip())


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
    tell_retro(action.sprint)
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
        _tell_verdict(outcome, old, now)
    return outcome


def _tell_verdict(outcome: StoryOutcome, old: str | None, now: datetime) -> None:
    """That nobody can tell yet is news only where somebody could before."""
    if old is not None or outcome.verdict != OutcomeVerdict.UNCLEAR:
        tell_measured(outcome, now)
