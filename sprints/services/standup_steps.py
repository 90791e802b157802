"""The buttons of the live round by name, for pages and programs alike."""

from collections.abc import Callable, Mapping
from datetime import datetime

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sprints.broadcast import tell_stand_up
from sprints.models import StandUp
from sprints.services import standup_rounds as rounds
from sprints.services.standup_schedules import move_seat
from sprints.services.standups import StandUpRefused
from workspaces.models import Member


class Step(models.TextChoices):
    """What can be pressed."""

    START = "start", gettext_lazy("Start")
    END = "end", gettext_lazy("End the round")
    DRAW = "draw", gettext_lazy("Draw again")
    NEXT = "next", gettext_lazy("Next")
    SKIP = "skip", gettext_lazy("Skip")
    PAUSE = "pause", gettext_lazy("Pause, or go on")
    BACK = "back", gettext_lazy("Is here now")
    UP = "up", gettext_lazy("Earlier")
    DOWN = "down", gettext_lazy("Later")


WHOLE: Mapping[Step, Callable[..., None]] = {
    Step.START: rounds.start_round,
    Step.END: rounds.end_round,
    Step.DRAW: rounds.draw_again,
}
OF_TURN: Mapping[Step, Callable[..., None]] = {
    Step.NEXT: rounds.pass_word,
    Step.SKIP: rounds.skip_turn,
    Step.PAUSE: rounds.pause,
    Step.BACK: rounds.bring_back,
}


def take_step(
    *, stand_up: StandUp, step: Step, by: Member, now: datetime, turn: int = 0, member: Member | None = None
) -> None:
    """Do what a button does. Steps of a turn name it and change nothing once it is over.

    Raises `StandUpRefused` for a change of the order that names nobody, and as the verb behind the button does.
    """
    if step in WHOLE:
        WHOLE[step](stand_up=stand_up, by=by, now=now)
    elif step in OF_TURN:
        OF_TURN[step](stand_up=stand_up, turn=turn, by=by, now=now)
    elif member is None:
        raise StandUpRefused(_("The round has changed since you loaded it. Load the page again."))
    else:
        _move(stand_up, member, by, now, is_up=step == Step.UP)


def _move(stand_up: StandUp, member: Member, by: Member, now: datetime, *, is_up: bool) -> None:
    move_seat(workspace=stand_up.workspace, member=member, up=is_up, by=by, now=now)
    tell_stand_up(stand_up)
