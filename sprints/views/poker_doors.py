"""What all pages of planning poker share: the clock, the row an address names, and how the table is shown."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from emailops.lib.clock import server_now
from sprints.forms.poker import VoteForm
from sprints.models import PokerItem, PokerSeat, PokerSession
from sprints.poker_table import Table, table_of
from sprints.services.poker.guests import seat_token
from sprints.services.poker.table import PokerRefused
from sprints.services.poker.votes import cast_vote, withdraw_vote
from workspaces.http import MemberRequest

UNCHANGED = 204


@dataclass(frozen=True, slots=True)
class Doors:
    """Where the table's forms lead: for members inside the workspace, for a guest by the token of the seat."""

    page: str
    look: str
    vote: str
    withdraw: str
    leave: str
    is_guest: bool = False


def session_in(request: MemberRequest, pk: int) -> PokerSession:
    sessions = PokerSession.objects.for_workspace(request.workspace).with_people()
    return get_object_or_404(sessions, pk=pk)


def item_in(session: PokerSession, pk: int) -> PokerItem:
    items = PokerItem.objects.for_workspace(session.workspace).select_related("story", "session__workspace")
    return get_object_or_404(items, pk=pk, session=session)


def seat_in(request: MemberRequest, session: PokerSession) -> PokerSeat | None:
    seats = PokerSeat.objects.for_workspace(request.workspace).select_related("member__user")
    return seats.filter(session=session, member=request.member, left_at=None).first()


def members_doors(session: PokerSession) -> Doors:
    def door(name: str) -> str:
        return reverse(f"sprints:poker_{name}", kwargs={"workspace": session.workspace.slug, "pk": session.pk})

    return Doors(door("detail"), door("look"), door("vote"), door("withdraw"), door("leave"))


def guests_doors(seat: PokerSeat) -> Doors:
    token = seat_token(seat)

    def door(name: str) -> str:
        return reverse(f"sprints:poker_guest{name}", args=[token])

    return Doors(door(""), door("_look"), door("_vote"), door("_withdraw"), door("_leave"), is_guest=True)


def wanted_story(request: HttpRequest) -> int | None:
    """The story of the queue that the page shows, where it is for everybody to choose."""
    told = request.POST.get("item") or request.GET.get("item") or ""
    return int(told) if told.isdecimal() and len(told) < 19 else None


def table_context(session: PokerSession, table: Table, doors: Doors) -> dict[str, Any]:
    return {"session": session, "table": table, "doors": doors}


def look_again(
    request: HttpRequest, session: PokerSession, seat: PokerSeat | None, doors: Doors, *, stays: bool = True
) -> HttpResponse:
    """The table for a page that shows it already: nothing when nothing changed, the whole page once it is over."""
    if not session.is_open:
        return HttpResponse(status=UNCHANGED, headers={"HX-Refresh": "true"})
    table = table_of(session, seat, server_now(), wanted=wanted_story(request) if stays else None)
    if request.POST.get("version") == table.version:
        return HttpResponse(status=UNCHANGED)
    return render(request, "sprints/_poker_table.html", table_context(session, table, doors))


def answer(
    request: HttpRequest, session: PokerSession, seat: PokerSeat | None, doors: Doors, *, stays: bool = True
) -> HttpResponse:
    """After a move: the table for htmx, else the page; of the same story if it `stays`."""
    if getattr(request, "htmx", False):
        session = PokerSession.objects.for_workspace(session.workspace).with_people().get(pk=session.pk)
        return look_again(request, session, seat, doors, stays=stays)
    item = wanted_story(request) if stays else None
    return redirect(f"{doors.page}?item={item}" if item else doors.page)


def vote(request: HttpRequest, session: PokerSession, seat: PokerSeat | None) -> None:
    """Lay the cards that were posted. Raises `PokerRefused`."""
    form = VoteForm(request.POST)
    if not form.is_valid():
        raise PokerRefused(_("The page has changed since you loaded it. Load it again."))
    item = item_in(session, form.cleaned_data["item"])
    cast_vote(item=item, seat=_sitting(seat), cards=form.cards, now=server_now())


def withdraw(request: HttpRequest, session: PokerSession, seat: PokerSeat | None) -> None:
    """Take the cards back. Raises `PokerRefused`."""
    item = item_in(session, wanted_story(request) or 0)
    withdraw_vote(item=item, seat=_sitting(seat), now=server_now())


def _sitting(seat: PokerSeat | None) -> PokerSeat:
    if seat is None:
        raise PokerRefused(_("Take a seat first: only those at the table vote."))
    return seat
