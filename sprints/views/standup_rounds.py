"""The live round: who speaks now, who is next, and the buttons that everybody has."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from sprints.forms.standups import StepForm
from sprints.models import SpeakingOrder, StandUp, StandUpTurn, TurnState
from sprints.services import standup_rounds as rounds
from sprints.services.standup_schedules import move_seat
from sprints.services.standups import StandUpRefused, open_stand_up
from sprints.standup_days import is_on, next_day, own_day, schedule_of
from sprints.standup_queries import card_of
from workspaces.http import MemberRequest, action, page
from workspaces.live import announce
from workspaces.permissions import Can


@page(Can.SEE_SPRINTS)
def stand_up_round(request: MemberRequest) -> HttpResponse:
    """Today's live round; htmx gets the part that changes."""
    schedule, day = schedule_of(request.workspace), own_day(request.member, request.now)
    if not (schedule.has_round and is_on(schedule, day)):
        return render(
            request, "sprints/stand_up_no_round.html", {"schedule": schedule, "next_day": next_day(schedule, day)}
        )
    stand_up = open_stand_up(workspace=request.workspace, day=day, now=request.now)
    return _round(request, stand_up)


def _round(request: MemberRequest, stand_up: StandUp) -> HttpResponse:
    template = "sprints/_stand_up_round.html" if request.htmx else "sprints/stand_up_round.html"
    return render(request, template, _round_context(request, stand_up))


def _round_context(request: MemberRequest, stand_up: StandUp) -> dict[str, Any]:
    schedule = schedule_of(request.workspace)
    turns = list(stand_up.turns.select_related("member__user").order_by("position", "pk"))
    speaking = next((turn for turn in turns if turn.state == TurnState.SPEAKING), None)
    seconds = _seconds_left(speaking, request) if speaking else 0
    wrote = {entry.member_id: card_of(entry) for entry in stand_up.entries.shown()}
    return {
        "stand_up": stand_up,
        "schedule": schedule,
        "turns": turns,
        "speaking": speaking,
        "card": wrote.get(speaking.member_id) if speaking else None,
        "seconds": seconds,
        "rate": seconds / schedule.seconds_each,
        "following": next((turn for turn in turns if turn.state == TurnState.WAITING), None),
        "people": [] if stand_up.is_live else rounds.speaking_order(stand_up, schedule),
        "wrote": set(wrote),
        "is_drawn": schedule.order == SpeakingOrder.DRAWN,
    }


def _seconds_left(speaking: StandUpTurn, request: MemberRequest) -> int:
    """By the server's clock; below zero when the time is over."""
    if speaking.ends_at is None:
        return speaking.seconds_left or 0
    return round((speaking.ends_at - request.now).total_seconds())


@action(Can.EDIT_STORIES)
def stand_up_step(request: MemberRequest, pk: int) -> HttpResponse:
    """A button of the round."""
    stand_ups = StandUp.objects.for_workspace(request.workspace).select_related("workspace")
    stand_up = get_object_or_404(stand_ups, pk=pk)
    form = StepForm(request.POST, workspace=request.workspace)
    if not form.is_valid() or form.cleaned_data["step"] not in STEPS:
        raise StandUpRefused(_("The round has changed since you loaded it. Load the page again."))
    STEPS[form.cleaned_data["step"]](request, stand_up, form.cleaned_data)
    if request.htmx:
        stand_up.refresh_from_db()
        return _round(request, stand_up)
    return redirect("sprints:stand_up_round", workspace=request.workspace.slug)


Step = Callable[[MemberRequest, StandUp, dict[str, Any]], None]


def _whole(change: Callable[..., None]) -> Step:
    def step(request: MemberRequest, stand_up: StandUp, _data: dict[str, Any]) -> None:
        change(stand_up=stand_up, by=request.member, now=request.now)

    return step


def _of_turn(change: Callable[..., None]) -> Step:
    def step(request: MemberRequest, stand_up: StandUp, data: dict[str, Any]) -> None:
        change(stand_up=stand_up, turn=data["turn"] or 0, by=request.member, now=request.now)

    return step


def _seat(*, up: bool) -> Step:
    def step(request: MemberRequest, stand_up: StandUp, data: dict[str, Any]) -> None:
        if data["member"] is None:
            raise StandUpRefused(_("The round has changed since you loaded it. Load the page again."))
        move_seat(workspace=request.workspace, member=data["member"], up=up, by=request.member, now=request.now)
        announce(request.workspace, "stand_up", stand_up.pk)

    return step


STEPS: dict[str, Step] = {
    "start": _whole(rounds.start_round),
    "end": _whole(rounds.end_round),
    "draw": _whole(rounds.draw_again),
    "next": _of_turn(rounds.pass_word),
    "skip": _of_turn(rounds.skip_turn),
    "pause": _of_turn(rounds.pause),
    "back": _of_turn(rounds.bring_back),
    "up": _seat(up=True),
    "down": _seat(up=False),
}
