"""Retrospectives as teams hold them, made by the services."""

from datetime import datetime

from sprints.models import Retro, RetroGroup, RetroNote, RetroPhase, Sprint
from sprints.services.retro_groups import cast_vote
from sprints.services.retro_rooms import begin_retro, go_to_phase
from sprints.services.retros import add_note
from tests.factories.sprints import SprintFactory
from workspaces.models import Member, Workspace


def begun(workspace: Workspace, by: Member, now: datetime, phase: RetroPhase = RetroPhase.LAST) -> Sprint:
    """A sprint whose retrospective this member leads, at that step."""
    sprint: Sprint = SprintFactory.create(workspace=workspace, closed=True)
    begin_retro(sprint=sprint, by=by, now=now)
    go_to_phase(sprint=sprint, phase=phase, by=by, now=now)
    return sprint


def at_step(sprint: Sprint, phase: RetroPhase, now: datetime) -> Retro:
    """The same retrospective, led on by its facilitator; the row as it is then."""
    leader = Retro.objects.get(sprint=sprint).facilitator
    if leader is not None:
        go_to_phase(sprint=sprint, phase=phase, by=leader, now=now)
    return retro_in(sprint)


def retro_in(sprint: Sprint) -> Retro:
    return Retro.objects.select_related("sprint__workspace").get(sprint=sprint)


def said(sprint: Sprint, text: str, by: Member, now: datetime, kind: str = "well") -> RetroNote:
    return add_note(sprint=sprint, kind=kind, text=text, by=by, now=now)


def topic_of(note: RetroNote) -> RetroGroup:
    """The topic that a note belongs to now."""
    return RetroGroup.objects.select_related("retro__sprint__workspace").get(notes=note)


def voted(note: RetroNote, by: Member, now: datetime, times: int = 1) -> None:
    for _time in range(times):
        cast_vote(group=topic_of(note), by=by, now=now)
