"""The door to a retrospective that is written to: locked, open, and for some verbs led by the one who acts."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from sprints.broadcast import tell_retro
from sprints.models import Retro, RetroHabit, RetroPerson, Sprint
from workspaces.audit import record
from workspaces.models import Member, Workspace


class RetroRefused(DomainError):
    """The retrospective cannot take this now."""

    code = "retro_refused"


def locked(sprint: Sprint, now: datetime) -> Retro:
    """The sprint's retrospective, made if there is none yet, and locked until the transaction ends.

    All that is written in a retrospective takes this lock first, so a note never falls between two steps and nobody
    spends a vote twice. Raises `RetroRefused` once it is closed.
    """
    Retro.objects.get_or_create(
        sprint=sprint, defaults={"workspace": sprint.workspace, "created_at": now, **usual_ways(sprint.workspace)}
    )
    found = Retro.objects.select_for_update(of=("self",)).select_related("sprint__workspace", "facilitator__user")
    retro = found.get(sprint=sprint)
    if retro.closed_at is not None:
        raise RetroRefused(_("This retrospective is closed. What was said in it stays as it is."))
    return retro


def usual_ways(workspace: Workspace) -> dict[str, Any]:
    """How the team did it last, for a retrospective to begin with."""
    habit = RetroHabit.objects.filter(workspace=workspace).first() or RetroHabit()
    return {name: getattr(habit, name) for name in ("prompts", "votes_each", "may_stack", "is_anonymous")}


def led(sprint: Sprint, by: Member, now: datetime) -> Retro:
    """The same, for what the facilitator alone does. While nobody leads, whoever acts does from then on."""
    retro = locked(sprint, now)
    if retro.facilitator is None:
        retro.facilitator = by
        retro.save(update_fields=["facilitator"])
    if retro.facilitator_id != by.pk:
        raise RetroRefused(
            _("%(name)s leads this retrospective. Ask for it, or for being handed over.") % {"name": retro.facilitator}
        )
    come_in(retro, by, now)
    return retro


def come_in(retro: Retro, member: Member, now: datetime) -> RetroPerson:
    """Count a person among those who take part. Repeating changes nothing."""
    person, _created = RetroPerson.objects.get_or_create(
        retro=retro, member=member, defaults={"workspace": retro.workspace, "joined_at": now}
    )
    return person


def tell(retro: Retro, action: str, *, by: Member | None, now: datetime, **detail: Any) -> None:
    """Write it down, and have every open page of this retrospective look again."""
    record(action, retro.sprint, by=by, now=now, **detail)
    tell_retro(retro.sprint)
