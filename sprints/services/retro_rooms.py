"""Verbs of holding a retrospective: begin, steps and time, who is ready, how it is done, worth, close."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from sprints.models import MOST_PROMPTS, MOST_VOTES, STARS, Retro, RetroHabit, RetroPerson, RetroPhase, Sprint
from sprints.retro_owners import wants_report
from sprints.services.retro_access import RetroRefused, come_in, led, locked, tell
from sprints.services.retro_groups import reveal_when_all_voted, show_notes
from sprints.services.retro_reports import mail_report_if_any
from sprints.telling_team import tell_retro_begun
from workspaces.models import Member
from workspaces.permissions import Can

LONGEST_TIMER = 120  # minutes
LONGEST_PROMPT = 60  # characters, as many as fit above a column


@transaction.atomic
def begin_retro(*, sprint: Sprint, by: Member, now: datetime) -> Retro:
    """Begin, led by whoever does, with what was agreed before. Repeating changes nothing."""
    retro = locked(sprint, now)
    if retro.begun_at is not None:
        return retro
    retro = led(sprint, by, now)
    retro.begun_at, retro.phase = now, RetroPhase.LAST
    retro.save(update_fields=["begun_at", "phase"])
    tell(retro, "retro.begun", by=by, now=now)
    tell_retro_begun(retro, by, now)
    return retro


@transaction.atomic
def join_retro(*, sprint: Sprint, by: Member, now: datetime) -> None:
    """Take part. Repeating changes nothing."""
    retro = locked(sprint, now)
    come_in(retro, by, now)
    tell(retro, "retro.joined", by=by, now=now)


@transaction.atomic
def go_to_phase(*, sprint: Sprint, phase: RetroPhase, by: Member, now: datetime) -> None:
    """Go to any step, forward or back; the timer of the step before ends. Repeating changes nothing.

    The first step after writing shows all notes, the first after voting all votes; going back hides no note again.
    Raises `RetroRefused` for anybody but the facilitator.
    """
    retro = led(sprint, by, now)
    if retro.phase == phase and retro.begun_at is not None:
        return
    is_new, old, retro.phase = retro.begun_at is None, retro.phase, phase
    retro.begun_at, retro.ends_at, retro.timer_minutes = retro.begun_at or now, None, None
    retro.revealed_at = _revealed_in(retro, phase, now)
    retro.save(update_fields=["phase", "begun_at", "ends_at", "timer_minutes", "revealed_at"])
    if not phase.hides_notes:
        show_notes(retro, now)
    tell(retro, "retro.phase_changed", by=by, now=now, old=old, new=phase)
    if is_new:
        tell_retro_begun(retro, by, now)


def _revealed_in(retro: Retro, phase: RetroPhase, now: datetime) -> datetime | None:
    """Votes can be changed again on the step for it, and are shown from the next one on."""
    if phase == RetroPhase.VOTE:
        return None
    return (retro.revealed_at or now) if phase.names_authors else retro.revealed_at


@transaction.atomic
def set_timer(*, sprint: Sprint, minutes: int, by: Member, now: datetime) -> None:
    """Give this step so many minutes from now; 0 stops the clock. Nothing happens by itself when they are over."""
    if not 0 <= minutes <= LONGEST_TIMER:
        raise RetroRefused(
            _("A step lasts from one minute to two hours."), fields={"minutes": [_("Not between 1 and 120.")]}
        )
    retro = led(sprint, by, now)
    retro.ends_at, retro.timer_minutes = (now + timedelta(minutes=minutes), minutes) if minutes else (None, None)
    retro.save(update_fields=["ends_at", "timer_minutes"])
    tell(retro, "retro.timer_set", by=by, now=now, minutes=minutes)


@transaction.atomic
def add_time(*, sprint: Sprint, minutes: int, by: Member, now: datetime) -> None:
    """Let this step last some minutes longer, from now on if its time is over or was never set."""
    retro = led(sprint, by, now)
    ends = max(retro.ends_at or now, now) + timedelta(minutes=minutes)
    if not minutes > 0 or ends - now > timedelta(minutes=LONGEST_TIMER):
        raise RetroRefused(_("A step lasts from one minute to two hours."))
    retro.ends_at = ends
    retro.save(update_fields=["ends_at"])
    tell(retro, "retro.timer_set", by=by, now=now, added=minutes)


@transaction.atomic
def say_ready(*, sprint: Sprint, is_ready: bool, by: Member, now: datetime) -> None:
    """Tell the others that one has finished this step, or has not. When all have voted, the votes are shown."""
    retro = locked(sprint, now)
    person = come_in(retro, by, now)
    person.ready_in = retro.phase if is_ready else ""
    person.save(update_fields=["ready_in"])
    reveal_when_all_voted(retro, now)
    tell(retro, "retro.ready" if is_ready else "retro.not_ready", by=by, now=now)


@transaction.atomic
def hand_over(*, sprint: Sprint, to: Member, by: Member, now: datetime) -> None:
    """Let somebody else lead. Repeating changes nothing.

    The facilitator may, whoever plans sprints may (a facilitator can be away), and anybody may while nobody leads.
    Raises `RetroRefused` for others, and for somebody who does not take part in retrospectives.
    """
    retro = locked(sprint, now)
    if retro.facilitator_id not in {None, by.pk} and not by.may(Can.PLAN_SPRINTS):
        raise RetroRefused(_("%(name)s leads this retrospective and can hand it over.") % {"name": retro.facilitator})
    if to.left_at is not None or not to.may(Can.EDIT_STORIES):
        raise RetroRefused(
            _("%(name)s does not take part in retrospectives.") % {"name": to},
            fields={"member": [_("Somebody of the team.")]},
        )
    retro.facilitator = to
    retro.save(update_fields=["facilitator"])
    come_in(retro, to, now)
    tell(retro, "retro.handed_over", by=by, now=now, to=str(to))


@dataclass(frozen=True, slots=True)
class Ways:
    """How a team does it; without prompts those of `NoteKind` stand above the columns."""

    prompts: list[str]
    votes_each: int
    may_stack: bool
    is_anonymous: bool


@transaction.atomic
def set_ways(*, sprint: Sprint, ways: Ways, for_next: bool, by: Member, now: datetime) -> None:
    """Say how it is done; `for_next` keeps it as the habit of the workspace.

    Raises `RetroRefused` for a change of the prompts or of anonymity once there is a note: who wrote it relied on them.
    """
    retro = led(sprint, by, now)
    asked = replace(ways, prompts=_checked_prompts(ways.prompts))
    _require_votes(retro, asked.votes_each)
    is_other = (asked.prompts, asked.is_anonymous) != (retro.prompts, retro.is_anonymous)
    if is_other and sprint.notes.exists():
        raise RetroRefused(
            _("There are notes already. Whoever wrote them relied on these prompts and on who sees the names.")
        )
    Retro.objects.filter(pk=retro.pk).update(**asdict(asked))
    if for_next:
        RetroHabit.objects.update_or_create(workspace=sprint.workspace, defaults=asdict(asked))
    tell(retro, "retro.ways_set", by=by, now=now, **asdict(asked))


def _checked_prompts(prompts: list[str]) -> list[str]:
    asked = [prompt.strip() for prompt in prompts if prompt.strip()]
    if len(asked) == 1 or len(asked) > MOST_PROMPTS or len(set(asked)) < len(asked):
        raise RetroRefused(
            _("Write two to %(most)d different prompts, or none for ours.") % {"most": MOST_PROMPTS},
            fields={"prompts": [_("Two to %(most)d, each once.") % {"most": MOST_PROMPTS}]},
        )
    if any(len(prompt) > LONGEST_PROMPT for prompt in asked):
        raise RetroRefused(
            _("A prompt has at most %(most)d characters.") % {"most": LONGEST_PROMPT},
            fields={"prompts": [_("Too long.")]},
        )
    return asked


def _require_votes(retro: Retro, votes_each: int) -> None:
    if not 1 <= votes_each <= MOST_VOTES:
        raise RetroRefused(
            _("Everybody has one to %(most)d votes.") % {"most": MOST_VOTES},
            fields={"votes_each": [_("Not between 1 and %(most)d.") % {"most": MOST_VOTES}]},
        )
    if votes_each != retro.votes_each and retro.groups.filter(votes__isnull=False).exists():
        raise RetroRefused(_("Somebody has voted already, so the number of votes stays as it is."))


@transaction.atomic
def rate_worth(*, sprint: Sprint, stars: int, by: Member, now: datetime) -> None:
    """Answer “worth our time?” with one to five, once. Nobody can tell afterwards whose answer it was, nor change it.

    Raises `RetroRefused` for a second answer.
    """
    if not 1 <= stars <= STARS:
        raise RetroRefused(_("Choose from 1 to 5."), fields={"stars": [_("Not between 1 and 5.")]})
    retro = locked(sprint, now)
    if not retro.takes_answers:
        raise RetroRefused(_("The answers were shown when it was closed, so another one would not stay unknown."))
    person = come_in(retro, by, now)
    if person.has_rated:
        raise RetroRefused(
            _("You have answered already. Nobody can tell which answer is yours, so it cannot be changed.")
        )
    counts = retro.worth or [0] * STARS
    counts[stars - 1] += 1
    retro.worth, person.has_rated = counts, True
    retro.save(update_fields=["worth"])
    person.save(update_fields=["has_rated"])
    # Without a name: the moment and the number together would say whose answer it was.
    tell(retro, "retro.rated", by=None, now=now)


@transaction.atomic
def close_retro(*, sprint: Sprint, by: Member, now: datetime, mails_report: bool | None = None) -> None:
    """End it: everything is shown, and stays as it is from now on. Closing twice changes nothing.

    `mails_report` has the report mailed to the business owners, or not, and is kept as the wish of the workspace; None:
    as was wished last.
    """
    if Retro.objects.closed().filter(sprint=sprint).exists():
        return
    retro = led(sprint, by, now)
    show_notes(retro, now)
    retro.phase, retro.closed_at, retro.begun_at = RetroPhase.CLOSE, now, retro.begun_at or now
    retro.revealed_at, retro.ends_at = retro.revealed_at or now, None
    retro.save(update_fields=["phase", "closed_at", "begun_at", "revealed_at", "ends_at"])
    people = RetroPerson.objects.filter(retro=retro).count()
    tell(retro, "retro.closed", by=by, now=now, people=people)
    if mails_report is not None:
        RetroHabit.objects.update_or_create(workspace=sprint.workspace, defaults={"mails_report": mails_report})
    if mails_report or (mails_report is None and wants_report(sprint.workspace)):
        mail_report_if_any(retro, by, now)
