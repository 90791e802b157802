"""Telling members what the team does together: sprints, retrospectives, stand-ups, ideas."""

from collections.abc import Collection
from datetime import datetime

from sprints.models import Idea, Retro, RetroAction, Sprint, SprintState, StandUpEntry
from workspaces.models import Member, Notice, Workspace
from workspaces.notices.telling import notify

SPRINT_STEP = "sprint.step"
RETRO_BEGUN = "retro.begun"
ACTION_GIVEN = "retro.action_given"
ACTION_OVERDUE = "retro.action_overdue"
STAND_UP_MENTIONED = "stand_up.mentioned"
IDEA_RECEIVED = "idea.received"
IDEA_ANSWERED = "idea.answered"


def everybody_in(workspace: Workspace) -> list[Member]:
    """All members; the kind of a notice says who of them is told."""
    return list(Member.objects.for_workspace(workspace).active().order_by("pk"))


def tell_sprint_step(sprint: Sprint, step: SprintState, by: Member, now: datetime) -> None:
    """Tell everybody that a sprint has started, or is over."""
    done, committed = sprint.delivered_points, sprint.committed_points
    everybody = everybody_in(sprint.workspace)
    notify(SPRINT_STEP, sprint, to=everybody, by=by, now=now, step=step, done=done, committed=committed)


def tell_retro_begun(retro: Retro, by: Member, now: datetime) -> None:
    """Tell whoever can take part that it begins."""
    notify(RETRO_BEGUN, retro, to=everybody_in(retro.sprint.workspace), by=by, now=now)


def tell_action_given(action: RetroAction, by: Member, now: datetime) -> None:
    notify(ACTION_GIVEN, action, to=[action.owner], by=by, now=now)


def tell_action_overdue(action: RetroAction, now: datetime) -> None:
    notify(ACTION_OVERDUE, action, to=[action.owner], by=None, now=now)


def tell_stand_up_mentions(entry: StandUpEntry, members: Collection[Member], now: datetime) -> None:
    """Tell who is mentioned in an entry of a stand-up, each once: an entry is saved while it is written."""
    about = Notice.objects.about("standup", entry.stand_up_id).filter(kind=STAND_UP_MENTIONED, by=entry.member)
    known = set(about.values_list("member_id", flat=True)) if members else set()
    fresh = [member for member in members if member.pk not in known]
    notify(STAND_UP_MENTIONED, entry.stand_up, to=fresh, by=entry.member, now=now, entry=entry.pk)


def tell_idea_received(idea: Idea, by: Member | None, now: datetime) -> None:
    notify(IDEA_RECEIVED, idea, to=everybody_in(idea.workspace), by=by, now=now)


def tell_idea_answered(idea: Idea, by: Member, now: datetime) -> None:
    """Tell the member who had an idea what became of it."""
    notify(IDEA_ANSWERED, idea, to=[idea.sent_by] if idea.sent_by else [], by=by, now=now, state=idea.state)
