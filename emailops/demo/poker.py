"""How the team estimates: a session that ended, one that is going on, and one that waits for votes until a deadline."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from emailops.demo.stage import RUNNING_SPRINT, Stage
from emailops.demo.stories import fresh
from sprints.decks import BUILT_IN, find_deck
from sprints.models import PokerItem, PokerMode, PokerSession
from sprints.services.poker.decks import write_deck
from sprints.services.poker.guests import join_as_guest, open_link
from sprints.services.poker.rounds import agree, reveal_now, vote_again
from sprints.services.poker.seats import take_seat
from sprints.services.poker.sessions import Rules, end_session, open_session
from sprints.services.poker.votes import cast_vote
from workspaces.models import SystemMail, SystemMailState

FIBONACCI, MODIFIED = BUILT_IN[0], BUILT_IN[1]
Hand = Mapping[str, tuple[str, ...]]
"""Who lays which cards: effort, then value."""

ENDED: tuple[tuple[str, tuple[Hand, ...]], ...] = (
    ("first-14", ({"elena": ("3", "13"), "daniel": ("8", "8"), "ivo": ("5", "8")},
                  {"elena": ("5", "13"), "daniel": ("5", "8"), "ivo": ("5", "8")})),
    ("care-rosehip", ({"elena": ("3", "5"), "daniel": ("3", "5"), "ivo": ("3", "8")},)),
    ("photo-test", ({"elena": ("2", "5"), "daniel": ("5", "8"), "ivo": ("3", "pass")},)),
)  # fmt: skip
AGREED = {"first-14": ("5", "8"), "care-rosehip": ("3", "5"), "photo-test": ("3", "5")}
OPEN_HAND = {"elena": ("5",), "sofia": ("3",), "ivo": ("8",), "nika": ("5",), "daniel": ("?",)}
WINDOW = timedelta(days=2)


def tell_poker(stage: Stage) -> None:
    """Into the diary: on the first day of the running sprint, and in the hours before now."""
    on, calendar = stage.diary.on, stage.calendar
    on(calendar.in_sprint(RUNNING_SPRINT, "1 13:00"), partial(_ended, stage))
    on(calendar.now - timedelta(minutes=35), partial(_until_a_deadline, stage))
    on(calendar.now - timedelta(minutes=12), partial(_going_on, stage))


def _ended(stage: Stage, now: datetime) -> None:
    write_deck(
        workspace=stage.workspace,
        name="Cups of coffee",
        cards=[("Espresso", 1.0), ("Cup", 3.0), ("Pot", 8.0), ("Machine", 20.0)],
        by=stage.lead,
        now=now,
    )
    rules = Rules(effort=FIBONACCI, value=FIBONACCI)
    session = _open(stage, "What comes after this sprint", [key for key, _rounds in ENDED], rules, now)
    for place, (key, rounds) in enumerate(ENDED):
        at = now + timedelta(minutes=6 * place + 2)
        for number, hand in enumerate(rounds):
            if number:
                vote_again(item=_item(session, place), by=stage.lead, now=at)
            _lay(stage, session, place, hand, at)
            reveal_now(item=_item(session, place), by=stage.lead, now=at)
        cards = dict(zip(("effort", "value"), AGREED[key], strict=True))
        agree(item=_item(session, place), cards=cards, by=stage.lead, now=at + timedelta(minutes=2))
    end_session(session=session, by=stage.lead, now=now + timedelta(minutes=25))


def _going_on(stage: Stage, now: datetime) -> None:
    """The cards of the first story are turned; the team talks about it."""
    session = _open(stage, "Small things for the backlog", ["bg-letter", "month-letter"], Rules(effort=MODIFIED), now)
    _lay(stage, session, 0, OPEN_HAND, now + timedelta(minutes=1))
    reveal_now(item=_item(session, 0), by=stage.lead, now=now + timedelta(minutes=2))


def _until_a_deadline(stage: Stage, now: datetime) -> None:
    """Asked this hour: two have voted and so has a friend of the house; the others have two days."""
    deck = next(deck for deck in BUILT_IN if deck.key == "shirts")
    rules = Rules(
        effort=find_deck(stage.workspace, deck.key), mode=PokerMode.WINDOW, deadline_at=stage.calendar.now + WINDOW
    )
    session = _open(stage, "Ideas from the last retrospective", ["photo-test", "care-rosehip"], rules, now)
    _invitations_are_read(now)
    guest = join_as_guest(session=open_link(session=session, by=stage.lead, now=now), name="Hanna, pharmacist", now=now)
    cast_vote(item=_item(session, 0), seat=guest, cards={"effort": "M"}, now=now)
    for place in range(2):
        _lay(stage, session, place, {"sofia": ("M",)} if place else {"sofia": ("S",), "ivo": ("L",)}, now)


def _open(stage: Stage, name: str, keys: list[str], rules: Rules, now: datetime) -> PokerSession:
    team = [stage.cast[key] for key in ("sofia", "ivo", "nika", "daniel")] if rules.deadline_at else []
    return open_session(
        workspace=stage.workspace,
        name=name,
        rules=rules,
        stories=[fresh(stage.stories[key]) for key in keys],
        team=team,
        by=stage.lead,
        now=now,
    )


def _lay(stage: Stage, session: PokerSession, place: int, hand: Hand, now: datetime) -> None:
    for key, cards in hand.items():
        seat = take_seat(session=session, member=stage.cast[key], now=now)
        laid = dict(zip(session.dimensions, cards, strict=True))
        cast_vote(item=_item(session, place), seat=seat, cards=laid, now=now)


def _item(session: PokerSession, place: int) -> PokerItem:
    return session.items.select_related("story", "workspace").order_by("position")[place]


def _invitations_are_read(now: datetime) -> None:
    """Long ago, while other mails go on waiting."""
    told = SystemMail.objects.filter(kind="sprints.poker_invitation", state=SystemMailState.WAITING)
    told.update(state=SystemMailState.SENT, sent_at=now, attempts=1)
