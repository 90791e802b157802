"""Meetings that were held: stand-ups, retrospectives, planning poker."""

from datetime import timedelta
from typing import Any

from benchmarks.years.ground import Ground, put

VOICES = 8  # votes on an item of planning poker
TOPICS = 12  # of a retrospective


def meet(ground: Ground) -> None:
    _stand_ups(ground)
    _retros(ground)
    _poker(ground)


def _stand_ups(ground: Ground) -> None:
    from sprints.models import StandUp, StandUpEntry

    known = set(StandUp.objects.for_workspace(ground.workspace).values_list("day", flat=True))
    oldest = min(known, default=ground.now.date())
    days = [oldest - timedelta(days=n + 1) for n in range(ground.mass.stand_ups)]
    made = put(StandUp, (StandUp(workspace=ground.workspace, day=day, created_at=ground.now) for day in days))
    first = StandUp.objects.for_workspace(ground.workspace).filter(entries__isnull=False).order_by("pk")[0]
    there = set(first.entries.values_list("member", flat=True))
    put(
        StandUpEntry,
        (
            _entry(ground, stand_up, member)
            for stand_up in (first, *made)
            for member in ground.members
            if stand_up is not first or member.pk not in there
        ),
    )


def _entry(ground: Ground, stand_up: Any, member: Any) -> Any:
    from sprints.models import StandUpEntry

    return StandUpEntry(
        workspace=ground.workspace,
        stand_up=stand_up,
        member=member,
        plan_kept="yes",
        moves=[],
        yesterday="Wrote the second mail and had it looked at.",
        today="The third one.",
        created_at=ground.ago(days=(ground.now.date() - stand_up.day).days),
        updated_at=ground.ago(days=(ground.now.date() - stand_up.day).days),
    )


def _retros(ground: Ground) -> None:
    from sprints.models import Retro, RetroAction, RetroGroup, RetroNote, RetroVote

    kept = {retro.sprint_id: retro for retro in Retro.objects.for_workspace(ground.workspace)}
    chosen = [sprint for sprint in ground.sprints if sprint.pk not in kept][: ground.mass.retros]
    made = put(
        Retro,
        (
            Retro(
                workspace=ground.workspace,
                sprint=sprint,
                facilitator=ground.lead,
                phase="close",
                worth=[0, 0, 1, 3, 4],
                created_at=sprint.closed_at,
                begun_at=sprint.closed_at,
                revealed_at=sprint.closed_at,
                closed_at=sprint.closed_at,
            )
            for sprint in chosen
        ),
    )
    held = [*made, *(retro for retro in kept.values() if retro.sprint_id == ground.sprints[0].pk)]
    topics = put(
        RetroGroup,
        (
            RetroGroup(workspace=ground.workspace, retro=retro, name=f"Topic {n}", created_at=ground.now)
            for retro in held
            for n in range(TOPICS)
        ),
    )
    put(
        RetroNote,
        (
            RetroNote(
                workspace=ground.workspace,
                sprint_id=retro.sprint_id,
                kind=("good", "bad", "try")[n % 3],
                text=f"We knew two days earlier what was missing, {n}",
                author=ground.member(n),
                group=topics[k * TOPICS + n % TOPICS],
                is_shown=True,
                created_at=ground.now,
            )
            for k, retro in enumerate(held)
            for n in range(ground.mass.notes_a_retro)
        ),
    )
    put(
        RetroVote,
        (
            RetroVote(workspace=ground.workspace, group=topic, member=ground.member(n), count=1)
            for topic in topics
            for n in range(VOICES)
        ),
    )
    put(
        RetroAction,
        (
            RetroAction(
                workspace=ground.workspace,
                sprint_id=retro.sprint_id,
                text=f"Ask the warehouse on Mondays, {n}",
                owner=ground.member(n),
                state="done" if n % 3 else "open",
                created_at=ground.now,
            )
            for retro in held
            for n in range(6)
        ),
    )


def _poker(ground: Ground) -> None:
    from sprints.models import PokerItem, PokerResult, PokerSeat, PokerSession, PokerVote

    model = PokerSession.objects.for_workspace(ground.workspace).filter(state="ended").order_by("pk")[0]
    made = put(
        PokerSession,
        (
            PokerSession(
                workspace=ground.workspace,
                name=f"Estimates {n}",
                leader=ground.lead,
                mode="live",
                state="ended",
                effort_deck=model.effort_deck,
                effort_cards=model.effort_cards,
                value_deck=model.value_deck,
                value_cards=model.value_cards,
                created_at=ground.ago(days=14 * n),
                ended_at=ground.ago(days=14 * n - 0.1),
            )
            for n in range(ground.mass.poker_sessions)
        ),
    )
    seats = put(
        PokerSeat,
        (
            PokerSeat(workspace=ground.workspace, session=session, member=ground.member(n), joined_at=ground.now)
            for session in made
            for n in range(VOICES)
        ),
    )
    each = ground.mass.items_a_session
    items = put(
        PokerItem,
        (
            PokerItem(
                workspace=ground.workspace,
                session=session,
                story=ground.stories[(k * each + n) % len(ground.stories)],
                position=n,
                state="agreed",
                round=1,
                revealed_at=ground.now,
            )
            for k, session in enumerate(made)
            for n in range(each)
        ),
    )
    cards = [str(card) for card in model.effort_cards or ["1", "2", "3"]]
    put(
        PokerVote,
        (
            PokerVote(
                workspace=ground.workspace,
                item=item,
                seat=seats[(k // each) * VOICES + n],
                round=1,
                effort=cards[n % len(cards)],
                voted_at=ground.now,
            )
            for k, item in enumerate(items)
            for n in range(VOICES)
        ),
    )
    put(
        PokerResult,
        (
            PokerResult(
                workspace=ground.workspace,
                item=item,
                story_id=item.story_id,
                effort="3",
                effort_points=3,
                effort_spread=1,
                rounds=1,
                agreed_by=ground.lead,
                agreed_at=ground.now,
            )
            for item in items
        ),
    )
