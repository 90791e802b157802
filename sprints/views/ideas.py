"""The inbox of raw ideas, and the links by which they come in."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sprints.forms.ideas import AcceptForm, DeclineForm, IdeaForm, LinkForm, MergeForm, SnoozeForm
from sprints.models import Idea, IntakeLink, StoryKind
from sprints.resemblance import twins_of
from sprints.services import ideas
from sprints.services.ideas import IdeaRefused, link_address
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.notices.reading import mark_shown
from workspaces.permissions import Can

SHOWN = 50  # of the inbox; who decides the first ones sees the next
WAITING, ASLEEP, DECIDED = "", "snoozed", "decided"


def _today(request: MemberRequest) -> date:
    return request.now.astimezone(request.workspace.zone).date()


@page(Can.SEE_SPRINTS, Can.EDIT_STORIES)
def idea_list(request: MemberRequest) -> HttpResponse:
    """What waits to be decided, and a new idea of one's own."""
    form = IdeaForm(request.POST or None, member=request.member)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            ideas.take_idea(workspace=request.workspace, told=form.told, by=request.member, now=request.now)
            messages.success(request, _("The idea is in the inbox"))
            return redirect("sprints:idea_list", workspace=request.workspace.slug)
    template = "sprints/_idea_rows.html" if request.htmx else "sprints/idea_list.html"
    return render(request, template, _inbox(request, form), status=UNPROCESSABLE if form.errors else 200)


def _inbox(request: MemberRequest, form: IdeaForm) -> dict[str, Any]:
    all_ideas = Idea.objects.for_workspace(request.workspace)
    today, show = _today(request), request.GET.get("show", WAITING)
    found = {
        ASLEEP: all_ideas.asleep(today).order_by("snoozed_until", "pk"),
        DECIDED: all_ideas.decided().order_by("-decided_at", "-pk"),
    }.get(show, all_ideas.waiting(today).order_by("received_at", "pk"))
    people = ("story", "contact", "sprint", "sent_by__user", "decided_by__user", "link")
    rows = list(found.select_related(*people)[:SHOWN])
    mark_shown(member=request.member, shown={"idea": [row.pk for row in rows]}, now=request.now)
    return {
        "form": form,
        "ideas": rows,
        "show": show if show in {ASLEEP, DECIDED} else WAITING,
        "total": found.count(),
        "counts": {"waiting": all_ideas.waiting(today).count(), "asleep": all_ideas.asleep(today).count()},
        "twins": twins_of(request.workspace, rows) if show not in {ASLEEP, DECIDED} else {},
        "kinds": StoryKind,
        "tomorrow": today + timedelta(days=1),
        "days": [today + timedelta(days=n) for n in (1, 7, 28)],
    }


def _idea(request: MemberRequest, pk: int) -> Idea:
    return get_object_or_404(Idea.objects.for_workspace(request.workspace).select_related("workspace"), pk=pk)


def _back(request: MemberRequest) -> HttpResponse:
    return redirect("sprints:idea_list", workspace=request.workspace.slug)


def _first_error(errors: Mapping[str, Any]) -> IdeaRefused:
    return IdeaRefused(next(iter(next(iter(errors.values())))))


@action(Can.PLAN_SPRINTS)
def idea_accept(request: MemberRequest, pk: int) -> HttpResponse:
    """Make a story of an idea."""
    idea, form = _idea(request, pk), AcceptForm(request.POST)
    if not form.is_valid():
        raise _first_error(form.errors)
    story = ideas.accept_idea(
        idea=idea,
        title=form.cleaned_data["title"],
        kind=form.story_kind,
        tell=form.cleaned_data["tell"],
        by=request.member,
        now=request.now,
    )
    messages.success(
        request,
        _("“%(story)s” is story #%(number)d now, on top of the backlog") % {"story": story, "number": story.number},
    )
    return _back(request)


@action(Can.PLAN_SPRINTS)
def idea_merge(request: MemberRequest, pk: int) -> HttpResponse:
    """Add an idea to a story that says the same."""
    idea, form = _idea(request, pk), MergeForm(request.POST, workspace=request.workspace)
    if not form.is_valid():
        raise _first_error(form.errors)
    story = form.cleaned_data["story"]
    ideas.merge_idea(idea=idea, story=story, by=request.member, now=request.now)
    messages.success(request, _("Added to “%(story)s”") % {"story": story})
    return _back(request)


@action(Can.PLAN_SPRINTS)
def idea_snooze(request: MemberRequest, pk: int) -> HttpResponse:
    """Put an idea away until a day."""
    idea, form = _idea(request, pk), SnoozeForm(request.POST)
    if not form.is_valid():
        raise _first_error(form.errors)
    until = form.cleaned_data["until"]
    ideas.snooze_idea(idea=idea, until=until, by=request.member, now=request.now)
    messages.success(request, _("Comes back on %(day)s") % {"day": date_format(until)})
    return _back(request)


@action(Can.PLAN_SPRINTS)
def idea_decline(request: MemberRequest, pk: int) -> HttpResponse:
    """Say no, and why."""
    idea, form = _idea(request, pk), DeclineForm(request.POST)
    if not form.is_valid():
        raise _first_error(form.errors)
    tell = form.cleaned_data["tell"]
    ideas.decline_idea(idea=idea, reason=form.cleaned_data["reason"], tell=tell, by=request.member, now=request.now)
    messages.success(request, _("Declined; the sender is told why") if tell else _("Declined"))
    return _back(request)


@action(Can.PLAN_SPRINTS)
def idea_reopen(request: MemberRequest, pk: int) -> HttpResponse:
    """Bring an idea back into the inbox."""
    ideas.reopen_idea(idea=_idea(request, pk), by=request.member, now=request.now)
    messages.success(request, _("Back in the inbox"))
    return _back(request)


@page(Can.PLAN_SPRINTS, Can.PLAN_SPRINTS)
def intakelink_list(request: MemberRequest) -> HttpResponse:
    """The idea pages of the workspace, and a new one."""
    form = LinkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            ideas.open_link(workspace=request.workspace, by=request.member, now=request.now, **form.cleaned_data)
            messages.success(request, _("The idea page is open"))
            return redirect("sprints:intakelink_list", workspace=request.workspace.slug)
    found = IntakeLink.objects.for_workspace(request.workspace).select_related("created_by__user")
    rows = [(link, link_address(link)) for link in found.order_by("revoked_at", "-created_at", "-pk")]
    context = {"form": form, "links": rows}
    return render(request, "sprints/intakelink_list.html", context, status=UNPROCESSABLE if form.errors else 200)


@action(Can.PLAN_SPRINTS)
def intakelink_revoke(request: MemberRequest, pk: int) -> HttpResponse:
    link = get_object_or_404(IntakeLink.objects.for_workspace(request.workspace), pk=pk)
    ideas.revoke_link(link=link, by=request.member, now=request.now)
    messages.success(request, _("The page is closed; what came by it stays"))
    return redirect("sprints:intakelink_list", workspace=request.workspace.slug)
