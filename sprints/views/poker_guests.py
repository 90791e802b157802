"""Planning poker for guests: a link shows a form for a name, and a seat shows the table. A GET changes nothing.

The token in the address is the whole authority, so there is no cookie that a foreign page could misuse. Guests have no
stream: their page asks every five seconds, and what it gets holds the stories of this session alone.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from emailops.lib.clock import server_now
from emailops.lib.errors import DomainError
from emailops.lib.throttle import is_allowed
from sprints.forms.poker import GuestForm
from sprints.models import PokerSeat
from sprints.poker_table import table_of
from sprints.services.poker.guests import PokerLinkInvalid, join_as_guest, open_seat, open_table, seat_token
from sprints.services.poker.seats import leave_table, look_in
from sprints.views.poker_doors import (
    answer,
    guests_doors,
    look_again,
    table_context,
    vote,
    wanted_story,
    withdraw,
)
from workspaces.http import UNPROCESSABLE, shown_on

MINUTE = timedelta(minutes=1)
JOINS = 20  # a minute and session: a whole team at once, and no more
MOVES = 90  # a minute and seat: looks every five seconds, and a card changed every second

Door = Callable[..., HttpResponse]
SeatView = Callable[[HttpRequest, PokerSeat], HttpResponse]


class TooOften(DomainError):
    """More calls in a minute than people make."""

    code = "too_often"
    status = 429


def _require_calm(key: str, most: int) -> None:
    if not is_allowed(f"poker:{key}", most=most, per=MINUTE):
        raise TooOften(_("That was too often in one minute. Wait a moment, then try again."))


def _open_door(view: Door) -> Door:
    """Never kept, never listed; a link that no longer works says so."""

    @never_cache
    @csrf_exempt  # the token is the authority, and it works where a browser keeps no cookies
    @wraps(view)
    def opened(request: HttpRequest, token: str) -> HttpResponse:
        try:
            response = view(request, token)
        except (PokerLinkInvalid, TooOften) as refusal:
            response = _gone(request, refusal)
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return opened


def _gone(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    if getattr(request, "htmx", False) and isinstance(refusal, PokerLinkInvalid):
        # 200, so that the table on the page makes room for the sentence; with it goes what asks every five seconds.
        response = render(request, "sprints/_poker_gone.html", {"refusal": refusal})
        response.headers["HX-Retarget"] = "#watch"
        response.headers["HX-Reswap"] = "outerHTML"
        return response
    return render(request, "sprints/poker_gone.html", {"refusal": refusal}, status=refusal.status)


def _at_the_seat(view: SeatView) -> Door:
    """A door that a guest's own token opens."""

    @_open_door
    @wraps(view)
    def opened(request: HttpRequest, token: str) -> HttpResponse:
        seat = open_seat(token, server_now())
        _require_calm(f"seat:{seat.pk}", MOVES)
        return view(request, seat)

    return opened


@require_http_methods(["GET", "HEAD", "POST"])
@_open_door
def poker_join(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks for a name; POST takes a seat under it."""
    now = server_now()
    session = open_table(token, now)
    form = GuestForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        _require_calm(f"join:{session.pk}", JOINS)
        if form.is_valid():
            with shown_on(form):
                seat = join_as_guest(session=session, name=form.cleaned_data["name"], now=now)
                return redirect("sprints:poker_guest", token=seat_token(seat))
    context = {"session": session, "form": form}
    return render(request, "sprints/poker_join.html", context, status=UNPROCESSABLE if form.errors else 200)


@require_safe
@_at_the_seat
def poker_guest(request: HttpRequest, seat: PokerSeat) -> HttpResponse:
    """The table as a guest sees it."""
    table = table_of(seat.session, seat, server_now(), wanted=wanted_story(request))
    context = table_context(seat.session, table, guests_doors(seat))
    return render(request, "sprints/poker_guest.html", context)


@require_POST
@_at_the_seat
def poker_guest_look(request: HttpRequest, seat: PokerSeat) -> HttpResponse:
    look_in(session=seat.session, seat=seat, now=server_now())
    fresh = open_seat(seat_token(seat), server_now())
    return look_again(request, fresh.session, fresh, guests_doors(fresh))


@require_POST
@_at_the_seat
def poker_guest_vote(request: HttpRequest, seat: PokerSeat) -> HttpResponse:
    vote(request, seat.session, seat)
    return answer(request, seat.session, seat, guests_doors(seat))


@require_POST
@_at_the_seat
def poker_guest_withdraw(request: HttpRequest, seat: PokerSeat) -> HttpResponse:
    withdraw(request, seat.session, seat)
    return answer(request, seat.session, seat, guests_doors(seat))


@require_POST
@_at_the_seat
def poker_guest_leave(request: HttpRequest, seat: PokerSeat) -> HttpResponse:
    """Get up; the way back is the link, under another seat."""
    leave_table(seat=seat, now=server_now())
    return render(request, "sprints/poker_left.html", {"session": seat.session})
