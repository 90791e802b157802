"""Planning poker for members: sessions, the table, what became of estimates, and the decks."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from emailops.lib.clock import server_now
from sprints.calibration import calibration, calibration_chart
from sprints.decks import BUILT_IN, as_cards
from sprints.forms.choosing import FIND
from sprints.forms.poker import DeckForm, NewPokerForm, sprints_to_estimate
from sprints.models import ItemState, PokerDeck, PokerResult, PokerSession
from sprints.own_calibration import own_calibration
from sprints.poker_table import table_of
from sprints.services.poker import decks, seats
from sprints.services.poker.sessions import open_session
from sprints.views.poker_doors import (
    answer,
    look_again,
    members_doors,
    seat_in,
    session_in,
    table_context,
    vote,
    wanted_story,
    withdraw,
)
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.models import Workspace
from workspaces.notices.reading import mark_read
from workspaces.permissions import Can

PAGE_SIZE = 30


@page(Can.SEE_SPRINTS)
def poker_list(request: MemberRequest) -> HttpResponse:
    """Sessions, the open ones first, newest first."""
    done = Q(items__state__in=(ItemState.AGREED, ItemState.SKIPPED))
    found = PokerSession.objects.for_workspace(request.workspace).with_people()
    found = found.annotate(stories=Count("items"), done=Count("items", filter=done))
    rows = Paginator(found.order_by("-state", "-created_at", "-pk"), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "sprints/poker_list.html", {"rows": rows})


@page(Can.EDIT_STORIES, Can.EDIT_STORIES)
def poker_new(request: MemberRequest) -> HttpResponse:
    """Choose stories, cards and people; `?sprint=` ticks the stories of one sprint."""
    now, sprints = server_now(), sprints_to_estimate(request.workspace)
    chosen = next((sprint for sprint in sprints if str(sprint.pk) == request.GET.get("sprint")), None)
    initial: dict[str, Any] = {}
    if chosen:
        initial["stories"] = list(chosen.stories.filter(dropped_at=None).values_list("pk", flat=True))
        initial["name"] = _("Sprint %(number)d") % {"number": chosen.number}
    if FIND in request.POST:
        form = NewPokerForm.kept(request.POST, by=request.member, now=now)
    else:
        form = NewPokerForm(request.POST or None, by=request.member, now=now, initial=initial)
    if form.is_bound and form.is_valid():
        with shown_on(form):
            given = form.cleaned_data
            session = open_session(
                workspace=request.workspace,
                name=given["name"],
                rules=form.rules,
                stories=list(given["stories"]),
                team=list(given["team"]),
                by=request.member,
                now=now,
            )
            return redirect("sprints:poker_detail", workspace=request.workspace.slug, pk=session.pk)
    context = {"form": form, "sprints": sprints, "chosen": chosen}
    return render(request, "sprints/poker_new.html", context, status=UNPROCESSABLE if form.errors else 200)


@page(Can.SEE_SPRINTS)
def poker_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """The table; of a session that has ended what was agreed."""
    session = session_in(request, pk)
    mark_read(member=request.member, now=request.now, about=("pokersession", pk))
    table = table_of(session, seat_in(request, session), server_now(), wanted=wanted_story(request))
    context = table_context(session, table, members_doors(session))
    if not session.is_open:
        results = PokerResult.objects.for_workspace(request.workspace).filter(item__session=session)
        context["results"] = results.select_related("story", "agreed_by__user").order_by("item__position", "pk")
    return render(request, "sprints/poker_detail.html", context)


@action(Can.SEE_SPRINTS)
def poker_look(request: MemberRequest, pk: int) -> HttpResponse:
    """Say that one is still there, and get the table if it is another than the page shows."""
    session, doors = session_in(request, pk), members_doors(session_in(request, pk))
    seat = seat_in(request, session)
    if session.is_open:
        seats.look_in(session=session, seat=seat, now=server_now())
    return look_again(request, session_in(request, pk), seat, doors)


@action(Can.EDIT_STORIES)
def poker_sit(request: MemberRequest, pk: int) -> HttpResponse:
    """Take a seat at the table."""
    session = session_in(request, pk)
    seat = seats.take_seat(session=session, member=request.member, now=server_now())
    return answer(request, session, seat, members_doors(session))


@action(Can.EDIT_STORIES)
def poker_leave(request: MemberRequest, pk: int) -> HttpResponse:
    """Get up, and go on watching."""
    session = session_in(request, pk)
    if seat := seat_in(request, session):
        seats.leave_table(seat=seat, now=server_now())
    return answer(request, session, None, members_doors(session))


@action(Can.EDIT_STORIES)
def poker_vote(request: MemberRequest, pk: int) -> HttpResponse:
    session = session_in(request, pk)
    seat = seat_in(request, session)
    vote(request, session, seat)
    return answer(request, session, seat, members_doors(session))


@action(Can.EDIT_STORIES)
def poker_withdraw(request: MemberRequest, pk: int) -> HttpResponse:
    session = session_in(request, pk)
    seat = seat_in(request, session)
    withdraw(request, session, seat)
    return answer(request, session, seat, members_doors(session))


@page(Can.SEE_SPRINTS)
def poker_calibration(request: MemberRequest) -> HttpResponse:
    """Estimates, and how long the stories took."""
    found = calibration(request.workspace)
    context = {"found": found, "chart": calibration_chart(found), "own": own_calibration(request.member, found)}
    return render(request, "sprints/poker_calibration.html", context)


@page(Can.MANAGE_WORKSPACE, Can.MANAGE_WORKSPACE)
def settings_decks(request: MemberRequest) -> HttpResponse:
    """The usual decks, the workspace's own, and a new one."""
    form = DeckForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            decks.write_deck(workspace=request.workspace, by=request.member, now=request.now, **form.cleaned_data)
            messages.success(request, _("Deck saved"))
            return redirect("sprints:settings_decks", workspace=request.workspace.slug)
    own = [(deck, as_cards(deck.cards)) for deck in _decks(request.workspace).order_by("name", "pk")]
    context = {"form": form, "usual": BUILT_IN, "own": own}
    return render(request, "sprints/settings_decks.html", context, status=UNPROCESSABLE if form.errors else 200)


@page(Can.MANAGE_WORKSPACE, Can.MANAGE_WORKSPACE)
def settings_deck_edit(request: MemberRequest, pk: int) -> HttpResponse:
    deck = get_object_or_404(_decks(request.workspace), pk=pk)
    lines = "\n".join(f"{label} = {points:g}" for label, points in as_cards(deck.cards))
    form = DeckForm(request.POST or None, initial={"name": deck.name, "cards": lines})
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            decks.write_deck(
                workspace=request.workspace, deck=deck, by=request.member, now=request.now, **form.cleaned_data
            )
            messages.success(request, _("Deck saved"))
            return redirect("sprints:settings_decks", workspace=request.workspace.slug)
    context = {"form": form, "deck": deck}
    return render(request, "sprints/settings_deck_edit.html", context, status=UNPROCESSABLE if form.errors else 200)


@action(Can.MANAGE_WORKSPACE)
def settings_deck_remove(request: MemberRequest, pk: int) -> HttpResponse:
    deck = get_object_or_404(_decks(request.workspace), pk=pk)
    decks.remove_deck(deck=deck, by=request.member, now=request.now)
    messages.success(request, _("“%(deck)s” is removed; sessions that use it keep its cards") % {"deck": deck.name})
    return redirect("sprints:settings_decks", workspace=request.workspace.slug)


def _decks(workspace: Workspace) -> Any:
    return PokerDeck.objects.for_workspace(workspace).select_related("workspace")
