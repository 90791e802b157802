"""The live round as everybody sees it at one moment."""

from dataclasses import dataclass
from datetime import datetime

from sprints.absence import away_on
from sprints.models import SpeakingOrder, StandUp, StandUpSchedule, StandUpTurn, TurnState
from sprints.services.standup_rounds import speaking_order
from sprints.standup_days import participants, schedule_of
from sprints.standup_queries import Card, card_of
from workspaces.models import Member


@dataclass(frozen=True, slots=True)
class RoundNow:
    """Who speaks, for how long still, who is next. `people` is the order before a round; `off` do not work today."""

    stand_up: StandUp
    schedule: StandUpSchedule
    turns: list[StandUpTurn]
    seconds: int
    cards: dict[int, Card]
    people: list[Member]
    off: list[Member]

    @property
    def speaking(self) -> StandUpTurn | None:
        return next((turn for turn in self.turns if turn.state == TurnState.SPEAKING), None)

    @property
    def following(self) -> StandUpTurn | None:
        return next((turn for turn in self.turns if turn.state == TurnState.WAITING), None)

    @property
    def card(self) -> Card | None:
        """What the one who speaks has written."""
        return self.cards.get(self.speaking.member_id) if self.speaking else None

    @property
    def rate(self) -> float:
        return self.seconds / self.schedule.seconds_each

    @property
    def is_drawn(self) -> bool:
        return self.schedule.order == SpeakingOrder.DRAWN


def round_now(stand_up: StandUp, now: datetime) -> RoundNow:
    """About ten queries. `seconds` are by the server's clock, below zero when the time is over."""
    schedule = schedule_of(stand_up.workspace)
    turns = list(stand_up.turns.select_related("member__user").order_by("position", "pk"))
    cards = {entry.member_id: card_of(entry) for entry in stand_up.entries.shown()}
    people = speaking_order(stand_up, schedule)
    here = {member.pk for member in people} | {turn.member_id for turn in turns if stand_up.is_live}
    away = away_on(stand_up.workspace, stand_up.day)
    return RoundNow(
        stand_up,
        schedule,
        turns,
        seconds=next((_seconds_left(turn, now) for turn in turns if turn.state == TurnState.SPEAKING), 0),
        cards=cards,
        people=[] if stand_up.is_live else people,
        off=[member for member in participants(schedule) if member.pk in away - here],
    )


def _seconds_left(turn: StandUpTurn, now: datetime) -> int:
    if turn.ends_at is None:
        return turn.seconds_left or 0
    return round((turn.ends_at - now).total_seconds())
