"""Verbs on a live round: start it, pass the word on, pause, bring somebody back, end it.

Everybody's screen shows the same, so everybody may press the same button at the same moment: each step names the turn
it is about, and does nothing once that turn is over.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from sprints.absence import away_on
from sprints.broadcast import tell_stand_up
from sprints.models import SpeakingOrder, StandUp, StandUpSchedule, StandUpTurn, TurnState
from sprints.services.standups import StandUpRefused
from sprints.standup_days import is_on, participants, schedule_of
from workspaces.audit import record
from workspaces.models import Member


def speaking_order(stand_up: StandUp, schedule: StandUpSchedule) -> list[Member]:
    """Who will speak after whom: as put by hand, or drawn, the same for everybody who looks.

    Whoever is off speaks only after having written all the same.
    """
    away = away_on(schedule.workspace, stand_up.day) - set(stand_up.entries.values_list("member_id", flat=True))
    people = [member for member in participants(schedule) if member.pk not in away]
    if schedule.order == SpeakingOrder.DRAWN:
        people.sort(key=lambda member: member.pk)
        # No secret: only that nobody comes first every day.
        Random(f"{stand_up.pk}-{stand_up.draw}").shuffle(people)  # noqa: S311
    return people


def _locked(stand_up: StandUp) -> StandUp:
    return StandUp.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=stand_up.pk)


def _said(stand_up: StandUp, action: str, by: Member, now: datetime, **detail: object) -> None:
    record(f"stand_up.{action}", stand_up, by=by, now=now, **detail)
    tell_stand_up(stand_up)


@transaction.atomic
def draw_again(*, stand_up: StandUp, by: Member, now: datetime) -> None:
    """Another order for today. Raises `StandUpRefused` while the round is held, or when the order is put by hand."""
    stand_up = _locked(stand_up)
    if stand_up.is_live or schedule_of(stand_up.workspace).order != SpeakingOrder.DRAWN:
        raise StandUpRefused(_("The order can be drawn only before the round, and when it is not put by hand."))
    stand_up.draw += 1
    stand_up.save(update_fields=["draw"])
    _said(stand_up, "order_drawn", by, now)


@transaction.atomic
def start_round(*, stand_up: StandUp, by: Member, now: datetime) -> None:
    """Give the word to the first. While a round is held it changes nothing; after one it begins anew.

    Raises `StandUpRefused` when the team does not meet live, on a day off, or when nobody takes part.
    """
    stand_up = _locked(stand_up)
    if stand_up.is_live:
        return
    schedule = schedule_of(stand_up.workspace)
    people = speaking_order(stand_up, schedule)
    if not schedule.has_round or not is_on(schedule, stand_up.day) or not people:
        raise StandUpRefused(_("There is no live round. Days, people and the round are under Settings, Stand-up."))
    stand_up.turns.all().delete()
    StandUpTurn.objects.bulk_create(
        StandUpTurn(workspace=stand_up.workspace, stand_up=stand_up, member=member, position=position)
        for position, member in enumerate(people)
    )
    stand_up.round_started_at, stand_up.round_ended_at = now, None
    stand_up.save(update_fields=["round_started_at", "round_ended_at"])
    _give_word(stand_up, now)
    _said(stand_up, "round_started", by, now)


def _give_word(stand_up: StandUp, now: datetime) -> None:
    """To the next who waits; when nobody does, the round is over."""
    following = stand_up.turns.filter(state=TurnState.WAITING).order_by("position", "pk").first()
    if following is None:
        stand_up.round_ended_at = now
        stand_up.save(update_fields=["round_ended_at"])
        return
    seconds = schedule_of(stand_up.workspace).seconds_each
    following.state, following.ends_at = TurnState.SPEAKING, now + timedelta(seconds=seconds)
    following.save(update_fields=["state", "ends_at"])


Change = Callable[[StandUpTurn], None]


@transaction.atomic
def _step(stand_up: StandUp, turn: int, action: str, by: Member, now: datetime, change: Change) -> None:
    """Change the turn of whoever speaks, if it is still the one that was meant."""
    stand_up = _locked(stand_up)
    speaking = stand_up.turns.filter(pk=turn, state=TurnState.SPEAKING).select_related("member__user").first()
    if speaking is None or not stand_up.is_live:
        return
    change(speaking)
    speaking.save(update_fields=["state", "ends_at", "seconds_left"])
    if speaking.state != TurnState.SPEAKING:
        _give_word(stand_up, now)
    _said(stand_up, action, by, now, member=str(speaking.member))


def pass_word(*, stand_up: StandUp, turn: int, by: Member, now: datetime) -> None:
    """Whoever speaks is done; the next begins. Repeating it for the same turn changes nothing."""
    _step(stand_up, turn, "turn_ended", by, now, _ends(TurnState.DONE))


def skip_turn(*, stand_up: StandUp, turn: int, by: Member, now: datetime) -> None:
    """Whoever has the word is not here; the next begins. Repeating it for the same turn changes nothing."""
    _step(stand_up, turn, "turn_skipped", by, now, _ends(TurnState.SKIPPED))


def _ends(state: TurnState) -> Change:
    def end(turn: StandUpTurn) -> None:
        turn.state, turn.ends_at, turn.seconds_left = state, None, None

    return end


def pause(*, stand_up: StandUp, turn: int, by: Member, now: datetime) -> None:
    """Stop the clock, or let it go on; what is left of the turn stays."""

    def change(speaking: StandUpTurn) -> None:
        if speaking.ends_at is None:
            speaking.ends_at, speaking.seconds_left = now + timedelta(seconds=speaking.seconds_left or 0), None
        else:
            speaking.seconds_left, speaking.ends_at = round((speaking.ends_at - now).total_seconds()), None

    _step(stand_up, turn, "turn_paused", by, now, change)


@transaction.atomic
def bring_back(*, stand_up: StandUp, turn: int, by: Member, now: datetime) -> None:
    """Somebody who was skipped is here now, and speaks at the end. For anybody else it changes nothing."""
    stand_up = _locked(stand_up)
    last = stand_up.turns.aggregate(last=Max("position"))["last"] or 0
    skipped = stand_up.turns.filter(pk=turn, state=TurnState.SKIPPED)
    if not stand_up.is_live or not skipped.update(state=TurnState.WAITING, position=last + 1):
        return
    _said(stand_up, "turn_brought_back", by, now)


@transaction.atomic
def end_round(*, stand_up: StandUp, by: Member, now: datetime) -> None:
    """Enough for today. Repeating changes nothing."""
    stand_up = _locked(stand_up)
    if not stand_up.is_live:
        return
    stand_up.turns.filter(state=TurnState.SPEAKING).update(state=TurnState.DONE, ends_at=None, seconds_left=None)
    stand_up.round_ended_at = now
    stand_up.save(update_fields=["round_ended_at"])
    _said(stand_up, "round_ended", by, now)
