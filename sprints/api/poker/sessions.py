"""REST: sessions of planning poker. What a key sees of one is what its member would see at the table."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from emailops.lib.clock import server_now
from sprints.api.poker.shapes import (
    CardsSerializer,
    DeadlineSerializer,
    GuestLinkSerializer,
    ItemSerializer,
    LeaderSerializer,
    SessionSerializer,
    SessionWriteSerializer,
    StoriesSerializer,
    TableSerializer,
)
from sprints.decks import find_deck
from sprints.models import PokerItem, PokerMode, PokerSeat, PokerSession
from sprints.poker_table import Table, table_of
from sprints.services.poker import guests, rounds, seats, sessions, votes
from sprints.services.poker.sessions import Rules
from sprints.services.poker.table import PokerRefused
from workspaces.api import ScopedViewSet
from workspaces.models import Member
from workspaces.permissions import Can

SEE, PLAY = Can.SEE_SPRINTS, Can.EDIT_STORIES
PLAYED = (
    "create", "sit", "leave", "vote", "withdraw", "put_on_table", "reveal", "again", "agree", "skip", "stories",
    "hand_over", "deadline", "link", "end",
)  # fmt: skip


class PokerViewSet(ScopedViewSet[PokerSession], mixins.ListModelMixin):
    """Sessions of planning poker. Every move answers the table as it stands then."""

    queryset = PokerSession.objects.with_people()
    serializer_class = SessionSerializer
    can: ClassVar = {"list": SEE, "retrieve": SEE, **dict.fromkeys(PLAYED, PLAY)}

    def _table(self, session: PokerSession, *, status: int = 200) -> Response:
        session = self.get_queryset().get(pk=session.pk)
        table: Table = table_of(session, self._seat(session), server_now())
        return Response(TableSerializer({"session": session, "table": table}).data, status=status)

    def _seat(self, session: PokerSession) -> PokerSeat | None:
        return session.seats.select_related("member__user").filter(member=self.member, left_at=None).first()

    def _sitting(self, session: PokerSession) -> PokerSeat:
        seat = self._seat(session)
        if seat is None:
            raise PokerRefused(_("Take a seat first: only those at the table vote."))
        return seat

    def _move(self, verb: Callable[..., Any], **more: Any) -> Response:
        """Something the leader does with a story of the queue."""
        session, item = self._named(ItemSerializer)
        verb(item=item, by=self.member, now=server_now(), **more)
        return self._table(session)

    def _named(self, serializer: type[ItemSerializer]) -> tuple[PokerSession, PokerItem]:
        session = self.get_object()
        pk = self.checked(serializer)["item"]
        return session, get_object_or_404(PokerItem.objects.for_workspace(self.workspace), pk=pk, session=session)

    @extend_schema(request=SessionWriteSerializer, responses={201: TableSerializer})
    def create(self, request: Request) -> Response:
        """Open a session that you lead."""
        data = self.checked(SessionWriteSerializer)
        chosen = [find_deck(self.workspace, data[key]) if data[key] else None for key in ("effort_deck", "value_deck")]
        rules = Rules(
            effort=chosen[0],
            value=chosen[1],
            mode=PokerMode(data["mode"]),
            deadline_at=data["deadline_at"],
            reveals_by_itself=data["reveals_by_itself"],
        )
        session = sessions.open_session(
            workspace=self.workspace,
            name=data["name"],
            rules=rules,
            stories=data["stories"],
            team=data["team"],
            by=self.member,
            now=server_now(),
        )
        return self._table(session, status=201)

    @extend_schema(responses={200: TableSerializer})
    def retrieve(self, request: Request, pk: str) -> Response:
        """The table as you see it."""
        return self._table(self.get_object())

    @extend_schema(request=None, responses={200: TableSerializer})
    @action(detail=True, methods=["post"])
    def sit(self, request: Request, pk: str) -> Response:
        """Take a seat."""
        session = self.get_object()
        seats.take_seat(session=session, member=self.member, now=server_now())
        return self._table(session)

    @extend_schema(request=None, responses={200: TableSerializer})
    @action(detail=True, methods=["post"])
    def leave(self, request: Request, pk: str) -> Response:
        """Get up. Repeating changes nothing."""
        session = self.get_object()
        if seat := self._seat(session):
            seats.leave_table(seat=seat, now=server_now())
        return self._table(session)

    @extend_schema(request=CardsSerializer, responses={200: TableSerializer})
    @action(detail=True, methods=["post"])
    def vote(self, request: Request, pk: str) -> Response:
        """Lay cards."""
        session, item = self._named(CardsSerializer)
        votes.cast_vote(item=item, seat=self._sitting(session), cards=self._cards(), now=server_now())
        return self._table(session)

    def _cards(self) -> dict[str, str]:
        data = self.checked(CardsSerializer)
        return {name: data[name] for name in ("effort", "value") if name in data}

    @extend_schema(request=ItemSerializer, responses={200: TableSerializer})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take the cards back."""
        session, item = self._named(ItemSerializer)
        votes.withdraw_vote(item=item, seat=self._sitting(session), now=server_now())
        return self._table(session)

    @extend_schema(request=ItemSerializer, responses={200: TableSerializer})
    @action(detail=True, methods=["post"], url_path="put-on-table")
    def put_on_table(self, request: Request, pk: str) -> Response:
        """Have the team vote on a story."""
        return self._move(rounds.put_on_table)

    @extend_schema(request=ItemSerializer, responses={200: TableSerializer})
    @action(detail=True, methods=["post"])
    def reveal(self, request: Request, pk: str) -> Response:
        """Turn the cards at once."""
        return self._move(rounds.reveal_now)

    @extend_schema(request=ItemSerializer, responses={200: TableSerializer})
    @action(detail=True, methods=["post"])
    def again(self, request: Request, pk: str) -> Response:
        """Another round."""
        return self._move(rounds.vote_again)

    @extend_schema(request=CardsSerializer, responses={200: TableSerializer})
    @action(detail=True, methods=["post"])
    def agree(self, request: Request, pk: str) -> Response:
        """Write down what was agreed on; effort becomes the story's points."""
        return self._move(rounds.agree, cards=self._cards())

    @extend_schema(request=ItemSerializer, responses={200: TableSerializer})
    @action(detail=True, methods=["post"])
    def skip(self, request: Request, pk: str) -> Response:
        """Leave a story without an estimate."""
        return self._move(rounds.pass_over)

    @extend_schema(request=StoriesSerializer, responses={200: TableSerializer})
    @action(detail=True, methods=["post"])
    def stories(self, request: Request, pk: str) -> Response:
        """Put more stories into the queue."""
        session = self.get_object()
        more = self.checked(StoriesSerializer)["stories"]
        sessions.add_stories(session=session, stories=more, by=self.member, now=self.now)
        return self._table(session)

    @extend_schema(request=LeaderSerializer, responses={200: TableSerializer})
    @action(detail=True, methods=["post"], url_path="hand-over")
    def hand_over(self, request: Request, pk: str) -> Response:
        """Let somebody else lead."""
        session = self.get_object()
        to: Member = self.checked(LeaderSerializer)["leader"]
        sessions.hand_over(session=session, to=to, by=self.member, now=self.now)
        return self._table(session)

    @extend_schema(request=DeadlineSerializer, responses={200: TableSerializer})
    @action(detail=True, methods=["post"])
    def deadline(self, request: Request, pk: str) -> Response:
        """Move the deadline."""
        session, until = self.get_object(), self.checked(DeadlineSerializer)["deadline_at"]
        sessions.move_deadline(session=session, deadline_at=until, by=self.member, now=server_now())
        return self._table(session)

    @extend_schema(methods=["post"], request=None, responses={201: GuestLinkSerializer})
    @extend_schema(methods=["delete"], request=None, responses={204: None})
    @action(detail=True, methods=["post", "delete"])
    def link(self, request: Request, pk: str) -> Response:
        """Make a link for guests, which ends the one before; DELETE withdraws it."""
        session, now = self.get_object(), server_now()
        if request.method == "DELETE":
            guests.withdraw_link(session=session, by=self.member, now=now)
            return Response(status=204)
        session = guests.open_link(session=session, by=self.member, now=now)
        made = {"token": guests.guest_token(session), "expires_at": session.link_expires_at}
        return Response(GuestLinkSerializer(made).data, status=201)

    @extend_schema(request=None, responses={200: TableSerializer})
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """Close the table."""
        session = self.get_object()
        sessions.end_session(session=session, by=self.member, now=self.now)
        return self._table(session)
