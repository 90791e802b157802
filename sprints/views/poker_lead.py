"""What the leader of a poker session does: with the story on the table, and with the session."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from emailops.lib.clock import server_now
from sprints.forms.choosing import FIND, ChooseStoriesForm
from sprints.forms.poker import DeadlineForm, HandOverForm
from sprints.models import PokerItem, PokerSession
from sprints.services.poker import guests, rounds, sessions
from sprints.views.poker_doors import (
    answer,
    item_in,
    members_doors,
    seat_in,
    session_in,
    wanted_story,
)
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can


def _led(request: MemberRequest, pk: int, verb: Callable[..., Any], *, stays: bool = True, **more: Any) -> HttpResponse:
    """One move with the story that was on the page."""
    session = session_in(request, pk)
    verb(item=_item(request, session), by=request.member, now=server_now(), **more)
    return answer(request, session, seat_in(request, session), members_doors(session), stays=stays)


def _item(request: MemberRequest, session: PokerSession) -> PokerItem:
    return item_in(session, wanted_story(request) or 0)


@action(Can.EDIT_STORIES)
def poker_put(request: MemberRequest, pk: int) -> HttpResponse:
    """Vote on this story now."""
    return _led(request, pk, rounds.put_on_table)


@action(Can.EDIT_STORIES)
def poker_reveal(request: MemberRequest, pk: int) -> HttpResponse:
    """Turn the cards at once."""
    return _led(request, pk, rounds.reveal_now)


@action(Can.EDIT_STORIES)
def poker_again(request: MemberRequest, pk: int) -> HttpResponse:
    """Another round."""
    return _led(request, pk, rounds.vote_again)


@action(Can.EDIT_STORIES)
def poker_skip(request: MemberRequest, pk: int) -> HttpResponse:
    """Leave the story without an estimate."""
    return _led(request, pk, rounds.pass_over, stays=False)


@action(Can.EDIT_STORIES)
def poker_agree(request: MemberRequest, pk: int) -> HttpResponse:
    """Write down what was agreed on."""
    cards = {name: request.POST[name] for name in ("effort", "value") if name in request.POST}
    return _led(request, pk, rounds.agree, stays=False, cards=cards)


@page(Can.EDIT_STORIES)
def poker_lead(request: MemberRequest, pk: int) -> HttpResponse:
    """Everything about a session that is not the story on the table."""
    return _lead(request, session_in(request, pk))


def _lead(request: MemberRequest, session: PokerSession, status: int = UNPROCESSABLE, **refused: Any) -> HttpResponse:
    held = session.items.values_list("story_id", flat=True)
    context = {
        "session": session,
        "is_leader": session.leader_id == request.member.pk,
        "stories_form": ChooseStoriesForm(workspace=request.workspace, exclude=held),
        "leader_form": HandOverForm(session=session, initial={"leader": session.leader_id}),
        "deadline_form": DeadlineForm(initial={"deadline_at": session.deadline_at}),
        "link": _link(request, session),
        **refused,
    }
    return render(request, "sprints/poker_lead.html", context, status=status if refused else 200)


def _link(request: MemberRequest, session: PokerSession) -> str:
    if not session.link_works(server_now()):
        return ""
    return request.build_absolute_uri(reverse("sprints:poker_join", args=[guests.guest_token(session)]))


@action(Can.EDIT_STORIES)
def poker_stories(request: MemberRequest, pk: int) -> HttpResponse:
    """Put more stories into the queue."""
    session = session_in(request, pk)
    if FIND in request.POST:
        held = session.items.values_list("story_id", flat=True)
        form = ChooseStoriesForm.kept(request.POST, workspace=request.workspace, exclude=held)
        return _lead(request, session, status=200, stories_form=form)
    form = ChooseStoriesForm(request.POST, workspace=request.workspace)
    if form.is_valid():
        with shown_on(form):
            stories = list(form.cleaned_data["stories"])
            sessions.add_stories(session=session, stories=stories, by=request.member, now=server_now())
            messages.success(request, _("Stories added to the end of the queue"))
            return _back(session)
    return _lead(request, session, stories_form=form)


@action(Can.EDIT_STORIES)
def poker_hand_over(request: MemberRequest, pk: int) -> HttpResponse:
    """Let somebody else lead, or take the lead."""
    session = session_in(request, pk)
    form = HandOverForm(request.POST, session=session)
    if form.is_valid():
        with shown_on(form):
            to = form.cleaned_data["leader"]
            sessions.hand_over(session=session, to=to, by=request.member, now=server_now())
            messages.success(request, _("%(name)s leads the session now") % {"name": to})
            return _back(session)
    return _lead(request, session, leader_form=form)


@action(Can.EDIT_STORIES)
def poker_deadline(request: MemberRequest, pk: int) -> HttpResponse:
    """Move the deadline."""
    session, form = session_in(request, pk), DeadlineForm(request.POST)
    if form.is_valid():
        with shown_on(form):
            until = form.cleaned_data["deadline_at"]
            sessions.move_deadline(session=session, deadline_at=until, by=request.member, now=server_now())
            messages.success(request, _("The deadline is moved"))
            return _back(session)
    return _lead(request, session, deadline_form=form)


@action(Can.EDIT_STORIES)
def poker_link(request: MemberRequest, pk: int) -> HttpResponse:
    """Make a link for guests, or another one."""
    session = session_in(request, pk)
    guests.open_link(session=session, by=request.member, now=server_now())
    messages.success(request, _("The link is ready: copy it to your guests"))
    return redirect("sprints:poker_lead", workspace=request.workspace.slug, pk=pk)


@action(Can.EDIT_STORIES)
def poker_link_withdraw(request: MemberRequest, pk: int) -> HttpResponse:
    """End the link for guests."""
    session = session_in(request, pk)
    guests.withdraw_link(session=session, by=request.member, now=server_now())
    messages.success(request, _("The link no longer works"))
    return redirect("sprints:poker_lead", workspace=request.workspace.slug, pk=pk)


@action(Can.EDIT_STORIES)
def poker_end(request: MemberRequest, pk: int) -> HttpResponse:
    session = session_in(request, pk)
    sessions.end_session(session=session, by=request.member, now=server_now())
    messages.success(request, _("The session has ended"))
    return _back(session)


def _back(session: PokerSession) -> HttpResponse:
    return redirect("sprints:poker_detail", workspace=session.workspace.slug, pk=session.pk)
